//! Transaction cookies: logins that another package began are completed, and old ones make room.

use http::header;
use stepup::{Format, TransactionCookieOptions};

use crate::{
    step_up::{ada, cookie_of},
    support::{Hands, Jar, NOW, SECRET, Script, SetCookie, builder, fixture, get, handle, set_cookies},
};

/// Whether a callback for `state` finds its login: without one it says that the state is invalid.
async fn is_found(client: &stepup::Client, state: &str, cookie_line: &str) -> bool {
    let response =
        handle(client, get(&format!("/auth/callback?state={state}&error=stop"), cookie_line)).await;
    let text = String::from_utf8(response.body().to_vec()).unwrap();
    assert!(text.contains("state parameter is invalid") || text.contains("authorization flow"), "{text}");
    !text.contains("state parameter is invalid")
}

#[tokio::test]
async fn logins_of_nextjs_auth0_are_found_until_they_expire() {
    let cases = fixture(include_str!("../fixtures/nextjs-transaction.json"));
    for case in cases["cases"].as_array().unwrap() {
        // Only logins by code with PKCE and a nonce are ours to complete.
        let ours = case["state"]["responseType"] == "code" && case["state"]["codeVerifier"].is_string();
        let clock = Hands::at(case["now"].as_i64().unwrap());
        let prefix = case["options"]["cookieOptions"]["prefix"].as_str();
        let client = builder(&Script::new(), &clock)
            .format(Format::NextjsAuth0)
            .secret(case["secret"].as_str().unwrap())
            .enable_parallel_transactions(case["options"]["enableParallelTransactions"] != false)
            .transaction_cookie(TransactionCookieOptions {
                prefix: prefix.map(str::to_owned),
                ..TransactionCookieOptions::default()
            })
            .build()
            .unwrap();
        let (state, line) =
            (case["state"]["state"].as_str().unwrap(), case["cookie_header"].as_str().unwrap());
        for check in case["checks"].as_array().unwrap() {
            clock.set(check["at"].as_i64().unwrap());
            let expected = ours && check["result"] == "transaction";
            assert_eq!(is_found(&client, state, line).await, expected, "{}", case["name"]);
        }
        clock.set(case["now"].as_i64().unwrap());
        if let Some(line) = case["legacy_value_without_timestamp"]["cookie_header"].as_str() {
            assert_eq!(is_found(&client, state, line).await, ours, "{}", case["name"]);
        }
        assert!(!is_found(&client, "other", line).await, "{}", case["name"]);
    }
}

#[tokio::test]
async fn logins_of_auth0_server_python_are_found() {
    let cases = fixture(include_str!("../fixtures/python-transaction.json"));
    for case in cases["cases"].as_array().unwrap() {
        let clock = Hands::at(NOW);
        let client = builder(&Script::new(), &clock)
            .format(Format::Auth0ServerPython)
            .secret(case["secret"].as_str().unwrap())
            .build()
            .unwrap();
        let state = case["identifier"].as_str().unwrap().strip_prefix("_a0_tx:").unwrap();
        let line = format!("_a0_tx={}", case["value"].as_str().unwrap());
        assert!(is_found(&client, state, &line).await, "{}", case["name"]);
        assert!(!is_found(&client, "other", &line).await, "{}", case["name"]);
    }
}

#[tokio::test]
async fn the_oldest_logins_make_room() {
    let cases = fixture(include_str!("../fixtures/nextjs-transaction.json"));
    for case in cases["eviction"].as_array().unwrap() {
        let client = builder(&Script::new(), &Hands::at(NOW)).secret(SECRET).build().unwrap();
        let mut line = String::new();
        for cookie in case["request_cookies"].as_array().unwrap() {
            let (prefix, length) =
                (cookie["value"]["prefix"].as_str().unwrap(), cookie["value"]["length"].as_u64().unwrap());
            let padding = "x".repeat(usize::try_from(length).unwrap() - prefix.len());
            line.push_str(&format!("{}={prefix}{padding}; ", cookie["name"].as_str().unwrap()));
        }
        let response = handle(&client, get("/auth/login", &line)).await;
        let set: Vec<SetCookie> = set_cookies(response.headers());
        let gone: Vec<&str> =
            set.iter().filter(|cookie| cookie.value.is_empty()).map(|cookie| cookie.name.as_str()).collect();
        // Our value is some tens of bytes longer than theirs, which decides nothing in these cases.
        assert_eq!(serde_json::json!(gone), case["deleted"]);
        assert!(set[0].name.starts_with("__txn_") && !set[0].value.is_empty());
    }
}

/// The longest header line that the default limit lets through.
const LIMIT: usize = 8190;

#[tokio::test]
async fn logins_leave_the_header_no_longer_than_a_proxy_takes() {
    let client = builder(&Script::new(), &Hands::at(NOW)).secret(SECRET).build().unwrap();
    let older = ["a", "b"].map(|state| format!("__txn_{state}={}%3A{}", NOW - 60, "x".repeat(500)));
    let (mut begun, mut refused) = ([0; 3], 0);
    let session = cookie_of("auth0|ada");
    for length in (6000..8400).step_by(40) {
        let theme = "t".repeat(length - session.len());
        let brought = format!("{session}; theme={theme}; {}; {}", older[0], older[1]);
        let mut jar = Jar::of(&brought);
        let before = jar.line();
        let response = handle(&client, get("/auth/login", &before)).await;
        jar.take(response.headers());
        if response.status() == 307 {
            let line = format!("Cookie: {}", jar.line());
            assert!(line.len() <= LIMIT, "{length}: {}", line.len());
            let others = jar.names().iter().filter(|name| ["__txn_a", "__txn_b"].contains(name)).count();
            begun[others] += 1;
            // One more of the others would not have fitted.
            assert!(others == 2 || line.len() + "; ".len() + older[0].len() > LIMIT, "{length}");
        } else {
            refused += 1;
            assert_eq!((response.status().as_u16(), jar.line()), (500, before), "nothing is set");
        }
    }
    assert!(begun.iter().all(|logins| *logins > 0) && refused > 0, "{begun:?} {refused}");
}

#[tokio::test]
async fn a_login_that_does_not_fit_beside_the_session_says_so() {
    let client = builder(&Script::new(), &Hands::at(NOW)).secret(SECRET).build().unwrap();
    let line = format!("{}; theme={}", cookie_of("auth0|ada"), "t".repeat(7800));
    let answer = async |path: &str, accept: &str| {
        let mut request = get(path, &line);
        request.headers_mut().insert("accept", accept.parse().unwrap());
        let response = handle(&client, request).await;
        assert_eq!(response.status(), 500, "{path}");
        assert!(set_cookies(response.headers()).is_empty(), "{path}");
        String::from_utf8(response.body().to_vec()).unwrap()
    };
    let page = answer("/auth/login?returnTo=/hall", "text/html,*/*;q=0.8").await;
    assert!(page.contains("<h1>This site has too much to keep for you</h1>"), "{page}");
    let json = answer("/auth/login", "application/json").await;
    assert_eq!(
        json,
        r#"{"error":"session_too_large","error_description":"The session is too large to be kept."}"#
    );
    let popup = answer("/auth/login?challengeMode=popup", "text/html").await;
    let told = r#""success":false,"error":{"code":"session_too_large","message":"The session is too large to be kept."}"#;
    assert!(popup.contains(told), "{popup}");
}

#[tokio::test]
async fn what_is_no_session_any_more_does_not_stand_in_the_way_of_a_login() {
    let (script, clock) = (Script::new(), Hands::at(NOW));
    let client = builder(&script, &clock).secret(SECRET).build().unwrap();
    let other_secret = builder(&script, &clock).secret(SECRET.repeat(2)).build().unwrap();
    let mut state = ada(&client);
    state.session_mut().unwrap().set_data("cart", "c".repeat(5500).into());
    let mut brought = Jar::default();
    for cookie in client.write_session(&state).unwrap() {
        brought.take(&[(header::SET_COOKIE, cookie)].into_iter().collect());
    }
    assert_eq!(brought.names(), ["__session__0", "__session__1", "__session__2"]);

    for (client, at, status) in
        [(&client, NOW, 500), (&other_secret, NOW, 307), (&client, NOW + 260_000, 307)]
    {
        clock.set(at);
        let mut jar = brought.clone();
        let response = handle(client, get("/auth/login", &jar.line())).await;
        assert_eq!(response.status(), status, "{at}");
        jar.take(response.headers());
        if status == 307 {
            assert!(jar.names().len() == 1 && jar.names()[0].starts_with("__txn_"), "{:?}", jar.names());
        }
    }
    let response = handle(&other_secret, get("/auth/login", "__session=short")).await;
    assert_eq!(set_cookies(response.headers()).len(), 1, "what has room stays until the login has ended");
}

#[tokio::test]
async fn a_login_is_good_for_its_time_and_once() {
    let clock = Hands::at(NOW);
    let client = builder(&Script::new(), &clock).secret(SECRET).build().unwrap();
    let begun = handle(&client, get("/auth/login", "")).await;
    let cookie = set_cookies(begun.headers()).remove(0);
    let state = cookie.name.strip_prefix("__txn_").unwrap().to_owned();
    assert_eq!(state.len(), 43);
    let line = format!("{}={}", cookie.name, cookie.value);
    assert!(is_found(&client, &state, &line).await);

    let ended =
        handle(&client, get(&format!("/auth/callback?state={state}&error=access_denied"), &line)).await;
    assert_eq!(ended.status(), 400);
    let deleted = set_cookies(ended.headers());
    assert_eq!(
        (deleted.len(), deleted[0].name.as_str(), deleted[0].value.as_str()),
        (1, cookie.name.as_str(), "")
    );

    clock.set(NOW + 3600);
    assert!(!is_found(&client, &state, &line).await);
}
