//! The key that access tokens are bound to, if the environment has one, and the proofs of it (RFC 9449).

use std::env;

use http::Method;
use serde_json::json;
use stepup::{Clock as _, SystemClock, SystemRandom};
use stepup_protocol::jwk::Jwk;
use stepup_seal::{
    base64url, digest,
    jws::{Algorithm, SigningKey},
    thumbprint,
};

const JTI_BYTES: usize = 16;

/// Prints no key.
#[derive(Debug)]
pub(super) struct ProofKey {
    key: SigningKey,
    jwk: Jwk,
    thumbprint: String,
    /// What the clock lacks, in seconds.
    clock_skew: i64,
}

impl ProofKey {
    /// As the SDK reads it; it has checked it, so nothing is wrong with what is there.
    pub(super) fn of_environment() -> Option<Self> {
        let text = |name| env::var(name).ok().filter(|value| !value.trim().is_empty());
        let pem = text("AUTH0_DPOP_PRIVATE_KEY")?;
        let key = SigningKey::from_pkcs8_pem(&pem.replace("\\n", "\n"), Algorithm::Es256).ok()?;
        // Section 4.2: the key itself, and nothing that a server would have to compare.
        let jwk = Jwk { usage: None, alg: None, ..key.public_jwk()? };
        let thumbprint = thumbprint::sha256(&jwk).ok()?;
        let clock_skew = text("AUTH0_DPOP_CLOCK_SKEW").and_then(|seconds| seconds.trim().parse().ok());
        Some(Self { key, jwk, thumbprint, clock_skew: clock_skew.unwrap_or(0) })
    }

    /// `dpop_jkt` of an authorization request (section 10).
    pub(super) fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// A proof for a request for a token at `url` (section 5), with the nonce that the tenant wants.
    ///
    /// # Errors
    ///
    /// The key does not sign.
    pub(super) fn proof(&self, url: &str, nonce: Option<&str>) -> Result<String, String> {
        let nonce = nonce.map(|nonce| ("nonce", nonce.to_owned()));
        self.sign(&Method::POST, url, nonce)
    }

    /// A proof for a request to read `url` with `access_token` (section 7).
    ///
    /// # Errors
    ///
    /// As [`ProofKey::proof`].
    pub(super) fn proof_with(&self, url: &str, access_token: &str) -> Result<String, String> {
        let hash = base64url::encode(digest::sha256(access_token.as_bytes()));
        self.sign(&Method::GET, url, Some(("ath", hash)))
    }

    /// Section 4.2, with one more claim.
    fn sign(&self, method: &Method, url: &str, more: Option<(&str, String)>) -> Result<String, String> {
        let mut claims = json!({
            "jti": stepup_seal::token(&SystemRandom, JTI_BYTES),
            "htm": method.as_str(),
            "htu": url,
            "iat": SystemClock.now().seconds().saturating_add(self.clock_skew),
        });
        if let Some((name, value)) = more {
            claims[name] = value.into();
        }
        let proof = self.key.sign_with_jwk("dpop+jwt", &self.jwk, &claims);
        proof.map_err(|error| format!("the DPoP proof cannot be signed: {error}"))
    }
}
