//! Forms that are read beside the one that is written: sessions, logins under way and MFA tokens of the official packages.

use std::time::Duration;

use http::HeaderMap;
use serde_json::{Value, json};
use stepup::{Client, ClientBuilder, CookieOptions, Format, SessionState};
use stepup_protocol::time::UnixTime;
use stepup_seal::{Purpose, Sealer, Secrets};

use crate::support::{
    Answer, Counting, Hands, Jar, NOW, SECRET, Script, builder, cookies, fixture, get, handle, json_of,
    set_cookies,
};

/// For what is about other things than a session's size.
const LARGE: usize = 64 * 1024;

fn client_at(now: i64, set_up: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Client {
    set_up(builder(&Script::new(), &Hands::at(now)).max_cookie_header(LARGE)).build().unwrap()
}

fn ours(set_up: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Client {
    client_at(NOW, |client| set_up(client.secret(SECRET)))
}

/// Writes the session as at the end of a request.
fn write(client: &Client, state: &SessionState, jar: &mut Jar) -> usize {
    let written = client.write_session(state).unwrap();
    let mut headers = HeaderMap::new();
    for cookie in &written {
        headers.append(http::header::SET_COOKIE, cookie.clone());
    }
    jar.take(&headers);
    written.len()
}

fn open(client: &Client, jar: &Jar) -> SessionState {
    client.open_session(&cookies(&jar.line()))
}

/// A session of auth0-server-python: whose, since when, with a claim of so many bytes.
fn of_python(subject: &str, created_at: i64, bytes: usize) -> String {
    let session = json!({
        "user": { "sub": subject, "filler": "f".repeat(bytes) }, "id_token": null, "refresh_token": "rt-python",
        "token_sets": [{ "audience": "default", "access_token": "at-python", "scope": "openid", "expires_at": NOW + 60 }],
        "connection_token_sets": [], "domain": null,
        "internal": { "sid": "s1", "created_at": created_at, "session_expires_at": null },
    });
    let sealer = Sealer::new(&Secrets::new([SECRET.into()]).unwrap(), Format::Auth0ServerPython);
    let value = sealer.seal(
        Purpose::Session,
        "_a0_session",
        &session,
        UnixTime::from_seconds(0),
        &Counting::default(),
    );
    let chunks = value.as_bytes().chunks(4000).enumerate();
    let cookie = |(index, chunk)| format!("_a0_session_{index}={}", std::str::from_utf8(chunk).unwrap());
    chunks.map(cookie).collect::<Vec<_>>().join("; ")
}

fn access_tokens(state: &SessionState) -> Vec<&str> {
    state.session().unwrap().token_sets().map(stepup::TokenSet::access_token).collect()
}

#[test]
fn sessions_of_nextjs_auth0_are_written_in_our_form() {
    let vectors = fixture(include_str!("../fixtures/nextjs-session.json"));
    for case in vectors["cases"].as_array().unwrap() {
        let (name, now) = (case["name"].as_str().unwrap(), case["now"].as_i64().unwrap());
        // Our own limit counts on reading too: three days from the login.
        if case["session"]["internal"]["createdAt"].as_i64().unwrap() + 259_200 <= now {
            continue;
        }
        let set_up = |client: ClientBuilder| {
            client.secret(case["secret"].as_str().unwrap()).session_cookie(CookieOptions {
                name: case["options"]["cookie"]["name"].as_str().map(str::to_owned),
                ..CookieOptions::default()
            })
        };
        let (strict, moving) =
            (client_at(now, set_up), client_at(now, |client| set_up(client).also_read(Format::NextjsAuth0)));
        let mut jar = Jar::of(case["cookie_header"].as_str().unwrap());
        assert!(open(&strict, &jar).session().is_none(), "{name}");

        let state = open(&moving, &jar);
        let Some(read) = state.session() else { panic!("{name} opens") };
        assert_eq!(read.subject(), case["session"]["user"]["sub"].as_str().unwrap(), "{name}");
        assert!(write(&moving, &state, &mut jar) > 0, "{name}");

        let kept = open(&strict, &jar);
        assert_eq!(kept.session().unwrap().user(), case["session"]["user"].as_object().unwrap(), "{name}");
        assert_eq!(access_tokens(&kept), access_tokens(&state), "{name}");
        assert_eq!(write(&moving, &open(&moving, &jar), &mut jar), 0, "{name}: once");
    }
}

#[test]
fn sessions_of_auth0_server_python_are_written_in_our_form_beside_theirs_until_the_logout() {
    let vectors = fixture(include_str!("../fixtures/python-session.json"));
    for case in vectors["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let client = client_at(NOW, |client| {
            client.secret(case["secret"].as_str().unwrap()).also_read(Format::Auth0ServerPython)
        });
        let mut jar = Jar::default();
        for (cookie, value) in case["cookies"].as_object().unwrap() {
            jar.take_line(&format!("{cookie}={}", value.as_str().unwrap()));
        }
        let theirs = jar.names().len();
        let state = open(&client, &jar);
        assert_eq!(
            state.session().unwrap().subject(),
            case["state"]["user"]["sub"].as_str().unwrap(),
            "{name}"
        );
        write(&client, &state, &mut jar);
        assert!(
            jar.names().iter().any(|cookie| cookie.starts_with("__session")),
            "{name}: {:?}",
            jar.names()
        );
        assert_eq!(
            jar.names().iter().filter(|cookie| cookie.starts_with("_a0_session")).count(),
            theirs,
            "{name}"
        );

        let mut state = open(&client, &jar);
        assert_eq!(state.session().unwrap().data("domain"), None, "{name}: what only that package knows");
        assert_eq!(write(&client, &state, &mut jar), 0, "{name}: once");
        state.remove();
        write(&client, &state, &mut jar);
        assert_eq!(jar.line(), "", "{name}: nobody comes back with the other cookie");
    }
}

#[test]
fn one_application_reads_both_peers_and_writes_for_one() {
    let client = ours(|client| client.format(Format::NextjsAuth0).also_read(Format::Auth0ServerPython));
    let mut jar = Jar::of(&of_python("auth0|ada", NOW, 0));
    write(&client, &open(&client, &jar), &mut jar);
    let next = ours(|client| client.format(Format::NextjsAuth0));
    assert_eq!(open(&next, &jar).session().unwrap().subject(), "auth0|ada");
}

#[test]
fn the_later_login_counts_and_of_one_login_our_own_session() {
    let client = ours(|client| client.also_read(Format::Auth0ServerPython));
    let mut jar = Jar::of(&of_python("auth0|ada", NOW - 60, 0));
    let mut state = open(&client, &jar);
    state.session_mut().unwrap().set_data("cart", json!(["tea"]));
    write(&client, &state, &mut jar);
    assert_eq!(open(&client, &jar).session().unwrap().data("cart"), Some(&json!(["tea"])));

    jar.take_line(&of_python("auth0|bob", NOW - 30, 0));
    let state = open(&client, &jar);
    assert_eq!(state.session().unwrap().subject(), "auth0|bob");
    write(&client, &state, &mut jar);
    let only_ours = ours(|client| client);
    assert_eq!(open(&only_ours, &jar).session().unwrap().subject(), "auth0|bob");
}

#[test]
fn a_peers_cookie_goes_where_the_header_has_no_room_for_both() {
    let client = ours(|client| client.also_read(Format::Auth0ServerPython).max_cookie_header(8190));
    for (bytes, stays) in [(1000, true), (4000, false)] {
        let mut jar = Jar::of(&of_python("auth0|ada", NOW, bytes));
        write(&client, &open(&client, &jar), &mut jar);
        assert_eq!(jar.names().contains(&"_a0_session_0"), stays, "{bytes}");
        assert_eq!(open(&client, &jar).session().unwrap().subject(), "auth0|ada", "{bytes}");
    }
}

#[test]
fn a_logout_reaches_a_peers_cookie_that_is_set_for_the_whole_host() {
    let client = ours(|client| {
        client.also_read(Format::Auth0ServerPython).base_path("/shop").session_cookie(CookieOptions {
            domain: Some("example.com".to_owned()),
            ..CookieOptions::default()
        })
    });
    let mut state = open(&client, &Jar::of(&of_python("auth0|ada", NOW, 0)));
    state.remove();
    let deleted = client.write_session(&state).unwrap();
    let deleted: Vec<&str> = deleted.iter().map(|cookie| cookie.to_str().unwrap()).collect();
    let rest = "Secure; HttpOnly; SameSite=lax";
    assert_eq!(
        deleted,
        [
            format!("_a0_session_0=; Path=/shop; Max-Age=0; Domain=example.com; {rest}"),
            format!("_a0_session_0=; Path=/; Max-Age=0; {rest}"),
        ]
    );
}

#[test]
fn a_session_of_a_peer_ends_by_our_limits() {
    let client = ours(|client| {
        client.also_read(Format::Auth0ServerPython).absolute_duration(Duration::from_secs(100))
    });
    let session_since =
        |created_at| open(&client, &Jar::of(&of_python("auth0|ada", created_at, 0))).session().is_some();
    assert_eq!((session_since(NOW - 99), session_since(NOW - 100)), (true, false));
}

#[tokio::test]
async fn a_login_takes_the_place_of_a_peers_session() {
    let (script, clock) = (Script::new(), Hands::at(NOW));
    let client =
        builder(&script, &clock).secret(SECRET).also_read(Format::Auth0ServerPython).build().unwrap();
    let mut jar = Jar::of(&of_python("auth0|ada", NOW, 0));
    let begun = handle(&client, get("/auth/login", &jar.line())).await;
    jar.take(begun.headers());
    let query = begun.headers()["location"].to_str().unwrap().split_once('?').unwrap().1;
    let sent = |wanted: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(name, _)| name == wanted).unwrap().1.into_owned()
    };
    let id_token = script.sign(&json!({
        "iss": client.issuer(), "sub": "auth0|bob", "aud": "client-1", "exp": NOW + 60, "iat": NOW, "nonce": sent("nonce"),
    }));
    script.answer(Answer::Json(
        200,
        json!({ "access_token": "at-bob", "id_token": id_token, "expires_in": 60, "token_type": "Bearer" }),
    ));
    let callback = format!("/auth/callback?code=c&state={}", sent("state"));
    jar.take(handle(&client, get(&callback, &jar.line())).await.headers());
    assert_eq!(jar.names(), ["__session"]);
    assert_eq!(json_of(&handle(&client, get("/auth/profile", &jar.line())).await)["sub"], "auth0|bob");
}

#[tokio::test]
async fn logins_of_the_peers_are_found_and_their_cookies_deleted() {
    for (format, text) in [
        (Format::NextjsAuth0, include_str!("../fixtures/nextjs-transaction.json")),
        (Format::Auth0ServerPython, include_str!("../fixtures/python-transaction.json")),
    ] {
        let vectors = fixture(text);
        let default_names = |case: &&Value| {
            case["options"]["enableParallelTransactions"] != false
                && case["options"]["cookieOptions"]["prefix"].is_null()
        };
        let mut found = 0;
        for case in vectors["cases"].as_array().unwrap().iter().filter(default_names) {
            let (state, line) = match format {
                Format::Auth0ServerPython => (
                    case["identifier"].as_str().unwrap().strip_prefix("_a0_tx:").unwrap(),
                    format!("_a0_tx={}", case["value"].as_str().unwrap()),
                ),
                _ if case["state"]["responseType"] != "code"
                    || !case["state"]["codeVerifier"].is_string() =>
                {
                    continue;
                }
                _ => (
                    case["state"]["state"].as_str().unwrap(),
                    case["cookie_header"].as_str().unwrap().to_owned(),
                ),
            };
            let secret = case["secret"].as_str().unwrap();
            for (client, expected) in [
                (client_at(NOW, |client| client.secret(secret)), Vec::new()),
                (client_at(NOW, |client| client.secret(secret).also_read(format)), Jar::of(&line).names()),
            ] {
                let callback = format!("/auth/callback?state={state}&error=access_denied");
                let ended = handle(&client, get(&callback, &line)).await;
                let deleted: Vec<String> =
                    set_cookies(ended.headers()).into_iter().map(|cookie| cookie.name).collect();
                assert_eq!(deleted, expected, "{}", case["name"]);
            }
            found += 1;
        }
        assert!(found > 0, "{format:?}");
    }
}

#[tokio::test]
async fn a_logout_forgets_the_peers_logins_too() {
    let client = ours(|client| client.also_read(Format::Auth0ServerPython));
    let ended = handle(&client, get("/auth/logout", "_a0_tx=value; __txn_1=value; theme=dark")).await;
    let deleted: Vec<String> = set_cookies(ended.headers()).into_iter().map(|cookie| cookie.name).collect();
    assert_eq!(deleted, ["_a0_tx", "__txn_1"]);
}

#[test]
fn the_environment_names_them() {
    let with = |value: &'static str| {
        builder(&Script::new(), &Hands::at(NOW))
            .secret(SECRET)
            .environment_from(move |name| (name == "STEPUP_ALSO_READ").then(|| value.to_owned()))
            .build()
    };
    let client = with("nextjs-auth0, auth0-server-python").unwrap();
    assert!(open(&client, &Jar::of(&of_python("auth0|ada", NOW, 0))).session().is_some());
    let error = with("auth0-server-python,express").unwrap_err();
    assert_eq!(
        error.problems()[0].to_string(),
        "also_read (STEPUP_ALSO_READ): is none of stepup, nextjs-auth0 and auth0-server-python"
    );
}
