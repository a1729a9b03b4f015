//! Key sets: a token finds its key by `kid` and `alg`.

use serde::de::DeserializeOwned;
use stepup_protocol::jwk::JwkSet;

use super::{Algorithm, Header, JwsError, VerificationKey, compact::Compact};

/// A provider's keys, each made ready once.
#[derive(Debug, Default)]
pub struct KeySet(Vec<VerificationKey>);

/// A token whose signature is right. Its claims are still to be checked.
#[derive(Clone, Debug)]
pub struct Verified {
    /// What its header says.
    pub header: Header,
    /// The payload, for a JWT a JSON object.
    pub payload: Vec<u8>,
}

impl Verified {
    /// Reads the payload as the claims of a JWT.
    ///
    /// # Errors
    /// Where it is not JSON or not of this type.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.payload)
    }
}

impl KeySet {
    /// The keys of `set` that can verify signatures. Others are left out, as RFC 7517 section 5 wants it: keys for
    /// encryption, of unknown type, too short, malformed.
    #[must_use]
    pub fn new(set: &JwkSet) -> Self {
        set.keys.iter().filter_map(|jwk| VerificationKey::from_jwk(jwk).ok()).collect()
    }

    /// Whether no key can be used.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many keys can be used.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The first key for `algorithm` that has this `kid`; any `kid` where it is `None`.
    #[must_use]
    pub fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<&VerificationKey> {
        self.0.iter().find(|key| fits(key, kid, algorithm))
    }

    /// Checks the signature of `token`, which must be by one of the `allowed` algorithms. Without a `kid` in its header
    /// every key for its algorithm is tried.
    ///
    /// # Errors
    /// [`JwsError`]; [`JwsError::NoMatchingKey`] where it may help to fetch the set anew.
    pub fn verify(&self, token: &str, allowed: &[Algorithm]) -> Result<Verified, JwsError> {
        let compact = Compact::split(token)?;
        let header = compact.header()?;
        if !allowed.contains(&header.alg) {
            return Err(JwsError::AlgorithmNotAllowed(header.alg));
        }
        let fitting = || self.0.iter().filter(|key| fits(key, header.kid.as_deref(), header.alg));
        if fitting().next().is_none() {
            return Err(JwsError::NoMatchingKey { kid: header.kid, algorithm: header.alg });
        }
        let signature = compact.signature()?;
        if !fitting().any(|key| key.verify(header.alg, compact.signed.as_bytes(), &signature).is_ok()) {
            return Err(JwsError::Signature);
        }
        Ok(Verified { payload: compact.payload()?, header })
    }
}

fn fits(key: &VerificationKey, kid: Option<&str>, algorithm: Algorithm) -> bool {
    key.supports(algorithm) && kid.is_none_or(|kid| key.kid() == Some(kid))
}

impl From<&JwkSet> for KeySet {
    fn from(set: &JwkSet) -> Self {
        Self::new(set)
    }
}

impl FromIterator<VerificationKey> for KeySet {
    fn from_iter<I: IntoIterator<Item = VerificationKey>>(keys: I) -> Self {
        Self(keys.into_iter().collect())
    }
}
