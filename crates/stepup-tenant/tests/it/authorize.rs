//! The authorization request: what is refused and to whom it is told, what is granted, and what a code is bound to.

use serde_json::json;

use crate::rig::{API, Browser, CALLBACK, Config, Rig, VERIFIER, authorize_path};

#[tokio::test]
async fn what_is_wrong_with_a_request_goes_to_the_client_or_to_nobody() {
    let rig = Rig::with(&Config::default()).await;
    let mut browser = Browser::new(&rig);
    for (more, status, said) in [
        ([("client_id", "unknown"), ("state", "s")], 400, "Unknown client: unknown"),
        ([("client_id", ""), ("state", "s")], 400, "Missing required parameter: client_id"),
        ([("redirect_uri", "https://evil.example/"), ("state", "s")], 403, "Callback URL mismatch."),
        (
            [("redirect_uri", "http://localhost:3000/callback#x"), ("state", "s")],
            403,
            "Callback URL mismatch.",
        ),
        (
            [("redirect_uri", "http://localhost:3000/call\tback"), ("state", "s")],
            403,
            "Callback URL mismatch.",
        ),
        (
            [("redirect_uri", "http://localhost:3000@evil.example/callback"), ("state", "s")],
            403,
            "Callback URL mismatch.",
        ),
    ] {
        let page = browser.authorize(&more).await;
        assert_eq!(page.answer.status, status, "{more:?}");
        assert!(page.answer.body.contains(said), "{more:?}: {}", page.answer.body);
        assert!(page.answer.header("location").is_empty());
    }
    let twice = browser.open(&format!("{}&redirect_uri=https://evil.example/", authorize_path(&[]))).await;
    assert_eq!(twice.answer.status, 400);

    let long = "x".repeat(5000);
    for (more, expected) in [
        (("response_type", "token"), "unsupported_response_type: Unsupported response type: token"),
        (("response_type", ""), "invalid_request: Missing required parameter: response_type"),
        (("response_mode", "pigeon"), "invalid_request: Unknown response_mode: pigeon"),
        (("prompt", "none login"), "invalid_request: prompt=none cannot be combined with another prompt"),
        (("prompt", "dance"), "invalid_request: Unknown prompt: dance"),
        (("organization", "org_1"), "invalid_request: Unknown organization: org_1"),
        (("max_age", "-1"), "invalid_request: max_age must be a number of seconds"),
        (("audience", "https://nowhere"), "access_denied: Service not found: https://nowhere"),
        (("code_challenge_method", "S512"), "invalid_request: code_challenge_method must be S256 or plain"),
        (("request", "eyJ"), "request_not_supported: request is not supported"),
        (("request_uri", "urn:x"), "request_uri_not_supported: request_uri is not supported"),
        (("nonce", long.as_str()), "invalid_request: nonce is longer than 4096 bytes"),
    ] {
        let page = browser.authorize(&[more]).await;
        assert_eq!(page.failure(), expected);
        assert_eq!(page.parameter("state"), "xyz");
    }
    let only = browser.authorize(&[("redirect_uri", "")]).await;
    assert_eq!(only.url.path(), "/u/login", "there is just one");
}

#[tokio::test]
async fn a_public_client_must_use_pkce() {
    let rig = Rig::start().await;
    let mut browser = Browser::new(&rig);
    let page = browser
        .authorize(&[("client_id", "stepup-spa"), ("code_challenge", ""), ("code_challenge_method", "")])
        .await;
    assert_eq!(page.failure(), "invalid_request: Missing required parameter: code_challenge");
}

#[tokio::test]
async fn unknown_scopes_are_dropped_and_the_management_api_is_nobodys() {
    let rig = Rig::start().await;
    let mut browser = Browser::new(&rig);
    let scope = "openid teapot read:sensitive read:users";
    let page = browser.authorize(&[("audience", API), ("scope", scope)]).await;
    let end = browser.log_in(&page).await;
    let tokens = browser.exchange_code(&end).await;
    assert_eq!(tokens.text("scope"), "openid read:sensitive");
    let claims = tokens.claims("access_token");
    assert_eq!(claims["aud"], json!([API, format!("{}userinfo", rig.tenant.issuer())]));
    assert!(tokens.value().get("refresh_token").is_none());
    assert!(tokens.claims("id_token").get("email").is_none());

    let management = format!("{}api/v2/", rig.tenant.issuer());
    let consent = browser.authorize(&[("audience", &management), ("scope", "openid read:users")]).await;
    let end = browser.submit(&consent, &[("action", "accept")]).await;
    assert_eq!(browser.exchange_code(&end).await.text("scope"), "openid");
}

#[tokio::test]
async fn another_owners_application_asks_for_consent() {
    let rig = Rig::with(&Config { third_party: true, ..Config::default() }).await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    let consent = browser.log_in(&page).await;
    assert_eq!(consent.url.path(), "/u/consent", "{}", consent.answer.body);
    let denied = browser.submit(&consent, &[("action", "deny")]).await;
    assert_eq!(denied.failure(), "access_denied: User did not authorize the request");
    assert_eq!(
        browser.authorize(&[("prompt", "none")]).await.failure(),
        "consent_required: Consent required"
    );
    let consent = browser.authorize(&[]).await;
    let end = browser.submit(&consent, &[("action", "accept")]).await;
    assert_eq!(browser.exchange_code(&end).await.status, 200);
}

#[tokio::test]
async fn a_code_is_bound_and_good_once() {
    let rig = Rig::with(&Config::default()).await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    let mut end = browser.log_in(&page).await;
    for (change, expected) in [
        (
            ("redirect_uri", "http://localhost:3000/other"),
            "403 invalid_grant: The redirect URI is wrong. You sent http://localhost:3000/other, and we expected http://localhost:3000/callback",
        ),
        (("redirect_uri", ""), "400 invalid_request: Missing required parameter: redirect_uri"),
        (("code_verifier", ""), "400 invalid_request: Missing required parameter: code_verifier"),
        (
            ("code_verifier", "x".repeat(43).leak() as &str),
            "403 invalid_grant: Failed to verify code verifier",
        ),
    ] {
        let code = end.parameter("code");
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        fields.retain(|(name, _)| *name != change.0);
        fields.push(change);
        assert_eq!(rig.token(&fields).await.failure(), expected);
        assert_eq!(
            browser.exchange_code(&end).await.failure(),
            "403 invalid_grant: Invalid authorization code",
            "spent"
        );
        end = browser.authorize(&[]).await;
    }
    let tokens = browser.exchange_code(&end).await;
    assert_eq!(browser.exchange_code(&end).await.failure(), "403 invalid_grant: Invalid authorization code");
    assert_eq!(
        rig.refresh(&tokens.text("refresh_token"), &[]).await.failure(),
        "403 invalid_grant: Unknown or invalid refresh token.",
        "what a replayed code brought is revoked"
    );

    let end = browser.authorize(&[]).await;
    rig.advance(600);
    assert_eq!(browser.exchange_code(&end).await.failure(), "403 invalid_grant: Invalid authorization code");

    let unchallenged = browser.authorize(&[("code_challenge", ""), ("code_challenge_method", "")]).await;
    assert_eq!(
        browser.exchange_code(&unchallenged).await.failure(),
        "403 invalid_grant: Failed to verify code verifier",
        "a verifier without a challenge is a downgrade"
    );

    let end = browser.authorize(&[]).await;
    let code = end.parameter("code");
    let other = rig
        .form(
            "/oauth/token",
            &[
                ("grant_type", "authorization_code"),
                ("client_id", "bare"),
                ("client_secret", "bare-secret"),
                ("code", &code),
                ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
            ],
        )
        .await;
    assert_eq!(other.failure(), "403 invalid_grant: Invalid authorization code");
}

/// The configuration with more of the tenant's own settings.
fn with_tenant(lines: &str) -> String {
    Config::default().yaml().replacen("tenant:\n", &format!("tenant:\n{lines}"), 1)
}

#[tokio::test]
async fn the_owner_s_page_is_told_what_must_not_go_to_the_client() {
    let page = "https://owner.example/oops?lang=en";
    let rig = Rig::with_yaml(&with_tenant(&format!("  error_page: {{ url: \"{page}\" }}\n"))).await;
    assert_eq!(rig.tenant.warnings(), Vec::<String>::new());
    let mut browser = Browser::new(&rig);
    let evil = ("redirect_uri", "https://evil.example/");
    for (more, client_id, said) in [
        ([("client_id", "unknown"), ("state", "s")], Some("unknown"), "Unknown client: unknown"),
        ([("client_id", ""), ("state", "s")], None, "Missing required parameter: client_id"),
        ([evil, ("state", "s")], Some("stepup-webapp"), "Callback URL mismatch."),
    ] {
        let told = browser.authorize(&more).await;
        assert!(told.url.as_str().starts_with(page), "{}", told.url);
        assert_eq!(told.answer.status, 302);
        let named =
            told.url.query_pairs().find(|(name, _)| name == "client_id").map(|(_, id)| id.into_owned());
        assert_eq!(named.as_deref(), client_id);
        assert_eq!(
            (told.parameter("error"), told.parameter("error_description")),
            ("invalid_request".to_owned(), said.to_owned())
        );
        assert_eq!(told.parameter("tracking").len(), 16);
    }
    let refused = browser.authorize(&[("scope", "openid"), ("prompt", "none")]).await;
    assert_eq!(refused.failure(), "login_required: Login required", "the client is told as ever");

    let error = stepup_tenant::Tenant::builder()
        .config_yaml(&with_tenant("  error_page: { url: nowhere }\n"))
        .start()
        .await;
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("tenant.error_page.url: this must be an http or https address")
    );
}

#[tokio::test]
async fn the_tenant_s_page_leads_to_the_log_where_that_is_wanted() {
    for (setting, leads) in [("", false), ("  error_page: { show_log_link: true }\n", true)] {
        let rig = Rig::with_yaml(&with_tenant(setting)).await;
        let page = Browser::new(&rig).authorize(&[("client_id", "unknown")]).await;
        assert_eq!(page.answer.status, 400);
        assert_eq!(page.answer.header("x-robots-tag"), "noindex");
        let link = page.answer.body.split("<a href=\"").find(|link| link.contains(">See the log</a>"));
        assert_eq!(link.is_some(), leads, "{}", page.answer.body);
        if let Some(link) = link {
            let log = rig.get(link.split('"').next().unwrap()).await;
            assert_eq!(log.status, 200);
            assert!(log.body.contains("<h1>Logs</h1>"), "{}", log.body);
        }
    }
}

#[tokio::test]
async fn what_the_tenant_does_not_do_is_named() {
    let rig = Rig::with_yaml(&with_tenant("  guardian_mfa_page: { enabled: true, html: x }\n")).await;
    let warnings = rig.tenant.warnings();
    assert!(warnings.len() == 1 && warnings[0].contains("tenant.guardian_mfa_page"), "{warnings:?}");
}

#[tokio::test]
async fn a_resource_stands_for_the_audience() {
    let rig = Rig::with(&Config::default()).await;
    let mut browser = Browser::new(&rig);
    let scope = ("scope", "openid read:sensitive");
    let page = browser.authorize(&[("resource", API), scope]).await;
    let end = browser.log_in(&page).await;
    let tokens = browser.exchange_code(&end).await;
    assert_eq!(tokens.claims("access_token")["aud"][0], API);
    assert_eq!(tokens.text("scope"), "openid read:sensitive");
    for grant in [[("resource", API), scope], [("audience", API), ("resource", "https://other.example.com")]]
    {
        assert!(
            rig.password(&grant).await.claims("access_token")["aud"].to_string().contains(API),
            "{grant:?}"
        );
    }
    let unknown = browser.authorize(&[("resource", "https://unknown.example.com")]).await;
    assert_eq!(unknown.failure(), "access_denied: Service not found: https://unknown.example.com");

    let rig = Rig::with_yaml(&with_tenant("  resource_parameter_profile: audience\n")).await;
    assert_eq!(rig.tenant.warnings(), Vec::<String>::new());
    let tokens = rig.password(&[("resource", API), scope]).await;
    assert_eq!((tokens.status, tokens.text("scope").as_str()), (200, "openid"), "it says nothing there");
}

#[tokio::test]
async fn where_the_store_fails_the_client_is_told_and_a_person_sees_a_page() {
    let scratch = crate::support::Scratch::new();
    let rig = Rig::built(stepup_tenant::Tenant::builder().database(&scratch.database())).await;
    let broken = rusqlite::Connection::open(scratch.path("tenant.sqlite")).unwrap();
    broken.execute_batch("DROP TABLE logins; DROP TABLE pushed_requests").unwrap();
    let mut browser = Browser::new(&rig);
    let told = browser.authorize(&[]).await;
    assert_eq!(told.failure(), "server_error: Something went wrong");
    assert_eq!(told.parameter("state"), "xyz");
    let urn = format!("urn:ietf:params:oauth:request_uri:{}", "0".repeat(64));
    let page = browser.authorize(&[("request_uri", &urn)]).await;
    assert_eq!((page.answer.status, page.answer.header("content-type")), (500, "text/html; charset=utf-8"));
    assert_eq!(page.alert(), "Something went wrong.");
}
