//! The session in the course of one request: opened at its start, written at its end.

use std::{borrow::Cow, time::Duration};

use http::{HeaderMap, HeaderValue};
use stepup_protocol::time::UnixTime;

use super::{
    Session,
    codec::{self, Opened},
    cookies::{self, Received},
};
use crate::{client::Client, login::CEILING_MARGIN, web};

/// A sealed session of more bytes than this is told of once a login: it may not fit into a request's headers.
const LARGE: usize = 4096;

/// The session of one request, and what is needed to write it back.
#[derive(Debug, Default)]
pub struct SessionState {
    session: Option<Session>,
    /// The cookies that a session came in.
    received: Vec<String>,
    /// Whether it must be written even though it has not changed.
    due: bool,
    /// Whether it is a login's.
    new: bool,
    removed: bool,
}

impl SessionState {
    /// The session, if there is one.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// The session, to be changed.
    pub fn session_mut(&mut self) -> Option<&mut Session> {
        self.session.as_mut()
    }

    /// Begins a session: a login.
    pub(crate) fn begin(&mut self, session: Session) {
        self.session = Some(session);
        self.new = true;
        self.removed = false;
    }

    /// Ends the session.
    pub fn remove(&mut self) {
        self.session = None;
        self.removed = true;
    }
}

impl Client {
    /// Opens the session that a request's cookies hold. Whatever is wrong with them, it is no session, never an error.
    #[must_use]
    pub fn open_session(&self, headers: &HeaderMap) -> SessionState {
        let config = self.config();
        let received = Received::of(headers, &config.session_cookie, self.sealer().format());
        let mut state = SessionState { received: received.names, ..SessionState::default() };
        let now = self.now();
        let opened = received.value.and_then(|value| {
            let (name, audience) = (&config.session_cookie.name, config.authorization.audience.as_deref());
            codec::open(self.sealer(), name, audience, &value, now)
        });
        let Some(Opened { mut session, expires_at, outdated }) = opened else { return state };
        session.assume_requested(|audience| config.authorization.scope_for(audience));
        if session.is_over(now) {
            state.removed = true;
        } else if !config.lifetime.is_over(session.created_at(), now) {
            state.due = outdated || config.lifetime.is_due(session.created_at(), expires_at, now);
            state.session = Some(session);
        }
        state
    }

    /// The `Set-Cookie` headers that bring the browser up to date. There are none where nothing changed and the session
    /// was written not long ago.
    #[must_use]
    pub fn write_session(&self, state: &SessionState) -> Vec<HeaderValue> {
        match &state.session {
            Some(session) if session.is_changed() || state.due || state.new => self.write(state, session),
            None if state.removed => self.delete_cookies(state.received.iter()),
            Some(_) | None => Vec::new(),
        }
    }

    fn write(&self, state: &SessionState, session: &Session) -> Vec<HeaderValue> {
        let (cookie, format, now) = (&self.config().session_cookie, self.sealer().format(), self.now());
        let expires_at = self.config().lifetime.expiry(session.created_at(), now);
        let lasts = expires_at.since(now);
        if lasts == Duration::ZERO {
            return self.delete_cookies(state.received.iter());
        }
        let session = self.with_newest_refresh_token(session);
        let value = codec::seal(self.sealer(), &cookie.name, &session, expires_at, self.random());
        if state.new && value.len() > LARGE {
            warn_of_size(&session, value.len());
        }
        let chunks = cookies::split(&value, cookie, format);
        let expiry = (!cookie.transient).then_some((lasts, now));
        let set = chunks
            .iter()
            .filter_map(|(name, value)| web::cookies::set(name, value, &cookie.attributes, expiry));
        let stale = state.received.iter().filter(|held| chunks.iter().all(|(name, _)| name != *held));
        set.chain(self.delete_cookies(stale)).collect()
    }

    /// While this request was under way, another one may have had the refresh token rotated: a spent one must not
    /// overwrite the new one in the browser.
    fn with_newest_refresh_token<'s>(&self, session: &'s Session) -> Cow<'s, Session> {
        match session.refresh_token.as_deref().and_then(|held| self.refreshes().newer(held)) {
            Some(newer) => Cow::Owned(Session { refresh_token: Some(newer), ..session.clone() }),
            None => Cow::Borrowed(session),
        }
    }

    fn delete_cookies<'n>(&self, names: impl Iterator<Item = &'n String>) -> Vec<HeaderValue> {
        let attributes = &self.config().session_cookie.attributes;
        names.filter_map(|name| web::cookies::delete(name, attributes)).collect()
    }
}

impl Session {
    /// Whether the identity provider's end of the session is reached.
    pub(crate) fn is_over(&self, now: UnixTime) -> bool {
        self.internal.expires_at.is_some_and(|end| end <= now + CEILING_MARGIN)
    }
}

fn warn_of_size(session: &Session, bytes: usize) {
    tracing::warn!(
        bytes,
        user = serde_json::to_string(session.user()).map_or(0, |text| text.len()),
        id_token = session.id_token().map_or(0, str::len),
        access_tokens = session.token_sets().map(|set| set.access_token().len()).sum::<usize>(),
        "the session is large; drop claims in before_session_saved, or proxies may refuse the request's headers"
    );
}
