//! The MFA token in its header: what it stands for stays inside.

#![no_main]

use http::{HeaderValue, header};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use stepup::Format;
use stepup_fuzz::{Tenant, answer, choose, client, members, request, sealed};
use stepup_seal::Purpose;

fuzz_target!(|data: &[u8]| {
    let Some((format, data)) = choose(data, &Format::ALL) else { return };
    let Some((as_it_comes, data)) = choose(data, &[true, false]) else { return };
    let (authorization, raw) = if as_it_comes {
        (data.to_vec(), None)
    } else {
        let Some(payload) = members(data) else { return };
        let raw = ["tok", "mfaToken", "mfa_token"]
            .into_iter()
            .find_map(|name| payload.get(name))
            .and_then(Value::as_str);
        let token = sealed(format, Purpose::MfaToken, "", &payload);
        (format!("Bearer {token}").into_bytes(), raw.map(str::to_owned))
    };
    let Ok(authorization) = HeaderValue::from_bytes(&authorization) else { return };
    let mut request = request("GET", "/auth/mfa/authenticators", b"", b"").expect("a request");
    request.headers_mut().insert(header::AUTHORIZATION, authorization);

    let response = answer(&client(format, Tenant::default()), request).expect("one of the routes");
    let body = std::str::from_utf8(response.body()).expect("JSON is UTF-8");
    let told: Value = serde_json::from_str(body).expect("every answer is JSON");
    assert_eq!(response.status() == 200, told.is_array(), "{} {told}", response.status());
    // A short one may be in the list by chance.
    assert!(!raw.is_some_and(|raw| raw.len() >= 24 && body.contains(&raw)), "the raw token is in {body}");
});
