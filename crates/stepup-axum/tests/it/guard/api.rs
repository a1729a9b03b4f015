//! Scripts: 403 with the token to go on with, or 401 by RFC 9470.

use http::{Method, StatusCode, header};
use serde_json::json;

use crate::bank::{API, Bank, seconds};

const ACR: &str = "http://schemas.openid.net/pape/policies/2007/06/multi-factor";

#[tokio::test]
async fn a_script_steps_up_through_the_routes() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let due = browser.fetch(Method::POST, "/transfer", Some(json!({ "to": "bob" }))).await;
    assert_eq!((due.status, &due.body["error"]), (StatusCode::FORBIDDEN, &json!("mfa_required")), "{due:?}");
    assert!(due.headers[header::CACHE_CONTROL].to_str().unwrap().contains("no-store"));
    let members: Vec<_> = due.body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["error", "error_description", "mfa_requirements", "mfa_token"]);

    let wrong = browser.verify(&due, json!({ "otp": "000000" })).await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN, "{wrong:?}");
    assert_eq!(browser.fetch(Method::GET, "/transfer", None).await.status, StatusCode::FORBIDDEN);
    let due = browser.fetch(Method::POST, "/transfer", Some(json!({ "to": "bob" }))).await;
    let verified = browser.verify(&due, json!({ "otp": bank.code() })).await;
    assert_eq!(verified.status, StatusCode::OK, "{verified:?}");

    let requests = bank.token_requests();
    let done = browser.fetch(Method::POST, "/transfer", Some(json!({ "to": "bob" }))).await;
    let text = done.body.as_str().unwrap().to_owned();
    assert!(text.starts_with("POST auth0|ada ") && text.contains("transfer:funds"), "{text}");
    assert!(text.ends_with(r#" {"to":"bob"}"#), "{text}");
    assert_eq!(bank.token_requests(), requests, "the token was at hand");
    assert_eq!(browser.open("/app").await.status, StatusCode::OK, "it is known that it was the app");
}

#[tokio::test]
async fn a_refresh_does_not_make_the_proof_look_fresh() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let due = browser.fetch(Method::GET, "/transfer", None).await;
    browser.verify(&due, json!({ "otp": bank.code() })).await;
    assert_eq!(browser.fetch(Method::GET, "/transfer", None).await.status, StatusCode::OK);
    // The default token is renewed, and with it the ID token; the session is used meanwhile, so that it lasts.
    for _ in 0..2 {
        bank.pass(50_000);
        assert_eq!(browser.fetch(Method::GET, "/ever", None).await.status, StatusCode::OK);
    }
    let requests = bank.token_requests();
    let token = browser.fetch(Method::GET, "/auth/access-token", None).await;
    assert_eq!((token.status, bank.token_requests()), (StatusCode::OK, requests + 1), "{token:?}");
    for path in ["/transfer", "/account"] {
        let stopped = browser.fetch(Method::GET, path, None).await;
        assert!(stopped.status.is_client_error(), "{path}: {stopped:?}");
    }
    assert_eq!(browser.fetch(Method::GET, "/ever", None).await.status, StatusCode::OK);
}

#[tokio::test]
async fn without_a_token_to_go_on_with_it_is_rfc_9470() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let due = browser.fetch(Method::GET, "/account", None).await;
    assert_eq!(due.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        due.headers[header::WWW_AUTHENTICATE],
        format!(
            "Bearer error=\"insufficient_user_authentication\", error_description=\"A second factor is needed\", \
             acr_values=\"{ACR}\", max_age=\"300\""
        )
    );
    let url = due.body["step_up_url"].as_str().unwrap().to_owned();
    assert_eq!(
        due.body,
        json!({
            "error": "insufficient_user_authentication", "error_description": "A second factor is needed.",
            "acr_values": ACR, "max_age": 300, "step_up_url": url,
        })
    );
    let login = browser.open(&format!("{url}&returnTo=%2Fletters")).await;
    let back = browser.prove(&bank, &login).await;
    assert_eq!((back.path(), back.status), ("/letters", StatusCode::OK));
    assert_eq!(browser.fetch(Method::GET, "/account", None).await.status, StatusCode::OK);

    bank.pass(301);
    let stale = browser.fetch(Method::GET, "/account", None).await;
    assert_eq!(stale.body["error_description"], "A more recent second factor is needed.");
    let ever = browser.fetch(Method::GET, "/phone", None).await;
    assert_eq!(ever.body["error_description"], "Another second factor is needed.");
    assert_eq!(ever.body["required_factors"], json!(["phone"]));
    assert!(!ever.headers[header::WWW_AUTHENTICATE].to_str().unwrap().contains("max_age"));
}

#[tokio::test]
async fn the_answer_can_be_chosen() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let due = browser.fetch(Method::GET, "/transfer-rfc", None).await;
    assert_eq!(due.status, StatusCode::UNAUTHORIZED);
    assert!(due.headers[header::WWW_AUTHENTICATE].to_str().unwrap().contains("max_age=\"300\""));
    assert_eq!(due.body["error"], "insufficient_user_authentication");
    assert_eq!(due.body["step_up_url"], "/confirm");
    assert!(due.body["mfa_token"].is_string(), "{due:?}");
}

#[tokio::test]
async fn the_login_that_a_script_sends_the_user_to_brings_the_token() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let due = browser.fetch(Method::GET, "/transfer-login", None).await;
    assert_eq!(due.status, StatusCode::UNAUTHORIZED, "{due:?}");
    let scope = "openid profile email offline_access transfer:funds";
    assert_eq!((&due.body["audience"], &due.body["scope"]), (&json!(API), &json!(scope)), "{due:?}");
    let login = browser.open(&format!("{}&returnTo=%2F", due.body["step_up_url"].as_str().unwrap())).await;
    let asked = bank.authorization();
    assert_eq!((&*asked["audience"], &*asked["scope"]), (API, scope));
    assert_eq!(login.path(), "/u/mfa-otp-challenge", "{login:?}");
    let code = bank.code();
    assert_eq!(browser.submit(&login, &[("code", &code)]).await.path(), "/");
    let done = browser.fetch(Method::GET, "/transfer-login", None).await;
    assert_eq!(done.status, StatusCode::OK, "{done:?}");
    let main = browser.fetch(Method::GET, "/auth/access-token", None).await;
    assert!(!main.body["scope"].as_str().unwrap().contains("transfer:funds"), "{main:?}");
}

#[tokio::test]
async fn another_factor_than_the_needed_one_is_told_and_asked_for_again() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let due = browser.fetch(Method::GET, "/transfer-phone", None).await;
    assert_eq!(due.body["required_factors"], json!(["phone"]), "{due:?}");
    browser.verify(&due, json!({ "otp": bank.code() })).await;
    let unmet = browser.fetch(Method::GET, "/transfer-phone", None).await;
    assert_eq!(unmet.status, StatusCode::FORBIDDEN, "{unmet:?}");
    assert_eq!(unmet.body["error"], "unmet_authentication_requirements");
    assert_eq!(unmet.body["required_factors"], json!(["phone"]));
    let due = browser.fetch(Method::GET, "/transfer-phone", None).await;
    assert_eq!(due.body["error"], "mfa_required", "the next request is asked again: {due:?}");
    assert_eq!(browser.fetch(Method::GET, "/transfer", None).await.status, StatusCode::OK);
}

#[tokio::test]
async fn strangers_are_told_as_without_a_guard() {
    let bank = Bank::open().await;
    let mut browser = bank.browser();
    for path in ["/account", "/transfer", "/strict"] {
        let answer = browser.fetch(Method::GET, path, None).await;
        assert_eq!(
            (answer.status, &answer.body["error"]),
            (StatusCode::UNAUTHORIZED, &json!("not_authenticated"))
        );
        assert_eq!(browser.open(path).await.path(), "/u/login");
    }
}

#[tokio::test]
async fn a_tenant_out_of_order_passes_nobody() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let fault = stepup_tenant::Fault {
        status: Some(503),
        times: 2,
        ..stepup_tenant::Fault::on("POST", "/oauth/token")
    };
    bank.tenant.fail_next(fault);
    let failed = browser.fetch(Method::GET, "/transfer", None).await;
    assert_eq!(failed.body["error"]["code"], "failed_to_refresh_token", "{failed:?}");
    assert_eq!(failed.status, StatusCode::SERVICE_UNAVAILABLE, "no reason to log in");
    let page = browser.open("/transfer").await;
    assert_eq!((page.status, page.path()), (StatusCode::SERVICE_UNAVAILABLE, "/transfer"));
    assert!(page.body.contains("We cannot go on just now"), "{}", page.body);
    let limit = stepup_tenant::Fault {
        status: Some(429),
        retry_after: Some(30),
        ..stepup_tenant::Fault::on("POST", "/oauth/token")
    };
    bank.tenant.fail_next(limit);
    let limited = browser.fetch(Method::GET, "/transfer", None).await;
    assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(limited.headers[header::RETRY_AFTER], "30");

    bank.tenant.clock().advance(seconds(1));
    assert_eq!(browser.fetch(Method::GET, "/transfer", None).await.body["error"], "mfa_required");
}

#[tokio::test]
async fn what_the_tenant_does_not_allow_is_no_outage() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let denied = json!({ "error": "access_denied", "error_description": "Not from this country" });
    bank.tenant.fail_next(stepup_tenant::Fault {
        status: Some(403),
        body: Some(denied),
        times: 2,
        ..stepup_tenant::Fault::on("POST", "/oauth/token")
    });
    let refused = browser.fetch(Method::GET, "/transfer", None).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{refused:?}");
    assert_eq!(refused.body["error"]["code"], "failed_to_refresh_token");
    let page = browser.open("/transfer").await;
    assert_eq!((page.status, page.path()), (StatusCode::FORBIDDEN, "/transfer"));
    assert!(page.body.contains("<h1>You may not do this</h1>"), "{}", page.body);
    assert!(!page.body.contains("Not from this country"), "never what the tenant wrote: {}", page.body);
    // That it does not take the application is not the visitor's fault.
    let unauthorized = json!({ "error": "access_denied", "error_description": "Unauthorized" });
    bank.tenant.fail_next(stepup_tenant::Fault {
        status: Some(401),
        body: Some(unauthorized),
        ..stepup_tenant::Fault::on("POST", "/oauth/token")
    });
    let failed = browser.fetch(Method::GET, "/transfer", None).await;
    assert_eq!(failed.status, StatusCode::SERVICE_UNAVAILABLE, "{failed:?}");
    assert_eq!(browser.fetch(Method::GET, "/transfer", None).await.body["error"], "mfa_required");
}
