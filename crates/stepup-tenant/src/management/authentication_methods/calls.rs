//! The calls, one function each.

use axum::extract::State;
use serde_json::{Map, Value};

use super::{
    body::{self, CREATE, REPLACE, UPDATE},
    shape::{Telling, method},
};
use crate::{
    factors,
    management::{
        Answer, Answered,
        bearer::Bearer,
        error::Failure,
        page::Page,
        request::{Ids, Payload, Query},
        users::existing,
    },
    model::{Authenticator, Credential, LogEvent, PhoneChannel, PhoneReach, User},
    state::Shared,
};

const READ: &[&str] = &["read:authentication_methods"];
const CREATING: &[&str] = &["create:authentication_methods"];
const UPDATING: &[&str] = &["update:authentication_methods"];
const DELETING: &[&str] = &["delete:authentication_methods"];

/// Lists a user's methods, the automatic e-mail included.
pub(super) async fn list(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(user_id): Ids<String>,
    query: Query,
) -> Answered {
    bearer.any(READ)?;
    query.only(&Page::PARAMETERS)?;
    let page = Page::of(&query, 50)?;
    let user = existing(&shared, &user_id).await?;
    let methods = held(&shared, &user).await?;
    let shown = methods.iter().map(|it| method(it, Telling::Read)).collect();
    let mut answer = page.answer_from("authenticators", shown);
    if let (Value::Object(members), true) = (&mut answer, methods.is_empty()) {
        members.remove("total");
    }
    Ok(Answer::ok(answer))
}

/// One method.
pub(super) async fn one(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids((user_id, id)): Ids<(String, String)>,
) -> Answered {
    bearer.any(READ)?;
    let user = existing(&shared, &user_id).await?;
    Ok(Answer::ok(method(&find(&shared, &user, &id).await?, Telling::Read)))
}

/// Makes a method, confirmed at once.
pub(super) async fn create(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(user_id): Ids<String>,
    payload: Payload,
) -> Answered {
    bearer.any(CREATING)?;
    let body = payload.object(&CREATE)?;
    let user = existing(&shared, &user_id).await?;
    let authenticator = body::authenticator(&shared, &user.user_id, &body)?;
    shared.store.insert_authenticator(&authenticator).await?;
    note(&shared, &user, "gd_enrollment_complete", &authenticator.id).await;
    Ok(Answer::created(method(&authenticator, Telling::Made)))
}

/// Puts these methods in the place of all that the user has.
pub(super) async fn replace(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(user_id): Ids<String>,
    payload: Payload,
) -> Answered {
    bearer.any(UPDATING)?;
    let Value::Array(methods) = payload.value(&REPLACE)? else { return Ok(Answer::ok(Value::Null)) };
    let user = existing(&shared, &user_id).await?;
    if methods.len() > MOST {
        return Err(Failure::Payload(format!("'Array is too long ({}), maximum {MOST}'", methods.len())));
    }
    let made: Vec<Authenticator> = methods
        .iter()
        .filter_map(Value::as_object)
        .map(|sent| body::authenticator(&shared, &user.user_id, sent))
        .collect::<Result<_, _>>()?;
    shared.store.replace_authenticators(&user.user_id, &made).await?;
    Ok(Answer::ok(made.iter().map(|it| method(it, Telling::Replaced)).collect()))
}

/// How many methods a user may be given at once.
const MOST: usize = 32;

/// Changes the name of a method, or how its phone is reached.
pub(super) async fn update(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids((user_id, id)): Ids<(String, String)>,
    payload: Payload,
) -> Answered {
    bearer.any(UPDATING)?;
    let body = payload.object(&UPDATE)?;
    let user = existing(&shared, &user_id).await?;
    let mut authenticator = enrolled(&shared, &user, &id).await?;
    change(&mut authenticator, &body)?;
    if !shared.store.update_authenticator(&authenticator).await? {
        return Err(not_found());
    }
    note(&shared, &user, "gd_update_device_account", &authenticator.id).await;
    Ok(Answer::ok(method(&authenticator, Telling::Made)))
}

fn change(authenticator: &mut Authenticator, body: &Map<String, Value>) -> Result<(), Failure> {
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    if let Some(name) = text("name") {
        authenticator.name = Some(name.to_owned());
    }
    let Some(preferred) = text("preferred_authentication_method").and_then(PhoneChannel::parse) else {
        return Ok(());
    };
    match &mut authenticator.credential {
        Credential::Phone { reach, .. } => {
            *reach = PhoneReach { preferred, both: reach.both || reach.preferred != preferred };
            Ok(())
        }
        _ => Err(Failure::Payload(
            "'Additional properties not allowed: preferred_authentication_method'".to_owned(),
        )),
    }
}

/// Removes one method.
pub(super) async fn delete(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids((user_id, id)): Ids<(String, String)>,
) -> Answered {
    bearer.any(DELETING)?;
    let user = existing(&shared, &user_id).await?;
    enrolled(&shared, &user, &id).await?;
    if !shared.store.delete_authenticator(&user.user_id, &id).await? {
        return Err(not_found());
    }
    note(&shared, &user, "gd_unenroll", &id).await;
    Ok(Answer::gone())
}

/// Removes all methods.
pub(super) async fn delete_all(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(user_id): Ids<String>,
) -> Answered {
    bearer.any(DELETING)?;
    let user = existing(&shared, &user_id).await?;
    remove_all(&shared, &user).await?;
    Ok(Answer::gone())
}

/// Removes everything that the user proves a second factor with.
pub(in crate::management) async fn remove_all(shared: &Shared, user: &User) -> Result<(), Failure> {
    let held = shared.store.authenticators(&user.user_id).await?;
    shared.store.delete_authenticators(&user.user_id).await?;
    for authenticator in held.iter().filter(|it| it.active()) {
        note(shared, user, "gd_unenroll", &authenticator.id).await;
    }
    Ok(())
}

async fn held(shared: &Shared, user: &User) -> Result<Vec<Authenticator>, Failure> {
    let mut held = shared.store.authenticators(&user.user_id).await?;
    held.extend(factors::email::automatic(&shared.config, user, &held));
    Ok(held)
}

async fn find(shared: &Shared, user: &User, id: &str) -> Result<Authenticator, Failure> {
    held(shared, user).await?.into_iter().find(|it| it.id == id).ok_or_else(not_found)
}

/// A method that can be changed.
async fn enrolled(shared: &Shared, user: &User, id: &str) -> Result<Authenticator, Failure> {
    let found = find(shared, user, id).await?;
    if factors::email::is_automatic(&user.user_id, id) {
        let message = "This method follows the user's verified e-mail address and is changed with it.";
        return Err(Failure::bad_request(message, "operation_not_supported"));
    }
    Ok(found)
}

fn not_found() -> Failure {
    Failure::not_found("The authentication method does not exist.", "authentication_method_not_found")
}

/// Logs what became of an authenticator of the user.
pub(in crate::management) async fn note(shared: &Shared, user: &User, kind: &str, id: &str) {
    let event = LogEvent {
        description: Some(format!("{id}, by the Management API")),
        user_id: Some(user.user_id.clone()),
        user_name: Some(user.email.clone().unwrap_or_else(|| user.name.clone())),
        connection: Some(user.connection.clone()),
        ..LogEvent::new(kind, shared.clock.now())
    };
    shared.log.record(event).await;
}
