//! `GET users`, `GET users-by-email`, `GET users/{id}`.

use axum::extract::State;
use serde_json::Value;
use stepup_protocol::mfa::FactorType;

use super::{existing, shape};
use crate::{
    management::{
        Answer, Answered,
        bearer::Bearer,
        error::Failure,
        fields::Fields,
        logs::order,
        lucene,
        page::Page,
        request::{Ids, Query},
    },
    model::User,
    state::{Shared, State as Tenant},
    store::{Filter, Found, Search},
};

const READ: &[&str] = &["read:users", "read:user_idp_tokens"];

/// Searches for users, or lists them.
pub(super) async fn search(State(shared): State<Shared>, bearer: Bearer, query: Query) -> Answered {
    bearer.any(READ)?;
    query.only(&[
        "page",
        "per_page",
        "include_totals",
        "sort",
        "connection",
        "fields",
        "include_fields",
        "q",
        "search_engine",
        "primary_order",
    ])?;
    query.word("search_engine", &["v1", "v2", "v3"])?;
    query.truth("primary_order")?;
    let fields = Fields::of(&query)?;
    let page = Page::of(&query, 50)?;
    let mut filter = query.text("q")?.map_or(Ok(Filter::everything()), lucene::parse)?;
    if let Some(connection) = query.text("connection")? {
        filter = filter.and(Filter::equals("identities.connection", connection));
    }
    let search = Search {
        filter,
        order: order(query.text("sort")?)?,
        offset: page.offset(),
        limit: page.size(),
        count: page.totals(),
    };
    let Found { entries, total } = shared.store.find_users(&search).await?;
    let users = on_the_wire(&shared, &entries, &fields).await?;
    Ok(Answer::ok(page.answer("users", users, total)))
}

/// The users with an e-mail address, in whatever connection.
pub(super) async fn by_email(State(shared): State<Shared>, bearer: Bearer, query: Query) -> Answered {
    bearer.any(&["read:users"])?;
    query.only(&["email", "fields", "include_fields"])?;
    let fields = Fields::of(&query)?;
    let email = query
        .text("email")?
        .ok_or_else(|| Failure::Query("'Missing required property: email'".to_owned()))?;
    let search = Search {
        filter: Filter::equals("email", email),
        order: Vec::new(),
        offset: 0,
        limit: 100,
        count: false,
    };
    let found = shared.store.find_users(&search).await?;
    Ok(Answer::ok(Value::Array(on_the_wire(&shared, &found.entries, &fields).await?)))
}

/// One user.
pub(super) async fn one(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(user_id): Ids<String>,
    query: Query,
) -> Answered {
    bearer.any(READ)?;
    query.only(&Fields::PARAMETERS)?;
    let fields = Fields::of(&query)?;
    let user = existing(&shared, &user_id).await?;
    Ok(Answer::ok(fields.pick(describe(&shared, &user).await?)))
}

/// The user on the wire, with whether they have a second factor.
pub(super) async fn describe(tenant: &Tenant, user: &User) -> Result<Value, Failure> {
    let authenticators = tenant.store.authenticators(&user.user_id).await?;
    let multifactor =
        authenticators.iter().any(|it| it.active() && it.credential.factor() != FactorType::RecoveryCode);
    Ok(shape::user(user, multifactor))
}

async fn on_the_wire(tenant: &Tenant, users: &[User], fields: &Fields) -> Result<Vec<Value>, Failure> {
    let mut entries = Vec::with_capacity(users.len());
    for user in users {
        entries.push(fields.pick(describe(tenant, user).await?));
    }
    Ok(entries)
}
