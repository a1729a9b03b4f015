//! Password hashes: argon2id in PHC string form, computed on the blocking pool, a few at a time.

pub mod policy;

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{self, PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use secrecy::{ExposeSecret, SecretString};
use stepup_seal::Random;
use tokio::{sync::Semaphore, task};

/// What a hash costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cost {
    /// 19 MiB, two passes: OWASP's recommendation, about 23 ms.
    #[default]
    Standard,
    /// 64 KiB, one pass: for tests, where the hash guards nothing.
    Fast,
}

impl Cost {
    fn argon2(self) -> Argon2<'static> {
        let params = match self {
            Self::Standard => Params::default(),
            Self::Fast => Params::new(64, 1, 1, None).unwrap_or_default(),
        };
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
    }
}

/// Hashes and verifies passwords.
#[derive(Clone, Debug)]
pub struct Passwords {
    cost: Cost,
    random: Arc<dyn Random>,
    /// One hash a core: each takes 19 MiB.
    running: Arc<Semaphore>,
}

impl Passwords {
    /// Hashes at this cost, with salts from `random`.
    #[must_use]
    pub fn new(cost: Cost, random: Arc<dyn Random>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { cost, random, running: Arc::new(Semaphore::new(cores)) }
    }

    /// The hash of `password`, in PHC string form.
    ///
    /// # Errors
    /// [`PasswordError::Hash`] where the password is longer than argon2 takes.
    pub async fn hash(&self, password: SecretString) -> Result<SecretString, PasswordError> {
        let mut salt = [0; 16];
        self.random.fill(&mut salt);
        let argon2 = self.cost.argon2();
        self.compute(move || {
            argon2
                .hash_password_with_salt(password.expose_secret().as_bytes(), &salt)
                .map(|hash: PasswordHash| hash.to_string().into())
                .map_err(PasswordError::Hash)
        })
        .await
    }

    /// Whether `password` is the one that was hashed. Without a hash, an unknown user, it takes as long and is not.
    ///
    /// # Errors
    /// [`PasswordError::Malformed`] where the hash is none.
    pub async fn verify(
        &self,
        password: SecretString,
        hash: Option<SecretString>,
    ) -> Result<bool, PasswordError> {
        let argon2 = self.cost.argon2();
        self.compute(move || {
            let Some(hash) = hash else {
                let mut output = [0; 32];
                let computed =
                    argon2.hash_password_into(password.expose_secret().as_bytes(), &[0; 16], &mut output);
                return computed.map(|()| false).map_err(|error| PasswordError::Hash(error.into()));
            };
            let hash = PasswordHash::new(hash.expose_secret()).map_err(PasswordError::Malformed)?;
            match argon2.verify_password(password.expose_secret().as_bytes(), &hash) {
                Ok(()) => Ok(true),
                Err(password_hash::Error::PasswordInvalid) => Ok(false),
                Err(error) => Err(PasswordError::Hash(error)),
            }
        })
        .await
    }

    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let permit = Arc::clone(&self.running).acquire_owned().await.map_err(|_| PasswordError::Stopping)?;
        let computed = task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        computed.await.map_err(|_| PasswordError::Stopping)?
    }
}

/// Whether `hash` is one that [`Passwords::verify`] takes.
pub(crate) fn is_argon2(hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| hash.algorithm.as_str().starts_with("argon2"))
}

/// Why a password could not be hashed or verified.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// The hash is not argon2id in PHC string form.
    #[error("the password hash is not an argon2 hash in PHC string form")]
    Malformed(#[source] password_hash::phc::Error),
    /// The hash could not be computed.
    #[error("the password hash could not be computed")]
    Hash(#[source] password_hash::Error),
    /// The tenant is stopping.
    #[error("the tenant is stopping")]
    Stopping,
}
