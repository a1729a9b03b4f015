//! E-mails by SMTP.

use std::{
    error::Error,
    sync::Arc,
    time::{Duration, SystemTime},
};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
    },
};
use secrecy::ExposeSecret;
use stepup_protocol::time::UnixTime;

use super::{SmtpSecurity, SmtpSettings};

/// A mail server that takes e-mails. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Smtp {
    settings: Arc<SmtpSettings>,
}

/// An e-mail.
pub(super) struct Mail<'a> {
    pub(super) id: &'a str,
    pub(super) to: &'a str,
    pub(super) subject: &'a str,
    pub(super) body: &'a str,
    pub(super) sent_at: UnixTime,
}

impl Smtp {
    pub(super) fn new(settings: SmtpSettings) -> Self {
        Self { settings: Arc::new(settings) }
    }

    /// Hands an e-mail to the server; returns once it has taken it.
    pub(super) async fn send(&self, mail: &Mail<'_>) -> Result<(), Box<dyn Error + Send + Sync>> {
        let message = self.message(mail)?;
        // A connection an e-mail: there are few, and none outlives a server that restarts.
        let sent = self.transport()?;
        tokio::time::timeout(TIMEOUT, sent.send(message)).await??;
        Ok(())
    }

    fn message(&self, mail: &Mail<'_>) -> Result<Message, Box<dyn Error + Send + Sync>> {
        let from: Mailbox = self.settings.from.parse()?;
        let domain = from.email.domain().to_owned();
        let seconds = Duration::from_secs(u64::try_from(mail.sent_at.seconds()).unwrap_or(0));
        // A header is one line, whatever a template says.
        let subject: String = mail.subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        Ok(Message::builder()
            .from(from)
            .to(Mailbox::new(None, mail.to.parse()?))
            .subject(subject)
            .message_id(Some(format!("<{}@{domain}>", mail.id)))
            .date(SystemTime::UNIX_EPOCH + seconds)
            .header(ContentType::TEXT_PLAIN)
            .body(mail.body.to_owned())?)
    }

    fn transport(&self) -> Result<AsyncSmtpTransport<Tokio1Executor>, lettre::transport::smtp::Error> {
        let SmtpSettings { host, port, security, credentials, .. } = &*self.settings;
        let tls = match security {
            SmtpSecurity::None => Tls::None,
            SmtpSecurity::StartTls => Tls::Required(self.tls()?),
            SmtpSecurity::Tls => Tls::Wrapper(self.tls()?),
        };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(*port)
            .tls(tls)
            .timeout(Some(TIMEOUT));
        if let Some((user, password)) = credentials {
            let password = password.expose_secret().to_owned();
            transport = transport.credentials(Credentials::new(user.clone(), password));
        }
        Ok(transport.build())
    }

    fn tls(&self) -> Result<TlsParameters, lettre::transport::smtp::Error> {
        let parameters = TlsParameters::builder(self.settings.host.clone());
        match &self.settings.ca {
            Some(ca) => parameters.add_root_certificate(ca.clone()),
            None => parameters,
        }
        .build_rustls()
    }
}

/// How long a server may take for an e-mail.
const TIMEOUT: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use tokio::{net::TcpListener, time::Instant};

    use super::*;

    /// The clock stands still but where nothing is left to do: so no test waits.
    #[tokio::test(start_paused = true)]
    async fn a_server_that_says_nothing_is_given_up_after_ten_seconds() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let smtp = Smtp::new(SmtpSettings {
            host: "127.0.0.1".to_owned(),
            port: listener.local_addr().unwrap().port(),
            security: SmtpSecurity::None,
            ca: None,
            credentials: None,
            from: "no-reply@example.com".to_owned(),
        });
        let mail = Mail {
            id: "msg_1",
            to: "ada@example.com",
            subject: "Your code",
            body: "123456",
            sent_at: UnixTime::from_seconds(1_767_225_600),
        };
        let began = Instant::now();
        assert!(smtp.send(&mail).await.is_err());
        assert_eq!(began.elapsed().as_secs(), 10);
    }
}
