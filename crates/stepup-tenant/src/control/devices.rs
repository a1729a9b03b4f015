//! Virtual devices: authenticator apps that scanned a QR code.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use stepup_protocol::time::UnixTime;
use totp_rs::{Builder, Secret, Totp};

use super::Refused;

/// The devices of one tenant. They are the user's side of the wire, so they live here and not in the store.
#[derive(Default)]
pub(crate) struct Devices(Mutex<BTreeMap<String, Totp>>);

impl Devices {
    /// A new device with this id scans a QR code.
    pub(super) fn scan(&self, id: &str, barcode_uri: &str) -> Result<(), Refused> {
        let totp = Totp::from_url(barcode_uri).map_err(|error| {
            Refused::bad(format!("`barcode_uri` is not one of an authenticator app: {error}."))
        })?;
        self.lock().insert(id.to_owned(), totp);
        Ok(())
    }

    /// What the device shows at `now`.
    pub(super) fn code(&self, id: &str, now: UnixTime) -> Option<String> {
        self.lock().get(id).map(|totp| totp.generate(seconds(now)).to_string())
    }

    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Totp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an authenticator app with this base32 secret shows at `now`; none where it is not base32.
pub(crate) fn code(secret: &str, now: UnixTime) -> Option<String> {
    let secret = Secret::try_from_base32(secret).ok()?;
    Some(Builder::new().with_secret(secret).build_noncompliant().generate(seconds(now)).to_string())
}

fn seconds(now: UnixTime) -> u64 {
    u64::try_from(now.seconds()).unwrap_or(0)
}
