//! What an administrator does about a user's second factor, besides the methods one by one.

use axum::extract::State;
use serde_json::{Value, json};

use super::existing;
use crate::{
    factors::recovery_code,
    management::{
        Answer, Answered,
        authentication_methods::{note, remove_all},
        bearer::Bearer,
        enrollment,
        request::{Ids, Payload},
        schema::{Kind, NAME, Schema, required},
    },
    model::{Authenticator, Credential, Digest},
    state::Shared,
};

const RESET: &[&str] = &["delete:guardian_enrollments", "update:users", "delete:users"];
const UPDATE: &[&str] = &["update:users"];

/// `GET users/{id}/enrollments`.
pub(super) async fn enrollments(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(user_id): Ids<String>,
) -> Answered {
    bearer.any(&["read:users"])?;
    existing(&shared, &user_id).await?;
    let held = shared.store.authenticators(&user_id).await?;
    Ok(Answer::ok(held.iter().filter_map(enrollment::of_user).collect()))
}

/// `DELETE users/{id}/authenticators`.
pub(super) async fn remove_authenticators(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(user_id): Ids<String>,
) -> Answered {
    bearer.any(RESET)?;
    let user = existing(&shared, &user_id).await?;
    remove_all(&shared, &user).await?;
    Ok(Answer::gone())
}

/// `DELETE users/{id}/multifactor/{provider}`.
pub(super) async fn remove_provider(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids((user_id, provider)): Ids<(String, String)>,
) -> Answered {
    bearer.any(RESET)?;
    let user = existing(&shared, &user_id).await?;
    match provider.as_str() {
        "guardian" => remove_all(&shared, &user).await?,
        "google-authenticator" => {
            let held = shared.store.authenticators(&user_id).await?;
            for app in held.iter().filter(|it| matches!(it.credential, Credential::Totp { push: None, .. })) {
                shared.store.delete_authenticator(&user_id, &app.id).await?;
                note(&shared, &user, "gd_unenroll", &app.id).await;
            }
        }
        // Nothing is ever enrolled with it here.
        "duo" => {}
        other => {
            let problem = format!("'No enum match for: {other}' on property provider");
            return Err(crate::management::error::Failure::Uri(problem));
        }
    }
    Ok(Answer::gone())
}

/// `POST users/{id}/multifactor/actions/invalidate-remember-browser`.
pub(super) async fn forget_browsers(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(user_id): Ids<String>,
) -> Answered {
    bearer.any(UPDATE)?;
    existing(&shared, &user_id).await?;
    shared.store.forget_browsers(&user_id).await?;
    Ok(Answer::gone())
}

/// `POST users/{id}/recovery-code-regeneration`: a new recovery code in the place of any other, told this once.
pub(super) async fn regenerate_recovery_code(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(user_id): Ids<String>,
) -> Answered {
    bearer.any(UPDATE)?;
    let user = existing(&shared, &user_id).await?;
    let code = recovery_code::new_code(&*shared.random);
    let now = shared.clock.now();
    let authenticator = Authenticator {
        id: format!("recovery-code|dev_{}", stepup_seal::base62(&*shared.random, 16)),
        user_id,
        credential: Credential::RecoveryCode { digest: Digest::of(&code), came_with: None },
        name: None,
        created_at: now,
        confirmed_at: Some(now),
        last_used_at: None,
    };
    shared.store.insert_authenticator(&authenticator).await?;
    note(&shared, &user, "gd_enrollment_complete", &authenticator.id).await;
    Ok(Answer::ok(json!({ "recovery_code": code })))
}

const CLEAR: Schema =
    Schema(&[required("connection", NAME), required("assessors", Kind::List(&Kind::OneOf(&["new-device"])))]);

/// `POST users/{id}/risk-assessments/clear`: what is known of the user's devices is forgotten.
pub(super) async fn clear_risk(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(user_id): Ids<String>,
    payload: Payload,
) -> Answered {
    bearer.any(&["update:users", "update:risk_assessments", "update:attack_protection"])?;
    let body = payload.object(&CLEAR)?;
    existing(&shared, &user_id).await?;
    if body.get("assessors").and_then(Value::as_array).is_some_and(|assessors| !assessors.is_empty()) {
        shared.store.forget_devices(&user_id).await?;
    }
    Ok(Answer::gone())
}
