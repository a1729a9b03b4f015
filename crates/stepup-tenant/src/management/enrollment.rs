//! An enrolment on the wire, as the Guardian calls and the user's list give it.

use serde_json::{Map, Value, json};

use crate::{
    log::rfc3339,
    model::{Authenticator, Credential, mask},
};

/// The enrolment that an authenticator is; none for a recovery code, and for the app that came with a push enrolment.
pub(super) fn of_user(authenticator: &Authenticator) -> Option<Value> {
    let auth_method = match &authenticator.credential {
        Credential::RecoveryCode { .. } | Credential::Totp { push: Some(_), .. } => return None,
        Credential::Email { .. } => "email",
        Credential::Phone { .. } => "sms",
        Credential::Push { .. } => "guardian",
        Credential::Totp { .. } => "authenticator",
    };
    let mut shape = base(authenticator);
    shape.insert("type".to_owned(), json!(authenticator.credential.prefix()));
    shape.insert("auth_method".to_owned(), json!(auth_method));
    Some(Value::Object(shape))
}

/// The enrolment as `guardian/enrollments/{id}` gives it.
pub(super) fn of_guardian(authenticator: &Authenticator) -> Value {
    Value::Object(base(authenticator))
}

fn base(authenticator: &Authenticator) -> Map<String, Value> {
    let status = if authenticator.active() { "confirmed" } else { "pending" };
    let mut shape = Map::from_iter([
        ("id".to_owned(), json!(authenticator.device_id())),
        ("status".to_owned(), json!(status)),
    ]);
    let mut name = authenticator.name.clone();
    match &authenticator.credential {
        Credential::Phone { number, .. } => {
            shape.insert("phone_number".to_owned(), json!(mask::phone(number)));
        }
        Credential::Push { device: Some(device), .. } => {
            shape.insert("identifier".to_owned(), json!(device.identifier));
            name = name.or_else(|| Some(device.name.clone()));
        }
        Credential::Email { address } => name = name.or_else(|| Some(mask::email(address))),
        Credential::Push { device: None, .. } | Credential::RecoveryCode { .. } | Credential::Totp { .. } => {
        }
    }
    if let Some(name) = name {
        shape.insert("name".to_owned(), json!(name));
    }
    for (name, time) in
        [("enrolled_at", authenticator.confirmed_at), ("last_auth", authenticator.last_used_at)]
    {
        if let Some(time) = time {
            shape.insert(name.to_owned(), json!(rfc3339(time)));
        }
    }
    shape
}
