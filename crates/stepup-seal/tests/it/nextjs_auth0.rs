//! Values that nextjs-auth0 4 and 3 sealed.

use serde::Deserialize;
use serde_json::{Map, Value};
use stepup_seal::{Format, OpenError, Purpose, Sealer};

use crate::support::{Counter, cases, cookies, secrets, text, time};

fn sealer(case: &Value) -> Sealer {
    Sealer::new(&secrets([text(&case["secret"])]), Format::NextjsAuth0)
}

/// A session as a caller types it: what only a session has is required.
#[derive(Debug, PartialEq, Deserialize)]
struct Session {
    user: User,
    internal: Map<String, Value>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct User {
    sub: String,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    mfa_token: String,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// The value of a session cookie, its chunks put together as the contract says.
fn session_value(header: &str, name: &str) -> Option<String> {
    let cookies = cookies(header);
    if let Some((_, value)) = cookies.iter().find(|(its, value)| *its == name && !value.is_empty()) {
        return Some((*value).to_owned());
    }
    let number = |its: &str| {
        its.strip_prefix(name)?.strip_prefix("__").or(its.strip_prefix(name)?.strip_prefix('.'))?.parse().ok()
    };
    let mut chunks: Vec<(usize, &str)> =
        cookies.iter().filter_map(|(its, value)| Some((number(its)?, *value))).collect();
    chunks.sort_unstable();
    let whole = chunks.last()?.0 + 1 == chunks.len();
    whole.then(|| chunks.into_iter().map(|(_, value)| value).collect())
}

fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name);
    object
}

#[test]
fn session_cookies_open_until_their_time() {
    for case in cases("nextjs-session") {
        let name = case["options"]["cookie"]["name"].as_str().unwrap_or("__session");
        let value = session_value(text(&case["cookie_header"]), name).unwrap();
        assert_eq!(value.len() as u64, case["value_length"].as_u64().unwrap(), "{}", case["name"]);
        for check in case["checks"].as_array().unwrap() {
            let opened = sealer(&case).open::<Value>(Purpose::Session, "", &value, time(&check["at"]));
            if check["result"] == "session" {
                let opened = opened.unwrap();
                assert_eq!(opened.expires_at, Some(time(&case["exp"])), "{}", case["name"]);
                assert_eq!(
                    opened.payload,
                    without(case["session"].clone(), "connectionTokenSets"),
                    "{}",
                    case["name"]
                );
            } else {
                assert_eq!(opened, Err(OpenError::Expired), "{}", case["name"]);
            }
        }
    }
}

#[test]
fn connection_tokens_open() {
    let mut opened = 0;
    for case in cases("nextjs-session") {
        for (name, value) in cookies(text(&case["cookie_header"])) {
            if name.starts_with("__FC_") {
                let set = sealer(&case)
                    .open::<Value>(Purpose::ConnectionTokens, "", value, time(&case["now"]))
                    .unwrap();
                assert!(case["session"]["connectionTokenSets"].as_array().unwrap().contains(&set.payload));
                opened += 1;
            }
        }
    }
    assert!(opened >= 2, "{opened}");
}

#[test]
fn odd_cookies_are_no_session() {
    for case in cases("nextjs-session-rejects") {
        let value = session_value(text(&case["cookie_header"]), "__session").unwrap_or_default();
        let opened = sealer(&case).open::<Session>(Purpose::Session, "", &value, time(&case["now"]));
        assert_eq!(
            if opened.is_ok() { "session" } else { "none" },
            text(&case["result"]),
            "{}",
            case["name"]
        );
    }
}

#[test]
fn mfa_tokens_open_until_their_time() {
    for case in cases("nextjs-mfa-token") {
        for check in case["checks"].as_array().unwrap() {
            let opened = sealer(&case).open::<Context>(
                Purpose::MfaToken,
                "",
                text(&case["token"]),
                time(&check["at"]),
            );
            match text(&check["result"]) {
                "ok" => {
                    let opened = opened.unwrap();
                    assert_eq!(opened.expires_at, Some(time(&check["context"]["exp"])));
                    let expected: Context =
                        serde_json::from_value(without(check["context"].clone(), "exp")).unwrap();
                    assert_eq!(opened.payload, expected, "{}", case["name"]);
                }
                "mfa_token_expired" => assert_eq!(opened, Err(OpenError::Expired), "{}", case["name"]),
                "mfa_token_invalid" => assert_eq!(opened, Err(OpenError::Invalid), "{}", case["name"]),
                other => panic!("{other}"),
            }
        }
    }
}

#[test]
fn transactions_open_until_their_time() {
    for case in cases("nextjs-transaction") {
        let (_, value) = text(&case["cookie_value"]).split_once(':').unwrap();
        for check in case["checks"].as_array().unwrap() {
            let opened = sealer(&case).open::<Value>(Purpose::Transaction, "", value, time(&check["at"]));
            if check["result"] == "transaction" {
                assert_eq!(
                    opened.unwrap().payload,
                    without(case["payload"].clone(), "exp"),
                    "{}",
                    case["name"]
                );
            } else {
                assert_eq!(opened, Err(OpenError::Expired), "{}", case["name"]);
            }
        }
    }
}

#[test]
fn session_ids_open() {
    // Version 3 signed them and sealed nothing.
    for case in cases("nextjs-stateful").into_iter().filter(|case| case["payload"].is_object()) {
        let (_, value) = cookies(text(&case["cookie_header"]))[0];
        let opened = sealer(&case).open::<Value>(Purpose::StatefulId, "", value, time(&case["now"])).unwrap();
        assert_eq!(opened.payload, without(case["payload"].clone(), "exp"));
        assert_eq!(opened.payload["id"], case["session_id"]);
    }
}

#[test]
fn sessions_of_version_3_open_until_the_expiry_in_their_header() {
    for case in cases("nextjs-legacy-v3") {
        let value = session_value(text(&case["cookie_header"]), "appSession").unwrap();
        let open = |purpose, now| sealer(&case).open::<Value>(purpose, "", &value, now);
        let opened = open(Purpose::Session, time(&case["now"])).unwrap();
        assert_eq!(opened.payload, case["session_v3"]);
        assert_eq!(opened.legacy_issued_at, Some(time(&case["protected_header"]["iat"])));
        assert_eq!(opened.expires_at, Some(time(&case["protected_header"]["exp"])));
        assert_eq!(
            open(Purpose::Session, time(&case["after_its_header_exp"]["at"])),
            Err(OpenError::Expired)
        );
        assert_eq!(open(Purpose::MfaToken, time(&case["now"])), Err(OpenError::Invalid));
    }
}

#[test]
fn ours_is_written_as_theirs_is() {
    for case in cases("nextjs-session") {
        let now = time(&case["now"]);
        let session = without(case["session"].clone(), "connectionTokenSets");
        let value =
            sealer(&case).seal(Purpose::Session, "", &session, time(&case["exp"]), &Counter::default());
        assert!(value.starts_with("eyJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiZGlyIn0.."));
        assert_eq!(value.len() as u64, case["value_length"].as_u64().unwrap(), "{}", case["name"]);
        assert_eq!(sealer(&case).open::<Value>(Purpose::Session, "", &value, now).unwrap().payload, session);
    }
}
