//! The policy Adaptive, a login that does not look like the user's, and no factor to prove: a code from the mailbox of the
//! profile.

use serde_json::json;
use stepup_tenant::{model::User, risk::Signal};

use super::{GRACE, at_the_end, codes_sent, error_code, sent_code, sign_up};
use crate::rig::{ADA, Browser, Config, Page, Rig};

const ADDRESS: &str = "/u/login-email-verification";
const MULTI_FACTOR: &str = "http://schemas.openid.net/pape/policies/2007/06/multi-factor";

/// A tenant without the factor e-mail that has low confidence in every login.
async fn doubtful(config: Config) -> Rig {
    let rig = Rig::with(&Config { policy: "confidence-score", ..config }).await;
    let low: Signal = serde_json::from_value(json!({ "confidence": "low" })).unwrap();
    rig.tenant.state().store.add_signal(&low).await.unwrap();
    rig
}

/// Ada gives her password, and is asked for a code.
async fn asked(browser: &mut Browser<'_>) -> Page {
    let page = browser.authorize(&[("prompt", "login")]).await;
    let page = browser.log_in(&page).await;
    assert_eq!(page.url.path(), ADDRESS, "{}", page.answer.body);
    page
}

async fn ada(rig: &Rig) -> User {
    let store = &rig.tenant.state().store;
    store.user_by_identifier("Username-Password-Authentication", ADA).await.unwrap().unwrap()
}

async fn change_ada(rig: &Rig, change: fn(&mut User)) {
    let id = ada(rig).await.user_id;
    rig.tenant.state().store.change_user(&id, 0, &change).await.unwrap().unwrap();
}

#[tokio::test]
async fn the_right_code_lets_the_login_go_on_and_verifies_the_address() {
    let rig = doubtful(Config::default()).await;
    change_ada(&rig, |user| user.email_verified = false).await;
    let mut browser = Browser::new(&rig);
    let page = asked(&mut browser).await;
    assert_eq!(page.answer.status, 200);
    for words in [
        "<h1>Check your email</h1>",
        "Something about this login is new to us, so we check that it is you.",
        "We sent a 6-digit code to <strong>a•••@example.com</strong>. It works for 5 minutes.",
    ] {
        assert!(page.answer.body.contains(words), "{words}: {}", page.answer.body);
    }
    assert!(!page.answer.body.contains("rememberBrowser"), "{}", page.answer.body);
    browser.open(page.url.as_str()).await;
    assert_eq!(codes_sent(&rig, ADA).await, 1, "loaded again it sends nothing");
    let mail = rig.tenant.messages().await.unwrap().remove(0);
    let code = mail.code.clone().unwrap();
    assert!(mail.body.starts_with(&format!("{code} is your code to log in to stepup.")), "{}", mail.body);
    assert!(!ada(&rig).await.email_verified, "not before the code is there");

    let end = browser.submit(&page, &[("code", &format!("{} {}", &code[..3], &code[3..]))]).await;
    at_the_end(&end);
    let claims = browser.exchange_code(&end).await.claims("id_token");
    assert_eq!(
        (&claims["email_verified"], &claims["amr"], &claims["acr"]),
        (&json!(true), &json!(null), &json!(null))
    );
    assert!(ada(&rig).await.email_verified);
    assert_eq!(rig.logged("svr").await.description.as_deref(), Some(ADA));
    assert_eq!(rig.logged("sv").await.description.as_deref(), Some(ADA));
    assert!(!rig.log().await.iter().any(|kind| kind.starts_with("gd_") || kind == "w"), "no second factor");
}

#[tokio::test]
async fn it_is_no_second_factor_and_the_browser_is_known_from_then_on() {
    let rig = doubtful(Config::default()).await;
    let mut browser = Browser::new(&rig);
    let page = asked(&mut browser).await;
    let silent = browser.authorize(&[("prompt", "none")]).await;
    assert_eq!(silent.failure(), "login_required: Multifactor authentication required");
    at_the_end(&browser.submit(&page, &[("code", &sent_code(&rig, ADA).await)]).await);
    let always = browser.authorize(&[("acr_values", MULTI_FACTOR)]).await;
    assert_eq!(always.url.path(), "/u/mfa-otp-enrollment", "{}", always.answer.body);

    let store = &rig.tenant.state().store;
    let known = store.known_devices(&ada(&rig).await.user_id, rig.tenant.clock().now()).await.unwrap();
    assert_eq!(known.len(), 1);
    store.clear_signals().await.unwrap();
    let page = browser.authorize(&[("prompt", "login")]).await;
    at_the_end(&browser.log_in(&page).await);
}

#[tokio::test]
async fn it_counts_for_the_session_and_ends_with_it() {
    let rig = doubtful(Config::default()).await;
    let mut browser = Browser::new(&rig);
    let page = asked(&mut browser).await;
    at_the_end(&browser.submit(&page, &[("code", &sent_code(&rig, ADA).await)]).await);
    for parameters in [&[("prompt", "none")][..], &[]] {
        at_the_end(&browser.authorize(parameters).await);
    }
    assert_eq!(codes_sent(&rig, ADA).await, 1);
    let silent = Browser::new(&rig).authorize(&[("prompt", "none")]).await;
    assert_eq!(silent.failure(), "login_required: Login required");
    asked(&mut browser).await;
    let silent = browser.authorize(&[("prompt", "none")]).await;
    assert_eq!(silent.failure(), "login_required: Multifactor authentication required", "the password again");
    assert_eq!(codes_sent(&rig, ADA).await, 2);
}

#[tokio::test]
async fn an_address_that_becomes_a_factor_here_is_not_asked_for_twice() {
    let rig = doubtful(Config { every_factor: true, ..Config::default() }).await;
    let mut browser = Browser::new(&rig);
    let page = sign_up(&mut browser).await;
    assert_eq!(page.url.path(), ADDRESS, "{}", page.answer.body);
    let end = browser.submit(&page, &[("code", &sent_code(&rig, GRACE).await)]).await;
    at_the_end(&end);
    assert_eq!(browser.exchange_code(&end).await.claims("id_token")["amr"], json!(null));
    let page = super::grace(&mut browser).await;
    assert_eq!(page.url.path(), "/u/mfa-email-challenge", "from the next login on it is one");
}

#[tokio::test]
async fn a_code_works_once_for_a_while_and_for_one_login() {
    let rig = doubtful(Config::default()).await;
    let mut browser = Browser::new(&rig);
    let page = asked(&mut browser).await;
    let code = sent_code(&rig, ADA).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for (typed, key) in [("", "no-code"), ("12345", "invalid-otp-code-format"), (wrong, "invalid-code")] {
        let refused = browser.submit(&page, &[("code", typed)]).await;
        assert_eq!((refused.answer.status, error_code(&refused).as_str()), (400, key));
    }
    assert_eq!(rig.logged("fv").await.description.as_deref(), Some(ADA));
    let mut other = Browser::new(&rig);
    let elsewhere = asked(&mut other).await;
    let refused = other.submit(&elsewhere, &[("code", &code)]).await;
    assert_eq!(error_code(&refused), "invalid-code", "the code of another login");

    let soon = browser.submit(&page, &[("action", "resend-code")]).await;
    assert_eq!((soon.answer.status, error_code(&soon).as_str()), (429, "send-too-soon"));
    rig.advance(300);
    let late = browser.submit(&page, &[("code", &code)]).await;
    assert_eq!(error_code(&late), "transaction-not-found");
    let renewed = browser.submit(&late, &[("action", "resend-code")]).await;
    assert!(renewed.answer.body.contains("A new code is on its way."), "{}", renewed.answer.body);
    at_the_end(&browser.submit(&renewed, &[("code", &sent_code(&rig, ADA).await)]).await);
    let again = browser.submit(&page, &[("code", &code)]).await;
    assert_eq!(again.answer.status, 400, "that login is over: {}", again.answer.body);
}

#[tokio::test]
async fn codes_and_mails_run_out_as_those_of_the_factor_do() {
    let rig = doubtful(Config { stepup: "{ email_sends: 2, send_refill: 60 }", ..Config::default() }).await;
    let mut browser = Browser::new(&rig);
    let page = asked(&mut browser).await;
    let code = sent_code(&rig, ADA).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..10 {
        assert_eq!(error_code(&browser.submit(&page, &[("code", wrong)]).await), "invalid-code");
    }
    let refused = browser.submit(&page, &[("code", &code)]).await;
    assert_eq!((refused.answer.status, error_code(&refused).as_str()), (429, "too-many-failures"));
    rig.logged("gd_otp_rate_limit_exceed").await;

    asked(&mut Browser::new(&rig)).await;
    let unsent = asked(&mut Browser::new(&rig)).await;
    assert_eq!((unsent.answer.status, error_code(&unsent).as_str()), (429, "too-many-email"));
    assert_eq!(unsent.alert(), "Too many emails were sent. Come back in an hour.");
    assert_eq!(codes_sent(&rig, ADA).await, 2);
}

#[tokio::test]
async fn a_code_counts_for_the_address_that_it_went_to() {
    let rig = doubtful(Config::default()).await;
    let mut browser = Browser::new(&rig);
    let page = asked(&mut browser).await;
    let code = sent_code(&rig, ADA).await;
    let id = ada(&rig).await.user_id;
    change_ada(&rig, |user| {
        user.email = Some("countess@example.com".to_owned());
        user.email_verified = false;
    })
    .await;
    let refused = browser.submit(&page, &[("code", &code)]).await;
    assert_eq!(error_code(&refused), "transaction-not-found");
    assert!(refused.answer.body.contains("<h1>No code was sent</h1>"), "{}", refused.answer.body);
    let store = &rig.tenant.state().store;
    assert!(!store.user(&id).await.unwrap().unwrap().email_verified);
    let shown = browser.open(page.url.as_str()).await;
    assert_eq!((shown.answer.status, codes_sent(&rig, "countess@example.com").await), (200, 1));
    assert!(shown.answer.body.contains("We sent a 6-digit code to <strong>c•••@"), "{}", shown.answer.body);
    at_the_end(&browser.submit(&shown, &[("code", &sent_code(&rig, "countess@example.com").await)]).await);
    assert!(store.user(&id).await.unwrap().unwrap().email_verified);
}

#[tokio::test]
async fn an_address_that_goes_away_in_between_is_asked_for_no_more() {
    let rig = doubtful(Config::default()).await;
    let mut browser = Browser::new(&rig);
    let page = asked(&mut browser).await;
    change_ada(&rig, |user| {
        user.username = Some("ada".to_owned());
        user.email = None;
        user.email_verified = false;
    })
    .await;
    at_the_end(&browser.open(page.url.as_str()).await);
    rig.logged("w").await;
}

/// `prompt=none` shows no page, and the page of a factor is none of this step's.
#[tokio::test]
async fn nothing_else_leads_past_it() {
    let rig = doubtful(Config { every_factor: true, ..Config::default() }).await;
    change_ada(&rig, |user| user.email_verified = false).await;
    let mut browser = Browser::new(&rig);
    let page = asked(&mut browser).await;
    for address in ["mfa-email-challenge", "mfa-email-enrollment", "mfa-otp-enrollment", "consent", "login"] {
        assert_eq!(super::go(&mut browser, &page, address).await.url.path(), ADDRESS, "{address}");
        let url = page.url.join(&format!("/u/{address}")).unwrap();
        let code = sent_code(&rig, ADA).await;
        let fields = [("state", page.state()), ("code", code), ("action", "accept".to_owned())];
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(browser.post(&url, &fields).await.url.path(), ADDRESS, "{address}");
    }
    let begun = browser.open(&format!("/u/login?state={}&switch=account", page.state())).await;
    assert_eq!(browser.log_in(&begun).await.url.path(), ADDRESS, "another account is asked too");
}
