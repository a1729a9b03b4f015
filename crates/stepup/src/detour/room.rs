//! Room for a detour: a request brings along one at most, which has to fit into the `Cookie` header beside the session.
//!
//! Its cookies go to its own pages alone, so the request that begins one does not show the others. Which there are is
//! therefore noted in a small cookie that goes everywhere.

use std::cmp::Reverse;

use http::{HeaderMap, HeaderValue};
use stepup_protocol::time::UnixTime;
use url::Url;

use super::{
    DetourError, SetCookies, UnderWay,
    cookies::{LIFETIME, PREFIX},
};
use crate::{
    client::Client,
    mfa::MfaToken,
    session::{Listed, SessionState, session_parts},
    web::cookies::{self, RequestCookies, sent_size, set_size},
};

/// How many detours of one browser are kept: those with a form, which is lost with them, then the newest.
const KEPT: usize = 4;
/// What a step may add to a detour while its token is there: a challenge's code, a new app's key.
const STEP: usize = 768;
/// What a detour's cookies take beside its token.
const BESIDE_TOKEN: usize = 512;
/// What the session may have grown by at the end: a new access token.
const GROWTH: usize = 1024;
/// The cookie that notes them: `ID.TIME`, or `ID.TIME.form`, with a tilde between.
const NOTE: &str = "__mfa";
const FORM: &str = "form";

/// A detour under way in a browser: when it began, and whether a form waits in it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Noted {
    id: String,
    began: i64,
    has_form: bool,
}

/// Whether a cookie is one of a detour, or the one that notes them.
pub(crate) fn is_detour(cookie: &str) -> bool {
    cookie.starts_with(NOTE)
}

impl Client {
    /// Room for a detour that begins with the cookies `kept`, and `form` for the end: the headers that note it, and forget
    /// those it takes the place of, detours and logins.
    ///
    /// # Errors
    ///
    /// It makes a longer header than is allowed.
    pub(super) fn make_room(
        &self,
        base: &Url,
        headers: &HeaderMap,
        session: &SessionState,
        detour: &UnderWay,
        kept: &[HeaderValue],
        form: &[HeaderValue],
    ) -> Result<SetCookies, DetourError> {
        let own = Noted { id: detour.id.clone(), began: self.now().seconds(), has_form: detour.has_form };
        let (stay, go) = kept_beside(note(headers, self.now()));
        let note = self.write_note(base, &[vec![own], stay].concat());
        // No request needs all of it: the form goes along to the end alone, where the token is spent.
        let end = length(&self.write_detour(base, &[], &detour.without_token())) + length(form);
        let beside = self.taken(headers, session) + note.as_ref().map_or(0, set_size);
        let bytes = beside + (length(kept) + STEP).max(end + GROWTH);
        let limit = self.config().max_cookie_header;
        if bytes > limit {
            let parts = session.session().map(session_parts).unwrap_or_default();
            tracing::warn!(
                bytes,
                limit,
                beside,
                step_up = length(kept),
                form = length(form),
                parts = %Listed(&parts),
                "a step-up has no room in the Cookie header beside the session and the other cookies: drop what is not \
                 needed in before_session_saved, or raise max_cookie_header if every proxy on the way takes more"
            );
            return Err(DetourError::TooLarge { bytes, limit });
        }
        let forgotten = go.iter().flat_map(|other| self.delete_detour(base, headers, &other.id));
        Ok(forgotten.chain(note).chain(self.forget_oldest(headers, limit - bytes)).collect())
    }

    /// Lets the session's token for one's own authenticators go where a step-up with `token` would have no room beside it: it
    /// can be got again.
    pub(crate) fn lighten(&self, session: &mut SessionState, token: &MfaToken) {
        let bytes =
            self.session_header(session) + session.other_bytes() + token.as_str().len() + BESIDE_TOKEN + STEP;
        if bytes > self.config().max_cookie_header
            && let Some(session) = session.session_mut()
        {
            session.drop_tokens_for(&self.mfa_audience());
        }
    }

    /// The header that notes a detour no longer, if it is noted.
    pub(super) fn strike(&self, base: &Url, headers: &HeaderMap, id: &str) -> Option<HeaderValue> {
        let noted = note(headers, self.now());
        let others: Vec<Noted> = noted.iter().filter(|held| held.id != id).cloned().collect();
        (others.len() < noted.len()).then(|| self.write_note(base, &others)).flatten()
    }

    /// What a request to the detour's pages takes beside the detour and the note, and beside the logins under way, which go
    /// where there is no room for them.
    fn taken(&self, headers: &HeaderMap, session: &SessionState) -> usize {
        let cookies = RequestCookies::of(headers);
        let is_detour_or_login =
            |name: &str| name == NOTE || name.starts_with(PREFIX) || self.is_transaction(name);
        let others = cookies.iter().filter(|(name, _)| !session.holds(name) && !is_detour_or_login(name));
        let others: usize = others.map(|(name, value)| sent_size(name, value)).sum();
        self.session_header(session) + others
    }

    fn write_note(&self, base: &Url, noted: &[Noted]) -> Option<HeaderValue> {
        let attributes = self.attributes_everywhere(base);
        if noted.is_empty() {
            return cookies::delete(NOTE, &attributes);
        }
        let entries: Vec<String> = noted.iter().map(Noted::entry).collect();
        cookies::set(NOTE, &entries.join("~"), &attributes, Some((LIFETIME, self.now())))
    }
}

impl Noted {
    fn entry(&self) -> String {
        let Self { id, began, has_form } = self;
        if *has_form { format!("{id}.{began}.{FORM}") } else { format!("{id}.{began}") }
    }

    fn read(entry: &str) -> Option<Self> {
        let (id, rest) = entry.split_once('.')?;
        let (began, kind) = rest.split_once('.').unwrap_or((rest, ""));
        let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_id.then_some(Self { id: id.to_owned(), began: began.parse().ok()?, has_form: kind == FORM })
    }
}

/// Which of the others stay beside a new one, and which have to go.
fn kept_beside(mut others: Vec<Noted>) -> (Vec<Noted>, Vec<Noted>) {
    others.sort_by_key(|other| Reverse((other.has_form, other.began)));
    let go = others.split_off(others.len().min(KEPT - 1));
    (others, go)
}

/// The detours of the browser, as far as the note is one: whoever changes it changes their own browser's cookies.
fn note(headers: &HeaderMap, now: UnixTime) -> Vec<Noted> {
    let Some(note) = RequestCookies::of(headers).get(NOTE) else { return Vec::new() };
    let read = note.split('~').filter_map(Noted::read);
    let is_alive = |noted: &Noted| now.since(UnixTime::from_seconds(noted.began)) < LIFETIME;
    read.filter(is_alive).take(KEPT).collect()
}

fn length(cookies: &[HeaderValue]) -> usize {
    cookies.iter().map(set_size).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(id: &str, began: i64) -> Noted {
        Noted { id: id.to_owned(), began, has_form: false }
    }

    #[test]
    fn those_with_a_form_stay_then_the_newest() {
        let ids = |all: &[Noted]| all.iter().map(|one| one.id.clone()).collect::<String>();
        for (others, stay, go) in [
            ("", "", ""),
            ("ab", "ba", ""),
            ("abc", "cba", ""),
            ("abcde", "edc", "ba"),
            ("Abcde", "Aed", "cb"),
            ("ABCDe", "DCB", "Ae"),
        ] {
            let others = others
                .char_indices()
                .map(|(at, id)| Noted { has_form: id.is_uppercase(), ..noted(&id.to_string(), at as i64) });
            let (stays, goes) = kept_beside(others.collect());
            assert_eq!((&*ids(&stays), &*ids(&goes)), (stay, go));
        }
    }

    #[test]
    fn a_note_is_read_as_far_as_it_is_one() {
        let now = UnixTime::from_seconds(5000);
        let read = |line: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(http::header::COOKIE, line.parse().unwrap());
            note(&headers, now)
        };
        assert_eq!(read("__mfa=a.4000~b.4001"), [noted("a", 4000), noted("b", 4001)]);
        assert_eq!(
            read("__mfa=a.4000.form~b.4001.x"),
            [Noted { has_form: true, ..noted("a", 4000) }, noted("b", 4001)]
        );
        assert_eq!(read("__mfa=a.1400"), [], "an hour ago");
        for strange in ["", "a", "a.", "a.x", "a-b.4000", "~~", ".4000"] {
            assert_eq!(read(&format!("__mfa={strange}")), [], "{strange}");
        }
    }
}
