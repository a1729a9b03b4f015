//! `/auth/mfa/manage`: a logged-in user lists, adds and deletes their own authenticators.
//!
//! The tenant wants a token for its MFA API, and asks for a second factor before it hands one out: the way to it is a login
//! whose result goes into the session beside what is there.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::Value;
use stepup_protocol::{
    mask,
    mfa::{Authenticator, AuthenticatorType, OobChannel},
};
use url::Url;

use super::{
    Frame, Language, Texts, Way,
    frame::Forms,
    notice::Stop,
    say,
    step_up::refusal,
    views::{Delete, Manage, OwnAuthenticator},
};
use crate::{
    client::Client,
    detour::UI_LOCALES,
    login::{LoginError, LoginRequest},
    mfa::{DeleteAuthenticatorError, ListAuthenticatorsError, OWN_SCOPE, OwnAuthenticators},
    session::{Session, SessionState},
    web::{answer, base_url, query::parameter},
    wire_error::WireError,
};

/// Said in the address of the page after a login, so that it does not ask for another one for ever.
const ASKED: &str = "asked";

/// `GET`: the list; with `remove`, the question before a deletion.
pub(crate) async fn page(
    client: &Client,
    request: &Request<Bytes>,
    session: &SessionState,
) -> Response<Bytes> {
    let base = match base_url::of(client, request.headers()) {
        Ok(base) => base,
        Err(error) => return answer::text(StatusCode::BAD_REQUEST, error.to_string()),
    };
    let visit = Visit::of(client, request, base, session);
    let own = match visit.own().await {
        Ok(own) => own,
        Err(response) => return response,
    };
    match own.list().await {
        Ok(listed) => visit.show(&Own { listed: &listed, session: session.session() }),
        // The token may have been taken back, or be good for less than it was asked for.
        Err(ListAuthenticatorsError::Refused(refusal))
            if matches!(refusal.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) =>
        {
            visit.ask().await
        }
        Err(error) => visit.failed(&error, "one's own authenticators were not listed"),
    }
}

/// `POST`: adds one, which begins a detour, or deletes one.
pub(crate) async fn form(
    client: &Client,
    request: &Request<Bytes>,
    session: &SessionState,
) -> Response<Bytes> {
    if let Some(refusal) = refusal(client, request) {
        return refusal;
    }
    let base = match base_url::of(client, request.headers()) {
        Ok(base) => base,
        Err(error) => return answer::text(StatusCode::BAD_REQUEST, error.to_string()),
    };
    let visit = Visit::of(client, request, base, session);
    let own = match visit.own().await {
        Ok(own) => own,
        Err(response) => return response,
    };
    let field = |wanted: &str| {
        form_urlencoded::parse(request.body()).find(|(name, _)| name == wanted).map(|(_, value)| value)
    };
    match field("action").as_deref() {
        Some("add") => {
            let begun = client.detour_of_own_accord(
                session,
                base,
                request.headers(),
                visit.here(&[]),
                visit.language,
            );
            begun.unwrap_or_else(|error| {
                tracing::error!(error = &error as &dyn std::error::Error, "a detour could not begin");
                visit.unavailable()
            })
        }
        Some("delete") => visit.deleted(own.delete(&field("authenticator").unwrap_or_default()).await).await,
        _ => answer::see_other(&visit.here(&[])),
    }
}

/// A request to the page.
struct Visit<'a> {
    client: &'a Client,
    request: &'a Request<Bytes>,
    base: &'a Url,
    session: &'a SessionState,
    /// The language that was asked for.
    language: Option<Language>,
}

impl<'a> Visit<'a> {
    fn of(client: &'a Client, request: &'a Request<Bytes>, base: &'a Url, session: &'a SessionState) -> Self {
        let language = client.config().pages.asked_in(request.uri().query());
        Self { client, request, base, session, language }
    }

    /// The page's own address, in the same language.
    fn here(&self, query: &[(&str, &str)]) -> String {
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        pairs.extend_pairs(query).extend_pairs(self.language.map(|language| (UI_LOCALES, language.tag())));
        let (path, query) = (self.client.pages_path(self.base, "/manage"), pairs.finish());
        if query.is_empty() { path } else { format!("{path}?{query}") }
    }

    /// What the page's address says.
    fn asks(&self, wanted: &str) -> Option<String> {
        parameter(self.request.uri().query(), wanted)
    }

    /// The calls for the user's own authenticators, or the way to a token for them.
    async fn own(&self) -> Result<OwnAuthenticators<'a>, Response<Bytes>> {
        let Some(session) = self.session.session() else {
            return Err(answer::see_other(&self.client.login_path_at(self.base, &self.here(&[]))));
        };
        match self.client.own_authenticators(session) {
            Some(own) => Ok(own),
            None => Err(self.ask().await),
        }
    }

    /// Off to the tenant for a token; back from there without one, a page says so.
    async fn ask(&self) -> Response<Bytes> {
        if self.asks(ASKED).is_some() {
            return self.stop(StatusCode::FORBIDDEN, |texts| {
                (&texts.manage_no_token_heading, &texts.manage_no_token_text)
            });
        }
        let login = LoginRequest {
            return_to: self.here(&[(ASKED, "")]),
            redirect_uri: base_url::route(self.client, self.base, &self.client.config().routes.callback),
            popup: None,
            into_session: true,
            subject: None,
            default_audience: None,
            parameters: vec![
                ("audience".to_owned(), self.client.mfa_audience()),
                ("scope".to_owned(), format!("openid {OWN_SCOPE}")),
            ],
        };
        let login = match self.session.session() {
            Some(session) => login.for_user_of(session),
            None => login,
        };
        let headers = self.request.headers();
        match self.client.leave_for_login(login, headers, self.session).await {
            Ok((location, cookies)) => answer::with_cookies(answer::see_other(location.as_str()), cookies),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a login could not begin");
                match error {
                    LoginError::TooLarge { .. } => self.client.session_too_large(headers),
                    _ => self.unavailable(),
                }
            }
        }
    }

    /// What came of a deletion. One that is gone already is as good as deleted.
    async fn deleted(&self, deleted: Result<(), DeleteAuthenticatorError>) -> Response<Bytes> {
        let did = |what| answer::see_other(&self.here(&[("did", what)]));
        let Err(error) = deleted else { return did("deleted") };
        let status = match &error {
            DeleteAuthenticatorError::Refused(refusal) if !refusal.is_limit() => refusal.status,
            error => error.status(),
        };
        match status {
            StatusCode::NOT_FOUND => did("deleted"),
            StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN => did("kept"),
            StatusCode::UNAUTHORIZED => self.ask().await,
            _ => self.failed(&error, "an authenticator was not deleted"),
        }
    }

    /// The tenant did not do it: for now, or for some time that it may tell (RFC 9110 section 10.2.3).
    fn failed(&self, error: &(impl WireError + 'static), what: &str) -> Response<Bytes> {
        tracing::warn!(error = error as &dyn std::error::Error, "{what}");
        if error.status() != StatusCode::TOO_MANY_REQUESTS {
            return self.unavailable();
        }
        let page = self.stop(StatusCode::TOO_MANY_REQUESTS, |texts| (&texts.wait_heading, &texts.wait_text));
        answer::wait(error.retry_after(), page)
    }

    fn unavailable(&self) -> Response<Bytes> {
        self.stop(StatusCode::BAD_GATEWAY, |texts| (&texts.unavailable_heading, &texts.unavailable_text))
    }

    fn stop(&self, status: StatusCode, words: fn(&Texts) -> (&str, &str)) -> Response<Bytes> {
        let here = self.here(&[]);
        let stop = Stop { status, words, needs: &[], way_on: (&here, |texts| &texts.try_again), other: None };
        self.client.stop(self.base, self.request.headers(), self.language, &stop)
    }

    fn show(&self, own: &Own<'_>) -> Response<Bytes> {
        let frame = Frame::of(self.client, self.base, self.request.headers(), self.language);
        let here = self.here(&[]);
        let templates = self.client.config().pages.writer();
        let chosen =
            self.asks("remove").and_then(|id| own.listed.iter().find(|one| one.id == id && own.may_go(one)));
        let html = if let Some((way, one)) = chosen.and_then(|one| Some((Way::of(one)?, one))) {
            let name = describe(frame.texts, way, one).name;
            let heading = say::with(&frame.texts.delete_heading, "name", &name);
            templates.delete(&Delete { frame: &frame, address: &here, authenticator: &one.id, heading })
        } else {
            let did = self.asks("did");
            let usable = own.listed.iter().filter_map(|one| Some((Way::of(one)?, one)));
            let shown = usable.map(|(way, one)| OwnAuthenticator {
                remove: own.may_go(one).then(|| self.here(&[("remove", &one.id)])),
                ..describe(frame.texts, way, one)
            });
            templates.manage(&Manage {
                frame: &frame,
                address: &here,
                news: match did.as_deref() {
                    Some("added") => Some(&frame.texts.manage_added),
                    Some("deleted") => Some(&frame.texts.manage_deleted),
                    _ => None,
                },
                problem: did.filter(|did| did == "kept").map(|_| &*frame.texts.manage_kept),
                own: shown.collect(),
                home: &base_url::home(self.client, self.base),
            })
        };
        self.client.page(StatusCode::OK, &frame, Forms::Ours, html)
    }
}

/// The user's authenticators, in the tenant's order.
struct Own<'a> {
    listed: &'a [Authenticator],
    session: Option<&'a Session>,
}

impl Own<'_> {
    /// Whether the user may delete it. The recovery code goes with the last of the others. The last of all may be the
    /// address that the tenant has verified: it is there without being enrolled, and would be back if it were deleted.
    fn may_go(&self, one: &Authenticator) -> bool {
        one.authenticator_type != AuthenticatorType::RecoveryCode
            && !(self.listed.last() == Some(one) && self.is_verified_address(one))
    }

    fn is_verified_address(&self, one: &Authenticator) -> bool {
        let claim = |name| self.session.and_then(|session| session.claim(name));
        let verified = claim("email_verified").and_then(Value::as_bool).unwrap_or_default();
        let address = claim("email").and_then(Value::as_str).filter(|_| verified);
        one.oob_channel == Some(OobChannel::Email)
            && address.is_some_and(|address| one.name.as_deref() == Some(&*mask::email(address)))
    }
}

fn describe(texts: &Texts, way: Way, one: &Authenticator) -> OwnAuthenticator {
    let name = say::choice(texts, way, one).name;
    OwnAuthenticator {
        way,
        name,
        to: one.name.as_deref().map(say::readable).unwrap_or_default(),
        remove: None,
    }
}
