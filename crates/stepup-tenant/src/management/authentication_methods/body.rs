//! A method as it is sent: which members it needs, and the authenticator that it becomes.

use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::{
    management::{
        error::Failure,
        schema::{Kind, Member, Schema, TEXT, optional, required},
        users::{is_email, is_phone},
    },
    model::{Authenticator, Credential, PhoneChannel, PhoneReach},
    state::State,
};

const NAMED: Kind = Kind::Text(1, 20);
const CHANNEL: Kind = Kind::OneOf(&["sms", "voice"]);

const MEMBERS: &[Member] = &[
    required("type", Kind::OneOf(&["phone", "email", "totp", "webauthn-roaming", "passkey"])),
    optional("name", NAMED),
    optional("phone_number", Kind::Format("phone", is_phone)),
    optional("email", Kind::Format("email", is_email)),
    optional("totp_secret", Kind::Format("base32", is_secret)),
    optional("preferred_authentication_method", CHANNEL),
    optional("key_id", TEXT),
    optional("public_key", TEXT),
    optional("relying_party_identifier", TEXT),
];

/// One method to make.
pub(super) const CREATE: Schema = Schema(MEMBERS);
/// All methods of a user.
pub(super) const REPLACE: Kind = Kind::List(&Kind::Record(&CREATE));
/// What may be changed.
pub(super) const UPDATE: Schema =
    Schema(&[optional("name", NAMED), optional("preferred_authentication_method", CHANNEL)]);

/// The authenticator that `method` describes: confirmed at once.
///
/// # Errors
/// It lacks what its type needs, has what belongs to another, or is of a type that cannot be made here.
pub(super) fn authenticator(
    state: &State,
    user_id: &str,
    method: &Map<String, Value>,
) -> Result<Authenticator, Failure> {
    let text = |name: &str| method.get(name).and_then(Value::as_str);
    let kind = text("type").unwrap_or_default();
    let needs = |name: &'static str| {
        let missing = || Failure::Payload(format!("'Missing required property: {name}'"));
        text(name).map(str::to_owned).ok_or_else(missing)
    };
    let belongs = match kind {
        "phone" => &["phone_number", "preferred_authentication_method"][..],
        "email" => &["email"],
        "totp" => &["totp_secret"],
        _ => {
            let message = format!("Authentication methods of the type {kind} are not supported.");
            return Err(Failure::bad_request(message, "invalid_body"));
        }
    };
    let stray = method
        .keys()
        .find(|name| !["type", "name"].contains(&name.as_str()) && !belongs.contains(&name.as_str()));
    if let Some(name) = stray {
        return Err(Failure::Payload(format!("'Additional properties not allowed: {name}'")));
    }
    let credential = match kind {
        "phone" => Credential::Phone {
            number: needs("phone_number")?,
            reach: PhoneReach::only(
                text("preferred_authentication_method")
                    .and_then(PhoneChannel::parse)
                    .unwrap_or(PhoneChannel::Sms),
            ),
        },
        "email" => Credential::Email { address: needs("email")? },
        _ => Credential::totp(SecretString::from(needs("totp_secret")?)),
    };
    let now = state.clock.now();
    Ok(Authenticator {
        id: format!("{}|dev_{}", credential.prefix(), stepup_seal::base62(&*state.random, 16)),
        user_id: user_id.to_owned(),
        credential,
        name: text("name").map(str::to_owned),
        created_at: now,
        confirmed_at: Some(now),
        last_used_at: None,
    })
}

/// Whether `text` is a shared secret: base32 without padding, of which an app can make codes.
fn is_secret(text: &str) -> bool {
    let base32 = text.bytes().all(|byte| byte.is_ascii_uppercase() || (b'2'..=b'7').contains(&byte));
    base32 && (16..=128).contains(&text.len())
}
