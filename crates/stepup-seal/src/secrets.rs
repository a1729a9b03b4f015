//! The application's secrets: the first seals, any opens.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

/// Fewest bytes of a secret: as many as the strength of the keys that are derived from it.
const MIN_BYTES: usize = 32;

/// A list of secrets that cannot be used. Says which one, never what it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretsError {
    /// There is none.
    #[error("no secret was given; make one with `openssl rand -hex 32`")]
    Empty,
    /// One is too short.
    #[error(
        "secret {position} has {bytes} bytes and needs at least {MIN_BYTES}; make one with `openssl rand -hex 32`"
    )]
    TooShort {
        /// Its place in the list, counted from 1.
        position: usize,
        /// Its length in bytes.
        bytes: usize,
    },
}

/// One or more secrets of at least 32 bytes, so that they can be rotated: put the new one first, and drop the old one
/// once everything that it sealed has expired. Cheap to clone; never printed.
///
/// ```
/// use stepup_seal::{Secrets, SecretsError};
///
/// assert!(Secrets::new(["a secret of thirty-two bytes, or more".into()]).is_ok());
/// assert_eq!(Secrets::new(["short".into()]).unwrap_err(), SecretsError::TooShort { position: 1, bytes: 5 });
/// ```
#[derive(Clone, Debug)]
pub struct Secrets(Arc<List>);

#[derive(Debug)]
struct List {
    current: SecretString,
    older: Vec<SecretString>,
}

impl Secrets {
    /// Takes the secrets, the one to seal with first.
    ///
    /// # Errors
    /// [`SecretsError`] where there is none, or one is shorter than 32 bytes.
    pub fn new(secrets: impl IntoIterator<Item = SecretString>) -> Result<Self, SecretsError> {
        let mut checked = secrets.into_iter().enumerate().map(|(index, secret)| {
            let bytes = secret.expose_secret().len();
            if bytes < MIN_BYTES {
                Err(SecretsError::TooShort { position: index + 1, bytes })
            } else {
                Ok(secret)
            }
        });
        let current = checked.next().ok_or(SecretsError::Empty)??;
        let older = checked.collect::<Result<_, _>>()?;
        Ok(Self(Arc::new(List { current, older })))
    }

    /// The one that seals.
    pub(crate) fn current(&self) -> &SecretString {
        &self.0.current
    }

    /// Those that only open.
    pub(crate) fn older(&self) -> &[SecretString] {
        &self.0.older
    }
}
