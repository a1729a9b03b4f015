//! The main job on the wire: refused, enrolled, challenged, verified.

use serde_json::json;

use crate::rig::{API, RECOVERY_GRANT, Rig, WEBAPP};

#[tokio::test]
async fn a_refused_refresh_is_enrolled_then_challenged() {
    let rig = Rig::start().await;
    let refresh_token = rig.refresh_token().await;

    let refused = rig.refresh(&refresh_token, &[("audience", API), ("scope", "transfer:funds")]).await;
    assert_eq!(refused.header("content-type"), "application/json");
    assert_eq!(refused.header("cache-control"), "no-store");
    let mfa_token = refused.mfa_token();
    assert_eq!(
        refused.value()["mfa_requirements"],
        json!({ "enroll": [{ "type": "otp" }, { "type": "phone" }, { "type": "push-notification" }] })
    );
    assert_eq!(refused.text("error_description"), "Multifactor authentication required");
    assert_eq!(refused.value().as_object().unwrap().len(), 4);
    let automatic = rig.authenticators(&mfa_token).await.value();
    assert_eq!(automatic.as_array().unwrap().len(), 1);
    assert_eq!(
        (&automatic[0]["type"], &automatic[0]["name"], &automatic[0]["active"]),
        (&json!("email"), &json!("****@exam*******"), &json!(true))
    );

    let begun = rig.associate(&mfa_token).await;
    assert_eq!((begun.status, begun.text("authenticator_type").as_str()), (200, "otp"));
    assert_eq!(begun.header("content-type"), "application/json; charset=utf-8");
    let secret = begun.text("secret");
    assert_eq!(secret.len(), 32);
    assert!(begun.text("barcode_uri").starts_with("otpauth://totp/stepup:ada%40example.com?secret="));
    assert_eq!(begun.at("/recovery_codes/0").len(), 24);
    let listed = rig.authenticators(&mfa_token).await.value();
    let active: Vec<_> = listed.as_array().unwrap().iter().filter(|it| it["active"] == json!(true)).collect();
    assert_eq!(active, [&automatic[0]], "nothing but the automatic e-mail");

    let verified = rig.verify_otp(&mfa_token, &rig.code(&secret)).await;
    assert_eq!(verified.status, 200, "{}", verified.body);
    assert_eq!(verified.text("scope"), "transfer:funds");
    let claims = verified.claims("access_token");
    assert_eq!(claims["aud"], API);
    assert_eq!(claims["scope"], "transfer:funds");

    rig.advance(60);
    let refused = rig.refresh(&verified.text("refresh_token"), &[("audience", API)]).await;
    let mfa_token = refused.mfa_token();
    assert_eq!(
        refused.value()["mfa_requirements"],
        json!({ "challenge": [{ "type": "otp" }, { "type": "email" }, { "type": "recovery-code" }] })
    );
    let listed = rig.authenticators(&mfa_token).await.value();
    assert_eq!(listed[0]["type"], "otp");
    assert_eq!(listed[0]["active"], true);
    let id = listed[0]["id"].as_str().unwrap();
    assert!(id.starts_with("totp|dev_"));
    let challenged =
        rig.challenge(&mfa_token, &json!({ "challenge_type": "otp", "authenticator_id": id })).await;
    assert_eq!((challenged.status, challenged.body.as_str()), (200, r#"{"challenge_type":"otp"}"#));
    let verified = rig.verify_otp(&mfa_token, &rig.code(&secret)).await;
    assert_eq!(verified.status, 200, "{}", verified.body);
    assert_eq!(verified.text("scope"), "openid profile email offline_access read:sensitive transfer:funds");
    assert!(verified.claims("id_token").get("amr").is_none(), "only pages say amr");
    assert_eq!(verified.claims("id_token")["aud"], WEBAPP);

    let log = rig.log().await;
    for kind in [
        "sepft",
        "mfar",
        "gd_start_enroll",
        "gd_enrollment_complete",
        "seotpft",
        "gd_start_auth",
        "gd_auth_succeed",
    ] {
        assert!(log.iter().any(|it| it == kind), "{kind} in {log:?}");
    }
}

#[tokio::test]
async fn a_refused_refresh_spends_nothing_and_a_verified_one_overlaps() {
    let rig = Rig::start().await;
    let enrolled = rig.enrol().await;
    let parent = enrolled.refresh_token.clone();
    let mfa_token = rig.step_up(&enrolled).await;
    assert!(rig.step_up(&enrolled).await != mfa_token, "the token was not spent");

    let child = rig.verify_otp(&mfa_token, &rig.code(&enrolled.secret)).await.text("refresh_token");
    assert!(rig.refresh(&parent, &[("audience", API)]).await.mfa_token().len() > 20, "the parent stays good");
    assert_eq!(rig.refresh(&child, &[]).await.status, 200, "until the child is used");
    assert_eq!(
        rig.refresh(&parent, &[]).await.failure(),
        "403 invalid_grant: Unknown or invalid refresh token."
    );
}

#[tokio::test]
async fn a_token_of_an_earlier_step_up_is_reused_once_the_next_was_made() {
    let rig = Rig::start().await;
    let mut enrolled = rig.enrol().await;
    let mut chain = vec![enrolled.refresh_token.clone()];
    for _ in 0..3 {
        let mfa_token = rig.step_up(&enrolled).await;
        let verified = rig.verify_otp(&mfa_token, &rig.code(&enrolled.secret)).await;
        enrolled.refresh_token = verified.text("refresh_token");
        chain.push(enrolled.refresh_token.clone());
        rig.advance(30);
    }
    let dead = "403 invalid_grant: Unknown or invalid refresh token.";
    assert_eq!(rig.refresh(&chain[1], &[]).await.failure(), dead);
    assert_eq!(rig.refresh(&chain[3], &[]).await.failure(), dead, "and with it its family");
    assert!(rig.log().await.contains(&"ferrt".to_owned()));
}

#[tokio::test]
async fn a_recovery_code_works_once_and_is_replaced() {
    let rig = Rig::start().await;
    let enrolled = rig.enrol().await;
    let mfa_token = rig.step_up(&enrolled).await;
    let use_code = |mfa_token: String, code: String| {
        let rig = &rig;
        async move {
            rig.token(&[("grant_type", RECOVERY_GRANT), ("mfa_token", &mfa_token), ("recovery_code", &code)])
                .await
        }
    };
    let wrong = use_code(mfa_token.clone(), "17EQHNZC2SZDYG7X4QXVX9SW".to_owned()).await;
    assert_eq!(wrong.failure(), "403 invalid_grant: MFA Authorization rejected.");

    let typed = enrolled.recovery_code.to_lowercase();
    let used = use_code(mfa_token, format!("{}-{}", &typed[..12], &typed[12..])).await;
    assert_eq!(used.status, 200, "{}", used.body);
    let replacement = used.text("recovery_code");
    assert_eq!(replacement.len(), 24);
    assert_ne!(replacement, enrolled.recovery_code);

    let again = rig.step_up(&enrolled).await;
    let old = use_code(again.clone(), enrolled.recovery_code.clone()).await;
    assert_eq!(old.failure(), "403 invalid_grant: MFA Authorization rejected.");
    assert_eq!(use_code(again, replacement).await.status, 200);
}

#[tokio::test]
async fn a_code_and_an_mfa_token_are_good_once() {
    let rig = Rig::start().await;
    let enrolled = rig.enrol().await;
    let (first, second) = (rig.step_up(&enrolled).await, rig.step_up(&enrolled).await);
    let code = rig.code(&enrolled.secret);
    assert_eq!(rig.verify_otp(&first, &code).await.status, 200);
    assert_eq!(rig.verify_otp(&second, &code).await.failure(), "403 invalid_grant: Invalid otp_code.");
    rig.advance(30);
    let next = rig.code(&enrolled.secret);
    assert_eq!(rig.verify_otp(&first, &next).await.failure(), "403 invalid_grant: Malformed mfa_token");
    assert_eq!(rig.verify_otp(&second, &next).await.status, 200);
}

#[tokio::test]
async fn an_mfa_token_lives_five_minutes() {
    let rig = Rig::start().await;
    let enrolled = rig.enrol().await;
    let mfa_token = rig.step_up(&enrolled).await;
    rig.advance(299);
    assert_eq!(rig.authenticators(&mfa_token).await.status, 200);
    rig.advance(1);
    let code = rig.code(&enrolled.secret);
    for answer in [
        rig.verify_otp(&mfa_token, &code).await,
        rig.authenticators(&mfa_token).await,
        rig.associate(&mfa_token).await,
        rig.challenge(&mfa_token, &json!({})).await,
    ] {
        assert_eq!(answer.failure(), "401 expired_token: mfa_token is expired");
    }
}

#[tokio::test]
async fn ten_wrong_codes_close_the_door_to_a_right_one() {
    let rig = Rig::start().await;
    let enrolled = rig.enrol().await;
    let mfa_token = rig.step_up(&enrolled).await;
    let right = rig.code(&enrolled.secret);
    let wrong = if right == "000000" { "000001" } else { "000000" };
    for _ in 0..10 {
        assert_eq!(rig.verify_otp(&mfa_token, wrong).await.failure(), "403 invalid_grant: Invalid otp_code.");
    }
    let closed = "429 too_many_attempts: Too many failed codes. Wait for some minutes before retrying.";
    assert_eq!(rig.verify_otp(&mfa_token, &right).await.failure(), closed);
    let another = rig.step_up(&enrolled).await;
    assert_eq!(rig.verify_otp(&another, &right).await.failure(), closed, "a new token fills nothing");
    assert!(rig.log().await.contains(&"gd_otp_rate_limit_exceed".to_owned()));
    rig.advance(360);
    let later = rig.step_up(&enrolled).await;
    assert_eq!(rig.verify_otp(&later, &rig.code(&enrolled.secret)).await.status, 200);
}

#[tokio::test]
async fn the_clock_of_a_phone_may_be_one_step_off() {
    let rig = Rig::start().await;
    let enrolled = rig.enrol().await;
    let early = rig.code(&enrolled.secret);
    rig.advance(30);
    let mfa_token = rig.step_up(&enrolled).await;
    assert_eq!(rig.verify_otp(&mfa_token, &early).await.status, 200);
    rig.advance(30);
    let stale = rig.code(&enrolled.secret);
    rig.advance(60);
    let mfa_token = rig.step_up(&enrolled).await;
    assert_eq!(rig.verify_otp(&mfa_token, &stale).await.failure(), "403 invalid_grant: Invalid otp_code.");
}
