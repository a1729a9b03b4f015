//! Settings that are one object each.

use serde_json::json;

use super::Admin;
use crate::{rig::Rig, support::Scratch};

#[tokio::test]
async fn the_tenants_settings_are_changed_member_by_member() {
    let admin = Admin::start().await;
    let before = admin.get("tenants/settings").await.value();
    assert_eq!(
        (&before["friendly_name"], &before["customize_mfa_in_postlogin_action"]),
        (&json!("stepup"), &json!(true))
    );
    let sent = json!({ "friendly_name": "Bank", "flags": { "a": true }, "session_lifetime_in_minutes": 90, "customize_mfa_in_postlogin_action": false });
    let changed = admin.patch("tenants/settings", sent).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    admin.patch("tenants/settings", json!({ "flags": { "b": false } })).await;
    let after = admin
        .get("tenants/settings?fields=friendly_name,flags,session_lifetime,customize_mfa_in_postlogin_action")
        .await
        .value();
    assert_eq!(
        after,
        json!({ "friendly_name": "Bank", "flags": { "a": true, "b": false }, "session_lifetime": 1.5, "customize_mfa_in_postlogin_action": false })
    );
    assert_eq!(admin.rig.tenant.state().configuration.config().friendly_name, "Bank");
    let refused = admin.patch("tenants/settings", json!({ "sessions_lifetime": 1 })).await.refusal();
    assert_eq!(
        refused,
        "400 invalid_body: Payload validation error: 'Additional properties not allowed: sessions_lifetime'."
    );
    assert!(
        admin
            .patch("tenants/settings", json!({ "allowed_logout_urls": ["nowhere"] }))
            .await
            .refusal()
            .starts_with("400 invalid_body")
    );
}

#[tokio::test]
async fn prompt_and_risk_are_read_back() {
    let admin = Admin::start().await;
    let prompt =
        json!({ "app_name": "Bank", "apple_app_link": null, "google_app_link": "https://play.example.com" });
    assert_eq!(admin.patch("prompts/mfa-push", prompt.clone()).await.value(), prompt);
    assert_eq!(admin.get("prompts/mfa-push").await.value(), prompt);
    assert_eq!(admin.get("risk-assessments/settings").await.value(), json!({ "enabled": false }));
    assert_eq!(
        admin.patch("risk-assessments/settings", json!({ "enabled": true })).await.value(),
        json!({ "enabled": true })
    );
    assert_eq!(admin.get("risk-assessments/settings").await.value(), json!({ "enabled": true }));
    assert_eq!(
        admin.get("risk-assessments/settings/new-device").await.value(),
        json!({ "remember_for": 30 })
    );
    let refused =
        admin.patch("risk-assessments/settings/new-device", json!({ "remember_for": 0 })).await.refusal();
    assert_eq!(
        refused,
        "400 invalid_body: Payload validation error: 'Value 0 is less than minimum 1' on property remember_for."
    );
    admin.patch("risk-assessments/settings/new-device", json!({ "remember_for": 7 })).await;
    assert_eq!(admin.get("risk-assessments/settings/new-device").await.value(), json!({ "remember_for": 7 }));
}

#[tokio::test]
async fn what_was_changed_outlives_a_restart() {
    let scratch = Scratch::new();
    let build = || stepup_tenant::Tenant::builder().database(&scratch.database());
    let admin = Admin::on(Rig::built(build()).await).await;
    admin.put("guardian/policies", json!(["all-applications"])).await;
    let client = admin.post("clients", json!({ "name": "Billing" })).await.text("client_id");
    let user = admin.user("grace@example.com", json!({})).await;
    admin.rig.tenant.shutdown().await;

    let admin = Admin::on(Rig::built(build()).await).await;
    assert_eq!(admin.get("guardian/policies").await.value(), json!(["all-applications"]));
    assert_eq!(admin.get(&format!("clients/{client}")).await.value()["name"], "Billing");
    assert_eq!(admin.get(&format!("users/{user}")).await.value()["email"], "grace@example.com");
}
