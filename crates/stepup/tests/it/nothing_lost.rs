//! Nothing is lost and nobody is mixed up, whatever happens around a verify: one sentence, one test.

use serde_json::json;
use stepup::{
    AccessTokenError, AccessTokenRequest, Client, Format, SessionState, WireError as _,
    mfa::{MfaToken, MfaTokenError, Verify, VerifyError},
};
use stepup_protocol::time::UnixTime;
use stepup_seal::{Purpose, Sealer, Secrets};

use crate::{
    step_up::{access_token, ada, granted, id_token, pending, setting, transfer},
    support::{Answer, Counting, Hands, ISSUER, Jar, NOW, SECRET, Script, builder, cookies},
};

/// An ID token that is not accepted: its time is over.
fn stale(script: &Script) -> String {
    script.sign(&json!({ "iss": ISSUER, "aud": "client-1", "sub": "auth0|ada", "iat": NOW - 9000, "exp": NOW - 8000 }))
}

/// The session that a browser holds after `state` was written.
fn written(client: &Client, state: &SessionState) -> SessionState {
    let mut headers = http::HeaderMap::new();
    for cookie in client.write_session(state).unwrap() {
        headers.append(http::header::SET_COOKIE, cookie);
    }
    let mut jar = Jar::default();
    jar.take(&headers);
    client.open_session(&cookies(&jar.line()))
}

/// Another process of the application: it shares nothing but the configuration.
fn other_process(script: &Script) -> Client {
    builder(script, &Hands::at(NOW)).secret(SECRET).build().unwrap()
}

#[tokio::test]
async fn a_refresh_token_rotated_beside_a_bad_id_token_is_kept_in_the_session() {
    let setting = setting();
    let (mut state, token) = pending(&setting).await;
    let bad = stale(&setting.script);
    setting.script.answer(granted(&json!({ "refresh_token": "rt-2", "id_token": bad })));
    let refused = setting.client.mfa().verify(&mut state, &token, Verify::otp("1")).await;
    assert!(matches!(refused, Err(VerifyError::IdToken(_))), "{refused:?}");

    let bad = stale(&setting.script);
    setting.script.answer(granted(&json!({ "refresh_token": "rt-3", "id_token": bad })));
    let session = state.session_mut().unwrap();
    let refused = setting.client.access_token(session, &AccessTokenRequest::new()).await;
    assert!(matches!(refused, Err(AccessTokenError::FailedToRefresh(_))), "{refused:?}");
    assert_eq!(setting.script.requests()[2].form()["refresh_token"], "rt-2");

    // The cookie alone is enough to go on, in any process.
    let other = other_process(&setting.script);
    let mut state = written(&setting.client, &state);
    setting.script.answer(granted(&json!({ "access_token": "at-4" })));
    assert_eq!(access_token(&other, &mut state, &AccessTokenRequest::new()).await, "at-4");
    assert_eq!(setting.script.requests()[3].form()["refresh_token"], "rt-3");
}

#[tokio::test]
async fn a_tenant_out_of_reach_leaves_the_session_to_who_changed_it_meanwhile() {
    let setting = setting();
    let (mut state, token) = pending(&setting).await;
    setting.script.answer(granted(&json!({ "refresh_token": "rt-2" })));
    access_token(&setting.client, &mut ada(&setting.client), &AccessTokenRequest::new()).await;

    setting.script.answer(Answer::Unreachable);
    let failed = setting.client.mfa().verify(&mut state, &token, Verify::otp("1")).await;
    assert!(matches!(failed, Err(VerifyError::Unavailable(_))), "{failed:?}");
    assert!(setting.client.write_session(&state).unwrap().is_empty(), "there is nothing to write");
}

#[tokio::test]
async fn the_refresh_token_of_another_user_is_never_taken_over() {
    let setting = setting();
    let (mut state, token) = pending(&setting).await;
    let bobs = id_token(&setting.script, "auth0|bob");
    setting.script.answer(granted(&json!({ "refresh_token": "rt-bob", "id_token": bobs })));
    let refused = setting.client.mfa().verify(&mut state, &token, Verify::otp("1")).await;
    assert!(matches!(refused, Err(VerifyError::OtherUser)), "{refused:?}");
    assert!(setting.client.write_session(&state).unwrap().is_empty(), "there is nothing to write");

    setting.script.answer(granted(&json!({ "access_token": "at-4" })));
    access_token(&setting.client, &mut state, &AccessTokenRequest::new()).await;
    assert_eq!(setting.script.requests()[2].form()["refresh_token"], "rt-1");
}

#[tokio::test]
async fn a_token_is_good_for_one_success_here_and_at_the_tenant() {
    let setting = setting();
    let (mut state, token) = pending(&setting).await;
    setting.script.answer(granted(&json!({ "refresh_token": "rt-2" })));
    setting.client.mfa().verify(&mut state, &token, Verify::otp("1")).await.unwrap();
    let requests = setting.script.requests().len();
    for proof in [Verify::otp("1"), Verify::otp("2"), Verify::recovery_code("3")] {
        let used = setting.client.mfa().verify(&mut state, &token, proof).await.unwrap_err();
        assert!(matches!(used, VerifyError::Used(None)), "{used:?}");
        assert_eq!((used.status().as_u16(), &*used.code()), (403, "mfa_token_used"));
    }
    assert_eq!(setting.script.requests().len(), requests, "nobody was asked, nothing was spent");

    // A process that does not know it is told by the tenant.
    let malformed = json!({ "error": "invalid_grant", "error_description": "Malformed mfa_token" });
    setting.script.answer(Answer::Json(403, malformed));
    let other = other_process(&setting.script);
    let used = other.mfa().verify(&mut state, &token, Verify::otp("2")).await.unwrap_err();
    assert!(matches!(used, VerifyError::Used(Some(_))), "{used:?}");
    assert_eq!((used.status().as_u16(), &*used.code()), (403, "mfa_token_used"));
}

#[tokio::test]
async fn a_further_factor_is_found_by_who_comes_again() {
    let setting = setting();
    let (state, token) = pending(&setting).await;
    setting.script.answer(crate::step_up::due_with("raw-2"));
    let closed = setting.script.gate().write().await;
    let (client, mut gone, same) = (setting.client.clone(), state, token.clone());
    let caller = tokio::spawn(async move { client.mfa().verify(&mut gone, &same, Verify::otp("1")).await });
    while setting.script.requests().len() < 2 {
        tokio::task::yield_now().await;
    }
    caller.abort();
    drop(closed);
    assert!(caller.await.unwrap_err().is_cancelled());
    let again = setting.client.mfa().verify(&mut ada(&setting.client), &token, Verify::otp("1")).await;
    assert!(matches!(again, Err(VerifyError::MfaRequired(_))), "{again:?}");
    assert_eq!(setting.script.requests().len(), 2);
}

#[tokio::test]
async fn a_first_login_whose_caller_goes_away_is_found_too() {
    let setting = setting();
    let (_, token) = pending(&setting).await;
    let own = id_token(&setting.script, "auth0|ada");
    setting
        .script
        .answer(granted(&json!({ "id_token": own, "refresh_token": "rt-9", "recovery_code": "NEW" })));
    let closed = setting.script.gate().write().await;
    let (client, same) = (setting.client.clone(), token.clone());
    let caller = tokio::spawn(async move {
        client.mfa().verify(&mut SessionState::default(), &same, Verify::recovery_code("OLD")).await
    });
    while setting.script.requests().len() < 2 {
        tokio::task::yield_now().await;
    }
    caller.abort();
    drop(closed);
    assert!(caller.await.unwrap_err().is_cancelled());

    let mut state = SessionState::default();
    let verified =
        setting.client.mfa().verify(&mut state, &token, Verify::recovery_code("OLD")).await.unwrap();
    assert_eq!(verified.recovery_code.as_deref(), Some("NEW"));
    assert_eq!(state.session().unwrap().subject(), "auth0|ada");
    assert_eq!(setting.script.requests().len(), 2);
}

#[tokio::test]
async fn a_token_of_another_user_issuer_purpose_or_secret_is_refused_unspent() {
    let setting = setting();
    let (mut state, token) = pending(&setting).await;
    let requests = setting.script.requests().len();
    let sealer = Sealer::new(&Secrets::new([SECRET.into()]).unwrap(), Format::Stepup);
    let payload = json!({ "tok": "raw-1", "aud": "default", "scp": "openid", "iss": ISSUER, "iat": NOW });
    let end = UnixTime::from_seconds(NOW + 300);
    let session_value = sealer.seal(Purpose::Session, "", &payload, end, &Counting::default());

    let clock = Hands::at(NOW);
    let elsewhere =
        builder(&setting.script, &clock).domain("other.example.com").secret(SECRET).build().unwrap();
    let unknown = "another secret of at least thirty-two bytes, to be sure";
    let estranged = builder(&setting.script, &clock).secret(unknown).build().unwrap();
    for (client, token, expected) in [
        (&elsewhere, token.clone(), MfaTokenError::Invalid),
        (&estranged, token.clone(), MfaTokenError::Invalid),
        (&setting.client, MfaToken::from(session_value), MfaTokenError::Invalid),
    ] {
        let refused = client.mfa().verify(&mut state, &token, Verify::otp("1")).await.unwrap_err();
        assert!(matches!(refused, VerifyError::Token(error) if error == expected), "{refused:?}");
    }
    let mut bob = crate::step_up::session_of(&setting.client, "auth0|bob");
    let refused = setting.client.mfa().verify(&mut bob, &token, Verify::otp("1")).await.unwrap_err();
    assert!(matches!(refused, VerifyError::Token(MfaTokenError::NotFound)), "{refused:?}");
    assert_eq!(setting.script.requests().len(), requests);
}

#[tokio::test]
async fn verifies_and_refreshes_at_once_end_in_one_session() {
    let setting = setting();
    let (_, token) = pending(&setting).await;
    // Whoever comes first: the answers are for a verify and a refresh of the default audience, and each rotates.
    setting.script.answer(granted(&json!({ "access_token": "at-a", "refresh_token": "rt-2" })));
    setting.script.answer(granted(&json!({ "access_token": "at-b", "refresh_token": "rt-3" })));
    let (client, mut one, mut two) = (&setting.client, ada(&setting.client), ada(&setting.client));
    let default = AccessTokenRequest::new();
    let (mfa, session) = (client.mfa(), two.session_mut().unwrap());
    let (verified, refreshed) =
        tokio::join!(mfa.verify(&mut one, &token, Verify::otp("1")), client.access_token(session, &default));
    verified.unwrap();
    refreshed.unwrap();

    let sent: Vec<_> =
        setting.script.requests().iter().filter_map(|sent| sent.form().remove("refresh_token")).collect();
    assert!(sent.iter().all(|sent| sent == "rt-1" || sent == "rt-2"), "none was spent twice: {sent:?}");
    // Both are written with the last refresh token, and find what the other one got.
    for state in [&one, &two] {
        let mut state = written(client, state);
        let other = other_process(&setting.script);
        setting.script.answer(granted(&json!({ "access_token": "at-c" })));
        access_token(&other, &mut state, &default.clone().refresh(true)).await;
        assert_eq!(setting.script.requests().last().unwrap().form()["refresh_token"], "rt-3");
    }
    let asked = setting.script.requests().len();
    for state in [&mut one, &mut two] {
        access_token(client, state, &transfer()).await;
        access_token(client, state, &default).await;
    }
    assert_eq!(setting.script.requests().len(), asked);
}
