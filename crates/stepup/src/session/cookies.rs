//! A sealed session in cookies: one where it fits, else several chunks that are joined again in order.

use http::HeaderMap;
use stepup_seal::Format;

use super::size::{header_line, pair};
use crate::{
    config::{CookieAttributes, SessionCookie, session_name},
    web::cookies::{RequestCookies, overhead},
};

/// Largest value of one cookie: the chunk size of nextjs-auth0.
const CHUNK: usize = 3500;
/// What browsers take for one cookie, its name and attributes included.
const BROWSER_LIMIT: usize = 4096;
/// The session cookie of nextjs-auth0 before version 4.
const VERSION_3: &str = "appSession";

/// The cookies of a request that belong to a session.
#[derive(Debug, Default)]
pub(super) struct Received {
    /// All of ours that were sent, whether or not they were any good.
    pub(super) names: Vec<String>,
    /// Those of the forms that are read too, where they are called otherwise.
    pub(super) peers: Vec<String>,
    /// Name and sealed text of each session that came whole, ours first.
    pub(super) values: Vec<(String, String)>,
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

    /// Takes the value under `name`, or the chunks of one; gives the names of the cookies.
    fn take(&mut self, cookies: &RequestCookies<'_>, name: &str, separator: &str) -> Vec<String> {
        let (mut names, mut whole, mut chunks) = (Vec::new(), None, Vec::new());
        for (held, value) in cookies.iter() {
            if held == name {
                whole = Some(value.to_owned()).filter(|value| !value.is_empty());
            } else if let Some(index) = chunk_index(held, name, separator) {
                chunks.push((index, value));
            } else {
                continue;
            }
            names.push(held.to_owned());
        }
        self.values.extend(whole.or_else(|| join(chunks)).map(|value| (name.to_owned(), value)));
        names
    }

    fn measure(&mut self, cookies: &RequestCookies<'_>, passes: impl Fn(&str) -> bool) {
        let is_of = |names: &[String], name: &str| names.iter().any(|held| held == name);
        self.bytes = header_line(cookies.iter().filter(|(name, _)| is_of(&self.names, name)));
        for (name, value) in cookies.iter().filter(|(name, _)| !is_of(&self.names, name)) {
            if is_of(&self.peers, name) {
                self.peer_bytes += pair(name, value);
            } else if !passes(name) {
                self.other_bytes += pair(name, value);
            }
        }
    }
}

fn chunk_index(held: &str, name: &str, separator: &str) -> Option<usize> {
    let digits = held.strip_prefix(name)?.strip_prefix(separator)?;
    let plain = !digits.is_empty() && digits.len() <= 3 && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

/// All chunks from the first to the last, or nothing.
fn join(mut chunks: Vec<(usize, &str)>) -> Option<String> {
    chunks.sort_unstable_by_key(|(index, _)| *index);
    let complete = chunks.iter().enumerate().all(|(position, (index, _))| position == *index);
    (complete && !chunks.is_empty()).then(|| chunks.into_iter().map(|(_, value)| value).collect())
}

/// Names and values of the cookies that hold `value`.
pub(super) fn split<'v>(value: &'v str, cookie: &SessionCookie, format: Format) -> Vec<(String, &'v str)> {
    let limit = chunk_size(&cookie.name, &cookie.attributes, !cookie.transient);
    let always_in_chunks = format == Format::Auth0ServerPython;
    if value.len() <= limit && !always_in_chunks {
        return vec![(cookie.name.clone(), value)];
    }
    // A sealed value is ASCII, so that every place is a character's border.
    let starts = (0..value.len()).step_by(limit);
    starts
        .enumerate()
        .map(|(index, start)| {
            let chunk = &value[start..value.len().min(start + limit)];
            (format!("{}{}{index}", cookie.name, separator(format)), chunk)
        })
        .collect()
}

fn chunk_size(name: &str, attributes: &CookieAttributes, lasts: bool) -> usize {
    let around = overhead(&format!("{name}__000"), attributes, lasts);
    CHUNK.min(BROWSER_LIMIT.saturating_sub(around)).max(1)
}

const fn separator(format: Format) -> &'static str {
    match format {
        Format::Auth0ServerPython => "_",
        Format::NextjsAuth0 | Format::Stepup => "__",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use stepup_protocol::time::UnixTime;

    use super::*;
    use crate::{config::SameSite, web};

    fn cookie(domain: Option<&str>) -> SessionCookie {
        SessionCookie {
            name: "__session".to_owned(),
            transient: false,
            attributes: CookieAttributes {
                secure: true,
                same_site: SameSite::Strict,
                path: "/".to_owned(),
                domain: domain.map(str::to_owned),
            },
        }
    }

    fn sizes(value: &str, cookie: &SessionCookie) -> Vec<usize> {
        split(value, cookie, Format::Stepup).iter().map(|(_, chunk)| chunk.len()).collect()
    }

    #[test]
    fn a_value_is_cut_at_the_last_byte_that_fits_and_not_before() {
        let value = "v".repeat(10_000);
        let short = cookie(None);
        assert_eq!(sizes(&value[..CHUNK - 1], &short), [CHUNK - 1]);
        assert_eq!(sizes(&value[..CHUNK], &short), [CHUNK]);
        assert_eq!(sizes(&value[..=CHUNK], &short), [CHUNK, 1]);
        assert_eq!(sizes(&value[..2 * CHUNK], &short), [CHUNK, CHUNK]);
        assert_eq!(sizes(&value[..=2 * CHUNK], &short), [CHUNK, CHUNK, 1]);
    }

    #[test]
    fn long_attributes_make_shorter_chunks_that_fill_a_cookie_to_the_browsers_limit() {
        let domain = format!("{}example.com", "a-long-name.".repeat(60));
        let long = cookie(Some(&domain));
        let limit = chunk_size(&long.name, &long.attributes, true);
        assert!(limit < CHUNK, "{limit}");
        let value = "v".repeat(limit + 1);
        assert_eq!(sizes(&value[..limit], &long), [limit]);
        assert_eq!(sizes(&value, &long), [limit, 1]);

        // The longest name and the latest end that are possible: the whole header is what browsers take, to the byte.
        let lasts = Some((Duration::from_secs(u64::from(u32::MAX)), UnixTime::from_seconds(0)));
        let header = web::cookies::set("__session__000", &value[..limit], &long.attributes, lasts).unwrap();
        assert_eq!(header.len(), BROWSER_LIMIT);
        let header = web::cookies::set("__session__000", &value, &long.attributes, lasts).unwrap();
        assert_eq!(header.len(), BROWSER_LIMIT + 1);
    }

    #[test]
    fn a_gap_or_a_name_that_is_no_chunk_is_no_session() {
        let read = |line: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(http::header::COOKIE, line.parse().unwrap());
            Received::of(&headers, &cookie(None), Format::Stepup, &[], |name| name.starts_with("__txn_"))
        };
        let value = |received: Received| received.values.first().map(|(_, value)| value.clone());
        let whole = read("theme=dark; __session__1=b; __session__0=a; __txn_1=t; __session__x=c");
        assert_eq!(whole.bytes, "Cookie: __session__1=b; __session__0=a".len());
        assert_eq!(whole.other_bytes, "; theme=dark; __session__x=c".len());
        assert_eq!(value(whole).as_deref(), Some("ab"));
        assert_eq!(value(read("__session__0=a; __session__2=c")), None);
        assert_eq!(read("__session__2=c").names, ["__session__2"], "stale ones are known, to be deleted");
    }
}
