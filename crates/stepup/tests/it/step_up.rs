//! Verify against a scripted tenant: what is kept, what is refused before anything is spent, and what happens when the
//! tenant fails in the middle.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use stepup::{
    AccessTokenError, AccessTokenRequest, Client, Format, Session, SessionState, TokenSet, WireError as _,
    guard::Guard,
    mfa::{Challenge, Enroll, MfaRequired, MfaToken, MfaTokenError, Verify, VerifyError},
};
use stepup_protocol::time::UnixTime;
use stepup_seal::{Purpose, Sealer, Secrets};

use crate::support::{
    Answer, Counting, Hands, ISSUER, NOW, SECRET, Script, builder, cookies, handle, json_of,
};

const API: &str = "https://bank.example.com";

pub(crate) struct Setting {
    pub(crate) script: Script,
    pub(crate) clock: Hands,
    pub(crate) client: Client,
}

pub(crate) fn setting() -> Setting {
    let (script, clock) = (Script::new(), Hands::at(NOW));
    let client =
        builder(&script, &clock).secret(SECRET).http_timeout(Duration::from_millis(50)).build().unwrap();
    Setting { script, clock, client }
}

/// The cookie of a session of `subject`.
pub(crate) fn cookie_of(subject: &str) -> String {
    cookie_since(subject, NOW - 100)
}

pub(crate) fn cookie_since(subject: &str, created_at: i64) -> String {
    cookie_with("rt-1", subject, created_at)
}

pub(crate) fn cookie_with(refresh_token: &str, subject: &str, created_at: i64) -> String {
    let payload = json!({
        "user": { "sub": subject, "name": "Ada" },
        "tokenSet": { "accessToken": "at-1", "refreshToken": refresh_token, "idToken": "it-1", "expiresAt": NOW - 10,
                      "scope": "openid profile email offline_access",
                      "requestedScope": "openid profile email offline_access" },
        "internal": { "sid": "s1", "createdAt": created_at },
    });
    let sealer = Sealer::new(&Secrets::new([SECRET.into()]).unwrap(), Format::Stepup);
    let end = UnixTime::from_seconds(NOW + 86_400);
    let value = sealer.seal(Purpose::Session, "", &payload, end, &Counting::default());
    format!("__session={value}")
}

pub(crate) fn session_of(client: &Client, subject: &str) -> SessionState {
    client.open_session(&cookies(&cookie_of(subject)))
}

pub(crate) fn ada(client: &Client) -> SessionState {
    session_of(client, "auth0|ada")
}

pub(crate) fn due() -> Answer {
    due_with("raw-1")
}

pub(crate) fn due_with(raw: &str) -> Answer {
    Answer::Json(
        403,
        json!({ "error": "mfa_required", "error_description": "Multifactor authentication required",
                "mfa_token": raw, "mfa_requirements": { "challenge": [{ "type": "otp" }] } }),
    )
}

pub(crate) fn granted(more: &Value) -> Answer {
    let mut body = json!({ "access_token": "at-mfa", "token_type": "Bearer", "expires_in": 3600 });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Answer::Json(200, body)
}

pub(crate) fn id_token(script: &Script, subject: &str) -> String {
    script.sign(&json!({ "iss": ISSUER, "aud": "client-1", "sub": subject, "iat": NOW, "exp": NOW + 3600,
                         "amr": ["mfa"], "sid": "s2" }))
}

pub(crate) fn transfer() -> AccessTokenRequest {
    AccessTokenRequest::new().audience(API).scope("transfer:funds")
}

pub(crate) async fn required(
    client: &Client,
    state: &mut SessionState,
    wanted: &AccessTokenRequest,
) -> MfaRequired {
    match client.access_token(state.session_mut().unwrap(), wanted).await {
        Err(AccessTokenError::MfaRequired(required)) => required,
        other => panic!("{other:?} where a second factor was due"),
    }
}

/// A step-up under way: Ada's session and the token of her transfer.
pub(crate) async fn pending(setting: &Setting) -> (SessionState, MfaToken) {
    setting.script.answer(due());
    let mut state = ada(&setting.client);
    let token = required(&setting.client, &mut state, &transfer()).await.mfa_token.unwrap();
    (state, token)
}

pub(crate) async fn access_token(
    client: &Client,
    state: &mut SessionState,
    wanted: &AccessTokenRequest,
) -> String {
    client.access_token(state.session_mut().unwrap(), wanted).await.unwrap().token().to_owned()
}

/// What a session holds, whole.
pub(crate) fn told(state: &SessionState) -> String {
    let session = state.session().unwrap();
    let sets: Vec<_> = session.token_sets().map(TokenSet::access_token).collect();
    format!("{sets:?} {:?} {:?}", session.id_token(), session.user())
}

#[tokio::test]
async fn a_verified_token_is_found_and_everything_that_came_is_kept() {
    let setting = setting();
    let Setting { script, client, .. } = &setting;
    let (mut state, token) = pending(&setting).await;
    assert!(!format!("{token:?} {}", token.as_str()).contains("raw-1"));
    script.answer(granted(&json!({ "refresh_token": "rt-2", "id_token": id_token(script, "auth0|ada"),
                                   "recovery_code": "NEW" })));

    let verified = client.mfa().verify(&mut state, &token, Verify::recovery_code("OLD")).await.unwrap();
    assert_eq!(verified.recovery_code.as_deref(), Some("NEW"));
    let sent = script.requests()[1].form();
    for (name, value) in [
        ("grant_type", "http://auth0.com/oauth/grant-type/mfa-recovery-code"),
        ("mfa_token", "raw-1"),
        ("recovery_code", "OLD"),
        ("audience", API),
        ("scope", "openid profile email offline_access transfer:funds"),
        ("client_id", "client-1"),
        ("client_secret", "client-secret-1"),
    ] {
        assert_eq!(sent[name], value, "{name}");
    }

    assert_eq!(access_token(client, &mut state, &transfer()).await, "at-mfa");
    assert_eq!(script.requests().len(), 2, "it was at hand");
    assert_eq!(client.write_session(&state).unwrap().len(), 1);
    assert_eq!(state.session().unwrap().amr().collect::<Vec<_>>(), ["mfa"]);
    script.answer(granted(&json!({ "access_token": "at-3" })));
    assert_eq!(access_token(client, &mut state, &transfer().refresh(true)).await, "at-3");
    assert_eq!(script.requests()[2].form()["refresh_token"], "rt-2", "the rotated refresh token");
}

#[tokio::test]
async fn a_guarded_request_that_waits_behind_the_verify_passes() {
    let setting = setting();
    let Setting { script, client, .. } = &setting;
    let guard = Guard::new().audience(API).scope("transfer:funds");
    let (mut state, token) = pending(&setting).await;
    let mut beside = ada(client);
    script.answer(granted(&json!({})));
    let closed = script.gate().write().await;
    let mfa = client.mfa();
    let verify = mfa.verify(&mut state, &token, Verify::otp("1"));
    let guarded = async {
        while script.requests().len() < 2 {
            tokio::task::yield_now().await;
        }
        client.guard(&mut beside, &guard, &Method::POST, "/transfer").await
    };
    let open = async {
        // Until both wait.
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        drop(closed);
    };
    let (verified, passed, ()) = tokio::join!(verify, guarded, open);
    verified.unwrap();
    assert_eq!(passed.unwrap().access_token.unwrap().token(), "at-mfa");
    assert_eq!(script.requests().len(), 2);
}

#[tokio::test]
async fn a_new_recovery_code_is_told_though_the_session_is_too_large() {
    let setting = setting();
    let (_, token) = pending(&setting).await;
    let too_large = |session: &mut Session| session.set_data("all", json!("a".repeat(9000)));
    for (proof, more, recovery_code) in [
        (r#"{"recovery_code":"OLD"}"#, json!({ "recovery_code": "NEW" }), Some("NEW")),
        (r#"{"otp":"1"}"#, json!({}), None),
    ] {
        let clock = Hands::at(NOW);
        let client = builder(&setting.script, &clock).secret(SECRET).before_session_saved(too_large);
        let client = client.build().unwrap();
        setting.script.answer(granted(&more));
        let verify = Request::post("/auth/mfa/verify")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {}", token.as_str()))
            .header(header::COOKIE, cookie_of("auth0|ada"))
            .body(Bytes::from(proof))
            .unwrap();
        let answer = handle(&client, verify).await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let told = json_of(&answer);
        assert_eq!(told["error"], "session_too_large");
        assert_eq!(told.get("recovery_code").and_then(Value::as_str), recovery_code);
    }
}

#[tokio::test]
async fn a_proof_of_a_clock_that_was_ahead_costs_one_more() {
    let setting = setting();
    let Setting { script, clock, client } = &setting;
    let guard = Guard::new().within(Duration::from_secs(300));
    clock.set(NOW + 3600);
    let (mut state, token) = pending(&setting).await;
    script.answer(granted(&json!({})));
    client.mfa().verify(&mut state, &token, Verify::otp("1")).await.unwrap();
    assert!(client.guard(&mut state, &guard, &Method::POST, "/transfer").await.is_ok());

    clock.set(NOW);
    assert!(client.guard(&mut state, &guard, &Method::POST, "/transfer").await.is_err(), "of a time to come");
    script.answer(due_with("raw-2"));
    let again = required(client, &mut state, &transfer().refresh(true)).await.mfa_token.unwrap();
    script.answer(granted(&json!({})));
    client.mfa().verify(&mut state, &again, Verify::otp("2")).await.unwrap();
    assert!(client.guard(&mut state, &guard, &Method::POST, "/transfer").await.is_ok());
}

#[tokio::test]
async fn the_default_audience_asks_once() {
    let Setting { script, client, .. } = setting();
    let mut state = ada(&client);
    script.answer(due());
    let wanted = AccessTokenRequest::new();
    let token = required(&client, &mut state, &wanted).await.mfa_token.unwrap();
    script.answer(granted(&json!({})));
    client.mfa().verify(&mut state, &token, Verify::otp("123456")).await.unwrap();
    assert!(!script.requests()[1].form().contains_key("audience"));
    assert_eq!(access_token(&client, &mut state, &wanted).await, "at-mfa");
    assert_eq!(script.requests().len(), 2);
}

#[tokio::test]
async fn a_further_factor_goes_on_with_a_new_token_and_the_configured_time() {
    let (script, clock) = (Script::new(), Hands::at(NOW));
    let client =
        builder(&script, &clock).secret(SECRET).mfa_context_ttl(Duration::from_secs(60)).build().unwrap();
    let setting = Setting { script, clock, client };
    let (mut state, token) = pending(&setting).await;
    let before = told(&state);
    setting.script.answer(due_with("raw-2"));
    let error = setting.client.mfa().verify(&mut state, &token, Verify::otp("1")).await.unwrap_err();
    let VerifyError::MfaRequired(next) = error else { panic!("{error:?}") };
    assert_eq!(told(&state), before);

    setting.clock.advance(Duration::from_secs(59));
    setting.script.answer(granted(&json!({})));
    let next = next.mfa_token.unwrap();
    setting.client.mfa().verify(&mut state, &next, Verify::otp("2")).await.unwrap();
    assert_eq!(setting.script.requests()[2].form()["mfa_token"], "raw-2");
    setting.clock.advance(Duration::from_secs(1));
    let late = setting.client.mfa().verify(&mut state, &next, Verify::otp("2")).await.unwrap_err();
    assert!(matches!(late, VerifyError::Token(MfaTokenError::Expired)), "{late:?}");
}

#[tokio::test]
async fn refusals_are_told_apart_and_the_session_stays() {
    let refusals = [
        (403, "invalid_grant", "Invalid otp_code.", "WrongCode", 403),
        (403, "invalid_grant", "MFA Authorization rejected.", "WrongCode", 403),
        (400, "invalid_grant", "Invalid binding_code.", "WrongCode", 403),
        (403, "invalid_grant", "Unknown or invalid refresh token.", "Over", 401),
        (403, "invalid_grant", "Malformed oob_code", "Over", 401),
        (401, "expired_token", "mfa_token is expired", "Expired", 401),
        (429, "too_many_attempts", "later", "LockedOut", 429),
        (
            400,
            "invalid_request",
            "Too many failed codes. Wait for some minutes before retrying.",
            "LockedOut",
            429,
        ),
        (
            429,
            "invalid_request",
            "Too many failed codes. Wait for some minutes before retrying.",
            "LockedOut",
            429,
        ),
        (429, "too_many_requests", "Global limit has been reached", "Busy", 429),
        (429, "invalid_request", "Too much", "Busy", 429),
        (403, "too_many_requests", "Global limit has been reached", "Busy", 429),
        (429, "slow_down", "later", "Pending", 429),
        (400, "authorization_pending", "later", "Pending", 400),
        (401, "invalid_client", "who?", "Refused", 400),
        (302, "server_error", "elsewhere", "Refused", 502),
    ];
    for (status, error, description, variant, answered) in refusals {
        let setting = setting();
        let (mut state, token) = pending(&setting).await;
        let before = told(&state);
        setting
            .script
            .answer(Answer::Json(status, json!({ "error": error, "error_description": description })));
        let refused = setting.client.mfa().verify(&mut state, &token, Verify::otp("1")).await.unwrap_err();
        assert!(format!("{refused:?}").starts_with(variant), "{refused:?}");
        assert_eq!(refused.status(), answered, "{description}");
        assert_eq!(refused.to_json(), json!({ "error": error, "error_description": description }));
        assert_eq!(told(&state), before, "{description}");
        // The same token serves again.
        setting.script.answer(granted(&json!({})));
        setting.client.mfa().verify(&mut state, &token, Verify::otp("2")).await.unwrap();
    }
}

#[tokio::test]
async fn what_was_sent_too_often_is_told_apart_from_too_many_requests() {
    let often = "Too many SMS sent by the user. Wait for some minutes before retrying.";
    for (status, error, description, variant) in [
        (429, "too_many_attempts", often, "SentTooOften"),
        (429, "invalid_request", often, "SentTooOften"),
        (400, "invalid_request", often, "SentTooOften"),
        (429, "too_many_requests", "Global limit has been reached", "Refused"),
        (400, "invalid_request", "The phone number is invalid.", "Refused"),
    ] {
        let setting = setting();
        let (_, token) = pending(&setting).await;
        let body = json!({ "error": error, "error_description": description });
        let answered = if variant == "Refused" && status == 400 { 400 } else { 429 };
        setting.script.answer(Answer::Json(status, body.clone()));
        let refused = setting.client.mfa().enroll(&token, &Enroll::sms("+12025550123")).await.unwrap_err();
        assert!(format!("{refused:?}").starts_with(variant), "{refused:?}");
        assert_eq!((refused.status().as_u16(), refused.to_json()), (answered, body.clone()));
        setting.script.answer(Answer::Json(status, body));
        let refused = setting.client.mfa().challenge(&token, &Challenge::otp()).await.unwrap_err();
        assert!(format!("{refused:?}").starts_with(variant), "{refused:?}");
    }
}

#[tokio::test]
async fn a_tenant_that_fails_in_the_middle_leaves_the_session_as_it_was() {
    for (answer, status, code) in [
        (Answer::Unreachable, 502, "server_error"),
        (Answer::Never, 502, "server_error"),
        (Answer::Text(200, "<h1>ok</h1>".to_owned()), 502, "server_error"),
        (Answer::Json(200, json!({ "access_token": "" , "token_type": "Bearer" })), 502, "server_error"),
        (Answer::Text(503, "<h1>down</h1>".to_owned()), 502, "server_error"),
        (Answer::Text(413, "too large".to_owned()), 400, "unknown_error"),
        (granted(&json!({ "id_token": "a.b.c" })), 502, "server_error"),
    ] {
        let setting = setting();
        let (mut state, token) = pending(&setting).await;
        let before = told(&state);
        setting.script.answer(answer);
        let failed = setting.client.mfa().verify(&mut state, &token, Verify::otp("1")).await.unwrap_err();
        assert_eq!((failed.status().as_u16(), &*failed.code()), (status, code), "{failed:?}");
        assert!(std::error::Error::source(&failed).is_some(), "{failed:?}");
        assert_eq!(told(&state), before);
    }
}

#[tokio::test]
async fn nothing_is_spent_where_nothing_could_be_kept() {
    let setting = setting();
    let (mut state, token) = pending(&setting).await;
    let requests = setting.script.requests().len();

    // Somebody else's session, and a session of nobody.
    let mut bob = session_of(&setting.client, "auth0|bob");
    let foreign = setting.client.mfa().verify(&mut bob, &token, Verify::otp("1")).await.unwrap_err();
    assert!(matches!(foreign, VerifyError::Token(MfaTokenError::NotFound)), "{foreign:?}");
    assert_eq!((foreign.status(), &*foreign.code()), (StatusCode::NOT_FOUND, "mfa_token_not_found"));
    setting.script.answer(due());
    let bare = AccessTokenRequest::new().audience(API).scope("transfer:funds").merge_scopes(false);
    let bare = required(&setting.client, &mut state, &bare).await.mfa_token.unwrap();
    let nobody = setting.client.mfa().verify(&mut SessionState::default(), &bare, Verify::otp("1")).await;
    assert!(matches!(nobody, Err(VerifyError::MissingSession)), "{nobody:?}");

    // A tampered one, and one that is too old.
    let tampered = MfaToken::from(token.as_str().replacen('.', "..", 1));
    let invalid = setting.client.mfa().verify(&mut state, &tampered, Verify::otp("1")).await.unwrap_err();
    assert!(matches!(invalid, VerifyError::Token(MfaTokenError::Invalid)), "{invalid:?}");
    setting.clock.advance(Duration::from_secs(600));
    let late = setting.client.mfa().verify(&mut state, &token, Verify::otp("1")).await.unwrap_err();
    assert!(matches!(late, VerifyError::Token(MfaTokenError::Expired)), "{late:?}");
    assert_eq!(setting.script.requests().len(), requests + 1, "only the refresh for the second token");
}

#[tokio::test]
async fn an_answer_for_another_user_is_not_mixed_in() {
    let setting = setting();
    let (mut state, token) = pending(&setting).await;
    let before = told(&state);
    let stranger = id_token(&setting.script, "auth0|bob");
    setting.script.answer(granted(&json!({ "id_token": stranger })));
    let error = setting.client.mfa().verify(&mut state, &token, Verify::otp("1")).await.unwrap_err();
    assert!(matches!(error, VerifyError::OtherUser), "{error:?}");
    assert_eq!(told(&state), before);
}

#[tokio::test]
async fn a_session_begins_where_there_is_none_and_an_id_token_says_whose() {
    let setting = setting();
    let (_, token) = pending(&setting).await;
    let mut none = SessionState::default();
    let own = id_token(&setting.script, "auth0|ada");
    setting.script.answer(granted(&json!({ "id_token": own, "refresh_token": "rt-9" })));
    setting.client.mfa().verify(&mut none, &token, Verify::otp("1")).await.unwrap();
    let session = none.session().unwrap();
    assert_eq!(session.subject(), "auth0|ada");
    assert!(session.has_refresh_token());
    assert_eq!(session.token_sets().map(|set| set.audience()).collect::<Vec<_>>(), [Some(API)]);
}

#[tokio::test]
async fn a_session_that_the_identity_provider_has_ended_does_not_begin() {
    let setting = setting();
    let (_, token) = pending(&setting).await;
    let claims = json!({ "iss": ISSUER, "aud": "client-1", "sub": "auth0|ada", "iat": NOW, "exp": NOW + 3600,
                         "session_expiry": NOW + 20 });
    let id_token = setting.script.sign(&claims);
    setting.script.answer(granted(&json!({ "id_token": id_token })));
    let mut none = SessionState::default();
    let over = setting.client.mfa().verify(&mut none, &token, Verify::otp("1")).await.unwrap_err();
    assert_eq!((over.status(), &*over.code()), (StatusCode::UNAUTHORIZED, "session_expired"), "{over:?}");
    assert!(none.session().is_none());
}

#[tokio::test]
async fn a_token_that_the_tenant_did_not_give_needs_a_login() {
    let Setting { script, client, .. } = setting();
    let mut state = ada(&client);
    script.answer(Answer::Json(403, json!({ "error": "mfa_required", "error_description": "due" })));
    let required = required(&client, &mut state, &transfer()).await;
    assert!(required.needs_login());
    let body = json!({ "error": "mfa_required", "error_description": "due", "mfa_token": "", "login_required": true });
    assert_eq!(required.to_json(), body);
}

#[tokio::test]
async fn verifies_at_once_end_in_one_consistent_session() {
    let setting = setting();
    let (_, token) = pending(&setting).await;
    setting.script.answer(granted(&json!({ "refresh_token": "rt-2" })));
    for _ in 0..7 {
        setting.script.answer(Answer::Json(
            403,
            json!({ "error": "invalid_grant", "error_description": "Malformed mfa_token" }),
        ));
    }
    let all = (0..8).map(|_| {
        let (client, token, mut state) = (setting.client.clone(), token.clone(), ada(&setting.client));
        tokio::spawn(async move {
            let verified = client.mfa().verify(&mut state, &token, Verify::otp("1")).await;
            (verified.is_ok(), state)
        })
    });
    let done: Vec<_> = futures_util::future::join_all(all).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(done.iter().filter(|(verified, _)| *verified).count(), 1);
    let asked = setting.script.requests().len();
    for (verified, mut state) in done {
        assert_eq!(
            !setting.client.write_session(&state).unwrap().is_empty(),
            verified,
            "only the winner writes"
        );
        // Whoever comes with the old refresh token finds what the winner got.
        assert_eq!(access_token(&setting.client, &mut state, &transfer()).await, "at-mfa");
    }
    assert_eq!(setting.script.requests().len(), asked);
}

#[tokio::test]
async fn a_caller_that_goes_away_loses_nothing() {
    let setting = setting();
    let (state, token) = pending(&setting).await;
    setting.script.answer(granted(&json!({ "refresh_token": "rt-2" })));
    let gate = Arc::new(setting.script.clone());
    let closed = gate.gate().write().await;
    let (client, mut gone) = (setting.client.clone(), state);
    let caller = tokio::spawn(async move { client.mfa().verify(&mut gone, &token, Verify::otp("1")).await });
    while setting.script.requests().len() < 2 {
        tokio::task::yield_now().await;
    }
    caller.abort();
    drop(closed);
    assert!(caller.await.unwrap_err().is_cancelled());

    let mut old = ada(&setting.client);
    assert_eq!(access_token(&setting.client, &mut old, &transfer()).await, "at-mfa");
    setting.script.answer(granted(&json!({ "access_token": "at-3" })));
    assert_eq!(access_token(&setting.client, &mut old, &transfer().refresh(true)).await, "at-3");
    assert_eq!(setting.script.requests()[2].form()["refresh_token"], "rt-2");
}

#[tokio::test]
async fn a_challenge_that_cannot_help_is_refused_without_asking() {
    let setting = setting();
    let (_, token) = pending(&setting).await;
    let refused = setting.client.mfa().challenge(&token, &Challenge::oob()).await.unwrap_err();
    assert_eq!((refused.status().as_u16(), &*refused.code()), (400, "mfa_no_available_factors"));
    assert_eq!(setting.script.requests().len(), 1);
    let factors = setting.client.mfa().enrollment_factors(&token).unwrap();
    assert!(factors.is_empty(), "a challenge was asked for");
}

#[tokio::test]
async fn the_hook_sees_a_session_whose_user_came_anew() {
    let (script, clock) = (Script::new(), Hands::at(NOW));
    let client = builder(&script, &clock)
        .secret(SECRET)
        .before_session_saved(|session: &mut Session| session.set_data("seen", json!(true)))
        .build()
        .unwrap();
    let setting = Setting { script, clock, client };
    let (mut state, token) = pending(&setting).await;
    let own = id_token(&setting.script, "auth0|ada");
    setting.script.answer(granted(&json!({ "id_token": own })));
    setting.client.mfa().verify(&mut state, &token, Verify::otp("1")).await.unwrap();
    assert_eq!(state.session().unwrap().data("seen"), Some(&json!(true)));
}

#[tokio::test]
async fn the_calls_of_a_session_take_its_own_tokens_only() {
    let setting = setting();
    let (state, token) = pending(&setting).await;
    let bob = session_of(&setting.client, "auth0|bob");
    let foreign = setting.client.mfa().of(bob.session()).authenticators(&token).await.unwrap_err();
    assert_eq!((foreign.status(), &*foreign.code()), (StatusCode::NOT_FOUND, "mfa_token_not_found"));
    setting.script.answer(Answer::Json(200, json!([])));
    assert_eq!(setting.client.mfa().of(state.session()).authenticators(&token).await.unwrap(), []);
}

#[tokio::test]
async fn an_authenticator_is_deleted_by_its_id_as_it_is() {
    let setting = setting();
    let (_, token) = pending(&setting).await;
    setting.script.answer(Answer::Text(204, String::new()));
    setting.client.mfa().delete_authenticator(&token, "totp|dev_1/../x?").await.unwrap();
    let sent = &setting.script.requests()[1];
    assert_eq!(
        (&*sent.method, &*sent.url),
        ("DELETE", &*format!("{ISSUER}mfa/authenticators/totp%7Cdev_1%2F..%2Fx%3F"))
    );
    assert_eq!(sent.headers["authorization"], "Bearer raw-1");

    setting.script.answer(Answer::Text(204, String::new()));
    let request = Request::delete("/auth/mfa/authenticators/totp%7Cdev_1")
        .header("authorization", format!("Bearer {}", token.as_str()))
        .body(Bytes::new())
        .unwrap();
    let answer = handle(&setting.client, request).await;
    assert_eq!((answer.status(), answer.body().len()), (StatusCode::NO_CONTENT, 0));
    let no_text = Request::delete("/auth/mfa/authenticators/%ff").body(Bytes::new()).unwrap();
    let answer = handle(&setting.client, no_text).await;
    let missing = json!({ "error": "invalid_request", "error_description": "Missing or invalid id" });
    assert_eq!((answer.status(), json_of(&answer)), (StatusCode::BAD_REQUEST, missing));

    setting
        .script
        .answer(Answer::Json(404, json!({ "error": "invalid_authenticator", "error_description": "none" })));
    let unknown = setting.client.mfa().delete_authenticator(&token, "totp|dev_2").await.unwrap_err();
    assert_eq!((unknown.status(), &*unknown.code()), (StatusCode::NOT_FOUND, "invalid_authenticator"));
}
