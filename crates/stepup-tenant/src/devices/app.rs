//! An authenticator app.

use stepup_protocol::time::UnixTime;
use totp_rs::{Builder, Secret, Totp};

use super::DeviceError;

/// The app that the QR code makes. The secret may be a short one: those that are imported with a user may be.
pub(super) fn scan(barcode_uri: &str) -> Result<Totp, DeviceError> {
    let wrong = |why: &str| DeviceError::Barcode(why.to_owned());
    let totp = Totp::from_url_unchecked(barcode_uri).map_err(|error| wrong(&error.to_string()))?;
    if !(6..=8).contains(&totp.digits()) {
        return Err(wrong("`digits` must be from 6 to 8"));
    }
    if totp.step() == 0 {
        return Err(wrong("`period` must be at least 1"));
    }
    Ok(totp)
}

/// What it shows at `now`.
pub(super) fn code(totp: &Totp, now: UnixTime) -> String {
    totp.generate(u64::try_from(now.seconds()).unwrap_or(0)).to_string()
}

/// How long it shows that.
pub(super) fn seconds_left(totp: &Totp, now: UnixTime) -> u64 {
    let now = u64::try_from(now.seconds()).unwrap_or(0);
    totp.next_step(now) - now
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
