//! The whole step-up over HTTP, against the tenant: enrol, challenge, recover, and every way to fail on the way.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use serde_json::{Value, json};
use stepup::{
    Format, WireError as _,
    mfa::{AuthenticatorType, Challenge, Enroll, EnrollError, FactorType, Verify, VerifyError},
};
use stepup_tenant::{Fault, Tenant};

use crate::{
    house::{Enrolled, House, transfer},
    support::{Jar, get, handle, json_of},
};

/// The tenant grants less than is asked for: what was asked for is remembered, in auth0-server-python's form too.
#[tokio::test]
async fn a_narrowed_grant_is_found_again_whatever_the_form() {
    for format in Format::ALL {
        let house = House::built(Tenant::builder().start().await.unwrap(), |client| client.format(format));
        let wanted = transfer().scope("transfer:funds not:there");
        let mut state = house.log_in().await;
        let token = house.due_for(&mut state, &wanted).await.mfa_token.unwrap();
        let secret = house.client.mfa().enroll(&token, &Enroll::otp()).await.unwrap().secret.unwrap();
        let code = Verify::otp(house.tenant.totp(&secret).unwrap());
        house.client.mfa().verify(&mut state, &token, code).await.unwrap();

        let mut jar = Jar::default();
        for cookie in house.client.write_session(&state).unwrap() {
            jar.take(&[(header::SET_COOKIE, cookie)].into_iter().collect());
        }
        house.tenant.clock().advance(Duration::from_secs(301));
        let (before, mut state) = (house.token_requests(), house.open_session(&jar.line()));
        let found = house.client.access_token(state.session_mut().unwrap(), &wanted).await.unwrap();
        assert!(!found.scope().unwrap().contains("not:there"), "{format:?}: {:?}", found.scope());
        assert_eq!(house.token_requests(), before, "{format:?}");
    }
}

#[tokio::test]
async fn enrol_verify_and_the_token_is_there() {
    let house = House::open().await;
    let mut state = house.log_in().await;
    let due = house.due(&mut state).await;
    assert!(!due.needs_login());
    assert!(due.enrollment_factors().contains(&FactorType::Otp), "{due:?}");
    assert!(due.challenge_factors().is_empty());
    let token = due.mfa_token.unwrap();

    let mfa = house.client.mfa();
    let held = mfa.authenticators(&token).await.unwrap();
    assert!(held.iter().all(|it| it.kind.as_deref() == Some("email")), "only what came by itself: {held:?}");
    let app = mfa.enroll(&token, &Enroll::otp()).await.unwrap();
    assert_eq!(app.authenticator_type, AuthenticatorType::Otp);
    assert!(app.barcode_uri.unwrap().starts_with("otpauth://totp/"));
    assert_eq!(app.recovery_codes.unwrap().len(), 1);

    let code = house.tenant.totp(&app.secret.unwrap()).unwrap();
    let verified = mfa.verify(&mut state, &token, Verify::otp(code)).await.unwrap();
    assert_eq!(verified.recovery_code, None);
    let requests = house.token_requests();
    let at = house.token(&mut state, &transfer()).await;
    assert_eq!(house.token_requests(), requests, "the token was at hand");
    assert_eq!(at.split('.').count(), 3, "a JWT for the API");
    assert!(!house.client.write_session(&state).unwrap().is_empty());
}

#[tokio::test]
async fn later_a_challenge_and_a_wrong_code_is_no_end() {
    let house = House::open().await;
    let Enrolled { secret, .. } = house.enroll_app().await;

    let mut state = house.log_in().await;
    let due = house.due(&mut state).await;
    assert!(due.challenge_factors().contains(&FactorType::Otp), "{due:?}");
    let token = due.mfa_token.unwrap();
    let mfa = house.client.mfa();
    let listed = mfa.authenticators(&token).await.unwrap();
    assert!(listed.iter().any(|one| one.active && one.factor() == Some(FactorType::Otp)), "{listed:?}");
    let challenged = mfa.challenge(&token, &Challenge::otp()).await.unwrap();
    assert_eq!(challenged.challenge_type, AuthenticatorType::Otp);

    let right = house.next_code(&secret);
    let wrong = if right == "000000" { "111111" } else { "000000" };
    let error = mfa.verify(&mut state, &token, Verify::otp(wrong)).await.unwrap_err();
    assert!(matches!(error, VerifyError::WrongCode(_)), "{error:?}");
    assert_eq!((error.status(), &*error.code()), (StatusCode::FORBIDDEN, "invalid_grant"));
    mfa.verify(&mut state, &token, Verify::otp(right)).await.unwrap();
    house.token(&mut state, &transfer()).await;

    let again = mfa.enroll(&token, &Enroll::otp()).await.unwrap_err();
    assert!(matches!(again, EnrollError::Refused(_)), "{again:?}");
}

#[tokio::test]
async fn a_recovery_code_is_good_once_and_brings_the_next() {
    let house = House::open().await;
    let Enrolled { recovery_code, .. } = house.enroll_app().await;

    let (mut state, token) = house.step_up().await;
    let spaced = format!(" {} {} ", &recovery_code[..4], &recovery_code[4..]);
    let verified =
        house.client.mfa().verify(&mut state, &token, Verify::recovery_code(spaced)).await.unwrap();
    let new = verified.recovery_code.unwrap();
    assert_ne!(new, recovery_code);
    house.token(&mut state, &transfer()).await;

    let (mut state, token) = house.step_up().await;
    let spent = house.client.mfa().verify(&mut state, &token, Verify::recovery_code(&recovery_code)).await;
    assert!(matches!(spent, Err(VerifyError::WrongCode(_))), "{spent:?}");
    house.client.mfa().verify(&mut state, &token, Verify::recovery_code(&new)).await.unwrap();
}

#[tokio::test]
async fn a_step_up_is_good_once() {
    let house = House::open().await;
    let Enrolled { secret, .. } = house.enroll_app().await;
    let (mut state, token) = house.step_up().await;
    let code = house.next_code(&secret);
    house.client.mfa().verify(&mut state, &token, Verify::otp(&code)).await.unwrap();

    for code in [code, house.next_code(&secret)] {
        let replayed = house.client.mfa().verify(&mut state, &token, Verify::otp(code)).await.unwrap_err();
        assert_eq!(
            (replayed.status(), &*replayed.code()),
            (StatusCode::FORBIDDEN, "mfa_token_used"),
            "{replayed:?}"
        );
    }
    house.token(&mut state, &transfer()).await;
}

#[tokio::test]
async fn the_session_refreshes_on_after_a_step_up() {
    let house = House::open().await;
    let mut state = house.log_in().await;
    house.enroll_app_in(&mut state).await;
    for _ in 0..3 {
        house.tenant.clock().advance(Duration::from_secs(3600));
        house.token(&mut state, &stepup::AccessTokenRequest::new().refresh(true)).await;
    }
    house.token(&mut state, &transfer()).await;
}

#[tokio::test]
async fn verifies_at_once_are_won_by_one() {
    let house = House::open().await;
    let Enrolled { secret, .. } = house.enroll_app().await;
    let line = house.log_in_with_cookies().await;
    let token = house.due(&mut house.open_session(&line)).await.mfa_token.unwrap();
    let code = house.next_code(&secret);
    let all = (0..6).map(|_| {
        let (client, token, code) = (house.client.clone(), token.clone(), code.clone());
        let mut state = house.open_session(&line);
        tokio::spawn(async move {
            let verified = client.mfa().verify(&mut state, &token, Verify::otp(code)).await;
            (verified.is_ok(), state)
        })
    });
    let done: Vec<_> = futures_util::future::join_all(all).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(done.iter().filter(|(verified, _)| *verified).count(), 1);
    for (_, mut state) in done {
        house.token(&mut state, &transfer()).await;
        house.token(&mut state, &stepup::AccessTokenRequest::new().refresh(true)).await;
    }
}

#[tokio::test]
async fn a_tenant_that_fails_leaves_everything_as_it_was() {
    let house = House::open().await;
    let Enrolled { secret, .. } = house.enroll_app().await;
    let (mut state, token) = house.step_up().await;
    let code = house.next_code(&secret);
    for (fault, status) in [
        (Fault { status: Some(503), ..Fault::on("POST", "/oauth/token") }, 502),
        (Fault { drop: true, ..Fault::on("POST", "/oauth/token") }, 502),
        (
            Fault { status: Some(200), body: Some("nonsense".into()), ..Fault::on("POST", "/oauth/token") },
            502,
        ),
    ] {
        house.tenant.fail_next(fault);
        let failed = house.client.mfa().verify(&mut state, &token, Verify::otp(&code)).await.unwrap_err();
        assert_eq!(failed.status().as_u16(), status, "{failed:?}");
        assert!(std::error::Error::source(&failed).is_some(), "{failed:?}");
    }
    house.tenant.fail_next(Fault { status: Some(500), ..Fault::on("GET", "/mfa/authenticators") });
    let listed = house.client.mfa().authenticators(&token).await.unwrap_err();
    assert_eq!(listed.status(), StatusCode::BAD_GATEWAY, "{listed:?}");
    house.client.mfa().verify(&mut state, &token, Verify::otp(code)).await.unwrap();
}

#[tokio::test]
async fn time_ends_a_step_up_here_and_there() {
    let house = House::open().await;
    let (mut state, token) = house.step_up().await;
    house.tenant.clock().advance(Duration::from_secs(300));
    let late = house.client.mfa().verify(&mut state, &token, Verify::otp("123456")).await.unwrap_err();
    assert_eq!(&*late.code(), "expired_token", "{late:?}");
    house.tenant.clock().advance(Duration::from_secs(300));
    let later = house.client.mfa().verify(&mut state, &token, Verify::otp("123456")).await.unwrap_err();
    assert_eq!(&*later.code(), "mfa_token_expired", "{later:?}");
    assert_eq!(&*house.client.mfa().authenticators(&token).await.unwrap_err().code(), "mfa_token_expired");
}

/// `POST` to a route, as a page's script sends it.
async fn post(house: &House, path: &str, token: &str, cookies: &str, body: Value) -> Response<Bytes> {
    let request = Request::post(path)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::COOKIE, cookies)
        .body(Bytes::from(body.to_string()));
    handle(&house.client, request.unwrap()).await
}

#[tokio::test]
async fn a_step_up_that_a_log_out_elsewhere_ends_is_no_wrong_code() {
    let house = House::open().await;
    let Enrolled { secret, .. } = house.enroll_app().await;
    let cookies = house.log_in_with_cookies().await;
    let token = house.due(&mut house.open_session(&cookies)).await.mfa_token.unwrap();
    let token = token.as_str();
    let told = |answer: &Response<Bytes>| {
        let body = json_of(answer);
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        (answer.status().as_u16(), text("error"), text("error_description"))
    };
    let expected = |status, error: &str, text: &str| (status, error.to_owned(), text.to_owned());

    let wrong = post(&house, "/auth/mfa/verify", token, &cookies, json!({ "otp": "000000" })).await;
    assert_eq!(told(&wrong), expected(403, "invalid_grant", "Invalid otp_code."));
    handle(&house.client, get("/auth/logout", &cookies)).await;
    let right = json!({ "otp": house.next_code(&secret) });
    let over = post(&house, "/auth/mfa/verify", token, &cookies, right.clone()).await;
    assert_eq!(told(&over), expected(401, "invalid_grant", "Unknown or invalid refresh token."));
    let used = post(&house, "/auth/mfa/verify", token, &cookies, right).await;
    assert_eq!(
        told(&used),
        expected(403, "mfa_token_used", "The MFA token was used already: its step-up is complete.")
    );

    let malformed = expected(401, "invalid_grant", "Malformed mfa_token");
    let challenge = json!({ "mfa_token": token, "challenge_type": "otp" });
    assert_eq!(told(&post(&house, "/auth/mfa/challenge", token, &cookies, challenge).await), malformed);
    let push = json!({ "mfa_token": token, "oob_code": "of no push" });
    assert_eq!(post(&house, "/auth/mfa/push", token, &cookies, push).await.status(), StatusCode::FORBIDDEN);
    let mut list = get("/auth/mfa/authenticators", &cookies);
    list.headers_mut().insert(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
    assert_eq!(handle(&house.client, list).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_authenticator_is_not_deleted_by_a_pending_step_up() {
    let house = House::open().await;
    house.enroll_app().await;
    let (_, token) = house.step_up().await;
    let listed = house.client.mfa().authenticators(&token).await.unwrap();
    let refused = house.client.mfa().delete_authenticator(&token, &listed[0].id).await.unwrap_err();
    assert_eq!(
        (refused.status(), &*refused.code()),
        (StatusCode::UNAUTHORIZED, "invalid_grant"),
        "{refused:?}"
    );
    assert_eq!(house.client.mfa().authenticators(&token).await.unwrap(), listed);
}

#[tokio::test]
async fn an_action_may_want_one_factor_after_another() {
    let house = House::with(
        Tenant::builder().config_yaml(include_str!("../fixtures/two-factors.yaml")).start().await.unwrap(),
    );
    let mut state = house.log_in().await;
    let first = house.due(&mut state).await.mfa_token.unwrap();
    let mfa = house.client.mfa();
    let app = mfa.enroll(&first, &Enroll::otp()).await.unwrap();
    let code = house.tenant.totp(&app.secret.unwrap()).unwrap();
    let error = mfa.verify(&mut state, &first, Verify::otp(code)).await.unwrap_err();
    let VerifyError::MfaRequired(next) = error else { panic!("{error:?}") };
    assert_eq!(next.challenge_factors(), [FactorType::RecoveryCode]);
    let second = next.mfa_token.unwrap();
    let recovery_code = app.recovery_codes.unwrap().remove(0);
    let verified = mfa.verify(&mut state, &second, Verify::recovery_code(recovery_code)).await.unwrap();
    assert!(verified.recovery_code.is_some());
    house.token(&mut state, &transfer()).await;
}

#[tokio::test]
async fn a_limit_on_the_way_to_the_tenant_has_its_wait_and_locks_nobody_out() {
    let house = House::open().await;
    let (mut state, token) = house.step_up().await;
    let limit = |method, path| Fault {
        status: Some(429),
        body: Some("slow down".into()),
        retry_after: Some(9),
        ..Fault::on(method, path)
    };
    house.tenant.fail_next(limit("GET", "/mfa/authenticators"));
    let listed = house.client.mfa().authenticators(&token).await.unwrap_err();
    assert_eq!((listed.status(), &*listed.code()), (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"));
    assert_eq!(listed.retry_after(), Some(Duration::from_secs(9)));

    house.tenant.fail_next(limit("POST", "/oauth/token"));
    let error = house.client.mfa().verify(&mut state, &token, Verify::otp("123456")).await.unwrap_err();
    assert!(matches!(error, VerifyError::Busy(_)), "{error:?}");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(9)));
}

#[tokio::test]
async fn dots_are_no_authenticator() {
    let house = House::open().await;
    let (_, token) = house.step_up().await;
    let asked = house.tenant.requests().len();
    for id in ["", ".", ".."] {
        let error = house.client.mfa().delete_authenticator(&token, id).await.unwrap_err();
        assert_eq!((error.status(), &*error.code()), (StatusCode::NOT_FOUND, "invalid_authenticator"));
    }
    assert_eq!(house.tenant.requests().len(), asked, "another address would have been asked");
}

#[tokio::test]
async fn the_profile_is_the_users_own() {
    let house = House::open().await;
    let mut state = house.log_in().await;
    let session = state.session_mut().unwrap();
    let claims = house.client.user_info(session).await.unwrap();
    assert_eq!(claims["sub"], session.subject());
    assert_eq!(claims["email"], "ada@example.com");
}
