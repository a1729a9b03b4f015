//! The code itself: how it is drawn, read and kept.

use stepup_seal::Random;

use crate::model::Digest;

/// 33 symbols that nobody takes for another: no `0`, `O` or `I`.
const ALPHABET: &[u8; 33] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
const LENGTH: usize = 24;

/// Draws a new code: 24 characters, 121 bits.
pub(crate) fn new_code(random: &dyn Random) -> String {
    let mut code = String::with_capacity(LENGTH);
    while code.len() < LENGTH {
        let mut bytes = [0; 2 * LENGTH];
        random.fill(&mut bytes);
        append(&mut code, &bytes);
    }
    code
}

/// The code that `bytes` spell. Of 64 bytes about 57 can be used; fewer than 24 with a probability below 2^-100.
pub(crate) fn from_bytes(bytes: &[u8]) -> String {
    let mut code = String::with_capacity(LENGTH);
    append(&mut code, bytes);
    code
}

fn append(code: &mut String, bytes: &[u8]) {
    /// Bytes from there on would favour the first symbols.
    const LIMIT: usize = 256 - 256 % ALPHABET.len();
    let fair = bytes.iter().map(|&byte| usize::from(byte)).filter(|&byte| byte < LIMIT);
    code.extend(fair.take(LENGTH - code.len()).map(|byte| char::from(ALPHABET[byte % ALPHABET.len()])));
}

/// A code as it may have been typed: in whatever case, with spaces or dashes. Nothing where it cannot be a code.
pub(crate) fn normalized(typed: &str) -> Option<String> {
    let code: String = typed
        .chars()
        .filter(|character| !character.is_whitespace() && *character != '-')
        .map(|character| character.to_ascii_uppercase())
        .take(LENGTH + 1)
        .collect();
    (code.len() == LENGTH && code.bytes().all(|byte| ALPHABET.contains(&byte))).then_some(code)
}

/// What the store keeps of a code in the form of [`normalized`].
pub(crate) fn digest(code: &str) -> Digest {
    Digest::of(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Counting(std::sync::Mutex<u8>);

    impl Random for Counting {
        fn fill(&self, destination: &mut [u8]) {
            let mut next = self.0.lock().unwrap();
            for byte in destination {
                *byte = *next;
                *next = next.wrapping_add(37);
            }
        }
    }

    #[test]
    fn codes_are_24_of_33_symbols() {
        let random = Counting(std::sync::Mutex::new(0));
        let (first, second) = (new_code(&random), new_code(&random));
        for code in [&first, &second] {
            assert_eq!(code.len(), 24);
            assert!(code.bytes().all(|byte| ALPHABET.contains(&byte)), "{code}");
        }
        assert_ne!(first, second);
    }

    #[test]
    fn case_spaces_and_dashes_do_not_matter() {
        let code = "17EQHNZC2SZDYG7X4QXVX9SW";
        for typed in [code, "17eq-hnzc 2szd-yg7x-4qxv-x9sw", " 17EQHNZC2SZDYG7X4QXVX9SW\n"] {
            assert_eq!(normalized(typed).as_deref(), Some(code));
        }
        for typed in
            ["", "17EQ", "17EQHNZC2SZDYG7X4QXVX9SWW", "07EQHNZC2SZDYG7X4QXVX9SW", "ß7EQHNZC2SZDYG7X4QXVX9S"]
        {
            assert_eq!(normalized(typed), None, "{typed}");
        }
    }
}
