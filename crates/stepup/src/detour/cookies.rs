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
    web::cookies::{self, RequestCookies},
};

/// How long a detour may take, the tenant's own pages included: as long as a login.
pub(super) const LIFETIME: std::time::Duration = std::time::Duration::from_secs(60 * 60);
/// Largest value of one cookie: browsers take 4096 bytes with the name and the attributes.
const CHUNK: usize = 3500;
/// How many chunks there are at most: more would be a longer header than any proxy takes.
const CHUNKS: usize = 3;
pub(super) const PREFIX: &str = "__mfa_";
const FORM: &str = "_form";

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
        let value =
            joined(&RequestCookies::of(headers), &format!("{PREFIX}{id}")).ok_or(NoDetour::Missing)?;
        let (sealed, token) = match value.split_once(BESIDE) {
            Some((sealed, token)) => (sealed, Some(MfaToken::from(token))),
            None => (&*value, None),
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
        let sealed = joined(&RequestCookies::of(headers), &format!("{PREFIX}{id}{FORM}"))?;
        let opened = self.unsealed::<FormOf>(&sealed).ok()?;
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
        self.write_chunks(&format!("{PREFIX}{}", detour.id), &value, &attributes, held)
    }

    pub(super) fn write_form(&self, base: &Url, id: &str, form: &KeptForm) -> SetCookies {
        let sealed = self.sealed(&FormOf { id: id.to_owned(), form: form.clone() });
        let attributes = self.attributes(base, "/resume", id);
        self.write_chunks(&format!("{PREFIX}{id}{FORM}"), &sealed, &attributes, &[])
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
        let mut gone = SetCookies::new();
        for (name, page) in [(format!("{PREFIX}{id}"), ""), (format!("{PREFIX}{id}{FORM}"), "/resume")] {
            let attributes = self.attributes(base, page, id);
            let mut names: Vec<String> = (0..CHUNKS).map(|index| chunk_name(&name, index)).collect();
            names.extend(chunks_of(headers, &name));
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
        let chunks: Vec<(String, &str)> = (0..value.len())
            .step_by(CHUNK)
            .enumerate()
            .map(|(index, start)| {
                // Signs and sealed values are ASCII, so that every place is a character's border.
                (chunk_name(name, index), &value[start..value.len().min(start + CHUNK)])
            })
            .collect();
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
    chunks_of(headers, &format!("{PREFIX}{id}"))
}

fn chunks_of(headers: &HeaderMap, name: &str) -> Vec<String> {
    let cookies = RequestCookies::of(headers);
    let ours = cookies.iter().filter(|(held, _)| chunk_index(held, name).is_some());
    ours.map(|(held, _)| held.to_owned()).collect()
}

/// Whether a token can be one of ours at all, and so stand in a cookie: an application may bring any text.
fn is_sealed(token: &MfaToken) -> bool {
    token.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// Of a token as it is sealed; half of it tells one from another.
fn digest_of(token: &MfaToken) -> String {
    base64url::encode(&digest::sha256(token.as_str().as_bytes())[..16])
}

fn chunk_name(name: &str, index: usize) -> String {
    if index == 0 { name.to_owned() } else { format!("{name}.{index}") }
}

fn chunk_index(held: &str, name: &str) -> Option<usize> {
    match held.strip_prefix(name)? {
        "" => Some(0),
        rest => rest.strip_prefix('.')?.parse().ok().filter(|index| (1..10).contains(index)),
    }
}

fn joined(cookies: &RequestCookies<'_>, name: &str) -> Option<String> {
    let mut chunks: Vec<(usize, &str)> =
        cookies.iter().filter_map(|(held, value)| Some((chunk_index(held, name)?, value))).collect();
    chunks.sort_unstable_by_key(|(index, _)| *index);
    // What is missing or left over does not open.
    (!chunks.is_empty()).then(|| chunks.into_iter().map(|(_, value)| value).collect())
}
