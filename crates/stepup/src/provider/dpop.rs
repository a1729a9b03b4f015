//! Demonstrating Proof of Possession (RFC 9449): access tokens that are good with one key alone, and the proofs that it
//! is at hand.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::json;
use stepup_protocol::{jwk::Jwk, time::UnixTime};
use stepup_seal::{
    Random, base64url, digest,
    jws::{Algorithm, KeyError, SignError, SigningKey},
    thumbprint, token,
};
use url::Url;

use crate::client::Client;

/// The header of a proof.
pub(super) const PROOF: HeaderName = HeaderName::from_static("dpop");
/// The header that hands out a nonce (section 8).
const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");
/// The longest nonce that is kept.
const NONCE_BYTES: usize = 512;
/// How many servers' nonces are kept.
const SERVERS: usize = 64;
/// The bytes of randomness in a proof's `jti`.
const JTI_BYTES: usize = 16;

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DpopError {
    /// No key is configured, so no access token is bound to one.
    #[error("there is no key to prove: set dpop_key (AUTH0_DPOP_PRIVATE_KEY)")]
    NotConfigured,
    /// The cryptographic library refused.
    #[error("the DPoP proof could not be signed")]
    Unsigned(#[source] SignError),
}

impl Client {
    /// A proof for a request with `access_token`, for its `DPoP` header; the token goes along as `Authorization: DPoP …`.
    /// Each request takes a proof of its own.
    ///
    /// A server may answer 401 with `use_dpop_nonce` and a nonce: see [`Client::keep_dpop_nonce`].
    ///
    /// ```
    /// use stepup::{AccessToken, Client};
    /// use url::Url;
    ///
    /// fn balance(client: &Client, token: &AccessToken) -> Result<http::Request<()>, Box<dyn std::error::Error>> {
    ///     let url = Url::parse("https://api.bank.example.com/balance?currency=EUR")?;
    ///     let proof = client.dpop_proof(&http::Method::GET, &url, token.token())?;
    ///     let request = http::Request::get(url.as_str())
    ///         .header("authorization", format!("DPoP {}", token.token()))
    ///         .header("dpop", proof);
    ///     Ok(request.body(())?)
    /// }
    /// ```
    ///
    /// RFC 9449 sections 4.2 and 7.
    ///
    /// # Errors
    ///
    /// See [`DpopError`].
    pub fn dpop_proof(
        &self,
        method: &Method,
        url: &Url,
        access_token: &str,
    ) -> Result<HeaderValue, DpopError> {
        let dpop = self.provider().dpop().ok_or(DpopError::NotConfigured)?;
        dpop.proof(method, url, Some(access_token), self.now(), self.random()).map_err(DpopError::Unsigned)
    }

    /// Keeps the nonce in the headers of an answer from `url` for the next proofs to that server, and tells whether there
    /// was one: after a 401 with `use_dpop_nonce`, make a new proof and send the request again, once.
    ///
    /// RFC 9449 sections 8.2 and 9.
    pub fn keep_dpop_nonce(&self, url: &Url, headers: &HeaderMap) -> bool {
        self.provider().dpop().is_some_and(|dpop| dpop.keep_nonce(url, headers))
    }

    /// The thumbprint of the key that access tokens are bound to (`cnf.jkt`, RFC 9449 section 6.1); absent without one.
    #[must_use]
    pub fn dpop_thumbprint(&self) -> Option<&str> {
        self.provider().dpop().map(Dpop::thumbprint)
    }
}

/// The key that access tokens are bound to, and the nonces that servers handed out.
pub(crate) struct Dpop {
    key: SigningKey,
    jwk: Jwk,
    thumbprint: String,
    settings: DpopSettings,
    /// The last one of each server.
    nonces: Mutex<HashMap<String, String>>,
}

/// How proofs are made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DpopSettings {
    /// What the clock lacks, in seconds; negative where it is ahead.
    pub(crate) clock_skew: i64,
    /// How long to wait before trying again with a nonce.
    pub(crate) retry_delay: Duration,
    /// Whether to wait for a random part of that, at least half.
    pub(crate) retry_jitter: bool,
}

impl Dpop {
    /// With the private key of a PEM text (PKCS #8, P-256).
    pub(crate) fn new(private_key_pem: &str, settings: DpopSettings) -> Result<Self, KeyError> {
        let key = SigningKey::from_pkcs8_pem(private_key_pem, Algorithm::Es256)?;
        let jwk = key.public_jwk().ok_or(KeyError::Pem)?;
        // Section 4.2: the key itself, and nothing that a server would have to compare.
        let jwk = Jwk { usage: None, alg: None, ..jwk };
        let thumbprint = thumbprint::sha256(&jwk).map_err(|_| KeyError::Pem)?;
        Ok(Self { key, jwk, thumbprint, settings, nonces: Mutex::default() })
    }

    /// The public key.
    pub(crate) const fn public_key(&self) -> &Jwk {
        &self.jwk
    }

    pub(crate) fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// Section 4.2. `ath` where it goes along with an access token.
    pub(super) fn proof(
        &self,
        method: &Method,
        url: &Url,
        access_token: Option<&str>,
        now: UnixTime,
        random: &dyn Random,
    ) -> Result<HeaderValue, SignError> {
        let mut claims = json!({
            "jti": token(random, JTI_BYTES),
            "htm": method.as_str(),
            "htu": without_query(url),
            "iat": now.seconds().saturating_add(self.settings.clock_skew),
        });
        if let Some(nonce) = self.nonces().get(&server(url)) {
            claims["nonce"] = nonce.as_str().into();
        }
        if let Some(access_token) = access_token {
            claims["ath"] = base64url::encode(digest::sha256(access_token.as_bytes())).into();
        }
        let proof = self.key.sign_with_jwk("dpop+jwt", &self.jwk, &claims)?;
        let mut proof = HeaderValue::try_from(proof).map_err(|_| SignError::Signature(Algorithm::Es256))?;
        proof.set_sensitive(true);
        Ok(proof)
    }

    /// Section 8.2: whichever answer a nonce comes with, it is for the next request.
    pub(super) fn keep_nonce(&self, url: &Url, headers: &HeaderMap) -> bool {
        let nonce = headers.get(NONCE).and_then(|nonce| nonce.to_str().ok());
        let Some(nonce) = nonce.filter(|nonce| !nonce.is_empty() && nonce.len() <= NONCE_BYTES) else {
            return false;
        };
        let mut nonces = self.nonces();
        let server = server(url);
        if nonces.len() >= SERVERS && !nonces.contains_key(&server) {
            // A server whose nonce is forgotten hands out another.
            nonces.clear();
        }
        nonces.insert(server, nonce.to_owned());
        true
    }

    /// How long to wait before trying again with a nonce, so that many who were refused at once do not come at once again.
    pub(super) fn pause(&self, random: &dyn Random) -> Duration {
        if !self.settings.retry_jitter {
            return self.settings.retry_delay;
        }
        let mut drawn = [0];
        random.fill(&mut drawn);
        self.settings.retry_delay.mul_f64(0.5 + f64::from(drawn[0]) / 510.0)
    }

    fn nonces(&self) -> std::sync::MutexGuard<'_, HashMap<String, String>> {
        self.nonces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn server(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// `htu`: the address without query and fragment.
fn without_query(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

impl fmt::Debug for Dpop {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Dpop")
            .field("thumbprint", &self.thumbprint)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Always(u8);

    impl Random for Always {
        fn fill(&self, destination: &mut [u8]) {
            destination.fill(self.0);
        }
    }

    #[test]
    fn the_pause_is_the_delay_or_down_to_half_of_it() {
        const KEY: &str = include_str!("../../tests/fixtures/dpop-key.pem");
        let retry_delay = Duration::from_millis(100);
        for (retry_jitter, drawn, expected) in
            [(false, 0, 100), (true, 0, 50), (true, 255, 100), (true, 51, 60)]
        {
            let settings = DpopSettings { clock_skew: 0, retry_delay, retry_jitter };
            let dpop = Dpop::new(KEY, settings).unwrap();
            assert_eq!(dpop.pause(&Always(drawn)), Duration::from_millis(expected), "{drawn}");
        }
    }
}
