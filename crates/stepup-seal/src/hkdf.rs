//! HKDF with SHA-256 (RFC 5869): one secret, one key a purpose.

use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use zeroize::Zeroizing;

/// The most that one derivation gives (RFC 5869 section 2.3), in bytes.
const MAX_OUTPUT: usize = 255 * 32;

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// Derives `N` bytes, at most 8160, from `secret`. An empty `salt` stands for 32 zero bytes, as the RFC has it.
///
/// ```
/// let session = stepup_seal::hkdf::derive::<32>(b"a secret of the application", b"", b"session");
/// let token = stepup_seal::hkdf::derive::<32>(b"a secret of the application", b"", b"mfa token");
/// assert_ne!(session, token);
/// ```
#[must_use]
#[expect(
    clippy::expect_used,
    reason = "fails only for a longer output than the RFC allows, which does not compile"
)]
pub fn derive<const N: usize>(secret: &[u8], salt: &[u8], info: &[u8]) -> Zeroizing<[u8; N]> {
    const { assert!(N <= MAX_OUTPUT, "HKDF-SHA-256 gives at most 8160 bytes") };
    let mut key = Zeroizing::new([0; N]);
    let extracted = Salt::new(HKDF_SHA256, salt).extract(secret);
    extracted
        .expand(&[info], Length(N))
        .and_then(|output| output.fill(key.as_mut_slice()))
        .expect("an output of this length is allowed");
    key
}
