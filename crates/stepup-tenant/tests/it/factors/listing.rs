//! What is listed, in which order, and what goes with what.

use serde_json::{Value, json};

use super::{CODES, always, associate, enrol_app, mfa_api, verify_oob};
use crate::rig::{Answer, Rig};

async fn delete(rig: &Rig, token: &str, id: &str) -> Answer {
    let request = rig.http.delete(rig.at(&format!("/mfa/authenticators/{id}")));
    rig.send(request.header("authorization", format!("Bearer {token}"))).await
}

/// A token for the MFA API, which costs a code of Ada's app.
async fn manage(rig: &Rig, secret: &str) -> String {
    let audience = mfa_api(rig);
    let scope = "enroll read:authenticators remove:authenticators";
    let mfa_token = rig.password(&[("audience", &audience), ("scope", scope)]).await.mfa_token();
    let token = rig.verify_otp(&mfa_token, &rig.code(secret)).await.text("access_token");
    rig.advance(60);
    token
}

fn ids(listed: &Value) -> Vec<String> {
    listed.as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
}

fn prefixes(listed: &Value) -> Vec<String> {
    ids(listed).iter().map(|id| id.split('|').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn everything_in_the_order_of_enrolment_and_the_automatic_e_mail_last() {
    let rig = always("").await;
    let secret = enrol_app(&rig).await;
    let token = manage(&rig, &secret).await;
    let [sms, _, email] = CODES;
    for factor in [sms, email] {
        let begun = associate(&rig, &token, &factor.associate()).await;
        assert!(begun.value().get("recovery_codes").is_none(), "she has one");
        let code = factor.code(&rig).await;
        assert_eq!(verify_oob(&rig, &token, &begun.text("oob_code"), &code).await.status, 200);
    }
    associate(&rig, &token, &json!({ "authenticator_types": ["oob"], "oob_channels": ["auth0"] })).await;
    let mut listed = rig.authenticators(&token).await.value();
    assert_eq!(
        prefixes(&listed),
        ["totp", "recovery-code", "sms", "voice", "email", "push", "totp", "email"]
    );
    let all = ids(&listed);
    assert_eq!(all[2].strip_prefix("sms|"), all[3].strip_prefix("voice|"), "one phone");
    for entry in listed.as_array_mut().unwrap() {
        entry.as_object_mut().unwrap().remove("id");
    }
    insta::assert_json_snapshot!(listed);
}

#[tokio::test]
async fn twins_go_together() {
    let rig = always("").await;
    let secret = enrol_app(&rig).await;
    let token = manage(&rig, &secret).await;
    let [sms, ..] = CODES;
    let begun = associate(&rig, &token, &sms.associate()).await;
    assert_eq!(verify_oob(&rig, &token, &begun.text("oob_code"), &sms.code(&rig).await).await.status, 200);
    associate(&rig, &token, &json!({ "authenticator_types": ["oob"], "oob_channels": ["auth0"] })).await;
    let all = ids(&rig.authenticators(&token).await.value());
    let named = |prefix: &str| all.iter().rfind(|id| id.starts_with(prefix)).unwrap().clone();

    let automatic = named("email|");
    let kept = delete(&rig, &token, &automatic).await;
    assert_eq!((kept.status, kept.text("error").as_str()), (403, "access_denied"));
    assert_eq!(delete(&rig, &token, &named("voice|").replace('|', "%7C")).await.status, 204);
    assert_eq!(delete(&rig, &token, &named("sms|")).await.status, 404, "gone with its twin");
    assert_eq!(delete(&rig, &token, &named("push|")).await.status, 204, "a raw bar will do");
    let left = prefixes(&rig.authenticators(&token).await.value());
    assert_eq!(left, ["totp", "recovery-code", "email"]);
    let app = named("totp|");
    assert_eq!(delete(&rig, &token, &app).await.status, 404, "the app of the push");
    assert_eq!(delete(&rig, &token, &all[0].replace("totp|", "otp|")).await.status, 204);
    let left = prefixes(&rig.authenticators(&token).await.value());
    assert_eq!(left, ["email"], "the recovery code went with the last factor");
    let log = rig.log().await;
    assert_eq!(log.iter().filter(|it| *it == "gd_unenroll").count(), 3);
}

#[tokio::test]
async fn hostile_ids_name_nothing() {
    let rig = always("").await;
    let secret = enrol_app(&rig).await;
    let token = manage(&rig, &secret).await;
    let long = "x".repeat(5000);
    for id in ["%00", "totp%7C", "%7C", "' OR 1=1 --", "..%2F..", "dev_%25", "otp%7Cotp%7Cdev_x", &long] {
        let refused = delete(&rig, &token, id).await;
        assert!(matches!(refused.status, 400 | 404 | 414 | 431), "{id}: {} {}", refused.status, refused.body);
    }
}
