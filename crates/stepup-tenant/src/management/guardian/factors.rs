//! Factors, policies, and how phones are reached.

use axum::{
    Router,
    extract::State,
    routing::{get, put},
};
use serde_json::{Map, Value, json};

use super::{READ, UPDATE};
use crate::{
    config::{Document, Section},
    factors::oob::says_code,
    management::{
        Answer, Answered,
        bearer::Bearer,
        error::Failure,
        request::{Ids, Payload},
        schema::{Kind, Schema, required},
    },
    oauth::audit::Audit,
    pipeline::Caller,
    state::Shared,
};

pub(super) fn routes() -> Router<Shared> {
    let message_types = get(read_message_types).put(write_message_types);
    let provider = get(read_provider).put(write_provider);
    let templates = get(read_templates).put(write_templates);
    Router::new()
        .route("/guardian/policies", get(policies).put(write_policies))
        .route("/guardian/factors", get(factors))
        .route("/guardian/factors/{name}", put(switch))
        .route("/guardian/factors/phone/message-types", message_types)
        .route("/guardian/factors/phone/selected-provider", provider.clone())
        .route("/guardian/factors/sms/selected-provider", provider)
        .route("/guardian/factors/phone/templates", templates.clone())
        .route("/guardian/factors/sms/templates", templates)
}

async fn policies(State(shared): State<Shared>, bearer: Bearer) -> Answered {
    bearer.any(&["read:mfa_policies"])?;
    let document = shared.configuration.document();
    Ok(Answer::ok(document.get(Section::GuardianPolicies, "policies").cloned().unwrap_or_else(|| json!([]))))
}

const POLICIES: Kind = Kind::List(&Kind::OneOf(&["all-applications", "confidence-score"]));

async fn write_policies(State(shared): State<Shared>, bearer: Bearer, payload: Payload) -> Answered {
    bearer.any(&["update:mfa_policies"])?;
    let policies = payload.value(&POLICIES)?;
    if policies.as_array().is_some_and(|policies| policies.len() > 1) {
        return Err(Failure::Payload("'Array is too long (2), maximum 1'".to_owned()));
    }
    set(&shared, Section::GuardianPolicies, "policies", policies.clone()).await?;
    Ok(Answer::ok(policies))
}

async fn factors(State(shared): State<Shared>, bearer: Bearer) -> Answered {
    bearer.any(READ)?;
    let document = shared.configuration.document();
    let factors = FACTORS
        .iter()
        .map(|name| json!({ "name": name, "enabled": enabled(&document, name), "trial_expired": false }));
    Ok(Answer::ok(factors.collect()))
}

const SWITCH: Schema = Schema(&[required("enabled", Kind::Boolean)]);

async fn switch(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(name): Ids<String>,
    payload: Payload,
) -> Answered {
    bearer.any(UPDATE)?;
    if !FACTORS.contains(&name.as_str()) {
        return Err(Failure::Uri(format!("'No enum match for: {name}' on property name")));
    }
    let on = payload.object(&SWITCH)?.get("enabled") == Some(&Value::Bool(true));
    shared
        .configuration
        .change(|document| {
            match document.find_mut(Section::GuardianFactors, &name) {
                Some(factor) => factor["enabled"] = Value::Bool(on),
                None => {
                    document.list_mut(Section::GuardianFactors).push(json!({ "name": name, "enabled": on }));
                }
            }
            // A phone that is reached in no way is none: text messages are what it begins with.
            let types = document.object_mut(Section::GuardianPhoneFactorMessageTypes).entry("message_types");
            let types = types.or_insert_with(|| json!([]));
            if on && name == "sms" && types.as_array().is_some_and(Vec::is_empty) {
                *types = json!(["sms"]);
            }
            Ok::<_, Failure>(())
        })
        .await?;
    Ok(Answer::ok(json!({ "enabled": on })))
}

async fn read_message_types(State(shared): State<Shared>, bearer: Bearer) -> Answered {
    bearer.any(READ)?;
    let document = shared.configuration.document();
    let types = document.get(Section::GuardianPhoneFactorMessageTypes, "message_types");
    Ok(Answer::ok(json!({ "message_types": types.cloned().unwrap_or_else(|| json!([])) })))
}

const MESSAGE_TYPES: Schema =
    Schema(&[required("message_types", Kind::List(&Kind::OneOf(&["sms", "voice"])))]);

async fn write_message_types(State(shared): State<Shared>, bearer: Bearer, payload: Payload) -> Answered {
    bearer.any(UPDATE)?;
    let body = payload.object(&MESSAGE_TYPES)?;
    replace(&shared, Section::GuardianPhoneFactorMessageTypes, body).await
}

async fn read_provider(State(shared): State<Shared>, bearer: Bearer) -> Answered {
    bearer.any(READ)?;
    let document = shared.configuration.document();
    let provider = document.get(Section::GuardianPhoneFactorSelectedProvider, "provider");
    Ok(Answer::ok(json!({ "provider": provider.cloned().unwrap_or_else(|| json!("auth0")) })))
}

const PROVIDER: Schema =
    Schema(&[required("provider", Kind::OneOf(&["auth0", "twilio", "phone-message-hook"]))]);

async fn write_provider(State(shared): State<Shared>, bearer: Bearer, payload: Payload) -> Answered {
    bearer.any(UPDATE)?;
    let body = payload.object(&PROVIDER)?;
    replace(&shared, Section::GuardianPhoneFactorSelectedProvider, body).await
}

async fn read_templates(State(shared): State<Shared>, bearer: Bearer) -> Answered {
    bearer.any(READ)?;
    let document = shared.configuration.document();
    let texts = document.find(Section::GuardianFactorTemplates, "sms");
    let text = |name: &str| texts.and_then(|texts| texts.get(name)).cloned().unwrap_or_default();
    Ok(Answer::ok(json!({
        "enrollment_message": text("enrollment_message"),
        "verification_message": text("verification_message"),
    })))
}

const TEMPLATES: Schema = Schema(&[
    required("enrollment_message", Kind::Text(1, 1000)),
    required("verification_message", Kind::Text(1, 1000)),
]);

/// Texts without the code are taken, as anything that was sent; what users would then get is worth a warning.
async fn write_templates(
    State(shared): State<Shared>,
    bearer: Bearer,
    caller: Caller,
    payload: Payload,
) -> Answered {
    bearer.any(UPDATE)?;
    let body = payload.object(&TEMPLATES)?;
    shared
        .configuration
        .change(|document| {
            let mut entity = body.clone();
            entity.insert("name".to_owned(), json!("sms"));
            document.remove(Section::GuardianFactorTemplates, "sms");
            document.list_mut(Section::GuardianFactorTemplates).push(Value::Object(entity));
            Ok::<_, Failure>(())
        })
        .await?;
    for (name, text) in &body {
        if !text.as_str().is_some_and(says_code) {
            let said = format!("{name} of text messages does not say the code: it lacks {{{{code}}}}");
            Audit::alone(&shared, &caller).describe(said).write("w").await;
        }
    }
    Ok(Answer::ok(Value::Object(body)))
}

/// Writes members of an object of the configuration, and answers with them.
async fn replace(shared: &Shared, section: Section, members: Map<String, Value>) -> Answered {
    for (name, value) in &members {
        set(shared, section, name, value.clone()).await?;
    }
    Ok(Answer::ok(Value::Object(members)))
}

async fn set(shared: &Shared, section: Section, name: &str, value: Value) -> Result<(), Failure> {
    shared
        .configuration
        .change(|document| {
            document.object_mut(section).insert(name.to_owned(), value.clone());
            Ok::<_, Failure>(())
        })
        .await
}

fn enabled(document: &Document, name: &str) -> bool {
    document.find(Section::GuardianFactors, name).is_some_and(|factor| factor["enabled"] == true)
}

/// Every factor, in the order in which they are listed.
const FACTORS: [&str; 8] = [
    "sms",
    "push-notification",
    "otp",
    "email",
    "duo",
    "webauthn-roaming",
    "webauthn-platform",
    "recovery-code",
];
