//! Universal Login over HTTP, page by page.

mod accounts;
mod consent;
mod wire;

use crate::rig::{Browser, Page, Rig};

/// The link in the newest mail to `address`, as a path.
async fn mailed_link(rig: &Rig, address: &str) -> String {
    let messages = rig.tenant.messages().await.unwrap();
    let mail = messages.iter().find(|mail| mail.to == address).unwrap();
    let link = mail.body.split_whitespace().find(|word| word.starts_with("http")).unwrap();
    link.strip_prefix(rig.tenant.issuer()).unwrap().to_owned()
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
