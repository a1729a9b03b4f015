//! Session cookies: whatever opens is somebody's session, and opens the same after it was written again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use stepup::{Format, Session};
use stepup_fuzz::{Tenant, choose, client, cookies, jar, members, sealed, session_cookie};
use stepup_seal::Purpose;

fuzz_target!(|data: &[u8]| {
    let Some((format, data)) = choose(data, &Format::ALL) else { return };
    let Some((as_it_comes, data)) = choose(data, &[true, false]) else { return };
    let line = if as_it_comes {
        data.to_vec()
    } else {
        let Some(payload) = members(data) else { return };
        session_cookie(format, &sealed(format, Purpose::Session, "", &payload)).into_bytes()
    };
    let Some(headers) = cookies(&line) else { return };
    let client = client(format, Tenant::default());

    let mut state = client.open_session(&headers);
    let Some(session) = state.session_mut() else { return };
    assert!(!session.subject().is_empty(), "a session without a subject");
    session.set_data("touched", json!(true));
    // What is written is read back once more: not every number comes out of its own text as it went in.
    let user = serde_json::from_str(&json!(session.user()).to_string()).expect("JSON");
    let before = essence(&user, session);
    let Ok(written) = client.write_session(&state) else { return };
    let line = jar("", &written.into_iter().map(|cookie| (http::header::SET_COOKIE, cookie)).collect());
    // A session whose time is over at once is deleted instead.
    if !line.is_empty() {
        let again = client.open_session(&cookies(line.as_bytes()).expect("cookies are ASCII"));
        let session = again.session().expect("what was written opens");
        assert_eq!(essence(&json!(session.user()), session), before);
    }
});

fn essence(user: &Value, session: &Session) -> String {
    let audiences: Vec<_> = session.token_sets().map(|set| set.audience()).collect();
    let (id_token, created_at) = (session.id_token(), session.created_at());
    format!("{user} {id_token:?} {created_at} {audiences:?} {}", session.has_refresh_token())
}
