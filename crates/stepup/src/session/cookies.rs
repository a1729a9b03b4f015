//! A sealed session in cookies: one where it fits, else several chunks that are joined again in order.

use http::HeaderMap;
use stepup_seal::Format;

use super::size::header_line;
use crate::{
    config::{SessionCookie, session_name},
    web::{
        chunks::{Chunks, Sent},
        cookies::{RequestCookies, sent_size},
    },
};

/// Longest chunk of auth0-server-python, its name's characters included, which browsers take that count name and value alone.
const PYTHON_LIMIT: usize = 4096 - 10;
/// The session cookie of nextjs-auth0 before version 4.
const VERSION_3: &str = "appSession";

/// The cookies of a request that belong to a session.
#[derive(Debug, Default)]
pub(super) struct Received {
    /// All of ours that were sent, whether or not they were any good.
    pub(super) names: Vec<String>,
    /// Those of the forms that are read too, where they are called otherwise.
    pub(super) peers: Vec<String>,
    /// Name and sealed text of whatever may be a session, ours first; of one name what came last first.
    pub(super) values: Vec<(String, String)>,
    /// The same of fewer chunks, for where none of those opens.
    pub(super) shorter: Vec<(String, String)>,
    /// Whether one of their names came more than once, or a whole value and one in chunks.
    pub(super) is_repeated: bool,
    /// The length of the header line that ours alone would make.
    pub(super) bytes: usize,
    /// What the peers' take beside them.
    pub(super) peer_bytes: usize,
    /// What other cookies take beside them, without those that the SDK will delete.
    pub(super) other_bytes: usize,
}

impl Received {
    /// `format` is the one that is written, `peers` are read too, and `passes` says which cookies the SDK will delete.
    pub(super) fn of(
        headers: &HeaderMap,
        cookie: &SessionCookie,
        format: Format,
        peers: &[Format],
        passes: impl Fn(&str) -> bool,
    ) -> Self {
        let cookies = RequestCookies::of(headers);
        let mut received = Self::default();
        received.names = received.take(&cookies, &cookie.name, separator(format));
        if format == Format::NextjsAuth0 || peers.contains(&Format::NextjsAuth0) {
            let version_3 = received.take(&cookies, VERSION_3, ".");
            received.names.extend(version_3);
        }
        let mut homes: Vec<_> = peers.iter().map(|peer| (session_name(*peer), separator(*peer))).collect();
        homes.retain(|(name, _)| *name != cookie.name);
        homes.dedup();
        for (name, separator) in homes {
            let peers = received.take(&cookies, name, separator);
            received.peers.extend(peers);
        }
        received.measure(&cookies, passes);
        received
    }

    /// Takes the values under `name`, and those that are there in chunks; gives the names of the cookies.
    fn take(&mut self, cookies: &RequestCookies<'_>, name: &str, separator: &str) -> Vec<String> {
        let Sent { names, values, shorter, is_repeated } = Chunks { name, separator }.of(cookies);
        let named = |value| (name.to_owned(), value);
        self.values.extend(values.into_iter().map(named));
        // That package deletes none but its own last chunks.
        if separator == self::separator(Format::Auth0ServerPython) {
            self.shorter.extend(shorter.into_iter().map(named));
        }
        self.is_repeated |= is_repeated;
        names
    }

    fn measure(&mut self, cookies: &RequestCookies<'_>, passes: impl Fn(&str) -> bool) {
        let is_of = |names: &[String], name: &str| names.iter().any(|held| held == name);
        self.bytes = header_line(cookies.iter().filter(|(name, _)| is_of(&self.names, name)));
        for (name, value) in cookies.iter().filter(|(name, _)| !is_of(&self.names, name)) {
            if is_of(&self.peers, name) {
                self.peer_bytes += sent_size(name, value);
            } else if !passes(name) {
                self.other_bytes += sent_size(name, value);
            }
        }
    }
}

/// Names and values of the cookies that hold `value`.
pub(super) fn split<'v>(value: &'v str, cookie: &SessionCookie, format: Format) -> Vec<(String, &'v str)> {
    let chunks = Chunks { name: &cookie.name, separator: separator(format) };
    match format {
        // That package writes longer ones; where it shortens a session, it deletes none of ours that are too many.
        Format::Auth0ServerPython => {
            chunks.numbered(value, PYTHON_LIMIT.saturating_sub(cookie.name.len()).max(1))
        }
        Format::NextjsAuth0 | Format::Stepup => {
            chunks.one_or_more(value, &cookie.attributes, !cookie.transient)
        }
    }
}

const fn separator(format: Format) -> &'static str {
    match format {
        Format::Auth0ServerPython => "_",
        Format::NextjsAuth0 | Format::Stepup => "__",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{CookieAttributes, SameSite};

    fn cookie() -> SessionCookie {
        SessionCookie {
            name: "__session".to_owned(),
            transient: false,
            attributes: CookieAttributes {
                secure: true,
                same_site: SameSite::Lax,
                path: "/".to_owned(),
                domain: None,
            },
        }
    }

    #[test]
    fn a_gap_or_a_name_that_is_no_chunk_is_no_session() {
        let read = |line: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(http::header::COOKIE, line.parse().unwrap());
            Received::of(&headers, &cookie(), Format::Stepup, &[], |name| name.starts_with("__txn_"))
        };
        let value = |received: Received| received.values.first().map(|(_, value)| value.clone());
        let whole = read("theme=dark; __session__1=b; __session__0=a; __txn_1=t; __session__x=c");
        assert_eq!(whole.bytes, "Cookie: __session__1=b; __session__0=a".len());
        assert_eq!(whole.other_bytes, "; theme=dark; __session__x=c".len());
        assert_eq!(value(whole).as_deref(), Some("ab"));
        assert_eq!(value(read("__session__0=a; __session__2=c")), None);
        assert_eq!(read("__session__2=c").names, ["__session__2"], "stale ones are known, to be deleted");
    }

    #[test]
    fn what_came_several_times_is_looked_at_from_the_last_to_the_first() {
        let read = |line: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(http::header::COOKIE, line.parse().unwrap());
            Received::of(&headers, &cookie(), Format::Stepup, &[], |_| false)
        };
        for (line, values) in [
            ("__session=a; __session=; __session=b", vec!["b", "a"]),
            ("__session__0=a; __session__1=b; __session=c", vec!["c", "ab"]),
            ("__session__0=a; __session__1=b; __session__1=d; __session__0=c", vec!["cd", "ab"]),
            ("__session__0=a; __session__1=b; __session__0=c", vec!["cb", "ab", "c", "a"]),
            ("__session=1; __session=2; __session=3; __session=4; __session=5", vec!["5", "4", "3", "2"]),
        ] {
            let found: Vec<String> = read(line).values.into_iter().map(|(_, value)| value).collect();
            assert_eq!(found, values, "{line}");
        }
        assert_eq!(read("__session=a; __session=b").names, ["__session"], "it is deleted once");
    }
}
