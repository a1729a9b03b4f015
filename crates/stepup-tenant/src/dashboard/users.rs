//! `/dashboard/users`: the users, and one of them with factors, sessions and history.

use askama::Template;
use axum::{
    extract::{Form, Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use serde::Deserialize;

use super::{
    admit::Admin,
    changed,
    frame::{Frame, Section},
    log::{self, rows},
    missing, page,
};
use crate::{
    config::LogoutInitiator,
    factors::{self, email},
    model::{Authenticator, TenantSession, User},
    oauth::{audit::Audit, error::Failure, logout::backchannel},
    pipeline::Caller,
    state::Shared,
    store::{Filter, Match, Search},
};

/// How many users a page lists.
const SHOWN: u32 = 50;
/// How many events of a user are shown.
const HISTORY: u32 = 50;

#[derive(Template)]
#[template(path = "dashboard/users.html")]
struct List<'a> {
    frame: Frame<'a>,
    wanted: &'a str,
    rows: Vec<Row>,
    page: u64,
    has_more: bool,
}

struct Row {
    id: String,
    name: String,
    email: String,
    connection: String,
    factors: Vec<&'static str>,
    blocked: bool,
    logins: u64,
    last_login: String,
}

/// Which users.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    /// Part of an e-mail address or name, or a whole id.
    q: String,
    page: u64,
}

/// The list.
pub(super) async fn list(
    State(shared): State<Shared>,
    admin: Admin,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Failure> {
    let frame = Frame::new(&shared, Section::Users, &admin);
    let search = Search {
        filter: filter(wanted.q.trim()),
        order: Vec::new(),
        offset: wanted.page.saturating_mul(u64::from(SHOWN)),
        limit: SHOWN + 1,
        count: false,
    };
    let mut users = shared.store.find_users(&search).await?.entries;
    let has_more = users.len() > SHOWN as usize;
    users.truncate(SHOWN as usize);
    let mut rows = Vec::with_capacity(users.len());
    for user in users {
        let held = factors::held(&shared, &user).await?;
        let enrolled = factors::of_user(&shared.config, &user, &held).enrolled;
        rows.push(Row {
            factors: enrolled.into_iter().map(stepup_protocol::mfa::FactorType::as_str).collect(),
            last_login: user.last_login.map_or_else(|| "never".to_owned(), |at| frame.ago(at)),
            id: user.user_id,
            name: user.name,
            email: user.email.or(user.username).unwrap_or_default(),
            connection: user.connection,
            blocked: user.blocked,
            logins: user.logins_count,
        });
    }
    let view = List { frame, wanted: &wanted.q, rows, page: wanted.page, has_more };
    Ok(page(StatusCode::OK, &view))
}

fn filter(wanted: &str) -> Filter {
    if wanted.is_empty() {
        return Filter::everything();
    }
    let has = |field: &str| Filter::Term { field: Some(field.to_owned()), matches: Match::contains(wanted) };
    Filter::Any(vec![Filter::equals("user_id", wanted), has("email"), has("name"), has("username")])
}

#[derive(Template)]
#[template(path = "dashboard/user.html")]
struct View<'a> {
    frame: Frame<'a>,
    user: &'a User,
    factors: Vec<Factor>,
    sessions: Vec<Session>,
    tokens: usize,
    user_metadata: String,
    app_metadata: String,
    created: String,
    last_login: String,
    history: Vec<log::Row>,
}

struct Factor {
    id: String,
    kind: &'static str,
    name: String,
    active: bool,
    /// It comes from the profile and cannot be removed.
    automatic: bool,
    enrolled: String,
    used: String,
}

struct Session {
    id: String,
    began: String,
    used: String,
    methods: String,
    clients: String,
    browser: String,
}

/// One user.
pub(super) async fn show(
    State(shared): State<Shared>,
    admin: Admin,
    Path(user_id): Path<String>,
) -> Result<Response, Failure> {
    let frame = Frame::new(&shared, Section::Users, &admin);
    let Some(user) = shared.store.user(&user_id).await? else { return Ok(missing(&frame, "This user")) };
    let now = shared.clock.now();
    let held = factors::held(&shared, &user).await?;
    let sessions = shared.store.sessions_of(&user_id).await?;
    let of_user = Search {
        filter: Filter::equals("user_id", user_id.as_str()),
        order: Vec::new(),
        offset: 0,
        limit: HISTORY,
        count: false,
    };
    let history = shared.store.find_events(&of_user).await?.entries;
    let view = View {
        factors: held.iter().map(|it| factor(&frame, &user, it)).collect(),
        sessions: sessions
            .iter()
            .filter(|session| !session.expired(now))
            .map(|session| of_session(&frame, session))
            .collect(),
        tokens: shared.store.refresh_tokens_of(&user_id, now).await?.len(),
        user_metadata: serde_json::to_string_pretty(&user.user_metadata).unwrap_or_default(),
        app_metadata: serde_json::to_string_pretty(&user.app_metadata).unwrap_or_default(),
        created: frame.exact(user.created_at),
        last_login: user.last_login.map_or_else(|| "never".to_owned(), |at| frame.ago(at)),
        history: rows(&frame, &history),
        user: &user,
        frame,
    };
    Ok(page(StatusCode::OK, &view))
}

fn factor(frame: &Frame<'_>, user: &User, authenticator: &Authenticator) -> Factor {
    Factor {
        kind: authenticator.factor().as_str(),
        name: authenticator.name.clone().or_else(|| authenticator.masked_name()).unwrap_or_default(),
        active: authenticator.active(),
        automatic: email::is_automatic(&user.user_id, &authenticator.id),
        enrolled: frame.ago(authenticator.confirmed_at.unwrap_or(authenticator.created_at)),
        used: authenticator.last_used_at.map_or_else(|| "never".to_owned(), |at| frame.ago(at)),
        id: authenticator.id.clone(),
    }
}

fn of_session(frame: &Frame<'_>, session: &TenantSession) -> Session {
    Session {
        id: session.id.clone(),
        began: frame.ago(session.created_at),
        used: frame.ago(session.last_interacted_at),
        methods: session.methods.iter().map(|method| method.name.as_str()).collect::<Vec<_>>().join(", "),
        clients: session.clients.join(", "),
        browser: session.initial_user_agent.chars().take(80).collect(),
    }
}

/// What is to be done with a user.
#[derive(Debug, Deserialize)]
pub(super) struct Order {
    /// `block`, `unblock`, `remove` (an authenticator), `forget-browsers`, `end-sessions`.
    action: String,
    #[serde(default)]
    authenticator: String,
}

/// Does it.
pub(super) async fn submit(
    State(shared): State<Shared>,
    admin: Admin,
    caller: Caller,
    Path(user_id): Path<String>,
    Form(order): Form<Order>,
) -> Result<Response, Failure> {
    let Some(user) = shared.store.user(&user_id).await? else {
        return Ok(missing(&Frame::new(&shared, Section::Users, &admin), "This user"));
    };
    let what = match order.action.as_str() {
        "block" => {
            set_blocked(&shared, &user_id, true).await?;
            end(&shared, &user_id, LogoutInitiator::AccountDeactivated).await?;
            "Block"
        }
        "unblock" => {
            set_blocked(&shared, &user_id, false).await?;
            "Unblock"
        }
        "remove" => {
            if shared.store.delete_authenticator(&user_id, &order.authenticator).await? {
                let audit = Audit::new(&shared, &caller).user(&user).describe(&order.authenticator);
                audit.write("gd_unenroll").await;
            }
            "Remove a factor of"
        }
        "forget-browsers" => {
            shared.store.forget_browsers(&user_id).await?;
            "Forget the browsers of"
        }
        "end-sessions" => {
            end(&shared, &user_id, LogoutInitiator::SessionRevoked).await?;
            "End the sessions of"
        }
        _ => return Ok(missing(&Frame::new(&shared, Section::Users, &admin), "What you asked for")),
    };
    changed(&shared, &admin, &caller, &format!("{what} the user {user_id}")).await;
    let id = percent_encoding::utf8_percent_encode(&user_id, percent_encoding::NON_ALPHANUMERIC);
    Ok(Redirect::to(&format!("/dashboard/users/{id}")).into_response())
}

async fn set_blocked(shared: &Shared, user_id: &str, blocked: bool) -> Result<(), Failure> {
    shared.store.change_user(user_id, 0, &|user: &mut User| user.blocked = blocked).await?;
    Ok(())
}

/// Ends the user's sessions and revokes their refresh tokens.
async fn end(shared: &Shared, user_id: &str, reason: LogoutInitiator) -> Result<(), Failure> {
    backchannel::end_all(shared, user_id, reason).await?;
    shared.store.revoke_refresh_tokens(user_id, shared.clock.now()).await?;
    Ok(())
}
