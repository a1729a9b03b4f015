//! Text messages, calls and e-mails.

use serde_json::json;
use stepup_tenant::model::{LogEvent, User};

use super::{CODES, ada, always, associate, enrol, log_in, verify_oob, wrong};
use crate::rig::Rig;

#[tokio::test]
async fn a_code_confirms_an_enrolment_and_lets_the_login_go_on() {
    for factor in CODES {
        let rig = always("").await;
        let mfa_token = log_in(&rig).await;
        let begun = associate(&rig, &mfa_token, &factor.associate()).await;
        assert_eq!(begun.status, 200, "{}", begun.body);
        let mut body = begun.value();
        let oob_code = body["oob_code"].take().as_str().unwrap().to_owned();
        assert_eq!(body["recovery_codes"].take()[0].as_str().unwrap().len(), 24);
        let expected = json!({
            "authenticator_type": "oob", "binding_method": "prompt", "oob_channel": factor.name,
            "oob_code": null, "recovery_codes": null,
        });
        assert_eq!(body, expected);

        let message = factor.message(&rig).await;
        let code = message.code.unwrap();
        assert_eq!(code.len(), 6);
        assert!(message.body.replace(' ', "").contains(&code), "{}", message.body);
        assert!(message.body.contains("stepup"), "{}", message.body);

        let missing = verify_oob(&rig, &mfa_token, &oob_code, "").await;
        assert_eq!(missing.failure(), "400 invalid_request: Missing required parameter: binding_code");
        for bad in [wrong(&code).as_str(), "12345", "abcdef"] {
            let refused = verify_oob(&rig, &mfa_token, &oob_code, bad).await;
            assert_eq!(refused.failure(), "403 invalid_grant: Invalid binding_code.", "{bad}");
        }
        let spaced = format!("{} {}", &code[..3], &code[3..]);
        let verified = verify_oob(&rig, &mfa_token, &oob_code, &spaced).await;
        assert_eq!(verified.status, 200, "{}", verified.body);
        assert_eq!(verified.text("scope"), "openid profile offline_access");
        for member in ["access_token", "id_token", "refresh_token"] {
            assert!(!verified.text(member).is_empty(), "{member}");
        }
        let replayed = verify_oob(&rig, &mfa_token, &oob_code, &code).await;
        assert_eq!(replayed.failure(), "403 invalid_grant: Malformed mfa_token");
        let listed = rig.authenticators(&log_in(&rig).await).await.value();
        let hers = listed.as_array().unwrap().iter().find(|it| it["oob_channel"] == factor.name).unwrap();
        assert_eq!(
            (&hers["name"], &hers["type"], &hers["active"]),
            (&json!(factor.masked), &json!(factor.kind), &json!(true))
        );
        let log = rig.log().await;
        let sent = format!("gd_send_{}", factor.name);
        for kind in
            ["gd_start_enroll", &sent, "gd_auth_failed", "gd_enrollment_complete", "seoobft", "feoobft"]
        {
            assert!(log.iter().any(|it| it == kind), "{kind} in {log:?}");
        }
    }
}

#[tokio::test]
async fn a_code_answers_a_challenge_once() {
    for factor in CODES {
        let rig = always("").await;
        let id = enrol(&rig, factor).await;
        let mfa_token = log_in(&rig).await;
        let challenged = rig.challenge(&mfa_token, &json!({ "authenticator_id": id })).await;
        assert_eq!(challenged.status, 200, "{}", challenged.body);
        let oob_code = challenged.text("oob_code");
        let expected = json!({ "challenge_type": "oob", "oob_code": oob_code, "binding_method": "prompt" });
        assert_eq!(challenged.value(), expected);

        let code = factor.code(&rig).await;
        let other = log_in(&rig).await;
        assert_eq!(
            verify_oob(&rig, &other, &oob_code, &code).await.failure(),
            "400 invalid_request: The oob_code doesn't match the mfa_token"
        );
        assert_eq!(
            verify_oob(&rig, &mfa_token, "guessed", &code).await.failure(),
            "403 invalid_grant: Malformed oob_code"
        );
        let refused = verify_oob(&rig, &mfa_token, &oob_code, &wrong(&code)).await;
        assert_eq!(refused.failure(), "403 invalid_grant: Invalid binding_code.");
        let verified = verify_oob(&rig, &mfa_token, &oob_code, &code).await;
        assert_eq!(verified.status, 200, "{}", verified.body);
        assert!(verified.claims("id_token").get("amr").is_none());
        let log = rig.log().await;
        for kind in ["mfar", "gd_start_auth", "gd_auth_succeed", "seoobft"] {
            assert!(log.iter().any(|it| it == kind), "{kind} in {log:?}");
        }
        let sent = rig.logged(&format!("gd_send_{}", factor.name)).await;
        assert_eq!(
            (sent.user_name.as_deref(), sent.client_id.as_deref(), sent.client_name.as_deref()),
            (Some(crate::rig::ADA), Some(crate::rig::WEBAPP), Some("webapp")),
            "{sent:?}"
        );
        let asked = rig.logged("gd_start_auth").await;
        assert!(sent.ip.is_some() && sent.transaction_id.is_some(), "{sent:?}");
        let from =
            |event: &LogEvent| (event.ip.clone(), event.user_agent.clone(), event.transaction_id.clone());
        assert_eq!(from(&sent), from(&asked));
    }
}

#[tokio::test]
async fn an_earlier_code_stays_good_until_its_end() {
    for factor in CODES {
        let rig = always("{ mfa_token_lifetime: 3600 }").await;
        let id = enrol(&rig, factor).await;
        let mfa_token = log_in(&rig).await;
        let ask = json!({ "authenticator_id": id });
        let first = rig.challenge(&mfa_token, &ask).await.text("oob_code");
        let first_code = factor.code(&rig).await;
        rig.advance(200);
        let second = rig.challenge(&mfa_token, &ask).await.text("oob_code");
        let second_code = factor.code(&rig).await;
        if first_code != second_code {
            let crossed = verify_oob(&rig, &mfa_token, &first, &second_code).await;
            assert_eq!(crossed.failure(), "403 invalid_grant: Invalid binding_code.");
        }
        rig.advance(100);
        let expired = verify_oob(&rig, &mfa_token, &first, &first_code).await;
        assert_eq!(expired.failure(), "401 expired_token: oob_code is expired");
        assert_eq!(verify_oob(&rig, &mfa_token, &second, &second_code).await.status, 200);

        let mfa_token = log_in(&rig).await;
        let first = rig.challenge(&mfa_token, &ask).await.text("oob_code");
        let first_code = factor.code(&rig).await;
        rig.challenge(&mfa_token, &ask).await;
        assert_eq!(verify_oob(&rig, &mfa_token, &first, &first_code).await.status, 200, "the late message");
    }
}

#[tokio::test]
async fn a_phone_is_one_enrolment_with_two_channels() {
    let [sms, voice, email] = CODES;
    let rig = always("").await;
    let id = enrol(&rig, voice).await;
    let device = id.strip_prefix("voice|").unwrap().to_owned();
    let mfa_token = log_in(&rig).await;
    let by_text = rig.challenge(&mfa_token, &json!({ "authenticator_id": format!("sms|{device}") })).await;
    let oob_code = by_text.text("oob_code");
    assert_eq!(verify_oob(&rig, &mfa_token, &oob_code, &sms.code(&rig).await).await.status, 200);
    rig.advance(1);

    let mfa_token = log_in(&rig).await;
    let unnamed = rig.challenge(&mfa_token, &json!({ "challenge_type": "oob" })).await;
    let code = voice.code(&rig).await;
    let oob_code = unnamed.text("oob_code");
    assert_eq!(verify_oob(&rig, &mfa_token, &oob_code, &code).await.status, 200, "the preferred channel");
    let mfa_token = log_in(&rig).await;
    let by_channel = json!({ "challenge_type": "oob", "oob_channel": "email" });
    let oob_code = rig.challenge(&mfa_token, &by_channel).await.text("oob_code");
    let automatic = rig.tenant.state().delivery.inbox().read(Some(crate::rig::ADA), None).await.unwrap();
    let code = automatic[0].code.clone().unwrap();
    assert_eq!(verify_oob(&rig, &mfa_token, &oob_code, &code).await.status, 200, "her profile's address");
    let _ = email;
}

/// The automatic e-mail has the same id at every address.
#[tokio::test]
async fn a_mailed_code_counts_for_the_address_that_it_went_to() {
    let rig = always("").await;
    let mfa_token = log_in(&rig).await;
    let by_channel = json!({ "challenge_type": "oob", "oob_channel": "email" });
    let oob_code = rig.challenge(&mfa_token, &by_channel).await.text("oob_code");
    let code = newest_code(&rig, crate::rig::ADA).await;
    let moved = |user: &mut User| user.email = Some("countess@example.com".to_owned());
    let ada = ada(&rig).await;
    assert!(ada.email_verified);
    rig.tenant.state().store.change_user(&ada.user_id, 0, &moved).await.unwrap().unwrap();
    let refused = verify_oob(&rig, &mfa_token, &oob_code, &code).await;
    assert_eq!(refused.failure(), "401 expired_token: oob_code is expired");

    let oob_code = rig.challenge(&mfa_token, &by_channel).await.text("oob_code");
    let code = newest_code(&rig, "countess@example.com").await;
    assert_eq!(verify_oob(&rig, &mfa_token, &oob_code, &code).await.status, 200);
}

/// The code in the newest message to `address`.
async fn newest_code(rig: &Rig, address: &str) -> String {
    let messages = rig.tenant.state().delivery.inbox().read(Some(address), None).await.unwrap();
    messages.into_iter().next().and_then(|message| message.code).unwrap()
}

#[tokio::test]
async fn what_is_sent_says_what_the_configuration_says() {
    let yaml = crate::rig::Config { every_factor: true, ..crate::rig::Config::policy("all-applications") }
        .yaml()
        + "\nguardianFactorTemplates:\n  - { name: sms, enrollment_message: 'Neu: {{code}} / {{ tenant.friendly_name }}', verification_message: 'Code {{code}}{{nothing}}' }\n";
    let rig = Rig::with_yaml(&yaml).await;
    let [sms, voice, _] = CODES;
    let id = enrol(&rig, sms).await;
    let message = sms.message(&rig).await;
    assert_eq!(message.body, format!("Neu: {} / stepup", message.code.unwrap()));
    let mfa_token = log_in(&rig).await;
    rig.challenge(&mfa_token, &json!({ "authenticator_id": id })).await;
    let message = sms.message(&rig).await;
    assert_eq!(message.body, format!("Code {}", message.code.unwrap()));
    let called = json!({ "authenticator_id": id.replace("sms|", "voice|") });
    rig.challenge(&mfa_token, &called).await;
    let message = voice.message(&rig).await;
    let spoken: Vec<String> = message.code.unwrap().chars().map(String::from).collect();
    assert_eq!(message.body, format!("Code {}", spoken.join(" ")));
}

#[tokio::test]
async fn without_an_address_the_users_own_is_enrolled() {
    let rig = always("").await;
    let mfa_token = log_in(&rig).await;
    let ask = json!({ "authenticator_types": ["oob"], "oob_channels": ["email"] });
    let begun = associate(&rig, &mfa_token, &ask).await;
    let inbox = rig.tenant.state().delivery.inbox();
    let code = inbox.read(Some(crate::rig::ADA), None).await.unwrap()[0].code.clone().unwrap();
    let oob_code = begun.text("oob_code");
    assert_eq!(verify_oob(&rig, &mfa_token, &oob_code, &code).await.status, 200);
    let mfa_token = log_in(&rig).await;
    let listed = rig.authenticators(&mfa_token).await.value();
    let mails = listed.as_array().unwrap().iter().filter(|it| it["type"] == "email").count();
    assert_eq!(mails, 1, "enrolled, it is not automatic as well: {listed}");
}
