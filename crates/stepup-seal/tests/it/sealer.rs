//! Purposes, contexts, expiry and rotation, in every form.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stepup_protocol::time::UnixTime;
use stepup_seal::{
    Format, OpenError, Purpose, Sealer, base64url,
    jwe::{self, HeaderError, JweError, JweKey},
};

use crate::support::{Counter, NOW, OTHER_SECRET, SECRET, secrets, tampered};

const FORMATS: [Format; 3] = [Format::Stepup, Format::NextjsAuth0, Format::Auth0ServerPython];

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Payload {
    sub: String,
    #[serde(flatten)]
    rest: serde_json::Map<String, Value>,
}

fn payload() -> Payload {
    Payload {
        sub: "ada".to_owned(), rest: json!({"n": 1, "list": ["é", null]}).as_object().unwrap().clone()
    }
}

fn in_a_minute() -> UnixTime {
    NOW + Duration::from_secs(60)
}

#[test]
fn a_raw_token_is_written_in_base64url_once() {
    let (raw, rest) = ("Ab3_".repeat(500), json!({ "aud": "a" }));
    let sealer = Sealer::new(&secrets([SECRET]), Format::Stepup);
    let random = Counter::default();
    let token = sealer.seal_with_text(Purpose::MfaToken, "", ("tok", &raw), &rest, in_a_minute(), &random);
    let whole = json!({ "tok": raw, "aud": "a" });
    let unpacked = sealer.seal(Purpose::MfaToken, "", &whole, in_a_minute(), &random);
    assert_eq!((token.len(), unpacked.len()), (2172, 2835));
}

#[test]
fn a_text_beside_a_payload_is_a_member_of_it_in_every_form() {
    for format in FORMATS {
        let sealer = Sealer::new(&secrets([SECRET]), format);
        let (seal, open) = (
            |text: &str| {
                let payload = json!({ "aud": "a" });
                let random = Counter::default();
                sealer.seal_with_text(Purpose::MfaToken, "", ("tok", text), &payload, in_a_minute(), &random)
            },
            |value: &str, name, now| {
                sealer
                    .open_with_text::<Value>(Purpose::MfaToken, "", value, name, now)
                    .map(|found| found.payload)
            },
        );
        for text in ["Ab3_".repeat(500), "é\"\\\n".to_owned(), String::new()] {
            let value = seal(text.as_str());
            assert_eq!(open(&value, "tok", NOW), Ok((text.clone(), json!({ "aud": "a" }))));
            assert_eq!(open(&value, "other", NOW), Err(OpenError::Invalid));

            let whole = json!({ "tok": text, "aud": "a" });
            if format != Format::Stepup {
                // for the peers, which know nothing of runs
                let opened = sealer.open::<Value>(Purpose::MfaToken, "", &value, NOW).unwrap();
                assert_eq!(opened.payload, whole);
            }
            let value = sealer.seal(Purpose::MfaToken, "", &whole, in_a_minute(), &Counter::default());
            assert_eq!(open(&value, "tok", NOW), Ok((text, json!({ "aud": "a" }))));
            if format != Format::Auth0ServerPython {
                let late = in_a_minute() + Duration::from_secs(15);
                assert_eq!(open(&value, "tok", late), Err(OpenError::Expired));
            }
        }
    }
}

#[test]
fn what_is_sealed_opens() {
    for format in FORMATS {
        let sealer = Sealer::new(&secrets([SECRET]), format);
        for purpose in Purpose::ALL {
            for context in ["", "state"] {
                let value = sealer.seal(purpose, context, &payload(), in_a_minute(), &Counter::default());
                let opened = sealer.open::<Payload>(purpose, context, &value, NOW).unwrap();
                assert_eq!(opened.payload, payload());
                assert_eq!(opened.expires_at, (format != Format::Auth0ServerPython).then(in_a_minute));
                assert!(!opened.stale_secret);
                assert_eq!(opened.legacy_issued_at, None);
            }
        }
    }
}

#[test]
fn ours_opens_as_what_it_is_and_where_it_belongs() {
    let sealer = Sealer::new(&secrets([SECRET]), Format::Stepup);
    for purpose in Purpose::ALL {
        let value = sealer.seal(purpose, "here", &payload(), in_a_minute(), &Counter::default());
        for other in Purpose::ALL.into_iter().filter(|other| *other != purpose) {
            assert_eq!(sealer.open::<Value>(other, "here", &value, NOW), Err(OpenError::Invalid));
        }
        for elsewhere in ["", "there", "here "] {
            assert_eq!(sealer.open::<Value>(purpose, elsewhere, &value, NOW), Err(OpenError::Invalid));
        }
    }
}

#[test]
fn python_values_open_under_their_identifier_alone() {
    let sealer = Sealer::new(&secrets([SECRET]), Format::Auth0ServerPython);
    let value = sealer.seal(Purpose::Session, "", &payload(), in_a_minute(), &Counter::default());
    assert!(sealer.open::<Value>(Purpose::Session, "_a0_session", &value, NOW).is_ok());
    assert_eq!(sealer.open::<Value>(Purpose::Session, "app", &value, NOW), Err(OpenError::Invalid));
    assert_eq!(sealer.open::<Value>(Purpose::MfaToken, "", &value, NOW), Err(OpenError::Invalid));
    assert_eq!(sealer.open::<Value>(Purpose::Transaction, "", &value, NOW), Err(OpenError::Invalid));
}

#[test]
fn ours_ends_to_the_second_and_the_peers_fifteen_seconds_later() {
    for (format, grace) in [(Format::Stepup, 0), (Format::NextjsAuth0, 15)] {
        let sealer = Sealer::new(&secrets([SECRET]), format);
        let value = sealer.seal(Purpose::Session, "", &payload(), in_a_minute(), &Counter::default());
        let open_after = |seconds| {
            sealer.open::<Payload>(Purpose::Session, "", &value, NOW + Duration::from_secs(seconds))
        };
        assert!(open_after(59 + grace).is_ok());
        assert_eq!(open_after(60 + grace), Err(OpenError::Expired));
        assert_eq!(open_after(u64::MAX), Err(OpenError::Expired));
    }
}

#[test]
fn the_first_secret_seals_and_any_opens() {
    let (old, new) = (secrets([SECRET]), secrets([OTHER_SECRET, SECRET]));
    for format in FORMATS {
        let (old, new) = (Sealer::new(&old, format), Sealer::new(&new, format));
        let value = old.seal(Purpose::MfaToken, "", &payload(), in_a_minute(), &Counter::default());
        assert!(new.open::<Payload>(Purpose::MfaToken, "", &value, NOW).unwrap().stale_secret);

        let value = new.seal(Purpose::MfaToken, "", &payload(), in_a_minute(), &Counter::default());
        assert!(!new.open::<Payload>(Purpose::MfaToken, "", &value, NOW).unwrap().stale_secret);
        assert_eq!(old.open::<Payload>(Purpose::MfaToken, "", &value, NOW), Err(OpenError::Invalid));
    }
}

#[test]
fn an_expired_value_is_expired_whichever_secret_sealed_it() {
    for format in [Format::Stepup, Format::NextjsAuth0] {
        let value = Sealer::new(&secrets([SECRET]), format).seal(
            Purpose::Session,
            "",
            &payload(),
            NOW,
            &Counter::default(),
        );
        let later = NOW + Duration::from_secs(3600);
        for list in [vec![SECRET, OTHER_SECRET], vec![OTHER_SECRET, SECRET]] {
            let sealer = Sealer::new(&secrets(list), format);
            assert_eq!(sealer.open::<Value>(Purpose::Session, "", &value, later), Err(OpenError::Expired));
        }
    }
}

#[test]
fn a_payload_of_another_type_is_invalid() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Other {
        #[serde(rename = "mfaToken")]
        _raw: String,
    }

    for format in FORMATS {
        let sealer = Sealer::new(&secrets([SECRET]), format);
        let value = sealer.seal(Purpose::Session, "", &payload(), in_a_minute(), &Counter::default());
        assert_eq!(
            sealer.open::<Other>(Purpose::Session, "", &value, NOW).map(|_| ()),
            Err(OpenError::Invalid)
        );
    }
}

#[test]
fn no_byte_can_be_changed() {
    for format in FORMATS {
        let sealer = Sealer::new(&secrets([SECRET]), format);
        let value =
            sealer.seal(Purpose::Session, "", &json!({"sub": "ada"}), in_a_minute(), &Counter::default());
        for other in tampered(&value) {
            assert_eq!(
                sealer.open::<Value>(Purpose::Session, "", &other, NOW),
                Err(OpenError::Invalid),
                "{other}"
            );
        }
        for cut in 0..value.len() {
            assert_eq!(
                sealer.open::<Value>(Purpose::Session, "", &value[..cut], NOW),
                Err(OpenError::Invalid)
            );
        }
    }
}

#[test]
fn the_header_of_ours_has_one_spelling() {
    let sealer = Sealer::new(&secrets([SECRET]), Format::Stepup);
    let value = sealer.seal(Purpose::Session, "", &1, NOW, &Counter::default());
    assert_eq!(
        base64url::decode(value.split('.').next().unwrap()).unwrap(),
        br#"{"alg":"dir","enc":"A256GCM","typ":"stepup-session-v1","exp":1767225600}"#
    );
}

#[test]
fn a_payload_keeps_no_claim_of_its_envelope() {
    let sealer = Sealer::new(&secrets([SECRET]), Format::NextjsAuth0);
    let sealed = json!({"exp": 5, "nested": {"exp": 6}});
    let value = sealer.seal(Purpose::Session, "", &sealed, in_a_minute(), &Counter::default());
    let opened = sealer.open::<Value>(Purpose::Session, "", &value, NOW).unwrap();
    assert_eq!((opened.payload, opened.expires_at), (json!({"nested": {"exp": 6}}), Some(in_a_minute())));
    let value = sealer.seal(Purpose::Session, "", &json!({}), in_a_minute(), &Counter::default());
    assert_eq!(sealer.open::<Value>(Purpose::Session, "", &value, NOW).unwrap().payload, json!({}));
}

#[test]
fn nothing_is_printed_that_is_secret() {
    let list = secrets([SECRET]);
    for printed in [
        format!("{list:?}"),
        format!("{:?}", Sealer::new(&list, Format::Stepup)),
        format!("{:?}", JweKey::a256gcm(&[1; 32])),
    ] {
        assert!(!printed.contains(&SECRET[..16]) && !printed.contains("1, 1"), "{printed}");
    }
}

#[test]
fn a_jwe_is_read_as_its_key_demands() {
    let key = JweKey::a256gcm(&[1; 32]);
    let seal = |header: &str| jwe::seal(&key, header, b"text", &Counter::default());
    let open = |token: &str| jwe::open(&key, token, 4096);
    let good = seal(r#"{"alg":"dir","enc":"A256GCM","kid":"one"}"#);
    let opened = open(&good).unwrap();
    assert_eq!((opened.plaintext.as_slice(), &opened.header["kid"]), (b"text".as_slice(), &json!("one")));
    assert_eq!(jwe::peek(&good, 4096).unwrap()["kid"], "one");
    let printed = format!("{:?}", open(&good).unwrap());
    assert!(printed.contains("kid") && !printed.contains(&format!("{:?}", b"text")), "{printed}");

    for extension in [r#""crit":["x"],"x":1"#, r#""zip":"DEF""#, r#""b64":false"#] {
        let token = seal(&format!(r#"{{"alg":"dir","enc":"A256GCM",{extension}}}"#));
        assert!(matches!(open(&token), Err(JweError::Header(HeaderError::Extension(_)))), "{extension}");
    }
    for other in [
        r#"{"alg":"dir","enc":"A256CBC-HS512"}"#,
        r#"{"alg":"A256KW","enc":"A256GCM"}"#,
        r#"{"enc":"A256GCM"}"#,
    ] {
        assert!(matches!(open(&seal(other)), Err(JweError::Algorithm(_))), "{other}");
    }
    assert!(matches!(
        open(&seal(r#"{"alg":"dir","enc":"A256GCM","enc":"A256GCM"}"#)),
        Err(JweError::Header(HeaderError::Json(_)))
    ));
    assert!(matches!(open(&good.replacen("..", ".AA.", 1)), Err(JweError::Malformed(_))));
    assert!(matches!(jwe::open(&key, &good, good.len() - 1), Err(JweError::TooLarge { .. })));
    assert!(matches!(jwe::open(&JweKey::a256gcm(&[2; 32]), &good, 4096), Err(JweError::Decryption)));
}
