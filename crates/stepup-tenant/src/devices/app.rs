//! An authenticator app.

use stepup_protocol::time::UnixTime;
use totp_rs::{Builder, Secret, Totp};

use super::DeviceError;

/// The app that the QR code makes.
pub(super) fn scan(barcode_uri: &str) -> Result<Totp, DeviceError> {
    Totp::from_url(barcode_uri).map_err(|error| DeviceError::Barcode(error.to_string()))
}

/// What it shows at `now`.
pub(super) fn code(totp: &Totp, now: UnixTime) -> String {
    totp.generate(u64::try_from(now.seconds()).unwrap_or(0)).to_string()
}

/// What an app with this base32 secret shows at `now`; none where it is not base32.
pub(crate) fn totp(secret: &str, now: UnixTime) -> Option<String> {
    Some(code(&of_secret(secret)?, now))
}

/// The app with this base32 secret.
pub(super) fn of_secret(secret: &str) -> Option<Totp> {
    let secret = Secret::try_from_base32(secret).ok()?;
    Some(Builder::new().with_secret(secret).build_noncompliant())
}
