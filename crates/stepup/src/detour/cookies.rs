//! Detours in cookies. What its pages need goes to the pages of that detour alone; the form, which may be large, goes along
//! only where it is sent again, so that requests stay below what proxies take.

use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use stepup_seal::{OpenError, Purpose, base64url, digest};
use url::Url;

use super::{KeptForm, NoDetour, SetCookies, UnderWay};
use crate::{
    client::Client,
    config::{CookieAttributes, SameSite},
    mfa::MfaToken,
    session::Session,
    web::{
        chunks::{CHUNK, Chunks},
        cookies::{self, RequestCookies},
    },
};

/// How long a detour may take, the tenant's own pages included: as long as a login.
pub(crate) const LIFETIME: std::time::Duration = std::time::Duration::from_secs(60 * 60);
pub(super) const PREFIX: &str = "__mfa_";
const FORM: &str = "_form";

/// How many chunks are deleted that a request does not show, each with a line of the answer's head, of which proxies take four
/// or eight kilobytes. The largest form takes two, and of something longer the rest opens no more.
const MOST: usize = 4;

/// Between a sealed detour and the token of its step-up. That is sealed by itself: sealed once more it would take a third
/// more of the header.
const BESIDE: char = '~';

/// A detour as its cookie holds it, and the digest of the token that stands beside it.
#[derive(Serialize, Deserialize)]
struct Kept<D> {
    #[serde(rename = "of")]
    detour: D,
    #[serde(rename = "tok", default, skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

/// The form as its cookie holds it.
#[derive(Serialize, Deserialize)]
struct FormOf {
    id: String,
    form: KeptForm,
}

impl Client {
    /// The detour of that id, if the request brings it along and it is the user's.
    pub(crate) fn open_detour(
        &self,
        headers: &HeaderMap,
        id: &str,
        session: Option<&Session>,
    ) -> Result<UnderWay, NoDetour> {
        let sent = chunks(&name_of(id)).of(&RequestCookies::of(headers));
        let value = sent.values.first().ok_or(NoDetour::Missing)?;
        let (sealed, token) = match value.split_once(BESIDE) {
            Some((sealed, token)) => (sealed, Some(MfaToken::from(token))),
            None => (&**value, None),
        };
        let Kept { mut detour, token: expected } =
            self.unsealed::<Kept<UnderWay>>(sealed).map_err(|_| NoDetour::Missing)?;
        if detour.id != id || expected != token.as_ref().map(digest_of) {
            return Err(NoDetour::Missing);
        }
        detour.must_be_of(session)?;
        detour.progress.token = token;
        Ok(detour)
    }

    /// The form that waits; the request for the page that sends it brings it along.
    pub(crate) fn open_form(&self, headers: &HeaderMap, id: &str) -> Option<KeptForm> {
        let sent = chunks(&name_of_form(id)).of(&RequestCookies::of(headers));
        let opened = self.unsealed::<FormOf>(sent.values.first()?).ok()?;
        (opened.id == id).then_some(opened.form)
    }

    /// The headers that keep a detour. `held` are the names of its cookies that the request brought along.
    pub(crate) fn write_detour(&self, base: &Url, held: &[String], detour: &UnderWay) -> SetCookies {
        let token = detour.progress.token.as_ref().filter(|token| is_sealed(token));
        let mut value = self.sealed(&Kept { detour, token: token.map(digest_of) });
        if let Some(token) = token {
            value.push(BESIDE);
            value.push_str(token.as_str());
        }
        let attributes = self.attributes(base, "", &detour.id);
        self.write_chunks(&name_of(&detour.id), &value, &attributes, held)
    }

    pub(super) fn write_form(&self, base: &Url, id: &str, form: &KeptForm) -> SetCookies {
        let sealed = self.sealed(&FormOf { id: id.to_owned(), form: form.clone() });
        let attributes = self.attributes(base, "/resume", id);
        self.write_chunks(&name_of_form(id), &sealed, &attributes, &[])
    }

    /// The headers that forget a detour.
    pub(crate) fn forget_detour(&self, base: &Url, headers: &HeaderMap, id: &str) -> SetCookies {
        let mut gone = self.delete_detour(base, headers, id);
        gone.extend(self.strike(base, headers, id));
        gone
    }

    /// The headers that delete a detour's cookies. They are named blindly: only its own pages see them, and only the one that
    /// sends the form sees the form's.
    pub(super) fn delete_detour(&self, base: &Url, headers: &HeaderMap, id: &str) -> SetCookies {
        let cookies = RequestCookies::of(headers);
        let most = self.config().max_cookie_header.div_ceil(CHUNK).min(MOST);
        let mut gone = SetCookies::new();
        for (name, page) in [(name_of(id), ""), (name_of_form(id), "/resume")] {
            let (attributes, chunks) = (self.attributes(base, page, id), chunks(&name));
            let mut names = chunks.of(&cookies).names;
            names.extend((0..most).map(|index| chunks.numbered_name(index)));
            names.push(name.clone());
            names.sort_unstable();
            names.dedup();
            gone.extend(names.iter().filter_map(|name| cookies::delete(name, &attributes)));
        }
        gone
    }

    fn write_chunks(
        &self,
        name: &str,
        value: &str,
        attributes: &CookieAttributes,
        held: &[String],
    ) -> Vec<HeaderValue> {
        let chunks = chunks(name).one_or_more(value, attributes, true);
        let lasts = Some((LIFETIME, self.now()));
        let stale = held.iter().filter(|held| chunks.iter().all(|(name, _)| name != *held));
        let deleted = stale.filter_map(|name| cookies::delete(name, attributes));
        let set = chunks.iter().filter_map(|(name, value)| cookies::set(name, value, attributes, lasts));
        set.chain(deleted).collect()
    }

    /// Of that detour's pages only, and never of another host.
    fn attributes(&self, base: &Url, page: &str, id: &str) -> CookieAttributes {
        self.attributes_below(base, self.detour_path(base, page, id))
    }

    /// Of all pages that the session's cookie goes to, and never of another host.
    pub(super) fn attributes_everywhere(&self, base: &Url) -> CookieAttributes {
        self.attributes_below(base, self.config().session_cookie.attributes.path.clone())
    }

    fn attributes_below(&self, base: &Url, path: String) -> CookieAttributes {
        let session = self.config().session_cookie.attributes.under(base.scheme() == "https");
        CookieAttributes { same_site: SameSite::Lax, path, domain: None, ..session }
    }

    fn sealed(&self, payload: &impl Serialize) -> String {
        self.own_sealer().seal(Purpose::Detour, "", payload, self.now() + LIFETIME, self.random())
    }

    fn unsealed<T: serde::de::DeserializeOwned>(&self, value: &str) -> Result<T, OpenError> {
        self.own_sealer().open(Purpose::Detour, "", value, self.now()).map(|opened| opened.payload)
    }
}

/// The names of the request's cookies that belong to a detour.
pub(crate) fn detour_cookies(headers: &HeaderMap, id: &str) -> Vec<String> {
    chunks(&name_of(id)).of(&RequestCookies::of(headers)).names
}

fn name_of(id: &str) -> String {
    format!("{PREFIX}{id}")
}

fn name_of_form(id: &str) -> String {
    format!("{PREFIX}{id}{FORM}")
}

const fn chunks(name: &str) -> Chunks<'_> {
    Chunks { name, separator: "." }
}

/// Whether a token can be one of ours at all, and so stand in a cookie: an application may bring any text.
fn is_sealed(token: &MfaToken) -> bool {
    token.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// Of a token as it is sealed; half of it tells one from another.
fn digest_of(token: &MfaToken) -> String {
    base64url::encode(&digest::sha256(token.as_str().as_bytes())[..16])
}
