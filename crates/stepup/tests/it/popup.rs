//! A login in a pop-up: what its closing page says, and what becomes of the session.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};
use stepup::{
    AccessTokenRequest, CallbackOutcome, Client, ClientBuilder, Clock as _, Format, SessionState, TokenSet,
    pages::{Language, PageOptions, Texts},
};
use url::Url;

use crate::captured::Captured;
use crate::support::{
    Answer, Hands, ISSUER, Jar, NOW, SECRET, Script, builder, cookies, get, handle, json_of,
};

const API: &str = "https://bank.example.com";
const LOGIN: &str = "/auth/login?challengeMode=popup&audience=https://bank.example.com&scope=openid+transfer:funds&transactionId=tab-1&returnTo=/transfer";

/// A browser at the application, before or after Ada's ordinary login.
struct Browser {
    script: Script,
    clock: Hands,
    client: Client,
    jar: Jar,
    language: &'static str,
    /// What the tenant says that it grants.
    granted: Option<&'static str>,
    /// The organization that the tenant logs in to.
    organization: Option<&'static str>,
}

impl Browser {
    fn new(set_up: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Self {
        let (script, clock) = (Script::new(), Hands::at(NOW));
        let client = set_up(builder(&script, &clock).secret(SECRET)).build().unwrap();
        let (granted, organization) = (None, None);
        Self { script, clock, client, jar: Jar::default(), language: "en", granted, organization }
    }

    async fn of_ada(set_up: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Self {
        let mut browser = Self::new(set_up);
        let back = browser.log_in("/auth/login", "ada", "login").await;
        assert_eq!(back.status(), StatusCode::TEMPORARY_REDIRECT);
        browser.clock.set(NOW + 60);
        browser
    }

    async fn get(&mut self, path: &str) -> Response<Bytes> {
        let mut request = get(path, &self.jar.line());
        request.headers_mut().insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(self.language));
        let response = handle(&self.client, request).await;
        self.jar.take(response.headers());
        response
    }

    /// Goes to the tenant; what the authorization request says comes back.
    async fn leave(&mut self, path: &str) -> Vec<(String, String)> {
        let away = self.get(path).await;
        assert_eq!(away.status(), StatusCode::TEMPORARY_REDIRECT, "{:?}", away.body());
        Url::parse(away.headers()[header::LOCATION].to_str().unwrap())
            .unwrap()
            .query_pairs()
            .into_owned()
            .collect()
    }

    /// The whole login of `user`; the tokens are named after `what`.
    async fn log_in(&mut self, path: &str, user: &str, what: &str) -> Response<Bytes> {
        let asked = self.leave(path).await;
        self.come_back(&asked, user, what).await
    }

    /// Back from the tenant, which was asked so, and has logged `user` in.
    async fn come_back(&mut self, asked: &[(String, String)], user: &str, what: &str) -> Response<Bytes> {
        let one = |name: &str| asked.iter().find(|(held, _)| held == name).unwrap().1.clone();
        let now = self.clock.now().seconds();
        let id_token = self.script.sign(&json!({
            "iss": ISSUER, "aud": "client-1", "sub": format!("auth0|{user}"), "nonce": one("nonce"), "iat": now, "exp": now + 600,
            "email": format!("{user}@example.com"), "amr": ["mfa"], "acr": "http://schemas.openid.net/pape/policies/2007/06/multi-factor",
            "auth_time": now, "sid": format!("sid-{what}"), "org_id": self.organization,
        }));
        let tokens = json!({ "access_token": format!("at-{what}"), "refresh_token": format!("rt-{what}"), "id_token": id_token,
                             "token_type": "Bearer", "expires_in": 3600, "scope": self.granted });
        self.script.answer(Answer::Json(200, tokens));
        self.get(&format!("/auth/callback?code=c&state={}", one("state"))).await
    }

    fn lose_session(&mut self) {
        let line = self.jar.line();
        let left: Vec<_> = line.split("; ").filter(|cookie| !cookie.contains("session")).collect();
        self.jar = Jar::of(&left.join("; "));
    }

    fn session(&self) -> SessionState {
        self.client.open_session(&cookies(&self.jar.line()))
    }

    /// The look-up finds what the pop-up brought, and the tenant is not asked.
    async fn finds_step_up(&self, asked: &str, context: &str) {
        let requests = self.script.requests().len();
        let mut state = self.session();
        let token = self.client.access_token(state.session_mut().unwrap(), &look_up(asked)).await.unwrap();
        assert_eq!(token.token(), "at-step-up", "{context}");
        assert_eq!(self.script.requests().len(), requests, "{context}");
    }

    /// The access tokens that the session holds, with what they are for.
    fn tokens(&self) -> Vec<(Option<String>, String)> {
        let state = self.session();
        let sets = state.session().unwrap().token_sets();
        sets.map(|set| (set.audience().map(str::to_owned), set.access_token().to_owned())).collect()
    }
}

/// The message of a closing page, which must be one.
fn message(page: &Response<Bytes>) -> Value {
    let headers = page.headers();
    assert_eq!(headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
    assert!(headers[header::CACHE_CONTROL].to_str().unwrap().contains("no-store"));
    assert!(!headers.contains_key(header::LOCATION));
    let text = std::str::from_utf8(page.body()).unwrap();
    let nonce = nonce(page);
    assert!(text.contains(&format!("<script nonce=\"{nonce}\">")), "{text}");
    assert_eq!(text.matches("<script").count(), 1);
    assert!(text.contains("window.opener?.postMessage(message, location.origin);"));
    assert!(text.contains("<a id=\"close\" href=\"https://app.example.com/"));
    let (_, rest) = text.split_once("const message = ").unwrap();
    let (message, _) = rest.split_once(";\n").unwrap();
    assert!(!message.contains('<') && !message.contains("at-") && !message.contains("rt-"), "{message}");
    serde_json::from_str(message).unwrap()
}

fn nonce(page: &Response<Bytes>) -> String {
    let policy = page.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    let (_, rest) = policy.split_once("script-src 'nonce-").unwrap();
    let (nonce, _) = rest.split_once('\'').unwrap();
    assert_eq!(nonce.len(), 22);
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
    );
    nonce.to_owned()
}

#[tokio::test]
async fn what_the_pop_up_brought_is_found_by_the_next_look_up() {
    for format in [Format::Stepup, Format::NextjsAuth0, Format::Auth0ServerPython] {
        let mut browser = Browser::of_ada(|client| client.format(format)).await;
        let before = browser.session();
        let created_at = before.session().unwrap().created_at();
        let page = browser.log_in(LOGIN, "ada", "step-up").await;
        assert_eq!(page.status(), StatusCode::OK);
        assert_eq!(
            message(&page),
            json!({ "type": "auth_complete", "success": true, "user": { "sub": "auth0|ada", "email": "ada@example.com" },
                    "transactionId": "tab-1" })
        );
        let mut state = browser.session();
        let session = state.session_mut().unwrap();
        assert_eq!(session.created_at(), created_at, "it is the same session");
        assert_eq!(session.sid(), Some("sid-step-up"), "the tenant's own is the newer one");
        assert_eq!(session.amr().collect::<Vec<_>>(), ["mfa"]);
        assert_eq!(session.auth_time().unwrap().seconds(), NOW + 60);
        let tokens: Vec<_> =
            session.token_sets().map(|set| (set.audience().map(str::to_owned), set.access_token())).collect();
        assert_eq!(tokens, [(None, "at-login"), (Some(API.to_owned()), "at-step-up")]);
        let wanted =
            AccessTokenRequest::new().audience(API).scope("openid transfer:funds").merge_scopes(false);
        let token = browser.client.access_token(session, &wanted).await.unwrap();
        assert_eq!(token.token(), "at-step-up");
        assert_eq!(browser.script.requests().len(), 2, "two codes were exchanged, and nothing was refreshed");
    }
}

#[tokio::test]
async fn the_new_refresh_token_is_the_sessions_from_then_on() {
    let mut browser = Browser::of_ada(|client| client).await;
    browser.log_in(LOGIN, "ada", "step-up").await;
    browser.script.answer(Answer::Json(400, json!({ "error": "invalid_grant" })));
    browser.get("/auth/access-token?audience=https://other.example.com").await;
    assert_eq!(browser.script.requests()[2].form()["refresh_token"], "rt-step-up");
}

#[tokio::test]
async fn a_request_that_was_under_way_finds_it_too() {
    for scope in ["openid transfer:funds", "transfer:funds"] {
        let mut browser = Browser::of_ada(|client| client).await;
        let mut earlier = browser.session();
        browser
            .log_in(&LOGIN.replace("openid+transfer:funds", &scope.replace(' ', "+")), "ada", "step-up")
            .await;
        let wanted = AccessTokenRequest::new().audience(API).scope(scope).merge_scopes(false);
        let token = browser.client.access_token(earlier.session_mut().unwrap(), &wanted).await.unwrap();
        assert_eq!(token.token(), "at-step-up", "{scope}");
        assert_eq!(browser.script.requests().len(), 2, "{scope}");
    }
}

#[tokio::test]
async fn the_default_audience_is_the_logins_own_place() {
    let mut browser = Browser::of_ada(|client| client).await;
    browser.log_in("/auth/login?challengeMode=popup", "ada", "step-up").await;
    let state = browser.session();
    let tokens: Vec<_> =
        state.session().unwrap().token_sets().map(|set| (set.audience(), set.access_token())).collect();
    assert_eq!(tokens, [(None, "at-step-up")]);
}

#[tokio::test]
async fn without_a_session_one_begins() {
    let mut browser = Browser::new(|client| client);
    let page = browser.log_in(LOGIN, "grace", "first").await;
    assert_eq!(message(&page)["user"], json!({ "sub": "auth0|grace", "email": "grace@example.com" }));
    assert_eq!(browser.session().session().unwrap().subject(), "auth0|grace");
    assert_eq!(browser.jar.names(), ["__session"]);
}

#[tokio::test]
async fn another_user_leaves_the_session_as_it_was() {
    let mut browser = Browser::of_ada(|client| client).await;
    let before = browser.jar.line();
    let page = browser.log_in(LOGIN, "grace", "other").await;
    assert_eq!(page.status(), StatusCode::OK);
    assert_eq!(
        message(&page),
        json!({ "type": "auth_complete", "success": false, "transactionId": "tab-1",
                "error": { "code": "user_mismatch",
                           "message": "You logged in as another user than the one who is logged in here." } })
    );
    assert_eq!(browser.jar.line(), before);
}

#[tokio::test]
async fn the_tenants_code_is_in_the_message() {
    let mut browser = Browser::of_ada(|client| client).await;
    let before = browser.jar.line();
    let state = browser.leave(LOGIN).await.into_iter().find(|(name, _)| name == "state").unwrap().1;
    let path = format!(
        "/auth/callback?state={state}&error=access_denied&error_description=%3C%2Fscript%3E%3Cscript%3Ealert(1)"
    );
    let page = browser.get(&path).await;
    assert_eq!(page.status(), StatusCode::OK);
    assert_eq!(
        message(&page)["error"],
        json!({ "code": "access_denied", "message": "</script><script>alert(1)" })
    );
    let shown = std::str::from_utf8(page.body()).unwrap().split("<script").next().unwrap();
    assert!(shown.contains("That did not work") && !shown.contains("alert"), "{shown}");
    assert_eq!(browser.jar.line(), before);
}

#[tokio::test]
async fn a_code_that_is_not_taken_is_told_in_the_sdks_words() {
    let mut browser = Browser::of_ada(|client| client).await;
    let before = browser.jar.line();
    let state = browser.leave(LOGIN).await.into_iter().find(|(name, _)| name == "state").unwrap().1;
    browser
        .script
        .answer(Answer::Json(403, json!({ "error": "invalid_grant", "error_description": "secret" })));
    let page = browser.get(&format!("/auth/callback?state={state}&code=c")).await;
    assert_eq!(
        message(&page)["error"],
        json!({ "code": "authorization_code_grant_error",
                "message": "An error occurred while trying to exchange the authorization code." })
    );
    assert_eq!(browser.jar.line(), before);
}

#[tokio::test]
async fn nobody_else_steps_up_a_session_that_is_over_by_now() {
    for format in [Format::Stepup, Format::NextjsAuth0, Format::Auth0ServerPython] {
        let mut browser = Browser::of_ada(|client| client.format(format)).await;
        let asked = browser.leave(LOGIN).await;
        browser.lose_session();
        let page = browser.come_back(&asked, "grace", "other").await;
        assert_eq!(message(&page)["error"]["code"], "user_mismatch", "{format:?}");
        assert!(browser.session().session().is_none(), "{format:?}");

        let mut browser = Browser::of_ada(|client| client.format(format)).await;
        let asked = browser.leave("/auth/login?stepUp=true").await;
        browser.lose_session();
        let refused = browser.come_back(&asked, "grace", "other").await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{format:?}");
        assert!(browser.session().session().is_none(), "{format:?}");

        // The user who began it may log in anew.
        let mut browser = Browser::of_ada(|client| client.format(format)).await;
        let asked = browser.leave(LOGIN).await;
        browser.lose_session();
        let page = browser.come_back(&asked, "ada", "again").await;
        assert_eq!(message(&page)["success"], true, "{format:?}");
        assert_eq!(browser.session().session().unwrap().subject(), "auth0|ada");
    }
}

#[tokio::test]
async fn whoever_steps_up_as_somebody_else_is_in_the_audit_log() {
    let (captured, _guards) = Captured::begin();
    for address in [LOGIN, "/auth/login?stepUp=true"] {
        let mut browser = Browser::of_ada(|client| client).await;
        let asked = browser.leave(address).await;
        browser.come_back(&asked, "grace", "other").await;
    }
    let told = captured.audit("user_mismatch");
    assert_eq!(told.len(), 2, "once each");
    for event in told {
        let fields = ["user.id", "error.type"].map(|name| event.field(name));
        assert_eq!(fields, [Some("auth0|ada"), Some("id_token")]);
    }
    assert_eq!(captured.count("stepup_logins_total{outcome=\"user_mismatch\"}"), 2);
}

#[tokio::test]
async fn a_pop_up_that_cannot_begin_says_so() {
    let mut browser = Browser::new(|client| client);
    browser.script.documents(0);
    let page = browser.get(LOGIN).await;
    assert_eq!(page.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(
        message(&page),
        json!({ "type": "auth_complete", "success": false, "transactionId": "tab-1",
                "error": { "code": "discovery_error",
                           "message": "An error occurred while trying to initiate the login request." } })
    );
    let page = browser.get(&format!("{LOGIN}&max_age=soon")).await;
    assert_eq!(page.status(), StatusCode::BAD_REQUEST);
    assert_eq!(message(&page)["error"]["code"], "invalid_request");
}

#[tokio::test]
async fn the_page_speaks_the_visitors_language() {
    for (language, tag, done, failed, text, close) in [
        ("en", "en", "Done", "That did not work", "You can close this window.", "Close"),
        (
            "de-AT,en;q=0.5",
            "de",
            "Fertig",
            "Das hat nicht geklappt",
            "Sie können dieses Fenster schließen.",
            "Schließen",
        ),
        (
            "ja",
            "ja",
            "完了しました",
            "完了できませんでした",
            "このウィンドウは閉じてかまいません。",
            "閉じる",
        ),
        ("fr", "en", "Done", "That did not work", "You can close this window.", "Close"),
    ] {
        let mut browser = Browser::new(|client| client);
        browser.language = language;
        let page = browser.log_in(LOGIN, "ada", "1").await;
        assert_eq!(message(&page)["success"], true);
        let html = std::str::from_utf8(page.body()).unwrap();
        for words in [
            format!("<html lang=\"{tag}\">"),
            format!("<title>{done} · app.example.com</title>"),
            format!("<h1>{done}</h1>\n<p>{text}</p>"),
            format!(">{close}</a>"),
        ] {
            assert!(html.contains(&words), "{words} in {html}");
        }
        let page = browser.log_in(LOGIN, "grace", "2").await;
        assert_eq!(message(&page)["success"], false);
        let html = std::str::from_utf8(page.body()).unwrap();
        assert!(html.contains(&format!("<h1>{failed}</h1>")), "{html}");
    }
}

#[tokio::test]
async fn the_applications_language_goes_before_and_its_words_are_its_own() {
    let texts = Texts { popup_done_heading: "Geschafft".into(), ..Texts::of(Language::German) };
    let options = PageOptions::new().language(Language::German).texts(Language::German, texts);
    let mut browser = Browser::new(|client| client.mfa_pages(options.application_name("Bank <of> Ada")));
    browser.language = "ja";
    let page = browser.log_in(LOGIN, "ada", "1").await;
    let html = std::str::from_utf8(page.body()).unwrap();
    assert!(html.contains("<html lang=\"de\">") && html.contains("<h1>Geschafft</h1>"), "{html}");
    assert!(html.contains("<title>Geschafft · Bank &#60;of&#62; Ada</title>"), "{html}");

    // Where the login itself says a language, its page does too.
    let mut browser = Browser::new(|client| client);
    browser.script.documents(0);
    let page = browser.get(&format!("{LOGIN}&ui_locales=fr+ja")).await;
    assert!(std::str::from_utf8(page.body()).unwrap().contains("<html lang=\"ja\">"));
}

#[tokio::test]
async fn what_is_too_large_to_be_kept_is_told_by_the_page() {
    let large = |client: ClientBuilder| {
        client.before_session_saved(|session| {
            if session.token_sets().count() > 1 {
                session.set_data("large", json!("x".repeat(9000)));
            }
        })
    };
    let mut browser = Browser::of_ada(large).await;
    let page = browser.log_in(LOGIN, "ada", "step-up").await;
    assert_eq!(page.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(
        message(&page),
        json!({ "type": "auth_complete", "success": false, "transactionId": "tab-1",
                "error": { "code": "session_too_large", "message": "The session is too large to be kept." } })
    );
    let html = std::str::from_utf8(page.body()).unwrap();
    assert!(html.contains("<h1>That did not work</h1>"), "{html}");
    assert_eq!(browser.jar.names(), ["__session"], "this login is over");
    let state = browser.session();
    let tokens: Vec<_> = state.session().unwrap().token_sets().map(TokenSet::access_token).collect();
    assert_eq!(tokens, ["at-login"], "the session is the one before");

    // What is no pop-up ends as any login that did not work.
    let always = |client: ClientBuilder| {
        client.before_session_saved(|session| session.set_data("large", json!("x".repeat(9000))))
    };
    let mut browser = Browser::new(always);
    let refused = browser.log_in("/auth/login", "ada", "login").await;
    assert_eq!(refused.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(*refused.body(), "The session is too large to be kept.");
}

#[tokio::test]
async fn every_page_has_a_nonce_of_its_own() {
    let mut browser = Browser::of_ada(|client| client).await;
    let (one, other) = (browser.log_in(LOGIN, "ada", "1").await, browser.log_in(LOGIN, "ada", "2").await);
    assert_ne!(nonce(&one), nonce(&other));
}

#[tokio::test]
async fn the_pop_ups_id_is_the_sdks_and_is_held_to_its_form() {
    let mut browser = Browser::new(|client| client);
    let asked = browser.leave(LOGIN).await;
    assert!(asked.iter().all(|(name, _)| name != "transactionId" && name != "challengeMode"), "{asked:?}");
    for id in ["", "a.b", "%3Cscript%3E", &"x".repeat(65)] {
        let refused = browser.get(&format!("/auth/login?challengeMode=popup&transactionId={id}")).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{id}");
    }
    // The client of nextjs-auth0 has none.
    let page = browser.log_in("/auth/login?challengeMode=popup", "ada", "1").await;
    assert_eq!(
        std::str::from_utf8(page.body())
            .unwrap()
            .split("const message = ")
            .nth(1)
            .unwrap()
            .split(';')
            .next()
            .unwrap(),
        r#"{"type":"auth_complete","success":true,"user":{"sub":"auth0|ada","email":"ada@example.com"}}"#
    );
}

#[tokio::test]
async fn the_hook_is_called_for_its_effect() {
    let (calls, heard) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
    let (counted, told) = (Arc::clone(&calls), Arc::clone(&heard));
    let mut browser = Browser::of_ada(move |client| {
        client.on_callback(move |CallbackOutcome { result, popup, .. }| {
            counted.fetch_add(1, Ordering::SeqCst);
            match result {
                Ok(session) if popup => session.set_data("stepped_up", json!(true)),
                Ok(_) => {}
                Err(error) => told.lock().unwrap().push(error.code()),
            }
            let answer = popup.then(|| Response::new(Bytes::from_static(b"the hook's own")));
            Box::pin(std::future::ready(answer))
        })
    })
    .await;
    let page = browser.log_in(LOGIN, "ada", "step-up").await;
    assert_eq!(message(&page)["success"], true);
    assert_eq!(browser.session().session().unwrap().data("stepped_up"), Some(&json!(true)));
    let page = browser.log_in(LOGIN, "grace", "other").await;
    assert_eq!(message(&page)["error"]["code"], "user_mismatch");
    assert_eq!((calls.load(Ordering::SeqCst), heard.lock().unwrap().clone()), (3, vec!["user_mismatch"]));
}

#[tokio::test]
async fn a_redirect_still_begins_a_session_of_its_own() {
    let mut browser = Browser::of_ada(|client| client).await;
    let back =
        browser.log_in("/auth/login?challengeMode=redirect&transactionId=tab-1", "grace", "other").await;
    assert_eq!(back.status(), StatusCode::TEMPORARY_REDIRECT);
    let profile = browser.get("/auth/profile").await;
    assert_eq!(json_of(&profile)["sub"], "auth0|grace");
}

#[tokio::test]
async fn a_step_up_without_an_audience_is_for_the_sessions_own() {
    for address in ["/auth/login?challengeMode=popup", "/auth/login?stepUp=true&audience="] {
        let mut browser = Browser::new(|client| client);
        browser.log_in(&format!("/auth/login?audience={API}"), "ada", "login").await;
        let asked = browser.leave(address).await;
        assert!(asked.contains(&("audience".to_owned(), API.to_owned())), "{address}: {asked:?}");
        browser.come_back(&asked, "ada", "step-up").await;
        assert_eq!(browser.tokens(), [(Some(API.to_owned()), "at-step-up".to_owned())], "{address}");
    }
    // What is given or configured goes before, and who logs in anew has no session to go by.
    for (address, configured, expected) in [
        (LOGIN, "", Some(API)),
        ("/auth/login?stepUp=true", "https://configured.example.com", Some("https://configured.example.com")),
        ("/auth/login", "", None),
    ] {
        let mut browser = Browser::new(|client| client.audience(configured));
        browser.log_in("/auth/login?audience=https://first.example.com", "ada", "login").await;
        let asked = browser.leave(address).await;
        let audience = asked.iter().find(|(name, _)| name == "audience").map(|(_, value)| value.as_str());
        assert_eq!(audience, expected, "{address}");
    }
}

const FORMATS: [Format; 3] = [Format::Stepup, Format::NextjsAuth0, Format::Auth0ServerPython];
/// A pop-up for the scope that the API named first, for that beside the configured ones, and for that alone.
const POPUP: &str = "/auth/login?challengeMode=popup&audience=https://bank.example.com";
const MERGED: &str = "&scope=transfer:funds&mergeScopes=true";
const ALONE: &str = "&scope=transfer:funds&mergeScopes=false";

/// The look-up that follows it.
fn look_up(asked: &str) -> AccessTokenRequest {
    AccessTokenRequest::new().audience(API).scope("transfer:funds").merge_scopes(asked != ALONE)
}

#[tokio::test]
async fn what_a_pop_up_brought_goes_before_what_was_there_for_its_api() {
    for (earlier, asked, granted) in [
        ("read:sensitive", "", "openid read:sensitive transfer:funds"),
        ("read:sensitive transfer:funds", "", "openid read:sensitive transfer:funds"),
        ("read:sensitive", MERGED, "openid read:sensitive transfer:funds"),
        ("", ALONE, "openid transfer:funds"),
        ("read:sensitive", ALONE, "openid transfer:funds"),
        ("read:sensitive transfer:funds", ALONE, "openid transfer:funds"),
    ] {
        for format in FORMATS {
            let context = format!("{earlier:?} {asked:?} {format:?}");
            let set_up =
                |client: ClientBuilder| client.scope_for(API, "read:sensitive transfer:funds").format(format);
            let mut browser = Browser::of_ada(set_up).await;
            let refreshed = json!({ "access_token": "at-refresh", "token_type": "Bearer", "expires_in": 3600,
                                    "scope": earlier });
            browser.script.answer(Answer::Json(200, refreshed));
            browser.get(&format!("/auth/access-token?audience={API}&scope=transfer:funds")).await;
            browser.granted = Some(granted);
            browser.log_in(&format!("{POPUP}{asked}"), "ada", "step-up").await;
            browser.finds_step_up(asked, &context).await;
            // What is there for more stays, and what is there for the same goes.
            let kept = if asked == ALONE { 3 } else { 2 };
            assert_eq!(browser.tokens().len(), kept, "{context}");
        }
    }
}

#[tokio::test]
async fn what_a_pop_up_brought_goes_before_the_logins_own_for_its_api() {
    for (earlier, asked, granted) in [
        ("openid profile", "", "openid profile transfer:funds"),
        ("openid profile", MERGED, "openid profile transfer:funds"),
        ("openid", ALONE, "openid transfer:funds"),
        ("openid profile", ALONE, "openid transfer:funds"),
        ("openid profile transfer:funds", ALONE, "openid transfer:funds"),
    ] {
        for format in FORMATS {
            let context = format!("{earlier:?} {asked:?} {format:?}");
            let mut browser = Browser::new(|client| {
                client.audience(API).scope("openid profile transfer:funds").format(format)
            });
            browser.granted = Some(earlier);
            browser.log_in("/auth/login", "ada", "login").await;
            browser.granted = Some(granted);
            browser.log_in(&format!("{POPUP}{asked}"), "ada", "step-up").await;
            browser.finds_step_up(asked, &context).await;
        }
    }
}

#[tokio::test]
async fn a_pop_up_stays_in_the_sessions_organization() {
    for (query, asked_for) in [("", "org_1"), ("&organization=", "org_1"), ("&organization=org_2", "org_2")] {
        let mut browser = Browser::new(|client| client);
        browser.organization = Some("org_1");
        browser.log_in("/auth/login", "ada", "login").await;
        let asked = browser.leave(&format!("{LOGIN}{query}")).await;
        assert!(asked.contains(&("organization".to_owned(), asked_for.to_owned())), "{query}: {asked:?}");
        assert!(asked.iter().all(|(name, _)| name != "login_hint"), "{query}: {asked:?}");

        browser.organization = None;
        let page = browser.come_back(&asked, "ada", "elsewhere").await;
        assert_eq!(message(&page)["error"]["code"], "authorization_code_grant_error", "{query}");
        assert_eq!(browser.session().session().unwrap().claim("org_id"), Some(&json!("org_1")), "{query}");

        let asked = browser.leave(&format!("{LOGIN}{query}")).await;
        browser.organization = Some(asked_for);
        browser.come_back(&asked, "ada", "step-up").await;
        assert_eq!(browser.session().session().unwrap().claim("org_id"), Some(&json!(asked_for)), "{query}");
    }
}
