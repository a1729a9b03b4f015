//! From the pages on to other sites. Chromium holds a page's `form-action` against every redirect that follows on its form,
//! so that a browser is led on by a page.

use super::at_the_end;
use crate::rig::{Browser, CALLBACK, Config, Page, Rig};

const TERMS: &str = "exports.onExecutePostLogin = async (event, api) => {
    api.redirect.sendUserTo('https://terms.example/accept', { query: { n: 5 } });
};
exports.onContinuePostLogin = async () => {};";

fn policy(page: &Page) -> &str {
    page.answer.header("content-security-policy")
}

/// The address that a page leads to by itself, with scripts off too.
fn leads_to(page: &Page) -> String {
    let body = page.answer.body.replace("&#38;", "&");
    let (_, rest) = body.split_once("<meta http-equiv=\"refresh\" content=\"0;url=").unwrap();
    let address = rest.split('"').next().unwrap().to_owned();
    assert!(body.contains(&format!("<a href=\"{address}\">Continue</a>")), "{body}");
    address
}

#[tokio::test]
async fn a_browser_is_led_to_where_an_action_sends_it_and_comes_back() {
    let rig = Rig::with(&Config::action(TERMS)).await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    browser.site = Some("same-origin");
    let away = browser.log_in(&page).await;
    assert_eq!((away.answer.status, away.url.path()), (200, "/authorize/resume"), "{}", away.answer.body);
    let state = page.state();
    assert_eq!(leads_to(&away), format!("https://terms.example/accept?n=5&state={state}"));
    assert!(policy(&away).contains("; form-action 'self'; "), "{}", policy(&away));
    assert!(policy(&page).contains("; form-action 'self' http://localhost:*; "), "{}", policy(&page));

    browser.site = Some("cross-site");
    at_the_end(&browser.open(&format!("/continue?state={state}")).await);
}

#[tokio::test]
async fn a_browser_is_led_back_to_the_application() {
    let rig = Rig::with(&Config::default()).await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    browser.site = Some("same-origin");
    let end = browser.log_in(&page).await;
    assert_eq!(end.answer.status, 200, "{}", end.url);
    let url = leads_to(&end).parse().unwrap();
    let end = Page { url, ..end };
    assert_eq!(end.answer.header("location"), end.url.as_str(), "programs and the log read it there");
    at_the_end(&end);
    assert_eq!(browser.exchange_code(&end).await.status, 200);

    browser.site = Some("same-site");
    at_the_end(&browser.authorize(&[]).await);
}

#[tokio::test]
async fn an_application_on_a_device_is_sent_a_redirect() {
    let rig = Rig::start().await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[("client_id", "stepup-native")]).await;
    browser.site = Some("same-origin");
    let end = browser.log_in(&page).await;
    assert_eq!(end.answer.status, 302);
    at_the_end(&end);
}

#[tokio::test]
async fn a_form_may_end_at_the_one_callback_that_there_is() {
    let rig = Rig::with(&Config::default()).await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[("redirect_uri", "")]).await;
    assert!(policy(&page).contains("; form-action 'self' http://localhost:*; "), "{}", policy(&page));
    assert!(browser.log_in(&page).await.url.as_str().starts_with(CALLBACK));
}

#[tokio::test]
async fn a_browser_is_led_out_of_the_log_out_page() {
    let rig = Rig::with(&Config::default()).await;
    let origin = rig.tenant.issuer().trim_end_matches('/');
    let fields =
        "client_id=stepup-webapp&post_logout_redirect_uri=http://localhost:3000/bye&state=s&action=default";
    for (site, led) in [(Some("same-origin"), true), (None, false)] {
        let mut browser = Browser::new(&rig);
        let page = browser.authorize(&[]).await;
        browser.log_in(&page).await;
        let jar: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = rig.http.post(rig.at("/oidc/logout")).body(fields);
        request = request.header("content-type", "application/x-www-form-urlencoded");
        request = request.header("origin", origin).header("cookie", jar.join("; "));
        if let Some(site) = site {
            request = request.header("sec-fetch-site", site);
        }
        let answer = rig.send(request).await;
        assert_eq!(answer.header("location"), "http://localhost:3000/bye?state=s");
        let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
        assert!(!cookies.is_empty(), "the session's cookies go");
        assert!(cookies.iter().all(|cookie| cookie.to_str().unwrap().contains("Max-Age=0")), "{cookies:?}");
        assert_eq!(answer.status, if led { 200 } else { 302 }, "{site:?}");
        if led {
            let page = Page { url: rig.at("/oidc/logout").parse().unwrap(), answer };
            assert_eq!(leads_to(&page), "http://localhost:3000/bye?state=s");
        }
    }
}
