//! `/dashboard`: what a developer looks at while a login runs. Security settings, users, Actions, messages, devices, the
//! log, and each login drawn as a sequence.
//!
//! One module a page: its address, what it shows and what its forms do; the template is in `templates/dashboard/`. Whoever
//! asks is admitted in [`admit`]; a form of another site never gets past it. Every page works with scripts off; with them,
//! lists follow what happens.

mod actions;
mod admit;
mod assets;
mod devices;
mod frame;
mod inbox;
mod log;
mod logins;
mod mask;
mod overview;
mod security;
mod sequence;
mod trouble;
mod users;
mod words;

use axum::{
    Router,
    extract::Query,
    middleware::from_fn_with_state,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;

pub(crate) use self::trouble::{is_open, nothing_there};
use self::{
    admit::Admin,
    frame::{Frame, Section},
};
use crate::{oauth::audit::Audit, pipeline::Caller, state::Shared};

/// What the addresses of the editors of Actions begin with.
pub(crate) const EDITORS: &str = "/dashboard/actions/";

/// What somebody can do whom a page tells that something failed: in words, and as a link.
pub(crate) const BEGIN_AGAIN: &str = "Go back, or begin again from the dashboard.";
pub(crate) const WAY_OUT: (&str, &str) = (Section::Overview.path(), "Open the dashboard");

/// Whether `path` is one of these pages.
pub(crate) fn has(path: &str) -> bool {
    let rest = path.strip_prefix(Section::Overview.path());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Where the tenant log is.
pub(crate) const LOGS: &str = Section::Logs.path();

/// The pages.
pub(crate) fn routes(shared: &Shared) -> Router<Shared> {
    Router::new()
        .route("/dashboard", get(overview::show))
        .route("/dashboard/", get(async || Redirect::permanent(Section::Overview.path())))
        .route("/dashboard/actions", get(actions::list).post(actions::create))
        .route("/dashboard/actions/{id}", get(actions::show).post(actions::submit))
        .route("/dashboard/assets/{file}", get(assets::serve))
        .route("/dashboard/changes", get(log::changes))
        .route("/dashboard/devices", get(devices::show).post(devices::scan))
        .route("/dashboard/devices/push/{id}", post(devices::answer))
        .route("/dashboard/entered", get(entered))
        .route("/dashboard/inbox", get(inbox::show))
        .route("/dashboard/logins", get(logins::list))
        .route("/dashboard/logins/{id}", get(logins::show))
        .route("/dashboard/logs", get(log::show))
        .route("/dashboard/logs/new", get(log::follow))
        .route("/dashboard/security", get(security::show))
        .route("/dashboard/security/factor", post(security::switch))
        .route("/dashboard/security/phone", post(security::phone))
        .route("/dashboard/security/policy", post(security::policy))
        .route("/dashboard/users", get(users::list))
        .route("/dashboard/users/{id}", get(users::show).post(users::submit))
        .layer(from_fn_with_state(Shared::clone(shared), trouble::tell))
}

/// A page with its headers; its script may ask the tenant for news.
fn page(status: StatusCode, template: &impl askama::Template) -> Response {
    let mut headers = crate::pages::headers::page([]);
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    (status, headers, crate::pages::html(template)).into_response()
}

/// Notes in the tenant log that somebody changed something here.
async fn changed(shared: &Shared, admin: &Admin, caller: &Caller, what: &str) {
    let mut audit = Audit::new(shared, caller).describe(what);
    if let Some(email) = &admin.email {
        audit = audit.named(email);
    }
    audit.write("sapi").await;
}

/// A page that says that something is not there.
fn missing(frame: &Frame<'_>, what: &str) -> Response {
    page(StatusCode::NOT_FOUND, &Missing { frame: *frame, what })
}

#[derive(askama::Template)]
#[template(path = "dashboard/missing.html")]
struct Missing<'a> {
    frame: Frame<'a>,
    what: &'a str,
}

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; \
    form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

#[derive(Deserialize)]
struct Entered {
    #[serde(default)]
    state: String,
}

/// Back from the login of an administrator: on to the page that was asked for.
async fn entered(Query(Entered { state }): Query<Entered>) -> Redirect {
    let is_page =
        state.starts_with("/dashboard/") && !state.contains("..") && !state.contains(['\\', '?', '#']);
    Redirect::to(if is_page { &state } else { "/dashboard" })
}
