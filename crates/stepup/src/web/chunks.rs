//! A long value in cookies: one where it fits, else several chunks that are joined again in order.

use std::collections::BTreeMap;

use super::cookies::{RequestCookies, overhead};
use crate::config::CookieAttributes;

/// Largest value of one cookie: the chunk size of nextjs-auth0.
pub(crate) const CHUNK: usize = 3500;
/// What every browser takes for one cookie, its name and attributes included (RFC 6265 section 6.1); those of today count name
/// and value alone.
const BROWSER_LIMIT: usize = 4096;
/// How many whole values are looked at, the last ones.
const SAME_NAME: usize = 4;
/// How many shorter runs of chunks are looked at.
const SHORTER: usize = 4;

/// The cookies that one value may be in: `NAME`, or `NAME` with a separator and a number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chunks<'n> {
    pub(crate) name: &'n str,
    pub(crate) separator: &'n str,
}

/// What a request brings of them.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// Their names, whether or not they are any good.
    pub(crate) names: Vec<String>,
    /// Whatever may be the value, what came last first.
    pub(crate) values: Vec<String>,
    /// What may be it where none of those is: fewer chunks, for a value leaves those of a longer one behind where nobody deletes
    /// them.
    pub(crate) shorter: Vec<String>,
    /// Whether a name came more than once, or a whole value and one in chunks.
    pub(crate) is_repeated: bool,
}

impl Chunks<'_> {
    /// Those that a request brings.
    ///
    /// A browser sends a name several times where it was set for several domains or paths (RFC 6265 section 5.3), as after
    /// the application's were changed. Nobody can tell which is newer before they are opened.
    pub(crate) fn of(&self, cookies: &RequestCookies<'_>) -> Sent {
        let (mut names, mut values, mut chunks) = (Vec::new(), Vec::new(), BTreeMap::<_, Vec<_>>::new());
        for (held, value) in cookies.iter() {
            if held == self.name {
                values.push(value.to_owned());
            } else if let Some(index) = self.index(held) {
                chunks.entry(index).or_default().push(value);
            } else {
                continue;
            }
            names.push(held.to_owned());
        }
        names.sort_unstable();
        let sent = names.len();
        names.dedup();
        let is_repeated = names.len() < sent || (!values.is_empty() && !chunks.is_empty());
        let whole = values.into_iter().filter(|value| !value.is_empty()).rev().take(SAME_NAME);
        Sent { names, values: whole.chain(join(&chunks)).collect(), shorter: shorter(&chunks), is_repeated }
    }

    /// Names and values of the cookies that hold `value`: one if it fits.
    pub(crate) fn one_or_more<'v>(
        &self,
        value: &'v str,
        attributes: &CookieAttributes,
        lasts: bool,
    ) -> Vec<(String, &'v str)> {
        let limit = self.limit(attributes, lasts);
        if value.len() <= limit { vec![(self.name.to_owned(), value)] } else { self.numbered(value, limit) }
    }

    /// The same, each with a number, also a single one, and no longer than `limit`.
    pub(crate) fn numbered<'v>(&self, value: &'v str, limit: usize) -> Vec<(String, &'v str)> {
        // Sealed values and what stands between them are ASCII, so that every place is a character's border.
        let chunks =
            (0..value.len()).step_by(limit).map(|start| &value[start..value.len().min(start + limit)]);
        chunks.enumerate().map(|(index, chunk)| (self.numbered_name(index), chunk)).collect()
    }

    pub(crate) fn numbered_name(&self, index: usize) -> String {
        format!("{}{}{index}", self.name, self.separator)
    }

    fn index(&self, held: &str) -> Option<usize> {
        let digits = held.strip_prefix(self.name)?.strip_prefix(self.separator)?;
        let plain =
            !digits.is_empty() && digits.len() <= 3 && digits.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| digits.parse().ok()).flatten()
    }

    fn limit(&self, attributes: &CookieAttributes, lasts: bool) -> usize {
        let around = overhead(&self.numbered_name(999), attributes, lasts);
        CHUNK.min(BROWSER_LIMIT.saturating_sub(around)).max(1)
    }
}

/// All chunks from the first to the last, or nothing. Where some came several times, the last of each and the first of each;
/// and those alone that did, since the newer of two sessions may be the shorter one.
fn join(chunks: &BTreeMap<usize, Vec<&str>>) -> Vec<String> {
    let mut joined = Vec::new();
    if !chunks.keys().enumerate().all(|(position, index)| position == *index) {
        return joined;
    }
    let several = chunks.values().take_while(|values| values.len() > 1).count();
    for length in [chunks.len(), several] {
        for one in [<[&str]>::last, <[&str]>::first] {
            let value: String =
                chunks.values().take(length).filter_map(|values| one(values)).copied().collect();
            if !value.is_empty() && !joined.contains(&value) {
                joined.push(value);
            }
        }
    }
    joined
}

/// The leading chunks without the last ones: what stands behind a gap, or may.
fn shorter(chunks: &BTreeMap<usize, Vec<&str>>) -> Vec<String> {
    let run = chunks.iter().enumerate().take_while(|(position, (index, _))| position == *index);
    let run: Vec<_> = run.filter_map(|(_, (_, values))| values.last().copied()).collect();
    let longest = run.len().min(chunks.len().saturating_sub(1));
    (1..=longest).rev().take(SHORTER).map(|length| run[..length].concat()).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use stepup_protocol::time::UnixTime;

    use super::*;
    use crate::{config::SameSite, web::cookies};

    const SESSION: Chunks<'_> = Chunks { name: "__session", separator: "__" };

    fn attributes(domain: Option<&str>) -> CookieAttributes {
        let domain = domain.map(str::to_owned);
        CookieAttributes { secure: true, same_site: SameSite::Strict, path: "/".to_owned(), domain }
    }

    fn sizes(value: &str, attributes: &CookieAttributes) -> Vec<usize> {
        SESSION.one_or_more(value, attributes, true).iter().map(|(_, chunk)| chunk.len()).collect()
    }

    #[test]
    fn a_value_is_cut_at_the_last_byte_that_fits_and_not_before() {
        let (value, short) = ("v".repeat(10_000), attributes(None));
        assert_eq!(sizes(&value[..CHUNK - 1], &short), [CHUNK - 1]);
        assert_eq!(sizes(&value[..CHUNK], &short), [CHUNK]);
        assert_eq!(sizes(&value[..=CHUNK], &short), [CHUNK, 1]);
        assert_eq!(sizes(&value[..2 * CHUNK], &short), [CHUNK, CHUNK]);
        assert_eq!(sizes(&value[..=2 * CHUNK], &short), [CHUNK, CHUNK, 1]);
    }

    #[test]
    fn long_attributes_make_shorter_chunks_that_fill_a_cookie_to_the_browsers_limit() {
        let long = attributes(Some(&format!("{}example.com", "a-long-name.".repeat(60))));
        let limit = SESSION.limit(&long, true);
        assert!(limit < CHUNK, "{limit}");
        let value = "v".repeat(limit + 1);
        assert_eq!(sizes(&value[..limit], &long), [limit]);
        assert_eq!(sizes(&value, &long), [limit, 1]);

        // The longest name and the latest end that are possible: the whole header is what browsers take, to the byte.
        let lasts = Some((Duration::from_secs(u64::from(u32::MAX)), UnixTime::from_seconds(0)));
        let header = cookies::set("__session__000", &value[..limit], &long, lasts).unwrap();
        assert_eq!(header.len(), BROWSER_LIMIT);
        let header = cookies::set("__session__000", &value, &long, lasts).unwrap();
        assert_eq!(header.len(), BROWSER_LIMIT + 1);
    }
}
