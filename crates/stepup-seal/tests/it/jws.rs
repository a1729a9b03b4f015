//! Signed tokens: the RFCs' examples, and what is refused.

use serde_json::{Value, json};
use stepup_protocol::jwk::JwkSet;
use stepup_seal::{
    base64url, digest,
    jws::{Algorithm, HeaderError, JwsError, KeySet, SigningKey, VerificationKey, peek},
};

use crate::support::{jwk, tampered};

const CLAIMS: &str =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const BILBO: &str = "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4";
const BILBO_RSA: &str = "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw";

struct Example {
    of: &'static str,
    key: Value,
    algorithm: Algorithm,
    header: &'static str,
    payload: &'static str,
    signature: &'static str,
}

fn examples() -> Vec<Example> {
    let bilbo = json!({"kty": "RSA", "kid": "bilbo.baggins@hobbiton.example", "use": "sig", "n": BILBO_RSA, "e": "AQAB"});
    vec![
        Example {
            of: "RFC 7515 A.1",
            key: json!({"kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}),
            algorithm: Algorithm::Hs256,
            header: "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9",
            payload: CLAIMS,
            signature: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        },
        Example {
            of: "RFC 7515 A.2",
            key: json!({"kty": "RSA", "e": "AQAB", "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}),
            algorithm: Algorithm::Rs256,
            header: "eyJhbGciOiJSUzI1NiJ9",
            payload: CLAIMS,
            signature: "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
        },
        Example {
            of: "RFC 7515 A.3",
            key: json!({"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}),
            algorithm: Algorithm::Es256,
            header: "eyJhbGciOiJFUzI1NiJ9",
            payload: CLAIMS,
            signature: "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        },
        Example {
            of: "RFC 7515 A.4",
            key: json!({"kty": "EC", "crv": "P-521", "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk", "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"}),
            algorithm: Algorithm::Es512,
            header: "eyJhbGciOiJFUzUxMiJ9",
            payload: "UGF5bG9hZA",
            signature: "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn",
        },
        Example {
            of: "RFC 7520 4.1",
            key: bilbo.clone(),
            algorithm: Algorithm::Rs256,
            header: "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
            payload: BILBO,
            signature: "MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg",
        },
        Example {
            of: "RFC 7520 4.2",
            key: bilbo,
            algorithm: Algorithm::Ps384,
            header: "eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
            payload: BILBO,
            signature: "cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw",
        },
        Example {
            of: "RFC 7520 4.3",
            key: json!({"kty": "EC", "kid": "bilbo.baggins@hobbiton.example", "use": "sig", "crv": "P-521", "x": "AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt", "y": "AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1"}),
            algorithm: Algorithm::Es512,
            header: "eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
            payload: BILBO,
            signature: "AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDDyYjnAMDxXPn7XrT0lw-kvAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2",
        },
        Example {
            of: "RFC 7520 4.4",
            key: json!({"kty": "oct", "kid": "018c0ae5-4d9b-471b-bfd6-eef314bc7037", "use": "sig", "alg": "HS256", "k": "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg"}),
            algorithm: Algorithm::Hs256,
            header: "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9",
            payload: BILBO,
            signature: "s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0",
        },
        Example {
            of: "RFC 8037 A.4",
            key: json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}),
            algorithm: Algorithm::EdDsa,
            header: "eyJhbGciOiJFZERTQSJ9",
            payload: "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
            signature: "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        },
    ]
}

fn set(keys: impl IntoIterator<Item = Value>) -> KeySet {
    KeySet::new(&JwkSet { keys: keys.into_iter().map(|key| jwk(&key)).collect() })
}

#[test]
fn the_examples_of_the_rfcs_verify() {
    for Example { of, key, algorithm, header, payload, signature } in examples() {
        let keys = set([key]);
        let verified = keys.verify(&format!("{header}.{payload}.{signature}"), &[algorithm]).expect(of);
        assert_eq!(verified.header.alg, algorithm, "{of}");
        assert_eq!(verified.payload, base64url::decode(payload).unwrap(), "{of}");

        let tail = &signature[8..];
        for broken in [
            format!("{header}.{payload}.AAAAAAAA{tail}"),
            format!("{header}.{payload}."),
            format!("{header}.AAAA{}.{signature}", &payload[4..]),
        ] {
            assert!(matches!(keys.verify(&broken, &[algorithm]), Err(JwsError::Signature)), "{of} {broken}");
        }
    }
}

#[test]
fn an_algorithm_that_is_not_on_the_list_is_refused_before_any_key_is_looked_for() {
    let example = &examples()[1];
    let token = format!("{}.{}.{}", example.header, example.payload, example.signature);
    assert!(matches!(
        set([]).verify(&token, &[Algorithm::Ps256, Algorithm::Es256]),
        Err(JwsError::AlgorithmNotAllowed(Algorithm::Rs256))
    ));
    assert!(matches!(
        set([]).verify(&token, &[Algorithm::Rs256]),
        Err(JwsError::NoMatchingKey { kid: None, .. })
    ));
}

#[test]
fn an_rsa_public_key_is_never_an_hmac_secret() {
    let rsa = SigningKey::generate_rsa2048().unwrap();
    let public = rsa.public_jwk().unwrap();
    let keys = KeySet::new(&JwkSet { keys: vec![public.clone()] });
    let secrets = [
        serde_json::to_vec(&public).unwrap(),
        base64url::decode(public.n.as_ref().unwrap()).unwrap(),
        rsa.pkcs8_der().to_vec(),
    ];
    for secret in secrets {
        let forged =
            SigningKey::hmac(&secret, Algorithm::Hs256).unwrap().sign("JWT", None, &json!({})).unwrap();
        let all = [Algorithm::Rs256, Algorithm::Hs256];
        assert!(matches!(keys.verify(&forged, &all), Err(JwsError::NoMatchingKey { .. })));
    }
}

#[test]
fn a_key_is_found_by_kid_and_alg() {
    let (first, second) = (SigningKey::generate_p256().unwrap(), SigningKey::generate_p256().unwrap());
    let public = |key: &SigningKey, kid: &str| stepup_protocol::jwk::Jwk {
        kid: Some(kid.into()),
        ..key.public_jwk().unwrap()
    };
    let unusable = jwk(&json!({"kty": "OKP", "crv": "X25519", "x": "AA", "kid": "c"}));
    let keys = KeySet::new(&JwkSet { keys: vec![unusable, public(&first, "a"), public(&second, "b")] });
    assert_eq!(keys.len(), 2);
    assert_eq!(keys.find(Some("b"), Algorithm::Es256).unwrap().kid(), Some("b"));
    assert!(keys.find(Some("b"), Algorithm::Rs256).is_none());

    let sign = |key: &SigningKey, kid| key.sign("at+jwt", kid, &json!({"sub": "ada"})).unwrap();
    let allowed = [Algorithm::Es256];
    let verified = keys.verify(&sign(&second, Some("b")), &allowed).unwrap();
    assert_eq!(verified.header.typ.as_deref(), Some("at+jwt"));
    assert_eq!(verified.claims::<Value>().unwrap(), json!({"sub": "ada"}));
    assert!(keys.verify(&sign(&second, None), &allowed).is_ok());
    assert!(matches!(keys.verify(&sign(&second, Some("a")), &allowed), Err(JwsError::Signature)));
    assert!(matches!(
        keys.verify(&sign(&second, Some("d")), &allowed),
        Err(JwsError::NoMatchingKey { kid: Some(kid), algorithm: Algorithm::Es256 }) if kid == "d"
    ));
}

/// A token with a header of one's own under an HMAC that is right.
fn with_header(header: &str) -> String {
    let signed = format!("{}.{}", base64url::encode(header), base64url::encode("{}"));
    let signature = digest::hmac_sha256(&[7; 32], signed.as_bytes());
    format!("{signed}.{}", base64url::encode(signature))
}

#[test]
fn headers_that_change_how_a_token_is_read_are_refused() {
    let keys: KeySet = [VerificationKey::hmac(&[7; 32], Algorithm::Hs256).unwrap()].into_iter().collect();
    let verify = |header: &str| keys.verify(&with_header(header), &[Algorithm::Hs256]);
    assert!(verify(r#"{"alg":"HS256","foo":{"a":1},"jwk":{"kty":"oct"}}"#).is_ok());
    for (header, member) in [
        (r#"{"alg":"HS256","crit":["exp"]}"#, "crit"),
        (r#"{"alg":"HS256","b64":true}"#, "b64"),
        (r#"{"alg":"HS256","zip":"DEF"}"#, "zip"),
    ] {
        assert!(
            matches!(verify(header), Err(JwsError::Header(HeaderError::Extension(name))) if name == member),
            "{header}"
        );
    }
    assert!(matches!(
        verify(r#"{"alg":"HS256","alg":"HS256"}"#),
        Err(JwsError::Header(HeaderError::Json(_)))
    ));
    assert!(matches!(
        verify(r#"{"alg":"HS256","kid":1}"#),
        Err(JwsError::Header(HeaderError::Member("kid")))
    ));
    assert!(matches!(verify(r#"{"kid":"a"}"#), Err(JwsError::Header(HeaderError::Member("alg")))));
    assert!(matches!(verify(r#"["HS256"]"#), Err(JwsError::Header(HeaderError::Json(_)))));
    for none in ["none", "None", "NONE", "hs256", ""] {
        assert!(
            matches!(verify(&json!({"alg": none}).to_string()), Err(JwsError::UnknownAlgorithm(_))),
            "{none}"
        );
    }
    let long = json!({"alg": "HS256", "x": "x".repeat(9000)}).to_string();
    assert!(matches!(verify(&long), Err(JwsError::Header(HeaderError::TooLarge(_)))));
    assert!(matches!(
        keys.verify(&"a".repeat(100_000), &[Algorithm::Hs256]),
        Err(JwsError::TooLarge(100_000))
    ));
}

#[test]
fn what_is_not_a_token_is_refused() {
    for not in [
        "",
        ".",
        "..",
        "...",
        "a.b",
        "a.b.c.d",
        "eyJhbGciOiJSUzI1NiJ9",
        "é.é.é",
        "eyJhbGciOiJIUzI1NiJ9=.e30.AA",
    ] {
        assert!(peek(not).is_err(), "{not:?}");
    }
    assert_eq!(peek("eyJhbGciOiJSUzI1NiJ9..").unwrap().alg, Algorithm::Rs256);
}

#[test]
fn no_byte_of_a_token_can_be_changed() {
    let key = SigningKey::generate_p256().unwrap();
    let keys = KeySet::new(&JwkSet { keys: vec![key.public_jwk().unwrap()] });
    let token = key.sign("JWT", None, &json!({"sub": "ada", "exp": 1})).unwrap();
    assert!(keys.verify(&token, &[Algorithm::Es256]).is_ok());
    for other in tampered(&token) {
        assert!(keys.verify(&other, &[Algorithm::Es256]).is_err(), "{other}");
    }
}
