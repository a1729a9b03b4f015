//! Back-channel logout.

use serde_json::{Value, json};
use stepup_protocol::jwk::JwkSet;
use stepup_seal::jws::{Algorithm, KeySet};
use stepup_tenant::Tenant;

use crate::{
    rig::{Browser, CALLBACK, Config, Receiver, Rig},
    support::Scratch,
};

/// The web application and a second one are told at these addresses.
fn yaml(config: &Config, first: &str, second: &str, more: &str) -> String {
    config
        .yaml()
        .replacen(
            "    client_id: stepup-webapp\n",
            &format!("    client_id: stepup-webapp\n    oidc_logout: {{ backchannel_logout_urls: [ \"{first}\" ]{more} }}\n"),
            1,
        )
        .replacen(
            "    client_id: bare\n",
            &format!("    client_id: bare\n    oidc_backchannel_logout: {{ backchannel_logout_urls: [ \"{second}\" ] }}\n"),
            1,
        )
}

async fn logged_in<'a>(rig: &'a Rig) -> (Browser<'a>, Value) {
    let mut browser = Browser::new(rig);
    let page = browser.authorize(&[]).await;
    let end = browser.log_in(&page).await;
    let claims = browser.exchange_code(&end).await.claims("id_token");
    (browser, claims)
}

/// The claims of the logout token in a call, which is held against the published keys.
async fn logout_token(rig: &Rig, body: &str) -> Value {
    let token = body.strip_prefix("logout_token=").unwrap();
    let keys: JwkSet = serde_json::from_value(rig.get("/.well-known/jwks.json").await.value()).unwrap();
    let verified = KeySet::new(&keys).verify(token, &[Algorithm::Rs256]).unwrap();
    assert_eq!(verified.header.typ.as_deref(), Some("logout+jwt"));
    verified.claims().unwrap()
}

async fn logged(rig: &Rig, kind: &str) -> stepup_tenant::model::LogEvent {
    loop {
        if let Some(event) = rig.tenant.state().log.read(Some(kind), 1).await.unwrap().pop() {
            return event;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn every_application_of_the_session_is_told_of_a_logout() {
    let (mut first, mut second) = (Receiver::start().await, Receiver::start().await);
    let yaml = yaml(&Config::default(), &first.url, &second.url, "");
    let rig = Rig::built(Tenant::builder().config_yaml(&yaml)).await;
    let (mut browser, claims) = logged_in(&rig).await;
    let other = browser.authorize(&[("client_id", "bare"), ("scope", "openid")]).await;
    assert!(other.url.as_str().starts_with(CALLBACK));
    browser.open("/v2/logout?client_id=stepup-webapp&returnTo=http://localhost:3000/bye").await;
    for (receiver, client) in [(&mut first, "stepup-webapp"), (&mut second, "bare")] {
        let call = receiver.next().await;
        assert_eq!(call.header("content-type"), "application/x-www-form-urlencoded");
        let token = logout_token(&rig, &call.body).await;
        let now = super::now(&rig).seconds();
        assert_eq!(
            token,
            json!({
                "iss": rig.tenant.issuer(), "sub": claims["sub"], "aud": client, "sid": claims["sid"],
                "iat": now, "exp": now + 120, "jti": token["jti"], "trace_id": token["jti"],
                "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
            })
        );
        assert!(token["jti"].as_str().unwrap().len() >= 32);
    }
    let event = logged(&rig, "oidc_backchannel_logout_succeeded").await;
    assert_eq!(event.details.unwrap()["initiator"], "rp-logout");
    let session = claims["sid"].as_str().unwrap();
    assert_eq!(rig.tenant.state().store.session(session).await.unwrap(), None);
}

#[tokio::test]
async fn the_oidc_logout_tells_them_too_and_nobody_else() {
    let (mut first, mut second) = (Receiver::start().await, Receiver::start().await);
    let yaml = yaml(&Config::default(), &first.url, &second.url, "");
    let rig = Rig::built(Tenant::builder().config_yaml(&yaml)).await;
    let (mut browser, claims) = logged_in(&rig).await;
    let sid = claims["sid"].as_str().unwrap();
    browser.open(&format!("/oidc/logout?client_id=stepup-webapp&logout_hint={sid}")).await;
    let call = first.next().await;
    assert_eq!(logout_token(&rig, &call.body).await["sid"], sid);
    logged(&rig, "oidc_backchannel_logout_succeeded").await;
    browser.open("/v2/logout").await;
    assert!(
        first.is_empty() && second.is_empty(),
        "that application had no part in it, and the session is over"
    );
}

#[tokio::test]
async fn a_failing_application_is_told_again_and_a_refusing_one_is_not() {
    let (mut first, mut second) = (Receiver::start().await, Receiver::start().await);
    first.answer(&[503, 200]);
    second.answer(&[400]);
    let yaml = yaml(&Config::default(), &first.url, &second.url, "");
    let rig = Rig::built(Tenant::builder().config_yaml(&yaml)).await;
    let (mut browser, _) = logged_in(&rig).await;
    browser.authorize(&[("client_id", "bare"), ("scope", "openid")]).await;
    browser.open("/v2/logout").await;
    let once = first.next().await.body;
    second.next().await;
    let event = logged(&rig, "oidc_backchannel_logout_failed").await;
    assert_eq!(event.client_id.as_deref(), Some("bare"));
    let due = super::now(&rig) + std::time::Duration::from_secs(1);
    while rig.tenant.state().store.next_call().await.unwrap() != Some(due) {
        tokio::task::yield_now().await;
    }
    rig.advance(1);
    assert_eq!(first.next().await.body, once, "the same token, with the same jti");
    let event = logged(&rig, "oidc_backchannel_logout_succeeded").await;
    assert_eq!(event.client_id.as_deref(), Some("stepup-webapp"));
}

#[tokio::test]
async fn what_was_not_delivered_is_delivered_after_a_restart() {
    let scratch = Scratch::new();
    let mut receiver = Receiver::start().await;
    receiver.answer(&[503]);
    let yaml = yaml(&Config::default(), &receiver.url, "http://127.0.0.1:9/", "");
    let start = || Tenant::builder().config_yaml(&yaml).database(&scratch.database());
    let rig = Rig::built(start()).await;
    let (mut browser, claims) = logged_in(&rig).await;
    browser.open("/v2/logout").await;
    receiver.next().await;
    rig.tenant.shutdown().await;
    let rig = Rig::built(start()).await;
    rig.advance(31);
    assert_eq!(logout_token(&rig, &receiver.next().await.body).await["sid"], claims["sid"]);
}

const REVOKE: &str = r#"
exports.onExecutePostLogin = async (event, api) => {
  if (event.transaction?.protocol === "oauth2-refresh-token") {
    api.session.revoke("signed out everywhere", { preserveRefreshTokens: false });
  }
};
"#;

#[tokio::test]
async fn an_action_that_revokes_the_session_takes_its_refresh_tokens_along() {
    let mut receiver = Receiver::start().await;
    let yaml = yaml(&Config::action(REVOKE), &receiver.url, "http://127.0.0.1:9/", "");
    let rig = Rig::built(Tenant::builder().config_yaml(&yaml)).await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    let end = browser.log_in(&page).await;
    let first = browser.exchange_code(&end).await.text("refresh_token");
    let end = browser.authorize(&[]).await;
    let second = browser.exchange_code(&end).await.text("refresh_token");
    let of_no_session = rig.refresh_token().await;
    assert_eq!(rig.refresh(&first, &[]).await.failure(), "403 access_denied: signed out everywhere");
    let dead = "403 invalid_grant: Unknown or invalid refresh token.";
    assert_eq!(rig.refresh(&second, &[]).await.failure(), dead, "another login in the same session");
    assert_eq!(rig.refresh(&of_no_session, &[]).await.status, 200);
    receiver.next().await;
    assert_eq!(browser.authorize(&[("prompt", "none")]).await.failure(), "login_required: Login required");
}

#[tokio::test]
async fn an_application_chooses_what_it_is_told_of() {
    let mut receiver = Receiver::start().await;
    let chosen = ", backchannel_logout_initiators: { mode: custom, selected_initiators: [ rp-logout ] }";
    let yaml = yaml(&Config::action(REVOKE), &receiver.url, "http://127.0.0.1:9/", chosen);
    let rig = Rig::built(Tenant::builder().config_yaml(&yaml)).await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    let end = browser.log_in(&page).await;
    let token = browser.exchange_code(&end).await.text("refresh_token");
    assert_eq!(rig.refresh(&token, &[]).await.failure(), "403 access_denied: signed out everywhere");
    assert_eq!(rig.tenant.state().store.next_call().await.unwrap(), None, "not of this");
    assert!(receiver.is_empty());
    let page = browser.authorize(&[]).await;
    browser.log_in(&page).await;
    browser.open("/v2/logout").await;
    receiver.next().await;
}

#[tokio::test]
async fn a_session_that_ran_out_is_told_of_to_who_wants_to_know() {
    let chosen = ", backchannel_logout_initiators: { mode: custom, selected_initiators: [ rp-logout ] }";
    for (more, wanted) in [("", true), (chosen, false)] {
        let mut receiver = Receiver::start().await;
        let yaml = yaml(&Config::default(), &receiver.url, "http://127.0.0.1:9/", more);
        let rig = Rig::built(Tenant::builder().config_yaml(&yaml)).await;
        let (_, claims) = logged_in(&rig).await;
        let store = &rig.tenant.state().store;
        let sid = claims["sid"].as_str().unwrap();
        rig.advance(72 * 3600 - 1);
        assert!(store.session(sid).await.unwrap().is_some());
        rig.advance(61);
        while store.session(sid).await.unwrap().is_some() {
            tokio::task::yield_now().await;
        }
        if wanted {
            assert_eq!(logout_token(&rig, &receiver.next().await.body).await["sid"], sid);
            let event = logged(&rig, "oidc_backchannel_logout_succeeded").await;
            assert_eq!(event.description.as_deref(), Some("session-expired"));
        } else {
            assert_eq!(store.next_call().await.unwrap(), None);
            assert!(receiver.is_empty());
        }
    }
}

#[tokio::test]
async fn what_happens_to_the_user_is_told_too() {
    let mut receiver = Receiver::start().await;
    let yaml = yaml(&Config::default(), &receiver.url, "http://127.0.0.1:9/", "").replacen(
        "clients:\n",
        "clients:\n  - { name: m2m, client_id: m2m, client_secret: m2m-secret, app_type: non_interactive, grant_types: [ client_credentials ] }\n",
        1,
    ) + "clientGrants:\n  - { client_id: m2m, audience: https://tenant.example/api/v2/, scope: [ 'update:users', 'delete:users' ] }\n";
    let rig = Rig::built(Tenant::builder().config_yaml(&yaml)).await;
    let audience = rig.at("/api/v2/");
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", "m2m"),
        ("client_secret", "m2m-secret"),
        ("audience", audience.as_str()),
    ];
    let token = rig.form("/oauth/token", &fields).await.text("access_token");
    let manage = async |method: &str, body: Value, user: &Value| {
        let id: String = form_urlencoded::byte_serialize(user.as_str().unwrap().as_bytes()).collect();
        let request = rig.http.request(method.parse().unwrap(), rig.at(&format!("/api/v2/users/{id}")));
        let request = request.header("content-type", "application/json").body(body.to_string());
        rig.send(request.header("authorization", format!("Bearer {token}"))).await
    };
    let mut password = crate::rig::PASSWORD;
    for (method, change, initiator) in [
        ("PATCH", json!({ "password": "Another-long-passphrase-1" }), "password-changed"),
        ("PATCH", json!({ "email": "ada@example.org", "email_verified": true }), "email-identifier-changed"),
        ("PATCH", json!({ "blocked": true }), "account-deactivated"),
        ("DELETE", Value::Null, "account-deleted"),
    ] {
        let mut browser = Browser::new(&rig);
        let page = browser.authorize(&[]).await;
        let email = if matches!(initiator, "password-changed" | "email-identifier-changed") {
            "ada@example.com"
        } else {
            "ada@example.org"
        };
        let end = browser.submit(&page, &[("username", email), ("password", password)]).await;
        let claims = browser.exchange_code(&end).await.claims("id_token");
        let changed = manage(method, change, &claims["sub"]).await;
        assert!(changed.status < 300, "{initiator}: {}", changed.body);
        let told = logout_token(&rig, &receiver.next().await.body).await;
        assert_eq!(told["sid"], claims["sid"], "{initiator}");
        let event = loop {
            let event = logged(&rig, "oidc_backchannel_logout_succeeded").await;
            if event.description.as_deref() == Some(initiator) {
                break event;
            }
        };
        assert_eq!(event.user_id.as_deref(), claims["sub"].as_str());
        if initiator == "password-changed" {
            password = "Another-long-passphrase-1";
        }
        if initiator == "account-deactivated" {
            manage("PATCH", json!({ "blocked": false }), &claims["sub"]).await;
        }
    }
}
