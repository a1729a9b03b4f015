//! `/dashboard/security`: which factors are on, and when one is asked for.

use askama::Template;
use axum::{
    extract::{Form, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    admit::Admin,
    changed,
    frame::{Frame, Section},
    page,
};
use crate::{
    config::{self, ChangeError, Document, MfaPolicy},
    oauth::error::Failure,
    pipeline::Caller,
    state::Shared,
};

#[derive(Template)]
#[template(path = "dashboard/security.html")]
struct View<'a> {
    frame: Frame<'a>,
    factors: Vec<Factor>,
    sms: bool,
    voice: bool,
    policy: MfaPolicy,
    problem: Option<String>,
}

struct Factor {
    name: &'static str,
    title: &'static str,
    hint: &'static str,
    on: bool,
}

/// The factors that can be switched, as the configuration names them.
const FACTORS: [(&str, &str, &str); 5] = [
    ("push-notification", "Push notification", "A tap in the Guardian app, or in a virtual device."),
    ("otp", "One-time password", "Six digits of an authenticator app."),
    ("sms", "Phone message", "Six digits by SMS or voice call."),
    ("email", "Email", "Six digits by email, to a verified address."),
    ("recovery-code", "Recovery code", "Given with the first factor, for the day it is lost."),
];

/// The page.
pub(super) async fn show(State(shared): State<Shared>, admin: Admin) -> Response {
    render(&shared, &admin, None)
}

fn render(shared: &Shared, admin: &Admin, problem: Option<String>) -> Response {
    let document = shared.configuration.document();
    let is_on = |name: &str| {
        let factor = document.find(config::Section::GuardianFactors, name);
        factor.and_then(|factor| factor.get("enabled")).and_then(Value::as_bool).unwrap_or(false)
    };
    let types = document.get(config::Section::GuardianPhoneFactorMessageTypes, "message_types");
    let has = |kind: &str| types.and_then(Value::as_array).is_some_and(|types| types.contains(&json!(kind)));
    let view = View {
        frame: Frame::new(shared, Section::Security, admin),
        factors: FACTORS.map(|(name, title, hint)| Factor { name, title, hint, on: is_on(name) }).into(),
        sms: has("sms"),
        voice: has("voice"),
        policy: shared.configuration.config().policy,
        problem,
    };
    let status = if view.problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    page(status, &view)
}

/// A factor, switched on or off.
#[derive(Debug, Deserialize)]
pub(super) struct Switch {
    name: String,
    enabled: bool,
}

/// Switches it.
pub(super) async fn switch(
    State(shared): State<Shared>,
    admin: Admin,
    caller: Caller,
    Form(switch): Form<Switch>,
) -> Result<Response, Failure> {
    if !FACTORS.iter().any(|(name, ..)| *name == switch.name) {
        return Ok(render(&shared, &admin, Some("There is no such factor.".to_owned())));
    }
    let what =
        format!("{} the factor {}", if switch.enabled { "Switch on" } else { "Switch off" }, switch.name);
    change(&shared, &admin, &caller, &what, |document| {
        match document.find_mut(config::Section::GuardianFactors, &switch.name) {
            Some(factor) => factor["enabled"] = switch.enabled.into(),
            None => document
                .list_mut(config::Section::GuardianFactors)
                .push(json!({ "name": switch.name, "enabled": switch.enabled })),
        }
    })
    .await
}

/// How a phone is reached: boxes that are ticked are sent, others are not.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Phone {
    sms: Option<String>,
    voice: Option<String>,
}

/// Sets it.
pub(super) async fn phone(
    State(shared): State<Shared>,
    admin: Admin,
    caller: Caller,
    Form(phone): Form<Phone>,
) -> Result<Response, Failure> {
    let ticked = [("sms", &phone.sms), ("voice", &phone.voice)];
    let types: Vec<_> = ticked.iter().filter(|(_, tick)| tick.is_some()).map(|(name, _)| *name).collect();
    change(&shared, &admin, &caller, "Set the message types of the phone factor", |document| {
        document
            .object_mut(config::Section::GuardianPhoneFactorMessageTypes)
            .insert("message_types".to_owned(), json!(types));
    })
    .await
}

/// When a second factor is asked for.
#[derive(Debug, Deserialize)]
pub(super) struct Policy {
    policy: String,
}

/// Sets it.
pub(super) async fn policy(
    State(shared): State<Shared>,
    admin: Admin,
    caller: Caller,
    Form(Policy { policy }): Form<Policy>,
) -> Result<Response, Failure> {
    let policies = match policy.as_str() {
        "never" => json!([]),
        "adaptive" => json!(["confidence-score"]),
        "always" => json!(["all-applications"]),
        _ => return Ok(render(&shared, &admin, Some("There is no such policy.".to_owned()))),
    };
    change(&shared, &admin, &caller, &format!("Set the policy {policy}"), |document| {
        document
            .object_mut(config::Section::GuardianPolicies)
            .insert("policies".to_owned(), policies.clone());
    })
    .await
}

async fn change(
    shared: &Shared,
    admin: &Admin,
    caller: &Caller,
    what: &str,
    mut change: impl FnMut(&mut Document) + Send,
) -> Result<Response, Failure> {
    let made = shared
        .configuration
        .change(|document| {
            change(document);
            Ok::<_, ChangeError>(())
        })
        .await;
    match made {
        Ok(()) => {
            changed(shared, admin, caller, what).await;
            Ok(Redirect::to(Section::Security.path()).into_response())
        }
        Err(ChangeError::Store(error)) => Err(error.into()),
        Err(error) => Ok(render(shared, admin, Some(error.to_string()))),
    }
}
