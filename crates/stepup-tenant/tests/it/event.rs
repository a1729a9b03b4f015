//! The whole of `event`, in each flow that runs Actions.

use serde_json::{Value, json};
use stepup_tenant::Tenant;

use crate::rig::{ADA, API, Browser, Config, PASSWORD, Rig};

const TELL: &str = r#"exports.onExecutePostLogin = async (event, api) => {
  api.idToken.setCustomClaim("event", event);
};"#;

async fn rig() -> Rig {
    let users = json!([{
        "user_id": "ada", "email": ADA, "email_verified": true, "password": PASSWORD, "app_metadata": { "plan": "gold" },
        "mfa_factors": [{ "totp": { "secret": "GAXVUW2SJRRE2MJRKVFWIQ3XNAZWCQK4" } }, { "phone": { "value": "+12025550123" } }],
    }]);
    let config = Config { every_factor: true, non_rotating: true, ..Config::action(TELL) };
    Rig::built(Tenant::builder().config_yaml(&config.yaml()).users_json(&users.to_string())).await
}

/// The event without what is drawn at random.
fn told(mut claims: Value) -> Value {
    let mut event = claims["event"].take();
    for drawn in ["/session/id", "/refresh_token/id", "/refresh_token/session_id"] {
        if let Some(value) = event.pointer_mut(drawn) {
            *value = json!("[drawn]");
        }
    }
    event
}

#[tokio::test]
async fn what_an_action_is_told_at_a_login_in_the_browser() {
    let rig = rig().await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[("audience", API)]).await;
    let end = browser.log_in(&page).await;
    insta::assert_json_snapshot!(told(browser.exchange_code(&end).await.claims("id_token")));
}

#[tokio::test]
async fn what_an_action_is_told_of_a_password_grant() {
    let answer = rig().await.password(&[("scope", "openid offline_access"), ("device", "x")]).await;
    insta::assert_json_snapshot!(told(answer.claims("id_token")));
}

#[tokio::test]
async fn what_an_action_is_told_of_a_refresh() {
    let rig = rig().await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    let end = browser.log_in(&page).await;
    let token = browser.exchange_code(&end).await.text("refresh_token");
    rig.advance(60);
    let refreshed = told(rig.refresh(&token, &[]).await.claims("id_token"));
    insta::assert_json_snapshot!(refreshed);
    // The session has ended: of how the user logged in nothing is left.
    rig.advance(3 * 86_400);
    let later = told(rig.refresh(&token, &[]).await.claims("id_token"));
    assert_eq!((later.get("session"), later.get("authentication")), (None, None));
    assert_eq!(later["refresh_token"]["last_exchanged_at"], "2026-01-01T00:01:00.000Z");
}
