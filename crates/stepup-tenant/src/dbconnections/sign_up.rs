//! `POST /dbconnections/signup`.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, header};
use serde_json::{Map, Value, json};

use super::{
    account::{self, LONGEST_PASSWORD, NewAccount},
    error::Fault,
};
use crate::{
    config::Connection,
    factors::{email::is_address, is_e164},
    oauth::params::Params,
    pipeline::{Caller, header_text},
    state::Shared,
};

/// Characters of a name, and of a value of the metadata.
const LONGEST_TEXT: usize = 500;
/// Members of the metadata.
const MOST_METADATA: usize = 10;
/// Characters of a user name.
const LONGEST_USERNAME: usize = 128;

/// Signs somebody up. Whether an address has an account already is not told.
pub(super) async fn handle(
    State(shared): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Fault> {
    let params = Params::from_body(header_text(&headers, header::CONTENT_TYPE), &body);
    let params = params.map_err(Fault::Malformed)?;
    let connection = connection(&shared, &params)?;
    if !connection.signup {
        return Err(Fault::SignUpDisabled);
    }
    let account = read(&params)?;
    let user = account::sign_up(&shared, &caller, params.text("client_id"), connection, account).await?;
    let id = user.user_id.split_once('|').map_or(user.user_id.as_str(), |(_, id)| id);
    let mut answer = json!({ "_id": id, "email_verified": false });
    if let Some(members) = answer.as_object_mut() {
        let given = [
            ("email", &user.email),
            ("username", &user.username),
            ("phone_number", &user.phone_number),
            ("given_name", &user.given_name),
            ("family_name", &user.family_name),
            ("picture", &user.picture),
        ];
        for (name, value) in given {
            if let Some(value) = value {
                members.insert(name.to_owned(), json!(value));
            }
        }
        for name in ["name", "nickname"] {
            if let Some(value) = params.text(name) {
                members.insert(name.to_owned(), json!(value));
            }
        }
        if user.phone_number.is_some() {
            members.insert("phone_verified".to_owned(), json!(false));
        }
        if !user.user_metadata.is_empty() {
            members.insert("user_metadata".to_owned(), Value::Object(user.user_metadata));
        }
    }
    Ok(([(header::CONTENT_TYPE, "application/json; charset=utf-8")], answer.to_string()).into_response())
}

/// The connection that the call is about: one that the client may use.
pub(super) fn connection<'a>(shared: &'a Shared, params: &Params) -> Result<&'a Connection, Fault> {
    let client_id = match params.text("client_id") {
        Some(id) => {
            Some(shared.config.client(id).ok_or_else(|| Fault::Field("invalid client_id".to_owned()))?)
        }
        None => None,
    };
    let name = required(params, "connection")?;
    let found = shared.config.connection(name).ok_or(Fault::Connection)?;
    match client_id {
        Some(client) if !found.enabled_for(&client.client_id) => Err(Fault::Connection),
        _ => Ok(found),
    }
}

/// A text that has to be there.
pub(super) fn required<'a>(params: &'a Params, name: &str) -> Result<&'a str, Fault> {
    params.text(name).ok_or_else(|| Fault::Field(format!("missing {name} parameter")))
}

fn read(params: &Params) -> Result<NewAccount, Fault> {
    let password = required(params, "password")?;
    if password.len() > LONGEST_PASSWORD {
        return Err(Fault::Field(format!("password is longer than {LONGEST_PASSWORD} bytes")));
    }
    let email = text(params, "email")?;
    if email.as_deref().is_some_and(|email| !is_address(email)) {
        return Err(Fault::Field("email is not a valid email address".to_owned()));
    }
    let username = text(params, "username")?;
    let is_name = |name: &str| {
        name.chars().count() <= LONGEST_USERNAME
            && name.chars().all(|it| it.is_ascii_alphanumeric() || "_+-.!#$'^`~@".contains(it))
            && !is_address(name)
    };
    if username.as_deref().is_some_and(|name| !is_name(name)) {
        return Err(Fault::Field("username has characters that it may not have".to_owned()));
    }
    let phone_number = text(params, "phone_number")?;
    if phone_number.as_deref().is_some_and(|number| !is_e164(number)) {
        return Err(Fault::Field("phone_number is not a valid phone number".to_owned()));
    }
    if email.is_none() && username.is_none() {
        return Err(Fault::Field("missing email parameter".to_owned()));
    }
    Ok(NewAccount {
        email,
        username,
        phone_number,
        password: password.into(),
        name: text(params, "name")?,
        nickname: text(params, "nickname")?,
        given_name: text(params, "given_name")?,
        family_name: text(params, "family_name")?,
        picture: text(params, "picture")?,
        user_metadata: metadata(params)?,
    })
}

/// A text that may be there: nothing else, and not too long.
fn text(params: &Params, name: &str) -> Result<Option<String>, Fault> {
    match params.text(name) {
        Some(text) if text.chars().count() <= LONGEST_TEXT => Ok(Some(text.to_owned())),
        Some(_) => Err(Fault::Field(format!("{name} is longer than {LONGEST_TEXT} characters"))),
        None if params.value(name).is_some() => Err(Fault::Field(format!("{name} must be a string"))),
        None => Ok(None),
    }
}

fn metadata(params: &Params) -> Result<Map<String, Value>, Fault> {
    let wrong = || {
        let most = format!("at most {MOST_METADATA} strings of {LONGEST_TEXT} characters");
        Fault::Field(format!("user_metadata must be an object of {most}"))
    };
    match params.value("user_metadata") {
        None => Ok(Map::new()),
        Some(Value::Object(members)) if members.len() <= MOST_METADATA => {
            let fits =
                |value: &Value| value.as_str().is_some_and(|text| text.chars().count() <= LONGEST_TEXT);
            let all_fit = members.iter().all(|(name, value)| name.len() <= LONGEST_TEXT && fits(value));
            if all_fit { Ok(members.clone()) } else { Err(wrong()) }
        }
        Some(_) => Err(wrong()),
    }
}
