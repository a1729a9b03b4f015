//! The tenant fails, at each step in each way: a typed error says what happened, and nothing is lost. What failed works
//! as soon as the tenant does.

use std::{
    error::Error,
    sync::{Arc, Mutex},
    time::Duration,
};

use http::StatusCode;
use serde_json::json;
use stepup::{
    AccessTokenRequest, CallbackOutcome, Client, ClientBuilder, HttpError, ProviderError, SessionState,
    TokenSet, WireError as _,
    mfa::{Challenge, Enroll, MfaToken, Refusal, Verify},
};
use stepup_tenant::{Fault, Tenant};

use crate::{
    house::{Enrolled, House},
    support::{Jar, get, handle, set_cookies},
};

/// What is waited for the tenant, where it is to be too slow.
const HURRY: Duration = Duration::from_secs(1);

async fn house() -> House {
    let tenant = Tenant::builder().start().await.unwrap();
    let webapp = tenant.client("webapp").unwrap();
    House::of(tenant, |client| {
        client.client_id(webapp.client_id).client_secret(webapp.client_secret.unwrap())
    })
}

/// A client that has said nothing to the tenant yet, and remembers nothing.
fn fresh(house: &House, set_up: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Client {
    let webapp = house.tenant.client("webapp").unwrap();
    House::client(&house.tenant, |client| {
        set_up(client.client_id(webapp.client_id).client_secret(webapp.client_secret.unwrap()))
    })
}

/// Ways to fail, what each looks like from here, and whether it passes for a success where no body is due.
fn failures(method: &str, path: &str) -> [(Fault, &'static str, bool); 8] {
    let fault = || Fault::on(method, path);
    let oversize = "x".repeat((1 << 20) + 1);
    let throttled = json!({ "error": "too_many_requests", "error_description": "Slow down." });
    [
        (Fault { delay_ms: 60_000, status: Some(503), ..fault() }, "timed out", false),
        (Fault { status: Some(503), ..fault() }, "refused with 503", false),
        (Fault { drop: true, ..fault() }, "cut", false),
        (
            Fault { status: Some(429), body: Some(throttled), retry_after: Some(7), ..fault() },
            "refused with 429, to wait 7 s",
            false,
        ),
        (Fault { status: Some(500), body: Some(json!("<html>")), ..fault() }, "unusable 500", false),
        (Fault { body: Some(json!("nonsense")), ..fault() }, "unusable 200", true),
        (Fault { body: Some(json!("{}")), ..fault() }, "unusable 200", true),
        (Fault { body: Some(json!(oversize)), ..fault() }, "too large", false),
    ]
}

/// Calls `call` while the tenant fails in each way at `path`. It gets a client of its own each time.
async fn at_each_failure(
    house: &House,
    (method, path): (&str, &str),
    body_is_due: bool,
    mut call: impl AsyncFnMut(Client) -> Result<(), Box<dyn Error>>,
) {
    for (fault, expected, passes) in failures(method, path) {
        let is_slow = fault.delay_ms > 0;
        house.tenant.fail_next(fault);
        let client = fresh(house, |client| if is_slow { client.http_timeout(HURRY) } else { client });
        match call(client).await {
            Err(error) => assert_eq!(kind(&*error), expected, "{error:?}"),
            Ok(()) => assert!(passes && !body_is_due, "{path}: {expected}"),
        }
    }
}

/// What happened on the way to the tenant, from the error and its causes.
fn kind(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| (**error).source());
    causes.filter_map(kind_of).last().unwrap_or_else(|| format!("{error:?}"))
}

fn kind_of(error: &(dyn Error + 'static)) -> Option<String> {
    let refused = |status: &StatusCode, wait: &Option<Duration>| match wait {
        Some(wait) => format!("refused with {}, to wait {} s", status.as_u16(), wait.as_secs()),
        None => format!("refused with {}", status.as_u16()),
    };
    if let Some(error) = error.downcast_ref::<Arc<HttpError>>() {
        return Some(match **error {
            HttpError::TimedOut(_) => "timed out".to_owned(),
            HttpError::TooLarge => "too large".to_owned(),
            _ => "cut".to_owned(),
        });
    }
    if let Some(refusal) = error.downcast_ref::<Refusal>() {
        return Some(refused(&refusal.status, &refusal.retry_after));
    }
    let boxed = error.downcast_ref::<Box<ProviderError>>().map(|error| &**error);
    match error.downcast_ref::<ProviderError>().or(boxed)? {
        ProviderError::Refused { status, retry_after, .. } => Some(refused(status, retry_after)),
        ProviderError::Untrustworthy { status, .. } => Some(format!("unusable {}", status.as_u16())),
        _ => None,
    }
}

/// What a session holds, whole.
fn told(state: &SessionState) -> String {
    let session = state.session().unwrap();
    let sets: Vec<_> = session.token_sets().map(TokenSet::access_token).collect();
    format!("{sets:?} {:?} {:?}", session.id_token(), session.user())
}

fn renewed() -> AccessTokenRequest {
    AccessTokenRequest::new().refresh(true)
}

/// A refresh at each failure of `step`; the session's refresh token is good at the end.
async fn a_refresh_fails_at(step: (&str, &str)) {
    let house = house().await;
    let mut state = house.log_in().await;
    let before = told(&state);
    at_each_failure(&house, step, true, async |client| {
        let error = client.access_token(state.session_mut().unwrap(), &renewed()).await.unwrap_err();
        assert!(!error.needs_login(), "{error:?}");
        assert_eq!((error.code(), error.status()), ("failed_to_refresh_token", StatusCode::UNAUTHORIZED));
        assert_eq!(told(&state), before);
        assert!(client.write_session(&state).unwrap().is_empty());
        Err(error.into())
    })
    .await;
    house.token(&mut state, &renewed()).await;
    assert_ne!(told(&state), before);
}

#[tokio::test]
async fn at_discovery() {
    a_refresh_fails_at(("GET", "/.well-known/openid-configuration")).await;
}

#[tokio::test]
async fn at_the_keys() {
    a_refresh_fails_at(("GET", "/.well-known/jwks.json")).await;
}

#[tokio::test]
async fn at_a_refresh() {
    a_refresh_fails_at(("POST", "/oauth/token")).await;
}

/// Another login of somebody who is logged in: the session stays as it was.
#[tokio::test]
async fn at_the_exchange_of_a_code() {
    let house = house().await;
    let session = house.log_in_with_cookies().await;
    for (fault, expected, _) in failures("POST", "/oauth/token") {
        let told = Arc::<Mutex<String>>::default();
        let teller = Arc::clone(&told);
        let is_slow = fault.delay_ms > 0;
        let client = fresh(&house, |client| {
            let client = if is_slow { client.http_timeout(HURRY) } else { client };
            client.on_callback(move |CallbackOutcome { result, .. }| {
                *teller.lock().unwrap() = kind(result.unwrap_err());
                Box::pin(async { None })
            })
        });
        let mut jar = Jar::default();
        let begun = handle(&client, get("/auth/login", "")).await;
        jar.take(begun.headers());
        let location = begun.headers()["location"].to_str().unwrap();
        let (_, state) = location.split_once("state=").unwrap();
        let state = state.split('&').next().unwrap();
        house.tenant.fail_next(fault);
        let request =
            get(&format!("/auth/callback?code=c&state={state}"), &format!("{session}; {}", jar.line()));
        let answer = handle(&client, request).await;
        assert_eq!(*told.lock().unwrap(), expected);
        assert!(answer.status().is_client_error() || answer.status().is_server_error());
        assert!(set_cookies(answer.headers()).iter().all(|cookie| !cookie.name.starts_with("__session")));
    }
    house.log_in().await;
}

/// A logout goes on, whatever becomes of the refresh token.
#[tokio::test]
async fn at_the_revocation_of_a_logout() {
    let house = house().await;
    let session = house.log_in_with_cookies().await;
    for (fault, expected, _) in failures("POST", "/oauth/revoke") {
        let is_slow = fault.delay_ms > 0;
        house.tenant.fail_next(fault);
        let client = fresh(&house, |client| if is_slow { client.http_timeout(HURRY) } else { client });
        let answer = handle(&client, get("/auth/logout", &session)).await;
        assert_eq!(answer.status(), 307, "{expected}");
        let ended = set_cookies(answer.headers());
        let ended = ended.iter().filter(|cookie| cookie.name.starts_with("__session"));
        assert!(
            ended.clone().count() > 0 && ended.clone().all(|cookie| cookie.value.is_empty()),
            "{expected}"
        );
    }
}

/// Ada with her app, asked for it again.
struct Asked {
    house: House,
    state: SessionState,
    token: MfaToken,
    secret: String,
}

async fn asked() -> Asked {
    let house = house().await;
    let Enrolled { secret, .. } = house.enroll_app().await;
    house.tenant.clock().advance(Duration::from_secs(30));
    let (state, token) = house.step_up().await;
    Asked { house, state, token, secret }
}

#[tokio::test]
async fn at_the_list_of_authenticators() {
    let Asked { house, token, .. } = asked().await;
    at_each_failure(&house, ("GET", "/mfa/authenticators"), true, async |client| {
        Ok(client.mfa().authenticators(&token).await.map(drop)?)
    })
    .await;
    assert!(!house.client.mfa().authenticators(&token).await.unwrap().is_empty());
}

#[tokio::test]
async fn at_an_enrolment() {
    let house = house().await;
    let (_, token) = house.step_up().await;
    at_each_failure(&house, ("POST", "/mfa/associate"), true, async |client| {
        Ok(client.mfa().enroll(&token, &Enroll::otp()).await.map(drop)?)
    })
    .await;
    house.client.mfa().enroll(&token, &Enroll::otp()).await.unwrap();
}

#[tokio::test]
async fn at_a_challenge() {
    let Asked { house, token, .. } = asked().await;
    at_each_failure(&house, ("POST", "/mfa/challenge"), true, async |client| {
        Ok(client.mfa().challenge(&token, &Challenge::otp()).await.map(drop)?)
    })
    .await;
    house.client.mfa().challenge(&token, &Challenge::otp()).await.unwrap();
}

/// The routes would pass it on as a success.
#[tokio::test]
async fn an_error_is_one_under_whichever_status_it_comes() {
    let Asked { house, token, .. } = asked().await;
    let says_no = |path| {
        let body = json!({ "error": "invalid_request", "error_description": "No." });
        house.tenant.fail_next(Fault { status: Some(200), body: Some(body), ..Fault::on("POST", path) });
    };
    let mfa = house.client.mfa();
    says_no("/mfa/associate");
    let refused = mfa.enroll(&token, &Enroll::otp()).await.unwrap_err();
    assert_eq!((&*refused.code(), refused.status()), ("invalid_request", StatusCode::BAD_REQUEST));
    says_no("/mfa/challenge");
    let refused = mfa.challenge(&token, &Challenge::otp()).await.unwrap_err();
    assert_eq!((&*refused.code(), refused.status()), ("invalid_request", StatusCode::BAD_REQUEST));
}

#[tokio::test]
async fn at_a_deletion() {
    let Asked { house, token, .. } = asked().await;
    at_each_failure(&house, ("DELETE", "/mfa/authenticators/totp%7Cdev_1"), false, async |client| {
        Ok(client.mfa().delete_authenticator(&token, "totp|dev_1").await?)
    })
    .await;
}

/// A code that never arrived is good afterwards.
#[tokio::test]
async fn at_a_verify() {
    let Asked { house, mut state, token, secret } = asked().await;
    let (before, code) = (told(&state), house.tenant.totp(&secret).unwrap());
    at_each_failure(&house, ("POST", "/oauth/token"), true, async |client| {
        let error = client.mfa().verify(&mut state, &token, Verify::otp(&*code)).await.unwrap_err();
        assert_eq!(told(&state), before);
        assert!(client.write_session(&state).unwrap().is_empty());
        Err(error.into())
    })
    .await;
    house.client.mfa().verify(&mut state, &token, Verify::otp(&*code)).await.unwrap();
    assert_ne!(told(&state), before);
}
