//! Actions in the flows: what they ask for, deny and change, one after the other.

use serde_json::{Value, json};

use crate::rig::{API, Browser, Config, RECOVERY_GRANT, Rig};

/// The example of the documentation that this project comes from, as it stands there.
const DOCUMENTED: &str = r#"exports.onExecutePostLogin = async (event, api) => {
  // Only trigger on refresh_token grant (step-up)
  if (event.request?.body?.grant_type == "refresh_token") {

    if (event.user.enrolledFactors.length) {
      // User has factors enrolled - challenge
      api.authentication.challengeWithAny([
        { type: 'otp' },
        { type: 'phone' },
        { type: 'push-notification' },
        { type: 'email' },
        { type: 'recovery-code' }
      ]);
    } else {
      // No factors enrolled - prompt enrollment
      api.authentication.enrollWithAny([
        { type: 'otp'},
        { type: 'phone'},
        { type: 'push-notification' }
      ]);
    }
  }
};"#;

#[tokio::test]
async fn the_documented_action_runs_unchanged() {
    let lists =
        [json!({ "enroll": [otp()] }), json!({ "challenge": [otp(), json!({ "type": "recovery-code" })] })];
    let rig = step_up_with(DOCUMENTED, lists).await;
    assert!(rig.log().await.contains(&"w".to_owned()), "unusable factors are named in the log");
}

#[tokio::test]
async fn the_older_form_reads_multifactor() {
    let code = include_str!("../../../../examples/actions/step-up-by-multifactor.js");
    step_up_with(code, [Value::Null, Value::Null]).await;
}

fn otp() -> Value {
    json!({ "type": "otp" })
}

/// Enrols, then is challenged; `lists` are the two `mfa_requirements`.
async fn step_up_with(code: &'static str, lists: [Value; 2]) -> Rig {
    let rig = Rig::with(&Config::action(code)).await;
    let [enroll, challenge] = lists;
    let refresh_token = rig.refresh_token().await;
    let refused = rig.refresh(&refresh_token, &[("audience", API)]).await;
    let mfa_token = refused.mfa_token();
    assert_eq!(refused.value()["mfa_requirements"], enroll, "{}", refused.body);
    let secret = rig.associate(&mfa_token).await.text("secret");
    let tokens = rig.verify_otp(&mfa_token, &rig.code(&secret)).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    rig.advance(30);
    let refused = rig.refresh(&tokens.text("refresh_token"), &[("audience", API)]).await;
    let mfa_token = refused.mfa_token();
    assert_eq!(refused.value()["mfa_requirements"], challenge, "{}", refused.body);
    assert_eq!(rig.verify_otp(&mfa_token, &rig.code(&secret)).await.status, 200);
    rig
}

#[tokio::test]
async fn actions_change_claims_scopes_and_metadata() {
    let rig = Rig::with(&Config {
        actions: vec![
            r#"exports.onExecutePostLogin = async (event, api) => {
  api.accessToken.setCustomClaim("https://example.com/first", event.transaction.protocol);
  api.idToken.setCustomClaim("plan", "gold");
  api.accessToken.addScope("extra");
  api.accessToken.removeScope("email");
  api.user.setAppMetadata("seen", true);
  api.transaction.setMetadata("from", "one");
};"#,
            r#"exports.onExecutePostLogin = async (event, api) => {
  api.accessToken.setCustomClaim("https://example.com/second", event.transaction.metadata.from);
  api.idToken.setCustomClaim("body", JSON.stringify(event.request.body));
  api.idToken.setCustomClaim("seen", event.user.app_metadata.seen);
};"#,
        ],
        ..Config::default()
    })
    .await;
    let tokens = rig.password(&[("audience", API), ("scope", "openid email read:sensitive")]).await;
    assert_eq!(tokens.text("scope"), "openid read:sensitive extra");
    let access = tokens.claims("access_token");
    assert_eq!(access["https://example.com/first"], "oauth2-password");
    assert_eq!(access["https://example.com/second"], "one");
    let id = tokens.claims("id_token");
    assert_eq!((&id["plan"], &id["seen"]), (&json!("gold"), &json!(true)));
    let body = id["body"].as_str().unwrap();
    assert!(body.contains("\"grant_type\":\"password\"") && body.contains("ada@example.com"));
    for secret in ["correct horse", "client_secret", "stepup-webapp-secret"] {
        assert!(!body.contains(secret), "{body}");
    }
    let user = id["sub"].as_str().unwrap();
    let kept = rig.tenant.state().store.user(user).await.unwrap().unwrap();
    assert_eq!(kept.app_metadata["seen"], json!(true));

    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    let end = browser.log_in(&page).await;
    assert_eq!(browser.exchange_code(&end).await.claims("id_token")["plan"], "gold");
}

#[tokio::test]
async fn null_takes_a_claim_back() {
    let rig = Rig::with(&Config {
        actions: vec![
            r#"exports.onExecutePostLogin = async (event, api) => {
  for (const token of [api.idToken, api.accessToken]) {
    token.setCustomClaim("plan", "gold");
    token.setCustomClaim("level", 1);
    token.setCustomClaim("level", null);
    token.setCustomClaim("kept", 0);
  }
};"#,
            r#"exports.onExecutePostLogin = async (event, api) => {
  for (const token of [api.idToken, api.accessToken]) {
    token.setCustomClaim("plan", null);
    token.setCustomClaim("unknown", null);
  }
  api.idToken.setCustomClaim("email", null);
};"#,
        ],
        ..Config::default()
    })
    .await;
    let tokens = rig.password(&[("audience", API), ("scope", "openid email profile")]).await;
    for token in ["id_token", "access_token"] {
        let claims = tokens.claims(token);
        for name in ["plan", "level", "unknown"] {
            assert_eq!(claims.get(name), None, "{token}: {name}");
        }
        assert_eq!(claims["kept"], 0, "{token}");
    }
    let id = tokens.claims("id_token");
    assert_eq!((id.get("email"), &id["email_verified"]), (None, &json!(true)), "of the profile too");
}

#[tokio::test]
async fn a_denial_is_told_and_a_failure_is_not() {
    let deny = "exports.onExecutePostLogin = async (event, api) => { api.access.deny('not on Sundays'); };";
    let rig = Rig::with(&Config::action(deny)).await;
    assert_eq!(rig.password(&[]).await.failure(), "403 access_denied: not on Sundays");
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    assert_eq!(browser.log_in(&page).await.failure(), "access_denied: not on Sundays");
    assert_eq!(browser.authorize(&[("prompt", "none")]).await.failure(), "access_denied: not on Sundays");

    let throw =
        "exports.onExecutePostLogin = async () => { throw new Error('the database is at 10.0.0.7'); };";
    let rig = Rig::with(&Config::action(throw)).await;
    assert_eq!(rig.password(&[]).await.failure(), "500 server_error: Something went wrong");
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    assert_eq!(browser.log_in(&page).await.failure(), "server_error: Something went wrong");
}

#[tokio::test]
async fn commands_of_several_actions_chain() {
    let rig = Rig::with(&Config {
        actions: vec![
            "exports.onExecutePostLogin = async (event, api) => { if (event.user.enrolledFactors.length) api.authentication.challengeWith({type: 'recovery-code'}); else api.authentication.enrollWith({type: 'otp'}); api.accessToken.setCustomClaim('one', 1); };",
            "exports.onExecutePostLogin = async (event, api) => { const mfa = event.authentication.methods.filter(({name}) => name === 'mfa').map(({type}) => type); api.accessToken.setCustomClaim('passed', mfa); api.authentication.challengeWith({type: 'otp'}); };",
            "exports.onExecutePostLogin = async (event, api) => { api.accessToken.setCustomClaim('all', event.authentication.methods.map(({name}) => name)); };",
        ],
        ..Config::default()
    })
    .await;
    let ask = [("audience", API), ("scope", "openid read:sensitive")];
    let refused = rig.password(&ask).await;
    let mfa_token = refused.mfa_token();
    assert_eq!(refused.value()["mfa_requirements"], json!({ "enroll": [{ "type": "otp" }] }));
    let begun = rig.associate(&mfa_token).await;
    let (secret, recovery_code) = (begun.text("secret"), begun.at("/recovery_codes/0"));
    let tokens = rig.verify_otp(&mfa_token, &rig.code(&secret)).await;
    assert_eq!(tokens.status, 200, "an enrolment satisfies the later challenge: {}", tokens.body);
    let claims = tokens.claims("access_token");
    assert_eq!(
        (&claims["one"], &claims["passed"], &claims["all"]),
        (&json!(1), &json!(["otp"]), &json!(["pwd", "mfa"]))
    );

    rig.advance(30);
    let refused = rig.password(&ask).await;
    let first = refused.mfa_token();
    assert_eq!(refused.value()["mfa_requirements"], json!({ "challenge": [{ "type": "recovery-code" }] }));
    let by_otp = rig.verify_otp(&first, &rig.code(&secret)).await;
    assert_eq!(
        by_otp.failure(),
        "403 invalid_grant: MFA Authorization rejected.",
        "not among those that were asked for"
    );
    let fields = [
        ("grant_type", RECOVERY_GRANT),
        ("mfa_token", first.as_str()),
        ("recovery_code", recovery_code.as_str()),
    ];
    let chained = rig.token(&fields).await;
    let second = chained.mfa_token();
    assert_ne!(first, second);
    assert_eq!(
        chained.text("recovery_code").len(),
        24,
        "the new code is told although there are no tokens yet"
    );
    assert_eq!(chained.value()["mfa_requirements"]["challenge"][0], json!({ "type": "otp" }));
    assert_eq!(
        rig.verify_otp(&first, &rig.code(&secret)).await.failure(),
        "403 invalid_grant: Malformed mfa_token"
    );
    let tokens = rig.verify_otp(&second, &rig.code(&secret)).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    assert_eq!(tokens.claims("access_token")["all"], json!(["pwd", "mfa", "mfa"]));
}

#[tokio::test]
async fn a_new_recovery_code_is_told_although_the_login_is_refused_after_it() {
    let rig = Rig::with(&Config {
        actions: vec![
            "exports.onExecutePostLogin = async (event, api) => { if (event.user.enrolledFactors.length) api.authentication.challengeWith({type: 'recovery-code'}); else api.authentication.enrollWith({type: 'otp'}); };",
            "exports.onExecutePostLogin = async (event, api) => { if (event.authentication.methods.some(({type}) => type === 'recovery-code')) api.access.deny('not on Sundays'); };",
        ],
        ..Config::default()
    })
    .await;
    let mfa_token = rig.password(&[]).await.mfa_token();
    let begun = rig.associate(&mfa_token).await;
    let mut code = begun.at("/recovery_codes/0");
    assert_eq!(rig.verify_otp(&mfa_token, &rig.code(&begun.text("secret"))).await.status, 200);
    for _ in 0..2 {
        let mfa_token = rig.password(&[]).await.mfa_token();
        let use_code = async |code: &str| {
            let fields =
                [("grant_type", RECOVERY_GRANT), ("mfa_token", mfa_token.as_str()), ("recovery_code", code)];
            rig.token(&fields).await
        };
        let wrong = use_code("17EQHNZC2SZDYG7X4QXVX9SW").await;
        assert_eq!(wrong.failure(), "403 invalid_grant: MFA Authorization rejected.");
        assert!(wrong.value().get("recovery_code").is_none(), "{}", wrong.body);
        let refused = use_code(&code).await;
        assert_eq!(refused.failure(), "403 access_denied: not on Sundays");
        code = refused.text("recovery_code");
        assert_eq!(code.len(), 24);
    }
    assert_eq!(rig.log().await.iter().filter(|kind| *kind == "gd_recovery_succeed").count(), 2);
}

#[tokio::test]
async fn factors_that_nobody_can_use_fail_the_flow() {
    let code = "exports.onExecutePostLogin = async (event, api) => { api.authentication.challengeWith({type: 'phone'}); };";
    let rig = Rig::with(&Config::action(code)).await;
    let refused = rig.password(&[]).await;
    assert_eq!((refused.status, refused.text("error").as_str()), (403, "access_denied"));
    assert!(rig.log().await.contains(&"mfar".to_owned()));
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    assert!(browser.log_in(&page).await.failure().starts_with("access_denied: "));
}

#[tokio::test]
async fn multifactor_enable_asks_and_none_excuses() {
    let any = "exports.onExecutePostLogin = async (event, api) => { api.multifactor.enable('any'); };";
    let rig = Rig::with(&Config::action(any)).await;
    let refused = rig.password(&[]).await;
    refused.mfa_token();
    assert!(refused.value().get("mfa_requirements").is_none());
    let none = "exports.onExecutePostLogin = async (event, api) => { api.multifactor.enable('none'); };";
    let rig = Rig::with(&Config { policy: "all-applications", ..Config::action(none) }).await;
    assert_eq!(rig.password(&[]).await.status, 200);
}

#[tokio::test]
async fn an_action_sends_the_browser_away_and_goes_on_when_it_returns() {
    let code = r#"exports.onExecutePostLogin = async (event, api) => {
  api.redirect.sendUserTo("https://terms.example/accept", { query: { who: event.user.email } });
};
exports.onContinuePostLogin = async (event, api) => {
  api.idToken.setCustomClaim("accepted", true);
};"#;
    let rig = Rig::with(&Config::action(code)).await;
    assert_eq!(rig.password(&[]).await.text("error"), "interaction_required");
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    let away = browser.log_in(&page).await;
    assert_eq!(away.url.host_str(), Some("terms.example"), "{}", away.url);
    assert_eq!(away.parameter("who"), "ada@example.com");
    let state = away.parameter("state");
    let skipped = browser.open(&format!("/authorize/resume?state={state}")).await;
    assert_eq!(skipped.answer.status, 400, "not without returning");
    let end = browser.open(&format!("/continue?state={state}")).await;
    assert_eq!(browser.exchange_code(&end).await.claims("id_token")["accepted"], json!(true));
    assert_eq!(browser.authorize(&[("prompt", "none")]).await.parameter("error"), "interaction_required");
}

#[tokio::test]
async fn two_actions_may_send_the_browser_away_one_after_the_other() {
    let away = r#"exports.onExecutePostLogin = async (event, api) => { api.redirect.sendUserTo("https://terms.example/"); };"#;
    let rig = Rig::with(&Config { actions: vec![away, away], ..Config::default() }).await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    let mut away = browser.log_in(&page).await;
    let state = away.parameter("state");
    for host in ["terms.example", "localhost"] {
        away = browser.open(&format!("/continue?state={state}")).await;
        assert_eq!(away.url.host_str(), Some(host));
    }
    assert_eq!(browser.exchange_code(&away).await.status, 200);
}
