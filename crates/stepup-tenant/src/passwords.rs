//! Password hashes: argon2id in PHC string form, computed on the blocking pool, a few at a time. Those that an import
//! brings from elsewhere are checked as they were made, and replaced at the first right password.

pub(crate) mod choose;
pub mod dictionary;
pub(crate) mod imported;
pub mod person;
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

    /// A hash of [`ADA_PASSWORD`](crate::config::ADA_PASSWORD), made beforehand: everybody knows the password, so that the
    /// hash guards nothing, and a start need not wait for it.
    pub(crate) fn of_ada(&self) -> SecretString {
        let (parameters, hash) = match self.cost {
            Cost::Standard => ("m=19456,t=2,p=1", "9vF3+zk62lpsLV+hs5mGqTnwcuQ1/ae/YH0RY4NPNgc"),
            Cost::Fast => ("m=64,t=1,p=1", "UjRMURcB8ZLhmCJAqS/fVlPRA2Q+NiEQe254hG9t/FI"),
        };
        format!("$argon2id$v=19${parameters}$YWRhIG9mIGJ1aWx0LWlucw${hash}").into()
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
            if let Some(right) = imported::verify(password.expose_secret(), hash.expose_secret()) {
                return Ok(right);
            }
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

/// Whether a right password should be hashed anew, because its hash was made elsewhere or in an older way.
pub(crate) fn is_outdated(hash: &str) -> bool {
    !hash.starts_with("$argon2id$")
}

/// Whether `hash` is one that [`Passwords::verify`] takes.
pub(crate) fn is_argon2(hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| hash.algorithm.as_str().starts_with("argon2"))
}

/// Whether an import brought `hash` from elsewhere, and nobody has logged in with it yet.
pub(crate) fn is_imported(hash: &SecretString) -> bool {
    !is_argon2(hash.expose_secret())
}

/// Why a password could not be hashed or verified.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// The hash is neither argon2 in PHC string form nor one that an import may bring.
    #[error("the password hash is not an argon2 hash in PHC string form")]
    Malformed(#[source] password_hash::phc::Error),
    /// The hash could not be computed.
    #[error("the password hash could not be computed")]
    Hash(#[source] password_hash::Error),
    /// The tenant is stopping.
    #[error("the tenant is stopping")]
    Stopping,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SystemRandom, config::ADA_PASSWORD};

    #[tokio::test]
    async fn the_hashes_made_beforehand_are_those_of_adas_password() {
        for cost in [Cost::Standard, Cost::Fast] {
            let passwords = Passwords::new(cost, Arc::new(SystemRandom::default()));
            let beforehand = passwords.of_ada();
            assert!(passwords.verify(ADA_PASSWORD.into(), Some(beforehand.clone())).await.unwrap());
            let own = passwords.hash(ADA_PASSWORD.into()).await.unwrap();
            let parameters = |hash: &SecretString| hash.expose_secret().split('$').nth(3).unwrap().to_owned();
            assert_eq!(parameters(&beforehand), parameters(&own));
        }
    }

    #[tokio::test]
    async fn hashes_of_an_import_are_taken() {
        let passwords = Passwords::new(Cost::Fast, Arc::new(SystemRandom::default()));
        let bcrypt = SecretString::from("$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K");
        assert!(passwords.verify("hello".into(), Some(bcrypt.clone())).await.unwrap());
        assert!(!passwords.verify("hullo".into(), Some(bcrypt.clone())).await.unwrap());
        assert!(is_outdated(bcrypt.expose_secret()) && !is_outdated(passwords.of_ada().expose_secret()));
        let error = passwords.verify("x".into(), Some("no hash".into())).await.unwrap_err();
        assert!(matches!(error, PasswordError::Malformed(_)));
    }
}
