//! Every route under a path of its own, and all of them below a base path.

use axum::Router;
use http::{Method, StatusCode};
use serde_json::json;
use stepup::Routes;
use stepup_tenant::Tenant;

use crate::bank::{API, Bank, WithUsers as _};

const TWO_FACTORS: &str = include_str!("../../../stepup/tests/fixtures/two-factors.yaml");

/// None of them is where it would be by itself.
fn routes() -> Routes {
    Routes {
        login: "/sign-in".to_owned(),
        callback: "/came/back".to_owned(),
        logout: "/sign-out".to_owned(),
        profile: "/me".to_owned(),
        access_token: "/api/token".to_owned(),
        mfa_authenticators: "/factors".to_owned(),
        mfa_challenge: "/second/ask".to_owned(),
        mfa_associate: "/second/add".to_owned(),
        mfa_verify: "/second/prove".to_owned(),
        mfa_pages: "/confirm".to_owned(),
        mfa_push: "/second/wait".to_owned(),
        script: "/js/own.js".to_owned(),
    }
}

/// Whoever has an app answers with any of their factors, others enrol one; and a step-up may delete an authenticator.
async fn tenant() -> Tenant {
    let asks = "const held = event.user.enrolledFactors.map(({ type }) => ({ type })); \
                if (held.some(({ type }) => type === \"otp\")) api.authentication.challengeWithAny(held); \
                else api.authentication.enrollWith({ type: \"otp\" });";
    let config = TWO_FACTORS
        .replace("api.authentication.enrollWith({ type: \"otp\" });", asks)
        .replace("api.authentication.challengeWith({ type: \"recovery-code\" });", "")
        .replace("guardianFactors:", "guardianFactors:\n  - { name: email, enabled: true }")
        .replace("[transfer:funds]", "[transfer:funds, read:sensitive]")
        .replace("[{ value: transfer:funds }]", "[{ value: transfer:funds }, { value: read:sensitive }]");
    let config = format!("{config}stepup: {{ mfa_token_removes_authenticators: true }}\n");
    Tenant::builder().config_yaml(&config).start().await.unwrap()
}

async fn bank(tenant: Tenant) -> Bank {
    let configure = |client: stepup::ClientBuilder| client.base_path("/bank").routes(routes());
    Bank::with(tenant, configure, |routes| Router::new().nest("/bank", routes)).await
}

#[tokio::test]
async fn a_script_goes_from_login_to_logout() {
    let bank = bank(tenant().await).await;
    let mut browser = bank.browser();
    let login = browser.open("/bank/sign-in?returnTo=/bank/basket").await;
    let home = browser.log_in(&login, "ada").await;
    assert_eq!((home.status, home.path()), (StatusCode::OK, "/bank/basket"), "{home:?}");
    assert!(bank.authorization()["redirect_uri"].ends_with("/bank/came/back"), "{:?}", bank.authorization());
    let profile = browser.fetch(Method::GET, "/bank/me", None).await;
    assert_eq!(profile.body["email"], "ada@example.com");

    let token_of = |scope: &str| format!("/bank/api/token?audience={API}&scope={scope}");
    let due = browser.fetch(Method::GET, &token_of("transfer:funds"), None).await;
    let token = due.body["mfa_token"].as_str().unwrap_or_else(|| panic!("{due:?}")).to_owned();
    let enroll = Some(json!({ "authenticator_types": ["otp"] }));
    let app = browser.call(Method::POST, "/bank/second/add", enroll, Some(&token)).await;
    let secret = app.body["secret"].as_str().unwrap_or_else(|| panic!("{app:?}")).to_owned();
    let proof = Some(json!({ "otp": bank.tenant.totp(&secret).unwrap() }));
    let verified = browser.call(Method::POST, "/bank/second/prove", proof, Some(&token)).await;
    assert_eq!((verified.status, &verified.body["success"]), (StatusCode::OK, &json!(true)), "{verified:?}");
    let held = browser.fetch(Method::GET, &token_of("transfer:funds"), None).await;
    assert_eq!(held.status, StatusCode::OK, "{held:?}");

    // The next one is a challenge, since there is something to answer with.
    let due = browser.fetch(Method::GET, &token_of("read:sensitive"), None).await;
    let token = due.body["mfa_token"].as_str().unwrap_or_else(|| panic!("{due:?}")).to_owned();
    let listed = browser.call(Method::GET, "/bank/factors", None, Some(&token)).await;
    let id_of = |kind: &str| {
        let entries = listed.body.as_array().unwrap_or_else(|| panic!("{listed:?}"));
        let entry = entries.iter().find(|entry| entry["id"].as_str().unwrap().starts_with(kind)).unwrap();
        entry["id"].as_str().unwrap().to_owned()
    };
    let ask = json!({ "mfa_token": token, "challenge_type": "oob", "authenticator_id": id_of("email|") });
    let asked = browser.fetch(Method::POST, "/bank/second/ask", Some(ask)).await;
    let oob_code = asked.body["oob_code"].as_str().unwrap_or_else(|| panic!("{asked:?}"));
    let waits = json!({ "mfa_token": token, "oob_code": "of no push" });
    let waits = browser.fetch(Method::POST, "/bank/second/wait", Some(waits)).await;
    assert_eq!(
        (waits.status, &waits.body["error"]),
        (StatusCode::UNAUTHORIZED, &json!("invalid_grant")),
        "{waits:?}"
    );
    let path = format!("/bank/factors/{}", id_of("totp|").replace('|', "%7C"));
    let deleted = browser.call(Method::DELETE, &path, None, Some(&token)).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT, "{deleted:?}");
    let messages = bank.tenant.messages().await.unwrap();
    let code = messages.into_iter().find_map(|message| message.code).unwrap();
    let proof = Some(json!({ "oob_code": oob_code, "binding_code": code }));
    let verified = browser.call(Method::POST, "/bank/second/prove", proof, Some(&token)).await;
    assert_eq!(verified.status, StatusCode::OK, "{verified:?}");
    let held = browser.fetch(Method::GET, &token_of("read:sensitive"), None).await;
    assert_eq!(held.status, StatusCode::OK, "{held:?}");

    let script = browser.fetch(Method::GET, "/bank/js/own.js", None).await;
    assert_eq!(script.headers["content-type"], "text/javascript;charset=UTF-8");
    let away = browser.fetch(Method::GET, "/bank/sign-out", None).await;
    assert!(away.headers["location"].to_str().unwrap().starts_with(bank.tenant.issuer()), "{away:?}");
    assert_eq!(browser.fetch(Method::GET, "/bank/me", None).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_page_steps_up_on_the_ready_made_pages() {
    let bank = bank(Tenant::builder().start_with_users().await).await;
    let mut browser = bank.browser();
    let login = browser.open("/bank/sign-in?returnTo=/bank/basket").await;
    browser.log_in(&login, "ada").await;
    let choice = browser.open("/bank/transfer").await;
    assert_eq!(choice.path(), "/bank/confirm/d/ID", "{choice:?}");
    let page = browser.submit(&choice, &[("action", "use")]).await;
    let code = bank.code();
    let done = browser.submit(&page, &[("action", "code"), ("code", &code)]).await;
    assert_eq!((done.status, done.path()), (StatusCode::OK, "/bank/transfer"), "{done:?}");
}

#[tokio::test]
async fn nothing_is_left_where_they_would_be_by_themselves() {
    let bank = bank(Tenant::builder().start_with_users().await).await;
    let mut browser = bank.browser();
    let Routes {
        login,
        callback,
        logout,
        profile,
        access_token,
        mfa_authenticators,
        mfa_challenge,
        mfa_associate,
        mfa_verify,
        mfa_pages,
        mfa_push,
        script,
    } = Routes::default();
    let gets =
        [login, callback, logout, profile, access_token, mfa_authenticators.clone(), mfa_pages, script];
    let posts = [mfa_challenge, mfa_associate, mfa_verify, mfa_push];
    let deletes = [format!("{mfa_authenticators}/totp%7Cdev_1")];
    let all = gets
        .map(|path| (Method::GET, path))
        .into_iter()
        .chain(posts.map(|path| (Method::POST, path)))
        .chain(deletes.map(|path| (Method::DELETE, path)));
    for (method, path) in all {
        let answer = browser.fetch(method.clone(), &format!("/bank{path}"), None).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}");
    }
}
