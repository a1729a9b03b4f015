//! A session that was ended stays ended, whatever was under way meanwhile.

use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{Request, StatusCode, header};
use serde_json::json;
use stepup::{Client, SessionState, mfa::Verify};
use url::Url;

use crate::{
    step_up::{Setting, ada, cookie_of, granted, id_token, pending, setting},
    support::{Answer, ISSUER, Jar, NOW, SetCookie, cookies, get, handle, json_of, set_cookies},
};

async fn log_out(setting: &Setting, cookie: &str) {
    setting.script.answer(Answer::Json(200, json!({})));
    let out = handle(&setting.client, get("/auth/logout", cookie)).await;
    assert_eq!(out.status(), StatusCode::TEMPORARY_REDIRECT);
}

/// Something in the session changes: the cookies that tell of it.
fn changed(client: &Client, state: &mut SessionState) -> usize {
    state.session_mut().unwrap().set_data("seen", json!(true));
    client.write_session(state).unwrap().len()
}

/// Ada logs in, at the time that it is, into the tenant's session `sid`.
async fn log_in(setting: &Setting, jar: &mut Jar, path: &str, sid: &str) {
    let callback = leave(setting, jar, path, sid).await;
    let back = handle(&setting.client, get(&callback, &jar.line())).await;
    assert_eq!(back.status(), StatusCode::TEMPORARY_REDIRECT);
    jar.take(back.headers());
}

/// Off to the tenant, which logs Ada in: the callback's address.
async fn leave(setting: &Setting, jar: &mut Jar, path: &str, sid: &str) -> String {
    let away = handle(&setting.client, get(path, &jar.line())).await;
    jar.take(away.headers());
    let away = Url::parse(away.headers()[header::LOCATION].to_str().unwrap()).unwrap();
    let one = |wanted: &str| away.query_pairs().find(|(name, _)| name == wanted).unwrap().1.into_owned();
    let id_token =
        setting.script.sign(&json!({ "iss": ISSUER, "aud": "client-1", "sub": "auth0|ada", "sid": sid,
                                                "nonce": one("nonce"), "iat": NOW, "exp": NOW + 600 }));
    let tokens = json!({ "access_token": "at", "refresh_token": "rt-1", "id_token": id_token,
                         "token_type": "Bearer", "expires_in": 3600 });
    setting.script.answer(Answer::Json(200, tokens));
    format!("/auth/callback?code=c&state={}", one("state"))
}

#[tokio::test]
async fn a_request_under_way_does_not_undo_a_logout() {
    let setting = setting();
    let client = &setting.client;
    let (mut slow, mut slower) = (ada(client), ada(client));
    let mut others = client.open_session(&cookies(&cookie_of("auth0|bob")));
    log_out(&setting, &cookie_of("auth0|ada")).await;
    assert_eq!(changed(client, &mut slow), 0);
    assert_eq!(changed(client, &mut others), 1, "another user's");
    setting.clock.advance(Duration::from_secs(600));
    assert_eq!(changed(client, &mut slower), 1, "it is not remembered for ever");
}

#[tokio::test]
async fn a_logout_is_carried_out_though_the_browser_goes_away() {
    for slow_discovery in [true, false] {
        let setting = setting();
        let client = setting.client.clone();
        let mut slow = ada(&client);
        setting.script.answer(Answer::Json(200, json!({})));
        let gate = if slow_discovery { setting.script.documents_gate() } else { setting.script.gate() }
            .write()
            .await;
        let out =
            tokio::spawn(async move { handle(&client, get("/auth/logout", &cookie_of("auth0|ada"))).await });
        while setting.script.fetches("openid-configuration") == 0 {
            tokio::task::yield_now().await;
        }
        out.abort();
        assert!(out.await.unwrap_err().is_cancelled());
        assert_eq!(changed(&setting.client, &mut slow), 0, "it has ended already");
        drop(gate);
        while setting.script.requests().is_empty() {
            tokio::task::yield_now().await;
        }
        assert!(setting.script.requests()[0].url.ends_with("/oauth/revoke"));
    }
}

#[tokio::test]
async fn a_session_that_the_application_ends_is_over_too() {
    let setting = setting();
    let client = &setting.client;
    let (mut slow, mut state) = (ada(client), ada(client));
    state.remove();
    assert!(
        client.write_session(&state).unwrap().iter().all(|cookie| SetCookie::read(cookie).value.is_empty())
    );
    assert_eq!(changed(client, &mut slow), 0);
}

#[tokio::test]
async fn a_session_stays_ended_where_the_same_request_begins_another() {
    for ends_that_too in [false, true] {
        let setting = setting();
        let Setting { script, client, .. } = &setting;
        let (mut state, token) = pending(&setting).await;
        let (mut slow, mut slower) = (ada(client), ada(client));
        state.remove();
        script.answer(granted(&json!({ "id_token": id_token(script, "auth0|ada") })));
        client.mfa().verify(&mut state, &token, Verify::otp("123456")).await.unwrap();
        let begun = client.write_session(&state).unwrap();
        assert_eq!(changed(client, &mut slow), 0);
        if ends_that_too {
            let mut jar = Jar::default();
            jar.take(&begun.into_iter().map(|cookie| (header::SET_COOKIE, cookie)).collect());
            let mut slow = client.open_session(&cookies(&jar.line()));
            state.remove();
            client.write_session(&state).unwrap();
            assert_eq!(changed(client, &mut slow), 0);
            assert_eq!(changed(client, &mut slower), 0);
        }
    }
}

#[tokio::test]
async fn a_session_ends_before_the_tenant_has_heard_of_it() {
    let setting = setting();
    let client = &setting.client;
    let mut slow = ada(client);
    let closed = setting.script.gate().write().await;
    setting.script.answer(Answer::Json(200, json!({})));
    let (cookie, route) = (cookie_of("auth0|ada"), stepup::Route::Logout);
    let mut logout = Box::pin(client.handle(route, get("/auth/logout", &cookie)));
    assert!((&mut logout).now_or_never().is_none(), "the refresh token is being revoked");
    assert_eq!(changed(client, &mut slow), 0);
    drop(closed);
    logout.await;
}

#[tokio::test]
async fn a_new_login_is_another_session_at_the_same_second_too() {
    for sid in ["sid-1", "sid-2"] {
        let (setting, mut jar) = (setting(), Jar::default());
        log_in(&setting, &mut jar, "/auth/login", "sid-1").await;
        log_out(&setting, &jar.line()).await;
        let mut jar = Jar::default();
        log_in(&setting, &mut jar, "/auth/login", sid).await;
        let mut state = setting.client.open_session(&cookies(&jar.line()));
        assert_eq!(changed(&setting.client, &mut state), 1, "{sid}");
    }
}

/// Whoever logs in anew may be somebody else: what is under way must not make the browser the earlier user's again.
#[tokio::test]
async fn a_login_ends_the_session_that_it_takes_the_place_of() {
    let (setting, mut jar) = (setting(), Jar::default());
    log_in(&setting, &mut jar, "/auth/login", "sid-1").await;
    let mut slow = setting.client.open_session(&cookies(&jar.line()));
    log_in(&setting, &mut jar, "/auth/login", "sid-2").await;
    assert_eq!(changed(&setting.client, &mut slow), 0);
    let mut state = setting.client.open_session(&cookies(&jar.line()));
    assert_eq!(state.session().unwrap().sid(), Some("sid-2"));
    assert_eq!(changed(&setting.client, &mut state), 1);
}

#[tokio::test]
async fn a_step_up_under_way_does_not_go_on_from_a_session_that_ended() {
    let (setting, mut jar) = (setting(), Jar::default());
    log_in(&setting, &mut jar, "/auth/login", "sid-1").await;
    let callback = leave(&setting, &mut jar, "/auth/login?stepUp=true", "sid-2").await;
    let closed = setting.script.gate().write().await;
    let request = get(&callback, &jar.line());
    let mut step_up = Box::pin(setting.client.handle(stepup::Route::Callback, request));
    assert!((&mut step_up).now_or_never().is_none(), "the code is being exchanged");
    let mut state = setting.client.open_session(&cookies(&jar.line()));
    state.remove();
    setting.client.write_session(&state).unwrap();
    drop(closed);
    let back = step_up.await;
    let set: Vec<_> =
        set_cookies(back.headers()).into_iter().filter(|cookie| cookie.name == "__session").collect();
    assert_eq!(set, []);
}

#[tokio::test]
async fn waiting_for_a_push_does_not_make_a_session_last_longer() {
    let setting = setting();
    setting.clock.advance(Duration::from_secs(9000));
    // It is due: any other request writes it.
    assert_eq!(setting.client.write_session(&ada(&setting.client)).unwrap().len(), 1);
    let (_, token) = pending(&setting).await;
    let later = json!({ "error": "authorization_pending", "error_description": "later" });
    (0..5).for_each(|_| setting.script.answer(Answer::Json(400, later.clone())));
    let request = Request::post("/auth/mfa/push")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::COOKIE, cookie_of("auth0|ada"))
        .body(Bytes::from(json!({ "mfa_token": token, "oob_code": "oob-1" }).to_string()))
        .unwrap();
    let answer = handle(&setting.client, request).await;
    assert_eq!(json_of(&answer)["error"], "authorization_pending");
    assert_eq!(set_cookies(answer.headers()), []);
}
