//! `POST users`, `PATCH users/{id}`, `DELETE users/{id}`.

use axum::extract::State;
use secrecy::SecretString;
use serde_json::{Map, Value};
use stepup_protocol::time::UnixTime;

use super::{existing, inexistent, is_email, is_phone, list::describe, sessions};
use crate::{
    actions::merge,
    config::LogoutInitiator,
    dbconnections::mail,
    management::{
        Answer, Answered,
        bearer::Bearer,
        error::{Failure, TenantFault},
        request::{Ids, Payload},
        schema::{Kind, Member, NAME, Schema, TEXT, optional, required},
    },
    model::User,
    passwords::{choose::choose, person::Person},
    state::{Shared, State as Tenant},
    store::StoreError,
};

const EMAIL: Kind = Kind::Format("email", is_email);
const PHONE: Kind = Kind::Format("phone", is_phone);
const PASSWORD: Kind = Kind::Text(1, 256);

const CREATE: Schema = Schema(&[
    required("connection", NAME),
    optional("email", EMAIL),
    optional("phone_number", PHONE),
    optional("user_metadata", Kind::Object),
    optional("blocked", Kind::Boolean),
    optional("email_verified", Kind::Boolean),
    optional("phone_verified", Kind::Boolean),
    optional("app_metadata", Kind::Object),
    optional("given_name", Kind::Text(1, 150)),
    optional("family_name", Kind::Text(1, 150)),
    optional("name", Kind::Text(1, 300)),
    optional("nickname", Kind::Text(1, 300)),
    optional("picture", TEXT),
    optional("user_id", NAME),
    optional("password", PASSWORD),
    optional("verify_email", Kind::Boolean),
    optional("username", Kind::Text(1, 128)),
]);

const UPDATE: Schema = Schema(&[
    optional("blocked", Kind::Boolean),
    optional("email_verified", Kind::Boolean),
    nullable("email", &EMAIL),
    nullable("phone_number", &PHONE),
    optional("phone_verified", Kind::Boolean),
    optional("user_metadata", Kind::Object),
    optional("app_metadata", Kind::Object),
    nullable("given_name", &Kind::Text(1, 150)),
    nullable("family_name", &Kind::Text(1, 150)),
    nullable("name", &Kind::Text(1, 300)),
    nullable("nickname", &Kind::Text(1, 300)),
    nullable("picture", &TEXT),
    optional("verify_email", Kind::Boolean),
    optional("verify_phone_number", Kind::Boolean),
    nullable("password", &PASSWORD),
    optional("connection", NAME),
    optional("client_id", NAME),
    nullable("username", &Kind::Text(1, 128)),
]);

const fn nullable(name: &'static str, kind: &'static Kind) -> Member {
    optional(name, Kind::Nullable(kind))
}

/// Makes a user in a database connection.
pub(super) async fn create(State(shared): State<Shared>, bearer: Bearer, payload: Payload) -> Answered {
    bearer.any(&["create:users"])?;
    let body = payload.object(&CREATE)?;
    let connection = text(&body, "connection").unwrap_or_default();
    let connection = shared
        .config
        .connection(connection)
        .ok_or_else(|| Failure::bad_request("The connection does not exist.", "inexistent_connection"))?;
    for name in ["email", "password"] {
        if text(&body, name).is_none() {
            return Err(Failure::Payload(format!("'Missing required property: {name}'")));
        }
    }
    let password = text(&body, "password").unwrap_or_default();
    let mut user = new_user(&shared, &body);
    connection.passwords.check(password, &Person::from(&user))?;
    user.password_hash = Some(shared.passwords.hash(password.into()).await?);
    match shared.store.insert_user(&user).await {
        Ok(()) => {}
        Err(StoreError::Conflict { .. }) => {
            return Err(Failure::conflict("The user already exists.", "auth0_idp_error"));
        }
        Err(error) => return Err(error.into()),
    }
    prove_address(&shared, &user, &body).await?;
    Ok(Answer::created(describe(&shared, &user).await?))
}

/// Mails a link that proves the address, where that is asked for and still open.
async fn prove_address(shared: &Shared, user: &User, body: &Map<String, Value>) -> Result<(), Failure> {
    if body.get("verify_email") == Some(&Value::Bool(true)) && !user.email_verified {
        mail::verification(shared, user).await.map_err(|failure| TenantFault::Login(Box::new(failure)))?;
    }
    Ok(())
}

/// Has no password yet.
fn new_user(tenant: &Tenant, body: &Map<String, Value>) -> User {
    let owned = |name| text(body, name).map(str::to_owned);
    let truth = |name| body.get(name).and_then(Value::as_bool).unwrap_or(false);
    let members = |name| body.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
    let email = text(body, "email").map(str::to_lowercase);
    let address = email.clone().unwrap_or_default();
    let id = owned("user_id").unwrap_or_else(|| stepup_seal::base62(&*tenant.random, 24));
    let now = tenant.clock.now();
    User {
        user_id: if id.starts_with("auth0|") { id } else { format!("auth0|{id}") },
        connection: owned("connection").unwrap_or_default(),
        name: owned("name").unwrap_or_else(|| address.clone()),
        nickname: owned("nickname")
            .unwrap_or_else(|| address.split('@').next().unwrap_or_default().to_owned()),
        email,
        email_verified: truth("email_verified"),
        username: owned("username"),
        phone_number: owned("phone_number"),
        phone_verified: truth("phone_verified"),
        given_name: owned("given_name"),
        family_name: owned("family_name"),
        picture: owned("picture"),
        password_hash: None,
        user_metadata: members("user_metadata"),
        app_metadata: members("app_metadata"),
        blocked: truth("blocked"),
        logins_count: 0,
        last_login: None,
        last_password_reset: None,
        created_at: now,
        updated_at: now,
    }
}

/// Changes a user. Metadata is merged, member by member at its first level; whatever else is sent replaces.
pub(super) async fn update(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(user_id): Ids<String>,
    payload: Payload,
) -> Answered {
    bearer.any(&["update:users", "update:users_app_metadata"])?;
    let body = payload.object(&UPDATE)?;
    if body.is_empty() {
        return Err(Failure::Payload("'Too few properties defined (0), minimum 1'".to_owned()));
    }
    for name in ["email", "username"] {
        if body.contains_key(name) && body.contains_key("password") {
            let message = format!("Cannot update {name} and password simultaneously");
            return Err(Failure::bad_request(message, "invalid_body"));
        }
    }
    let before = existing(&shared, &user_id).await?;
    let after = as_named_then(&before, &body);
    if after.email.is_none() && after.username.is_none() && after.phone_number.is_none() {
        let message = "A user needs one of email, username and phone_number";
        return Err(Failure::bad_request(message, "invalid_body"));
    }
    let chosen = match text(&body, "password") {
        Some(password) => Some(choose(&shared, &after, password).await?),
        None => None,
    };
    let (hash, remembered) = chosen.as_ref().map_or((None, 0), |it| (Some(&it.hash), it.remembered));
    let now = shared.clock.now();
    let change = |user: &mut User| apply(user, &body, hash, now);
    let user = match shared.store.change_user(&user_id, remembered, &change).await {
        Ok(user) => user.ok_or_else(inexistent)?,
        Err(StoreError::Conflict { .. }) => {
            let which = if body.contains_key("username") { "username" } else { "email" };
            let message = format!("The specified new {which} already exists");
            return Err(Failure::bad_request(message, "auth0_idp_error"));
        }
        Err(error) => return Err(error.into()),
    };
    let reason = match () {
        () if user.blocked => Some(LogoutInitiator::AccountDeactivated),
        () if hash.is_some() => Some(LogoutInitiator::PasswordChanged),
        () if user.email != before.email => Some(LogoutInitiator::EmailIdentifierChanged),
        () => None,
    };
    if let Some(reason) = reason {
        sessions::end_of_user(&shared, &user_id, reason).await?;
    }
    if user.blocked {
        shared.store.revoke_refresh_tokens(&user_id, now).await?;
    }
    prove_address(&shared, &user, &body).await?;
    Ok(Answer::ok(describe(&shared, &user).await?))
}

/// The user with the names of this very call: with them goes the new password.
fn as_named_then(user: &User, body: &Map<String, Value>) -> User {
    let mut named = user.clone();
    apply(&mut named, body, None, user.updated_at);
    named
}

fn apply(user: &mut User, body: &Map<String, Value>, hash: Option<&SecretString>, now: UnixTime) {
    let owned = |value: &Value| value.as_str().map(str::to_owned);
    for (name, value) in body {
        match name.as_str() {
            "app_metadata" => merge_into(&mut user.app_metadata, value),
            "blocked" => user.blocked = value == true,
            "email" => {
                user.email = value.as_str().map(str::to_lowercase);
                // A new address is nobody's yet.
                user.email_verified = body.get("email_verified").is_some_and(|it| it == true);
            }
            "email_verified" => user.email_verified = value == true,
            "family_name" => user.family_name = owned(value),
            "given_name" => user.given_name = owned(value),
            "name" => user.name = owned(value).or_else(|| user.email.clone()).unwrap_or_default(),
            "nickname" => user.nickname = owned(value).unwrap_or_default(),
            "phone_number" => user.phone_number = owned(value),
            "phone_verified" => user.phone_verified = value == true,
            "picture" => user.picture = owned(value),
            "user_metadata" => merge_into(&mut user.user_metadata, value),
            "username" => user.username = owned(value),
            _ => {}
        }
    }
    if let Some(hash) = hash {
        user.password_hash = Some(hash.clone());
        user.last_password_reset = Some(now);
    }
    user.updated_at = now;
}

fn merge_into(metadata: &mut Map<String, Value>, changes: &Value) {
    if let Value::Object(changes) = changes {
        // `{}` empties the metadata.
        if changes.is_empty() {
            metadata.clear();
        }
        merge(metadata, changes);
    }
}

/// Removes a user with everything that is theirs.
pub(super) async fn delete(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(user_id): Ids<String>,
) -> Answered {
    bearer.any(&["delete:users"])?;
    sessions::end_of_user(&shared, &user_id, LogoutInitiator::AccountDeleted).await?;
    shared.store.delete_user(&user_id).await?;
    Ok(Answer::gone())
}

fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    body.get(name).and_then(Value::as_str)
}
