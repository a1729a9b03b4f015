//! Cookie headers, read and written (RFC 6265).

use std::{borrow::Cow, time::Duration};

use http::{HeaderMap, HeaderValue, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use stepup_protocol::time::UnixTime;

use crate::config::CookieAttributes;

/// What `encodeURIComponent` leaves as it is.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// The cookies of a request, in the order they came.
#[derive(Debug)]
pub(crate) struct RequestCookies<'h>(Vec<(&'h str, &'h str)>);

impl<'h> RequestCookies<'h> {
    pub(crate) fn of(headers: &'h HeaderMap) -> Self {
        // Somebody else's cookie may hold any bytes; it must not cost ours.
        let lines = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes);
        let pairs = lines.flat_map(|line| line.split(|byte| *byte == b';'));
        let pairs = pairs.filter_map(|pair| std::str::from_utf8(pair).ok()?.trim().split_once('='));
        Self(pairs.map(|(name, value)| (name.trim(), unquoted(value.trim()))).collect())
    }

    /// The first value under `name`, decoded.
    pub(crate) fn get(&self, name: &str) -> Option<Cow<'h, str>> {
        let (_, value) = self.0.iter().find(|(held, _)| *held == name)?;
        percent_decode_str(value).decode_utf8().ok()
    }

    /// Name and value, as they were sent.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'h str, &'h str)> + '_ {
        self.0.iter().copied()
    }
}

fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

/// A `Set-Cookie` header. Without `lasts` the browser forgets the cookie when it is closed.
pub(crate) fn set(
    name: &str,
    value: &str,
    attributes: &CookieAttributes,
    lasts: Option<(Duration, UnixTime)>,
) -> Option<HeaderValue> {
    let mut header = format!("{name}={}; Path={}", utf8_percent_encode(value, UNRESERVED), attributes.path);
    if let Some((max_age, now)) = lasts {
        if let Some(date) = http_date(now + max_age) {
            header.push_str("; Expires=");
            header.push_str(&date);
        }
        header.push_str(&format!("; Max-Age={}", max_age.as_secs()));
    }
    finish(header, attributes)
}

/// A `Set-Cookie` header that makes the browser forget the cookie.
pub(crate) fn delete(name: &str, attributes: &CookieAttributes) -> Option<HeaderValue> {
    finish(format!("{name}=; Path={}; Max-Age=0", attributes.path), attributes)
}

/// How many bytes a cookie takes beside its value.
pub(crate) fn overhead(name: &str, attributes: &CookieAttributes, lasts: bool) -> usize {
    let longest = lasts.then_some((Duration::from_secs(u64::from(u32::MAX)), UnixTime::from_seconds(0)));
    set(name, "", attributes, longest).map_or(0, |header| header.len())
}

/// What a cookie takes of a `Cookie` header that has others in it.
pub(crate) const fn sent_size(name: &str, value: &str) -> usize {
    name.len() + "=".len() + value.len() + "; ".len()
}

/// The same of one that is being set.
pub(crate) fn set_size(header: &HeaderValue) -> usize {
    let pair = header.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
    pair.len() + "; ".len()
}

fn finish(mut header: String, attributes: &CookieAttributes) -> Option<HeaderValue> {
    if let Some(domain) = &attributes.domain {
        header.push_str("; Domain=");
        header.push_str(domain);
    }
    if attributes.secure {
        header.push_str("; Secure");
    }
    header.push_str("; HttpOnly; SameSite=");
    header.push_str(attributes.same_site.as_str());
    let mut header = HeaderValue::try_from(header).ok()?;
    header.set_sensitive(true);
    Some(header)
}

/// RFC 9110 section 5.6.7.
fn http_date(time: UnixTime) -> Option<String> {
    let time = jiff::Timestamp::from_second(time.seconds()).ok()?;
    jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&time).ok()
}
