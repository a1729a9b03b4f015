//! The authenticator app (RFC 6238): SHA-1, six digits, thirty seconds, one step of tolerance either way.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret as _, SecretString};
use stepup_protocol::time::UnixTime;
use stepup_seal::Random;
use totp_rs::{Algorithm, Builder, Secret, Totp};

/// Steps before and after the present one whose codes are taken: clocks of phones differ.
const SKEW: u16 = 1;
const DIGITS: usize = 6;
const STEP_SECONDS: u64 = 30;
/// RFC 4226 section 4 recommends 160 bits.
const SECRET_BYTES: usize = 20;

/// Draws a new shared secret: 32 characters of base32 without padding.
pub(crate) fn new_secret(random: &dyn Random) -> SecretString {
    let mut bytes = [0; SECRET_BYTES];
    random.fill(&mut bytes);
    Secret::new_stack(bytes).to_base32().into()
}

/// What goes into the QR code: the Key Uri Format that every authenticator app reads.
pub(crate) fn barcode_uri(issuer: &str, account: &str, secret: &SecretString) -> String {
    /// What RFC 3986 section 2.3 leaves bare.
    const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    let issuer = utf8_percent_encode(issuer, ENCODED).to_string();
    let mut uri = format!("otpauth://totp/{issuer}:{}", utf8_percent_encode(account, ENCODED));
    // Writing to a String cannot fail.
    let _ = write!(
        uri,
        "?secret={}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}",
        secret.expose_secret()
    );
    uri
}

/// Whether `code` cannot be a code: not six digits.
pub(crate) fn is_malformed(code: &str) -> bool {
    code.len() != DIGITS || !code.bytes().all(|byte| byte.is_ascii_digit())
}

/// The time step around `now` whose code is `code`. Whether that step was used before is the store's to say.
pub(crate) fn check(secret: &SecretString, code: &str, now: UnixTime) -> Option<u64> {
    if is_malformed(code) {
        return None;
    }
    totp(secret)?.check(code, u64::try_from(now.seconds()).ok()?)
}

fn totp(secret: &SecretString) -> Option<Totp> {
    let secret = Secret::try_from_base32(secret.expose_secret()).ok()?;
    // A secret imported with a user may be shorter than what we draw.
    Some(
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(u8::try_from(DIGITS).ok()?)
            .with_skew(SKEW)
            .with_step_duration(STEP_SECONDS)
            .with_secret(secret)
            .build_noncompliant(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238 appendix B, the last six of its eight digits.
    const RFC_SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    #[test]
    fn the_vectors_of_rfc_6238() {
        let secret = SecretString::from(RFC_SECRET);
        for (time, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")]
        {
            let step = u64::try_from(time / 30).unwrap();
            assert_eq!(check(&secret, code, UnixTime::from_seconds(time)), Some(step));
        }
    }

    #[test]
    fn one_step_either_way() {
        let secret = SecretString::from(RFC_SECRET);
        for (time, expected) in [(29, Some(1)), (59, Some(1)), (89, Some(1)), (90, None), (150, None)] {
            assert_eq!(check(&secret, "287082", UnixTime::from_seconds(time)), expected, "{time}");
        }
    }

    #[test]
    fn what_is_no_code() {
        let secret = SecretString::from(RFC_SECRET);
        for code in ["", "28708", "2870822", "28708a", " 287082", "२८७०८२"] {
            assert!(is_malformed(code), "{code}");
            assert_eq!(check(&secret, code, UnixTime::from_seconds(59)), None, "{code}");
        }
        let broken = SecretString::from("not base32!");
        assert_eq!(check(&broken, "287082", UnixTime::from_seconds(59)), None);
    }

    #[test]
    fn the_barcode_is_encoded() {
        let uri = barcode_uri("my-tenant", "ada@example.com", &SecretString::from("GAXV"));
        assert_eq!(
            uri,
            "otpauth://totp/my-tenant:ada%40example.com?secret=GAXV&issuer=my-tenant&algorithm=SHA1&digits=6&period=30"
        );
        assert!(
            barcode_uri("A & B", "x", &SecretString::from("G")).starts_with("otpauth://totp/A%20%26%20B:x?")
        );
    }
}
