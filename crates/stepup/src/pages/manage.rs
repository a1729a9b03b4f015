//! `/auth/mfa/manage`: a logged-in user lists, adds and deletes their own authenticators.
//!
//! The tenant wants a token for its MFA API, and asks for a second factor before it hands one out: the way to it is a login
//! whose result goes into the session beside what is there.

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use serde_json::Value;
use stepup_protocol::{
    mask,
    mfa::{Authenticator, AuthenticatorType, OobChannel},
};
use url::Url;

use super::{
    Frame, Texts, Way,
    frame::Forms,
    notice::Stop,
    say,
    step_up::refusal,
    views::{Delete, Manage, OwnAuthenticator},
};
use crate::{
    client::Client,
    login::LoginRequest,
    mfa::{DeleteAuthenticatorError, MfaError as _, OWN_SCOPE, OwnAuthenticators},
    session::{Session, SessionState},
    web::{answer, base_url},
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
    let own = match own(client, request, base, session).await {
        Ok(own) => own,
        Err(response) => return response,
    };
    let listed = match own.list().await {
        Ok(listed) => listed,
        Err(error) if error.status() == StatusCode::UNAUTHORIZED => return ask(client, request, base).await,
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "one's own authenticators were not listed"
            );
            return unavailable(client, request, base);
        }
    };
    show(client, request, base, &Own { listed: &listed, session: session.session() })
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
    let own = match own(client, request, base, session).await {
        Ok(own) => own,
        Err(response) => return response,
    };
    let here = client.pages_path(base, "/manage");
    let field = |wanted: &str| {
        form_urlencoded::parse(request.body()).find(|(name, _)| name == wanted).map(|(_, value)| value)
    };
    match field("action").as_deref() {
        Some("add") => client.detour_of_own_accord(session, base, format!("{here}?did=added")),
        Some("delete") => {
            let deleted = own.delete(&field("authenticator").unwrap_or_default()).await;
            match deleted {
                Ok(()) => answer::see_other(&format!("{here}?did=deleted")),
                Err(DeleteAuthenticatorError::Refused(refusal)) if refusal.status.is_client_error() => {
                    answer::see_other(&format!("{here}?did=kept"))
                }
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "an authenticator was not deleted"
                    );
                    unavailable(client, request, base)
                }
            }
        }
        _ => answer::see_other(&here),
    }
}

/// The calls for the user's own authenticators, or the way to a token for them.
async fn own<'c>(
    client: &'c Client,
    request: &Request<Bytes>,
    base: &Url,
    session: &SessionState,
) -> Result<OwnAuthenticators<'c>, Response<Bytes>> {
    let Some(session) = session.session() else {
        let login = client.login_path_at(base, &client.pages_path(base, "/manage"));
        return Err(answer::see_other(&login));
    };
    match client.own_authenticators(session) {
        Some(own) => Ok(own),
        None => Err(ask(client, request, base).await),
    }
}

/// Off to the tenant for a token; back from there without one, a page says so.
async fn ask(client: &Client, request: &Request<Bytes>, base: &Url) -> Response<Bytes> {
    let here = client.pages_path(base, "/manage");
    if request.uri().query().is_some_and(|query| query.contains(ASKED)) {
        let stop = Stop {
            status: StatusCode::FORBIDDEN,
            words: |texts| (&texts.manage_no_token_heading, &texts.manage_no_token_text),
            way_on: (&here, |texts| &texts.try_again),
            other: None,
        };
        return client.stop(base, request.headers(), request.uri().query(), &stop);
    }
    let login = LoginRequest {
        return_to: format!("{here}?{ASKED}"),
        redirect_uri: base_url::route(client, base, &client.config().routes.callback),
        popup: None,
        into_session: true,
        parameters: vec![
            ("audience".to_owned(), client.mfa_audience()),
            ("scope".to_owned(), format!("openid {OWN_SCOPE}")),
        ],
    };
    match client.start_login(login).await {
        Ok(started) => {
            let mut response = answer::see_other(started.location.as_str());
            for cookie in client.remember(&started.transaction, request.headers()) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a login could not begin");
            unavailable(client, request, base)
        }
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

fn show(client: &Client, request: &Request<Bytes>, base: &Url, own: &Own<'_>) -> Response<Bytes> {
    let (headers, query) = (request.headers(), request.uri().query());
    let frame = Frame::of(client, base, headers, query);
    let here = client.pages_path(base, "/manage");
    let asked = |wanted: &str| {
        let query = query.unwrap_or_default().as_bytes();
        form_urlencoded::parse(query).find(|(name, _)| name == wanted).map(|(_, value)| value)
    };
    let templates = client.config().pages.writer();
    let chosen = asked("remove").and_then(|id| own.listed.iter().find(|one| one.id == id && own.may_go(one)));
    let html = if let Some((way, one)) = chosen.and_then(|one| Some((Way::of(one)?, one))) {
        let heading = say::with(&frame.texts.delete_heading, "name", &describe(frame.texts, way, one).name);
        templates.delete(&Delete { frame: &frame, address: &here, authenticator: &one.id, heading })
    } else {
        let did = asked("did");
        let usable = own.listed.iter().filter_map(|one| Some((Way::of(one)?, one)));
        let shown = usable.map(|(way, one)| OwnAuthenticator {
            remove: own.may_go(one).then(|| {
                let mut query = form_urlencoded::Serializer::new(String::new());
                format!("{here}?{}", query.append_pair("remove", &one.id).finish())
            }),
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
            home: &client.config().sign_in_return_to_path,
        })
    };
    client.page(StatusCode::OK, &frame, Forms::Ours, |_| html)
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

fn unavailable(client: &Client, request: &Request<Bytes>, base: &Url) -> Response<Bytes> {
    let here = client.pages_path(base, "/manage");
    let stop = Stop {
        status: StatusCode::BAD_GATEWAY,
        words: |texts| (&texts.unavailable_heading, &texts.unavailable_text),
        way_on: (&here, |texts| &texts.try_again),
        other: None,
    };
    client.stop(base, request.headers(), request.uri().query(), &stop)
}
