//! Session cookies: those of nextjs-auth0 and auth0-server-python open, ours are theirs, odd ones are no session.

use std::time::Duration;

use http::header;
use serde_json::{Map, Value, json};
use stepup::{Client, ClientBuilder, CookieOptions, Detour, Format, SameSite};
use stepup_protocol::time::UnixTime;
use stepup_seal::{Purpose, Sealer, Secrets};

use crate::{
    step_up::cookie_of,
    support::{Counting, Hands, Jar, NOW, SECRET, Script, SetCookie, builder, cookies, fixture, get, handle},
};

/// For what is about other things than a session's size.
const LARGE: usize = 64 * 1024;

fn nextjs(case: &Value, clock: &Hands) -> ClientBuilder {
    let mut client = builder(&Script::new(), clock)
        .format(Format::NextjsAuth0)
        .secret(case["secret"].as_str().unwrap())
        .max_cookie_header(LARGE);
    let options = &case["options"];
    let cookie = &options["cookie"];
    let text = |name: &str| cookie[name].as_str().map(str::to_owned);
    client = client.session_cookie(CookieOptions {
        name: text("name"),
        secure: cookie["secure"].as_bool(),
        same_site: text("sameSite").map(|word| word.parse().unwrap()),
        path: text("path"),
        domain: text("domain"),
        transient: cookie["transient"].as_bool(),
    });
    if let Some(path) = text("path") {
        client = client.base_path(path);
    }
    if cookie["secure"] == json!(false) {
        client = client.app_base_url("http://app.example.com");
    }
    let seconds = |name: &str| options[name].as_u64().map(Duration::from_secs);
    if let Some(duration) = seconds("inactivityDuration") {
        client = client.inactivity_duration(duration);
    }
    if let Some(duration) = seconds("absoluteDuration") {
        client = client.absolute_duration(duration);
    }
    client.rolling(options["rolling"] != json!(false))
}

/// What is sealed in a session cookie, without its expiry.
fn payload(secret: &str, value: &str, at: i64) -> (Map<String, Value>, i64) {
    let sealer = Sealer::new(&Secrets::new([secret.into()]).unwrap(), Format::NextjsAuth0);
    let opened = sealer
        .open::<Map<String, Value>>(Purpose::Session, "", value, UnixTime::from_seconds(at))
        .expect("a session of nextjs-auth0");
    let mut payload = opened.payload;
    payload.remove("exp");
    (payload, opened.expires_at.unwrap().seconds())
}

/// What a browser sends after the cookies' domain or path was changed (RFC 6265 section 5.4): both, in either order.
#[test]
fn the_newer_of_two_sessions_of_one_name_is_found_wherever_it_stands() {
    let client = builder(&Script::new(), &Hands::at(NOW)).secret(SECRET).build().unwrap();
    let mut state = client.open_session(&cookies(&cookie_of("auth0|ada")));
    state.session_mut().unwrap().set_data("cart", json!("c".repeat(4000)));
    let mut jar = Jar::default();
    for cookie in client.write_session(&state).unwrap() {
        jar.take(&[(header::SET_COOKIE, cookie)].into_iter().collect());
    }
    let (chunks, whole) = (jar.line(), cookie_of("auth0|ada"));
    assert_eq!(jar.names(), ["__session__0", "__session__1"]);
    let old = "__session__0=old; __session__1=old";
    for line in [
        format!("{old}; {chunks}"),
        format!("{chunks}; {old}"),
        format!("{old}; __session__2=old; {chunks}"),
        format!("{chunks}; {old}; __session__2=old"),
        format!("__session=old; {whole}"),
        format!("{whole}; __session=old"),
        format!("__session=old; {chunks}"),
    ] {
        let state = client.open_session(&cookies(&line));
        assert_eq!(state.session().map(stepup::Session::subject), Some("auth0|ada"), "{line}");
    }
}

#[test]
fn sessions_of_nextjs_auth0_open_and_are_written_alike() {
    let cases = fixture(include_str!("../fixtures/nextjs-session.json"));
    for case in cases["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let clock = Hands::at(case["now"].as_i64().unwrap());
        let client = nextjs(case, &clock).build().unwrap();
        let line = case["cookie_header"].as_str().unwrap();
        let created_at = case["session"]["internal"]["createdAt"].as_i64().unwrap();
        let absolute = case["options"]["absoluteDuration"].as_i64().unwrap_or(259_200);
        let ceiling = case["session"]["internal"]["sessionExpiresAt"].as_i64().unwrap_or(i64::MAX);
        for check in case["checks"].as_array().unwrap() {
            let at = check["at"].as_i64().unwrap();
            clock.set(at);
            let state = client.open_session(&cookies(line));
            // Our own limits come on top: the absolute one and the identity provider's count on reading too.
            let expected = check["result"] == "session" && at < created_at + absolute && at < ceiling - 30;
            assert_eq!(state.session().is_some(), expected, "{name} at {at}");
        }

        clock.set(case["now"].as_i64().unwrap());
        let mut state = client.open_session(&cookies(line));
        let Some(session) = state.session_mut() else { continue };
        assert_eq!(session.subject(), case["session"]["user"]["sub"].as_str().unwrap());
        session.set_data("touched", json!(true));
        let written = client.write_session(&state).unwrap();
        let written: Vec<SetCookie> = written.iter().map(SetCookie::read).collect();
        let set: Vec<&SetCookie> = written.iter().filter(|cookie| !cookie.value.is_empty()).collect();
        let whole: String = set.iter().map(|cookie| cookie.value.as_str()).collect();
        let (mut ours, expires_at) =
            payload(case["secret"].as_str().unwrap(), &whole, case["now"].as_i64().unwrap());
        assert_eq!(ours.remove("touched"), Some(json!(true)));
        let mut theirs = case["session"].as_object().unwrap().clone();
        theirs.remove("connectionTokenSets");
        assert_eq!(Value::Object(ours), Value::Object(theirs), "{name}");
        if case["options"]["rolling"] != json!(false) {
            assert_eq!(expires_at, case["exp"].as_i64().unwrap(), "{name}");
        }
        assert!(set.iter().all(|cookie| cookie.value.len() <= 3500), "{name}");

        if case["options"]["rolling"] == json!(false) {
            continue; // The absolute limit counts from the login, not from each time it is written.
        }
        // The attributes are those of the other package's first cookie, whatever the value is.
        let theirs = case["set_cookie"][0].as_str().unwrap();
        let (_, their_attributes) = theirs.split_once("; ").unwrap();
        assert_eq!(set[0].attributes.join("; "), their_attributes, "{name}");
    }
}

#[test]
fn what_is_no_session_is_no_error() {
    let cases = fixture(include_str!("../fixtures/nextjs-session-rejects.json"));
    for case in cases["cases"].as_array().unwrap() {
        let clock = Hands::at(case["now"].as_i64().unwrap());
        let client = nextjs(case, &clock).build().unwrap();
        let headers = match case["cookie_header"].as_str() {
            Some(line) if !line.is_empty() => cookies(line),
            _ => http::HeaderMap::new(),
        };
        let state = client.open_session(&headers);
        assert_eq!(state.session().is_some(), case["opens"] == json!(true), "{}", case["name"]);
        assert!(
            state.session().is_some() || client.write_session(&state).unwrap().is_empty(),
            "{}",
            case["name"]
        );
    }
}

#[test]
fn sessions_of_version_3_are_taken_over_until_they_expire() {
    let cases = fixture(include_str!("../fixtures/nextjs-legacy-v3.json"));
    for case in cases["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let clock = Hands::at(case["now"].as_i64().unwrap());
        let client = nextjs(case, &clock).build().unwrap();
        let headers = cookies(case["cookie_header"].as_str().unwrap());
        let state = client.open_session(&headers);
        let written: Vec<SetCookie> =
            client.write_session(&state).unwrap().iter().map(SetCookie::read).collect();
        let whole: String = written.iter().map(|cookie| cookie.value.as_str()).collect();
        let (mut session, _) =
            payload(case["secret"].as_str().unwrap(), &whole, case["now"].as_i64().unwrap());
        // What a login asked for was not kept then: what is configured stands for it.
        session["tokenSet"].as_object_mut().unwrap().remove("requestedScope");
        assert_eq!(Value::Object(session), case["read_back"], "{name}");
        let gone =
            written.iter().filter(|cookie| cookie.name.starts_with("appSession") && cookie.value.is_empty());
        assert!(gone.count() > 0, "{name}");

        clock.set(case["after_its_header_exp"]["at"].as_i64().unwrap());
        assert!(client.open_session(&headers).session().is_none(), "{name}");
    }
}

#[test]
fn sessions_of_auth0_server_python_open_and_are_written_alike() {
    let cases = fixture(include_str!("../fixtures/python-session.json"));
    for case in cases["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let clock = Hands::at(cases["now"].as_i64().unwrap());
        let secret = case["secret"].as_str().unwrap();
        let client = builder(&Script::new(), &clock)
            .format(Format::Auth0ServerPython)
            .secret(secret)
            .max_cookie_header(LARGE)
            .build()
            .unwrap();
        let mut jar = String::new();
        for (cookie, value) in case["cookies"].as_object().unwrap() {
            jar.push_str(&format!("{cookie}={}; ", value.as_str().unwrap()));
        }
        let mut state = client.open_session(&cookies(&jar));
        let session = state.session_mut().unwrap_or_else(|| panic!("{name} opens"));
        assert_eq!(session.token_sets().count(), case["state"]["token_sets"].as_array().unwrap().len());
        session.set_data("unknown_to_python", json!(1));

        let written: Vec<SetCookie> =
            client.write_session(&state).unwrap().iter().map(SetCookie::read).collect();
        assert_eq!(written[0].name, "_a0_session_0", "{name}");
        let whole: String = written.iter().map(|cookie| cookie.value.as_str()).collect();
        let sealer = Sealer::new(&Secrets::new([secret.into()]).unwrap(), Format::Auth0ServerPython);
        let ours: Value = sealer
            .open(Purpose::Session, "_a0_session", &whole, UnixTime::from_seconds(NOW))
            .unwrap()
            .payload;
        let mut theirs = case["state"].clone();
        theirs["user"].as_object_mut().unwrap().retain(|_, value| !value.is_null());
        assert_eq!(ours, theirs, "{name}");

        // There is no expiry inside: the absolute limit counts from the login.
        clock.advance(Duration::from_secs(259_200));
        assert!(client.open_session(&cookies(&jar)).session().is_none(), "{name}");
    }
}

/// That package deletes none but its own last chunks, so that where it shortens a session what we wrote may stay behind.
#[test]
fn a_session_of_auth0_server_python_opens_before_chunks_of_a_longer_one_and_is_written_whole() {
    let clock = Hands::at(NOW);
    let client = ours(&clock).format(Format::Auth0ServerPython).max_cookie_header(LARGE).build().unwrap();
    let sealer = Sealer::new(&Secrets::new([SECRET.into()]).unwrap(), Format::Auth0ServerPython);
    let chunks = |id_token: usize| {
        let session = json!({
            "user": { "sub": "auth0|ada" }, "id_token": "i".repeat(id_token), "refresh_token": null,
            "token_sets": [{ "audience": "default", "access_token": "at", "scope": "openid", "expires_at": NOW + 60 }],
            "connection_token_sets": [], "domain": null, "internal": { "sid": "s1", "created_at": NOW },
        });
        let end = UnixTime::from_seconds(NOW + 600);
        let value = sealer.seal(Purpose::Session, "_a0_session", &session, end, &Counting::default());
        let chunks = value.as_bytes().chunks(4096 - "_a0_session".len() - 10).enumerate();
        chunks
            .map(|(index, chunk)| format!("_a0_session_{index}={}", std::str::from_utf8(chunk).unwrap()))
            .collect::<Vec<_>>()
    };
    let (long, short) = (chunks(9000), chunks(4000));
    assert_eq!((long.len(), short.len()), (4, 2));
    for stale in [&long[2..], &long[3..], &long[2..3]] {
        let jar = [&short[..], stale].concat().join("; ");
        let state = client.open_session(&cookies(&jar));
        let session = state.session().unwrap_or_else(|| panic!("{} chunks open", 2 + stale.len()));
        assert_eq!(session.id_token().unwrap().len(), 4000);

        let healed: Vec<_> = client.write_session(&state).unwrap().iter().map(SetCookie::read).collect();
        let lengths: Vec<_> = healed.iter().map(|cookie| cookie.value.len()).collect();
        assert_eq!(lengths.len(), 2 + stale.len());
        assert_eq!(lengths[0], 4096 - "_a0_session".len() - 10, "as that package cuts it");
        assert!(lengths[2..].iter().all(|length| *length == 0), "what is stale is deleted: {lengths:?}");
    }
}

/// A session as nextjs-auth0 keeps it, sealed in `format`.
fn sealed(secret: &str, format: Format, payload: &Value, expires_at: i64) -> String {
    let sealer = Sealer::new(&Secrets::new([secret.into()]).unwrap(), format);
    sealer.seal(Purpose::Session, "", payload, UnixTime::from_seconds(expires_at), &Counting::default())
}

fn ada() -> Value {
    json!({
        "user": { "sub": "auth0|ada" },
        "tokenSet": { "accessToken": "at-secret", "refreshToken": "rt-secret", "idToken": "it-secret",
                      "scope": "openid", "requestedScope": "openid", "expiresAt": NOW + 600 },
        "internal": { "sid": "s1", "createdAt": NOW },
    })
}

fn ours(clock: &Hands) -> ClientBuilder {
    builder(&Script::new(), clock).secret(SECRET)
}

fn open(client: &Client, jar: &Jar) -> stepup::SessionState {
    client.open_session(&cookies(&jar.line()))
}

#[test]
fn a_session_is_written_when_it_changed_or_a_tenth_of_the_inactivity_time_is_gone() {
    let clock = Hands::at(NOW);
    let client = ours(&clock).inactivity_duration(Duration::from_secs(1000)).build().unwrap();
    let line = format!("__session={}", sealed(SECRET, Format::Stepup, &ada(), NOW + 1000));
    let written = |line: &str| client.write_session(&client.open_session(&cookies(line))).unwrap();

    assert_eq!(written(&line).len(), 0);
    clock.advance(Duration::from_secs(99));
    assert_eq!(written(&line).len(), 0);
    clock.advance(Duration::from_secs(1));
    let rolled = written(&line);
    assert_eq!(rolled.len(), 1, "one cookie, and nothing to delete");
    let cookie = SetCookie::read(&rolled[0]);
    assert!(cookie.attributes.contains(&"Max-Age=1000".to_owned()), "{cookie:?}");

    // Rolled on until the absolute limit, and not a second longer.
    let client = ours(&clock)
        .inactivity_duration(Duration::from_secs(1000))
        .absolute_duration(Duration::from_secs(1500))
        .build()
        .unwrap();
    let line = format!("__session={}", sealed(SECRET, Format::Stepup, &ada(), NOW + 9000));
    clock.set(NOW + 1499);
    assert!(client.open_session(&cookies(&line)).session().is_some());
    clock.set(NOW + 1500);
    assert!(client.open_session(&cookies(&line)).session().is_none());
}

#[test]
fn chunks_fit_with_their_attributes_and_stale_ones_go() {
    let clock = Hands::at(NOW);
    let path = format!("/{}", "deep/".repeat(110).trim_end_matches('/'));
    let client = ours(&clock)
        .base_path(&path)
        .max_cookie_header(LARGE)
        .session_cookie(CookieOptions {
            name: Some("bank.sid".to_owned()),
            domain: Some("example.com".to_owned()),
            path: Some(path),
            same_site: Some(SameSite::Strict),
            ..CookieOptions::default()
        })
        .build()
        .unwrap();
    let mut large = ada();
    large["user"]["roles"] = json!("r".repeat(9000));
    let line = format!("bank.sid={}", sealed(SECRET, Format::Stepup, &large, NOW + 86_400));
    let mut state = client.open_session(&cookies(&line));
    state.session_mut().unwrap().set_data("cart", json!(["tea"]));

    let mut jar = Jar::default();
    let headers = client.write_session(&state).unwrap();
    assert!(headers.len() > 4, "chunks, and the deletion of the single cookie");
    assert!(
        headers.iter().all(|header| header.len() <= 4096),
        "{:?}",
        headers.iter().map(http::HeaderValue::len).max()
    );
    headers.iter().for_each(|header| jar.take(&one(header)));
    assert!(jar.names().iter().all(|name| name.starts_with("bank.sid__")), "{:?}", jar.names());

    // Shrunk again: one cookie, and each chunk that was sent is deleted.
    let mut state = open(&client, &jar);
    assert_eq!(state.session().unwrap().data("cart"), Some(&json!(["tea"])));
    state.session_mut().unwrap().retain_claims(|name| name != "roles");
    let headers = client.write_session(&state).unwrap();
    assert_eq!(headers.len(), 1 + jar.names().len());
    headers.iter().for_each(|header| jar.take(&one(header)));
    assert_eq!(jar.names(), ["bank.sid"]);
    assert_eq!(open(&client, &jar).session().unwrap().user().len(), 1);

    let mut state = open(&client, &jar);
    state.remove();
    client.write_session(&state).unwrap().iter().for_each(|header| jar.take(&one(header)));
    assert_eq!(jar.line(), "");
}

fn one(header: &http::HeaderValue) -> http::HeaderMap {
    let mut headers = http::HeaderMap::new();
    headers.insert(header::SET_COOKIE, header.clone());
    headers
}

#[tokio::test]
async fn cookies_of_an_https_site_are_secure_whatever_another_base_url_is() {
    let clock = Hands::at(NOW);
    let client = ours(&clock).app_base_url("http://localhost:3000").build().unwrap();
    let line = format!("__session={}", sealed(SECRET, Format::Stepup, &ada(), NOW + 86_400));
    for (host, is_secure) in [("app.example.com", true), ("localhost:3000", false)] {
        let mut login = get("/auth/login", &line);
        login.headers_mut().insert("host", host.parse().unwrap());
        let mut state = client.open_session(login.headers());
        let detour = Detour { return_to: "/transfer".to_owned(), form: None };
        let detour = client.detour_by_login(&state, login.headers(), &[], detour).unwrap();
        state.session_mut().unwrap().set_data("cart", json!(["tea"]));
        let mut written = client.write_session(&state).unwrap();
        state.remove();
        written.extend(client.write_session(&state).unwrap());
        let answers = [handle(&client, login).await.headers().clone(), detour.headers().clone()];
        written.extend(answers.iter().flat_map(|headers| headers.get_all(header::SET_COOKIE)).cloned());
        let written: Vec<SetCookie> = written.iter().map(SetCookie::read).collect();
        for prefix in ["__session", "__txn_", "__mfa"] {
            assert!(written.iter().any(|cookie| cookie.name.starts_with(prefix)), "{prefix}");
        }
        for cookie in written {
            assert_eq!(cookie.attributes.contains(&"Secure".to_owned()), is_secure, "{host} {cookie:?}");
        }
    }
}

#[test]
fn a_session_of_an_older_secret_is_sealed_anew() {
    let clock = Hands::at(NOW);
    let old = "an older secret of thirty-two bytes or more";
    let client = ours(&clock).secret(old).build().unwrap();
    let line = format!("__session={}", sealed(old, Format::Stepup, &ada(), NOW + 86_400));
    let state = client.open_session(&cookies(&line));
    let written = client.write_session(&state).unwrap();
    let value = SetCookie::read(&written[0]).value;
    let only_new = ours(&clock).build().unwrap();
    assert!(only_new.open_session(&cookies(&line)).session().is_none());
    assert!(only_new.open_session(&cookies(&format!("__session={value}"))).session().is_some());
}

#[test]
fn other_purposes_and_forms_are_no_session() {
    let clock = Hands::at(NOW);
    let client = ours(&clock).build().unwrap();
    let secrets = Secrets::new([SECRET.into()]).unwrap();
    for (purpose, format) in [
        (Purpose::MfaToken, Format::Stepup),
        (Purpose::Transaction, Format::Stepup),
        (Purpose::Session, Format::NextjsAuth0),
    ] {
        let value = Sealer::new(&secrets, format).seal(
            purpose,
            "",
            &ada(),
            UnixTime::from_seconds(NOW + 600),
            &Counting::default(),
        );
        let state = client.open_session(&cookies(&format!("__session={value}")));
        assert!(state.session().is_none(), "{purpose:?} {format:?}");
    }
}

#[test]
fn a_session_prints_no_token() {
    let clock = Hands::at(NOW);
    let client = ours(&clock).build().unwrap();
    let line = format!("__session={}", sealed(SECRET, Format::Stepup, &ada(), NOW + 86_400));
    let state = client.open_session(&cookies(&line));
    let printed = format!("{state:?} {:?}", state.session().unwrap().token_sets().collect::<Vec<_>>());
    assert!(printed.contains("auth0|ada"));
    assert!(!printed.contains("secret"), "{printed}");
}

#[test]
fn a_foreign_cookie_of_odd_bytes_costs_no_session() {
    let clock = Hands::at(NOW);
    let client = ours(&clock).build().unwrap();
    let mut line = b"other=\xff\xfe; ".to_vec();
    line.extend(format!("__session={}", sealed(SECRET, Format::Stepup, &ada(), NOW + 600)).bytes());
    let mut headers = http::HeaderMap::new();
    headers.insert(header::COOKIE, http::HeaderValue::from_bytes(&line).unwrap());
    assert!(client.open_session(&headers).session().is_some());
}
