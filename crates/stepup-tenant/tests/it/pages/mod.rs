//! Universal Login over HTTP, page by page.

mod accounts;
mod actions;
mod challenge;
mod connections;
mod consent;
mod enroll;
mod hostile;
mod lost;
mod mailbox;
mod onward;
mod overtaken;
mod push;
mod remember;
mod ticket;
mod wire;

use serde_json::json;
use stepup_tenant::model::{Digest, PushDevice};

use crate::rig::{ADA, Browser, CALLBACK, Config, Page, Rig};

const GRACE: &str = "grace@example.com";
const STRONG: &str = "Nanoseconds 1906";
const PHONE: &str = "+442079460958";

/// Every factor is on, and a second one is asked for at each login.
async fn always() -> Rig {
    Rig::with(&Config { every_factor: true, ..Config::policy("all-applications") }).await
}

/// The link in the newest mail to `address`, as a path.
async fn mailed_link(rig: &Rig, address: &str) -> String {
    let messages = rig.tenant.messages().await.unwrap();
    let mail = messages.iter().find(|mail| mail.to == address && mail.body.contains("http")).unwrap();
    let link = mail.body.split_whitespace().find(|word| word.starts_with("http")).unwrap();
    link.strip_prefix(rig.tenant.issuer()).unwrap().to_owned()
}

/// The code in the newest message to `address`.
async fn sent_code(rig: &Rig, address: &str) -> String {
    let messages = rig.tenant.messages().await.unwrap();
    messages.iter().find(|it| it.to == address).and_then(|it| it.code.clone()).unwrap()
}

/// How many codes went to `address`.
async fn codes_sent(rig: &Rig, address: &str) -> usize {
    let messages = rig.tenant.messages().await.unwrap();
    messages.iter().filter(|it| it.to == address && it.code.is_some()).count()
}

/// The key of the page's alert.
fn error_code(page: &Page) -> String {
    page.attribute("data-error-code")
}

/// Opens `/u/signup` of a new login.
async fn sign_up_page(browser: &mut Browser<'_>) -> Page {
    let page = browser.authorize(&[("screen_hint", "signup")]).await;
    assert_eq!(page.url.path(), "/u/signup", "{}", page.answer.body);
    page
}

/// Grace signs up, whose address is not verified: nothing is hers yet. The page that comes after.
async fn sign_up(browser: &mut Browser<'_>) -> Page {
    let page = sign_up_page(browser).await;
    browser.submit(&page, &[("email", GRACE), ("password", STRONG)]).await
}

/// Grace logs in again. The page that comes after.
async fn grace(browser: &mut Browser<'_>) -> Page {
    let page = browser.authorize(&[("prompt", "login")]).await;
    browser.submit(&page, &[("username", GRACE), ("password", STRONG)]).await
}

/// Grace signs up and enrols her phone by text message. Her recovery code.
async fn enrol_phone(rig: &Rig, browser: &mut Browser<'_>) -> String {
    let options = sign_up(browser).await;
    let page = browser.submit(&options, &[("action", "phone")]).await;
    let page = browser.submit(&page, &[("phone", PHONE)]).await;
    let shown = browser.submit(&page, &[("code", &sent_code(rig, PHONE).await)]).await;
    let recovery_code = shown.attribute("data-recovery-code");
    at_the_end(&browser.submit(&shown, &[("saved", "true")]).await);
    recovery_code
}

/// The login came to its end.
fn at_the_end(page: &Page) {
    assert!(
        page.url.as_str().starts_with(CALLBACK) && page.url.as_str().contains("code="),
        "{} {}",
        page.url,
        page.answer.body
    );
}

/// Opens the page with this address in the login of `page`.
async fn go(browser: &mut Browser<'_>, page: &Page, address: &str) -> Page {
    browser.open(&format!("/u/{address}?state={}", page.state())).await
}

/// A phone scans the QR code of the page. Whether it got the enrolment.
async fn scan(rig: &Rig, page: &Page) -> bool {
    let uri = page.attribute("data-barcode-uri").replace("&amp;", "&").replace("&#38;", "&");
    let ticket = uri.split("enrollment_tx_id=").nth(1).unwrap().split('&').next().unwrap();
    let device = PushDevice {
        identifier: "device".to_owned(),
        name: "Grace's <b>phone</b>".to_owned(),
        push: None,
        public_key: json!({ "kty": "RSA" }),
        token: Digest::of(&format!("token of {ticket}")),
    };
    let store = &rig.tenant.state().store;
    store
        .attach_device(&Digest::of(ticket), &device, &["totp"], rig.tenant.clock().now())
        .await
        .unwrap()
        .is_some()
}

/// The phone answers the question that waits.
async fn answer_push(rig: &Rig, approved: bool) {
    let (store, now) = (&rig.tenant.state().store, rig.tenant.clock().now());
    let waiting = store.pending_pushes(None, now).await.unwrap();
    assert!(store.answer_push(&waiting.last().unwrap().id, approved, now).await.unwrap());
}

/// Ada's automatic e-mail is all that she has.
async fn challenged_by_email(browser: &mut Browser<'_>) -> Page {
    let page = browser.authorize(&[]).await;
    let page = browser.log_in(&page).await;
    assert_eq!(page.url.path(), "/u/mfa-email-challenge", "{ADA}: {}", page.answer.body);
    page
}
