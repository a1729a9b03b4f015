//! Sessions that another SDK sealed have the claims alone: they count, and what is missing in them does not.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use stepup::{Format, SystemRandom};
use stepup_protocol::time::UnixTime;
use stepup_seal::{Purpose, Sealer, Secrets};

use crate::bank::{Bank, SECRET, WithUsers as _, seconds};

async fn bank() -> Bank {
    let tenant = stepup_tenant::Tenant::builder().start_with_users().await;
    Bank::with(tenant, |client| client.format(Format::NextjsAuth0), |routes| routes).await
}

fn sealed(now: UnixTime, claims: &Value, internal: &Value) -> String {
    let mut user = claims.clone();
    user["sub"] = "auth0|ada".into();
    let mut session = json!({
        "user": user,
        "tokenSet": { "accessToken": "at-1", "scope": "openid", "expiresAt": now.seconds() + 3600 },
        "internal": { "sid": "sid-1", "createdAt": now.seconds() - 3600 },
    });
    for (name, value) in internal.as_object().unwrap() {
        session["internal"][name] = value.clone();
    }
    let sealer = Sealer::new(&Secrets::new([SECRET.into()]).unwrap(), Format::NextjsAuth0);
    sealer.seal(Purpose::Session, "", &session, now + seconds(86_400), &SystemRandom)
}

#[tokio::test]
async fn claims_count_where_there_is_nothing_else() {
    let bank = bank().await;
    let now = bank.tenant.clock().now();
    let (ok, asked) = (StatusCode::OK, StatusCode::UNAUTHORIZED);
    let fresh = now.seconds() - 299;
    let none = json!({});
    for (claims, internal, account, ever) in [
        (json!({ "amr": ["mfa"], "auth_time": fresh }), &none, ok, ok),
        (json!({ "amr": ["mfa"], "auth_time": fresh - 2 }), &none, asked, ok),
        (json!({ "amr": ["mfa"], "auth_time": now.seconds() + 90 }), &none, asked, asked),
        (json!({ "amr": ["mfa"], "auth_time": fresh.to_string() }), &none, asked, ok),
        (json!({ "amr": ["mfa"] }), &none, asked, ok),
        (json!({ "amr": "mfa", "auth_time": fresh }), &none, asked, asked),
        (json!({ "amr": ["pwd"], "auth_time": fresh }), &none, asked, asked),
        (json!({ "auth_time": fresh }), &none, asked, asked),
        (json!({}), &json!({ "secondFactor": "mfa" }), asked, asked),
        (json!({}), &json!({ "secondFactor": { "proof": { "at": "now" } } }), asked, asked),
    ] {
        for (path, expected) in [("/account", account), ("/ever", ever)] {
            let mut browser = bank.browser();
            browser.cookies.insert("__session".to_owned(), sealed(now, &claims, internal));
            let answer = browser.fetch(Method::GET, path, None).await;
            assert_eq!(answer.status, expected, "{path} {claims} {internal}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn what_is_known_of_a_proof_travels_in_a_peers_form() {
    let bank = bank().await;
    let mut browser = bank.logged_in().await;
    let due = browser.fetch(Method::GET, "/transfer", None).await;
    browser.verify(&due, json!({ "otp": bank.code() })).await;
    let done = browser.fetch(Method::GET, "/transfer", None).await;
    assert_eq!(done.status, StatusCode::OK, "{done:?}");
    assert_eq!(browser.fetch(Method::GET, "/app", None).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_other_peers_form_too() {
    let tenant = stepup_tenant::Tenant::builder().start_with_users().await;
    let bank = Bank::with(tenant, |client| client.format(Format::Auth0ServerPython), |routes| routes).await;
    let mut browser = bank.logged_in().await;
    let due = browser.fetch(Method::GET, "/transfer-once", None).await;
    browser.verify(&due, json!({ "otp": bank.code() })).await;
    assert_eq!(browser.fetch(Method::GET, "/transfer-once", None).await.status, StatusCode::OK);
    assert_eq!(browser.fetch(Method::GET, "/transfer-once", None).await.body["error"], "mfa_required");
}
