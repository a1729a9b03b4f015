//! `mfa_token`s and `oob_code`s in the form that they have on Auth0's wire: iron seals, long and with `*` in between.
//!
//! Nothing is sealed in them. What stands for a cipher's output is random, and the whole is a name: kept as its digest, and
//! as opaque to this tenant as to its clients.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use stepup_protocol::time::UnixTime;
use stepup_seal::Random;

/// Bytes of a salt, of which there are two.
const SALT: usize = 32;
const IV: usize = 16;
const MAC: usize = 32;
/// Bytes of the ciphertexts, which come in blocks of sixteen; a recorded `mfa_token` has about 2,000 characters.
const MFA_TOKEN: usize = 83 * 16;
const OOB_CODE: usize = 8 * 16;

/// A new `mfa_token`.
pub(crate) fn mfa_token(random: &dyn Random, now: UnixTime, expires_at: UnixTime) -> String {
    sealed(random, MFA_TOKEN, now, expires_at)
}

/// A new `oob_code`.
pub(crate) fn oob_code(random: &dyn Random, now: UnixTime, expires_at: UnixTime) -> String {
    sealed(random, OOB_CODE, now, expires_at)
}

/// One draw and one allocation: there is one at every step-up.
fn sealed(random: &dyn Random, ciphertext: usize, now: UnixTime, expires_at: UnixTime) -> String {
    const OTHERS: usize = SALT + IV + SALT + MAC;
    let mut drawn = [0; OTHERS + MFA_TOKEN];
    let drawn = &mut drawn[..OTHERS + ciphertext];
    random.fill(drawn);
    let (salt, rest) = drawn.split_at(SALT);
    let (iv, rest) = rest.split_at(IV);
    let (mac_salt, rest) = rest.split_at(SALT);
    let (mac, ciphertext) = rest.split_at(MAC);

    let mut text = String::with_capacity(256 + ciphertext.len().div_ceil(3) * 4);
    // a text takes whatever is written
    let _ = write!(text, "Fe26.2*SERVER_{}*", now.seconds());
    hex(salt, &mut text);
    text.push('*');
    URL_SAFE_NO_PAD.encode_string(iv, &mut text);
    text.push('*');
    URL_SAFE_NO_PAD.encode_string(ciphertext, &mut text);
    let _ = write!(text, "*{}*", expires_at.milliseconds());
    hex(mac_salt, &mut text);
    text.push('*');
    URL_SAFE_NO_PAD.encode_string(mac, &mut text);
    text
}

fn hex(bytes: &[u8], text: &mut String) {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
    text.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandom;

    /// The lengths of the parts that are random, once they are known to be of their alphabets.
    fn random_parts(text: &str) -> [usize; 5] {
        let parts: Vec<&str> = text.split('*').collect();
        let [version, key, salt, iv, ciphertext, expiry, mac_salt, mac] = parts[..] else { panic!("{text}") };
        assert_eq!((version, key, expiry), ("Fe26.2", "SERVER_1726721698", "1726721998000"));
        let is_hex = |text: &str| text.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'));
        let is_base64url =
            |text: &str| text.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_".contains(&it));
        assert!(is_hex(salt) && is_hex(mac_salt), "{text}");
        assert!(is_base64url(iv) && is_base64url(ciphertext) && is_base64url(mac), "{text}");
        [salt, iv, ciphertext, mac_salt, mac].map(str::len)
    }

    #[test]
    fn they_look_as_recorded_ones_do() {
        let (now, expires_at) =
            (UnixTime::from_seconds(1_726_721_698), UnixTime::from_seconds(1_726_721_998));
        let token = mfa_token(&SystemRandom::default(), now, expires_at);
        assert_eq!(random_parts(&token), [64, 22, 1771, 64, 43]);
        assert_eq!(token.len(), 2007);
        let code = oob_code(&SystemRandom::default(), now, expires_at);
        assert_eq!(random_parts(&code), [64, 22, 171, 64, 43]);
        assert_eq!(code.len(), 407);
        assert_ne!(code, oob_code(&SystemRandom::default(), now, expires_at));
    }
}
