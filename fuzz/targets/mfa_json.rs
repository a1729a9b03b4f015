//! JSON bodies of the MFA routes: an answer in JSON each, no fault of ours, and the raw token in none of them.

#![no_main]

use http::{HeaderValue, header};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use stepup::Format;
use stepup_fuzz::{
    ISSUER, NOW, RAW_MFA_TOKEN, Tenant, answer, check_session, choose, client, request, sealed, visitor,
};
use stepup_seal::Purpose;

/// Stands in an input for a token that opens.
const GOOD: &str = "MFA_TOKEN";

fuzz_target!(|data: &[u8]| {
    let paths = ["/auth/mfa/associate", "/auth/mfa/challenge", "/auth/mfa/push", "/auth/mfa/verify"];
    let Some((path, data)) = choose(data, &paths) else { return };
    let token = token();
    let body = match std::str::from_utf8(data) {
        Ok(text) => text.replacen(GOOD, &token, 1).into_bytes(),
        Err(_) => data.to_vec(),
    };
    let mut request = request("POST", path, visitor(Format::Stepup).as_bytes(), &body).expect("a request");
    let bearer = HeaderValue::from_str(&format!("Bearer {token}")).expect("a token goes into a header");
    request.headers_mut().insert(header::AUTHORIZATION, bearer);
    request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));

    let client = client(Format::Stepup, Tenant::default());
    let response = answer(&client, request).expect("one of the routes");
    let told: Value = serde_json::from_slice(response.body()).expect("every answer is JSON");
    assert!(!response.status().is_server_error(), "{} {told}", response.status());
    assert_eq!(response.status().is_success(), told.get("error").is_none(), "{} {told}", response.status());
    assert!(!told.to_string().contains(RAW_MFA_TOKEN), "the raw token is in {told}");
    check_session(&client, response.headers());
});

fn token() -> String {
    let payload = json!({ "tok": RAW_MFA_TOKEN, "aud": "default", "scp": "openid", "iss": ISSUER, "sub": "auth0|ada",
        "iat": NOW });
    sealed(Format::Stepup, Purpose::MfaToken, "", payload.as_object().expect("an object"))
}
