//! How much of a request's headers a session takes, and which of its parts take it.

use std::{
    fmt,
    sync::atomic::{AtomicU8, Ordering},
};

use http::HeaderValue;

use super::Session;
use crate::web::cookies::sent_size;

/// What stands before the cookies in the header line that limits are about.
const HEADER_NAME: usize = "Cookie: ".len();
/// The longest header line that Apache takes; nginx takes two bytes more.
pub(crate) const DEFAULT_LIMIT: usize = 8190;
/// How many parts a log line names.
const NAMED: usize = 12;

/// A session that would make the browser send a longer `Cookie` header than is allowed
/// ([`max_cookie_header`](crate::ClientBuilder::max_cookie_header)), with the other cookies that it sends; so it is not
/// written.
///
/// It is refused because of what would happen otherwise: the proxy in front of the application answers every further
/// request of that browser with an error, the logout included, until its user deletes the cookies by hand. What is in
/// the browser stays: the session as the request brought it.
///
/// To make it smaller, drop what is not needed in
/// [`before_session_saved`](crate::ClientBuilder::before_session_saved); [`SessionTooLarge::parts`] says where it is
/// worth it.
#[derive(Debug, thiserror::Error)]
#[error(
    "the session needs a Cookie header of {bytes} bytes, other cookies take {other_cookies} more, and {limit} are \
     allowed: {}; drop what is not needed in before_session_saved, or raise max_cookie_header if every proxy on the \
     way takes more",
    Listed(.parts)
)]
pub struct SessionTooLarge {
    pub(super) bytes: usize,
    pub(super) other_cookies: usize,
    pub(super) limit: usize,
    pub(super) parts: Vec<SessionPart>,
    pub(super) cookies: Vec<HeaderValue>,
}

impl SessionTooLarge {
    /// The code for a JSON answer; its status is 500.
    pub const CODE: &'static str = "session_too_large";

    /// The length of the header line that the session would need, `Cookie: ` included.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// What the request's other cookies take of the line, in bytes; those that the SDK will delete are not counted.
    #[must_use]
    pub const fn other_cookies(&self) -> usize {
        self.other_cookies
    }

    /// The length that is allowed.
    #[must_use]
    pub const fn limit(&self) -> usize {
        self.limit
    }

    /// What the session is made of, the largest part first.
    #[must_use]
    pub fn parts(&self) -> &[SessionPart] {
        &self.parts
    }

    /// The `Set-Cookie` headers that the answer must carry all the same. There are none, except where the refresh token
    /// was rotated: then the browser's session gets the new one, since the one it holds is spent.
    #[must_use]
    pub fn cookies(&self) -> &[HeaderValue] {
        &self.cookies
    }
}

/// A part of a session and its size before it is sealed, which makes it a third longer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionPart {
    /// `user.` and a claim's name, `id_token`, `refresh_token`, `access_token` and its audience, `data.` and a key of the
    /// application.
    pub name: String,
    /// Its size in bytes.
    pub bytes: usize,
}

impl fmt::Display for SessionPart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.name, self.bytes)
    }
}

/// The largest parts, in one line.
pub(crate) struct Listed<'p>(pub(crate) &'p [SessionPart]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.0.iter().take(NAMED).enumerate() {
            write!(formatter, "{}{part}", if index == 0 { "" } else { ", " })?;
        }
        match self.0.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(formatter, ", and {more} smaller parts"),
        }
    }
}

/// The length of the header line in which a browser sends these cookies back.
pub(super) fn header_line<'c>(cookies: impl Iterator<Item = (&'c str, &'c str)>) -> usize {
    let pairs = cookies.map(|(name, value)| sent_size(name, value));
    (HEADER_NAME + pairs.sum::<usize>()).saturating_sub("; ".len())
}

/// What `session` is made of, the largest part first.
pub(crate) fn parts(session: &Session) -> Vec<SessionPart> {
    let json = |value| serde_json::to_string(value).map_or(0, |text| text.len());
    let part = |name: String, bytes| SessionPart { name, bytes };
    let claims = session.user.iter().map(|(name, value)| part(format!("user.{name}"), json(value)));
    let data = session.data.iter().map(|(key, value)| part(format!("data.{key}"), json(value)));
    let access_tokens = session.token_sets().map(|set| {
        let audience = set.audience().unwrap_or("of the default audience");
        part(format!("access_token {audience}"), set.access_token().len())
    });
    let tokens = [("id_token", &session.id_token), ("refresh_token", &session.refresh_token)];
    let tokens =
        tokens.into_iter().filter_map(|(name, token)| Some(part(name.to_owned(), token.as_ref()?.len())));
    let mut parts: Vec<SessionPart> = claims.chain(data).chain(access_tokens).chain(tokens).collect();
    parts.sort_by(|one, other| other.bytes.cmp(&one.bytes).then_with(|| one.name.cmp(&other.name)));
    parts
}

/// Warns of sessions that grow towards the limit: once for each size class, for one large session is the same news at
/// each of its requests.
#[derive(Debug, Default)]
pub(crate) struct SizeWatch(AtomicU8);

impl SizeWatch {
    /// Looks at a session that is written and at the other cookies that the browser sends beside it, in bytes.
    pub(super) fn look(&self, session: &Session, bytes: usize, other_cookies: usize, limit: usize) {
        let Some(class) = class(bytes + other_cookies, limit) else { return };
        if self.0.fetch_or(class, Ordering::Relaxed) & class != 0 {
            return;
        }
        let parts = parts(session);
        tracing::warn!(
            bytes,
            other_cookies,
            limit,
            parts = %Listed(&parts),
            "a session is getting large: drop what is not needed in before_session_saved before proxies refuse its requests"
        );
    }
}

/// The size class: none for what is small.
fn class(bytes: usize, limit: usize) -> Option<u8> {
    let quarters = bytes.saturating_mul(4) / limit.max(1);
    match quarters {
        0..=2 => None,
        3 => Some(1),
        _ => Some(2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_line_counts_names_and_separators() {
        assert_eq!(header_line([("a", "123")].into_iter()), "Cookie: a=123".len());
        assert_eq!(header_line([("a", "1"), ("b", "")].into_iter()), "Cookie: a=1; b=".len());
    }

    #[test]
    fn classes_begin_at_three_quarters_and_all_of_the_limit() {
        for (bytes, expected) in [(74, None), (75, Some(1)), (99, Some(1)), (100, Some(2))] {
            assert_eq!(class(bytes, 100), expected, "{bytes}");
        }
    }
}
