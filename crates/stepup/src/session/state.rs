//! The session in the course of one request: opened at its start, written at its end.

use std::{borrow::Cow, time::Duration};

use http::{HeaderMap, HeaderValue, Request};
use stepup_protocol::time::UnixTime;
use stepup_seal::{Format, Sealer};
use url::Url;

use super::{
    Session,
    codec::{self, Opened},
    cookies::{self, Received},
    ended::Identity,
    lifetime::CEILING_MARGIN,
    size::{self, SessionTooLarge},
};
use crate::{
    client::Client,
    config::{CookieAttributes, SessionCookie},
    detour::is_detour,
    telemetry,
    web::{self, base_url},
};

/// How many cookies one answer deletes of a kind, each with a line of its head, of which proxies take four or eight kilobytes.
const DELETED: usize = 24;

/// The session of one request, and what is needed to write it back.
#[derive(Debug, Default)]
pub struct SessionState {
    session: Option<Session>,
    /// The cookies that a session came in.
    received: Received,
    /// How many came in our cookie.
    ours: usize,
    /// The base URL that they came to.
    base: Option<Url>,
    /// Whether its end has come so much nearer that it must be written to last longer.
    rolls: bool,
    /// Whether it must be written even though it has not changed: an older secret or form sealed it.
    outdated: bool,
    turn: Turn,
    /// Whether a login brought it or stepped it up, of which is told when it is written or cannot be.
    login: bool,
    /// Which sessions it was before, each ended here, or a login or a step-up put another in its place.
    before: Vec<Identity>,
}

/// What became of the session that the request brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Turn {
    /// It goes on, or there was none.
    #[default]
    GoesOn,
    /// A login began another.
    Begun,
    /// It is over.
    Ended,
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

    /// Begins a session: a login. One that was there before, somebody else's maybe, ends with it.
    pub(crate) fn begin(&mut self, mut session: Session) {
        if let Some(before) = &self.session {
            session.answer(before, session.created_at());
        }
        self.go_on_with(session);
        self.turn = Turn::Begun;
    }

    /// Goes on with what a login made of the session that was to be stepped up.
    pub(crate) fn go_on_with(&mut self, session: Session) {
        self.login = true;
        self.before.extend(self.session.replace(session).map(|before| before.identity()));
    }

    /// Has the session written only if it changes. A request that is held for long would else bring back, at its end, what
    /// the browser was told meanwhile to forget.
    pub(crate) fn write_changes_only(&mut self) {
        self.rolls = false;
        self.outdated = false;
    }

    /// Whether a cookie of the request is one of those that the session came in.
    pub(crate) fn holds(&self, cookie: &str) -> bool {
        self.received.names.iter().any(|name| name == cookie)
    }

    /// What those cookies take that a session could have come in: where there is none, they are of no use.
    pub(crate) fn received_bytes(&self) -> usize {
        let Received { bytes, peer_bytes, .. } = self.received;
        bytes.saturating_sub(size::header_line(std::iter::empty())) + peer_bytes
    }

    /// What other cookies of the request take beside the session's, without those that the SDK will delete.
    pub(crate) fn other_bytes(&self) -> usize {
        self.received.other_bytes
    }

    /// Ends the session. See [`Client::write_session`] for what that means to requests that are under way.
    pub fn remove(&mut self) {
        if let Some(session) = self.take() {
            telemetry::logged_out(session.subject());
        }
    }

    fn take(&mut self) -> Option<Session> {
        self.turn = Turn::Ended;
        let session = self.session.take();
        self.before.extend(session.as_ref().map(Session::identity));
        session
    }
}

impl Client {
    /// Opens the session of `request`, and asks
    /// [`before_session_rolled`](crate::ClientBuilder::before_session_rolled) whether the request makes it last longer.
    #[must_use]
    pub fn open_session_of<B>(&self, request: &Request<B>) -> SessionState {
        let mut state = self.open_session(request.headers());
        if state.session.is_some()
            && let Some(hook) = &self.config().before_session_rolled
            && !hook(request.method(), request.uri(), request.headers())
        {
            state.rolls = false;
        }
        state
    }

    /// Opens the session that a request's cookies hold. Whatever is wrong with them, it is no session, never an error.
    #[must_use]
    pub fn open_session(&self, headers: &HeaderMap) -> SessionState {
        let config = self.config();
        let peers: Vec<Format> = self.peers().iter().map(Sealer::format).collect();
        let passes = |cookie: &str| self.is_transaction(cookie) || is_detour(cookie);
        let format = self.sealer().format();
        let received = Received::of(headers, &config.session_cookie, format, &peers, passes);
        let now = self.now();
        let found = self.found(&received, now);
        let (base, ours) = (base_url::of(self, headers).ok().cloned(), found.ours());
        let opened = found.latest();
        if !received.values.is_empty() && opened.is_none() {
            telemetry::session_refused("unreadable");
        }
        let mut state = SessionState { received, base, ours, ..SessionState::default() };
        let Some(Opened { mut session, expires_at, outdated }) = opened else { return state };
        session.assume_requested(|audience| config.authorization.scope_for(audience));
        if session.is_over(now) {
            telemetry::session_refused("session_expiry");
            state.turn = Turn::Ended;
        } else if config.lifetime.is_over(session.created_at(), now) {
            telemetry::session_refused("absolute_duration");
        } else {
            state.outdated = outdated;
            state.rolls = config.lifetime.is_due(session.created_at(), expires_at, now);
            state.session = Some(session);
        }
        state
    }

    /// The `Set-Cookie` headers that bring the browser up to date. There are none where nothing changed and the session
    /// was written not long ago.
    ///
    /// A session that ended stays ended: what other requests made of it that began before its end is not written. This
    /// process knows it for ten minutes. In a fleet, a request that is answered by another process than the logout may
    /// still write the session into the browser once more, where it lasts until its time is over.
    ///
    /// # Errors
    ///
    /// [`SessionTooLarge`]: answer 500 instead of what was to be answered, with the cookies that the error names.
    pub fn write_session(&self, state: &SessionState) -> Result<Vec<HeaderValue>, SessionTooLarge> {
        match &state.session {
            Some(session) if state.turn == Turn::Begun => {
                let cookies = self.write(state, session)?;
                self.note_end(state);
                self.ended_sessions().begin(session.identity());
                Ok(cookies)
            }
            Some(session) if session.is_changed() || state.rolls || state.outdated => {
                if self.has_ended(state, session) {
                    tracing::debug!("a session that ended meanwhile is not written");
                    return Ok(Vec::new());
                }
                self.write(state, session)
            }
            None if state.turn == Turn::Ended => {
                self.note_end(state);
                Ok(self.delete_all(state))
            }
            Some(_) | None => Ok(Vec::new()),
        }
    }

    /// Ends the session at once, for what is under way as well: its answer may take a while. Of several requests that end it,
    /// the first is told of.
    pub(crate) fn end_session(&self, state: &mut SessionState) {
        let Some(session) = state.take() else { return };
        if self.ended_sessions().end(session.identity(), self.now()) {
            telemetry::logged_out(session.subject());
        }
    }

    fn note_end(&self, state: &SessionState) {
        for before in &state.before {
            self.ended_sessions().end(*before, self.now());
        }
    }

    /// Whether another request ended the session, or the one that a step-up made it of.
    fn has_ended(&self, state: &SessionState, session: &Session) -> bool {
        let (ended, now) = (self.ended_sessions(), self.now());
        ended.holds(|| session.identity(), now)
            || state.before.iter().any(|before| ended.holds(|| *before, now))
    }

    /// Whose session the request brought, even if its time is over.
    pub(crate) fn user_of(&self, state: &SessionState) -> Option<String> {
        let subject = |session: &Session| session.subject().to_owned();
        let over = || self.found(&state.received, UnixTime::from_seconds(0)).latest();
        state.session().map(subject).or_else(|| over().map(|opened| subject(&opened.session)))
    }

    /// The length of the header line in which the browser sends the session back, once it is written.
    pub(crate) fn session_header(&self, state: &SessionState) -> usize {
        let is_written =
            |session: &&Session| session.is_changed() || state.outdated || state.turn == Turn::Begun;
        let Some(session) = state.session.as_ref().filter(is_written) else {
            return state.received.bytes;
        };
        let (cookie, format, now) = (self.session_cookie(state), self.sealer().format(), self.now());
        let expires_at = self.config().lifetime.expiry(session.created_at(), now);
        let value = codec::seal(self.sealer(), &cookie.name, session, expires_at, self.random());
        let chunks = cookies::split(&value, &cookie, format);
        size::header_line(chunks.iter().map(|(name, value)| (&**name, *value)))
    }

    fn write(&self, state: &SessionState, session: &Session) -> Result<Vec<HeaderValue>, SessionTooLarge> {
        let session = self.with_newest_refresh_token(session);
        let (config, now) = (self.config(), self.now());
        let expires_at = config.lifetime.expiry(session.created_at(), now);
        if expires_at.since(now) == Duration::ZERO {
            return Ok(self.delete_all(state));
        }
        let (cookie, format) = (self.session_cookie(state), self.sealer().format());
        let value = codec::seal(self.sealer(), &cookie.name, &session, expires_at, self.random());
        let chunks = cookies::split(&value, &cookie, format);
        let (limit, other_cookies) = (config.max_cookie_header, state.received.other_bytes);
        let bytes = size::header_line(chunks.iter().map(|(name, value)| (&**name, *value)));
        // What came through all proxies, and does not grow, goes through them again.
        let grows = (session.is_changed() || state.turn == Turn::Begun) && bytes > state.received.bytes;
        if bytes + other_cookies > limit && grows {
            if state.login {
                telemetry::login_failed(SessionTooLarge::CODE);
            }
            let (parts, cookies) = (size::parts(&session), self.write_as_it_was(state, &session));
            return Err(SessionTooLarge { bytes, other_cookies, limit, parts, cookies });
        }
        if state.login {
            telemetry::logged_in(session.subject());
        }
        self.session_sizes().look(&session, bytes, other_cookies, limit);
        Ok(self.set_cookies(state, &chunks, expires_at.since(now), now))
    }

    /// The session that the request brought, with the refresh token that is good now; nothing where that is the one in
    /// the browser, or the session is another one.
    fn write_as_it_was(&self, state: &SessionState, session: &Session) -> Vec<HeaderValue> {
        let now = self.now();
        let Some(Opened { session: mut old, .. }) = self.found(&state.received, now).latest() else {
            return Vec::new();
        };
        if state.turn == Turn::Begun || old.refresh_token == session.refresh_token {
            return Vec::new();
        }
        old.refresh_token.clone_from(&session.refresh_token);
        let expires_at = self.config().lifetime.expiry(old.created_at(), now);
        let cookie = self.session_cookie(state);
        let value = codec::seal(self.sealer(), &cookie.name, &old, expires_at, self.random());
        let chunks = cookies::split(&value, &cookie, self.sealer().format());
        self.set_cookies(state, &chunks, expires_at.since(now), now)
    }

    /// These cookies set, and those that came beside them deleted, wherever they are set: the peers' too where a login takes
    /// their place, or the header has no room for both.
    fn set_cookies(
        &self,
        state: &SessionState,
        chunks: &[(String, &str)],
        lasts: Duration,
        now: UnixTime,
    ) -> Vec<HeaderValue> {
        let cookie = self.session_cookie(state);
        let expiry = (!cookie.transient).then_some((lasts, now));
        let set = chunks
            .iter()
            .filter_map(|(name, value)| web::cookies::set(name, value, &cookie.attributes, expiry));
        let Received { names, peers, peer_bytes, other_bytes, .. } = &state.received;
        let stale = names.iter().filter(|held| chunks.iter().all(|(name, _)| name != *held));
        let bytes = size::header_line(chunks.iter().map(|(name, value)| (&**name, *value)));
        let peers_go =
            state.turn == Turn::Begun || bytes + peer_bytes + other_bytes > self.config().max_cookie_header;
        let replaced = peers.iter().filter(|_| peers_go);
        // First, for browsers to which a cookie of the host alone and one of its domain are the same.
        let doubles = if state.ours > 1 { self.delete_elsewhere(state) } else { Vec::new() };
        doubles
            .into_iter()
            .chain(set)
            .chain(delete(stale, &cookie.attributes))
            .chain(delete_peers(replaced, &cookie.attributes))
            .collect()
    }

    /// The headers that leave no session in the browser that could be read here.
    pub(crate) fn delete_all(&self, state: &SessionState) -> Vec<HeaderValue> {
        let Received { names, peers, is_repeated, .. } = &state.received;
        let attributes = self.session_cookie(state).attributes;
        // The only one may have been set before the cookie's path or domain was changed. What does not open is no session here,
        // and may be a neighbour's.
        let all = state.ours > 1 || (state.ours == 1 && !is_repeated);
        let elsewhere = if all { self.delete_elsewhere(state) } else { Vec::new() };
        [delete(names.iter(), &attributes), elsewhere, delete_peers(peers.iter(), &attributes)].concat()
    }

    /// Deletes our cookies however they may be set beside the way that they are.
    fn delete_elsewhere(&self, state: &SessionState) -> Vec<HeaderValue> {
        let Received { names, .. } = &state.received;
        let base = state.base.as_ref().unwrap_or_else(|| base_url::first(self));
        let elsewhere = self.elsewhere(base, &self.session_cookie(state).attributes);
        elsewhere.iter().flat_map(|attributes| delete(names.iter(), attributes)).take(DELETED).collect()
    }

    /// The cookie as it is under the base URL that the request came to.
    fn session_cookie(&self, state: &SessionState) -> SessionCookie {
        let cookie = &self.config().session_cookie;
        let https = state.base.as_ref().is_some_and(|base| base.scheme() == "https");
        SessionCookie { attributes: cookie.attributes.under(https), ..cookie.clone() }
    }

    /// While this request was under way, another one may have had the refresh token rotated: a spent one must not
    /// overwrite the new one in the browser.
    fn with_newest_refresh_token<'s>(&self, session: &'s Session) -> Cow<'s, Session> {
        match session.refresh_token.as_deref().and_then(|held| self.refreshes().newer(held)) {
            Some(newer) => Cow::Owned(Session { refresh_token: Some(newer), ..session.clone() }),
            None => Cow::Borrowed(session),
        }
    }
}

fn delete<'n>(names: impl Iterator<Item = &'n String>, attributes: &CookieAttributes) -> Vec<HeaderValue> {
    names.take(DELETED).filter_map(|name| web::cookies::delete(name, attributes)).collect()
}

/// They may be set as ours are, or for the whole host and no other: a deletion reaches what was set alike, no more.
fn delete_peers<'n>(names: impl Iterator<Item = &'n String>, own: &CookieAttributes) -> Vec<HeaderValue> {
    let whole_host = CookieAttributes { path: "/".to_owned(), domain: None, ..own.clone() };
    let ways = std::iter::once(own).chain((whole_host != *own).then_some(&whole_host));
    names
        .flat_map(|name| ways.clone().filter_map(|attributes| web::cookies::delete(name, attributes)))
        .collect()
}

impl Session {
    /// Whether the identity provider's end of the session is reached.
    pub(crate) fn is_over(&self, now: UnixTime) -> bool {
        self.internal.expires_at.is_some_and(|end| end <= now + CEILING_MARGIN)
    }
}
