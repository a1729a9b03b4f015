//! What Actions make of the browser's session: its cookie, its end, what they keep with it.

use serde_json::{Value, json};

use crate::{
    management::Admin,
    rig::{Answer, Browser, Config, Page, Rig},
};

/// Tells the session as it was in `event`, and changes it as the login's `login_hint` says.
const ACTION: &str = r#"exports.onExecutePostLogin = async (event, api) => {
  const { metadata, cookie, device } = event.session ?? {};
  api.idToken.setCustomClaim("session", { metadata, cookie, device });
  switch (event.transaction.login_hint ?? event.request.body.step) {
    case "note": api.session.setMetadata("plan", "gold"); api.session.setMetadata("seen", "1"); break;
    case "delete": api.session.deleteMetadata("seen"); break;
    case "evict": api.session.evictMetadata(); api.session.setMetadata("new", "2"); break;
    case "brief": api.session.setCookieMode("non-persistent"); break;
    case "lasting": api.session.setCookieMode("persistent"); break;
    case "end": api.session.setExpiresAt(Date.now() + 60000); break;
    case "idle": api.session.setIdleExpiresAt(Date.now() + 30000); break;
  }
};"#;

async fn session_told(browser: &Browser<'_>, end: &Page) -> Value {
    browser.exchange_code(end).await.claims("id_token")["session"].take()
}

/// The cookie of the session that an answer sets, if it does: whether it outlives the browser.
fn outlives(answer: &Answer) -> Option<bool> {
    let set = answer.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap());
    set.into_iter().find(|line| line.starts_with("auth0_compat=")).map(|line| line.contains("Max-Age="))
}

#[tokio::test]
async fn metadata_stays_with_the_session() {
    let rig = Rig::with(&Config::action(ACTION)).await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[("login_hint", "note")]).await;
    let end = browser.log_in(&page).await;
    let told = session_told(&browser, &end).await;
    assert_eq!((&told["metadata"], &told["cookie"]), (&json!({}), &json!({ "mode": "persistent" })));
    let device = told["device"].as_object().unwrap();
    assert_eq!((&device["initial_ip"], &device["last_ip"]), (&json!("127.0.0.1"), &json!("127.0.0.1")));
    assert!(device.contains_key("last_user_agent") && !device.contains_key("initial_asn"), "{device:?}");

    for (hint, before) in [
        ("delete", json!({ "plan": "gold", "seen": "1" })),
        ("evict", json!({ "plan": "gold" })),
        ("", json!({ "new": "2" })),
    ] {
        let end = browser.authorize(&[("login_hint", hint)]).await;
        assert_eq!(session_told(&browser, &end).await["metadata"], before, "{hint}");
    }
    // A token grant changes the session behind it too.
    let end = browser.authorize(&[]).await;
    let token = browser.exchange_code(&end).await.text("refresh_token");
    let refreshed = rig.refresh(&token, &[("step", "note")]).await;
    assert_eq!(refreshed.claims("id_token")["session"]["metadata"], json!({ "new": "2" }));
    let end = browser.authorize(&[("prompt", "none")]).await;
    let told = session_told(&browser, &end).await;
    assert_eq!(told["metadata"], json!({ "new": "2", "plan": "gold", "seen": "1" }));
}

#[tokio::test]
async fn the_cookie_goes_with_the_browser_or_stays() {
    let rig = Rig::with(&Config::action(ACTION)).await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[("login_hint", "brief")]).await;
    let end = browser.log_in(&page).await;
    assert_eq!(outlives(&end.answer), Some(false), "{:?}", end.answer.headers);
    assert_eq!(session_told(&browser, &end).await["cookie"], json!({ "mode": "persistent" }), "as it began");
    let end = browser.authorize(&[("login_hint", "lasting"), ("prompt", "none")]).await;
    assert_eq!(outlives(&end.answer), Some(true), "{:?}", end.answer.headers);
    assert_eq!(session_told(&browser, &end).await["cookie"], json!({ "mode": "non-persistent" }));
    let end = browser.authorize(&[]).await;
    assert_eq!(outlives(&end.answer), None, "what nobody changes is not sent again");
    assert_eq!(session_told(&browser, &end).await["cookie"], json!({ "mode": "persistent" }));
}

#[tokio::test]
async fn a_tenant_may_want_cookies_that_go_with_the_browser() {
    let yaml = Config::default().yaml().replacen(
        "tenant:\n",
        "tenant:\n  session_cookie: { mode: non-persistent }\n",
        1,
    );
    let rig = Rig::with_yaml(&yaml).await;
    assert_eq!(rig.tenant.warnings(), Vec::<String>::new());
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    let form = [
        ("state", page.state()),
        ("username", "ada@example.com".to_owned()),
        ("password", "correct horse battery staple".to_owned()),
    ];
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let cookies: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let request = rig.http.post(page.url).body(body).header("cookie", cookies.join("; "));
    let logged_in = rig.send(request.header("content-type", "application/x-www-form-urlencoded")).await;
    assert_eq!((logged_in.status, outlives(&logged_in)), (302, Some(false)), "{:?}", logged_in.headers);
}

#[tokio::test]
async fn a_session_ends_when_an_action_says() {
    for (hint, alive, over) in [("end", 59, 1), ("idle", 29, 1)] {
        let rig = Rig::with(&Config::action(ACTION)).await;
        let mut browser = Browser::new(&rig);
        let page = browser.authorize(&[("login_hint", hint)]).await;
        browser.log_in(&page).await;
        rig.advance(alive);
        let user = rig
            .tenant
            .state()
            .store
            .user_by_identifier("Username-Password-Authentication", "ada@example.com");
        let sessions =
            rig.tenant.state().store.sessions_of(&user.await.unwrap().unwrap().user_id).await.unwrap();
        assert!(!sessions[0].expired(rig.tenant.clock().now()), "{hint}");
        rig.advance(over);
        assert_eq!(
            browser.authorize(&[("prompt", "none")]).await.failure(),
            "login_required: Login required",
            "{hint}"
        );
    }
}

/// Changes the refresh token as `step` of the exchange says, and tells it as it was in `event`.
const TOKEN_ACTION: &str = r#"exports.onExecutePostLogin = async (event, api) => {
  const { metadata, expires_at, idle_expires_at } = event.refresh_token ?? {};
  api.idToken.setCustomClaim("token", { metadata, expires_at, idle_expires_at });
  switch (event.request.body.step) {
    case "note": api.refreshToken.setMetadata("plan", "gold"); api.refreshToken.setMetadata("seen", "1"); break;
    case "delete": api.refreshToken.deleteMetadata("seen"); break;
    case "end": api.refreshToken.setExpiresAt(Date.now() + 60000); break;
    case "idle": api.refreshToken.setIdleExpiresAt(Date.now() + 30000); break;
  }
};"#;

#[tokio::test]
async fn a_refresh_token_is_changed_by_its_exchange_whether_it_rotates_or_not() {
    for non_rotating in [true, false] {
        let rig = Rig::with(&Config { non_rotating, ..Config::action(TOKEN_ACTION) }).await;
        let mut token = rig.refresh_token().await;
        let mut exchange = async |step: &str| {
            let answer = rig.refresh(&token, &[("step", step)]).await;
            if answer.status == 200 && !non_rotating {
                token = answer.text("refresh_token");
            }
            answer
        };
        exchange("note").await;
        let told = exchange("delete").await.claims("id_token");
        assert_eq!(told["token"]["metadata"], json!({ "plan": "gold", "seen": "1" }), "{non_rotating}");
        let told = exchange("end").await.claims("id_token");
        assert_eq!(told["token"]["metadata"], json!({ "plan": "gold" }), "{non_rotating}");
        let told = exchange("idle").await.claims("id_token");
        assert_eq!(told["token"]["expires_at"], "2026-01-01T00:01:00.000Z", "{non_rotating}");
        rig.advance(29);
        let told = exchange("").await.claims("id_token");
        assert_eq!(told["token"]["idle_expires_at"], "2026-01-01T00:00:30.000Z", "{non_rotating}");
        rig.advance(31);
        assert_eq!(
            exchange("").await.failure(),
            "403 invalid_grant: Unknown or invalid refresh token.",
            "{non_rotating}"
        );
    }
}

#[tokio::test]
async fn the_management_api_tells_it_too() {
    let admin = Admin::on(Rig::start().await).await;
    let mut browser = Browser::new(&admin.rig);
    let page = browser.authorize(&[]).await;
    browser.log_in(&page).await;
    let sessions = admin.get(&format!("users/{}/sessions", admin.ada().await)).await.value();
    let session = &sessions["sessions"][0];
    assert_eq!(
        (&session["cookie"], &session["session_metadata"]),
        (&json!({ "mode": "persistent" }), &json!({}))
    );
    assert_eq!(session["device"]["last_ip"], "127.0.0.1");
}
