//! A step-up under way on the way to somewhere else: where the user was, and the form that was being sent.
//!
//! Whoever needs a second factor before a page calls [`Client::detour`]: the answer sends the browser to the ready-made
//! pages, and everything that must survive lies sealed in cookies of their path. Each detour has a path and cookies of its
//! own, so that a request brings along one detour and two tabs do not disturb each other: a browser has four, those with a form
//! before others, then the last ones. The path carries the id alone, which is no secret.

mod cookies;
mod demand;
mod form;
mod origin;
mod progress;
mod room;

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde::{Deserialize, Serialize};
use stepup_protocol::{claims::ACR_MULTI_FACTOR, error::code, mfa::FactorType};
use stepup_seal::base62;
use url::Url;

pub use self::form::{FormError, KeptForm, MAX_FORM_BYTES};
pub(crate) use self::{
    cookies::{LIFETIME, detour_cookies},
    demand::Demand,
    form::is_form,
    progress::{Outcome, Problem, Progress, Stage},
    room::is_detour,
};
use crate::{
    client::Client,
    mfa::{MfaRequired, MfaToken},
    pages::Language,
    session::{Session, SessionState},
    telemetry,
    web::{answer, base_url, login::STEP_UP, return_to, same_origin},
    wire_error::{Answer, WireError},
};

/// What asks the tenant's own pages for a second factor.
pub(crate) const MULTI_FACTOR: (&str, &str) = ("acr_values", ACR_MULTI_FACTOR);
/// The parameter of OpenID Connect that asks for languages.
pub(crate) const UI_LOCALES: &str = "ui_locales";
/// What the page of one's own authenticators says after one was added.
const DID_ADD: &str = "did=added";
/// What stands between the pages' path and a detour's id.
pub(crate) const BELOW: &str = "/d/";
const ID_CHARACTERS: usize = 16;

/// Where a detour comes back to.
///
/// ```
/// use stepup::{Detour, KeptForm};
///
/// # fn keep(request: &http::Request<bytes::Bytes>) -> Result<Detour, stepup::FormError> {
/// let form = KeptForm::of(request.uri(), request.headers(), request.body())?;
/// Ok(Detour { return_to: "/transfer".to_owned(), form: Some(form) })
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detour {
    /// The page that the user was on: a path of the application, its query included.
    pub return_to: String,
    /// The form that was being sent: it is sent again in the end. Without one the browser goes to `return_to`.
    pub form: Option<KeptForm>,
}

/// What a detour is to be like, as far as whoever begins it knows.
#[derive(Clone, Copy, Default)]
pub(crate) struct Wish<'a> {
    /// The factors of which one is needed; none: any will do.
    pub(crate) factors: &'a [FactorType],
    /// The language that was asked for.
    pub(crate) language: Option<Language>,
    /// Where it leads who gives it up, where that is another place than it comes back to: a path of the application.
    pub(crate) way_out: Option<&'a str>,
}

/// Why a detour could not begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DetourError {
    /// A form is only kept if the browser says that a page of this application sent it: else any site could have one
    /// sent in a visitor's name.
    #[error("the form was not sent by a page of this application")]
    ForeignForm,
    /// The ready-made pages are turned off: show pages of your own, with the `mfa_token` in a form field.
    #[error("the ready-made pages are turned off; turn mfa_pages on, or show pages of your own")]
    PagesOff,
    /// The way back is no place of this application.
    #[error("{0:?} is no path of this application to come back to")]
    ReturnTo(String),
    /// Beside the session and other cookies, what a page of the detour needs makes a longer `Cookie` header than is allowed
    /// ([`max_cookie_header`](crate::ClientBuilder::max_cookie_header)): the `mfa_token` on the way, or the form at the
    /// end; also without the logins in other tabs, which are forgotten for it, the oldest first. A warning in the log says what
    /// takes the room. Nothing is spent. [`Client::detour_by_login`] does without the token; where that is too large too, let the user
    /// prove the second factor first and send the form again.
    #[error(
        "the detour would need a Cookie header of {bytes} bytes and {limit} are allowed; let the user prove the second \
         factor first and send the form again, or raise max_cookie_header if every proxy on the way takes more"
    )]
    TooLarge {
        /// The length that it would need, with room for what a step adds.
        bytes: usize,
        /// The length that is allowed.
        limit: usize,
    },
    /// The request came to an address that is not configured.
    #[error("the request's host is none of the configured base URLs (app_base_url)")]
    UnknownHost,
}

impl DetourError {
    /// A stable code for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ForeignForm | Self::UnknownHost => code::INVALID_REQUEST,
            Self::PagesOff | Self::ReturnTo(_) => code::SERVER_ERROR,
            Self::TooLarge { .. } => "detour_too_large",
        }
    }

    /// What to answer: 403 for a foreign form, 413 for one that is too large, 400 for a host that is not ours, 500 for a fault
    /// of the application.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::ForeignForm => StatusCode::FORBIDDEN,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnknownHost => StatusCode::BAD_REQUEST,
            Self::PagesOff | Self::ReturnTo(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl WireError for DetourError {
    fn answer(&self) -> Answer<'_> {
        Answer::new(self.status(), self.code(), &self.to_string())
    }
}

/// A detour as its cookie holds it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct UnderWay {
    pub(crate) id: String,
    /// The user it is for; absent where nobody was logged in.
    #[serde(rename = "sub", default, skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    /// A path of the application, safe to go to.
    #[serde(rename = "to")]
    pub(crate) return_to: String,
    /// Where it leads who gives it up, where that is another one.
    #[serde(rename = "out", default, skip_serializing_if = "Option::is_none")]
    way_out: Option<String>,
    /// Whether a form waits to be sent again.
    #[serde(rename = "frm", default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) has_form: bool,
    /// The language that its pages are to speak, if one was asked for.
    #[serde(rename = "lng", default, skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    /// How far it has come.
    #[serde(rename = "at")]
    pub(crate) progress: Progress,
}

/// There is no such detour here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoDetour {
    /// The session of the user who began it is over. It waits for them to log in again.
    #[error("the user who began the detour has been logged out")]
    LoggedOut,
    /// No cookie, too old, or tampered with.
    #[error("there is no such detour in this browser")]
    Missing,
    /// It was begun by another user than the one who is logged in.
    #[error("the detour is another user's")]
    OtherUser,
}

impl Client {
    /// Sends the browser to the ready-made pages, for what `due` asks for, and afterwards back.
    ///
    /// `headers` are those of the request that is answered. Without an `mfa_token` in `due` the way goes over the
    /// tenant's own log-in pages.
    ///
    /// # Errors
    ///
    /// See [`DetourError`].
    pub fn detour(
        &self,
        session: &SessionState,
        headers: &HeaderMap,
        due: &MfaRequired,
        detour: Detour,
    ) -> Result<Response<Bytes>, DetourError> {
        self.detour_as(session, headers, due, detour, Wish::default())
    }

    /// The same, as it is wished.
    pub(crate) fn detour_as(
        &self,
        session: &SessionState,
        headers: &HeaderMap,
        due: &MfaRequired,
        detour: Detour,
        wish: Wish<'_>,
    ) -> Result<Response<Bytes>, DetourError> {
        match &due.mfa_token {
            Some(token) => self.detour_on_pages(session, headers, token, detour, wish),
            None => {
                let demand = Demand::of(&[MULTI_FACTOR], self.now());
                self.detour_for(session, headers, &demand, detour, wish)
            }
        }
    }

    /// Sends the browser to the tenant's log-in pages, and afterwards back. `parameters` go to the authorization request:
    /// `acr_values` (OpenID Connect Core section 3.1.2.1), `max_age`, `prompt`, …
    ///
    /// Nothing is sent before what was asked for is proved: a second factor where `acr_values` asks for one, and a login or
    /// a second factor that is not older than `max_age`, or was made on the way. Where it is not, a page says so and leads
    /// to the log-in pages again.
    ///
    /// # Errors
    ///
    /// See [`DetourError`].
    pub fn detour_by_login(
        &self,
        session: &SessionState,
        headers: &HeaderMap,
        parameters: &[(&str, &str)],
        detour: Detour,
    ) -> Result<Response<Bytes>, DetourError> {
        self.detour_for(session, headers, &Demand::of(parameters, self.now()), detour, Wish::default())
    }

    /// Sends the browser to the tenant's log-in pages for what is demanded, and afterwards back.
    pub(crate) fn detour_for(
        &self,
        session: &SessionState,
        headers: &HeaderMap,
        demand: &Demand,
        detour: Detour,
        wish: Wish<'_>,
    ) -> Result<Response<Bytes>, DetourError> {
        let base = base_of(self, headers)?;
        let progress = Progress::by_login(demand.clone());
        let (under_way, form) = self.begin(session, headers, base, progress, detour, wish)?;
        let login = self.detour_login(base, &under_way, demand);
        self.off_to(&login, base, session, headers, &under_way, form.as_ref())
    }

    fn detour_on_pages(
        &self,
        session: &SessionState,
        headers: &HeaderMap,
        token: &MfaToken,
        detour: Detour,
        wish: Wish<'_>,
    ) -> Result<Response<Bytes>, DetourError> {
        if !self.config().pages.is_on() {
            return Err(DetourError::PagesOff);
        }
        let base = base_of(self, headers)?;
        let progress = Progress::new(token.clone(), wish.factors);
        let (under_way, form) = self.begin(session, headers, base, progress, detour, wish)?;
        let page = self.detour_path(base, "", &under_way.id);
        self.off_to(&page, base, session, headers, &under_way, form.as_ref())
    }

    /// For a user who adds an authenticator of their own accord; `return_to` is one of our pages.
    pub(crate) fn detour_of_own_accord(
        &self,
        session: &SessionState,
        base: &Url,
        headers: &HeaderMap,
        return_to: String,
        language: Option<Language>,
    ) -> Result<Response<Bytes>, DetourError> {
        let wish = Wish { language, ..Wish::default() };
        let under_way = self.under_way(session, return_to, false, Progress::of_own_accord(), wish);
        let page = self.detour_path(base, "", &under_way.id);
        self.off_to(&page, base, session, headers, &under_way, None)
    }

    fn begin(
        &self,
        session: &SessionState,
        headers: &HeaderMap,
        base: &Url,
        progress: Progress,
        detour: Detour,
        wish: Wish<'_>,
    ) -> Result<(UnderWay, Option<KeptForm>), DetourError> {
        if detour.form.is_some() && !same_origin::is_own_page(base, headers) {
            telemetry::cross_origin_refused(same_origin::OTHER_PAGE);
            return Err(DetourError::ForeignForm);
        }
        let return_to = return_to::safe_path(&detour.return_to, base)
            .ok_or_else(|| DetourError::ReturnTo(detour.return_to.clone()))?;
        let under_way = self.under_way(session, return_to, detour.form.is_some(), progress, wish);
        Ok((under_way, detour.form))
    }

    fn under_way(
        &self,
        session: &SessionState,
        return_to: String,
        has_form: bool,
        progress: Progress,
        wish: Wish<'_>,
    ) -> UnderWay {
        let logged_in = || session.session().map(|session| session.subject().to_owned());
        UnderWay {
            id: base62(self.random(), ID_CHARACTERS),
            // A form stays its sender's, also where their session is over.
            subject: if has_form { self.user_of(session) } else { logged_in() },
            return_to,
            way_out: wish.way_out.map(str::to_owned),
            has_form,
            language: wish.language.map(|language| language.tag().to_owned()),
            progress,
        }
    }

    fn off_to(
        &self,
        path: &str,
        base: &Url,
        session: &SessionState,
        headers: &HeaderMap,
        under_way: &UnderWay,
        form: Option<&KeptForm>,
    ) -> Result<Response<Bytes>, DetourError> {
        let kept = self.write_detour(base, &[], under_way);
        let form = form.map(|form| self.write_form(base, &under_way.id, form)).unwrap_or_default();
        let room = self.make_room(base, headers, session, under_way, &kept, &form)?;
        let cookies = kept.into_iter().chain(form).chain(room);
        Ok(answer::private(answer::with_cookies(answer::see_other(path), cookies)))
    }

    /// The browser's path of the login that asks for what is demanded, of the user who is logged in, and comes back to the end
    /// of this detour.
    pub(crate) fn detour_login(&self, base: &Url, detour: &UnderWay, demand: &Demand) -> String {
        let mut login = base_url::route(self, base, &self.config().routes.login);
        login
            .query_pairs_mut()
            .append_pair("returnTo", &self.detour_path(base, "/resume", &detour.id))
            .extend_pairs(&demand.parameters)
            .extend_pairs(detour.language.as_deref().map(|tag| (UI_LOCALES, tag)))
            .append_pair(STEP_UP, "true");
        login[url::Position::BeforePath..].to_owned()
    }

    /// The browser's path of a page of this detour, which its cookies are for too.
    pub(crate) fn detour_path(&self, base: &Url, page: &str, id: &str) -> String {
        self.pages_path(base, &format!("{BELOW}{id}{page}"))
    }

    /// The browser's path of one of the pages.
    pub(crate) fn pages_path(&self, base: &Url, page: &str) -> String {
        let path = format!("{}{page}", self.config().routes.mfa_pages);
        base_url::route(self, base, &path).path().to_owned()
    }
}

impl UnderWay {
    /// The language that its pages are to speak.
    pub(crate) fn language(&self, client: &Client) -> Option<Language> {
        client.config().pages.language_of(self.language.as_deref()?)
    }

    /// Takes the language over that was asked for; whether that is another one.
    pub(crate) fn speak(&mut self, language: Option<Language>) -> bool {
        let tag = language.map(|language| language.tag().to_owned());
        let is_new = tag.is_some() && tag != self.language;
        if is_new {
            self.language = tag;
        }
        is_new
    }

    /// The same once nothing is pending.
    fn without_token(&self) -> Self {
        Self { progress: Progress { token: None, ..self.progress.clone() }, ..self.clone() }
    }

    /// Where it leads when it is over: the page of one's own authenticators hears whether one was added.
    pub(crate) fn way_back(&self) -> Cow<'_, str> {
        if !self.progress.own || self.progress.stage != Stage::Done {
            return Cow::Borrowed(&self.return_to);
        }
        let separator = if self.return_to.contains('?') { '&' } else { '?' };
        Cow::Owned(format!("{}{separator}{DID_ADD}", self.return_to))
    }

    /// Where it leads who gives it up.
    pub(crate) fn way_out(&self) -> &str {
        self.way_out.as_deref().unwrap_or(&self.return_to)
    }

    /// Whether `session` may go on with it: a form that somebody sent is never sent in another user's name.
    fn must_be_of(&self, session: Option<&Session>) -> Result<(), NoDetour> {
        let Some(subject) = &self.subject else { return Ok(()) };
        match session {
            None => Err(NoDetour::LoggedOut),
            Some(session) if session.subject() != subject => Err(NoDetour::OtherUser),
            Some(_) => Ok(()),
        }
    }
}

fn base_of<'c>(client: &'c Client, headers: &HeaderMap) -> Result<&'c Url, DetourError> {
    base_url::of(client, headers).map_err(|_| DetourError::UnknownHost)
}

/// `Set-Cookie` headers.
pub(crate) type SetCookies = Vec<HeaderValue>;
