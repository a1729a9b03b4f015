//! A small mail server of the test (RFC 5321).

use std::sync::Arc;

use rustls::{ServerConfig, crypto::aws_lc_rs};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpListener,
    sync::mpsc,
    task::AbortHandle,
};
use tokio_rustls::TlsAcceptor;

/// Takes e-mails, or refuses every one.
pub(crate) struct MailServer {
    pub(crate) port: u16,
    mails: mpsc::UnboundedReceiver<Received>,
    server: AbortHandle,
}

/// What came in one session.
#[derive(Debug, Default)]
pub(crate) struct Received {
    /// The argument of `AUTH PLAIN`, decoded: identity, user and password, with NULs between.
    pub(crate) login: String,
    pub(crate) from: String,
    pub(crate) to: String,
    /// Headers and text.
    pub(crate) data: String,
}

impl MailServer {
    pub(crate) async fn start() -> Self {
        Self::answering("250 taken").await
    }

    /// One that answers every recipient so.
    pub(crate) async fn answering(recipient: &'static str) -> Self {
        Self::serving(recipient, None).await
    }

    /// One that speaks TLS from the first byte as `localhost`, and the certificate that vouches for it, PEM.
    pub(crate) async fn with_tls() -> (Self, String) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], made.signing_key.into())
            .unwrap();
        (Self::serving("250 taken", Some(TlsAcceptor::from(Arc::new(config)))).await, made.cert.pem())
    }

    async fn serving(recipient: &'static str, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, mails) = mpsc::unbounded_channel();
        let server = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (tls, sender) = (tls.clone(), sender.clone());
                tokio::spawn(async move {
                    match tls {
                        None => session(stream, recipient, sender).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                session(stream, recipient, sender).await;
                            }
                        }
                    }
                });
            }
        });
        Self { port, mails, server: server.abort_handle() }
    }

    /// Whether no e-mail is there.
    pub(crate) fn is_empty(&mut self) -> bool {
        self.mails.try_recv().is_err()
    }

    pub(crate) async fn next(&mut self) -> Received {
        let next = tokio::time::timeout(std::time::Duration::from_secs(20), self.mails.recv());
        next.await.unwrap_or_else(|_| panic!("no e-mail came")).unwrap()
    }
}

async fn session(
    stream: impl AsyncRead + AsyncWrite,
    recipient: &str,
    mails: mpsc::UnboundedSender<Received>,
) {
    let (reader, mut writer) = tokio::io::split(stream);
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"220 test\r\n").await.unwrap();
    let mut mail = Received::default();
    while let Ok(Some(line)) = lines.next_line().await {
        let command = line.to_ascii_uppercase();
        let answer = if command.starts_with("EHLO") {
            "250-test\r\n250-AUTH PLAIN\r\n250 8BITMIME"
        } else if let Some(encoded) = line.strip_prefix("AUTH PLAIN ") {
            mail.login = String::from_utf8(base64(encoded)).unwrap();
            "235 welcome"
        } else if command.starts_with("MAIL FROM:") {
            mail.from = line;
            "250 ok"
        } else if command.starts_with("RCPT TO:") {
            mail.to = line;
            recipient
        } else if command == "DATA" {
            writer.write_all(b"354 go on\r\n").await.unwrap();
            while let Ok(Some(line)) = lines.next_line().await
                && line != "."
            {
                mail.data.push_str(&line);
                mail.data.push('\n');
            }
            mails.send(std::mem::take(&mut mail)).unwrap();
            "250 taken"
        } else if command == "QUIT" {
            "221 bye"
        } else {
            "502 unknown"
        };
        if writer.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
            return;
        }
    }
}

fn base64(encoded: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(encoded).unwrap()
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.server.abort();
    }
}
