//! A session that grows: told of in time, refused before a proxy would, and nothing lost by it.

use http::Request;
use serde_json::{Value, json};
use stepup::{AccessTokenRequest, Client, ClientBuilder, Format, SessionState};
use stepup_protocol::time::UnixTime;
use stepup_seal::{Purpose, Sealer, Secrets};
use tracing::Level;

use crate::{
    captured::Captured,
    support::{
        Answer, Counting, Hands, Jar, NOW, SECRET, Script, builder, cookies, get, handle, json_of,
        set_cookies,
    },
};

fn ada() -> Value {
    json!({
        "user": { "sub": "auth0|ada", "groups": ["treasury", "audit"] },
        "tokenSet": { "accessToken": "at-secret", "refreshToken": "rt-secret", "idToken": "it-secret",
                      "scope": "openid", "requestedScope": "openid", "expiresAt": NOW + 600 },
        "internal": { "sid": "s1", "createdAt": NOW },
    })
}

fn line_of(session: &Value) -> String {
    let sealer = Sealer::new(&Secrets::new([SECRET.into()]).unwrap(), Format::Stepup);
    let value = sealer.seal(
        Purpose::Session,
        "",
        session,
        UnixTime::from_seconds(NOW + 86_400),
        &Counting::default(),
    );
    let chunks = value.as_bytes().chunks(3500).enumerate();
    let cookie = |(index, chunk)| format!("__session__{index}={}", std::str::from_utf8(chunk).unwrap());
    chunks.map(cookie).collect::<Vec<_>>().join("; ")
}

struct Setting {
    script: Script,
    clock: Hands,
}

impl Setting {
    fn new() -> Self {
        Self { script: Script::new(), clock: Hands::at(NOW) }
    }

    fn client(&self, set_up: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Client {
        set_up(builder(&self.script, &self.clock).secret(SECRET)).build().unwrap()
    }
}

fn with_data(client: &Client, line: &str, bytes: usize) -> SessionState {
    let mut state = client.open_session(&cookies(line));
    state.session_mut().unwrap().set_data("cart", json!("c".repeat(bytes)));
    state
}

/// The header line that these cookies make a browser send.
fn header_line(headers: &[http::HeaderValue]) -> usize {
    let mut jar = Jar::default();
    for header in headers {
        let mut one = http::HeaderMap::new();
        one.insert(http::header::SET_COOKIE, header.clone());
        jar.take(&one);
    }
    format!("Cookie: {}", jar.line()).len()
}

#[test]
fn the_limit_counts_to_the_byte() {
    let setting = Setting::new();
    let line = line_of(&ada());
    let free = setting.client(|client| client.max_cookie_header(64 * 1024));
    let needed = header_line(&free.write_session(&with_data(&free, &line, 5000)).unwrap());
    assert!(needed > 4096, "{needed}");

    for (limit, fits) in [(needed - 1, false), (needed, true), (needed + 1, true)] {
        let client = setting.client(|client| client.max_cookie_header(limit));
        let written = client.write_session(&with_data(&client, &line, 5000));
        assert_eq!(written.is_ok(), fits, "{limit}");
        if let Err(error) = written {
            assert_eq!((error.bytes(), error.limit()), (needed, limit));
        }
    }
}

#[test]
fn the_default_limit_is_what_a_proxy_takes() {
    let setting = Setting::new();
    let client = setting.client(|client| client);
    let line = line_of(&ada());
    let (mut largest, mut smallest_refused) = (0, usize::MAX);
    for bytes in 5400..5900 {
        match client.write_session(&with_data(&client, &line, bytes)) {
            Ok(headers) => largest = largest.max(header_line(&headers)),
            Err(error) => smallest_refused = smallest_refused.min(error.bytes()),
        }
    }
    // Three bytes more of a session are four more of its cookie.
    assert!((8189..=8190).contains(&largest), "{largest}");
    assert!((8191..=8192).contains(&smallest_refused), "{smallest_refused}");
}

#[test]
fn the_error_names_the_parts_and_holds_no_value() {
    let setting = Setting::new();
    let client = setting.client(|client| client);
    let mut session = ada();
    session["accessTokens"] = json!([{ "accessToken": "at-of-the-api", "audience": "https://api.example.com",
                                       "requestedScope": "read", "expiresAt": NOW + 600 }]);
    let error = client.write_session(&with_data(&client, &line_of(&session), 9000)).unwrap_err();
    let parts: Vec<(&str, usize)> =
        error.parts().iter().map(|part| (part.name.as_str(), part.bytes)).collect();
    assert_eq!(
        parts,
        [
            ("data.cart", 9002),
            ("user.groups", r#"["treasury","audit"]"#.len()),
            ("access_token https://api.example.com", "at-of-the-api".len()),
            ("user.sub", r#""auth0|ada""#.len()),
            ("access_token of the default audience", "at-secret".len()),
            ("id_token", "it-secret".len()),
            ("refresh_token", "rt-secret".len()),
        ]
    );
    assert!(error.cookies().is_empty(), "the session in the browser stays as it is");
    let printed = format!("{error} {error:?}");
    assert!(
        printed.contains("data.cart 9002, user.groups 20, ")
            && printed.contains("other cookies take 0 more, and 8190 are allowed"),
        "{printed}"
    );
    for value in ["treasury", "cccc", "at-secret", "it-secret", "rt-secret", "at-of-the-api"] {
        assert!(!printed.contains(value), "{value}: {printed}");
    }
}

#[tokio::test]
async fn a_rotated_refresh_token_is_kept_even_so() {
    let setting = Setting::new();
    let client = setting.client(|client| client.max_cookie_header(4096));
    setting.script.answer(Answer::Json(
        200,
        json!({ "access_token": "a".repeat(6000), "refresh_token": "rt-2", "expires_in": 60, "token_type": "Bearer" }),
    ));
    let line = line_of(&ada());
    let mut state = client.open_session(&cookies(&line));
    let api = AccessTokenRequest::new().audience("https://api.example.com");
    client.access_token(state.session_mut().unwrap(), &api).await.unwrap();
    let error = client.write_session(&state).unwrap_err();

    let mut jar = Jar::default();
    for header in error.cookies() {
        let mut one = http::HeaderMap::new();
        one.insert(http::header::SET_COOKIE, header.clone());
        jar.take(&one);
    }
    let mut state = client.open_session(&cookies(&jar.line()));
    let session = state.session_mut().unwrap();
    assert_eq!((session.subject(), session.token_sets().count()), ("auth0|ada", 1), "as it was");
    // It is refreshed with the token that is good now.
    setting.script.answer(Answer::Json(
        200,
        json!({ "access_token": "at-3", "expires_in": 60, "token_type": "Bearer" }),
    ));
    setting.clock.set(NOW + 601);
    client.access_token(session, &AccessTokenRequest::new()).await.unwrap();
    assert_eq!(setting.script.requests()[1].form()["refresh_token"], "rt-2");
}

#[test]
fn what_came_through_goes_through_again_and_a_smaller_one_too() {
    let setting = Setting::new();
    let mut large = ada();
    large["cart"] = json!("c".repeat(7000));
    large["list"] = json!("l".repeat(2000));
    let line = line_of(&large);
    let client = setting.client(|client| client);
    setting.clock.set(NOW + 80_000);
    assert!(
        !client.write_session(&client.open_session(&cookies(&line))).unwrap().is_empty(),
        "it lasts longer"
    );

    let mut state = client.open_session(&cookies(&line));
    state.session_mut().unwrap().set_data("list", json!("l"));
    let written = client.write_session(&state).unwrap();
    assert!(header_line(&written) > 8190, "smaller, and still above the limit");
}

#[test]
fn each_size_class_is_told_of_once() {
    let (captured, _guards) = Captured::begin();
    let setting = Setting::new();
    let client = setting.client(|client| client);
    let line = line_of(&ada());
    let warnings = || captured.at(Level::WARN);

    client.write_session(&with_data(&client, &line, 1000)).unwrap();
    assert!(warnings().is_empty(), "{:?}", warnings());
    for _ in 0..3 {
        client.write_session(&with_data(&client, &line, 4600)).unwrap();
    }
    assert_eq!(warnings().len(), 1, "three quarters of the limit");
    let parts = warnings()[0].field("parts").unwrap().to_owned();
    assert!(parts.starts_with("data.cart 4602, user.groups 20, user.sub 11, "), "{parts}");

    // What came through all proxies goes through them again, however much it is.
    let mut large = ada();
    large["cart"] = json!("c".repeat(4600));
    let crowded = format!("{}; theme={}", line_of(&large), "t".repeat(4000));
    client.write_session(&with_data(&client, &crowded, 4600)).unwrap();
    assert_eq!(warnings().len(), 2, "all of it");
    assert_eq!(warnings()[1].field("other_cookies"), Some("4008"));
    client.write_session(&with_data(&client, &crowded, 4600)).unwrap();
    assert_eq!(warnings().len(), 2);
    assert!(!captured.text().contains("treasury"));
}

#[test]
fn other_cookies_count_for_a_proxy_refuses_the_whole_header() {
    let setting = Setting::new();
    let line = line_of(&ada());
    let free = setting.client(|client| client.max_cookie_header(64 * 1024));
    let needed = header_line(&free.write_session(&with_data(&free, &line, 5000)).unwrap());
    let crowded = |cookie: &str| format!("{line}; {cookie}={}", "t".repeat(1000));

    for (cookie, other_cookies) in [("theme", 1008), ("__txn_1", 0), ("__mfa", 0), ("__mfa_1", 0)] {
        for (limit, fits) in [(needed + other_cookies, true), (needed + other_cookies - 1, false)] {
            let client = setting.client(|client| client.max_cookie_header(limit));
            let written = client.write_session(&with_data(&client, &crowded(cookie), 5000));
            let told =
                written.map(drop).map_err(|error| (error.bytes(), error.other_cookies(), error.limit()));
            let expected = if fits { Ok(()) } else { Err((needed, other_cookies, limit)) };
            assert_eq!(told, expected, "{cookie}: the SDK's own go away by themselves");
        }
    }
}

#[tokio::test]
async fn a_route_answers_500_and_the_browser_keeps_what_it_has() {
    let (captured, _guards) = Captured::begin();
    let setting = Setting::new();
    let client = setting.client(|client| {
        client.before_session_saved(|session| session.set_data("all", json!("a".repeat(9000))))
    });
    setting.script.answer(Answer::Json(
        200,
        json!({ "access_token": "at-2", "expires_in": 60, "token_type": "Bearer" }),
    ));
    setting.clock.set(NOW + 601);
    let response = handle(&client, get("/auth/access-token", &line_of(&ada()))).await;
    assert_eq!(response.status(), 500);
    assert_eq!(
        json_of(&response),
        json!({ "error": "session_too_large", "error_description": "The session is too large to be kept." })
    );
    assert!(set_cookies(response.headers()).is_empty());
    assert_eq!(
        response.headers()["cache-control"],
        "private, no-cache, no-store, must-revalidate, max-age=0"
    );
    let errors = captured.at(Level::ERROR);
    assert_eq!(errors.len(), 1);
    assert!(errors[0].field("error").unwrap().contains("data.all 9002"), "{errors:?}");
}

#[tokio::test]
async fn a_browser_gets_a_page_of_it() {
    let setting = Setting::new();
    let client = setting.client(|client| {
        client.before_session_saved(|session| session.set_data("all", json!("a".repeat(9000))))
    });
    setting.script.answer(Answer::Json(
        200,
        json!({ "access_token": "at-2", "expires_in": 60, "token_type": "Bearer", "refresh_token": "rt-2" }),
    ));
    setting.clock.set(NOW + 601);
    let mut request = get("/auth/access-token", &line_of(&ada()));
    request.headers_mut().insert("accept", "text/html,*/*;q=0.8".parse().unwrap());
    let response = handle(&client, request).await;
    assert_eq!(
        (response.status().as_u16(), response.headers()["vary"].to_str().unwrap()),
        (500, "accept, accept-language, cookie, sec-fetch-mode")
    );
    let html = std::str::from_utf8(response.body()).unwrap();
    assert!(html.contains("<h1>This site has too much to keep for you</h1>"), "{html}");
    assert!(html.contains(r#"<a class="primary" href="/">To the start page</a>"#), "{html}");
    assert!(!set_cookies(response.headers()).is_empty(), "the refresh token that is good now");
}

#[tokio::test]
async fn the_hook_is_called_after_every_way_into_the_session() {
    let setting = Setting::new();
    let client = setting.client(|client| {
        client.before_session_saved(|session| {
            session.remove_id_token();
            session.retain_access_tokens(|set| set.audience() != Some("https://large.example.com"));
            session.set_data("seen", json!(true));
        })
    });
    // A refresh without an ID token.
    setting.script.answer(Answer::Json(
        200,
        json!({ "access_token": "at-2", "expires_in": 60, "token_type": "Bearer" }),
    ));
    let mut state = client.open_session(&cookies(&line_of(&ada())));
    let large = AccessTokenRequest::new().audience("https://large.example.com");
    let token = client.access_token(state.session_mut().unwrap(), &large).await.unwrap();
    assert_eq!(token.token(), "at-2", "who asked gets it");
    let session = state.session().unwrap();
    assert_eq!((session.id_token(), session.token_sets().count()), (None, 1));
    assert_eq!(session.data("seen"), Some(&json!(true)));

    // A second factor without an ID token.
    let due = json!({ "error": "mfa_required", "error_description": "x", "mfa_token": "raw" });
    setting.script.answer(Answer::Json(403, due));
    let mut state = client.open_session(&cookies(&line_of(&ada())));
    let error = client.access_token(state.session_mut().unwrap(), &large.refresh(true)).await.unwrap_err();
    let stepup::AccessTokenError::MfaRequired(due) = error else { panic!("{error:?}") };
    setting.script.answer(Answer::Json(
        200,
        json!({ "access_token": "at-3", "expires_in": 60, "token_type": "Bearer" }),
    ));
    let proof = stepup::mfa::Verify::otp("123456");
    client.mfa().verify(&mut state, &due.mfa_token.unwrap(), proof).await.unwrap();
    assert_eq!(state.session().unwrap().data("seen"), Some(&json!(true)));
}

#[test]
fn a_request_that_the_user_did_not_make_need_not_make_the_session_last() {
    let setting = Setting::new();
    let client = setting.client(|client| {
        client.before_session_rolled(|method, uri, headers| {
            assert_eq!((method.as_str(), headers.contains_key("cookie")), ("GET", true));
            uri.path() != "/notifications"
        })
    });
    setting.clock.set(NOW + 80_000);
    let line = line_of(&ada());
    let written = |path: &str| {
        let state = client.open_session_of(&get(path, &line));
        client.write_session(&state).unwrap().len()
    };
    assert_eq!((written("/notifications"), written("/account")), (0, 2), "a cookie, and the chunk deleted");
    let changed = {
        let mut state = client.open_session_of(&get("/notifications", &line));
        state.session_mut().unwrap().set_data("seen", json!(1));
        client.write_session(&state).unwrap().len()
    };
    assert_eq!(changed, 2, "what changed is written all the same");
    let nobody = Request::get("/notifications").body(()).unwrap();
    assert!(client.open_session_of(&nobody).session().is_none());
}
