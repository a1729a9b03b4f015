//! Logging in on the pages.

use serde_json::json;

use crate::rig::{ADA, Answer, Browser, CALLBACK, Config, Page, Rig};

const ACR: &str = "http://schemas.openid.net/pape/policies/2007/06/multi-factor";

#[tokio::test]
async fn a_password_begins_a_session_and_brings_a_code() {
    let rig = Rig::start().await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[("login_hint", "ada@example.com")]).await;
    assert_eq!((page.url.path(), page.answer.status), ("/u/login", 200));
    assert!(page.answer.body.contains("value=\"ada@example.com\""));
    assert!(page.answer.header("content-security-policy").contains("default-src 'none'"));

    let end = browser.log_in(&page).await;
    assert!(end.url.as_str().starts_with(CALLBACK), "{}", end.url);
    assert_eq!(end.parameter("state"), "xyz");
    assert!(!end.url.as_str().contains("iss="));
    let tokens = browser.exchange_code(&end).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    assert_eq!(tokens.text("scope"), "openid profile email offline_access");
    assert_eq!(tokens.value()["expires_in"], 86_400);
    assert_ne!(tokens.text("access_token").split('.').count(), 3, "opaque: a JWE has five parts");

    let claims = tokens.claims("id_token");
    for (name, expected) in [
        ("iss", json!(rig.tenant.issuer())),
        ("aud", json!("stepup-webapp")),
        ("nonce", json!("n-0S6")),
        ("email", json!("ada@example.com")),
        ("email_verified", json!(true)),
        ("iat", json!(1_767_225_600)),
        ("exp", json!(1_767_261_600)),
    ] {
        assert_eq!(claims[name], expected, "{name}");
    }
    assert!(claims["sid"].is_string() && claims["sub"].as_str().unwrap().starts_with("auth0|"));
    for absent in ["amr", "acr", "auth_time", "at_hash"] {
        assert!(claims.get(absent).is_none(), "{absent}");
    }
    let refreshed = rig.refresh(&tokens.text("refresh_token"), &[]).await;
    let again = refreshed.claims("id_token");
    assert_eq!(again["sid"], claims["sid"]);
    assert!(again.get("nonce").is_none());
    assert_eq!(rig.log().await, ["s", "seacft", "sertft"]);
}

#[tokio::test]
async fn cookies_are_closed_to_scripts_and_opened_by_nothing_else() {
    let rig = Rig::start().await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    browser.log_in(&page).await;
    for exchange in rig.tenant.requests() {
        for cookie in exchange.response.headers.get("set-cookie").map_or("", String::as_str).lines() {
            assert!(cookie.contains("HttpOnly") && cookie.contains("Path=/"), "{cookie}");
        }
    }
    assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), ["auth0_compat", "did_compat"]);
}

#[tokio::test]
async fn what_is_wrong_is_said_on_the_page() {
    let rig = Rig::start().await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    for (username, password, said) in [
        ("", "x", "Enter your email address."),
        ("ada@example.com", "", "Enter your password."),
        ("ada@example.com", "wrong", "Wrong email or password."),
        ("nobody@example.com", "wrong", "Wrong email or password."),
    ] {
        let answer = browser.submit(&page, &[("username", username), ("password", password)]).await;
        assert_eq!((answer.answer.status, answer.alert().as_str()), (400, said));
        assert_eq!(answer.url.path(), "/u/login");
    }
    let injected = browser.submit(&page, &[("username", "\"><script>"), ("password", "x")]).await;
    assert!(!injected.answer.body.contains("\"><script>"));
    assert_eq!(rig.log().await, ["fp", "fu", "fu"]);
    assert!(browser.log_in(&page).await.url.as_str().starts_with(CALLBACK));
}

#[tokio::test]
async fn ten_wrong_passwords_block_the_address() {
    let rig = Rig::start().await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    let wrong = [("username", "ADA@example.com"), ("password", "wrong")];
    for _ in 0..10 {
        assert_eq!(browser.submit(&page, &wrong).await.alert(), "Wrong email or password.");
    }
    let blocked =
        browser.submit(&page, &[("username", "ada@example.com"), ("password", crate::rig::PASSWORD)]).await;
    assert!(blocked.alert().starts_with("Your account has been blocked"), "{}", blocked.alert());
    let blocked = rig.password(&[]).await;
    assert_eq!(blocked.header("retry-after"), "360");
    assert_eq!(
        blocked.failure(),
        "429 too_many_attempts: Your account has been blocked after multiple consecutive login attempts. We’ve sent you an email with instructions on how to unblock it."
    );
}

#[tokio::test]
async fn as_many_as_come_at_once_log_in_with_the_right_password() {
    let rig = Rig::start().await;
    let logins = futures_util::future::join_all((0..30).map(|_| rig.password(&[]))).await;
    let refused: Vec<_> = logins.iter().filter(|it| it.status != 200).map(Answer::failure).collect();
    assert_eq!(refused, Vec::<String>::new());
}

#[tokio::test]
async fn of_many_wrong_passwords_at_once_ten_are_looked_at() {
    let rig = Rig::start().await;
    let wrong = [("grant_type", "password"), ("username", ADA), ("password", "wrong")];
    let looked_at = async || {
        let attempts = futures_util::future::join_all((0..30).map(|_| rig.token(&wrong))).await;
        attempts.iter().filter(|it| it.text("error") == "invalid_grant").count()
    };
    assert_eq!(looked_at().await, 10);
    rig.advance(360);
    assert_eq!(looked_at().await, 1);
    assert_eq!(rig.password(&[]).await.status, 429);
}

#[tokio::test]
async fn a_session_spares_the_password_until_something_demands_it() {
    let rig = Rig::start().await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    let first = browser.log_in(&page).await;
    let sid = browser.exchange_code(&first).await.claims("id_token")["sid"].clone();

    rig.advance(100);
    let again = browser.authorize(&[("max_age", "100")]).await;
    let claims = browser.exchange_code(&again).await.claims("id_token");
    assert_eq!((&claims["sid"], &claims["auth_time"]), (&sid, &json!(1_767_225_600)));
    for demand in [("max_age", "99"), ("max_age", "0"), ("prompt", "login"), ("prompt", "select_account")] {
        assert_eq!(browser.authorize(&[demand]).await.url.path(), "/u/login", "{demand:?}");
    }
    let page = browser.authorize(&[("max_age", "0")]).await;
    let renewed = browser.log_in(&page).await;
    let claims = browser.exchange_code(&renewed).await.claims("id_token");
    assert_eq!((&claims["sid"], &claims["auth_time"]), (&sid, &json!(1_767_225_700)));

    rig.advance(3 * 86_400);
    assert_eq!(browser.authorize(&[]).await.url.path(), "/u/login", "three idle days");
}

#[tokio::test]
async fn silent_authentication_answers_at_once() {
    let rig = Rig::start().await;
    let mut browser = Browser::new(&rig);
    let silent = [("prompt", "none")];
    assert_eq!(browser.authorize(&silent).await.failure(), "login_required: Login required");
    let page = browser.authorize(&[]).await;
    browser.log_in(&page).await;
    let end = browser.authorize(&silent).await;
    assert_eq!(browser.exchange_code(&end).await.status, 200);
    rig.advance(10);
    let aged = browser.authorize(&[("prompt", "none"), ("max_age", "5")]).await;
    assert_eq!(aged.failure(), "login_required: Login required");
    let demanded = browser.authorize(&[("prompt", "none"), ("acr_values", ACR)]).await;
    assert_eq!(demanded.failure(), "login_required: Multifactor authentication required");

    let message = browser.authorize(&[("prompt", "none"), ("response_mode", "web_message")]).await;
    assert_eq!(message.answer.status, 200);
    assert!(message.answer.body.contains("authorization_response"), "{}", message.answer.body);
    assert!(
        message.answer.header("content-security-policy").contains("frame-ancestors http://localhost:3000")
    );
    let form = browser.authorize(&[("prompt", "none"), ("response_mode", "form_post")]).await;
    assert!(form.answer.body.contains(&format!("action=\"{CALLBACK}\"")), "{}", form.answer.body);
    assert!(form.answer.body.contains("name=\"code\""));
    let policy = form.answer.header("content-security-policy");
    assert!(!policy.contains("form-action"), "the callback goes on where it will: {policy}");
}

/// Enrols on the pages: the recovery code, and where the browser ended.
async fn enrol(rig: &Rig, browser: &mut Browser<'_>, page: Page) -> (String, String, Page) {
    assert_eq!(page.url.path(), "/u/mfa-otp-enrollment", "{}", page.answer.body);
    let secret = page.attribute("data-secret");
    let reloaded = browser.open(page.url.as_str()).await;
    assert_eq!(reloaded.attribute("data-secret"), secret, "the same when loaded again");
    let missing = browser.submit(&page, &[("code", "")]).await;
    assert!(missing.alert().starts_with("Enter the 6-digit code"), "{}", missing.alert());
    let wrong = browser.submit(&page, &[("code", "12345")]).await;
    assert!(wrong.alert().starts_with("A code has 6 digits"), "{}", wrong.alert());

    let code = rig.code(&secret);
    let shown = browser.submit(&page, &[("code", &code)]).await;
    assert_eq!(shown.url.path(), "/u/mfa-recovery-code-enrollment", "{}", shown.answer.body);
    let recovery_code = shown.attribute("data-recovery-code");
    assert_eq!(recovery_code.len(), 24);
    let untidy = browser.submit(&shown, &[]).await;
    assert_eq!((untidy.answer.status, untidy.attribute("data-recovery-code")), (400, recovery_code.clone()));
    let end = browser.submit(&untidy, &[("saved", "on")]).await;
    rig.advance(60);
    (secret, recovery_code, end)
}

#[tokio::test]
async fn the_policy_enrols_at_the_first_login_and_challenges_at_the_next() {
    let rig = Rig::with(&Config::policy("all-applications")).await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    let page = browser.log_in(&page).await;
    let (secret, recovery_code, end) = enrol(&rig, &mut browser, page).await;
    let claims = browser.exchange_code(&end).await.claims("id_token");
    assert_eq!((&claims["amr"], &claims["acr"]), (&json!(["mfa"]), &json!(ACR)));

    let again = browser.authorize(&[]).await;
    let claims = browser.exchange_code(&again).await.claims("id_token");
    assert!(claims.get("amr").is_none(), "the session's factor counts, but it was not this transaction's");
    let silent = browser.authorize(&[("prompt", "none")]).await;
    assert_eq!(browser.exchange_code(&silent).await.status, 200);

    let mut other = Browser::new(&rig);
    let page = other.authorize(&[]).await;
    let challenge = other.log_in(&page).await;
    assert_eq!(challenge.url.path(), "/u/mfa-otp-challenge", "{}", challenge.answer.body);
    let wrong = other.submit(&challenge, &[("code", "000000")]).await;
    assert!(wrong.alert().starts_with("That code is not right"), "{}", wrong.alert());
    let end = other.submit(&challenge, &[("code", &rig.code(&secret))]).await;
    assert_eq!(other.exchange_code(&end).await.claims("id_token")["amr"], json!(["mfa"]));

    let mut third = Browser::new(&rig);
    let page = third.authorize(&[]).await;
    let challenge = third.log_in(&page).await;
    let replayed = third.submit(&challenge, &[("code", &rig.code(&secret))]).await;
    assert!(replayed.alert().starts_with("That code was used already"), "{}", replayed.alert());
    let options = third.open(&format!("/u/mfa-login-options?state={}", challenge.state())).await;
    assert_eq!(options.answer.status, 200);
    let recovery = third.submit(&options, &[("action", "recovery-code")]).await;
    assert_eq!(recovery.url.path(), "/u/mfa-recovery-code-challenge");
    let shown = third.submit(&recovery, &[("code", &recovery_code)]).await;
    assert_eq!(shown.url.path(), "/u/mfa-recovery-code-enrollment", "{}", shown.answer.body);
    assert_ne!(shown.attribute("data-recovery-code"), recovery_code);
    let end = third.submit(&shown, &[("saved", "on")]).await;
    assert_eq!(third.exchange_code(&end).await.status, 200);
}

#[tokio::test]
async fn acr_values_ask_again_although_the_session_has_a_factor() {
    let rig = Rig::with(&Config::default()).await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[("acr_values", ACR)]).await;
    let page = browser.log_in(&page).await;
    let (secret, _, end) = enrol(&rig, &mut browser, page).await;
    assert!(end.url.as_str().starts_with(CALLBACK));
    let challenge = browser.authorize(&[("acr_values", ACR)]).await;
    assert_eq!(challenge.url.path(), "/u/mfa-otp-challenge");
    let end = browser.submit(&challenge, &[("code", &rig.code(&secret))]).await;
    assert_eq!(browser.exchange_code(&end).await.claims("id_token")["acr"], json!(ACR));
}

#[tokio::test]
async fn a_login_belongs_to_its_browser_and_a_form_to_its_page() {
    let rig = Rig::start().await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;

    let mut thief = Browser::new(&rig);
    assert_eq!(thief.open(page.url.as_str()).await.answer.status, 400);
    thief.authorize(&[]).await;
    assert_eq!(thief.open(page.url.as_str()).await.answer.status, 400, "a cookie of its own is no help");
    assert_eq!(browser.open("/u/login?state=unknown").await.answer.status, 400);
    assert_eq!(browser.open("/u/login").await.answer.status, 400);

    let cookies: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let foreign = rig.http.post(page.url.clone()).header("cookie", cookies.join("; "));
    let foreign = foreign.header("origin", "https://evil.example");
    let foreign = foreign.header("content-type", "application/x-www-form-urlencoded");
    let body = format!("state={}&username=a&password=b", page.state());
    assert_eq!(rig.send(foreign.body(body)).await.status, 403);

    let end = browser.log_in(&page).await;
    assert!(end.url.as_str().starts_with(CALLBACK));
    let replayed = browser.log_in(&page).await;
    assert_eq!(replayed.answer.status, 400, "the login is over");
    assert!(replayed.answer.body.contains("back button"));
}

#[tokio::test]
async fn a_form_sent_twice_does_nothing_new() {
    let rig = Rig::with(&Config::policy("all-applications")).await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    let enrolment = browser.log_in(&page).await;
    let again = browser.log_in(&page).await;
    assert_eq!(again.url.path(), "/u/mfa-otp-enrollment");
    let secret = enrolment.attribute("data-secret");
    let code = rig.code(&secret);
    let shown = browser.submit(&enrolment, &[("code", &code)]).await;
    let twice = browser.submit(&enrolment, &[("code", &code)]).await;
    assert_eq!(twice.url.path(), "/u/mfa-recovery-code-enrollment");
    assert_eq!(twice.attribute("data-recovery-code"), shown.attribute("data-recovery-code"));
    let skipped = browser.open(&format!("/authorize/resume?state={}", page.state())).await;
    assert_eq!(skipped.url.path(), "/u/mfa-recovery-code-enrollment", "no way around the page that is due");
}

#[tokio::test]
async fn a_session_that_ends_during_a_login_is_begun_again() {
    let rig = Rig::with(&Config::policy("all-applications")).await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    let enrolment = browser.log_in(&page).await;
    assert_eq!(enrolment.url.path(), "/u/mfa-otp-enrollment");
    browser.open("/v2/logout?client_id=stepup-webapp").await;
    let page = browser.open(&format!("/authorize/resume?state={}", page.state())).await;
    assert_eq!(page.url.path(), "/u/login", "and no circle of redirects");
    assert_eq!(browser.log_in(&page).await.url.path(), "/u/mfa-otp-enrollment");
}
