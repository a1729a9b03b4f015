//! The keys that sign tokens: the current one, and the next in line.

use std::{
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_RSA_SHA256};
use serde::{Deserialize, Serialize};
use stepup_protocol::jwk::{Jwk, JwkSet};
use stepup_seal::{
    Random, base64url, hkdf,
    jws::{Algorithm, KeyError, KeySet, SignError, SigningKey},
};
use zeroize::Zeroizing;

use crate::data_dir::{DataDir, DataDirError};

/// The signing keys of a tenant.
#[derive(Debug)]
pub struct Keys {
    current: SigningKey,
    kid: String,
    published: RwLock<Arc<Published>>,
}

/// What the world may know of the keys.
#[derive(Debug)]
pub struct Published {
    /// The body of `/.well-known/jwks.json`.
    pub jwks: Bytes,
    /// The same keys, ready to verify this tenant's own tokens.
    pub set: KeySet,
    keys: JwkSet,
}

impl Keys {
    /// Signs `payload` with the current key (RS256).
    ///
    /// # Errors
    /// The payload does not serialise.
    pub fn sign(&self, typ: &str, payload: &impl Serialize) -> Result<String, SignError> {
        self.current.sign(typ, Some(&self.kid), payload)
    }

    /// The id of the current key.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// A secret for one purpose, as lasting as the current key.
    pub(crate) fn derive(&self, purpose: &[u8]) -> Zeroizing<[u8; 32]> {
        hkdf::derive(&self.current.pkcs8_der(), b"", purpose)
    }

    /// What the world may know.
    #[must_use]
    pub fn published(&self) -> Arc<Published> {
        Arc::clone(&self.published.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes the kept current key, or makes and keeps one. Blocks for as long as RSA takes to find two primes.
    pub(crate) fn open(domain: &str, data: &DataDir, random: &dyn Random) -> Result<Self, KeysError> {
        let kept = Kept::open(CURRENT, domain, data, random)?;
        let current = kept.signing_key()?;
        let kid = kept.public.kid.clone().ok_or(KeysError::Encoding)?;
        let published = Published::new(vec![kept.public])?;
        Ok(Self { current, kid, published: RwLock::new(Arc::new(published)) })
    }

    /// Whether the next key was made before, and publishing it costs nothing.
    pub(crate) fn next_is_kept(data: &DataDir) -> bool {
        data.path(NEXT).is_some_and(|path| path.exists())
    }

    /// Publishes the kept next key, or makes and keeps one. Blocks as [`Keys::open`] does.
    pub(crate) fn publish_next(
        &self,
        domain: &str,
        data: &DataDir,
        random: &dyn Random,
    ) -> Result<(), KeysError> {
        let kept = Kept::open(NEXT, domain, data, random)?;
        let mut keys = self.published().keys.keys.clone();
        keys.push(kept.public);
        let published = Published::new(keys)?;
        *self.published.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(published);
        Ok(())
    }
}

impl Published {
    fn new(keys: Vec<Jwk>) -> Result<Self, KeysError> {
        let keys = JwkSet { keys };
        let jwks = serde_json::to_vec(&keys).map_err(KeysError::Malformed)?.into();
        Ok(Self { jwks, set: KeySet::new(&keys), keys })
    }
}

/// A key as it lies in the data folder.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// As it is published, certificate included.
    public: Jwk,
    /// PKCS #8, base64url.
    private_key: String,
}

impl Kept {
    fn open(name: &str, domain: &str, data: &DataDir, random: &dyn Random) -> Result<Self, KeysError> {
        if let Some(kept) = data.read(name)? {
            return serde_json::from_slice(&kept)
                .map_err(|source| KeysError::damaged(data, name, Some(source)));
        }
        let made = serde_json::to_vec(&Self::make(domain, random)?).map_err(KeysError::Malformed)?;
        serde_json::from_slice(&data.keep(name, made)?).map_err(KeysError::Malformed)
    }

    fn make(domain: &str, random: &dyn Random) -> Result<Self, KeysError> {
        let key = SigningKey::generate_rsa2048()?;
        let pkcs8 = key.pkcs8_der();
        let pair = KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8.as_slice().into(), &PKCS_RSA_SHA256)?;
        let mut params = CertificateParams::new([])?;
        params.distinguished_name.push(DnType::CommonName, domain);
        let certificate = params.self_signed(&pair)?;
        let sha1 = digest(&SHA1_FOR_LEGACY_USE_ONLY, certificate.der());
        let public = Jwk {
            usage: Some("sig".to_owned()),
            // 126 bits in 21 characters, as the real ones.
            kid: Some(stepup_seal::token(random, 16).chars().take(21).collect()),
            alg: Some("RS256".to_owned()),
            x5t: Some(base64url::encode(sha1)),
            x5c: Some(vec![STANDARD.encode(certificate.der())]),
            ..key.public_jwk().ok_or(KeysError::Encoding)?
        };
        Ok(Self { public, private_key: base64url::encode(&*pkcs8) })
    }

    fn signing_key(&self) -> Result<SigningKey, KeysError> {
        let pkcs8 = Zeroizing::new(base64url::decode(&self.private_key).map_err(|_| KeysError::Encoding)?);
        Ok(SigningKey::from_pkcs8_der(&pkcs8, Algorithm::Rs256)?)
    }
}

/// The key that seals authenticator secrets in the store.
pub(crate) fn vault_key(data: &DataDir, random: &dyn Random) -> Result<[u8; 32], KeysError> {
    if let Some(kept) = data.read(VAULT)? {
        return kept.try_into().map_err(|_| KeysError::damaged(data, VAULT, None));
    }
    let mut key = vec![0; 32];
    random.fill(&mut key);
    data.keep(VAULT, key)?.try_into().map_err(|_| KeysError::Encoding)
}

const CURRENT: &str = "signing-key-1.json";
const NEXT: &str = "signing-key-2.json";
const VAULT: &str = "vault.key";

/// Why the keys cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// A certificate could not be made.
    #[error("the certificate of a signing key could not be made")]
    Certificate(#[from] rcgen::Error),
    /// A kept key is damaged, or was kept by another version.
    #[error("the key in {} is damaged, or of another version: remove the file to have a new one made", path.display())]
    Damaged {
        /// Where it lies.
        path: PathBuf,
        /// Why it cannot be read.
        #[source]
        source: Option<serde_json::Error>,
    },
    /// The data folder failed.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// A kept key is not what it should be.
    #[error("a key in the data folder is damaged: remove the folder to have new keys made")]
    Encoding,
    /// A key could not be made or read.
    #[error("a signing key could not be made or read")]
    Key(#[from] KeyError),
    /// A kept key is not JSON.
    #[error("a key in the data folder is not JSON: remove the folder to have new keys made")]
    Malformed(#[source] serde_json::Error),
}

impl KeysError {
    fn damaged(data: &DataDir, name: &str, source: Option<serde_json::Error>) -> Self {
        Self::Damaged { path: data.path(name).unwrap_or_default(), source }
    }
}
