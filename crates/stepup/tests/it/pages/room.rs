//! Room for a step-up beside what else a browser holds: what can be begun or got again goes first.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, header};
use serde_json::{Value, json};
use stepup::{
    Client, Detour, Format, SessionState,
    guard::{Guard, Sent, StoppedRequest},
};
use stepup_protocol::time::UnixTime;
use stepup_seal::{Purpose, Sealer, Secrets};
use tracing::Level;

use crate::{
    captured::Captured,
    step_up::cookie_of,
    support::{
        Answer, Counting, Hands, ISSUER, Jar, NOW, SECRET, Script, builder, cookies, get, handle, set_cookies,
    },
};

const OTHERS: &str = "beside this site&#39;s other cookies your browser has no room";

struct Visit {
    script: Script,
    client: Client,
    jar: Jar,
}

impl Visit {
    /// Somebody who logged in some time ago; `more` is what else the session holds.
    fn of(more: usize, tokens: &Value) -> Self {
        let script = Script::new();
        let client = builder(&script, &Hands::at(NOW)).secret(SECRET).build().unwrap();
        let session = json!({
            "user": { "sub": "auth0|ada", "about": "a".repeat(more) },
            "tokenSet": { "accessToken": "at-1", "refreshToken": "rt-1", "expiresAt": NOW + 9999 },
            "accessTokens": tokens,
            "internal": { "sid": "s1", "createdAt": NOW - 100 },
        });
        let sealer = Sealer::new(&Secrets::new([SECRET.into()]).unwrap(), Format::Stepup);
        let end = UnixTime::from_seconds(NOW + 86_400);
        let sealed = sealer.seal(Purpose::Session, "", &session, end, &Counting::default());
        let chunks = sealed.as_bytes().chunks(3500).map(|chunk| std::str::from_utf8(chunk).unwrap());
        let line = chunks.enumerate().map(|(index, chunk)| format!("__session__{index}={chunk}"));
        Self { script, client, jar: Jar::of(&line.collect::<Vec<_>>().join("; ")) }
    }

    /// Logins in other tabs, the first one the oldest.
    fn with_logins(mut self, ages: &[i64]) -> Self {
        let logins = ages.iter().map(|age| format!("__txn_state{age}={}:{}", NOW - age, "t".repeat(725)));
        self.jar.take_line(&logins.collect::<Vec<_>>().join("; "));
        self
    }

    /// A form that a guard stops, where the tenant asks for a second factor itself.
    async fn send(&mut self) -> (Response<Bytes>, SessionState) {
        let due = json!({ "error": "mfa_required", "error_description": "Multifactor authentication required",
                          "mfa_token": "raw-token-".repeat(200),
                          "mfa_requirements": { "challenge": [{ "type": "otp" }] } });
        self.script.answer(Answer::Json(403, due));
        let mut headers = HeaderMap::new();
        for (name, value) in [
            (header::COOKIE, &*self.jar.line()),
            (header::ACCEPT, "text/html"),
            (header::ORIGIN, "https://app.example.com"),
            (header::CONTENT_TYPE, "application/x-www-form-urlencoded"),
        ] {
            headers.insert(name, HeaderValue::from_str(value).unwrap());
        }
        let guard = Guard::new().audience("https://api.example.com");
        let mut state = self.client.open_session(&headers);
        let uri = Uri::from_static("/transfer");
        let stopped = self.client.guard(&mut state, &guard, &Method::POST, "/transfer").await.unwrap_err();
        let sent = Sent::Form(b"to=Bob&amount=5");
        let request = StoppedRequest { method: &Method::POST, uri: &uri, headers: &headers, sent };
        let answer = stopped.answer(&self.client, &state, &guard, &request);
        self.jar.take(answer.headers());
        for cookie in self.client.write_session(&state).unwrap() {
            self.jar.take(&HeaderMap::from_iter([(header::SET_COOKIE, cookie)]));
        }
        (answer, state)
    }

    /// The page that `answer` leads to, asked for with all that the browser holds for it.
    async fn follow(&self, answer: &Response<Bytes>) -> Response<Bytes> {
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{:?}", answer.body());
        let page = answer.headers()[header::LOCATION].to_str().unwrap();
        assert!(page.starts_with("/auth/mfa/d/"), "{page}");
        let mut here = self.jar.clone();
        let id = page.rsplit('/').next().unwrap();
        here.retain(|name| name != format!("__mfa_{id}_form"));
        let bytes = "Cookie: ".len() + here.line().len();
        assert!(bytes <= 8190, "{bytes} bytes: {:?}", here.names());
        let app = json!([{ "id": "totp|1", "authenticator_type": "otp", "active": true, "type": "otp" }]);
        self.script.answer(Answer::Json(200, app));
        handle(&self.client, get(page, &here.line())).await
    }
}

fn text(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

fn deleted(response: &Response<Bytes>) -> Vec<String> {
    let gone = set_cookies(response.headers()).into_iter().filter(|cookie| cookie.value.is_empty());
    gone.map(|cookie| cookie.name).collect()
}

#[tokio::test]
async fn logins_in_other_tabs_make_room_the_oldest_first() {
    let mut visit = Visit::of(2100, &json!([])).with_logins(&[300, 200, 100]);
    let (answer, _) = visit.send().await;
    let page = visit.follow(&answer).await;
    assert!(text(&page).contains("<h1>Enter your code</h1>"), "{}", text(&page));
    assert_eq!(deleted(&answer), ["__txn_state300", "__txn_state200"], "{:?}", visit.jar.names());
}

#[tokio::test]
async fn where_there_is_room_nothing_goes() {
    let own = json!([{ "accessToken": "own", "audience": format!("{ISSUER}mfa/"), "expiresAt": NOW + 9999,
                       "requestedScope": "enroll read:authenticators remove:authenticators" }]);
    let mut visit = Visit::of(100, &own).with_logins(&[300, 200, 100]);
    let (answer, state) = visit.send().await;
    visit.follow(&answer).await;
    assert_eq!(deleted(&answer), [""; 0]);
    assert!(visit.client.own_authenticators(state.session().unwrap()).is_some());
}

#[tokio::test]
async fn the_token_for_ones_own_authenticators_makes_room() {
    let own = json!([{ "accessToken": "o".repeat(1200), "audience": format!("{ISSUER}mfa/"), "expiresAt": NOW + 9999,
                       "requestedScope": "enroll read:authenticators remove:authenticators" }]);
    let mut visit = Visit::of(2500, &own);
    let (answer, state) = visit.send().await;
    visit.follow(&answer).await;
    assert!(visit.client.own_authenticators(state.session().unwrap()).is_none());
}

#[tokio::test]
async fn where_nothing_helps_the_log_says_what_takes_the_room() {
    let (captured, _guards) = Captured::begin();
    let mut visit = Visit::of(5600, &json!([])).with_logins(&[300]);
    let (answer, _) = visit.send().await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(text(&answer).contains(OTHERS), "{}", text(&answer));
    let warnings = captured.at(Level::WARN);
    let told = warnings.iter().find(|line| line.field("step_up").is_some()).unwrap();
    assert_eq!(told.field("limit"), Some("8190"));
    assert!(told.field("bytes").unwrap().parse::<usize>().unwrap() > 8190, "{told:?}");
    assert!(told.field("parts").unwrap().starts_with("user.about 56"), "{told:?}");
    assert!(!format!("{warnings:?}").contains("Bob"), "{warnings:?}");
}

/// Proxies take four or eight kilobytes of an answer's head, whatever they take of a request's.
#[tokio::test]
async fn what_forgets_detours_stays_small_however_large_the_header_may_be() {
    let size = |headers: &HeaderMap| {
        let cookies = headers.get_all(header::SET_COOKIE);
        cookies.iter().map(|cookie| "set-cookie: \r\n".len() + cookie.len()).sum::<usize>()
    };
    for limit in [8190, 32 * 1024, 64 * 1024] {
        let client =
            builder(&Script::new(), &Hands::at(NOW)).secret(SECRET).max_cookie_header(limit).build().unwrap();
        let mut jar = Jar::of(&cookie_of("auth0|ada"));
        let many: Vec<String> = (0..8).map(|number| format!("id{number}.{NOW}.form")).collect();
        jar.take_line(&format!("__mfa={}", many.join("~")));
        let state = client.open_session(&cookies(&jar.line()));
        let detour = Detour { return_to: "/transfer".to_owned(), form: None };
        let begun = client.detour_by_login(&state, &cookies(&jar.line()), &[], detour).unwrap();
        assert!(size(begun.headers()) < 2500, "{limit}: {}", size(begun.headers()));

        jar.take(begun.headers());
        let id = jar.names().iter().find_map(|name| name.strip_prefix("__mfa_")).unwrap().to_owned();
        let ended = handle(&client, get(&format!("/auth/mfa/d/{id}/resume"), &jar.line())).await;
        assert!(deleted(&ended).contains(&format!("__mfa_{id}")));
        assert!(size(ended.headers()) < 1500, "{limit}: {}", size(ended.headers()));
    }
}
