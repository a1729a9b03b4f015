//! What the configuration switches off and on.

use serde_json::json;
use stepup_tenant::model::{Authenticator, Credential, PhoneChannel, PhoneReach};

use super::{CODES, ada, always, associate, enrol, enrol_app, log_in, mfa_api, push};
use crate::rig::{Browser, Config, Rig};

#[tokio::test]
async fn a_factor_that_is_off_is_neither_enrolled_nor_listed_nor_asked_for() {
    let rig = Rig::with(&Config::policy("all-applications")).await;
    let mfa_token = log_in(&rig).await;
    for factor in CODES {
        let refused = associate(&rig, &mfa_token, &factor.associate()).await;
        assert_eq!(
            (refused.status, refused.text("error").as_str()),
            (400, "unsupported_authenticator_type"),
            "{}",
            factor.name
        );
    }
    assert_eq!(rig.authenticators(&mfa_token).await.value(), json!([]), "no automatic e-mail");
    let refused = rig.challenge(&mfa_token, &json!({})).await;
    assert_eq!((refused.status, refused.text("error").as_str()), (400, "association_required"));
}

#[tokio::test]
async fn of_several_channels_the_first_that_is_on_is_enrolled() {
    let yaml = Config { every_factor: true, ..Config::policy("all-applications") }
        .yaml()
        .replace("message_types: [sms, voice]", "message_types: [voice]");
    let rig = Rig::with_yaml(&yaml).await;
    let mfa_token = log_in(&rig).await;
    let ask = json!({
        "authenticator_types": ["oob"], "oob_channels": ["pigeon", "sms", "voice", "auth0"],
        "phone_number": "+12025550123", "client_id": "stepup-webapp", "client_secret": "stepup-webapp-secret",
    });
    let begun = associate(&rig, &mfa_token, &ask).await;
    assert_eq!(begun.text("oob_channel"), "voice", "{}", begun.body);
    let listed = rig.authenticators(&mfa_token).await.value();
    let phones = listed.as_array().unwrap().iter().filter(|it| it["type"] == "phone").count();
    assert_eq!(phones, 1, "no text messages here: {listed}");
    let wrong = json!({
        "authenticator_types": ["otp"], "client_id": "stepup-webapp", "client_secret": "wrong",
    });
    assert_eq!(associate(&rig, &mfa_token, &wrong).await.failure(), "401 access_denied: Unauthorized");
}

#[tokio::test]
async fn the_app_comes_before_what_has_to_be_sent_and_else_the_last_used() {
    let [sms, ..] = CODES;
    let rig = always("").await;
    enrol(&rig, sms).await;
    let mfa_token = log_in(&rig).await;
    let first = rig.challenge(&mfa_token, &json!({})).await;
    assert_eq!(first.text("challenge_type"), "oob");
    assert!(sms.message(&rig).await.body.contains("stepup"), "the phone, not the automatic e-mail");

    let rig = always("").await;
    enrol_app(&rig).await;
    let mfa_token = log_in(&rig).await;
    for body in [json!({}), json!({ "challenge_type": "oob otp" })] {
        assert_eq!(rig.challenge(&mfa_token, &body).await.body, r#"{"challenge_type":"otp"}"#);
    }
    let by_mail = rig.challenge(&mfa_token, &json!({ "challenge_type": "oob" })).await;
    assert_eq!((by_mail.status, by_mail.text("binding_method").as_str()), (200, "prompt"));
}

#[tokio::test]
async fn an_entry_oob_is_added_where_it_is_asked_for() {
    const CHALLENGE: &str = "exports.onExecutePostLogin = async (event, api) => {
        api.authentication.challengeWithAny([{ type: 'email' }, { type: 'phone' }]);
    };";
    for (stepup, expected) in [
        ("", json!([{ "type": "email" }])),
        ("{ oob_in_requirements: true }", json!([{ "type": "email" }, { "type": "oob" }])),
    ] {
        let rig = Rig::with(&Config { every_factor: true, stepup, ..Config::action(CHALLENGE) }).await;
        let refused = rig.password(&[]).await;
        assert_eq!(refused.value()["mfa_requirements"], json!({ "challenge": expected }));
    }
}

#[tokio::test]
async fn nothing_is_listed_where_actions_may_not_name_factors() {
    const ENROL: &str = "exports.onExecutePostLogin = async (event, api) => {
        api.authentication.enrollWith({ type: 'otp' });
    };";
    let enroll = json!({ "enroll": [{ "type": "otp" }] });
    for (stepup, expected) in [("", Some(&enroll)), ("{ factors_in_actions: false }", None)] {
        let rig = Rig::with(&Config { stepup, ..Config::action(ENROL) }).await;
        let refused = rig.password(&[]).await;
        refused.mfa_token();
        assert_eq!(refused.value().get("mfa_requirements"), expected);
    }
}

#[tokio::test]
async fn an_action_chooses_between_text_and_call() {
    const VOICE: &str = "exports.onExecutePostLogin = async (event, api) => {
        if (event.user.enrolledFactors.some((it) => it.type === 'phone'))
            api.authentication.challengeWith({ type: 'phone', options: { preferredMethod: 'voice' } });
        else api.authentication.enrollWith({ type: 'phone' });
    };";
    let [sms, voice, _] = CODES;
    let rig = Rig::with(&Config { every_factor: true, ..Config::action(VOICE) }).await;
    enrol(&rig, sms).await;
    let mfa_token = log_in(&rig).await;
    assert_eq!(rig.challenge(&mfa_token, &json!({})).await.status, 200);
    voice.message(&rig).await;
}

#[tokio::test]
async fn an_mfa_token_removes_authenticators_where_it_is_said_to() {
    for (stepup, status) in [("", 401), ("{ mfa_token_removes_authenticators: true }", 204)] {
        let rig = always(stepup).await;
        enrol_app(&rig).await;
        let mfa_token = log_in(&rig).await;
        let id = rig.authenticators(&mfa_token).await.at("/0/id");
        let request = rig.http.delete(rig.at(&format!("/mfa/authenticators/{id}")));
        let answer = rig.send(request.header("authorization", format!("Bearer {mfa_token}"))).await;
        assert_eq!(answer.status, status, "{}", answer.body);
    }
}

#[tokio::test]
async fn always_says_in_the_log_that_it_blocks_refreshes() {
    let rig = always("").await;
    let mfa_token = log_in(&rig).await;
    let secret = rig.associate(&mfa_token).await.text("secret");
    let refresh_token = rig.verify_otp(&mfa_token, &rig.code(&secret)).await.text("refresh_token");
    rig.refresh(&refresh_token, &[]).await.mfa_token();
    let events = rig.tenant.log().await.unwrap();
    let hint = events.iter().find(|event| event.kind == "mfar").unwrap().description.clone().unwrap();
    assert!(hint.contains("`all-applications`") && hint.contains("`confidence-score`"), "{hint}");
    let login = events.iter().rfind(|event| event.kind == "mfar").unwrap().description.clone();
    assert_eq!(login.as_deref(), Some("Multifactor authentication required"));
}

#[tokio::test]
async fn the_mfa_apis_token_costs_nothing_where_there_is_only_the_automatic_e_mail() {
    let rig = Rig::with(&Config { every_factor: true, ..Config::default() }).await;
    let audience = mfa_api(&rig);
    let tokens = rig.password(&[("audience", &audience), ("scope", "read:authenticators enroll")]).await;
    assert_eq!((tokens.status, tokens.value()["expires_in"].as_u64()), (200, Some(600)));
    let token = tokens.text("access_token");
    let listed = rig.authenticators(&token).await.value();
    assert_eq!(listed.as_array().unwrap().len(), 1);
}

/// Ada holds what the tenant has switched off since.
async fn hold(rig: &Rig, id: &str, credential: Credential) {
    let now = rig.tenant.clock().now();
    let held = Authenticator {
        id: id.to_owned(),
        user_id: ada(rig).await.user_id,
        credential,
        name: None,
        created_at: now,
        confirmed_at: Some(now),
        last_used_at: None,
    };
    rig.tenant.state().store.insert_authenticator(&held).await.unwrap();
}

fn phone() -> Credential {
    Credential::Phone { number: "+12025550123".to_owned(), reach: PhoneReach::only(PhoneChannel::Sms) }
}

#[tokio::test]
async fn whoever_holds_only_what_is_off_enrols_anew() {
    let rig = Rig::with(&Config::policy("all-applications")).await;
    hold(&rig, "phone|dev_0000000000000000", phone()).await;
    let mfa_token = log_in(&rig).await;
    let refused = rig.challenge(&mfa_token, &json!({})).await;
    assert_eq!(refused.text("error"), "association_required");
    let begun = rig.associate(&mfa_token).await;
    assert_eq!(begun.status, 200, "{}", begun.body);
    assert_eq!(begun.at("/recovery_codes/0").len(), 24);
    let verified = rig.verify_otp(&mfa_token, &rig.code(&begun.text("secret"))).await;
    assert_eq!(verified.status, 200, "{}", verified.body);

    let rig = Rig::with(&Config::policy("all-applications")).await;
    hold(&rig, "phone|dev_0000000000000000", phone()).await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    let page = browser.log_in(&page).await;
    assert_eq!(page.url.path(), "/u/mfa-otp-enrollment", "{}", page.answer.body);
    let secret = page.attribute("data-secret").replace(' ', "");
    let page = browser.submit(&page, &[("code", &rig.code(&secret))]).await;
    assert_eq!(page.url.path(), "/u/mfa-recovery-code-enrollment", "{}", page.answer.body);
}

#[tokio::test]
async fn an_app_that_is_off_proves_nothing_but_for_its_phone() {
    let yaml = Config { every_factor: true, ..Config::policy("all-applications") }
        .yaml()
        .replace("name: otp, enabled: true", "name: otp, enabled: false");
    let (id, secret) = ("totp|dev_0000000000000000", "GAXVUW2SJRRE2MJRKVFWIQ3XNAZWCQK4");
    let rig = Rig::with_yaml(&yaml).await;
    hold(&rig, id, Credential::totp(secret.into())).await;
    let refused = rig.verify_otp(&log_in(&rig).await, &rig.code(secret)).await;
    assert_eq!(refused.failure(), "403 invalid_grant: MFA Authorization rejected.");

    let rig = Rig::with_yaml(&yaml).await;
    let of_phone = push::enrol(&rig).await;
    hold(&rig, id, Credential::totp(secret.into())).await;
    let mfa_token = log_in(&rig).await;
    let refused = rig.verify_otp(&mfa_token, &rig.code(secret)).await;
    assert_eq!(refused.failure(), "403 invalid_grant: Invalid otp_code.");
    assert_eq!(rig.verify_otp(&mfa_token, &rig.code(&of_phone)).await.status, 200);
}
