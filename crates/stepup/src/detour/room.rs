//! How many detours a browser may have under way: no more than its `Cookie` header has room for.
//!
//! Their cookies go to the pages alone, so the request that begins one does not show the others. What they take is
//! therefore noted in a small cookie that goes everywhere.

use http::{HeaderMap, HeaderValue};
use stepup_protocol::time::UnixTime;
use url::Url;

use super::{
    DetourError, SetCookies, UnderWay,
    cookies::{LIFETIME, PREFIX, id_of, written},
};
use crate::{
    client::Client,
    config::CookieAttributes,
    session::SessionState,
    web::cookies::{self, RequestCookies},
};

/// How many detours of one browser are kept, the newest ones.
const KEPT: usize = 4;
/// What a step may add to a detour while its token is there: a challenge's code, a new app's key.
const STEP: usize = 768;
/// What the session may have grown by at the end: a new access token.
const GROWTH: usize = 1024;
/// The cookie that notes them: `ID.TIME.BYTES`, with a tilde between.
const NOTE: &str = "__mfa";

/// A detour under way in a browser, and what its cookies take of the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Noted {
    pub(super) id: String,
    pub(super) written: u64,
    pub(super) bytes: usize,
}

/// Whether a cookie is one of a detour, or the one that notes them.
pub(crate) fn is_detour(cookie: &str) -> bool {
    cookie.starts_with(NOTE)
}

impl Client {
    /// Room for a detour that begins with the cookies `kept`, and `form` for the end: the headers that note it, and forget
    /// those it takes the place of.
    ///
    /// # Errors
    ///
    /// Even alone it makes a longer header than is allowed.
    pub(super) fn make_room(
        &self,
        base: &Url,
        headers: &HeaderMap,
        session: &SessionState,
        detour: &UnderWay,
        kept: &[HeaderValue],
        form: &[HeaderValue],
    ) -> Result<SetCookies, DetourError> {
        let own = self.noted(&detour.id, length(kept) + length(form));
        // No request needs all of it: the form goes along to the end alone, where the token is spent.
        let end = length(&self.write_detour(base, &[], &detour.without_token())) + length(form);
        let bytes = self.taken(headers, session) + (length(kept) + STEP).max(end + GROWTH);
        let limit = self.config().max_cookie_header;
        if bytes > limit {
            return Err(DetourError::TooLarge { bytes, limit });
        }
        Ok(self.keep_newest(base, headers, &own, limit - bytes))
    }

    /// The same for one that is under way, with what the request shows of the others. One that is too large goes on.
    pub(crate) fn keep_room(
        &self,
        base: &Url,
        headers: &HeaderMap,
        session: &SessionState,
        id: &str,
        cookies: &[HeaderValue],
    ) -> SetCookies {
        let before = under_way(headers, self.now()).into_iter().find(|held| held.id == id);
        let now = length(cookies);
        let own = self.noted(id, before.map_or(now, |before| before.bytes.max(now)));
        let bytes = self.taken(headers, session) + own.bytes + GROWTH;
        self.keep_newest(base, headers, &own, self.config().max_cookie_header.saturating_sub(bytes))
    }

    /// The header that notes a detour no longer, if it is noted.
    pub(super) fn strike(&self, headers: &HeaderMap, id: &str) -> Option<HeaderValue> {
        let noted = note(headers, self.now());
        let others: Vec<&Noted> = noted.iter().filter(|held| held.id != id).collect();
        (others.len() < noted.len()).then(|| self.write_note(&others)).flatten()
    }

    fn keep_newest(&self, base: &Url, headers: &HeaderMap, own: &Noted, room: usize) -> SetCookies {
        let mut others = under_way(headers, self.now());
        others.retain(|other| other.id != own.id);
        let (stay, go) = newest(others, room);
        let note = self.write_note(&std::iter::once(own).chain(&stay).collect::<Vec<_>>());
        go.iter().flat_map(|other| self.delete_detour(base, headers, &other.id)).chain(note).collect()
    }

    fn noted(&self, id: &str, bytes: usize) -> Noted {
        Noted { id: id.to_owned(), written: self.now().seconds().try_into().unwrap_or(0), bytes }
    }

    /// What a request to the pages takes without any detour.
    fn taken(&self, headers: &HeaderMap, session: &SessionState) -> usize {
        let cookies = RequestCookies::of(headers);
        let others = cookies.iter().filter(|(name, _)| !session.holds(name) && !is_detour(name));
        let others: usize = others.map(|(name, value)| size(name, value)).sum();
        self.session_header(session) + others
    }

    fn write_note(&self, noted: &[&Noted]) -> Option<HeaderValue> {
        let attributes = CookieAttributes {
            path: self.config().session_cookie.attributes.path.clone(),
            ..self.attributes_of(String::new())
        };
        if noted.is_empty() {
            return cookies::delete(NOTE, &attributes);
        }
        let entries: Vec<String> =
            noted.iter().map(|Noted { id, written, bytes }| format!("{id}.{written}.{bytes}")).collect();
        cookies::set(NOTE, &entries.join("~"), &attributes, Some((LIFETIME, self.now())))
    }
}

/// Which of the others stay, the newest ones, and which have to go.
fn newest(mut others: Vec<Noted>, mut room: usize) -> (Vec<Noted>, Vec<Noted>) {
    others.sort_by_key(|other| std::cmp::Reverse(other.written));
    let mut count = 1;
    others.into_iter().partition(|other| {
        let fits = count < KEPT && other.bytes <= room;
        if fits {
            count += 1;
            room -= other.bytes;
        }
        fits
    })
}

/// The detours of the browser, as far as a request tells: those that are noted, and those whose cookies are there.
fn under_way(headers: &HeaderMap, now: UnixTime) -> Vec<Noted> {
    let mut all: Vec<Noted> = Vec::new();
    for (name, value) in RequestCookies::of(headers).iter() {
        let Some(id) = id_of(name) else { continue };
        match all.iter_mut().find(|held| held.id == id) {
            Some(held) => {
                held.bytes += size(name, value);
                // The first chunk has the time.
                held.written = held.written.max(written(value));
            }
            None => {
                let bytes = size(name, value);
                all.push(Noted { id: id.to_owned(), written: written(value), bytes });
            }
        }
    }
    for noted in note(headers, now) {
        match all.iter_mut().find(|held| held.id == noted.id) {
            // The form's cookies are seldom there to be seen.
            Some(held) => held.bytes = held.bytes.max(noted.bytes),
            None => all.push(noted),
        }
    }
    all
}

/// What the note says, as far as it is one: whoever changes it changes their own browser's cookies.
fn note(headers: &HeaderMap, now: UnixTime) -> Vec<Noted> {
    let Some(note) = RequestCookies::of(headers).get(NOTE) else { return Vec::new() };
    let read = note.split('~').filter_map(|entry| {
        let mut parts = entry.splitn(3, '.');
        let id = id_of(&format!("{PREFIX}{}", parts.next()?))?.to_owned();
        Some(Noted { id, written: parts.next()?.parse().ok()?, bytes: parts.next()?.parse().ok()? })
    });
    let is_alive = |noted: &Noted| {
        i64::try_from(noted.written).is_ok_and(|at| now.since(UnixTime::from_seconds(at)) < LIFETIME)
    };
    read.filter(is_alive).take(2 * KEPT).collect()
}

/// The bytes that a cookie takes of the header.
fn size(name: &str, value: &str) -> usize {
    name.len() + "=".len() + value.len() + "; ".len()
}

/// The same of one that is being set.
fn pair(header: &HeaderValue) -> usize {
    let pair = header.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
    pair.len() + "; ".len()
}

fn length(cookies: &[HeaderValue]) -> usize {
    cookies.iter().map(pair).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(id: &str, written: u64, bytes: usize) -> Noted {
        Noted { id: id.to_owned(), written, bytes }
    }

    #[test]
    fn the_newest_that_fit_stay() {
        let others = || vec![noted("a", 1, 100), noted("d", 4, 100), noted("b", 2, 100), noted("c", 3, 500)];
        for (room, expected) in [
            (0, &[][..]),
            (100, &["d"]),
            (250, &["d", "b"]),
            (800, &["d", "c", "b"]),
            (9000, &["d", "c", "b"]),
        ] {
            let (stay, go) = newest(others(), room);
            assert_eq!(stay.iter().map(|one| &*one.id).collect::<Vec<_>>(), expected, "{room}");
            assert_eq!(stay.len() + go.len(), 4);
        }
    }

    #[test]
    fn a_note_is_read_as_far_as_it_is_one() {
        let now = UnixTime::from_seconds(5000);
        let read = |line: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(http::header::COOKIE, line.parse().unwrap());
            under_way(&headers, now)
        };
        assert_eq!(read("__mfa=a.4000.70~b.4001.80"), [noted("a", 4000, 70), noted("b", 4001, 80)]);
        assert_eq!(read("__mfa=a.1400.70"), [], "an hour ago");
        for strange in ["", "a", "a.1", "a.x.1", "a.1.-1", "a-b.4000.1", "~~", ".4000.1"] {
            assert_eq!(read(&format!("__mfa={strange}")), [], "{strange}");
        }
        let seen = "__mfa_a=4000.x".len() + "; ".len();
        assert_eq!(read("__mfa_a=4000.x"), [noted("a", 4000, seen)]);
        assert_eq!(read("__mfa=a.4000.70; __mfa_a=4000.x"), [noted("a", 4000, 70)], "with its form");
    }
}
