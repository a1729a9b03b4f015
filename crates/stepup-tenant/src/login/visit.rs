//! A visit to one of the pages: which login it belongs to, and that it is this browser's.

use axum::{
    extract::{FromRequest, Request},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};

pub(super) use super::kept::{Kept, NewCode};
use super::{
    cookies,
    outcome::Outcome,
    way_out::{self, WayOut},
};
use crate::{
    config::Connection,
    model::{Digest, LoginTransaction, User},
    oauth::{
        authorize::{
            request::{Accepted, PageProblem, accept, answered_to},
            respond,
        },
        error::{Failure, TenantFault},
        params::Params,
    },
    pages,
    pipeline::{Caller, Progress, header_text},
    state::{Shared, State},
    store::StoreError,
};

/// A visit that belongs to a login of this browser.
#[derive(Debug)]
pub(super) struct Visit {
    /// The tenant.
    pub(super) shared: Shared,
    /// Where the request came from.
    pub(super) caller: Caller,
    /// Its headers.
    pub(super) headers: HeaderMap,
    /// What was typed or clicked.
    pub(super) params: Params,
    /// The transaction's name, as it is in the address.
    pub(super) state: String,
    /// The secret that marks the browser.
    pub(super) browser: String,
    /// The transaction.
    pub(super) login: LoginTransaction,
    /// How far it has come.
    pub(super) progress: Progress,
    /// What the pages keep.
    pub(super) kept: Kept,
}

/// Why a page cannot be shown.
#[derive(Debug)]
pub(super) enum Lost {
    /// The client of the login was removed in the meantime.
    Client(Shared, String),
    /// The call failed.
    Failed(Shared, Failure),
    /// A form of another site.
    Foreign(Shared),
    /// No such ticket, used, or over.
    Ticket(Shared),
    /// A ticket that cannot enrol anything: its user has a factor already, or what it enrols is switched off.
    TicketForNothing(Shared, NothingToEnroll),
    /// No such login, not this browser's, or over: then it is known where it came from.
    Transaction(Shared, Option<WayOut>),
}

/// Why a ticket can enrol nothing.
#[derive(Clone, Copy, Debug)]
pub(super) enum NothingToEnroll {
    /// The user has a factor, and the ticket is for the first one.
    AlreadyEnrolled,
    /// What it enrols is switched off.
    SwitchedOff,
}

impl Visit {
    /// Opens the login that a page of this site, or an address that leads to one, was sent for.
    pub(super) async fn open(shared: Shared, request: Request) -> Result<Self, Lost> {
        let (parts, params) = read_form(&shared, request).await?;
        let caller = Caller::of(&parts);
        let Some(params) = params else { return Err(Lost::Transaction(shared, None)) };
        let (Some(state), Some(browser)) =
            (params.text("state").map(str::to_owned), cookies::browser(&parts.headers))
        else {
            return Err(Lost::Transaction(shared, None));
        };
        let login = under_way(&shared, &state, &browser).await?;
        // Behind a ticket there is no client.
        if !login.client_id.is_empty() && shared.config.client(&login.client_id).is_none() {
            return Err(Lost::Client(shared, login.client_id));
        }
        caller.correlation.join(&login.transaction_id);
        let progress = serde_json::from_value(login.progress.clone());
        let kept = serde_json::from_value(login.page.clone());
        match (progress, kept) {
            (Ok(progress), Ok(kept)) => Ok(Self {
                shared,
                caller,
                headers: parts.headers,
                params,
                state,
                browser,
                login,
                progress,
                kept,
            }),
            (Err(error), _) | (_, Err(error)) => Err(Lost::Failed(shared, TenantFault::Kept(error).into())),
        }
    }

    /// The request that the login is for: accepted once, and the configuration does not change.
    pub(super) fn accepted(&self) -> Result<Accepted<'_>, Lost> {
        accept(&self.shared, &self.login.parameters).map_err(|_| self.lost())
    }

    /// The directories that the user may be in, in the order in which they are tried: the one that the request names, or
    /// those of its client. Whoever signs up goes to the first.
    pub(super) fn connections(&self) -> Vec<&Connection> {
        let usable = self.shared.config.connections_for(&self.login.client_id);
        match self.login.parameters.get("connection") {
            Some(name) => usable.into_iter().filter(|connection| connection.name == *name).collect(),
            None => usable,
        }
    }

    /// The user who gave a password, or whose session it is.
    pub(super) async fn user(&self) -> Result<Option<User>, Lost> {
        let Some(id) = &self.login.user_id else { return Ok(None) };
        let user = self.shared.store.user(id).await.map_err(|error| self.failed(error))?;
        Ok(user.filter(|user| !user.blocked))
    }

    /// Writes what has changed; a login that was taken away in the meantime is lost.
    pub(super) async fn save(&mut self) -> Result<(), Lost> {
        let kept = |error| self.failed(TenantFault::Kept(error));
        let progress = serde_json::to_value(&self.progress).map_err(kept)?;
        let page = serde_json::to_value(&self.kept).map_err(kept)?;
        self.login.progress = progress;
        self.login.page = page;
        let written = self.shared.store.update_login(&Digest::of(&self.state), &self.login).await;
        match written {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.lost()),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// A failure on this visit.
    pub(super) fn failed(&self, failure: impl Into<Failure>) -> Lost {
        Lost::Failed(self.shared.clone(), failure.into())
    }

    /// This login cannot go on.
    pub(super) fn lost(&self) -> Lost {
        Lost::Transaction(self.shared.clone(), way_out::of(&self.shared, &self.login))
    }

    /// Sends the browser to another page of this login.
    pub(super) fn go(&self, path: &str) -> Response {
        to(path, &self.state)
    }

    /// The same, with a word about what has just been done.
    pub(super) fn go_and_say(&self, path: &str, said: &str) -> Response {
        let location = HeaderValue::from_str(&format!("{path}?state={}&said={said}", self.state));
        respond::found(location.unwrap_or(HeaderValue::from_static("/")))
    }

    /// A page of this login.
    pub(super) fn page(&self, outcome: impl Into<Outcome>, html: String) -> Response {
        let answered_to = answered_to(&self.shared, &self.login.parameters);
        let leads_to = answered_to.as_ref().map(|(_, redirect_uri)| redirect_uri.as_str());
        let Outcome { status, opens_in } = outcome.into();
        let mut headers = pages::headers::page(leads_to);
        // RFC 9110 section 10.2.3.
        if let Some(time) = opens_in {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(time.as_secs()));
        }
        (status, headers, html).into_response()
    }

    /// What every page of this login shows.
    pub(super) fn frame<'a>(&'a self, user: Option<&'a User>) -> pages::Frame<'a> {
        let client = self.shared.config.client(&self.login.client_id);
        pages::Frame {
            tenant: &self.shared.config.friendly_name,
            application: client.map(|client| client.name.as_str()),
            account: user.and_then(|user| user.email.as_deref()),
            state: &self.state,
            overtaken: self.kept.overtaken,
        }
    }
}

/// The login `state` of this browser, unless it is over.
async fn under_way(shared: &Shared, state: &str, browser: &str) -> Result<LoginTransaction, Lost> {
    let failed = |error: StoreError| Lost::Failed(shared.clone(), error.into());
    let browser = Digest::of(browser);
    let found = shared.store.login(&Digest::of(state)).await.map_err(failed)?;
    let over = match found.filter(|login| login.browser == browser) {
        Some(login) if shared.clock.now() < login.expires_at => return Ok(login),
        Some(login) => Some(login),
        None => way_out::finished(shared, state).await.map_err(failed)?,
    };
    let over = over.filter(|login| login.browser == browser);
    Err(Lost::Transaction(shared.clone(), over.and_then(|login| way_out::of(shared, &login))))
}

/// A redirect to a page of the login `state`.
pub(super) fn to(path: &str, state: &str) -> Response {
    let location = HeaderValue::from_str(&format!("{path}?state={state}"));
    respond::found(location.unwrap_or(HeaderValue::from_static("/")))
}

/// The parameters of a visit: those of the form that was sent, else those in the address; none where they cannot be read.
///
/// # Errors
/// The form is one of another site.
pub(super) async fn read_form(shared: &Shared, request: Request) -> Result<(Parts, Option<Params>), Lost> {
    let (parts, body) = request.into_parts();
    if parts.method != Method::POST {
        let params = Params::from_form(parts.uri.query().unwrap_or_default());
        return Ok((parts, params.ok()));
    }
    if !same_origin(shared, &parts.headers) {
        return Err(Lost::Foreign(shared.clone()));
    }
    let body = Bytes::from_request(Request::from_parts(parts.clone(), body), &()).await;
    let content_type = header_text(&parts.headers, header::CONTENT_TYPE);
    let params = body.ok().and_then(|body| Params::from_body(content_type, &body).ok());
    Ok((parts, params))
}

/// Whether a form came from a page of ours: browsers say so; what is no browser says nothing.
fn same_origin(state: &State, headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let ours = state.issuer.url().origin().ascii_serialization();
    let host = header_text(headers, header::HOST).unwrap_or_default();
    origin.to_str().is_ok_and(|origin| {
        origin == ours || origin.split_once("://").is_some_and(|(_, authority)| authority == host)
    })
}

impl FromRequest<Shared> for Visit {
    type Rejection = Lost;

    async fn from_request(request: Request, shared: &Shared) -> Result<Self, Lost> {
        Self::open(shared.clone(), request).await
    }
}

impl Lost {
    /// Status, what happened, what to do, and the way out.
    fn told(self) -> (Shared, StatusCode, String, &'static str, Option<WayOut>) {
        use StatusCode as S;
        use pages::error::{ANOTHER_TICKET, LOST_TICKET, LOST_TRANSACTION, UNKNOWN_CLIENT};
        match self {
            Self::Client(shared, id) => {
                let message = PageProblem::UnknownClient(id).message();
                (shared, S::BAD_REQUEST, message, UNKNOWN_CLIENT, None)
            }
            Self::Failed(shared, failure) => {
                if let Failure::Tenant(fault) = &failure {
                    tracing::error!(error = fault as &dyn std::error::Error, "a page failed");
                }
                let wire = failure.wire();
                (shared, wire.status, wire.description, LOST_TRANSACTION, None)
            }
            Self::Foreign(shared) => (
                shared,
                S::FORBIDDEN,
                "The form was sent by another site.".to_owned(),
                LOST_TRANSACTION,
                None,
            ),
            Self::Ticket(shared) => {
                (shared, S::BAD_REQUEST, "This link does not work any more.".to_owned(), LOST_TICKET, None)
            }
            Self::TicketForNothing(shared, NothingToEnroll::AlreadyEnrolled) => {
                (shared, S::FORBIDDEN, "User is already enrolled.".to_owned(), ANOTHER_TICKET, None)
            }
            Self::TicketForNothing(shared, NothingToEnroll::SwitchedOff) => {
                let message = "The second step that this link sets up is switched off.".to_owned();
                (shared, S::FORBIDDEN, message, ANOTHER_TICKET, None)
            }
            Self::Transaction(shared, way_out) => {
                (shared, S::BAD_REQUEST, "The login was not found.".to_owned(), LOST_TRANSACTION, way_out)
            }
        }
    }
}

impl IntoResponse for Lost {
    fn into_response(self) -> Response {
        let (shared, status, message, advice, way_out) = self.told();
        let view = pages::error::View {
            tenant: &shared.config.friendly_name,
            message: &message,
            advice,
            details: &[("error", "invalid_request")],
            way_out: way_out.as_ref().map(WayOut::link),
        };
        (status, pages::headers::page([]), pages::error::render(&view)).into_response()
    }
}
