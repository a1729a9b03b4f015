//! The policy Adaptive: which logins it takes for the user's own, and whom it asks for a second factor.

use serde_json::{Value, json};
use stepup_tenant::{model::KnownDevice, risk::Signal};

use crate::rig::{ADA, Browser, Config, PASSWORD, Page, Rig};

const ADAPTIVE: &str = "confidence-score";
const MULTI_FACTOR: &str = "http://schemas.openid.net/pape/policies/2007/06/multi-factor";
/// Tells the client how the login was assessed.
const TELL: &str = r#"exports.onExecutePostLogin = async (event, api) => {
  api.idToken.setCustomClaim("risk", event.authentication.riskAssessment ?? "none");
};"#;

async fn signal(rig: &Rig, signal: Value) {
    let signal: Signal = serde_json::from_value(signal).unwrap();
    rig.tenant.state().store.add_signal(&signal).await.unwrap();
}

/// Ada enrols an app by way of `acr_values`, and logs out of nothing: the secret of her app.
async fn enrol(rig: &Rig, browser: &mut Browser<'_>) -> String {
    let page = browser.authorize(&[("acr_values", MULTI_FACTOR)]).await;
    let page = browser.log_in(&page).await;
    assert_eq!(page.url.path(), "/u/mfa-otp-enrollment", "{}", page.answer.body);
    let secret = page.attribute("data-secret").replace(' ', "");
    let page = browser.submit(&page, &[("code", &rig.code(&secret))]).await;
    let end = browser.submit(&page, &[("saved", "on")]).await;
    assert_eq!(browser.exchange_code(&end).await.status, 200);
    rig.advance(60);
    secret
}

/// A login with the password, whatever session there is, and with a code from the mailbox where that is asked for.
async fn log_in(rig: &Rig, browser: &mut Browser<'_>) -> Page {
    let page = browser.authorize(&[("prompt", "login")]).await;
    let page = browser.log_in(&page).await;
    if page.url.path() != "/u/login-email-verification" {
        return page;
    }
    let code = rig.tenant.messages().await.unwrap().remove(0).code.unwrap();
    browser.submit(&page, &[("code", &code)]).await
}

async fn risk(browser: &Browser<'_>, end: &Page) -> Value {
    browser.exchange_code(end).await.claims("id_token")["risk"].clone()
}

fn code(risk: &Value, assessor: &str) -> String {
    let assessment = &risk["assessments"][assessor];
    format!("{} {}", assessment["confidence"].as_str().unwrap(), assessment["code"].as_str().unwrap())
}

#[tokio::test]
async fn actions_see_how_the_login_was_assessed() {
    let rig = Rig::with(&Config { policy: ADAPTIVE, ..Config::action(TELL) }).await;
    let mut browser = Browser::new(&rig);
    let end = log_in(&rig, &mut browser).await;
    let first = risk(&browser, &end).await;
    assert_eq!(code(&first, "NewDevice"), "neutral initial_login");
    assert_eq!(code(&first, "ImpossibleTravel"), "neutral initial_login");
    assert_eq!(code(&first, "UntrustedIP"), "high not_found_on_deny_list");
    assert_eq!((&first["confidence"], &first["version"]), (&json!("high"), &json!("1")));

    let end = log_in(&rig, &mut browser).await;
    let second = risk(&browser, &end).await;
    assert_eq!(code(&second, "NewDevice"), "high match");
    assert_eq!(code(&second, "ImpossibleTravel"), "neutral missing_geoip");

    let mut other = Browser::new(&rig);
    let end = log_in(&rig, &mut other).await;
    assert_eq!(code(&risk(&other, &end).await, "NewDevice"), "medium partial_match", "the same user agent");

    rig.advance(31 * 86_400);
    let end = log_in(&rig, &mut browser).await;
    assert_eq!(code(&risk(&browser, &end).await, "NewDevice"), "low no_device_history", "after 30 days");

    let never = Rig::with(&Config::action(TELL)).await;
    let mut browser = Browser::new(&never);
    let end = log_in(&never, &mut browser).await;
    assert_eq!(risk(&browser, &end).await, "none", "no assessment under another policy");
}

#[tokio::test]
async fn an_enrolled_user_is_challenged_where_the_confidence_is_low() {
    let rig = Rig::with(&Config::policy(ADAPTIVE)).await;
    let mut browser = Browser::new(&rig);
    let secret = enrol(&rig, &mut browser).await;
    let end = log_in(&rig, &mut browser).await;
    assert!(end.url.query().unwrap().contains("code="), "a known browser: {}", end.url);

    // as if nobody had ever logged in from here
    let user = rig.tenant.state().store.user_by_identifier("Username-Password-Authentication", ADA).await;
    let user = user.unwrap().unwrap().user_id;
    let store = &rig.tenant.state().store;
    assert_eq!(store.forget_devices(&user).await.unwrap(), 1);
    let page = log_in(&rig, &mut browser).await;
    assert_eq!(page.url.path(), "/u/mfa-otp-challenge");
    assert!(!page.answer.body.contains("rememberBrowser"), "not offered under Adaptive");
    let silent = browser.authorize(&[("prompt", "none")]).await;
    assert_eq!(silent.failure(), "login_required: Multifactor authentication required");
    let end = browser.submit(&page, &[("code", &rig.code(&secret))]).await;
    assert!(end.url.query().unwrap().contains("code="), "{}", end.url);
    let known = store.known_devices(&user, rig.tenant.clock().now()).await.unwrap();
    assert_eq!(known.len(), 1, "the browser is known from now on");
    let silent = browser.authorize(&[("prompt", "none")]).await;
    assert!(silent.url.query().unwrap().contains("code="), "{}", silent.url);
}

/// The parameter is the caller's: whoever has but the password could otherwise enrol a phone of their own with it.
#[tokio::test]
async fn acr_values_lead_to_an_enrolment_past_the_mailbox_only() {
    let rig = Rig::with(&Config::policy(ADAPTIVE)).await;
    signal(&rig, json!({ "confidence": "low" })).await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[("acr_values", MULTI_FACTOR)]).await;
    let page = browser.log_in(&page).await;
    assert_eq!(page.url.path(), "/u/login-email-verification", "{}", page.answer.body);
    let astray = browser.open(&format!("/u/mfa-otp-enrollment?state={}", page.state())).await;
    assert_eq!(astray.url.path(), "/u/login-email-verification");
    let code = rig.tenant.messages().await.unwrap().remove(0).code.unwrap();
    let page = browser.submit(&page, &[("code", &code)]).await;
    assert_eq!(page.url.path(), "/u/mfa-otp-enrollment", "{}", page.answer.body);
    let secret = page.attribute("data-secret").replace(' ', "");
    let page = browser.submit(&page, &[("code", &rig.code(&secret))]).await;
    let end = browser.submit(&page, &[("saved", "on")]).await;
    assert_eq!(browser.exchange_code(&end).await.claims("id_token")["amr"], json!(["mfa"]));
}

/// What is asked of users without a factor who have an address is in `pages/mailbox.rs`.
#[tokio::test]
async fn a_user_with_neither_a_factor_nor_an_address_is_not_asked() {
    let rig = Rig::with(&Config::policy(ADAPTIVE)).await;
    let store = &rig.tenant.state().store;
    let user = store.user_by_identifier("Username-Password-Authentication", ADA).await.unwrap().unwrap();
    let nameless = |user: &mut stepup_tenant::model::User| {
        user.username = Some("ada".to_owned());
        user.email = None;
        user.email_verified = false;
    };
    store.change_user(&user.user_id, 0, &nameless).await.unwrap().unwrap();
    signal(&rig, json!({ "confidence": "low" })).await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    let end = browser.submit(&page, &[("username", "ada"), ("password", PASSWORD)]).await;
    assert!(end.url.query().unwrap().contains("code="), "{}", end.url);
    assert_eq!(
        rig.logged("w").await.description.as_deref(),
        Some(
            "the confidence in this login is low, and the user has neither a factor nor an e-mail address to send a code to"
        )
    );
    let silent = browser.authorize(&[("prompt", "none")]).await;
    assert!(silent.url.query().unwrap().contains("code="), "{}", silent.url);
}

#[tokio::test]
async fn a_test_says_what_cannot_be_seen_here() {
    let rig = Rig::with(&Config { policy: ADAPTIVE, ..Config::action(TELL) }).await;
    let mut browser = Browser::new(&rig);
    signal(&rig, json!({ "ip": "203.0.113.7", "confidence": "low" })).await;
    signal(&rig, json!({ "impossible_travel": "medium" })).await;
    let end = log_in(&rig, &mut browser).await;
    let seen = risk(&browser, &end).await;
    assert_eq!(code(&seen, "ImpossibleTravel"), "medium substantial_travel_from_last_login");
    assert_eq!(seen["confidence"], "medium");
    signal(&rig, json!({ "phone_number": { "confidence": "low", "code": "voip" } })).await;
    let end = log_in(&rig, &mut browser).await;
    let seen = risk(&browser, &end).await;
    assert_eq!((code(&seen, "PhoneNumber").as_str(), &seen["confidence"]), ("low voip", &json!("low")));
    rig.tenant.state().store.clear_signals().await.unwrap();
    let end = log_in(&rig, &mut browser).await;
    assert_eq!(risk(&browser, &end).await["confidence"], "high");
}

#[tokio::test]
async fn settings_say_what_a_first_login_and_an_address_count_for() {
    let settings = "{ risk: { initial_login: low, untrusted_ips: [ \"127.0.0.1\", \"::1\" ] } }";
    let config = Config { policy: ADAPTIVE, stepup: settings, ..Config::action(TELL) };
    let rig = Rig::with(&config).await;
    let mut browser = Browser::new(&rig);
    let end = log_in(&rig, &mut browser).await;
    let seen = risk(&browser, &end).await;
    assert_eq!(code(&seen, "NewDevice"), "low initial_login");
    assert_eq!(code(&seen, "UntrustedIP"), "low found_on_deny_list");
}

/// Token grants carry no browser: they are assessed only where a test says something of them, and refreshes never.
#[tokio::test]
async fn token_grants_are_assessed_where_a_test_says_so() {
    let rig = Rig::with(&Config { policy: ADAPTIVE, ..Config::action(TELL) }).await;
    let mut browser = Browser::new(&rig);
    let secret = enrol(&rig, &mut browser).await;
    let scope = ("scope", "openid offline_access");
    let tokens = rig.password(&[scope]).await;
    assert_eq!(tokens.claims("id_token")["risk"], "none");
    signal(&rig, json!({ "confidence": "low" })).await;
    let refused = rig.password(&[scope]).await;
    let mfa_token = refused.mfa_token();
    assert_eq!(refused.value().get("mfa_requirements"), None);
    assert_eq!(rig.verify_otp(&mfa_token, &rig.code(&secret)).await.status, 200);
    let refreshed = rig.refresh(&tokens.text("refresh_token"), &[]).await;
    assert_eq!(refreshed.status, 200, "{}", refreshed.body);
    assert_eq!(refreshed.claims("id_token")["risk"], "none");
}

#[tokio::test]
async fn the_control_api_says_it_too() {
    let rig = Rig::controlled(&Config { policy: ADAPTIVE, ..Config::action(TELL) }).await;
    let (url, key) = rig.tenant.control().unwrap();
    let call = async |method: http::Method, body: Value| {
        let request = rig.http.request(method, format!("{url}/risk")).body(body.to_string());
        rig.send(request.header("authorization", format!("Bearer {key}"))).await
    };
    let said =
        json!({ "impossible_travel": { "confidence": "low", "code": "impossible_travel_from_last_login" } });
    assert_eq!(call(http::Method::POST, said.clone()).await.status, 204);
    assert_eq!(call(http::Method::GET, Value::Null).await.value(), json!([said]));
    for wrong in [
        json!({}),
        json!({ "confidence": "sure" }),
        json!({ "user_id": "auth0|1" }),
        json!([]),
        json!({ "x": 1 }),
    ] {
        assert_eq!(call(http::Method::POST, wrong.clone()).await.status, 400, "{wrong}");
    }
    let mut browser = Browser::new(&rig);
    let end = log_in(&rig, &mut browser).await;
    assert_eq!(risk(&browser, &end).await["confidence"], "low");
    assert_eq!(call(http::Method::DELETE, Value::Null).await.status, 204);
    assert_eq!(call(http::Method::GET, Value::Null).await.value(), json!([]));
}

#[tokio::test]
async fn a_remembered_device_is_its_user_s_alone() {
    let rig = Rig::start().await;
    let store = &rig.tenant.state().store;
    let now = rig.tenant.clock().now();
    let device = KnownDevice {
        device: stepup_tenant::model::Digest::of("mark"),
        user_agent: "Firefox".to_owned(),
        last_seen_at: now,
    };
    store.remember_device("auth0|1", &device).await.unwrap();
    let renamed = KnownDevice { user_agent: "Firefox 2".to_owned(), ..device.clone() };
    store.remember_device("auth0|1", &renamed).await.unwrap();
    assert_eq!(store.known_devices("auth0|1", now).await.unwrap(), [renamed]);
    assert_eq!(store.known_devices("auth0|2", now).await.unwrap(), []);
}
