//! Randomness, as it comes in from outside.

use std::fmt::Debug;

use crate::base64url;

/// A source of random bytes that nobody can foresee; tests bring one that they can.
pub trait Random: Send + Sync + Debug {
    /// Fills `destination` with random bytes.
    fn fill(&self, destination: &mut [u8]);
}

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A random text of letters and digits, 5.95 bits a character: for identifiers and codes that people copy.
pub fn base62(random: &dyn Random, characters: usize) -> String {
    let mut drawn = vec![0; characters * 8];
    random.fill(&mut drawn);
    drawn.chunks_exact(8).map(letter).collect()
}

/// Scales 64 random bits down to one of 62 letters; the bias is below 2⁻⁵⁷.
fn letter(drawn: &[u8]) -> char {
    let drawn = drawn.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let position = (u128::from(drawn) * 62) >> 64;
    char::from(ALPHABET[usize::try_from(position).unwrap_or(0)])
}

/// `bytes` random bytes as base64url: for states, nonces, verifiers and tokens.
pub fn token(random: &dyn Random, bytes: usize) -> String {
    let mut drawn = vec![0; bytes];
    random.fill(&mut drawn);
    base64url::encode(drawn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Always(u8);

    impl Random for Always {
        fn fill(&self, destination: &mut [u8]) {
            destination.fill(self.0);
        }
    }

    #[test]
    fn texts_have_their_length_and_letters() {
        assert_eq!(base62(&Always(0), 5), "00000");
        assert_eq!(base62(&Always(255), 5), "zzzzz");
        assert_eq!(base62(&Always(128), 3), "VVV");
        assert_eq!(token(&Always(0), 32).len(), 43);
        assert_eq!(base62(&Always(0), 0), "");
    }
}
