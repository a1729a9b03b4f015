//! The six digits that are sent: `binding_code`.

use secrecy::{ExposeSecret as _, SecretString};
use stepup_seal::{Random, digest::hmac_sha256};

use crate::{keys::Keys, model::Digest};

const DIGITS: usize = 6;

/// Six digits.
pub(crate) struct BindingCode(SecretString);

impl BindingCode {
    /// Draws one; each is as likely as any other.
    pub(crate) fn draw(random: &dyn Random) -> Self {
        /// Numbers from there on would favour the first codes.
        const FAIR: u32 = u32::MAX - u32::MAX % 1_000_000;
        loop {
            let mut bytes = [0; 4];
            random.fill(&mut bytes);
            let number = u32::from_be_bytes(bytes);
            if number < FAIR {
                return Self(format!("{:06}", number % 1_000_000).into());
            }
        }
    }

    /// A code as it may have been typed, with spaces or dashes between its digits; nothing where it cannot be one.
    pub(crate) fn typed(text: &str) -> Option<Self> {
        let code: String =
            text.chars().filter(|it| !it.is_whitespace() && *it != '-').take(DIGITS + 1).collect();
        let is_code = code.len() == DIGITS && code.bytes().all(|byte| byte.is_ascii_digit());
        is_code.then(|| Self(code.into()))
    }

    /// What is kept of it for one `oob_code`: under a key of the tenant, since six digits are soon tried.
    pub(crate) fn digest(&self, keys: &Keys, oob_code: &Digest) -> Digest {
        let key = keys.derive(b"binding code of an out-of-band challenge");
        let bound = [oob_code.as_bytes(), self.0.expose_secret().as_bytes()].concat();
        Digest::from(hmac_sha256(key.as_slice(), &bound))
    }

    /// The digits, for whoever sends them.
    pub(crate) const fn secret(&self) -> &SecretString {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug)]
    struct Counting(AtomicU32);

    impl Random for Counting {
        fn fill(&self, destination: &mut [u8]) {
            destination.copy_from_slice(&self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        }
    }

    #[test]
    fn codes_have_six_digits_and_none_is_favoured() {
        let drawn =
            |from| BindingCode::draw(&Counting(AtomicU32::new(from))).secret().expose_secret().to_owned();
        assert_eq!(drawn(7), "000007");
        assert_eq!(drawn(123_456_789), "456789");
        // 4,294,000,000 is the first number beyond the last whole million: it is drawn again, up to the wrap.
        assert_eq!(drawn(4_293_999_999), "999999");
    }

    #[test]
    fn people_group_digits() {
        for typed in ["123456", "123 456", " 12-34-56 ", "1 2 3 4 5 6"] {
            assert_eq!(BindingCode::typed(typed).unwrap().secret().expose_secret(), "123456");
        }
        for typed in ["", "12345", "1234567", "12345a", "१२३४५६", "+12345"] {
            assert!(BindingCode::typed(typed).is_none(), "{typed}");
        }
    }

    proptest! {
        #[test]
        fn anything_may_be_typed(text in ".{0,40}") {
            if let Some(code) = BindingCode::typed(&text) {
                prop_assert_eq!(code.secret().expose_secret().len(), 6);
            }
        }
    }
}
