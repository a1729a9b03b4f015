//! The keys of a [`Sealer`](super::Sealer): derived when they are first needed, then kept.

use std::sync::OnceLock;

use secrecy::{ExposeSecret, SecretString};

use super::{Format, OpenError, Purpose, auth0_server_python, nextjs_auth0, stepup};
use crate::{
    Secrets,
    jwe::{Compact, JweKey},
};

/// The keys of every secret.
pub(super) struct KeyCache {
    format: Format,
    current: SecretKeys,
    older: Vec<SecretKeys>,
}

/// The keys of one secret. For each purpose the key of the first context that it was used with is kept: a purpose has
/// one context all the time (none, or a cookie's name). Only transactions have one a login; theirs are derived anew.
struct SecretKeys {
    secret: SecretString,
    kept: [OnceLock<(Box<str>, JweKey)>; Purpose::ALL.len()],
}

impl KeyCache {
    pub(super) fn new(secrets: &Secrets, format: Format) -> Self {
        let keys = |secret: &SecretString| SecretKeys { secret: secret.clone(), kept: Default::default() };
        Self { format, current: keys(secrets.current()), older: secrets.older().iter().map(keys).collect() }
    }

    pub(super) const fn format(&self) -> Format {
        self.format
    }

    /// What `seal` makes with the key that seals.
    pub(super) fn seal(
        &self,
        purpose: Purpose,
        context: &str,
        seal: impl FnOnce(&JweKey) -> String,
    ) -> String {
        self.current.with_key(self.format, purpose, context, seal)
    }

    /// Decrypts with the first key that can. Whether an older secret's did is the second part of the answer.
    pub(super) fn decrypt(
        &self,
        value: &Compact<'_>,
        purpose: Purpose,
        context: &str,
    ) -> Result<(Vec<u8>, bool), OpenError> {
        let open =
            |keys: &SecretKeys| keys.with_key(self.format, purpose, context, |key| key.open(value).ok());
        if let Some(plaintext) = open(&self.current) {
            return Ok((plaintext, false));
        }
        let plaintext = self.older.iter().find_map(open).ok_or(OpenError::Invalid)?;
        Ok((plaintext, true))
    }
}

impl SecretKeys {
    fn with_key<R>(
        &self,
        format: Format,
        purpose: Purpose,
        context: &str,
        work: impl FnOnce(&JweKey) -> R,
    ) -> R {
        let context = if format == Format::NextjsAuth0 { "" } else { context };
        let derive = || {
            let secret = self.secret.expose_secret().as_bytes();
            match format {
                Format::Auth0ServerPython => auth0_server_python::key(secret, purpose, context),
                Format::NextjsAuth0 => nextjs_auth0::key(secret),
                Format::Stepup => stepup::key(secret, purpose, context),
            }
        };
        let (kept_for, key) = self.kept[purpose as usize].get_or_init(|| (context.into(), derive()));
        if **kept_for == *context { work(key) } else { work(&derive()) }
    }
}
