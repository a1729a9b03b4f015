//! A sealed session in cookies: one where it fits, else several chunks that are joined again in order.

use http::HeaderMap;
use stepup_seal::Format;

use super::size::header_line;
use crate::{
    config::{CookieAttributes, SessionCookie},
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
    /// All that were sent, whether or not they were any good.
    pub(super) names: Vec<String>,
    /// The sealed text; absent where there is none, or a chunk is missing.
    pub(super) value: Option<String>,
    /// The length of the header line that they alone would make.
    pub(super) bytes: usize,
    /// What the browser sends beside them, in bytes.
    pub(super) other_bytes: usize,
}

impl Received {
    pub(super) fn of(headers: &HeaderMap, cookie: &SessionCookie, format: Format) -> Self {
        let cookies = RequestCookies::of(headers);
        let mut received = Self::named(&cookies, &cookie.name, separator(format));
        if format == Format::NextjsAuth0 {
            let version_3 = Self::named(&cookies, VERSION_3, ".");
            received.names.extend(version_3.names);
            received.value = received.value.or(version_3.value);
        }
        received.measure(&cookies);
        received
    }

    fn measure(&mut self, cookies: &RequestCookies<'_>) {
        let is_ours = |name: &str| self.names.iter().any(|held| held == name);
        let whole = header_line(cookies.iter());
        let bytes = header_line(cookies.iter().filter(|(name, _)| is_ours(name)));
        (self.bytes, self.other_bytes) = (bytes, whole - bytes);
    }

    fn named(cookies: &RequestCookies<'_>, name: &str, separator: &str) -> Self {
        let mut received = Self::default();
        let mut chunks: Vec<(usize, &str)> = Vec::new();
        for (held, value) in cookies.iter() {
            if held == name {
                received.value = Some(value.to_owned()).filter(|value| !value.is_empty());
            } else if let Some(index) = chunk_index(held, name, separator) {
                chunks.push((index, value));
            } else {
                continue;
            }
            received.names.push(held.to_owned());
        }
        received.value = received.value.or_else(|| join(chunks));
        received
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
            Received::of(&headers, &cookie(None), Format::Stepup)
        };
        let whole = read("theme=dark; __session__1=b; __session__0=a; __session__x=c");
        assert_eq!(whole.value.as_deref(), Some("ab"));
        assert_eq!(whole.bytes, "Cookie: __session__1=b; __session__0=a".len());
        assert_eq!(whole.other_bytes, "; theme=dark; __session__x=c".len());
        assert_eq!(read("__session__0=a; __session__2=c").value, None);
        assert_eq!(read("__session__2=c").names, ["__session__2"], "stale ones are known, to be deleted");
    }
}
