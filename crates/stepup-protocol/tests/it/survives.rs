//! No text makes a reader panic, and what it accepts it can write and read again.

use std::fmt::Debug;

use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use stepup_protocol::{
    error::MfaRequiredBody,
    mfa::{Authenticator, FactorType},
    scope::Scopes,
    token::TokenResponse,
};

proptest! {
    #[test]
    fn scopes(text in ".{0,200}") {
        let scopes = Scopes::from(text.as_str());
        prop_assert_eq!(Scopes::from(scopes.to_string().as_str()), scopes);
    }

    #[test]
    fn mfa_required(body in mfa_required_body()) {
        survives::<MfaRequiredBody>(body)?;
    }

    #[test]
    fn authenticators(list in prop::collection::vec(authenticator(), 0..4)) {
        survives::<Vec<Authenticator>>(list.into())?;
    }

    #[test]
    fn tokens(answer in token_response()) {
        survives::<TokenResponse>(answer)?;
    }

    #[test]
    fn nonsense(text in r#"[\[{]("[a-z_]{0,12}"|[0-9:,\[\]{} ]|null|true){0,40}[\]}]"#) {
        let _ = serde_json::from_str::<MfaRequiredBody>(&text);
        let _ = serde_json::from_str::<Vec<Authenticator>>(&text);
        let _ = serde_json::from_str::<TokenResponse>(&text);
    }

    #[test]
    fn factor_words(word in "[a-zA-Z-]{0,20}") {
        if let Some(factor) = FactorType::parse(&word) {
            prop_assert!(factor.accepts(&word));
        }
    }
}

/// It is read, and as it is written it is read as the same.
fn survives<T: DeserializeOwned + Serialize + PartialEq + Debug>(body: Value) -> Result<(), TestCaseError> {
    let read: T = serde_json::from_value(body).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let written = serde_json::to_string(&read).unwrap();
    prop_assert_eq!(&serde_json::from_str::<T>(&written).unwrap(), &read, "{}", written);
    Ok(())
}

fn mfa_required_body() -> BoxedStrategy<Value> {
    let factors = prop::collection::vec(object([("type", text())], []), 0..3).prop_map(Value::from).boxed();
    let requirements = object([], [("challenge", factors.clone()), ("enroll", factors)]);
    let optional = [("error_description", text()), ("mfa_token", text()), ("mfa_requirements", requirements)];
    object([("error", text())], optional)
}

fn authenticator() -> BoxedStrategy<Value> {
    let words = |words: &'static [&'static str]| prop::sample::select(words).prop_map(Value::from).boxed();
    let required = [
        ("id", text()),
        ("authenticator_type", words(&["oob", "otp", "recovery-code"])),
        ("active", any::<bool>().prop_map(Value::from).boxed()),
    ];
    let texts = ["name", "phone_number", "created_at", "last_authenticated_at", "type"];
    let channel = ("oob_channel", words(&["sms", "voice", "email", "auth0", "pigeon"]));
    object(required, texts.map(|name| (name, text())).into_iter().chain([channel]))
}

fn token_response() -> BoxedStrategy<Value> {
    let seconds = any::<u64>();
    let seconds = prop_oneof![seconds.prop_map(Value::from), seconds.prop_map(|it| it.to_string().into())];
    let texts = ["refresh_token", "id_token", "scope", "recovery_code", "unknown"];
    let optional = texts.map(|name| (name, text())).into_iter().chain([("expires_in", seconds.boxed())]);
    object([("access_token", text()), ("token_type", text())], optional)
}

fn text() -> BoxedStrategy<Value> {
    ".{0,16}".prop_map(Value::from).boxed()
}

/// An object with all of `required`, and some of `optional`, which may be null too.
fn object(
    required: impl IntoIterator<Item = (&'static str, BoxedStrategy<Value>)>,
    optional: impl IntoIterator<Item = (&'static str, BoxedStrategy<Value>)>,
) -> BoxedStrategy<Value> {
    let required = required.into_iter().map(|(name, value)| (Just(name), value.prop_map(Some).boxed()));
    let optional = optional.into_iter().map(|(name, value)| {
        (Just(name), prop::option::of(prop_oneof![4 => value, 1 => Just(json!(null))]).boxed())
    });
    let members: Vec<_> = required.chain(optional).collect();
    members
        .prop_map(|members| {
            members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
        })
        .boxed()
}
