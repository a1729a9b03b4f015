//! Logins that Actions send elsewhere, over HTTP.

use serde_json::json;
use stepup_seal::jws::{Algorithm, SigningKey};

use crate::rig::{Browser, Config, Rig};

/// Sends the browser to accept the terms, and believes what the site there signed.
const TERMS: &str = r#"exports.onExecutePostLogin = async (event, api) => {
  const ticket = api.redirect.encodeToken({ secret: "shared", payload: { nickname: event.user.nickname } });
  api.redirect.sendUserTo("https://terms.example/accept#top", { query: { ticket } });
};
exports.onContinuePostLogin = async (event, api) => {
  const { version } = api.redirect.validateToken({ secret: "shared", tokenParameterName: "proof" });
  api.idToken.setCustomClaim("terms", version);
};"#;

/// Sends the browser to yet another site.
const SURVEY: &str = r#"exports.onExecutePostLogin = async (event, api) => {
  if (api.redirect.canRedirect()) api.redirect.sendUserTo("https://survey.example/");
};"#;

fn signed(state: &str, exp: i64) -> String {
    // HMAC pads a short key with zeros itself: the same signature as with the bare secret
    let mut key = b"shared".to_vec();
    key.resize(32, 0);
    let key = SigningKey::hmac(&key, Algorithm::Hs256).unwrap();
    key.sign("JWT", None, &json!({ "state": state, "version": 3, "exp": exp })).unwrap()
}

#[tokio::test]
async fn the_browser_goes_to_one_site_after_the_other_and_comes_back() {
    let rig = Rig::with(&Config { actions: vec![TERMS, SURVEY], ..Config::default() }).await;
    let exp = rig.tenant.clock().now().seconds() + 60;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    let terms = browser.log_in(&page).await;
    assert_eq!((terms.url.host_str(), terms.url.fragment()), (Some("terms.example"), Some("top")));
    assert_eq!(terms.parameter("ticket").split('.').count(), 3);
    let state = terms.state();

    let survey = browser.open(&format!("/continue?state={state}&proof={}", signed(&state, exp))).await;
    assert_eq!(survey.url.host_str(), Some("survey.example"), "{}", survey.answer.body);
    let end = browser.open(&format!("/continue?state={}", survey.state())).await;
    assert_eq!(browser.exchange_code(&end).await.claims("id_token")["terms"], json!(3));
    let again = browser.open(&format!("/continue?state={state}")).await;
    assert_eq!(again.answer.status, 400, "once");
}

#[tokio::test]
async fn a_proof_that_is_not_for_this_login_ends_it() {
    let rig = Rig::with(&Config::action(TERMS)).await;
    let now = rig.tenant.clock().now().seconds();
    for (state, exp) in [("another", now + 60), ("", now + 60), ("its own", now - 1)] {
        let mut browser = Browser::new(&rig);
        let page = browser.authorize(&[]).await;
        let terms = browser.log_in(&page).await;
        let own = terms.state();
        let proof = signed(if state == "its own" { &own } else { state }, exp);
        let end = browser.open(&format!("/continue?state={own}&proof={proof}")).await;
        assert_eq!(end.parameter("error"), "server_error", "{state}");
    }
}
