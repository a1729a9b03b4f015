//! Codes that depend on the time (RFC 6238): SHA-1, six digits, thirty seconds.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use secrecy::{ExposeSecret as _, SecretString};
use stepup_protocol::time::UnixTime;
use stepup_seal::Random;
use totp_rs::{Algorithm, Builder, Secret, Totp};

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
pub(crate) fn barcode_uri(issuer: &str, account: &str, secret: &str) -> String {
    format!(
        "otpauth://totp/{}?secret={secret}&issuer={}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}",
        label(issuer, account),
        encoded(issuer)
    )
}

/// Issuer and account, as a QR code names them.
pub(crate) fn label(issuer: &str, account: &str) -> String {
    format!("{}:{}", encoded(issuer), encoded(account))
}

fn encoded(text: &str) -> PercentEncode<'_> {
    /// What RFC 3986 section 2.3 leaves bare.
    const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, ENCODED)
}

/// Whether `code` cannot be a code: not six digits.
pub(crate) fn is_malformed(code: &str) -> bool {
    code.len() != DIGITS || !code.bytes().all(|byte| byte.is_ascii_digit())
}

/// The time step around `now`, at most `window` steps off since clocks of phones differ, whose code is `code`. Whether that
/// step was used before is the store's to say.
pub(super) fn check(secret: &SecretString, code: &str, now: UnixTime, window: u16) -> Option<u64> {
    if is_malformed(code) {
        return None;
    }
    totp(secret, window)?.check(code, u64::try_from(now.seconds()).ok()?)
}

/// The last time step that [`check`] finds at `now`.
pub(super) fn newest_step(now: UnixTime, window: u16) -> u64 {
    u64::try_from(now.seconds()).unwrap_or_default() / STEP_SECONDS + u64::from(window)
}

fn totp(secret: &SecretString, window: u16) -> Option<Totp> {
    let secret = Secret::try_from_base32(secret.expose_secret()).ok()?;
    // A secret imported with a user may be shorter than what we draw.
    Some(
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(u8::try_from(DIGITS).ok()?)
            .with_skew(window)
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
            assert_eq!(check(&secret, code, UnixTime::from_seconds(time), 1), Some(step));
        }
    }

    #[test]
    fn one_step_either_way() {
        let secret = SecretString::from(RFC_SECRET);
        for (time, expected) in [(29, Some(1)), (59, Some(1)), (89, Some(1)), (90, None), (150, None)] {
            assert_eq!(check(&secret, "287082", UnixTime::from_seconds(time), 1), expected, "{time}");
        }
    }

    #[test]
    fn what_is_no_code() {
        let secret = SecretString::from(RFC_SECRET);
        for code in ["", "28708", "2870822", "28708a", " 287082", "२८७०८२"] {
            assert!(is_malformed(code), "{code}");
            assert_eq!(check(&secret, code, UnixTime::from_seconds(59), 1), None, "{code}");
        }
        let broken = SecretString::from("not base32!");
        assert_eq!(check(&broken, "287082", UnixTime::from_seconds(59), 1), None);
    }

    #[test]
    fn the_barcode_is_encoded() {
        let uri = barcode_uri("my-tenant", "ada@example.com", "GAXV");
        assert_eq!(
            uri,
            "otpauth://totp/my-tenant:ada%40example.com?secret=GAXV&issuer=my-tenant&algorithm=SHA1&digits=6&period=30"
        );
        assert!(barcode_uri("A & B", "x", "G").starts_with("otpauth://totp/A%20%26%20B:x?"));
    }
}
