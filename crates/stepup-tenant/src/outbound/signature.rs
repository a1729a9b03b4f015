//! Signatures of webhooks.
//!
//! Header `Stepup-Signature: t=SECONDS,v1=HEX`: `HEX` is HMAC-SHA256, keyed with the webhook's secret, of `SECONDS`, a
//! full stop, and the body byte for byte. A receiver computes the same, compares in constant time, and refuses what is
//! older than a few minutes.

use std::fmt::Write as _;

use aws_lc_rs::hmac;
use stepup_protocol::time::UnixTime;

/// The header.
pub const HEADER: &str = "stepup-signature";

/// The header's value for `body`, sent at `now`.
///
/// ```
/// use stepup_protocol::time::UnixTime;
/// use stepup_tenant::outbound::signature;
///
/// let signed = signature::sign("whsec_0123456789", b"{}", UnixTime::from_seconds(1_767_225_600));
/// assert!(signed.starts_with("t=1767225600,v1="));
/// ```
#[must_use]
pub fn sign(secret: &str, body: &[u8], now: UnixTime) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let mut context = hmac::Context::with_key(&key);
    let seconds = now.seconds();
    context.update(format!("{seconds}.").as_bytes());
    context.update(body);
    let mut value = format!("t={seconds},v1=");
    for byte in context.sign().as_ref() {
        // Writing to a string does not fail.
        let _ = write!(value, "{byte:02x}");
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_of_time_and_body() {
        let now = UnixTime::from_seconds(1_767_225_600);
        // printf '1767225600.{"a":1}' | openssl dgst -sha256 -hmac secret
        assert_eq!(
            sign("secret", br#"{"a":1}"#, now),
            "t=1767225600,v1=96a067a1c95eb143fc00b9097bcfcbcd5456adda508c443ff219748e764dbed7"
        );
        assert_ne!(sign("secret", b"", now), sign("secret", b"", UnixTime::from_seconds(1_767_225_601)));
    }
}
