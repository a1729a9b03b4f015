//! Values that auth0-server-python sealed.

use serde::Deserialize;
use serde_json::Value;
use stepup_seal::{Format, OpenError, Purpose, Sealer, jwe};

use crate::support::{Counter, cases, secrets, text, time};

fn sealer(case: &Value) -> Sealer {
    Sealer::new(&secrets([text(&case["secret"])]), Format::Auth0ServerPython)
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "required to be there")]
struct Context {
    mfa_token: String,
    audience: String,
    scope: String,
    created_at: i64,
}

#[test]
fn mfa_tokens_open_and_the_reader_decides_their_time() {
    for case in cases("python-mfa-token") {
        for check in case["checks"].as_array().unwrap() {
            let now = time(&check["at"]);
            let opened = sealer(&case).open::<Context>(Purpose::MfaToken, "", text(&case["token"]), now);
            let outcome = match &opened {
                Ok(opened) => {
                    assert_eq!(opened.expires_at, None);
                    let age = now.seconds() - opened.payload.created_at;
                    if age > case["ttl"].as_i64().unwrap() { "mfa_token_expired" } else { "ok" }
                }
                Err(_) => "mfa_token_invalid",
            };
            assert_eq!(outcome, text(&check["result"]), "{} at {now}", case["name"]);
            if outcome == "ok" {
                let whole =
                    sealer(&case).open::<Value>(Purpose::MfaToken, "", text(&case["token"]), now).unwrap();
                for (name, member) in check["context"].as_object().unwrap() {
                    assert_eq!(&whole.payload[name], member, "{}", case["name"]);
                }
            }
        }
    }
}

#[test]
fn sessions_open_under_their_identifier() {
    for case in cases("python-session") {
        let mut chunks: Vec<_> = case["cookies"].as_object().unwrap().iter().collect();
        chunks.sort_by_key(|(name, _)| name.rsplit('_').next().unwrap().parse::<usize>().unwrap());
        let value: String = chunks.into_iter().map(|(_, chunk)| text(chunk)).collect();
        let identifier = text(&case["identifier"]);
        let now = crate::support::NOW;
        assert_eq!(
            sealer(&case).open::<Value>(Purpose::Session, identifier, &value, now).unwrap().payload,
            case["state"]
        );
        let elsewhere = format!("{identifier}2");
        assert_eq!(
            sealer(&case).open::<Value>(Purpose::Session, &elsewhere, &value, now),
            Err(OpenError::Invalid)
        );
        assert_eq!(sealer(&case).open::<Value>(Purpose::MfaToken, "", &value, now), Err(OpenError::Invalid));
    }
}

#[test]
fn transactions_open_under_their_state() {
    for case in cases("python-transaction") {
        let state = text(&case["identifier"]).strip_prefix("_a0_tx:").unwrap();
        let open = |state| {
            sealer(&case).open::<Value>(
                Purpose::Transaction,
                state,
                text(&case["value"]),
                crate::support::NOW,
            )
        };
        assert_eq!(open(state).unwrap().payload, case["transaction"]);
        assert_eq!(open("other"), Err(OpenError::Invalid));
    }
}

#[test]
fn ours_has_their_header_and_no_expiry() {
    for case in cases("python-mfa-token").iter().filter(|case| case["plaintext"].is_object()) {
        let now = time(&case["now"]);
        let value = sealer(case).seal(Purpose::MfaToken, "", &case["plaintext"], now, &Counter::default());
        assert_eq!(Value::Object(jwe::peek(&value, 4096).unwrap()), case["protected_header"]);
        let opened = sealer(case).open::<Value>(Purpose::MfaToken, "", &value, now).unwrap();
        assert_eq!(opened.payload, case["plaintext"]);
    }
}
