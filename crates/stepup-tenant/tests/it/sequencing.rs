//! `challengeWith` and `enrollWith`, rule by rule, and how a paused flow goes on.

use serde_json::{Value, json};

use crate::rig::{ADA, API, Answer, Browser, Config, Rig};

const ASK: [(&str, &str); 2] = [("audience", API), ("scope", "openid read:sensitive")];

/// An Action that runs `body` once Ada has an app, and has her enrol one before.
fn action(body: &str) -> Config {
    let code = format!(
        "exports.onExecutePostLogin = async (event, api) => {{
  const enrolled = event.user.enrolledFactors.map(({{ type }}) => type);
  const passed = event.authentication.methods.filter(({{ name }}) => name === 'mfa').map(({{ type }}) => type);
  if (event.request.query.state === 'enrol' || event.request.body.enrol) api.authentication.enrollWith({{ type: 'otp' }});
  else {{ {body} }}
}};"
    );
    Config::action(code.leak())
}

/// Ada with an app: its secret.
async fn with_app(rig: &Rig) -> String {
    let mfa_token = rig.password(&[("enrol", "1")]).await.mfa_token();
    let secret = rig.associate(&mfa_token).await.text("secret");
    let verified = rig.verify_otp(&mfa_token, &rig.code(&secret)).await;
    assert_eq!(verified.status, 200, "{}", verified.body);
    rig.advance(60);
    secret
}

async fn pass(rig: &Rig, refused: &Answer, secret: &str) -> Answer {
    let answer = rig.verify_otp(&refused.mfa_token(), &rig.code(secret)).await;
    rig.advance(30);
    answer
}

fn required(refused: &Answer) -> Value {
    refused.value()["mfa_requirements"].clone()
}

#[tokio::test]
async fn factors_that_cannot_be_used_are_left_out_and_named() {
    let rig = Rig::with(&action(
        "api.authentication.challengeWith({ type: 'webauthn-roaming' }, { additionalFactors: [{ type: 'otp' }, { type: 'webauthn-platform' }] })",
    ))
    .await;
    let secret = with_app(&rig).await;
    let refused = rig.password(&ASK).await;
    assert_eq!(required(&refused)["challenge"][0], json!({ "type": "otp" }));
    let listed = required(&refused)["challenge"].to_string();
    assert!(!listed.contains("webauthn"), "{listed}");
    let warnings: Vec<_> = rig.tenant.log().await.unwrap().into_iter().filter(|it| it.kind == "w").collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert_eq!(pass(&rig, &refused, &secret).await.status, 200);
}

#[tokio::test]
async fn a_command_that_is_satisfied_is_skipped() {
    let rig = Rig::with(&action(
        "api.authentication.challengeWith({ type: 'otp' }); api.authentication.challengeWithAny([{ type: 'otp' }, { type: 'recovery-code' }])",
    ))
    .await;
    let secret = with_app(&rig).await;
    let refused = rig.password(&ASK).await;
    let tokens = pass(&rig, &refused, &secret).await;
    assert_eq!(tokens.status, 200, "the second lists a factor that was passed: {}", tokens.body);
    let refused = rig.password(&ASK).await;
    refused.mfa_token();
}

#[tokio::test]
async fn four_commands_and_no_more() {
    let four = "for (let n = 0; n < 4; n++) api.authentication.challengeWith({ type: 'otp' })";
    let rig = Rig::with(&action(four)).await;
    let secret = with_app(&rig).await;
    let refused = rig.password(&ASK).await;
    assert_eq!(pass(&rig, &refused, &secret).await.status, 200);

    let five = "for (let n = 0; n < 5; n++) api.authentication.challengeWith({ type: 'otp' })";
    let rig = Rig::with(&action(five)).await;
    let secret = with_app(&rig).await;
    let refused = rig.password(&ASK).await;
    let failed = pass(&rig, &refused, &secret).await;
    assert_eq!(
        failed.failure(),
        "403 access_denied: The Actions of this login requested more than 4 factors"
    );
}

#[tokio::test]
async fn an_enrolment_of_what_is_enrolled_is_skipped_and_of_what_is_off_fails() {
    let rig = Rig::with(&action("api.authentication.enrollWithAny([{ type: 'otp' }])")).await;
    with_app(&rig).await;
    assert_eq!(rig.password(&ASK).await.status, 200);

    let rig = Rig::with(&action("api.authentication.enrollWith({ type: 'webauthn-roaming' })")).await;
    let failed = rig.password(&ASK).await;
    assert_eq!((failed.status, failed.text("error").as_str()), (403, "access_denied"));
    assert!(rig.log().await.contains(&"mfar".to_owned()));
}

#[tokio::test]
async fn the_next_action_sees_what_the_one_before_asked_for() {
    let rig = Rig::with(&Config {
        actions: vec![
            "exports.onExecutePostLogin = async (event, api) => {
  api.authentication.enrollWith({ type: 'otp' });
  api.accessToken.setCustomClaim('stale', event.user.enrolledFactors.length);
};",
            "exports.onExecutePostLogin = async (event, api) => {
  const mfa = event.authentication.methods.find(({ name }) => name === 'mfa');
  api.accessToken.setCustomClaim('fresh', [event.user.enrolledFactors.some(({ type }) => type === 'otp'), mfa?.type, typeof mfa?.timestamp]);
};",
        ],
        ..Config::default()
    })
    .await;
    let refused = rig.password(&ASK).await;
    let mfa_token = refused.mfa_token();
    let secret = rig.associate(&mfa_token).await.text("secret");
    let tokens = rig.verify_otp(&mfa_token, &rig.code(&secret)).await;
    let claims = tokens.claims("access_token");
    assert_eq!((&claims["stale"], &claims["fresh"]), (&json!(0), &json!([true, "otp", "string"])));
}

/// A second factor of an earlier login does not count in this one.
#[tokio::test]
async fn only_this_transaction_counts() {
    let rig = Rig::with(&action("api.authentication.challengeWith({ type: 'otp' })")).await;
    let secret = with_app(&rig).await;
    for _ in 0..2 {
        let refused = rig.password(&ASK).await;
        assert_eq!(pass(&rig, &refused, &secret).await.status, 200);
    }
}

#[tokio::test]
async fn factors_come_before_the_way_out() {
    let rig = Rig::with(&action(
        "api.authentication.challengeWith({ type: 'otp' }); if (api.redirect.canRedirect()) api.redirect.sendUserTo('https://terms.example/')",
    ))
    .await;
    let secret = with_app(&rig).await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    let page = browser.log_in(&page).await;
    assert_eq!(page.url.path(), "/u/mfa-otp-challenge", "{}", page.answer.body);
    let away = browser.submit(&page, &[("code", &rig.code(&secret))]).await;
    assert_eq!(away.url.host_str(), Some("terms.example"), "{}", away.url);
    let end = browser.open(&format!("/continue?state={}", away.parameter("state"))).await;
    assert_eq!(browser.exchange_code(&end).await.claims("id_token")["amr"], json!(["mfa"]));
}

/// What Actions wrote down before the flow paused is carried out after it went on.
#[tokio::test]
async fn a_paused_flow_keeps_claims_and_metadata() {
    let rig = Rig::with(&Config {
        actions: vec![
            "exports.onExecutePostLogin = async (event, api) => {
  api.transaction.setMetadata('step', 'one');
  api.accessToken.setCustomClaim('before', true);
  api.user.setAppMetadata('asked', 'yes');
  api.authentication.enrollWith({ type: 'otp' });
};",
            "exports.onExecutePostLogin = async (event, api) => {
  api.accessToken.setCustomClaim('after', event.transaction.metadata.step);
};",
        ],
        ..Config::default()
    })
    .await;
    let refused = rig.password(&ASK).await;
    let mfa_token = refused.mfa_token();
    let user = async || {
        let store = &rig.tenant.state().store;
        store.user_by_identifier("Username-Password-Authentication", ADA).await.unwrap().unwrap()
    };
    assert_eq!(user().await.app_metadata.get("asked"), None, "not before the end");
    let secret = rig.associate(&mfa_token).await.text("secret");
    let claims = rig.verify_otp(&mfa_token, &rig.code(&secret)).await.claims("access_token");
    assert_eq!((&claims["before"], &claims["after"]), (&json!(true), &json!("one")));
    assert_eq!(user().await.app_metadata["asked"], "yes");
}

#[tokio::test]
async fn a_failing_action_fails_its_own_login_and_is_traced_with_its_line() {
    let code = "exports.onExecutePostLogin = async (event, api) => {\n  console.log('key', event.user.email);\n  if (event.request.body.fail) event.nothing.here();\n};";
    let rig = Rig::with(&Config::action(code)).await;
    let failed = rig.password(&[("fail", "1")]).await;
    assert_eq!(failed.failure(), "500 server_error: Something went wrong");
    assert_eq!(rig.password(&[]).await.status, 200, "nothing else is touched");
    let log = rig.tenant.log().await.unwrap();
    let event = log.iter().find(|event| event.kind == "actions_execution_failed").unwrap();
    let details = event.details.as_ref().unwrap();
    assert_eq!(
        (&details["action"], &details["function"]),
        (&json!("action-0"), &json!("onExecutePostLogin"))
    );
    assert_eq!((&details["error"]["line"], &details["error"]["column"].is_u64()), (&json!(3), &true));
    assert_eq!(details["error"]["code"], "  if (event.request.body.fail) event.nothing.here();");
    assert!(details["error"]["message"].as_str().unwrap().contains("TypeError"), "{details}");
    assert_eq!(details["console"], json!([{ "level": "log", "text": "key ada@example.com" }]));
    assert!(
        event.description.as_deref().unwrap().starts_with("the Action action-0 failed: it threw at line 3")
    );
    let ran = log.iter().find(|event| event.kind == "actions_execution_succeeded").unwrap();
    let details = ran.details.as_ref().unwrap();
    assert_eq!(details["saw"]["grant_type"], "password");
    assert!(details["duration_ms"].as_f64().unwrap() > 0.0);
}

#[tokio::test]
async fn a_flow_s_actions_share_its_time() {
    let endless = "exports.onExecutePostLogin = async (event, api) => { for (;;) {} };";
    let config = Config { stepup: "{ action_time_limit_ms: 60 }", ..Config::action(endless) };
    let rig = Rig::with(&config).await;
    assert_eq!(rig.password(&[]).await.failure(), "500 server_error: Something went wrong");
    let log = rig.tenant.log().await.unwrap();
    let failed = log.iter().find(|event| event.kind == "actions_execution_failed").unwrap();
    assert!(failed.description.as_deref().unwrap().ends_with("it did not end within 60 ms"), "{failed:?}");
}
