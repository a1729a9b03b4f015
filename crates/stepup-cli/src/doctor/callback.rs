//! The loopback address that the tenant sends the browser back to (RFC 8252 section 7.3), and what listens there.

use std::{
    io::{self, ErrorKind},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    response::{Html, IntoResponse as _, Redirect, Response},
};
use http::{Method, StatusCode, Uri, header};
use stepup::SystemRandom;
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
};
use url::{Host, Url, form_urlencoded};

use super::settings::is_loopback;

/// How long answers that are under way may take once nothing is waited for.
const GRACE: Duration = Duration::from_secs(2);
const STYLE: &str = "body{max-width:25rem;margin:12vh auto;padding:0 20px;font:16px/1.5 system-ui,sans-serif}h1{font-size:28px;line-height:1.25}";

/// An `http` address of this machine without query and fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Callback(Url);

/// Why an address is no [`Callback`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no http address of this machine, such as http://localhost:3000/auth/callback")]
pub(super) struct NotLoopback;

impl TryFrom<Url> for Callback {
    type Error = NotLoopback;

    fn try_from(url: Url) -> Result<Self, NotLoopback> {
        let bare = url.query().is_none() && url.fragment().is_none();
        let nobody = url.username().is_empty() && url.password().is_none();
        (url.scheme() == "http" && is_loopback(&url) && bare && nobody)
            .then_some(Self(url))
            .ok_or(NotLoopback)
    }
}

impl FromStr for Callback {
    type Err = NotLoopback;

    fn from_str(text: &str) -> Result<Self, NotLoopback> {
        Url::parse(text).map_err(|_| NotLoopback)?.try_into()
    }
}

impl Callback {
    pub(super) const fn url(&self) -> &Url {
        &self.0
    }
}

/// A browser that came to the callback and waits for its answer.
pub(super) struct Visit {
    parameters: Vec<(String, String)>,
    answer: oneshot::Sender<Response>,
}

impl Visit {
    /// The parameter of that name, if it came once (RFC 6749 section 3.1).
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let mut values = self.parameters.iter().filter(|(held, _)| held == name);
        let (_, value) = values.next()?;
        values.next().is_none().then_some(value)
    }

    /// Shows a page that says this, and what to do now.
    pub(super) fn show(self, status: StatusCode, heading: &str, text: &str) {
        // A browser that has gone reads nothing.
        let _ = self.answer.send(page(status, heading, text));
    }

    /// Sends the browser on.
    pub(super) fn send_to(self, address: &Url) {
        let _ = self.answer.send(Redirect::to(address.as_str()).into_response());
    }
}

/// What listens at a [`Callback`].
pub(super) struct Listener {
    callback: Callback,
    visits: mpsc::Receiver<Visit>,
    close: watch::Sender<()>,
    serving: JoinSet<io::Result<()>>,
}

impl Listener {
    /// Listens wherever a browser may look for the host. Port 0 takes a free one.
    ///
    /// # Errors
    ///
    /// The port is in use, or not ours to take.
    pub(super) async fn open(Callback(mut url): Callback) -> io::Result<Self> {
        let (first, other): (IpAddr, Option<IpAddr>) = match url.host() {
            Some(Host::Ipv4(address)) => (address.into(), None),
            Some(Host::Ipv6(address)) => (address.into(), None),
            Some(Host::Domain(_)) | None => (Ipv4Addr::LOCALHOST.into(), Some(Ipv6Addr::LOCALHOST.into())),
        };
        let listener = TcpListener::bind((first, url.port_or_known_default().unwrap_or(0))).await?;
        let port = listener.local_addr()?.port();
        let mut listeners = vec![listener];
        if let Some(other) = other {
            match TcpListener::bind((other, port)).await {
                Ok(listener) => listeners.push(listener),
                Err(error) if error.kind() == ErrorKind::AddrInUse => return Err(error),
                // Not every machine has both.
                Err(_) => {}
            }
        }
        // A loopback address has a host, so its port can be set.
        let _ = url.set_port(Some(port));

        let (visit, visits) = mpsc::channel(1);
        let (close, closing) = watch::channel(());
        let app = Router::new().fallback(visited).with_state(Door { path: url.path().into(), visit });
        let mut serving = JoinSet::new();
        for listener in listeners {
            let mut closing = closing.clone();
            let closed = async move {
                // an error is the sender gone, which means the same
                let _ = closing.changed().await;
            };
            serving.spawn(axum::serve(listener, app.clone()).with_graceful_shutdown(closed).into_future());
        }
        Ok(Self { callback: Callback(url), visits, close, serving })
    }

    /// Where it listens, with the port that was taken.
    pub(super) const fn url(&self) -> &Url {
        self.callback.url()
    }

    /// The next browser that comes.
    pub(super) async fn visit(&mut self) -> Visit {
        match self.visits.recv().await {
            Some(visit) => visit,
            // Only where every listener has failed: nobody comes any more, and whoever waits has a deadline.
            None => std::future::pending().await,
        }
    }

    /// Answers what is under way, and no more.
    pub(super) async fn close(self) {
        let Self { visits, close, mut serving, .. } = self;
        drop((visits, close));
        let ended = tokio::time::timeout(GRACE, async { while serving.join_next().await.is_some() {} });
        if ended.await.is_err() {
            tracing::debug!("a browser did not read its answer");
        }
    }
}

/// What a request needs to become a visit.
#[derive(Clone)]
struct Door {
    path: Arc<str>,
    visit: mpsc::Sender<Visit>,
}

async fn visited(State(door): State<Door>, method: Method, uri: Uri) -> Response {
    if method != Method::GET || uri.path() != &*door.path {
        return page(
            StatusCode::NOT_FOUND,
            "There is nothing here",
            "Open the address that the terminal shows.",
        );
    }
    let (answer, answered) = oneshot::channel();
    let parameters = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let parameters = parameters.into_owned().collect();
    if door.visit.send(Visit { parameters, answer }).await.is_ok()
        && let Ok(response) = answered.await
    {
        return response;
    }
    page(StatusCode::GONE, "Nothing waits here any more", "The check has ended. You can close this window.")
}

/// A page of ours; its words are never the tenant's.
fn page(status: StatusCode, heading: &str, text: &str) -> Response {
    let nonce = stepup_seal::token(&SystemRandom, 16);
    let body = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{heading} · stepup doctor</title>\
         <style nonce=\"{nonce}\">{STYLE}</style><h1>{heading}</h1><p>{text}</p></html>\n"
    );
    // There is nothing to load, and nothing to run.
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    );
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    (status, headers, Html(body)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_is_on_this_machine() {
        for good in [
            "http://localhost:3000/auth/callback",
            "http://127.0.0.1:0/cb",
            "http://[::1]:4000/",
            "http://app.localhost/auth/callback",
        ] {
            assert_eq!(good.parse::<Callback>().unwrap().url().as_str(), good);
        }
        for bad in [
            "https://localhost:3000/auth/callback",
            "http://app.example.com/auth/callback",
            "http://localhost:3000/auth/callback?a=b",
            "http://localhost:3000/auth/callback#a",
            "http://ada@localhost:3000/auth/callback",
            "localhost:3000",
            "/auth/callback",
        ] {
            assert_eq!(bad.parse::<Callback>(), Err(NotLoopback), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_port_that_is_taken_is_said_and_a_free_one_found() {
        let listener = Listener::open("http://localhost:0/cb".parse().unwrap()).await.unwrap();
        let taken = listener.url().clone();
        assert_ne!(taken.port(), Some(0));
        let error = Listener::open(taken.try_into().unwrap()).await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        listener.close().await;
    }
}
