//! Settings that are one object each: the tenant's own, the push prompt's, adaptive MFA's.

use axum::{Router, extract::State, routing::get};
use serde_json::{Map, Value, json};

use super::{
    Answer, Answered,
    bearer::Bearer,
    error::Failure,
    fields::Fields,
    request::{Payload, Query},
    schema::{Kind, Schema, TEXT, TEXTS, optional, required},
};
use crate::{
    config::{Document, Section},
    state::Shared,
};

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/tenants/settings", get(tenant).patch(update_tenant))
        .route("/prompts/mfa-push", get(push_prompt).patch(update_push_prompt))
        .route("/risk-assessments/settings", get(risk).patch(update_risk))
        .route("/risk-assessments/settings/new-device", get(new_device).patch(update_new_device))
}

const OBJECT: Kind = Kind::Nullable(&Kind::Object);
const FLAG: Kind = Kind::Nullable(&Kind::Boolean);

const TENANT: Schema = Schema(&[
    optional("friendly_name", Kind::Text(0, 255)),
    optional("picture_url", TEXT),
    optional("support_email", TEXT),
    optional("support_url", TEXT),
    optional("default_audience", TEXT),
    optional("default_directory", TEXT),
    optional("default_redirection_uri", TEXT),
    optional("allowed_logout_urls", TEXTS),
    optional("session_lifetime", Kind::Number),
    optional("session_lifetime_in_minutes", Kind::Number),
    optional("idle_session_lifetime", Kind::Number),
    optional("idle_session_lifetime_in_minutes", Kind::Number),
    optional("ephemeral_session_lifetime", Kind::Number),
    optional("idle_ephemeral_session_lifetime", Kind::Number),
    optional("ephemeral_session_lifetime_in_minutes", Kind::Number),
    optional("idle_ephemeral_session_lifetime_in_minutes", Kind::Number),
    optional("sandbox_version", TEXT),
    optional("legacy_sandbox_version", TEXT),
    optional("enabled_locales", TEXTS),
    optional("flags", Kind::Object),
    optional("change_password", OBJECT),
    optional("device_flow", OBJECT),
    optional("guardian_mfa_page", OBJECT),
    optional("error_page", OBJECT),
    optional("default_token_quota", OBJECT),
    optional("security_headers", OBJECT),
    optional("session_cookie", OBJECT),
    optional("sessions", OBJECT),
    optional("oidc_logout", OBJECT),
    optional("customize_mfa_in_postlogin_action", FLAG),
    optional("allow_organization_name_in_authentication_api", FLAG),
    optional("acr_values_supported", Kind::Nullable(&TEXTS)),
    optional("mtls", OBJECT),
    optional("pushed_authorization_requests_supported", FLAG),
    optional("authorization_response_iss_parameter_supported", FLAG),
    optional("skip_non_verifiable_callback_uri_confirmation_prompt", FLAG),
    optional("resource_parameter_profile", TEXT),
    optional("client_id_metadata_document_supported", FLAG),
    optional("enable_ai_guide", FLAG),
    optional("phone_consolidated_experience", FLAG),
    optional("include_session_metadata_in_tenant_logs", FLAG),
    optional("dynamic_client_registration_security_mode", TEXT),
    optional("country_codes", OBJECT),
]);

/// The member that says whether Actions may name factors; the configuration has it among our own settings.
const CUSTOMIZE: &str = "customize_mfa_in_postlogin_action";

async fn tenant(State(shared): State<Shared>, bearer: Bearer, query: Query) -> Answered {
    bearer.any(&["read:tenant_settings"])?;
    query.only(&Fields::PARAMETERS)?;
    let fields = Fields::of(&query)?;
    Ok(Answer::ok(fields.pick(tenant_shape(&shared.configuration.document()))))
}

async fn update_tenant(State(shared): State<Shared>, bearer: Bearer, payload: Payload) -> Answered {
    bearer.any(&["update:tenant_settings"])?;
    let mut body = payload.object(&TENANT)?;
    for (minutes, hours) in [
        ("session_lifetime_in_minutes", "session_lifetime"),
        ("idle_session_lifetime_in_minutes", "idle_session_lifetime"),
    ] {
        if let Some(value) = body.remove(minutes).and_then(|value| value.as_f64()) {
            body.insert(hours.to_owned(), json!(value / 60.0));
        }
    }
    let customize = body.remove(CUSTOMIZE);
    shared
        .configuration
        .change(|document| {
            merge(document, Section::Tenant, &body);
            if let Some(on) = &customize {
                document.object_mut(Section::Stepup).insert("factors_in_actions".to_owned(), on.clone());
            }
            Ok::<_, Failure>(())
        })
        .await?;
    Ok(Answer::ok(tenant_shape(&shared.configuration.document())))
}

fn tenant_shape(document: &Document) -> Value {
    let mut shape = document.members().get(Section::Tenant.name()).cloned().unwrap_or_else(|| json!({}));
    let on = document.get(Section::Stepup, "factors_in_actions").and_then(Value::as_bool).unwrap_or(true);
    shape[CUSTOMIZE] = json!(on);
    shape
}

/// Writes members of an object; of the tenant's `flags`, those that are sent.
fn merge(document: &mut Document, section: Section, members: &Map<String, Value>) {
    let held = document.object_mut(section);
    for (name, value) in members {
        match (held.get_mut(name), value) {
            (Some(Value::Object(held)), Value::Object(sent)) if name == "flags" => {
                crate::actions::merge(held, sent);
            }
            (_, Value::Null) => drop(held.remove(name)),
            (_, value) => drop(held.insert(name.clone(), value.clone())),
        }
    }
}

/// The member of the configuration's `prompts`.
const PUSH_PROMPT: &str = "mfa-push";
const PROMPT: Schema = Schema(&[
    optional("app_name", Kind::Nullable(&TEXT)),
    optional("apple_app_link", Kind::Nullable(&TEXT)),
    optional("google_app_link", Kind::Nullable(&TEXT)),
]);

async fn push_prompt(State(shared): State<Shared>, bearer: Bearer) -> Answered {
    bearer.any(&["read:prompts"])?;
    Ok(Answer::ok(prompt_shape(&shared.configuration.document())))
}

async fn update_push_prompt(State(shared): State<Shared>, bearer: Bearer, payload: Payload) -> Answered {
    bearer.any(&["update:prompts"])?;
    let body = payload.object(&PROMPT)?;
    shared
        .configuration
        .change(|document| {
            let prompt = document.object_mut(Section::Prompts).entry(PUSH_PROMPT);
            if let Value::Object(prompt) = prompt.or_insert_with(|| json!({})) {
                prompt.extend(body.clone());
            }
            Ok::<_, Failure>(())
        })
        .await?;
    Ok(Answer::ok(prompt_shape(&shared.configuration.document())))
}

fn prompt_shape(document: &Document) -> Value {
    let held = document.get(Section::Prompts, PUSH_PROMPT);
    let text = |name: &str| held.and_then(|held| held.get(name)).cloned().unwrap_or_default();
    json!({
        "app_name": text("app_name"),
        "apple_app_link": text("apple_app_link"),
        "google_app_link": text("google_app_link"),
    })
}

const READ_RISK: &[&str] = &["read:attack_protection", "read:risk_assessments"];
const UPDATE_RISK: &[&str] = &["update:attack_protection", "update:risk_assessments"];
const RISK: Schema = Schema(&[required("enabled", Kind::Boolean)]);
const NEW_DEVICE: Schema = Schema(&[required("remember_for", Kind::Integer(1, 365))]);

async fn risk(State(shared): State<Shared>, bearer: Bearer) -> Answered {
    bearer.any(READ_RISK)?;
    Ok(Answer::ok(risk_shape(&shared, "settings", json!({ "enabled": false }))))
}

async fn update_risk(State(shared): State<Shared>, bearer: Bearer, payload: Payload) -> Answered {
    bearer.any(UPDATE_RISK)?;
    write_risk(&shared, "settings", payload.object(&RISK)?).await
}

async fn new_device(State(shared): State<Shared>, bearer: Bearer) -> Answered {
    bearer.any(READ_RISK)?;
    Ok(Answer::ok(risk_shape(&shared, "new_device", json!({ "remember_for": 30 }))))
}

async fn update_new_device(State(shared): State<Shared>, bearer: Bearer, payload: Payload) -> Answered {
    bearer.any(UPDATE_RISK)?;
    write_risk(&shared, "new_device", payload.object(&NEW_DEVICE)?).await
}

fn risk_shape(shared: &Shared, member: &str, default: Value) -> Value {
    shared.configuration.document().get(Section::RiskAssessment, member).cloned().unwrap_or(default)
}

async fn write_risk(shared: &Shared, member: &str, sent: Map<String, Value>) -> Answered {
    let sent = Value::Object(sent);
    shared
        .configuration
        .change(|document| {
            document.object_mut(Section::RiskAssessment).insert(member.to_owned(), sent.clone());
            Ok::<_, Failure>(())
        })
        .await?;
    Ok(Answer::ok(sent))
}
