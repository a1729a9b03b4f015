//! An authentication method on the wire.

use serde_json::{Map, Value, json};

use crate::{
    log::rfc3339,
    model::{Authenticator, Credential, mask},
};

/// How much is said of a method.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Telling {
    /// As it is read: masked, with its state.
    Read,
    /// To whoever made or changed it: masked, without its state.
    Made,
    /// To whoever replaced them all: as it was sent.
    Replaced,
}

/// The method; what is not set is left out, and no secret is told.
pub(super) fn method(authenticator: &Authenticator, telling: Telling) -> Value {
    let mut shape = Map::from_iter([
        ("id".to_owned(), json!(authenticator.id)),
        ("type".to_owned(), json!(authenticator.credential.prefix())),
        ("created_at".to_owned(), json!(rfc3339(authenticator.created_at))),
    ]);
    let device = match &authenticator.credential {
        Credential::Push { device: Some(device), .. } => Some(&device.name),
        _ => None,
    };
    if let Some(name) = authenticator.name.as_ref().or(device) {
        shape.insert("name".to_owned(), json!(name));
    }
    let hidden = |text: &str, mask: fn(&str) -> String| {
        if telling == Telling::Replaced { text.to_owned() } else { mask(text) }
    };
    match &authenticator.credential {
        Credential::Email { address } => {
            shape.insert("email".to_owned(), json!(hidden(address, mask::email)));
        }
        Credential::Phone { number, reach } => {
            shape.insert("phone_number".to_owned(), json!(hidden(number, mask::phone)));
            shape.insert("preferred_authentication_method".to_owned(), json!(reach.preferred.as_str()));
            let device = authenticator.device_id();
            let channels: Vec<Value> = reach
                .channels()
                .map(|channel| {
                    let word = channel.as_str();
                    json!({ "id": format!("{word}|{device}"), "type": word })
                })
                .collect();
            shape.insert("authentication_methods".to_owned(), json!(channels));
        }
        Credential::Push { .. } | Credential::RecoveryCode { .. } | Credential::Totp { .. } => {}
    }
    if let Some(twin) = authenticator.credential.twin() {
        shape.insert("link_id".to_owned(), json!(twin));
    }
    if telling == Telling::Read {
        shape.insert("confirmed".to_owned(), json!(authenticator.active()));
        for (name, time) in
            [("enrolled_at", authenticator.confirmed_at), ("last_auth_at", authenticator.last_used_at)]
        {
            if let Some(time) = time {
                shape.insert(name.to_owned(), json!(rfc3339(time)));
            }
        }
    }
    Value::Object(shape)
}

#[cfg(test)]
mod tests {
    use stepup_protocol::time::UnixTime;

    use super::*;
    use crate::model::{Digest, PushDevice};

    #[test]
    fn a_phone_is_called_what_it_calls_itself_unless_it_was_named() {
        let device = PushDevice {
            identifier: "device".to_owned(),
            name: "Ada's phone".to_owned(),
            push: None,
            public_key: json!({}),
            token: Digest::of("token"),
        };
        let mut phone = Authenticator {
            id: "push|dev_1".to_owned(),
            user_id: "auth0|ada".to_owned(),
            credential: Credential::Push { device: Some(Box::new(device)), totp: String::new() },
            name: None,
            created_at: UnixTime::from_seconds(0),
            confirmed_at: None,
            last_used_at: None,
        };
        assert_eq!(method(&phone, Telling::Read)["name"], "Ada's phone");
        phone.name = Some("Work".to_owned());
        assert_eq!(method(&phone, Telling::Read)["name"], "Work");
    }
}
