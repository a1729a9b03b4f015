//! Whatever a request holds, it gets an answer that a browser can be given: no panic, no server error, no session from
//! nowhere.

use bytes::Bytes;
use http::{HeaderValue, Request, header};
use proptest::prelude::*;
use stepup::{Client, Format};
use url::Url;

use crate::support::{Hands, NOW, SECRET, Script, builder, get, handle, json_of};

fn client(format: Format) -> Client {
    builder(&Script::new(), &Hands::at(NOW)).secret(SECRET).format(format).build().unwrap()
}

/// Cookie lines that look like ours, and any others.
fn cookie_line() -> impl Strategy<Value = Vec<u8>> {
    let name = prop_oneof![
        Just("__session".to_owned()),
        "__session__[0-9]{1,4}",
        "__txn_[a-zA-Z0-9_-]{0,43}",
        "_a0_session_[0-9]{0,3}",
        Just("appSession".to_owned()),
        "[!-~]{0,12}",
    ];
    let value = prop_oneof![
        "[ -:<-~]{0,80}",
        "eyJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiZGlyIn0\\.\\.[A-Za-z0-9_-]{16}\\.[A-Za-z0-9_-]{0,60}\\.[A-Za-z0-9_-]{22}",
        "[0-9]{0,25}(:|%3A)[A-Za-z0-9_.-]{0,60}",
    ];
    let pairs = prop::collection::vec((name, value), 0..6);
    let odd = prop::collection::vec(prop_oneof![Just(b'\t'), 32_u8..127, 128_u8..=255], 0..40);
    (pairs, odd).prop_map(|(pairs, odd)| {
        let mut line: Vec<u8> = Vec::new();
        for (name, value) in pairs {
            line.extend(format!("{name}={value}; ").bytes());
        }
        line.extend(odd);
        line
    })
}

fn query() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        Just("state".to_owned()),
        Just("code".to_owned()),
        Just("error".to_owned()),
        Just("iss".to_owned()),
        Just("returnTo".to_owned()),
        Just("max_age".to_owned()),
        Just("scope".to_owned()),
        Just("audience".to_owned()),
        Just("federated".to_owned()),
        Just("challengeMode".to_owned()),
        Just("transactionId".to_owned()),
        "[a-z%]{0,8}",
    ];
    let value = prop_oneof!["[!-\"$-;=?-_a-z~%/\\\\]{0,30}", Just("popup".to_owned())];
    let pairs = prop::collection::vec((name, value), 0..6);
    pairs.prop_map(|pairs| pairs.into_iter().map(|(name, value)| format!("{name}={value}&")).collect())
}

fn answered(client: &Client, path: &str, query: &str, line: &[u8]) -> http::Response<stepup::Body> {
    let Ok(uri) = format!("{path}?{query}").parse::<http::Uri>() else {
        return http::Response::new(stepup::Body::from(Bytes::new()));
    };
    let mut request = Request::get(uri).header("host", "app.example.com").body(Bytes::new()).unwrap();
    request.headers_mut().insert(header::COOKIE, HeaderValue::from_bytes(line).unwrap());
    let route = client.route(request.method(), request.uri().path()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(client.handle(route, request))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn routes_answer_whatever_comes(line in cookie_line(), query in query()) {
        for format in [Format::Stepup, Format::NextjsAuth0, Format::Auth0ServerPython] {
            let client = client(format);
            for path in ["/auth/login", "/auth/callback", "/auth/logout", "/auth/profile", "/auth/access-token"] {
                let response = answered(&client, path, &query, &line);
                prop_assert!(!response.status().is_server_error(), "{path}?{query}: {}", response.status());
                if let Some(location) = response.headers().get(header::LOCATION) {
                    let location = location.to_str().unwrap();
                    prop_assert!(location.starts_with("https://tenant.example.auth0.com/"), "{location}");
                }
            }
        }
    }
}

/// Nobody has to be logged in to send them.
#[tokio::test]
async fn what_is_too_long_to_ask_for_is_not_taken_apart() {
    let client = client(Format::Stepup);
    let (scope, audience) = ("a+".repeat(30_000), "a".repeat(60_000));
    for query in [format!("scope={scope}"), format!("audience={audience}")] {
        for merge in ["", "mergeScopes=true&"] {
            let response = handle(&client, get(&format!("/auth/login?{merge}{query}"), "")).await;
            let location = Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
            let asked =
                |wanted| location.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value);
            assert_eq!(asked("scope").as_deref(), Some("openid profile email offline_access"), "{merge}");
            assert_eq!(asked("audience"), None, "{merge}");
        }
        let response = handle(&client, get(&format!("/auth/access-token?{query}"), "")).await;
        assert_eq!(response.status(), 400);
        assert_eq!(json_of(&response)["error"]["code"], "invalid_request");
    }
}
