//! Two tabs, the back button, a lost cookie: a callback that brings no session ends on a page with a way to try again.

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use serde_json::{Value, json};
use stepup::{CallbackError, CallbackOutcome, Client, ClientBuilder, pages::PageOptions};
use tracing::Level;
use url::Url;

use crate::{
    captured::Captured,
    support::{
        Answer, Hands, ISSUER, Jar, NOW, SECRET, Script, builder, cookies, get, handle, json_of, set_cookies,
    },
};

const BROWSER: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

struct Visit {
    script: Script,
    clock: Hands,
    client: Client,
    jar: Jar,
}

impl Visit {
    fn begin() -> Self {
        Self::begin_with(|client| client)
    }

    fn begin_with(configure: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Self {
        let (script, clock) = (Script::new(), Hands::at(NOW));
        let client = configure(builder(&script, &clock).secret(SECRET)).build().unwrap();
        Self { script, clock, client, jar: Jar::default() }
    }

    async fn open(&mut self, path: &str, accept: &str, language: &str) -> Response<Bytes> {
        let request = Request::get(path)
            .header(header::HOST, "app.example.com")
            .header(header::COOKIE, self.jar.line())
            .header(header::ACCEPT, accept)
            .header(header::ACCEPT_LANGUAGE, language);
        let response = handle(&self.client, request.body(Bytes::new()).unwrap()).await;
        self.jar.take(response.headers());
        response
    }

    /// Off to the tenant; returns state and nonce.
    async fn leave(&mut self, return_to: &str) -> (String, String) {
        let response = handle(&self.client, get(&self.client.login_path(return_to), &self.jar.line())).await;
        self.jar.take(response.headers());
        let away = Url::parse(response.headers()[header::LOCATION].to_str().unwrap()).unwrap();
        let one = |wanted: &str| away.query_pairs().find(|(name, _)| name == wanted).unwrap().1.into_owned();
        (one("state"), one("nonce"))
    }

    /// Back from the tenant, which has logged Ada in.
    async fn come_back(&mut self, state: &str, nonce: &str) -> Response<Bytes> {
        let claims = json!({ "iss": ISSUER, "aud": "client-1", "sub": "auth0|ada", "iat": NOW, "exp": NOW + 600, "nonce": nonce });
        let tokens = json!({ "access_token": "at-1", "expires_in": 600, "token_type": "Bearer", "id_token": self.script.sign(&claims) });
        self.script.answer(Answer::Json(200, tokens));
        self.open(&format!("/auth/callback?code=c&state={state}"), BROWSER, "en").await
    }
}

fn page(response: &Response<Bytes>) -> String {
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
    String::from_utf8(response.body().to_vec()).unwrap()
}

fn location(response: &Response<Bytes>) -> &str {
    assert_eq!(response.status(), 307, "{:?}", response.body());
    response.headers()[header::LOCATION].to_str().unwrap()
}

#[tokio::test]
async fn a_login_that_nobody_knows_ends_on_a_page_with_a_way_to_try_again() {
    let mut visit = Visit::begin();
    for path in
        ["/auth/callback?code=c&state=unknown", "/auth/callback", "/auth/callback?state=a&state=b&code=c"]
    {
        let response = visit.open(path, BROWSER, "en").await;
        assert_eq!(response.status(), 400, "{path}");
        let html = page(&response);
        assert!(html.contains("<h1>This login is no longer open</h1>"), "{html}");
        assert!(
            html.contains(r#"<a class="primary" href="/auth/login?returnTo=%2F">Try again</a>"#),
            "{html}"
        );
        assert!(!html.contains("logged in already"), "{html}");

        let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'self' 'nonce-"), "{policy}");
        assert_eq!(response.headers()[header::REFERRER_POLICY], "no-referrer");
        assert!(response.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("no-store"));
    }
    // What is no browser gets what it can read.
    let path = "/auth/callback?code=c&state=unknown";
    let json = visit.open(path, "application/json", "de").await;
    assert_eq!(json.status(), 400);
    assert_eq!(
        json_of(&json),
        json!({ "error": "invalid_state", "error_description": "The state parameter is invalid." })
    );
    let fetched = Request::get(path).header(header::ACCEPT, BROWSER).header("sec-fetch-mode", "cors");
    let fetched = handle(&visit.client, fetched.body(Bytes::new()).unwrap()).await;
    assert_eq!(&fetched.body()[..], b"The state parameter is invalid.", "a script's");
    let text = visit.open(path, "*/*", "de").await;
    assert_eq!((text.status().as_u16(), &text.body()[..]), (400, &b"The state parameter is invalid."[..]));
}

#[tokio::test]
async fn a_login_that_took_too_long_and_a_code_that_was_used() {
    let mut visit = Visit::begin();
    let (state, _) = visit.leave("/hall?seat=3").await;
    visit.clock.set(NOW + 3601);
    let late = visit.open(&format!("/auth/callback?code=c&state={state}"), BROWSER, "en").await;
    assert_eq!(late.status(), 400);
    assert!(page(&late).contains("This login is no longer open"));

    let mut visit = Visit::begin();
    let (state, _) = visit.leave("/hall?seat=3").await;
    let used = json!({ "error": "invalid_grant", "error_description": "Invalid authorization code" });
    visit.script.answer(Answer::Json(403, used));
    let response = visit.open(&format!("/auth/callback?code=c&state={state}"), BROWSER, "en").await;
    assert_eq!(response.status(), 400);
    let html = page(&response);
    let again = r#"href="/auth/login?returnTo=%2Fhall%3Fseat%3D3""#;
    assert!(
        html.contains(again) && html.contains("This login is no longer open"),
        "where it led is known: {html}"
    );
    assert!(visit.jar.names().is_empty(), "the login is forgotten");
}

#[tokio::test]
async fn the_back_button_leads_to_where_the_login_led() {
    let mut visit = Visit::begin();
    let (state, nonce) = visit.leave("/hall?seat=3").await;
    assert_eq!(location(&visit.come_back(&state, &nonce).await), "https://app.example.com/hall?seat=3");
    let cookies = visit.jar.line();
    let again = visit.open(&format!("/auth/callback?code=c&state={state}"), BROWSER, "en").await;
    assert_eq!(location(&again), "https://app.example.com/hall?seat=3");
    assert!(set_cookies(again.headers()).is_empty());
    assert_eq!(visit.jar.line(), cookies, "nothing was asked for, nothing changed");
    assert_eq!(visit.script.requests().len(), 1);

    // Another login than the one that began the session is not taken for it.
    let other = visit.open("/auth/callback?code=c&state=another", BROWSER, "en").await;
    assert_eq!(other.status(), 400);
    let html = page(&other);
    assert!(html.contains(r#"<a href="/">You are logged in already: go on</a>"#), "{html}");

    // Where it led is not worth a place in the cookie if that is long; the start page is near it.
    let mut visit = Visit::begin();
    let (state, nonce) = visit.leave(&format!("/{}", "h".repeat(300))).await;
    visit.come_back(&state, &nonce).await;
    let again = visit.open(&format!("/auth/callback?code=c&state={state}"), BROWSER, "en").await;
    assert_eq!(location(&again), "https://app.example.com/");
}

#[tokio::test]
async fn two_tabs_log_in_one_after_the_other() {
    let mut visit = Visit::begin();
    let (first, first_nonce) = visit.leave("/one").await;
    let (second, second_nonce) = visit.leave("/two").await;
    assert_eq!(location(&visit.come_back(&first, &first_nonce).await), "https://app.example.com/one");
    assert_eq!(location(&visit.come_back(&second, &second_nonce).await), "https://app.example.com/two");
}

#[tokio::test]
async fn the_hook_hears_of_it_first() {
    let (script, clock) = (Script::new(), Hands::at(NOW));
    let answer = |CallbackOutcome { result, .. }: CallbackOutcome<'_>| {
        let lost = matches!(result, Err(CallbackError::MissingState));
        lost.then(|| Response::new(Bytes::from_static(b"the application's own")))
    };
    let client = builder(&script, &clock)
        .secret(SECRET)
        .on_callback(move |outcome| {
            let response = answer(outcome);
            Box::pin(async move { response })
        })
        .build()
        .unwrap();
    let open = async |path: &str| {
        let request =
            Request::get(path).header(header::HOST, "app.example.com").header(header::ACCEPT, BROWSER);
        handle(&client, request.body(Bytes::new()).unwrap()).await
    };
    assert_eq!(&open("/auth/callback").await.body()[..], b"the application's own");
    assert_eq!(open("/auth/callback?code=c&state=unknown").await.status(), 400);
}

#[tokio::test]
async fn a_session_that_is_too_large_ends_there_too() {
    let mut visit = Visit::begin_with(|client| {
        client.before_session_saved(|session| session.set_data("large", json!("x".repeat(9000))))
    });
    let (state, nonce) = visit.leave("/hall").await;
    let response = visit.come_back(&state, &nonce).await;
    assert_eq!(response.status(), 500);
    let html = page(&response);
    assert!(html.contains("<h1>This site has too much to keep for you</h1>"), "{html}");
    assert!(html.contains("Delete this site&#39;s cookies in your browser and begin again"), "{html}");
    assert!(html.contains(r#"href="/auth/login?returnTo=%2Fhall">Try again</a>"#), "{html}");
    assert_eq!(visit.jar.names(), [""; 0], "neither a session nor the login's cookie");
}

#[tokio::test]
async fn the_pages_read_so() {
    let mut visit = Visit::begin();
    let (state, _) = visit.leave("/hall").await;
    let shown = |response: &Response<Bytes>| {
        let html = page(response);
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        html.replace(policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap(), "NONCE")
    };
    let lost = visit.open("/auth/callback?code=c&state=unknown", BROWSER, "en").await;
    insta::assert_snapshot!("login_ended_lost", shown(&lost));
    let denied = format!("/auth/callback?error=access_denied&error_description=%3Cb%3E&state={state}");
    let refused = visit.open(&denied, BROWSER, "de-DE,en;q=0.5").await;
    assert_eq!(refused.status(), 400);
    assert!(!shown(&refused).contains("<b>"), "never what the tenant wrote");
    insta::assert_snapshot!("login_ended_refused", shown(&refused));
    let (state, _) = visit.leave("/hall").await;
    visit.script.answer(Answer::Json(401, json!({ "error": "invalid_client" })));
    let broken = visit.open(&format!("/auth/callback?code=c&state={state}"), BROWSER, "ja").await;
    assert_eq!(broken.status(), 500);
    insta::assert_snapshot!("login_ended_broken", shown(&broken));
}

#[tokio::test]
async fn a_login_that_cannot_begin_ends_there_with_a_way_to_try_again() {
    let mut visit = Visit::begin();
    visit.script.documents(0);
    let path = "/auth/login?returnTo=/hall&acr_values=mfa";
    let response = visit.open(path, BROWSER, "en").await;
    assert_eq!((response.status().as_u16(), visit.jar.names()), (500, vec![]));
    let html = page(&response);
    assert!(html.contains("<h1>This does not work right now</h1>"), "{html}");
    let again = r#"<a class="primary" href="/auth/login?returnTo=/hall&#38;acr_values=mfa">Try again</a>"#;
    assert!(html.contains(again), "{html}");
    assert!(html.contains(r#"<a href="/">To the start page</a>"#), "{html}");
    for accept in ["*/*", "application/json"] {
        let text = visit.open(path, accept, "de").await;
        assert_eq!(text.status(), 500);
        assert_eq!(*text.body(), "An error occurred while trying to initiate the login request.", "{accept}");
    }
    // What is wrong with the address is no matter of trying again.
    let bad = visit.open("/auth/login?max_age=soon", BROWSER, "en").await;
    assert_eq!(
        (bad.status().as_u16(), &bad.headers()["content-type"]),
        (400, &"text/plain;charset=UTF-8".parse().unwrap())
    );

    visit.script.documents(9);
    let (state, nonce) = visit.leave("/hall").await;
    visit.come_back(&state, &nonce).await;
    let jar = visit.jar;
    let mut visit = Visit { jar, ..Visit::begin() };
    visit.script.documents(0);
    let html = page(&visit.open("/auth/login?returnTo=/hall&stepUp=true", BROWSER, "en").await);
    assert!(html.contains(r#"<a href="/hall">Back to the page</a>"#), "where they were: {html}");
}

#[tokio::test]
async fn a_login_that_cannot_begin_yet_says_how_long_to_wait() {
    let mut visit = Visit::begin_with(|client| client.pushed_authorization_requests(true));
    visit.script.discovery(|document| {
        document["pushed_authorization_request_endpoint"] = json!(format!("{ISSUER}oauth/par"));
    });
    let busy = json!({ "error": "too_many_requests", "error_description": "Global limit has been reached" });
    for (accept, language, expected) in [
        (BROWSER, "en", "<h1>Please wait a moment</h1>"),
        (BROWSER, "de", "<h1>Bitte warten Sie einen Moment</h1>"),
        ("*/*", "en", "An error occurred while trying to initiate the login request."),
    ] {
        visit.script.answer(Answer::RetryAfter(429, busy.clone(), "17".to_owned()));
        let response = visit.open("/auth/login", accept, language).await;
        assert_eq!((response.status().as_u16(), &response.headers()[header::RETRY_AFTER]), (500, &17.into()));
        let body = std::str::from_utf8(response.body()).unwrap();
        assert!(body.contains(expected), "{body}");
        assert!(!body.contains("Global limit"), "never what the tenant wrote");
    }
    // A setting of ours that is wrong does not pass in a moment.
    visit.script.answer(Answer::Json(401, json!({ "error": "invalid_client" })));
    let html = page(&visit.open("/auth/login", BROWSER, "en").await);
    assert!(html.contains("<h1>The login did not work</h1>"), "{html}");
}

#[tokio::test]
async fn a_code_that_is_not_exchanged_is_the_visitors_fault_only_where_it_is_used_or_too_old() {
    let busy = json!({ "error": "too_many_requests", "error_description": "Global limit has been reached" });
    let down = json!({ "error": "temporarily_unavailable" });
    let refused = |error: &str| json!({ "error": error, "error_description": "Unauthorized" });
    let later = |status, body: &Value| Answer::RetryAfter(status, body.clone(), "9".to_owned());
    for (answer, status, heading, wait, is_ours) in [
        (Answer::Json(403, refused("invalid_grant")), 400, "This login is no longer open", None, false),
        (Answer::Json(401, refused("access_denied")), 500, "The login did not work", None, true),
        (Answer::Json(401, refused("invalid_client")), 500, "The login did not work", None, true),
        (later(429, &busy), 500, "Please wait a moment", Some(9), true),
        (later(503, &down), 500, "This does not work right now", Some(9), true),
    ] {
        let (captured, _guards) = Captured::begin();
        let mut visit = Visit::begin();
        let (state, _) = visit.leave("/hall").await;
        visit.script.answer(answer);
        let ended = visit.open(&format!("/auth/callback?code=c&state={state}"), BROWSER, "en").await;
        assert_eq!(ended.status(), status, "{heading}");
        assert!(page(&ended).contains(&format!("<h1>{heading}</h1>")), "{heading}: {:?}", ended.body());
        assert_eq!(
            ended.headers().get(header::RETRY_AFTER),
            wait.map(HeaderValue::from).as_ref(),
            "{heading}"
        );
        assert_eq!(!captured.at(Level::ERROR).is_empty(), is_ours, "{heading}");
    }
}

#[tokio::test]
async fn a_login_that_needs_a_second_factor_in_a_session_leads_to_the_logout() {
    let due = |token: Option<&str>| json!({ "error": "mfa_required", "error_description": "Multifactor authentication required", "mfa_token": token });
    for (logs_in_first, token) in [(true, Some("raw-token")), (true, None), (false, None)] {
        let mut visit = Visit::begin();
        if logs_in_first {
            let (state, nonce) = visit.leave("/hall").await;
            visit.come_back(&state, &nonce).await;
        }
        let session = visit.jar.line();
        let (state, _) = visit.leave("/hall").await;
        visit.script.answer(Answer::Json(403, due(token)));
        let ended = visit.open(&format!("/auth/callback?code=c&state={state}"), BROWSER, "en").await;
        assert_eq!(ended.status(), 403);
        let html = page(&ended);
        assert!(html.contains("<h1>This login needs one more step</h1>"), "{html}");
        assert!(html.contains(r#"<a class="primary" href="/auth/logout">Log out</a>"#), "{html}");
        assert_eq!(html.contains(r#"<a href="/hall">You are logged in already"#), logs_in_first, "{html}");
        assert_eq!(visit.jar.line(), session, "who was logged in still is");
    }
}

const PAGE_FORM: &str = "application/x-www-form-urlencoded";

impl Visit {
    /// Sends a form of the page `path`.
    async fn send(&mut self, path: &str, form: &'static [u8]) -> Response<Bytes> {
        let request = Request::post(path)
            .header(header::HOST, "app.example.com")
            .header(header::ORIGIN, "https://app.example.com")
            .header(header::CONTENT_TYPE, PAGE_FORM)
            .header(header::COOKIE, self.jar.line());
        let answer = handle(&self.client, request.body(Bytes::from_static(form)).unwrap()).await;
        self.jar.take(answer.headers());
        answer
    }

    /// The tenant answers the code with a demand for a second factor.
    async fn come_back_to_more(&mut self, state: &str) -> Response<Bytes> {
        let due = json!({ "error": "mfa_required", "error_description": "Multifactor authentication required",
                          "mfa_token": "raw-1", "mfa_requirements": { "challenge": [{ "type": "otp" }] } });
        self.script.answer(Answer::Json(403, due));
        self.open(&format!("/auth/callback?code=c&state={state}"), BROWSER, "en").await
    }
}

#[tokio::test]
async fn a_login_that_a_second_factor_is_missing_to_goes_on_on_our_pages() {
    let mut visit = Visit::begin();
    let (state, _) = visit.leave("/hall?seat=3").await;
    let off = visit.come_back_to_more(&state).await;
    assert_eq!(off.status(), 303, "{:?}", off.body());
    let pages = off.headers()[header::LOCATION].to_str().unwrap().to_owned();
    assert!(pages.starts_with("/auth/mfa/d/"), "{pages}");

    let app = json!([{ "id": "totp|1", "authenticator_type": "otp", "active": true, "type": "otp" }]);
    visit.script.answer(Answer::Json(200, app));
    let code = visit.open(&pages, BROWSER, "en").await;
    assert!(page(&code).contains("<h1>Enter your code</h1>"), "{:?}", code.body());
    assert!(visit.client.open_session(&cookies(&visit.jar.line())).session().is_none(), "not yet");

    let claims =
        json!({ "iss": ISSUER, "aud": "client-1", "sub": "auth0|ada", "iat": NOW, "exp": NOW + 600 });
    let tokens = json!({ "access_token": "at-1", "expires_in": 600, "token_type": "Bearer", "id_token": visit.script.sign(&claims) });
    visit.script.answer(Answer::Json(200, tokens));
    let done = visit.send(&pages, b"action=code&code=123456").await;
    assert_eq!(
        (done.status().as_u16(), &done.headers()[header::LOCATION]),
        (303, &"/hall?seat=3".parse().unwrap())
    );
    let state = visit.client.open_session(&cookies(&visit.jar.line()));
    assert_eq!(state.session().unwrap().subject(), "auth0|ada");
    assert!(state.session().unwrap().second_factor().is_some());
    assert_eq!(visit.script.requests().last().unwrap().form()["mfa_token"], "raw-1");
}

/// The page that was asked for wants a login, and the tenant would answer it with the same demand.
#[tokio::test]
async fn whoever_gives_such_a_login_up_is_not_sent_to_the_page_that_wanted_it() {
    for (path, way_out) in [("/hall?seat=3", "/"), ("/?seat=3", "/auth/mfa/d/none/resume")] {
        let mut visit = Visit::begin();
        let (state, _) = visit.leave(path).await;
        let off = visit.come_back_to_more(&state).await;
        let pages = off.headers()[header::LOCATION].to_str().unwrap().to_owned();
        let left = visit.send(&pages, b"action=cancel").await;
        assert_eq!(left.headers()[header::LOCATION], way_out, "{path}");
    }
    let closed = Visit::begin().open("/auth/mfa/d/none/resume", BROWSER, "en").await;
    assert_eq!(closed.status().as_u16(), 410);
    assert!(page(&closed).contains("<h1>This page is no longer open</h1>"), "{:?}", closed.body());
}

#[tokio::test]
async fn without_our_pages_or_for_a_script_such_a_login_ends() {
    let mut visit = Visit::begin_with(|client| client.mfa_pages(PageOptions::off()));
    let (state, _) = visit.leave("/hall").await;
    let ended = visit.come_back_to_more(&state).await;
    assert_eq!(ended.status(), 403);
    assert!(page(&ended).contains("<h1>This login needs one more step</h1>"));

    // Somebody who is logged in asked for another login: its result is not to go into their session.
    let mut visit = Visit::begin();
    let (state, nonce) = visit.leave("/hall").await;
    visit.come_back(&state, &nonce).await;
    let (state, _) = visit.leave("/hall").await;
    assert_eq!(visit.come_back_to_more(&state).await.status(), 403);
}
