//! A sealed session in cookies: one where it fits, else several chunks that are joined again in order.

use http::HeaderMap;
use stepup_seal::Format;

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
        received
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
