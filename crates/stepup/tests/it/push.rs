//! Waiting for a push: how often the tenant is asked, how it ends, and that nothing is lost on the way.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use stepup::{
    AccessTokenRequest, Body, Client, Clock, Route, Routes, SessionState, WireError as _,
    mfa::{Challenge, Enroll, FactorType, MfaToken, OutOfBand, PushOutcome, PushWait, Verify, VerifyError},
};
use stepup_protocol::time::UnixTime;
use stepup_tenant::{clock::VirtualClock, devices::Decision};

use crate::{
    house::{House, TenantTime, transfer},
    step_up::{
        Setting, access_token, ada, cookie_of, cookie_with, due_with, granted, pending, setting,
        transfer as wanted,
    },
    support::{
        Answer, Hands, Jar, NOW, SECRET, Script, builder, cookies, handle, json_of, set_cookies, whole,
    },
};

fn refusal(error: &str, description: &str) -> Answer {
    Answer::Json(400, json!({ "error": error, "error_description": description }))
}

fn not_yet() -> Answer {
    refusal("authorization_pending", "later")
}

fn push() -> OutOfBand {
    Verify::oob("oob-1")
}

/// What becomes of a push that is answered so, and how long the pauses were.
async fn waited(answers: Vec<Answer>, wait: PushWait) -> (Result<PushOutcome, VerifyError>, Vec<u64>) {
    let setting = setting();
    let (mut state, token) = pending(&setting).await;
    answers.into_iter().for_each(|answer| setting.script.answer(answer));
    let outcome = setting.client.mfa().wait_for_push(&mut state, &token, push(), wait).await;
    (outcome, setting.clock.waits())
}

#[tokio::test]
async fn the_tenant_is_asked_as_it_wishes() {
    let later = json!({ "error": "slow_down", "error_description": "later" });
    let answers = vec![
        not_yet(),
        refusal("slow_down", "later"),
        not_yet(),
        Answer::RetryAfter(400, later, "30".to_owned()),
        not_yet(),
        granted(&json!({})),
    ];
    let (outcome, waits) = waited(answers, PushWait::default()).await;
    assert!(matches!(outcome, Ok(PushOutcome::Approved(_))), "{outcome:?}");
    assert_eq!(waits, [5, 10, 10, 30, 30]);
}

/// What a tenant or a caller asks for has no end that sums have.
#[tokio::test]
async fn the_longest_waits_are_waits() {
    let setting = setting();
    let (mut state, token) = pending(&setting).await;
    let later = json!({ "error": "authorization_pending", "error_description": "later" });
    setting.script.answer(Answer::RetryAfter(400, later, u64::MAX.to_string()));
    for _ in 0..2 {
        let outcome =
            setting.client.mfa().wait_for_push(&mut state, &token, push(), PushWait::default()).await;
        assert!(matches!(outcome, Ok(PushOutcome::TimedOut)), "{outcome:?}");
    }

    let seldom = PushWait::default().interval(Duration::MAX);
    let (slowed, _) = waited(vec![refusal("slow_down", "later")], seldom).await;
    assert!(matches!(slowed, Ok(PushOutcome::TimedOut)), "{slowed:?}");
    let (failed, _) = waited(vec![Answer::Unreachable, Answer::Unreachable], seldom).await;
    assert!(matches!(failed, Err(VerifyError::Unavailable(_))), "{failed:?}");
}

#[tokio::test]
async fn the_ends_are_told_apart() {
    let minute = PushWait::default().interval(Duration::from_secs(20)).timeout(Duration::from_secs(60));
    let (denied, _) = waited(vec![refusal("access_denied", "MFA Authorization rejected.")], minute).await;
    assert!(matches!(denied, Ok(PushOutcome::Denied)), "{denied:?}");
    let (denied, _) = waited(vec![refusal("invalid_grant", "MFA Authorization rejected.")], minute).await;
    assert!(matches!(denied, Ok(PushOutcome::Denied)), "{denied:?}");
    let (by_action, _) = waited(vec![refusal("access_denied", "Not on Sundays.")], minute).await;
    assert!(matches!(by_action, Err(VerifyError::Refused(_))), "{by_action:?}");

    let (expired, _) = waited(vec![not_yet(), refusal("expired_token", "oob_code is expired")], minute).await;
    assert!(matches!(expired, Ok(PushOutcome::Expired)), "{expired:?}");
    let (over, waits) = waited(vec![not_yet(), not_yet(), not_yet()], minute).await;
    assert!(matches!(over, Ok(PushOutcome::TimedOut)), "{over:?}");
    assert_eq!(waits, [20, 20, 20], "and no further question");

    let locked = Answer::RetryAfter(
        429,
        json!({ "error": "too_many_attempts", "error_description": "later" }),
        "360".to_owned(),
    );
    let (locked, _) = waited(vec![locked], minute).await;
    let Err(locked @ VerifyError::LockedOut(_)) = locked else { panic!("{locked:?}") };
    assert_eq!(locked.retry_after(), Some(Duration::from_secs(360)));
}

#[tokio::test]
async fn a_step_up_that_grows_too_old_in_the_wait_has_expired() {
    let setting = setting();
    let (mut state, token) = pending(&setting).await;
    (0..6).for_each(|_| setting.script.answer(not_yet()));
    let long = PushWait::default().interval(Duration::from_secs(100)).timeout(Duration::from_secs(1000));
    let outcome = setting.client.mfa().wait_for_push(&mut state, &token, push(), long).await;
    assert!(matches!(outcome, Ok(PushOutcome::Expired)), "{outcome:?}");
    assert_eq!(setting.script.requests().len(), 7, "after 600 seconds nobody is asked");
}

/// A clock that is set back by an hour in the first wait.
#[derive(Clone, Debug)]
struct SetBack(Hands);

impl Clock for SetBack {
    fn now(&self) -> UnixTime {
        self.0.now()
    }

    fn wait(&self, duration: Duration) -> BoxFuture<'_, ()> {
        let waited = self.0.wait(duration);
        if self.0.waits().len() == 1 {
            self.0.set(self.0.now().seconds() - 3600);
        }
        waited
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_holds_nobody_up() {
    let approved = vec![not_yet(), not_yet(), not_yet(), granted(&json!({}))];
    let pending = (0..5).map(|_| not_yet()).collect();
    for (answers, waits) in [(approved, vec![5, 5, 5]), (pending, vec![5, 5, 5, 5, 5])] {
        let (script, clock) = (Script::new(), Hands::at(NOW));
        let client = builder(&script, &clock).secret(SECRET).clock(SetBack(clock.clone())).build().unwrap();
        let setting = Setting { script, clock, client };
        let (mut state, token) = self::pending(&setting).await;
        answers.into_iter().for_each(|answer| setting.script.answer(answer));
        let wait = PushWait::default().timeout(Duration::from_secs(20));
        let outcome = setting.client.mfa().wait_for_push(&mut state, &token, push(), wait).await;
        assert!(matches!(outcome, Ok(PushOutcome::Approved(_) | PushOutcome::TimedOut)), "{outcome:?}");
        assert_eq!(setting.clock.waits(), waits, "of those before, what nobody knows is not counted");
    }
}

#[tokio::test]
async fn a_tenant_out_of_reach_is_asked_again_less_often() {
    let (outcome, waits) =
        waited(vec![Answer::Unreachable, Answer::Unreachable, granted(&json!({}))], PushWait::default())
            .await;
    assert!(matches!(outcome, Ok(PushOutcome::Approved(_))), "{outcome:?}");
    assert_eq!(waits, [10, 20]);

    let answers = (0..4).map(|_| Answer::Unreachable).collect();
    let (failed, waits) = waited(answers, PushWait::default().timeout(Duration::from_secs(60))).await;
    assert!(matches!(failed, Err(VerifyError::Unavailable(_))), "{failed:?}");
    assert_eq!(waits, [10, 20, 30]);
}

fn busy(retry_after: &str) -> Answer {
    let body = json!({ "error": "too_many_requests", "error_description": "Global limit has been reached" });
    Answer::RetryAfter(429, body, retry_after.to_owned())
}

#[tokio::test]
async fn a_tenant_with_too_much_to_do_is_asked_again_when_it_says() {
    let answers = vec![not_yet(), busy("2"), busy("40"), not_yet(), granted(&json!({}))];
    let (outcome, waits) = waited(answers, PushWait::default()).await;
    assert!(matches!(outcome, Ok(PushOutcome::Approved(_))), "{outcome:?}");
    assert_eq!(waits, [5, 10, 40, 20], "not before, and not as late ever after");

    for passing in [
        Answer::Json(500, json!({ "error": "server_error" })),
        Answer::Json(503, json!({ "error": "temporarily_unavailable" })),
        Answer::Text(502, "bad gateway".to_owned()),
        Answer::Text(429, "slow".to_owned()),
    ] {
        let (outcome, waits) = waited(vec![passing, granted(&json!({}))], PushWait::default()).await;
        assert!(matches!(outcome, Ok(PushOutcome::Approved(_))), "{outcome:?}");
        assert_eq!(waits, [10]);
    }

    let minute = PushWait::default().timeout(Duration::from_secs(60));
    let (failed, waits) = waited(vec![not_yet(), busy("300")], minute).await;
    let Err(failed @ VerifyError::Busy(_)) = failed else { panic!("{failed:?}") };
    assert_eq!((failed.retry_after(), waits), (Some(Duration::from_secs(300)), vec![5, 55]));
}

#[tokio::test]
async fn a_long_poll_goes_on_while_the_tenant_fails() {
    for passing in [|| busy("20"), || Answer::Json(503, json!({ "error": "down" })), || Answer::Unreachable] {
        let setting = setting();
        let (_, token) = pending(&setting).await;
        (0..2).for_each(|_| setting.script.answer(passing()));
        let answer = whole(ask(&setting.client, &token, "*/*", &cookie_of("auth0|ada")).await).await;
        assert_eq!(
            (answer.status().as_u16(), &json_of(&answer)["error"]),
            (400, &json!("authorization_pending"))
        );
        assert_eq!(answer.headers()[header::RETRY_AFTER], "20");
    }
}

#[tokio::test]
async fn who_stops_waiting_loses_nothing() {
    let setting = setting();
    let (state, token) = pending(&setting).await;
    setting.script.answer(granted(&json!({ "refresh_token": "rt-2" })));
    let closed = setting.script.gate().write().await;
    let (client, mut gone, same) = (setting.client.clone(), state, token.clone());
    let waiting = tokio::spawn(async move {
        client.mfa().wait_for_push(&mut gone, &same, push(), PushWait::default()).await
    });
    while setting.script.requests().len() < 2 {
        tokio::task::yield_now().await;
    }
    waiting.abort();
    drop(closed);
    assert!(waiting.await.unwrap_err().is_cancelled());

    // The next one who waits for the same push has the approval, without asking; then the token is used.
    let mut state = ada(&setting.client);
    let mfa = setting.client.mfa();
    let outcome = mfa.wait_for_push(&mut state, &token, push(), PushWait::default()).await.unwrap();
    assert!(matches!(outcome, PushOutcome::Approved(_)), "{outcome:?}");
    assert_eq!(access_token(&setting.client, &mut state, &wanted()).await, "at-mfa");
    let again = mfa.wait_for_push(&mut state, &token, push(), PushWait::default()).await;
    assert!(matches!(again, Err(VerifyError::Used(None))), "{again:?}");
    assert_eq!(setting.script.requests().len(), 2);
}

#[tokio::test]
async fn an_approval_that_is_taken_late_leaves_a_newer_refresh_token() {
    let setting = setting();
    let Setting { script, clock, client } = &setting;
    let (_, token) = pending(&setting).await;
    script.answer(granted(&json!({ "refresh_token": "rt-2" })));
    events(ask(client, &token, STREAM, &cookie_of("auth0|ada")).await).await;

    let mut state = ada(client);
    script.answer(granted(&json!({ "access_token": "at-3", "refresh_token": "rt-3" })));
    assert_eq!(access_token(client, &mut state, &AccessTokenRequest::new().refresh(true)).await, "at-3");
    // Nothing is known of the old refresh tokens any more.
    clock.set(NOW + 301);
    script.answer(granted(&json!({})));
    let mut bob = client.open_session(&cookies(&cookie_with("rt-bob", "auth0|bob", NOW)));
    access_token(client, &mut bob, &AccessTokenRequest::new()).await;

    client.mfa().verify(&mut state, &token, push()).await.unwrap();
    script.answer(granted(&json!({ "access_token": "at-4" })));
    assert_eq!(access_token(client, &mut state, &AccessTokenRequest::new().refresh(true)).await, "at-4");
    assert_eq!(script.requests().last().unwrap().form()["refresh_token"], "rt-3");
}

#[tokio::test]
async fn an_approval_that_nobody_took_is_for_the_same_proof_and_login_alone() {
    let setting = setting();
    let (_, token) = pending(&setting).await;
    setting.script.answer(granted(&json!({})));
    let events = events(ask(&setting.client, &token, STREAM, &cookie_of("auth0|ada")).await).await;
    assert_eq!(events, [("approved".to_owned(), json!({}))]);

    let mfa = setting.client.mfa();
    let other = mfa.verify(&mut ada(&setting.client), &token, Verify::oob("oob-2")).await;
    assert!(matches!(other, Err(VerifyError::Used(None))), "another proof: {other:?}");
    let other = mfa.verify(&mut SessionState::default(), &token, push()).await;
    assert!(matches!(other, Err(VerifyError::Used(None))), "no session: {other:?}");
}

const STREAM: &str = "text/html;q=0.9, text/event-stream";

/// `POST /auth/mfa/push` with these cookies, as a page's script sends it.
async fn ask(client: &Client, token: &MfaToken, accept: &str, cookie: &str) -> Response<Body> {
    ask_about(client, token, "oob-1", accept, cookie).await
}

async fn ask_about(
    client: &Client,
    token: &MfaToken,
    oob_code: &str,
    accept: &str,
    cookie: &str,
) -> Response<Body> {
    let body = json!({ "mfa_token": token, "oob_code": oob_code });
    let request = Request::post("/auth/mfa/push")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, accept)
        .header(header::COOKIE, cookie)
        .body(Bytes::from(body.to_string()))
        .unwrap();
    client.handle(Route::MfaPush, request).await
}

async fn events(response: Response<Body>) -> Vec<(String, Value)> {
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    assert!(response.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("no-store"));
    let text = String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let event = |block: &str| {
        let (name, data) = block.split_once('\n').unwrap();
        let data = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        (name.strip_prefix("event: ").unwrap().to_owned(), data)
    };
    text.split_terminator("\n\n").map(event).collect()
}

fn event(name: &str, data: Value) -> (String, Value) {
    (name.to_owned(), data)
}

#[tokio::test]
async fn a_stream_tells_what_becomes_of_it_and_verify_brings_the_tokens() {
    let setting = setting();
    let (_, token) = pending(&setting).await;
    for answer in [not_yet(), refusal("slow_down", "later"), granted(&json!({ "refresh_token": "rt-2" }))] {
        setting.script.answer(answer);
    }
    let ada = cookie_of("auth0|ada");
    let told = events(ask(&setting.client, &token, STREAM, &ada).await).await;
    let expected = [
        event("pending", json!({ "interval": 5 })),
        event("slow_down", json!({ "interval": 10 })),
        event("approved", json!({})),
    ];
    assert_eq!(told, expected);

    let body = Bytes::from(r#"{"oob_code":"oob-1"}"#);
    let verify = Request::post("/auth/mfa/verify")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {}", token.as_str()))
        .header(header::COOKIE, ada)
        .body(body)
        .unwrap();
    let answer = handle(&setting.client, verify).await;
    assert_eq!((answer.status(), json_of(&answer)), (StatusCode::OK, json!({ "success": true })));
    assert_eq!(setting.script.requests().len(), 4, "it was kept");
    let cookie = &set_cookies(answer.headers())[0];
    let mut state = setting.client.open_session(&cookies(&format!("{}={}", cookie.name, cookie.value)));
    assert_eq!(access_token(&setting.client, &mut state, &wanted()).await, "at-mfa");
}

#[tokio::test]
async fn a_stream_ends_with_what_ended_it() {
    for (answer, last) in [
        (refusal("access_denied", "MFA Authorization rejected."), event("denied", json!({}))),
        (refusal("expired_token", "oob_code is expired"), event("expired", json!({}))),
        (
            refusal("invalid_grant", "Malformed oob_code"),
            event("error", json!({ "error": "invalid_grant", "error_description": "Malformed oob_code" })),
        ),
    ] {
        let setting = setting();
        let (_, token) = pending(&setting).await;
        setting.script.answer(answer);
        assert_eq!(events(ask(&setting.client, &token, STREAM, &cookie_of("auth0|ada")).await).await, [last]);
    }
    let setting = setting();
    let (_, token) = pending(&setting).await;
    let told = events(ask(&setting.client, &token, STREAM, &cookie_of("auth0|bob")).await).await;
    assert_eq!((told.len(), &*told[0].0, &told[0].1["error"]), (1, "error", &json!("mfa_token_not_found")));
    assert_eq!(setting.script.requests().len(), 1, "of another user: nobody was asked");
}

#[tokio::test]
async fn a_further_factor_is_told_by_verify() {
    let setting = setting();
    let (mut state, token) = pending(&setting).await;
    setting.script.answer(due_with("raw-2"));
    let told = events(ask(&setting.client, &token, STREAM, &cookie_of("auth0|ada")).await).await;
    assert_eq!(told, [event("approved", json!({}))]);
    let further = setting.client.mfa().verify(&mut state, &token, push()).await;
    assert!(matches!(further, Err(VerifyError::MfaRequired(_))), "{further:?}");
}

#[tokio::test]
async fn a_long_poll_answers_as_verify_does_or_when_its_time_is_up() {
    let setting = setting();
    let (_, token) = pending(&setting).await;
    let ada = cookie_of("auth0|ada");
    (0..5).for_each(|_| setting.script.answer(not_yet()));
    let answer = whole(ask(&setting.client, &token, "application/json", &ada).await).await;
    let pending = "Authorization pending: please repeat the request in a few seconds.";
    assert_eq!(
        (answer.status(), json_of(&answer)),
        (StatusCode::BAD_REQUEST, json!({ "error": "authorization_pending", "error_description": pending }))
    );
    assert_eq!(setting.clock.waits(), [5, 5, 5, 5, 5]);

    // A tenant that is asked too often is asked less often by the next one too.
    (0..2).for_each(|_| setting.script.answer(refusal("slow_down", "later")));
    let answer = whole(ask(&setting.client, &token, "*/*", &ada).await).await;
    assert_eq!(json_of(&answer)["error"], "authorization_pending");
    assert_eq!(answer.headers()[header::RETRY_AFTER], "15");
    assert_eq!(setting.clock.waits()[5..], [1, 10, 14]);

    setting.script.answer(not_yet());
    setting.script.answer(granted(&json!({ "recovery_code": "NEW" })));
    let answer = whole(ask(&setting.client, &token, "*/*", &ada).await).await;
    assert_eq!(json_of(&answer), json!({ "success": true, "recovery_code": "NEW" }));
    assert_eq!(set_cookies(answer.headers()).len(), 1);

    for (body, text) in [
        (r#"{"oob_code":"o"}"#, "Missing or invalid mfa_token"),
        (r#"{"mfa_token":"t"}"#, "Missing or invalid oob_code"),
        ("[", "Invalid JSON in request body"),
    ] {
        let request = Request::post("/auth/mfa/push")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Bytes::from_static(body.as_bytes()))
            .unwrap();
        let answer = handle(&setting.client, request).await;
        assert_eq!((answer.status().as_u16(), &json_of(&answer)["error_description"]), (400, &json!(text)));
    }
}

#[tokio::test]
async fn other_sites_and_forms_cannot_ask() {
    let setting = setting();
    for (name, value) in [
        ("origin", "https://evil.example.com"),
        ("sec-fetch-site", "cross-site"),
        ("content-type", "application/x-www-form-urlencoded"),
    ] {
        let mut request = Request::post("/auth/mfa/push").body(Bytes::from_static(b"{}")).unwrap();
        request.headers_mut().insert("content-type", "application/json".parse().unwrap());
        request.headers_mut().insert(name, value.parse().unwrap());
        assert_eq!(handle(&setting.client, request).await.status(), StatusCode::FORBIDDEN, "{name}");
    }
}

#[tokio::test]
async fn the_path_is_configurable_below_the_base_path() {
    let (script, clock) = (Script::new(), Hands::at(NOW));
    let routes = Routes { mfa_push: "/push".to_owned(), ..Routes::default() };
    let client = builder(&script, &clock).secret(SECRET).base_path("/shop").routes(routes).build().unwrap();
    assert_eq!(client.route(&Method::POST, "/shop/push"), Some(Route::MfaPush));
    assert_eq!(client.route(&Method::GET, "/shop/push"), None);
    assert_eq!(client.route(&Method::POST, "/shop/auth/mfa/push"), None);
}

/// A house whose clock stands, so that pauses end when the test says so.
async fn house() -> House {
    House::whose_clock_stands().await
}

/// Returns once the client has begun to wait for the `count`th time.
async fn asked(house: &House, count: usize) {
    while house.waits() < count {
        tokio::task::yield_now().await;
    }
}

/// Ada's phone is enrolled; the step-up of this session is complete.
async fn enrol(house: &House, state: &mut SessionState) {
    let token = house.due(state).await.mfa_token.unwrap();
    let mfa = house.client.mfa();
    let begun = mfa.enroll(&token, &Enroll::push()).await.unwrap();
    let before = house.waits();
    let phone = async {
        asked(house, before + 1).await;
        house.tenant.scan(&begun.barcode_uri.unwrap()).await.unwrap();
        house.tenant.clock().advance(Duration::from_secs(5));
    };
    let push = Verify::oob(begun.oob_code.unwrap());
    let (outcome, ()) = tokio::join!(mfa.wait_for_push(state, &token, push, PushWait::default()), phone);
    assert!(matches!(outcome.unwrap(), PushOutcome::Approved(_)));
}

/// A push to Ada's phone.
async fn sent(house: &House, state: &mut SessionState) -> (MfaToken, String) {
    let token = house.due(state).await.mfa_token.unwrap();
    let mfa = house.client.mfa();
    let listed = mfa.authenticators(&token).await.unwrap();
    let phone = listed.iter().find(|one| one.factor() == Some(FactorType::PushNotification)).unwrap();
    let sent = mfa.challenge(&token, &Challenge::oob().authenticator(&phone.id)).await.unwrap();
    (token, sent.oob_code.unwrap())
}

/// The phone answers once the push was asked about, and the next question is due.
async fn answered(house: &House, before: usize, decision: Decision) {
    asked(house, before + 1).await;
    let request = house.tenant.push_requests().await.unwrap().remove(0);
    house.tenant.answer_push(&request.id, decision).await.unwrap();
    house.tenant.clock().advance(Duration::from_secs(5));
}

#[tokio::test]
async fn a_phone_enrols_approves_and_denies() {
    let house = house().await;
    let mut state = house.log_in().await;
    enrol(&house, &mut state).await;
    house.token(&mut state, &transfer()).await;

    for decision in [Decision::Deny, Decision::Approve] {
        let mut state = house.log_in().await;
        let (token, oob_code) = sent(&house, &mut state).await;
        let (mfa, before) = (house.client.mfa(), house.waits());
        let push = Verify::oob(oob_code);
        let waiting = mfa.wait_for_push(&mut state, &token, push, PushWait::default());
        let (outcome, ()) = tokio::join!(waiting, answered(&house, before, decision));
        match decision {
            Decision::Deny => assert!(matches!(outcome.unwrap(), PushOutcome::Denied)),
            Decision::Approve => {
                assert!(matches!(outcome.unwrap(), PushOutcome::Approved(_)));
                house.token(&mut state, &transfer()).await;
            }
        }
    }
}

#[tokio::test]
async fn a_browser_waits_for_a_phone_both_ways() {
    let house = house().await;
    enrol(&house, &mut house.log_in().await).await;
    for accept in ["application/json", "text/event-stream"] {
        let line = house.log_in_with_cookies().await;
        let (token, oob_code) = sent(&house, &mut house.open_session(&line)).await;
        let before = house.waits();
        let waiting = async {
            let response = ask_about(&house.client, &token, &oob_code, accept, &line).await;
            if accept == "text/event-stream" {
                let told = events(response).await;
                assert_eq!(told.iter().map(|(name, _)| &**name).collect::<Vec<_>>(), ["pending", "approved"]);
                let mut state = house.open_session(&line);
                house.client.mfa().verify(&mut state, &token, Verify::oob(&oob_code)).await.unwrap();
                state
            } else {
                let mut jar = Jar::default();
                let answer = whole(response).await;
                assert_eq!(json_of(&answer), json!({ "success": true }));
                jar.take(answer.headers());
                house.open_session(&jar.line())
            }
        };
        let (mut state, ()) = tokio::join!(waiting, answered(&house, before, Decision::Approve));
        house.token(&mut state, &transfer()).await;
    }
}

/// A setting whose pauses end when the test says so.
fn at_standing_time() -> (Setting, VirtualClock) {
    let (script, clock) = (Script::new(), Hands::at(NOW));
    let time = VirtualClock::frozen(UnixTime::from_seconds(NOW));
    let client = builder(&script, &clock).secret(SECRET).clock(TenantTime::of(&time)).build().unwrap();
    (Setting { script, clock, client }, time)
}

/// Lets everybody go on as far as it goes at this time.
async fn settled() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn all_who_wait_for_a_push_ask_as_one_and_hear_its_end_at_once() {
    let (setting, time) = at_standing_time();
    let (_, token) = pending(&setting).await;
    let asked_before = setting.script.requests().len();
    for answer in [not_yet(), refusal("slow_down", "later"), granted(&json!({ "recovery_code": "NEW" }))] {
        setting.script.answer(answer);
    }

    let ada = cookie_of("auth0|ada");
    let ask = |accept| ask(&setting.client, &token, accept, &ada);
    let stream = async { events(ask(STREAM).await).await };
    let polls = futures_util::future::join_all((0..10).map(|_| async { whole(ask("*/*").await).await }));
    let hours = async {
        for (seconds, asked) in [(0, 1), (4, 1), (1, 2), (5, 2), (5, 3)] {
            time.advance(Duration::from_secs(seconds));
            settled().await;
            assert_eq!(setting.script.requests().len(), asked_before + asked, "one an interval");
        }
    };
    let (told, polled, ()) = tokio::join!(stream, polls, hours);
    let expected = [
        event("pending", json!({ "interval": 5 })),
        event("slow_down", json!({ "interval": 10 })),
        event("approved", json!({})),
    ];
    assert_eq!(told, expected);
    for answer in polled {
        assert_eq!(json_of(&answer), json!({ "success": true, "recovery_code": "NEW" }));
    }
    assert_eq!(time.now(), UnixTime::from_seconds(NOW + 15), "nobody was kept longer");
}

/// Two tabs may have sent one each, or one tab another.
#[tokio::test]
async fn each_push_of_a_step_up_has_its_own_pace() {
    let (setting, time) = at_standing_time();
    let (_, token) = pending(&setting).await;
    let asked_before = setting.script.requests().len();
    (0..4).for_each(|_| setting.script.answer(not_yet()));
    setting.script.answer(granted(&json!({})));

    let ada = cookie_of("auth0|ada");
    let wait = |code: &'static str| {
        let (client, token, ada) = (&setting.client, &token, &ada);
        async move { events(ask_about(client, token, code, STREAM, ada).await).await }
    };
    let hours = async {
        for (seconds, asked) in [(0, 2), (4, 2), (1, 4), (4, 4), (1, 5)] {
            time.advance(Duration::from_secs(seconds));
            settled().await;
            assert_eq!(setting.script.requests().len(), asked_before + asked, "one an interval each");
        }
    };
    let (one, two, ()) = tokio::join!(wait("oob-1"), wait("oob-2"), hours);
    assert_eq!(one.last().unwrap(), &event("approved", json!({})));
    assert_eq!(two.last().unwrap().0, "error", "{two:?}");
}

#[tokio::test]
async fn who_comes_to_a_push_that_others_wait_for_keeps_its_pace() {
    let setting = setting();
    let (mut state, token) = pending(&setting).await;
    let mfa = setting.client.mfa();
    let once = PushWait::default().timeout(Duration::from_secs(1));
    setting.script.answer(refusal("slow_down", "later"));
    assert!(matches!(mfa.wait_for_push(&mut state, &token, push(), once).await, Ok(PushOutcome::TimedOut)));
    assert!(matches!(mfa.wait_for_push(&mut state, &token, push(), once).await, Ok(PushOutcome::TimedOut)));
    setting.script.answer(granted(&json!({})));
    let outcome = mfa.wait_for_push(&mut state, &token, push(), PushWait::default()).await;
    assert!(matches!(outcome, Ok(PushOutcome::Approved(_))), "{outcome:?}");
    assert_eq!(
        setting.clock.waits(),
        [1, 1, 9],
        "ten seconds between two questions, and one as times are whole seconds"
    );
}
