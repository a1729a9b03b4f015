//! The way back from where an Action sent the browser: `/continue`, by a link or by a form of another site.

use serde_json::json;

use crate::rig::{Browser, Config, Page, Rig};

const AWAY: &str = r#"exports.onExecutePostLogin = async (event, api) => {
  if (api.redirect.canRedirect()) {
    const session_token = api.redirect.encodeToken({ secret: event.secrets?.KEY ?? "a secret", payload: { who: event.user.email } });
    api.redirect.sendUserTo("https://terms.example/accept", { query: { session_token } });
  }
};
exports.onContinuePostLogin = async (event, api) => {
  api.idToken.setCustomClaim("back", { method: event.request.method, query: event.request.query.answer ?? null, body: event.request.body.answer ?? null });
  api.authentication.recordMethod("https://terms.example/accepted");
};"#;

/// Logs in as far as the other site: the `state` to return with.
async fn away(browser: &mut Browser<'_>) -> String {
    let page = browser.authorize(&[]).await;
    let away = browser.log_in(&page).await;
    assert_eq!(away.url.host_str(), Some("terms.example"), "{}", away.url);
    away.parameter("state")
}

/// Posts a form as another site does.
async fn post_from_elsewhere(
    rig: &Rig,
    browser: &Browser<'_>,
    path: &str,
    fields: &[(&str, &str)],
    cookies: bool,
) -> crate::rig::Answer {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let mut request = rig
        .http
        .post(rig.at(path))
        .body(body)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", "https://terms.example")
        .header("sec-fetch-site", "cross-site");
    if cookies {
        let jar: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        request = request.header("cookie", jar.join("; "));
    }
    rig.send(request).await
}

async fn claim(browser: &Browser<'_>, end: &Page) -> serde_json::Value {
    browser.exchange_code(end).await.claims("id_token")["back"].clone()
}

#[tokio::test]
async fn by_a_link() {
    let rig = Rig::with(&Config::action(AWAY)).await;
    let mut browser = Browser::new(&rig);
    let state = away(&mut browser).await;
    let end = browser.open(&format!("/continue?state={state}&answer=yes")).await;
    assert_eq!(claim(&browser, &end).await, json!({ "method": "GET", "query": "yes", "body": null }));
    let again = browser.open(&format!("/continue?state={state}&answer=yes")).await;
    assert_eq!(again.answer.status, 400, "once");
}

#[tokio::test]
async fn by_a_form_of_another_site_that_brings_the_cookies() {
    let rig = Rig::with(&Config::action(AWAY)).await;
    let mut browser = Browser::new(&rig);
    for path in ["/continue", "/continue?state=STATE"] {
        let state = away(&mut browser).await;
        let fields = [("state", state.as_str()), ("answer", "yes")];
        let answer = post_from_elsewhere(&rig, &browser, &path.replace("STATE", &state), &fields, true).await;
        assert_eq!(answer.status, 302, "{}", answer.body);
        let end = Page { url: answer.header("location").parse().unwrap(), answer };
        assert_eq!(claim(&browser, &end).await, json!({ "method": "POST", "query": null, "body": "yes" }));
        browser.cookies.clear();
    }
}

/// A browser that keeps its cookies from forms of other sites sends them with the link that it is led to.
#[tokio::test]
async fn by_a_form_of_another_site_that_brings_none() {
    let rig = Rig::with(&Config::action(AWAY)).await;
    let mut browser = Browser::new(&rig);
    let state = away(&mut browser).await;
    let fields = [("state", state.as_str()), ("answer", "yes & no")];
    let answer = post_from_elsewhere(&rig, &browser, "/continue", &fields, false).await;
    assert_eq!(answer.status, 303);
    let link = answer.header("location").to_owned();
    assert!(link.starts_with("/continue?answer=yes+%26+no&state="), "{link}");
    let end = browser.open(&link).await;
    assert_eq!(claim(&browser, &end).await["query"], "yes & no");
}

#[tokio::test]
async fn nobody_else_returns() {
    let rig = Rig::with(&Config::action(AWAY)).await;
    let mut browser = Browser::new(&rig);
    let state = away(&mut browser).await;
    let mut thief = Browser::new(&rig);
    assert_eq!(thief.open(&format!("/continue?state={state}")).await.answer.status, 400, "without a mark");
    thief.authorize(&[]).await;
    assert_eq!(thief.open(&format!("/continue?state={state}")).await.answer.status, 400, "another browser");
    for path in ["/continue", "/continue?state=", "/continue?state=unknown", "/continue?state=a&state=b"] {
        assert_eq!(browser.open(path).await.answer.status, 400, "{path}");
    }
    let posted = post_from_elsewhere(&rig, &browser, "/continue", &[("state", "unknown")], true).await;
    assert_eq!(posted.status, 400);
    let huge = "x".repeat(100_000);
    let posted = post_from_elsewhere(&rig, &browser, "/continue", &[("state", &huge)], true).await;
    assert_eq!(posted.status, 413);
    // the other pages take no forms of other sites
    let page = browser.authorize(&[("prompt", "login")]).await;
    let fields = [("state", page.state()), ("username", "x".to_owned()), ("password", "y".to_owned())];
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(post_from_elsewhere(&rig, &browser, "/u/login", &fields, true).await.status, 403);
}

#[tokio::test]
async fn a_flow_without_a_browser_cannot_leave() {
    let rig = Rig::with(&Config::action(AWAY)).await;
    assert_eq!(rig.password(&[]).await.status, 200, "canRedirect says so, and the Action does not try");
    let mut browser = Browser::new(&rig);
    let state = away(&mut browser).await;
    browser.open(&format!("/continue?state={state}")).await;
    let silent = browser.authorize(&[("prompt", "none")]).await;
    assert!(silent.url.query().unwrap().contains("code="), "{}", silent.url);
}
