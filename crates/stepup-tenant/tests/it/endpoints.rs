//! Every endpoint is accounted for, and the ends of a session.

use serde_json::json;

use crate::rig::{Browser, CALLBACK, Config, Rig};

/// What each endpoint says to a caller who brings nothing: (method, path, status).
pub(crate) const WITHOUT_CREDENTIALS: &[(&str, &str, u16)] = &[
    ("GET", "/.well-known/jwks.json", 200),
    ("GET", "/.well-known/oauth-authorization-server", 200),
    ("GET", "/.well-known/openid-configuration", 200),
    ("GET", "/authorize", 400),
    ("GET", "/authorize/resume", 400),
    ("POST", "/authorize", 400),
    ("GET", "/continue", 400),
    ("POST", "/continue", 400),
    ("POST", "/dbconnections/change_password", 400),
    ("POST", "/dbconnections/signup", 400),
    ("POST", "/mfa/associate", 401),
    ("GET", "/mfa/authenticators", 401),
    ("DELETE", "/mfa/authenticators/{id}", 401),
    ("GET", "/mfa/enrollment", 400),
    ("POST", "/mfa/challenge", 400),
    ("POST", "/oauth/par", 400),
    ("POST", "/oauth/revoke", 400),
    ("POST", "/oauth/token", 400),
    ("GET", "/oidc/logout", 200),
    ("POST", "/oidc/logout", 200),
    ("GET", "/u/assets/{file}", 404),
    ("GET", "/u/consent", 400),
    ("POST", "/u/consent", 400),
    ("GET", "/u/email-verification", 400),
    ("POST", "/u/email-verification", 400),
    ("GET", "/u/login", 400),
    ("POST", "/u/login", 400),
    ("GET", "/u/login-email-verification", 400),
    ("POST", "/u/login-email-verification", 400),
    ("GET", "/u/mfa-begin-enroll-options", 400),
    ("POST", "/u/mfa-begin-enroll-options", 400),
    ("GET", "/u/mfa-email-challenge", 400),
    ("POST", "/u/mfa-email-challenge", 400),
    ("GET", "/u/mfa-email-enrollment", 400),
    ("POST", "/u/mfa-email-enrollment", 400),
    ("GET", "/u/mfa-enroll-options", 400),
    ("POST", "/u/mfa-enroll-options", 400),
    ("GET", "/u/mfa-login-options", 400),
    ("POST", "/u/mfa-login-options", 400),
    ("GET", "/u/mfa-otp-challenge", 400),
    ("POST", "/u/mfa-otp-challenge", 400),
    ("GET", "/u/mfa-otp-enrollment", 400),
    ("POST", "/u/mfa-otp-enrollment", 400),
    ("GET", "/u/mfa-phone-enrollment", 400),
    ("POST", "/u/mfa-phone-enrollment", 400),
    ("GET", "/u/mfa-push-challenge-push", 400),
    ("POST", "/u/mfa-push-challenge-push", 400),
    ("GET", "/u/mfa-push-challenge-push/status", 400),
    ("GET", "/u/mfa-push-enrollment-qr", 400),
    ("POST", "/u/mfa-push-enrollment-qr", 400),
    ("GET", "/u/mfa-push-enrollment-qr/status", 400),
    ("GET", "/u/mfa-recovery-code-challenge", 400),
    ("POST", "/u/mfa-recovery-code-challenge", 400),
    ("GET", "/u/mfa-recovery-code-enrollment", 400),
    ("POST", "/u/mfa-recovery-code-enrollment", 400),
    ("GET", "/u/mfa-sms-challenge", 400),
    ("POST", "/u/mfa-sms-challenge", 400),
    ("GET", "/u/mfa-voice-challenge", 400),
    ("POST", "/u/mfa-voice-challenge", 400),
    ("GET", "/u/reset-password", 400),
    ("POST", "/u/reset-password", 400),
    ("GET", "/u/reset-password/request", 400),
    ("POST", "/u/reset-password/request", 400),
    ("GET", "/u/signup", 400),
    ("POST", "/u/signup", 400),
    ("GET", "/userinfo", 401),
    ("POST", "/userinfo", 401),
    ("GET", "/v2/logout", 200),
];

#[tokio::test]
async fn every_endpoint_is_on_the_list_and_gives_nothing_away() {
    let rig = Rig::start().await;
    for &(method, path, expected) in WITHOUT_CREDENTIALS {
        let filled = path.replace("{id}", "totp%7Cdev_x").replace("{file}", "x.css");
        for request in [
            rig.http.request(method.parse().unwrap(), rig.at(&filled)),
            rig.http
                .request(method.parse().unwrap(), rig.at(&format!("{filled}?state=wrong")))
                .header("authorization", "Bearer wrong")
                .header("cookie", "auth0=wrong; auth0_compat=wrong; did=wrongwrongwrongwrongwrongwrongwrong"),
        ] {
            let answer = rig.send(request).await;
            assert_eq!(answer.status, expected, "{method} {path}: {}", answer.body);
        }
    }
    let listed: std::collections::BTreeSet<_> =
        WITHOUT_CREDENTIALS.iter().map(|(_, path, _)| *path).collect();
    assert_eq!(routed(), listed, "an endpoint that no test knows, or one that is gone");
    let wrong_method = rig.send(rig.http.delete(rig.at("/oauth/token"))).await;
    assert_eq!(wrong_method.status, 405);
}

/// The paths in the routers' source: axum does not tell them.
fn routed() -> std::collections::BTreeSet<&'static str> {
    let constants =
        include_str!("../../src/login/mod.rs").lines().filter(|line| line.contains(": &str = \""));
    let oauth = include_str!("../../src/oauth/mod.rs").lines();
    let mfa = include_str!("../../src/mfa/mod.rs").lines();
    let accounts = include_str!("../../src/dbconnections/mod.rs").lines();
    let assets = include_str!("../../src/login/mod.rs").lines().filter(|line| line.contains(".route(\""));
    let quoted = oauth
        .chain(mfa)
        .chain(accounts)
        .filter(|line| line.contains(".route(\""))
        .chain(constants)
        .chain(assets);
    quoted.filter_map(|line| line.split('"').nth(1)).collect()
}

#[tokio::test]
async fn discovery_says_what_works() {
    let rig = Rig::start().await;
    let document = rig.get("/.well-known/openid-configuration").await;
    assert_eq!(document.header("content-type"), "application/json; charset=utf-8");
    assert_eq!(document.header("access-control-allow-origin"), "*");
    let body = document.body.replace(rig.tenant.issuer(), "https://tenant.example/");
    insta::assert_json_snapshot!(serde_json::from_str::<serde_json::Value>(&body).unwrap());
    assert_eq!(rig.get("/.well-known/oauth-authorization-server").await.value(), document.value());
    let keys = rig.get("/.well-known/jwks.json").await.value();
    let first = &keys["keys"][0];
    assert_eq!(
        (&first["kty"], &first["alg"], &first["use"]),
        (&json!("RSA"), &json!("RS256"), &json!("sig"))
    );
    assert!(first["d"].is_null() && first["x5c"][0].is_string() && first["x5t"].is_string());
}

#[tokio::test]
async fn tokens_verify_by_the_published_keys() {
    let rig = Rig::start().await;
    let token = rig.password(&[("scope", "openid")]).await.text("id_token");
    let keys = serde_json::from_value(rig.get("/.well-known/jwks.json").await.value()).unwrap();
    let set = stepup_seal::jws::KeySet::new(&keys);
    let verified = set.verify(&token, &[stepup_seal::jws::Algorithm::Rs256]).unwrap();
    assert_eq!(verified.claims::<serde_json::Value>().unwrap()["iss"], rig.tenant.issuer());
}

#[tokio::test]
async fn a_logout_ends_the_session_and_leads_where_it_may() {
    let rig = Rig::with(&Config::default()).await;
    let mut browser = Browser::new(&rig);
    let bye = "http://localhost:3000/bye";
    let page = browser.authorize(&[]).await;
    browser.log_in(&page).await;
    let evil = browser.open("/v2/logout?client_id=stepup-webapp&returnTo=https://evil.example/").await;
    assert_eq!(evil.answer.status, 400);
    assert!(browser.authorize(&[]).await.url.as_str().starts_with(CALLBACK), "nothing was ended");
    let end = browser.open(&format!("/v2/logout?client_id=stepup-webapp&returnTo={bye}?from=x")).await;
    assert_eq!(end.url.as_str(), format!("{bye}?from=x"));
    assert_eq!(browser.authorize(&[]).await.url.path(), "/u/login");
    let nowhere = browser.open("/v2/logout?client_id=bare").await.answer;
    assert_eq!((nowhere.status, nowhere.body.as_str()), (200, "OK"));

    let page = browser.authorize(&[]).await;
    let end = browser.log_in(&page).await;
    let id_token = browser.exchange_code(&end).await.text("id_token");
    let address = format!("/oidc/logout?post_logout_redirect_uri={bye}&client_id=stepup-webapp&state=s");
    let asked = browser.open(&address).await;
    assert_eq!(asked.answer.status, 200, "without a hint the user is asked");
    assert!(browser.authorize(&[]).await.url.as_str().starts_with(CALLBACK));
    let evil = browser
        .open(&format!(
            "/oidc/logout?id_token_hint={id_token}&post_logout_redirect_uri=https://evil.example/"
        ))
        .await;
    assert_eq!(evil.answer.status, 400);
    let tampered = browser.open(&format!("{address}&id_token_hint={id_token}x")).await;
    assert_eq!(tampered.answer.status, 400);
    rig.advance(36_001);
    let end = browser.open(&format!("{address}&id_token_hint={id_token}")).await;
    assert_eq!(end.url.as_str(), format!("{bye}?state=s"), "an expired hint is a hint");
    assert_eq!(browser.authorize(&[("prompt", "none")]).await.failure(), "login_required: Login required");
    assert!(rig.log().await.iter().filter(|kind| *kind == "slo").count() == 2);
}
