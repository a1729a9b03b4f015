//! What a DPoP proof has to be (RFC 9449 section 4.3), as a function of the proof alone.

use http::Method;
use serde::Deserialize;
use stepup_protocol::time::UnixTime;
use stepup_seal::{
    base64url, digest,
    jws::{Algorithm, verify_self_signed},
    thumbprint,
};
use url::Url;

use super::{OLDEST, SKEW};

/// The longest `jti` that is taken.
const JTI_BYTES: usize = 512;

/// Why a proof is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProofFault {
    #[error("a DPoP proof is needed")]
    Absent,
    #[error("the ath of the DPoP proof is not the hash of the access token")]
    AccessToken,
    #[error("the iat of the DPoP proof is too old or in the future")]
    Age,
    #[error("the htm of the DPoP proof is not the method of the request")]
    Method,
    #[error("the DPoP proof is not a JWT of type dpop+jwt with jti, htm, htu and iat")]
    Malformed,
    #[error("Authorization server requires nonce in DPoP proof")]
    NonceNeeded(String),
    #[error("the DPoP proof is by another key")]
    OtherKey,
    #[error("the DPoP proof was used before")]
    Replayed,
    #[error("there is more than one DPoP proof")]
    Several,
    #[error("the DPoP proof is not signed with ES256 by the public key in its header")]
    Signature,
    #[error("dpop_jkt is not the SHA-256 thumbprint of a key")]
    Thumbprint,
    #[error("the htu of the DPoP proof is not the address of the endpoint")]
    Url,
}

/// What a proof must be for.
pub(super) struct Expected<'a> {
    pub(super) method: &'a Method,
    /// The endpoint, without query and fragment.
    pub(super) url: &'a str,
    /// The token that it comes with, at a resource.
    pub(super) access_token: Option<&'a str>,
    pub(super) now: UnixTime,
}

/// A proof that is right for its request; whether it comes for the first time is not known yet.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Proof {
    /// Thumbprint of its key.
    pub(super) jkt: String,
    pub(super) jti: String,
    pub(super) iat: UnixTime,
    pub(super) nonce: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: UnixTime,
    nonce: Option<String>,
    ath: Option<String>,
}

/// Checks a proof, item by item of RFC 9449 section 4.3.
pub(super) fn read(text: &str, expected: &Expected<'_>) -> Result<Proof, ProofFault> {
    let signed = verify_self_signed(text, &[Algorithm::Es256]).map_err(|_| ProofFault::Signature)?;
    if signed.verified.header.typ.as_deref() != Some("dpop+jwt") {
        return Err(ProofFault::Malformed);
    }
    let claims: Claims = signed.verified.claims().map_err(|_| ProofFault::Malformed)?;
    if claims.jti.is_empty() || claims.jti.len() > JTI_BYTES {
        return Err(ProofFault::Malformed);
    }
    if claims.htm != expected.method.as_str() {
        return Err(ProofFault::Method);
    }
    if bare(&claims.htu).is_none_or(|named| bare(expected.url).as_ref() != Some(&named)) {
        return Err(ProofFault::Url);
    }
    if claims.iat + OLDEST < expected.now || claims.iat > expected.now + SKEW {
        return Err(ProofFault::Age);
    }
    if let Some(token) = expected.access_token {
        let hash = base64url::encode(digest::sha256(token.as_bytes()));
        if claims.ath != Some(hash) {
            return Err(ProofFault::AccessToken);
        }
    }
    let jkt = thumbprint::sha256(&signed.jwk).map_err(|_| ProofFault::Signature)?;
    Ok(Proof { jkt, jti: claims.jti, iat: claims.iat, nonce: claims.nonce })
}

/// An address without query and fragment, normalised (RFC 3986 section 6.2).
fn bare(address: &str) -> Option<Url> {
    let mut url = Url::parse(address).ok()?;
    url.set_query(None);
    url.set_fragment(None);
    Some(url)
}

/// Whether `text` can be the base64url SHA-256 thumbprint of a key (RFC 7638).
pub(crate) fn is_thumbprint(text: &str) -> bool {
    text.len() == 43 && base64url::decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use stepup_seal::jws::SigningKey;

    use super::*;

    const NOW: UnixTime = UnixTime::from_seconds(1_767_225_600);
    const URL: &str = "https://tenant.example/oauth/token";

    fn expected(access_token: Option<&str>) -> Expected<'_> {
        Expected { method: &Method::POST, url: URL, access_token, now: NOW }
    }

    fn claims() -> Value {
        json!({ "jti": "1", "htm": "POST", "htu": URL, "iat": NOW.seconds() })
    }

    fn proof(key: &SigningKey, typ: &str, claims: &Value) -> String {
        let jwk = key.public_jwk().unwrap();
        key.sign_with_jwk(typ, &jwk, claims).unwrap()
    }

    #[test]
    fn a_proof_names_its_key() {
        let key = SigningKey::generate_p256().unwrap();
        let read = read(&proof(&key, "dpop+jwt", &claims()), &expected(None)).unwrap();
        assert_eq!(read.jkt, thumbprint::sha256(&key.public_jwk().unwrap()).unwrap());
        assert!(is_thumbprint(&read.jkt) && !is_thumbprint("x") && !is_thumbprint(&"=".repeat(43)));
        assert_eq!((read.jti.as_str(), read.iat, read.nonce), ("1", NOW, None));
    }

    #[test]
    fn everything_about_it_is_checked() {
        let key = SigningKey::generate_p256().unwrap();
        for (member, value, fault) in [
            ("jti", json!(""), ProofFault::Malformed),
            ("jti", json!(1), ProofFault::Malformed),
            ("jti", json!("x".repeat(513)), ProofFault::Malformed),
            ("htm", json!("GET"), ProofFault::Method),
            ("htm", Value::Null, ProofFault::Malformed),
            ("htu", json!("https://tenant.example/oauth/revoke"), ProofFault::Url),
            ("htu", json!("http://tenant.example/oauth/token"), ProofFault::Url),
            ("htu", json!("/oauth/token"), ProofFault::Url),
            ("iat", json!(NOW.seconds() - 301), ProofFault::Age),
            ("iat", json!(NOW.seconds() + 31), ProofFault::Age),
            ("iat", json!("now"), ProofFault::Malformed),
            ("ath", json!("x"), ProofFault::AccessToken),
            ("ath", Value::Null, ProofFault::AccessToken),
        ] {
            let mut claims = claims();
            claims["ath"] = json!(base64url::encode(digest::sha256(b"token")));
            claims[member] = value;
            let text = proof(&key, "dpop+jwt", &claims);
            assert_eq!(read(&text, &expected(Some("token"))).unwrap_err(), fault, "{claims}");
        }
        let jwt = proof(&key, "JWT", &claims());
        assert_eq!(read(&jwt, &expected(None)).unwrap_err(), ProofFault::Malformed);
        let mut cut = proof(&key, "dpop+jwt", &claims());
        cut.pop();
        assert_eq!(read(&cut, &expected(None)).unwrap_err(), ProofFault::Signature);
    }

    #[test]
    fn query_fragment_and_spelling_of_the_address_do_not_count() {
        let key = SigningKey::generate_p256().unwrap();
        for htu in [
            "https://tenant.example/oauth/token?a=b#c",
            "HTTPS://TENANT.example:443/oauth/token",
            "https://tenant.example/x/../oauth/token",
        ] {
            let mut claims = claims();
            claims["htu"] = json!(htu);
            assert!(read(&proof(&key, "dpop+jwt", &claims), &expected(None)).is_ok(), "{htu}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in ".{0,200}", segments in "[A-Za-z0-9_-]{0,60}\\.[A-Za-z0-9_-]{0,60}\\.[A-Za-z0-9_-]{0,60}") {
            prop_assert!(read(&text, &expected(None)).is_err());
            prop_assert!(read(&segments, &expected(Some("token"))).is_err());
        }
    }
}
