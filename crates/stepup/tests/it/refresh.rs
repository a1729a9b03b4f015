//! Access tokens: the one at hand, a refresh that everybody shares, and what is kept of it.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use stepup::{AccessTokenError, AccessTokenRequest, Client, Format, Session, SessionState, TokenSet};
use stepup_protocol::time::UnixTime;
use stepup_seal::{Purpose, Sealer, Secrets};

use crate::support::{
    Answer, Counting, Hands, ISSUER, Jar, NOW, SECRET, Script, builder, cookies, fixture, get, handle,
    json_of,
};

const API: &str = "https://api.example.com";

fn session() -> Value {
    json!({
        "user": { "sub": "auth0|ada", "name": "Ada" },
        "tokenSet": { "accessToken": "at-1", "refreshToken": "rt-1", "idToken": "it-1", "expiresAt": NOW - 10,
                      "scope": "openid profile email offline_access",
                      "requestedScope": "openid profile email offline_access" },
        "internal": { "sid": "s1", "createdAt": NOW - 100 },
    })
}

fn cookie_line(payload: &Value) -> String {
    let sealer = Sealer::new(&Secrets::new([SECRET.into()]).unwrap(), Format::Stepup);
    let end = UnixTime::from_seconds(NOW + 86_400);
    format!("__session={}", sealer.seal(Purpose::Session, "", payload, end, &Counting::default()))
}

fn open(client: &Client, payload: &Value) -> SessionState {
    let state = client.open_session(&cookies(&cookie_line(payload)));
    assert!(state.session().is_some());
    state
}

struct Setting {
    script: Script,
    clock: Hands,
    client: Client,
}

fn setting() -> Setting {
    let (script, clock) = (Script::new(), Hands::at(NOW));
    let client =
        builder(&script, &clock).secret(SECRET).http_timeout(Duration::from_millis(50)).build().unwrap();
    Setting { script, clock, client }
}

fn tokens(number: u32) -> Answer {
    Answer::Json(
        200,
        json!({ "access_token": format!("at-{number}"), "refresh_token": format!("rt-{number}"),
                "expires_in": 3600, "token_type": "bearer", "scope": "openid profile" }),
    )
}

async fn token(client: &Client, state: &mut SessionState) -> Result<String, AccessTokenError> {
    let session = state.session_mut().unwrap();
    client.access_token(session, &AccessTokenRequest::new()).await.map(|token| token.token().to_owned())
}

/// A rotated refresh token shows in the next request's form.
fn spent(script: &Script) -> Vec<String> {
    script.requests().iter().map(|request| request.form()["refresh_token"].clone()).collect()
}

#[tokio::test]
async fn two_hundred_at_once_make_one_refresh() {
    let Setting { script, client, .. } = setting();
    script.answer(tokens(2));
    let payload = session();
    let all = (0..200).map(|_| {
        let (client, mut state) = (client.clone(), open(&client, &payload));
        tokio::spawn(async move {
            let token = token(&client, &mut state).await.unwrap();
            (token, state)
        })
    });
    for done in futures_util::future::join_all(all).await {
        let (token, state) = done.unwrap();
        assert_eq!(token, "at-2");
        assert_eq!(state.session().unwrap().id_token(), Some("it-1"), "kept: none came");
        assert_eq!(client.write_session(&state).unwrap().len(), 1, "everybody writes the same fresh tokens");
    }
    assert_eq!(spent(&script), ["rt-1"]);
}

/// Each API's token takes a refresh of its own; they take turns, for each may rotate the refresh token.
#[tokio::test]
async fn two_hundred_at_once_for_two_apis_make_a_refresh_each() {
    let Setting { script, client, .. } = setting();
    script.answer(tokens(2));
    script.answer(tokens(3));
    let payload = session();
    let all = (0..200).map(|number| {
        let (client, mut state) = (client.clone(), open(&client, &payload));
        let wanted = AccessTokenRequest::new();
        let wanted = if number % 2 == 0 { wanted } else { wanted.audience(API) };
        tokio::spawn(async move {
            let token = client.access_token(state.session_mut().unwrap(), &wanted).await.unwrap();
            (number % 2, token.token().to_owned(), state)
        })
    });
    let done: Vec<_> =
        futures_util::future::join_all(all).await.into_iter().map(|done| done.unwrap()).collect();
    assert_eq!(spent(&script), ["rt-1", "rt-2"], "one after the other");
    let for_api: Vec<bool> = script.requests().iter().map(|it| it.form().contains_key("audience")).collect();
    let [for_default, for_api] = if for_api == [false, true] { ["at-2", "at-3"] } else { ["at-3", "at-2"] };
    for (kind, token, _) in &done {
        assert_eq!(token, if *kind == 0 { for_default } else { for_api });
    }

    // Whoever's cookie the browser keeps, it goes on with the last refresh token.
    for (number, place) in [0, 1, 199].into_iter().enumerate() {
        let mut jar = Jar::default();
        let written = client.write_session(&done[place].2).unwrap();
        jar.take(&written.into_iter().map(|cookie| (http::header::SET_COOKIE, cookie)).collect());
        let mut state = client.open_session(&cookies(&jar.line()));
        script.answer(tokens(4 + u32::try_from(number).unwrap()));
        let wanted = AccessTokenRequest::new().refresh(true);
        client.access_token(state.session_mut().unwrap(), &wanted).await.unwrap();
    }
    assert_eq!(spent(&script)[2..], ["rt-3", "rt-4", "rt-5"]);
}

#[tokio::test]
async fn a_failure_is_shared_by_those_who_waited_and_by_nobody_else() {
    let Setting { script, client, .. } = setting();
    let gate = script.gate().write().await;
    script.answer(Answer::Json(403, json!({ "error": "invalid_grant", "error_description": "gone" })));
    let payload = session();
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let (client, mut state) = (client.clone(), open(&client, &payload));
            tokio::spawn(async move {
                token(&client, &mut state).await.map_err(|error| (error.code(), error.needs_login()))
            })
        })
        .collect();
    while script.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    drop(gate);
    for done in futures_util::future::join_all(waiting).await {
        assert_eq!(done.unwrap().unwrap_err(), ("failed_to_refresh_token", true));
    }
    assert_eq!(script.requests().len(), 1);

    script.answer(tokens(2));
    assert_eq!(token(&client, &mut open(&client, &payload)).await.unwrap(), "at-2", "trying again may help");
}

#[tokio::test]
async fn a_caller_who_goes_away_loses_nothing() {
    let Setting { script, clock, client } = setting();
    let payload = session();
    let gate = script.gate().write().await;
    script.answer(tokens(2));
    let (caller, mut state) = (client.clone(), open(&client, &payload));
    let call = tokio::spawn(async move { token(&caller, &mut state).await });
    while script.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    drop(gate);

    // The next request comes with the old cookie, and finds what the refresh brought.
    let mut state = open(&client, &payload);
    assert_eq!(token(&client, &mut state).await.unwrap(), "at-2");
    assert_eq!(spent(&script), ["rt-1"]);

    // Another audience goes on with the rotated token, also for those who still hold the old one.
    script.answer(Answer::Json(
        200,
        json!({ "access_token": "api-1", "expires_in": 60, "token_type": "Bearer" }),
    ));
    let mut late = open(&client, &payload);
    let wanted = AccessTokenRequest::new().audience(API).scope("transfer:funds");
    let other = client.access_token(late.session_mut().unwrap(), &wanted).await.unwrap();
    assert_eq!((other.token(), other.audience()), ("api-1", Some(API)));
    assert_eq!(spent(&script), ["rt-1", "rt-2"]);

    // After the grace time the old refresh token is the tenant's to judge.
    clock.advance(Duration::from_secs(3601));
    script.answer(tokens(3));
    assert_eq!(token(&client, &mut state).await.unwrap(), "at-3");
    assert_eq!(spent(&script).last().unwrap(), "rt-2");
}

#[tokio::test]
async fn a_forced_refresh_is_made_and_a_good_token_is_served() {
    let Setting { script, client, .. } = setting();
    let mut payload = session();
    payload["tokenSet"]["expiresAt"] = json!(NOW + 1);
    let mut state = open(&client, &payload);
    assert_eq!(token(&client, &mut state).await.unwrap(), "at-1");
    assert!(client.write_session(&state).unwrap().is_empty());
    for number in [2, 3] {
        script.answer(tokens(number));
        let forced = AccessTokenRequest::new().refresh(true);
        let token = client.access_token(state.session_mut().unwrap(), &forced).await.unwrap();
        assert_eq!(token.token(), format!("at-{number}"));
    }
    assert_eq!(spent(&script), ["rt-1", "rt-2"]);
}

#[tokio::test]
async fn audiences_and_scopes_have_their_own_tokens() {
    let Setting { script, client, .. } = setting();
    let mut payload = session();
    payload["tokenSet"]["expiresAt"] = json!(NOW + 600);
    let mut state = open(&client, &payload);
    let session: &mut Session = state.session_mut().unwrap();
    let wanted = AccessTokenRequest::new().audience(API).scope("read:orders");
    script.answer(Answer::Json(
        200,
        json!({ "access_token": "orders", "expires_in": 600, "token_type": "Bearer", "scope": "read:orders", "refresh_token": "rt-2" }),
    ));
    assert_eq!(client.access_token(session, &wanted).await.unwrap().token(), "orders");
    assert_eq!(client.access_token(session, &wanted).await.unwrap().token(), "orders", "found again");
    let form = script.requests()[0].form();
    assert_eq!(form["audience"], API);
    assert_eq!(form["scope"], "openid profile email offline_access read:orders");

    // A wider wish for the default audience is kept too, with its rotated refresh token.
    let wider = AccessTokenRequest::new().scope("extra");
    script.answer(Answer::Json(
        200,
        json!({ "access_token": "wide", "expires_in": 600, "token_type": "Bearer", "scope": "openid extra", "refresh_token": "rt-3" }),
    ));
    assert_eq!(client.access_token(session, &wider).await.unwrap().token(), "wide");
    assert_eq!(client.access_token(session, &wider).await.unwrap().token(), "wide");
    assert_eq!(client.access_token(session, &AccessTokenRequest::new()).await.unwrap().token(), "wide");
    assert!(!script.requests()[1].form().contains_key("audience"));

    let alone = AccessTokenRequest::new().audience(API).scope("write:orders").merge_scopes(false);
    script.answer(Answer::Json(
        200,
        json!({ "access_token": "write", "expires_in": 600, "token_type": "Bearer" }),
    ));
    assert_eq!(client.access_token(session, &alone).await.unwrap().token(), "write");
    assert_eq!(script.requests()[2].form()["scope"], "write:orders");
    assert_eq!(spent(&script), ["rt-1", "rt-2", "rt-3"]);
}

#[tokio::test]
async fn an_id_token_of_a_refresh_is_checked_and_merged() {
    let Setting { script, client, .. } = setting();
    let answer = |claims: Value| {
        Answer::Json(
            200,
            json!({ "access_token": "at-2", "refresh_token": "rt-2", "expires_in": 3600, "token_type": "Bearer",
                    "id_token": script.sign(&claims) }),
        )
    };
    // Section 12.2 of OIDC Core: no nonce after a refresh.
    let good = json!({ "iss": ISSUER, "aud": "client-1", "sub": "auth0|ada", "iat": NOW, "exp": NOW + 60, "amr": ["mfa"], "auth_time": NOW });
    let mut other = good.clone();
    other["sub"] = json!("auth0|eve");
    let mut foreign = good.clone();
    foreign["iss"] = json!("https://other.example/");

    // Nothing of another user is kept. Else the refresh token is: the old one is spent, and what the new one brings is checked again.
    for (bad, rotated) in [(other, false), (foreign, true)] {
        script.answer(answer(bad));
        let mut state = open(&client, &session());
        assert_eq!(token(&client, &mut state).await.unwrap_err().code(), "failed_to_refresh_token");
        assert_eq!(client.write_session(&state).unwrap().is_empty(), !rotated);
        assert_eq!(state.session().unwrap().id_token(), Some("it-1"));
    }
    script.answer(answer(good));
    let mut state = open(&client, &session());
    token(&client, &mut state).await.unwrap();
    let session = state.session().unwrap();
    assert_eq!(session.amr().collect::<Vec<_>>(), ["mfa"]);
    assert_eq!(session.auth_time(), Some(UnixTime::from_seconds(NOW)));
    assert_eq!(session.claim("name"), Some(&json!("Ada")), "merged over the old claims");
    assert_ne!(session.id_token(), Some("it-1"));
}

#[tokio::test]
async fn a_tenant_that_is_down_slow_or_odd_is_a_typed_error() {
    for (name, answer, cause) in [
        ("down", Answer::Unreachable, "the token endpoint could not be reached"),
        ("slow", Answer::Never, "the token endpoint could not be reached"),
        (
            "html",
            Answer::Text(502, "<html>".to_owned()),
            "the token endpoint gave an answer that cannot be used (502 Bad Gateway): there is no OAuth error in it",
        ),
        (
            "no token",
            Answer::Json(200, json!({ "access_token": "", "token_type": "Bearer" })),
            "the token endpoint gave an answer that cannot be used (200 OK): its access token is empty",
        ),
        (
            "refused",
            Answer::Json(429, json!({ "error": "too_many_requests" })),
            "the token endpoint refused with 429 Too Many Requests: too_many_requests",
        ),
    ] {
        let Setting { script, client, .. } = setting();
        script.answer(answer);
        let mut state = open(&client, &session());
        let error = token(&client, &mut state).await.unwrap_err();
        assert_eq!(
            (error.code(), error.status().as_u16(), error.needs_login()),
            ("failed_to_refresh_token", 401, false),
            "{name}"
        );
        let source = std::error::Error::source(&error).and_then(std::error::Error::source).unwrap();
        assert_eq!(source.to_string(), cause, "{name}");
        assert!(client.write_session(&state).unwrap().is_empty(), "{name}: the session is as it was");
    }
}

#[tokio::test]
async fn nothing_is_spent_while_the_answer_could_not_be_judged() {
    let Setting { script, client, .. } = setting();
    script.documents(1); // discovery, but no keys
    let mut state = open(&client, &session());
    assert_eq!(token(&client, &mut state).await.unwrap_err().code(), "failed_to_refresh_token");
    assert!(script.requests().is_empty());
}

/// A session that cannot renew its access token, which is good until `end`.
fn without_refresh_token(end: i64) -> Value {
    let mut payload = session();
    payload["tokenSet"].as_object_mut().unwrap().remove("refreshToken");
    payload["tokenSet"]["expiresAt"] = json!(end);
    payload
}

#[tokio::test]
async fn without_a_refresh_token_a_token_is_served_to_its_end() {
    let Setting { script, clock, client } = setting();
    let payload = without_refresh_token(NOW + 5);
    let mut state = open(&client, &payload);
    assert_eq!(token(&client, &mut state).await.unwrap(), "at-1");
    clock.advance(Duration::from_secs(5));
    let error = token(&client, &mut state).await.unwrap_err();
    assert!(matches!(error, AccessTokenError::MissingRefreshToken) && error.needs_login());
    assert!(script.requests().is_empty());
}

#[tokio::test]
async fn the_logins_own_serves_where_nothing_narrower_is_still_good() {
    let Setting { script, clock, client } = setting();
    let mut payload = without_refresh_token(NOW + 60);
    payload["accessTokens"] = json!([{ "accessToken": "narrower", "scope": "profile", "requestedScope": "profile",
                                       "expiresAt": NOW + 5 }]);
    let wanted = AccessTokenRequest::new().scope("profile").merge_scopes(false);
    let mut state = open(&client, &payload);
    for expected in ["narrower", "at-1"] {
        let token = client.access_token(state.session_mut().unwrap(), &wanted).await.unwrap();
        assert_eq!(token.token(), expected);
        clock.advance(Duration::from_secs(5));
    }
    assert!(script.requests().is_empty());
}

#[tokio::test]
async fn the_hook_trims_what_a_refresh_brings() {
    let script = Script::new();
    let seen = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = Arc::clone(&seen);
    let client = builder(&script, &Hands::at(NOW))
        .secret(SECRET)
        .before_session_saved(move |session| {
            count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            session.retain_claims(|name| name != "groups");
        })
        .build()
        .unwrap();
    let claims = json!({ "iss": ISSUER, "aud": "client-1", "sub": "auth0|ada", "iat": NOW, "exp": NOW + 60, "groups": ["a"] });
    script.answer(Answer::Json(
        200,
        json!({ "access_token": "at-2", "expires_in": 60, "token_type": "Bearer", "id_token": script.sign(&claims) }),
    ));
    let mut state = open(&client, &session());
    token(&client, &mut state).await.unwrap();
    assert_eq!(seen.load(std::sync::atomic::Ordering::SeqCst), 1);
    assert_eq!(state.session().unwrap().claim("groups"), None);
}

/// The look-up of nextjs-auth0, where an audience was named.
#[tokio::test]
async fn a_token_set_is_found_as_recorded() {
    let vectors = fixture(include_str!("../fixtures/nextjs-token-sets.json"));
    for case in vectors["find_access_token_set"].as_array().unwrap() {
        let audience = case["audience"].as_str().unwrap();
        if case["match_mode"] != "requestedScope" || audience.is_empty() {
            continue;
        }
        let Setting { script, client, .. } = setting();
        let mut payload = session();
        payload["accessTokens"] = vectors["access_token_sets"].clone();
        let mut state = open(&client, &payload);
        let mut wanted = AccessTokenRequest::new().audience(audience).merge_scopes(false);
        if let Some(scope) = case["scope"].as_str() {
            wanted = wanted.scope(scope);
        }
        script.answer(Answer::Json(
            200,
            json!({ "access_token": "new", "expires_in": 60, "token_type": "Bearer" }),
        ));
        let token = client.access_token(state.session_mut().unwrap(), &wanted).await.unwrap();
        assert_eq!(token.token(), case["found"].as_str().unwrap_or("new"), "{case}");
        assert_eq!(script.requests().is_empty(), case["found"].is_string(), "{case}");
    }
}

/// Not every form tells what a token was asked for with.
#[tokio::test]
async fn a_renewed_token_takes_the_place_of_the_old_one_in_every_form() {
    let wanted = AccessTokenRequest::new().audience(API).scope("read:x").refresh(true);
    for format in Format::ALL {
        let script = Script::new();
        let client = builder(&script, &Hands::at(NOW)).secret(SECRET).format(format);
        let client = client.also_read(Format::Stepup).build().unwrap();
        let mut state = open(&client, &session());
        let mut jar = Jar::default();
        for number in 2..5 {
            let granted = json!({ "access_token": format!("at-{number}"), "expires_in": 3600, "token_type": "Bearer",
                                  "scope": "openid profile email offline_access read:x" });
            script.answer(Answer::Json(200, granted));
            client.access_token(state.session_mut().unwrap(), &wanted).await.unwrap();
            let headers = client.write_session(&state).unwrap();
            jar.take(&headers.into_iter().map(|cookie| (http::header::SET_COOKIE, cookie)).collect());
            state = client.open_session(&cookies(&jar.line()));
        }
        let held: Vec<_> = state.session().unwrap().token_sets().map(TokenSet::access_token).collect();
        assert_eq!(held, ["at-1", "at-4"], "{format:?}");
    }
}

#[tokio::test]
async fn a_spent_refresh_token_does_not_overwrite_the_new_one() {
    let Setting { script, client, .. } = setting();
    let mut slow = open(&client, &session());
    slow.session_mut().unwrap().set_data("page", json!(1));
    script.answer(tokens(2));
    token(&client, &mut open(&client, &session())).await.unwrap();

    let headers = client.write_session(&slow).unwrap();
    let mut jar = Jar::default();
    jar.take(&headers.into_iter().map(|cookie| (http::header::SET_COOKIE, cookie)).collect());
    let mut next = client.open_session(&cookies(&jar.line()));
    assert_eq!(next.session().unwrap().data("page"), Some(&json!(1)));
    script.answer(tokens(3));
    client.access_token(next.session_mut().unwrap(), &AccessTokenRequest::new().refresh(true)).await.unwrap();
    assert_eq!(spent(&script), ["rt-1", "rt-2"]);
}

#[tokio::test]
async fn a_second_factor_is_asked_for_under_any_status() {
    for status in [200, 400, 401, 403, 500, 503] {
        for requirements in [json!({ "challenge": [{ "type": "otp" }] }), json!("unreadable"), Value::Null] {
            let Setting { script, client, .. } = setting();
            let body =
                json!({ "error": "mfa_required", "mfa_token": "raw", "mfa_requirements": requirements });
            script.answer(Answer::Json(status, body));
            let mut state = open(&client, &session());
            let error = token(&client, &mut state).await.unwrap_err();
            assert!(
                matches!(&error, AccessTokenError::MfaRequired(due) if due.mfa_token.is_some()),
                "{status}: {error:?}"
            );
            assert!(client.write_session(&state).unwrap().is_empty());
        }
    }
}

#[tokio::test]
async fn a_refresh_ahead_of_time_that_fails_leaves_the_good_token() {
    let due = json!({ "error": "mfa_required", "error_description": "due", "mfa_token": "raw-1" });
    let mut payload = session();
    payload["tokenSet"]["expiresAt"] = json!(NOW + 60);
    for answer in [Answer::Json(403, due), Answer::Unreachable, Answer::Text(503, "down".to_owned())] {
        let (script, clock) = (Script::new(), Hands::at(NOW));
        let client = builder(&script, &clock).secret(SECRET).token_refresh_buffer(Duration::from_secs(120));
        let client = client.build().unwrap();
        let mut state = open(&client, &payload);
        script.answer(answer);
        assert_eq!(token(&client, &mut state).await.unwrap(), "at-1");
        assert_eq!(script.requests().len(), 1, "it was tried");

        // Whoever wants a new one is told, and so is everybody once it has expired.
        script.answer(Answer::Text(503, "down".to_owned()));
        let anew = AccessTokenRequest::new().refresh(true);
        client.access_token(state.session_mut().unwrap(), &anew).await.unwrap_err();
        clock.advance(Duration::from_secs(60));
        script.answer(Answer::Text(503, "down".to_owned()));
        token(&client, &mut state).await.unwrap_err();
    }
}

#[tokio::test]
async fn how_long_to_wait_is_told_in_the_tenants_words_and_without() {
    let limit = json!({ "error": "too_many_requests", "error_description": "later" });
    for answer in [
        Answer::RetryAfter(429, limit, "30".to_owned()),
        Answer::RetryAfter(503, json!("the gateway is down"), "30".to_owned()),
    ] {
        let Setting { script, client, .. } = setting();
        let cookie = cookie_line(&session());
        script.answer(answer);
        let refused = handle(&client, get("/auth/access-token", &cookie)).await;
        assert_eq!(refused.status(), 401);
        assert_eq!(refused.headers()["retry-after"], "30");
        assert_eq!(json_of(&refused)["error"]["code"], "failed_to_refresh_token");
    }
}
