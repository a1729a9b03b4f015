//! What the tenant answers: discovery, keys, tokens, claims, the MFA API. It may be anything; a session begins only for
//! somebody.

#![no_main]

use http::{HeaderValue, header};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use stepup::{AccessTokenRequest, Client, Format};
use stepup_fuzz::{
    ISSUER, NOW, RAW_MFA_TOKEN, Tenant, answer, check_session, choose, client, cookies, members, request,
    sealed, visitor, wait,
};
use stepup_seal::Purpose;

const ENDS: [&str; 7] =
    ["openid-configuration", "jwks.json", "token", "claims", "authenticators", "challenge", "associate"];

fuzz_target!(|data: &[u8]| {
    let Some((end, data)) = choose(data, &ENDS) else { return };
    let Some((status, data)) = choose(data, &[200, 400, 403, 500]) else { return };
    let tenant = if end == "claims" {
        let Some(mut claims) = members(data) else { return };
        // What would refuse every input alike.
        claims.insert("iss".to_owned(), ISSUER.into());
        let tokens =
            json!({ "access_token": "at", "token_type": "Bearer", "id_token": Tenant::sign(&claims.into()) });
        Tenant::default().answers("token", 200, tokens.to_string())
    } else {
        Tenant::default().answers(end, status, data.to_vec())
    };
    callback(&client(Format::Stepup, tenant.clone()));
    refresh(&client(Format::Stepup, tenant.clone()));
    second_factor(&client(Format::Stepup, tenant));
});

fn callback(client: &Client) {
    let transaction = json!({ "nonce": "nonce-1", "codeVerifier": "verifier", "responseType": "code",
        "state": "state-1", "returnTo": "/" });
    let value = sealed(Format::Stepup, Purpose::Transaction, "", transaction.as_object().expect("an object"));
    let line = format!("__txn_state-1=1767225600:{value}");
    let request =
        request("GET", "/auth/callback?state=state-1&code=c", line.as_bytes(), b"").expect("a request");
    let response = answer(client, request).expect("one of the routes");
    check_session(client, response.headers());
}

fn refresh(client: &Client) {
    let mut state =
        client.open_session(&cookies(visitor(Format::Stepup).as_bytes()).expect("cookies are ASCII"));
    let session = state.session_mut().expect("her session");
    let got = wait(client.access_token(session, &AccessTokenRequest::new()));
    if let Ok(token) = got {
        assert!(!token.token().is_empty(), "an access token that is none");
    }
    assert_eq!(
        state.session().map(|session| session.subject()),
        Some("auth0|ada"),
        "the session changed hands"
    );
}

fn second_factor(client: &Client) {
    let payload =
        json!({ "tok": RAW_MFA_TOKEN, "aud": "default", "scp": "openid", "iss": ISSUER, "iat": NOW });
    let token = sealed(Format::Stepup, Purpose::MfaToken, "", payload.as_object().expect("an object"));
    for (method, path, body) in [
        ("GET", "/auth/mfa/authenticators", json!(null)),
        ("POST", "/auth/mfa/associate", json!({ "authenticator_types": ["otp"] })),
        ("POST", "/auth/mfa/challenge", json!({ "mfa_token": token, "challenge_type": "oob" })),
        ("POST", "/auth/mfa/verify", json!({ "otp": "123456" })),
    ] {
        let line = visitor(Format::Stepup);
        let mut request =
            request(method, path, line.as_bytes(), body.to_string().as_bytes()).expect("a request");
        let bearer = HeaderValue::from_str(&format!("Bearer {token}")).expect("a token goes into a header");
        request.headers_mut().insert(header::AUTHORIZATION, bearer);
        request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let response = answer(client, request).expect("one of the routes");
        let told: Value = serde_json::from_slice(response.body()).expect("every answer is JSON");
        assert_eq!(
            response.status().is_success(),
            told.get("error").is_none(),
            "{} {told}",
            response.status()
        );
        check_session(client, response.headers());
    }
}
