//! Factors, policies, providers, tickets and enrolments.

use serde_json::{Value, json};

use super::Admin;
use crate::rig::API;

#[tokio::test]
async fn factors_are_listed_in_order_and_switched_at_once() {
    let admin = Admin::start().await;
    let factors = admin.get("guardian/factors").await;
    assert_eq!(
        factors.each("name"),
        [
            "sms",
            "push-notification",
            "otp",
            "email",
            "duo",
            "webauthn-roaming",
            "webauthn-platform",
            "recovery-code"
        ]
    );
    let otp = &factors.value()[2];
    assert_eq!(*otp, json!({ "name": "otp", "enabled": true, "trial_expired": false }));

    let refresh_token = admin.rig.refresh_token().await;
    let offered = admin.rig.refresh(&refresh_token, &[("audience", API)]).await;
    assert!(offered.body.contains(r#"{"type":"otp"}"#), "{}", offered.body);
    assert_eq!(
        admin.put("guardian/factors/otp", json!({ "enabled": false })).await.value(),
        json!({ "enabled": false })
    );
    let offered = admin.rig.refresh(&refresh_token, &[("audience", API)]).await;
    assert!(!offered.body.contains(r#"{"type":"otp"}"#), "{}", offered.body);

    let cases = [
        (
            "guardian/factors/abacus",
            json!({ "enabled": true }),
            "400 invalid_uri: Path validation error: 'No enum match for: abacus' on property name.",
        ),
        (
            "guardian/factors/otp",
            json!({}),
            "400 invalid_body: Payload validation error: 'Missing required property: enabled'.",
        ),
        (
            "guardian/factors/otp",
            json!({ "enabled": "on" }),
            "400 invalid_body: Payload validation error: 'Expected type boolean but found type string' on property enabled.",
        ),
    ];
    for (path, body, refusal) in cases {
        assert_eq!(admin.put(path, body).await.refusal(), refusal);
    }
}

#[tokio::test]
async fn a_policy_acts_on_the_next_request() {
    let admin = Admin::start().await;
    assert_eq!(admin.get("guardian/policies").await.value(), json!([]));
    assert_eq!(admin.log_in(crate::rig::ADA, crate::rig::PASSWORD).await.status, 200);
    let always = json!(["all-applications"]);
    assert_eq!(admin.put("guardian/policies", always.clone()).await.value(), always);
    assert_eq!(admin.get("guardian/policies").await.value(), always);
    let refused = admin.log_in(crate::rig::ADA, crate::rig::PASSWORD).await;
    assert_eq!(refused.text("error"), "mfa_required");
    let both = admin.put("guardian/policies", json!(["all-applications", "confidence-score"])).await;
    assert_eq!(
        both.refusal(),
        "400 invalid_body: Payload validation error: 'Array is too long (2), maximum 1'."
    );
    let wrong = admin.put("guardian/policies", json!({ "policies": [] })).await;
    assert_eq!(
        wrong.refusal(),
        "400 invalid_body: Payload validation error: 'Expected type array but found type object'."
    );
}

#[tokio::test]
async fn phone_settings_are_read_back() {
    let admin = Admin::start().await;
    let types = "guardian/factors/phone/message-types";
    admin.put("guardian/factors/sms", json!({ "enabled": false })).await;
    assert_eq!(
        admin.put(types, json!({ "message_types": [] })).await.value(),
        json!({ "message_types": [] })
    );
    admin.put("guardian/factors/sms", json!({ "enabled": true })).await;
    assert_eq!(admin.get(types).await.value(), json!({ "message_types": ["sms"] }));
    admin.put(types, json!({ "message_types": ["sms", "voice"] })).await;
    assert_eq!(admin.get(types).await.value(), json!({ "message_types": ["sms", "voice"] }));
    assert!(
        admin.put(types, json!({ "message_types": ["fax"] })).await.refusal().starts_with("400 invalid_body")
    );

    for path in ["guardian/factors/phone/selected-provider", "guardian/factors/sms/selected-provider"] {
        let provider = json!({ "provider": "phone-message-hook" });
        assert_eq!(admin.put(path, provider.clone()).await.value(), provider);
        assert_eq!(admin.get(path).await.value(), provider);
    }
    let texts =
        json!({ "enrollment_message": "{{code}} to enrol", "verification_message": "{{code}} to go on" });
    assert_eq!(admin.put("guardian/factors/sms/templates", texts.clone()).await.value(), texts);
    assert_eq!(admin.get("guardian/factors/phone/templates").await.value(), texts);
    assert!(!admin.rig.log().await.contains(&"w".to_owned()));

    let mute = json!({ "enrollment_message": "{{ code }} to enrol", "verification_message": "Hello" });
    assert_eq!(admin.put("guardian/factors/sms/templates", mute.clone()).await.value(), mute);
    assert_eq!(
        admin.rig.logged("w").await.description.as_deref(),
        Some("verification_message of text messages does not say the code: it lacks {{code}}")
    );
    assert_eq!(admin.rig.log().await.iter().filter(|kind| *kind == "w").count(), 1);
}

#[tokio::test]
async fn secrets_of_providers_go_in_and_never_come_out() {
    let admin = Admin::start().await;
    let push = "guardian/factors/push-notification";
    let cases = [
        (
            "guardian/factors/phone/providers/twilio".to_owned(),
            json!({ "sid": "AC1", "auth_token": "HIDDEN", "from": "+1202", "messaging_service_sid": null }),
            json!({ "sid": "AC1", "from": "+1202", "messaging_service_sid": null }),
            json!({ "auth_token": null, "sid": "AC1", "from": "+1202", "messaging_service_sid": null }),
        ),
        (
            format!("{push}/providers/sns"),
            json!({ "aws_access_key_id": "AKIA", "aws_secret_access_key": "HIDDEN", "aws_region": "eu-1" }),
            json!({ "aws_access_key_id": "AKIA", "aws_region": "eu-1" }),
            json!({ "aws_access_key_id": "AKIA", "aws_region": "eu-1", "sns_apns_platform_application_arn": null, "sns_gcm_platform_application_arn": null }),
        ),
        (
            format!("{push}/providers/apns"),
            json!({ "sandbox": true, "bundle_id": "com.example", "p12": "HIDDEN" }),
            json!({ "sandbox": true, "bundle_id": "com.example" }),
            json!({ "sandbox": true, "bundle_id": "com.example", "enabled": true }),
        ),
        (format!("{push}/providers/fcm"), json!({ "server_key": "HIDDEN" }), json!({}), json!({})),
        (format!("{push}/providers/fcmv1"), json!({ "server_credentials": "HIDDEN" }), json!({}), json!({})),
        (
            format!("{push}/selected-provider"),
            json!({ "provider": "sns" }),
            json!({ "provider": "sns" }),
            json!({ "provider": "sns" }),
        ),
        (
            "guardian/factors/duo/settings".to_owned(),
            json!({ "ikey": "DI", "skey": "HIDDEN", "host": "api.example" }),
            json!({ "ikey": "DI", "host": "api.example" }),
            json!({ "ikey": "DI", "host": "api.example" }),
        ),
        (
            "guardian/factors/webauthn-roaming/settings".to_owned(),
            json!({ "userVerification": "required", "overrideRelyingParty": true, "relyingPartyIdentifier": "example.com" }),
            json!({ "userVerification": "required", "overrideRelyingParty": true, "relyingPartyIdentifier": "example.com" }),
            json!({ "userVerification": "required", "overrideRelyingParty": true, "relyingPartyIdentifier": "example.com" }),
        ),
    ];
    for (path, sent, answered, read) in cases {
        assert_eq!(admin.put(&path, sent).await.value(), answered, "{path}");
        let kept = admin.get(&path).await;
        assert_eq!(kept.value(), read, "{path}");
        assert!(!kept.body.contains("HIDDEN"), "{path}");
    }
    let platform = admin.get("guardian/factors/webauthn-platform/settings").await.value();
    assert_eq!(platform, json!({ "overrideRelyingParty": false }));
    admin.patch(&format!("{push}/providers/sns"), json!({ "aws_region": "eu-2" })).await;
    let patched = admin.get(&format!("{push}/providers/sns")).await.value();
    assert_eq!((&patched["aws_region"], &patched["aws_access_key_id"]), (&json!("eu-2"), &json!("AKIA")));
    let refused = admin.put(&format!("{push}/providers/sns"), json!({ "key": 1 })).await.refusal();
    assert_eq!(
        refused,
        "400 invalid_body: Payload validation error: 'Additional properties not allowed: key'."
    );
}

#[tokio::test]
async fn a_ticket_leads_to_the_enrolment_page() {
    let admin = Admin::start().await;
    let ada = admin.ada().await;
    let issued = admin
        .post("guardian/enrollments/ticket", json!({ "user_id": ada, "send_mail": true, "factor": "otp" }))
        .await;
    assert_eq!(issued.status, 200, "{}", issued.body);
    let (ticket, url) = (issued.text("ticket_id"), issued.text("ticket_url"));
    assert_eq!(ticket.len(), 32);
    assert_eq!(url, format!("{}mfa/enrollment?ticket={ticket}", admin.rig.tenant.issuer()));
    let mail = &admin.rig.tenant.messages().await.unwrap()[0];
    assert_eq!((mail.to.as_str(), mail.body.contains(&url)), ("ada@example.com", true));

    let cases = [
        (json!({}), "400 invalid_body: Payload validation error: 'Missing required property: user_id'."),
        (json!({ "user_id": "auth0|nobody" }), "404 inexistent_user: The user does not exist."),
        (
            json!({ "user_id": ada, "factor": "abacus" }),
            "400 invalid_body: Payload validation error: 'No enum match for: abacus' on property factor.",
        ),
        (
            json!({ "user_id": ada, "factor": "webauthn-roaming" }),
            "400 invalid_body: The factor webauthn-roaming is not enabled.",
        ),
    ];
    for (body, refusal) in cases {
        assert_eq!(admin.post("guardian/enrollments/ticket", body).await.refusal(), refusal);
    }
    admin.put("guardian/factors/otp", json!({ "enabled": false })).await;
    let body = json!({ "user_id": ada, "factor": "otp" });
    let off = admin.post("guardian/enrollments/ticket", body).await.refusal();
    assert_eq!(off, "400 invalid_body: The factor otp is not enabled.");
}

#[tokio::test]
async fn two_changes_of_a_provider_at_once_are_both_kept() {
    let admin = Admin::start().await;
    let sns = "guardian/factors/push-notification/providers/sns";
    for round in 0..10 {
        let (region, key) = (format!("eu-{round}"), format!("AKIA{round}"));
        tokio::join!(
            admin.patch(sns, json!({ "aws_region": region })),
            admin.patch(sns, json!({ "aws_access_key_id": key })),
        );
        let kept = admin.get(sns).await.value();
        assert_eq!((&kept["aws_region"], &kept["aws_access_key_id"]), (&json!(region), &json!(key)));
    }
}

#[tokio::test]
async fn an_enrolment_is_read_and_removed_by_its_id() {
    let admin = Admin::start().await;
    admin.rig.enrol().await;
    let ada = admin.ada().await;
    let id = admin.get(&format!("users/{ada}/enrollments")).await.at("/0/id");
    assert!(id.starts_with("dev_"), "{id}");
    let read = admin.get(&format!("guardian/enrollments/{id}")).await.value();
    assert_eq!((&read["id"], &read["status"]), (&json!(id), &json!("confirmed")));
    assert!(read["enrolled_at"].is_string() && read.get("secret").is_none());
    assert_eq!(admin.delete(&format!("guardian/enrollments/{id}")).await.status, 204);
    for method in ["GET", "DELETE"] {
        let refused = admin.call(method, &format!("guardian/enrollments/{id}"), None).await;
        insta::allow_duplicates! {
            insta::assert_json_snapshot!(refused.value(), @r#"
            {
              "error": "Not Found",
              "errorCode": "enrollment_not_found",
              "message": "Enrollment not found",
              "statusCode": 404
            }
            "#);
        }
    }
    let log: Value = admin.get("logs?q=type:gd_unenroll").await.value();
    assert_eq!(log[0]["user_id"], json!(ada));
}
