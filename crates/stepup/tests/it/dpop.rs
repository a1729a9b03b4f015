//! DPoP against a scripted tenant: nonces, the one new attempt, and no token without the key.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, header};
use serde_json::{Value, json};
use stepup::{
    AccessTokenError, AccessTokenRequest, Client, ClientBuilder, DpopError, DpopOptions, ProviderError,
    RefreshError, SessionState,
};
use stepup_protocol::time::UnixTime;
use stepup_seal::{Format, Purpose, Sealer, Secrets, base64url, digest};
use url::Url;

use crate::{
    client_proof::{DPOP_KEY, proved},
    support::{Answer, Counting, Hands, ISSUER, NOW, SECRET, Script, builder, cookies},
};

fn client(script: &Script, set_up: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Client {
    set_up(builder(script, &Hands::at(NOW)).secret(SECRET).dpop_key(DPOP_KEY)).build().unwrap()
}

/// A session whose access token is good for an hour and of this type.
fn session(client: &Client, token_type: &str) -> SessionState {
    let payload = json!({
        "user": { "sub": "auth0|ada" },
        "tokenSet": { "accessToken": "at-1", "refreshToken": "rt-1", "expiresAt": NOW + 3600, "token_type": token_type,
                      "scope": "openid profile email offline_access",
                      "requestedScope": "openid profile email offline_access" },
        "internal": { "sid": "s1", "createdAt": NOW - 100 },
    });
    let sealer = Sealer::new(&Secrets::new([SECRET.into()]).unwrap(), Format::Stepup);
    let value = sealer.seal(
        Purpose::Session,
        "",
        &payload,
        UnixTime::from_seconds(NOW + 86_400),
        &Counting::default(),
    );
    client.open_session(&cookies(&format!("__session={value}")))
}

fn tokens(token_type: &str) -> Value {
    json!({ "access_token": "at-2", "refresh_token": "rt-2", "expires_in": 60, "token_type": token_type })
}

fn nonce_wanted() -> Value {
    json!({ "error": "use_dpop_nonce", "error_description": "Authorization server requires nonce in DPoP proof" })
}

async fn refreshed(client: &Client, state: &mut SessionState) -> Result<String, AccessTokenError> {
    let wanted = AccessTokenRequest::new().refresh(true);
    client.access_token(state.session_mut().unwrap(), &wanted).await.map(|token| token.token().to_owned())
}

/// The claims of each proof that was sent.
fn proofs(script: &Script) -> Vec<Value> {
    script.requests().iter().map(|request| proved(request.headers["dpop"].to_str().unwrap()).0).collect()
}

#[tokio::test]
async fn a_nonce_that_is_asked_for_comes_with_the_second_attempt_and_from_then_on() {
    for status in [400, 401] {
        let script = Script::new();
        let client = client(&script, |client| client);
        let mut state = session(&client, "DPoP");
        script.answer(Answer::Nonce(status, nonce_wanted(), "n-1"));
        script.answer(Answer::Nonce(200, tokens("DPoP"), "n-2"));
        assert_eq!(refreshed(&client, &mut state).await.unwrap(), "at-2");
        assert_eq!(state.session().unwrap().token_sets().next().unwrap().token_type(), Some("DPoP"));
        script.answer(Answer::Json(200, tokens("dpop")));
        refreshed(&client, &mut state).await.unwrap();

        let proofs = proofs(&script);
        let nonces: Vec<_> = proofs.iter().map(|claims| claims["nonce"].clone()).collect();
        assert_eq!(nonces, [Value::Null, json!("n-1"), json!("n-2")]);
        assert_ne!(proofs[0]["jti"], proofs[1]["jti"]);
        assert!(proofs.iter().all(|claims| claims["iat"] == NOW));
        let spent: Vec<_> =
            script.requests().iter().map(|request| request.form()["refresh_token"].clone()).collect();
        assert_eq!(spent, ["rt-1", "rt-1", "rt-2"], "the same request, and then the next");
    }
}

#[tokio::test]
async fn the_wait_for_the_second_attempt_is_the_clocks() {
    let (script, clock) = (Script::new(), Hands::at(NOW));
    let in_an_hour = DpopOptions {
        retry_delay: Some(Duration::from_secs(3600)),
        retry_jitter: Some(false),
        ..DpopOptions::default()
    };
    let client = client(&script, |client| client.clock(clock.clone()).dpop_options(in_an_hour));
    let mut state = session(&client, "DPoP");
    script.answer(Answer::Nonce(400, nonce_wanted(), "n-1"));
    script.answer(Answer::Json(200, tokens("DPoP")));
    refreshed(&client, &mut state).await.unwrap();
    assert_eq!(clock.waits(), [3600]);
    assert_eq!(proofs(&script)[1]["iat"], NOW + 3600);
}

#[tokio::test]
async fn there_is_one_new_attempt_and_only_with_a_nonce() {
    let script = Script::new();
    let client = client(&script, |client| client);
    let mut state = session(&client, "DPoP");
    script.answer(Answer::Nonce(400, nonce_wanted(), "n-1"));
    script.answer(Answer::Nonce(400, nonce_wanted(), "n-2"));
    assert_eq!(code_of(refreshed(&client, &mut state).await), "use_dpop_nonce");
    assert_eq!(script.requests().len(), 2);

    let refused = json!({ "error": "invalid_grant" });
    for answer in [
        Answer::Json(400, nonce_wanted()),
        Answer::Nonce(403, nonce_wanted(), "n-3"),
        Answer::Nonce(400, refused, "n-3"),
    ] {
        let before = script.requests().len();
        script.answer(answer);
        refreshed(&client, &mut state).await.unwrap_err();
        assert_eq!(script.requests().len(), before + 1);
    }
    script.answer(Answer::Json(200, tokens("DPoP")));
    refreshed(&client, &mut state).await.unwrap();
    assert_eq!(script.requests().last().unwrap().form()["refresh_token"], "rt-1", "nothing was lost");
}

fn code_of(result: Result<String, AccessTokenError>) -> String {
    match result {
        Err(AccessTokenError::FailedToRefresh(error)) => match &*error {
            RefreshError::Provider(error) => error.code().to_owned(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// A tenant that does not bind is told, and its token goes nowhere. What it rotated is not lost: the next refresh goes on
/// with it.
#[tokio::test]
async fn an_unbound_token_is_refused_and_the_rotated_refresh_token_kept() {
    let script = Script::new();
    let client = client(&script, |client| client);
    let mut state = session(&client, "DPoP");
    script.answer(Answer::Json(200, tokens("Bearer")));
    let error = refreshed(&client, &mut state).await.unwrap_err();
    assert!(!error.needs_login());
    let AccessTokenError::FailedToRefresh(cause) = error else { panic!("{error:?}") };
    let RefreshError::Provider(ProviderError::NotBound { token_type, .. }) = &*cause else {
        panic!("{cause:?}")
    };
    assert_eq!(token_type, "Bearer");
    let session = state.session().unwrap();
    assert!(session.token_sets().all(|set| set.access_token() != "at-2"), "nothing of it is in the session");
    assert!(!client.write_session(&state).unwrap().is_empty(), "but the refresh token to go on with");

    script.answer(Answer::Json(200, tokens("DPoP")));
    assert_eq!(refreshed(&client, &mut state).await.unwrap(), "at-2");
    assert_eq!(script.requests()[1].form()["refresh_token"], "rt-2");
}

/// A session of before the key was configured.
#[tokio::test]
async fn an_unbound_token_at_hand_is_renewed() {
    let script = Script::new();
    let client = client(&script, |client| client);
    let mut state = session(&client, "Bearer");
    script.answer(Answer::Json(200, tokens("DPoP")));
    let wanted = AccessTokenRequest::new();
    let token = client.access_token(state.session_mut().unwrap(), &wanted).await.unwrap();
    assert_eq!((token.token(), token.token_type()), ("at-2", Some("DPoP")));
    client.access_token(state.session_mut().unwrap(), &wanted).await.unwrap();
    assert_eq!(script.requests().len(), 1, "the bound one is at hand");
}

#[tokio::test]
async fn ones_own_authenticators_are_asked_for_with_the_bound_token_and_its_proof() {
    let script = Script::new();
    let client = client(&script, |client| client);
    let mut state = session(&client, "DPoP");
    script.answer(Answer::Json(200, tokens("DPoP")));
    let scope = "enroll read:authenticators remove:authenticators";
    let wanted = AccessTokenRequest::new().audience(format!("{ISSUER}mfa/")).scope(scope);
    client.access_token(state.session_mut().unwrap(), &wanted).await.unwrap();

    let own = client.own_authenticators(state.session().unwrap()).unwrap();
    let wanted = json!({ "error": "use_dpop_nonce", "error_description": "use this" });
    script.answer(Answer::Nonce(401, wanted, "n-1"));
    script
        .answer(Answer::Json(200, json!([{ "id": "totp|1", "authenticator_type": "otp", "active": true }])));
    assert_eq!(own.list().await.unwrap().len(), 1);

    let calls = &script.requests()[1..];
    assert!(
        calls
            .iter()
            .all(|call| call.headers["authorization"] == "DPoP at-2"
                && call.url.ends_with("mfa/authenticators"))
    );
    let proofs = &proofs(&script)[1..];
    let hash = base64url::encode(digest::sha256(b"at-2"));
    assert!(proofs.iter().all(|claims| claims["htm"] == "GET" && claims["ath"] == *hash), "{proofs:?}");
    assert_eq!((proofs[0].get("nonce"), &proofs[1]["nonce"]), (None, &json!("n-1")));
}

#[tokio::test]
async fn servers_hand_out_their_own_nonces() {
    let script = Script::new();
    let skewed = DpopOptions { clock_skew: Some(-40), ..DpopOptions::default() };
    let client = client(&script, |client| client.dpop_options(skewed));
    let at = |address: &str| Url::parse(address).unwrap();
    let (api, other) = (at("https://api.example.com/a"), at("https://api.example.com:8443/a"));
    let headers = |nonce: &'static str| -> HeaderMap {
        [(header::HeaderName::from_static("dpop-nonce"), HeaderValue::from_static(nonce))]
            .into_iter()
            .collect()
    };
    assert!(client.keep_dpop_nonce(&api, &headers("n-1")));
    assert!(!client.keep_dpop_nonce(&api, &HeaderMap::new()) && !client.keep_dpop_nonce(&api, &headers("")));
    let claims = |url: &Url| {
        let proof = client.dpop_proof(&Method::PATCH, url, "at").unwrap();
        proved(proof.to_str().unwrap()).0
    };
    assert_eq!((&claims(&api)["nonce"], &claims(&api)["htm"]), (&json!("n-1"), &json!("PATCH")));
    assert_eq!(claims(&at("https://api.example.com/b?c"))["nonce"], "n-1");
    assert_eq!(claims(&other).get("nonce"), None);
    assert_eq!(claims(&other)["iat"], NOW - 40);
    for port in 1..200 {
        client.keep_dpop_nonce(&at(&format!("https://api.example.com:{port}/")), &headers("n-2"));
    }
    assert_eq!(claims(&at("https://api.example.com:199/"))["nonce"], "n-2");
}

#[tokio::test]
async fn without_a_key_there_is_no_proof() {
    let script = Script::new();
    let client = builder(&script, &Hands::at(NOW)).secret(SECRET).build().unwrap();
    let url = Url::parse("https://api.example.com/").unwrap();
    let error = client.dpop_proof(&Method::GET, &url, "at").unwrap_err();
    assert!(matches!(error, DpopError::NotConfigured), "{error:?}");
    assert_eq!(client.dpop_thumbprint(), None);
    script.answer(Answer::Nonce(400, nonce_wanted(), "n-1"));
    let mut state = session(&client, "Bearer");
    assert_eq!(code_of(refreshed(&client, &mut state).await), "use_dpop_nonce");
    assert!(!script.requests()[0].headers.contains_key("dpop"));
}
