//! The callback and the cookie of its login: it leads back to the application, with a session only for somebody.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stepup::Format;
use stepup_fuzz::{Tenant, answer, check_location, check_session, choose, client, members, request, sealed};
use stepup_seal::Purpose;

fuzz_target!(|data: &[u8]| {
    let Some((format, data)) = choose(data, &Format::ALL) else { return };
    let Some((as_it_comes, data)) = choose(data, &[true, false]) else { return };
    let (query, line) = if as_it_comes {
        // A query, and in the next line the cookies.
        let mut lines = data.splitn(2, |byte| *byte == b'\n');
        let (query, line) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
        (String::from_utf8_lossy(query).into_owned(), line.to_vec())
    } else {
        let Some(payload) = members(data) else { return };
        let context = if format == Format::Auth0ServerPython { "state-1" } else { "" };
        let value = sealed(format, Purpose::Transaction, context, &payload);
        let line = format!("__txn_state-1=1767225600:{value}; _a0_tx={value}; _a0_txstate-1={value}");
        ("state=state-1&code=code-1".to_owned(), line.into_bytes())
    };
    let Some(request) = request("GET", &format!("/auth/callback?{query}"), &line, b"") else { return };
    let client = client(format, Tenant::default());
    let response = answer(&client, request).expect("one of the routes");
    check_location(response.headers());
    check_session(&client, response.headers());
});
