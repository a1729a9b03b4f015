//! Codes and tokens in the wrong hands.

use super::{DEAD, INVALID_CODE};
use crate::rig::{Browser, CALLBACK, Config, Rig, VERIFIER, WEBAPP};

#[tokio::test]
async fn open_redirect() {
    let rig = Rig::with(&Config::default()).await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    browser.log_in(&page).await;
    for evil in [
        "https://evil.example/",
        "//evil.example/",
        "https:evil.example",
        "http://localhost:3000/callback/../../evil",
        "http://localhost:3000/callback@evil.example",
        "http://localhost:3000@evil.example/callback",
        "http://localhost:3000/callback?next=https://evil.example/",
        "http://localhost.evil.example:3000/callback",
        "http://localhost:3000/callback#@evil.example/",
        "http://localhost:3000\\@evil.example/callback",
        "http://localhost:3000/call%0d%0aback",
        "javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
    ] {
        let encoded: String = form_urlencoded::byte_serialize(evil.as_bytes()).collect();
        for address in [
            crate::rig::authorize_path(&[("redirect_uri", evil)]),
            crate::rig::authorize_path(&[("redirect_uri", evil), ("prompt", "none")]),
            crate::rig::authorize_path(&[("redirect_uri", evil), ("response_type", "x")]),
            crate::rig::authorize_path(&[("redirect_uri", evil), ("response_mode", "web_message")]),
            crate::rig::authorize_path(&[("redirect_uri", evil), ("response_mode", "form_post")]),
            format!("/v2/logout?client_id={WEBAPP}&returnTo={encoded}"),
            format!("/v2/logout?returnTo={encoded}"),
            format!("/oidc/logout?client_id={WEBAPP}&post_logout_redirect_uri={encoded}"),
        ] {
            let page = browser.open(&address).await;
            assert!(page.url.as_str().starts_with(rig.tenant.issuer()), "{address} led to {}", page.url);
            assert!((400..500).contains(&page.answer.status), "{address}: {}", page.answer.status);
            assert!(page.answer.header("location").is_empty());
        }
    }
    assert!(browser.authorize(&[]).await.url.as_str().starts_with(CALLBACK), "and nobody was logged out");
}

#[tokio::test]
async fn code_used_twice() {
    let rig = Rig::with(&Config::default()).await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    let end = browser.log_in(&page).await;
    let tokens = browser.exchange_code(&end).await;
    let rotated = rig.refresh(&tokens.text("refresh_token"), &[]).await.text("refresh_token");
    assert_eq!(browser.exchange_code(&end).await.failure(), INVALID_CODE);
    assert_eq!(rig.refresh(&rotated, &[]).await.failure(), DEAD, "the whole family is revoked");

    let end = browser.authorize(&[]).await;
    let both = tokio::join!(browser.exchange_code(&end), browser.exchange_code(&end));
    assert_eq!(
        [both.0.status, both.1.status].iter().filter(|status| **status == 200).count(),
        1,
        "of two at once, one"
    );
}

#[tokio::test]
async fn pkce_downgrade() {
    let rig = Rig::start().await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    browser.log_in(&page).await;
    let exchange = async |end: &crate::rig::Page, verifier: &str| {
        let code = end.parameter("code");
        let mut fields =
            vec![("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", CALLBACK)];
        if !verifier.is_empty() {
            fields.push(("code_verifier", verifier));
        }
        rig.token(&fields).await.failure()
    };
    // The verifier left out, although there was a challenge.
    let end = browser.authorize(&[]).await;
    assert_eq!(exchange(&end, "").await, "400 invalid_request: Missing required parameter: code_verifier");
    // The challenge taken out on its way, so that a stolen code needs no verifier.
    let end = browser.authorize(&[("code_challenge", ""), ("code_challenge_method", "")]).await;
    assert_eq!(exchange(&end, VERIFIER).await, "403 invalid_grant: Failed to verify code verifier");
    // The method taken out: what was a hash must not pass for a verifier that was sent as it is.
    let end = browser.authorize(&[("code_challenge_method", "plain")]).await;
    assert_eq!(exchange(&end, VERIFIER).await, "403 invalid_grant: Failed to verify code verifier");
    for client in ["stepup-spa", "stepup-native"] {
        let bare = [("client_id", client), ("code_challenge", ""), ("code_challenge_method", "")];
        let page = browser.authorize(&bare).await;
        assert_eq!(page.failure(), "invalid_request: Missing required parameter: code_challenge");
    }
}

#[tokio::test]
async fn stolen_refresh_token() {
    let rig = Rig::start().await;
    let stolen = rig.refresh_token().await;
    // Another client, with credentials of its own or none, gets nothing for it and does not disturb its owner.
    for client in ["stepup-native", "stepup-spa"] {
        let fields =
            [("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", stolen.as_str())];
        assert_eq!(rig.form("/oauth/token", &fields).await.failure(), DEAD);
        let fields = [("client_id", client), ("token", stolen.as_str())];
        assert_eq!(rig.form("/oauth/revoke", &fields).await.status, 200);
    }
    let fields = [("grant_type", "refresh_token"), ("client_id", WEBAPP), ("refresh_token", stolen.as_str())];
    assert_eq!(rig.form("/oauth/token", &fields).await.failure(), "401 access_denied: Unauthorized");
    // Its owner goes on; then whoever holds the copy is told from the owner, and both have to log in again.
    let next = rig.refresh(&stolen, &[]).await.text("refresh_token");
    let of_the_thief = rig.refresh(&stolen, &[]).await;
    assert_eq!(of_the_thief.failure(), DEAD);
    assert_eq!(rig.refresh(&next, &[]).await.failure(), DEAD);
    assert!(rig.log().await.contains(&"ferrt".to_owned()));
}
