//! PBKDF2 hashes in PHC string form: `$pbkdf2-DIGEST$i=ITERATIONS,l=LENGTH$SALT$HASH`.

use super::{digest::Digest, form::decode_base64};

/// The parts of such a hash.
pub(super) struct Phc {
    pub(super) digest: Digest,
    pub(super) iterations: u32,
    pub(super) salt: Vec<u8>,
    pub(super) expected: Vec<u8>,
}

pub(super) fn parse(text: &str) -> Result<Phc, String> {
    let mut fields = text.strip_prefix("$pbkdf2-").ok_or(FORM)?.split('$').peekable();
    let digest =
        fields.next().and_then(Digest::named).ok_or("the digest of this PBKDF2 hash is not supported")?;
    let (mut iterations, mut length) = (100_000, 64);
    if let Some(parameters) = fields.next_if(|field| field.contains('=')) {
        for parameter in parameters.split(',') {
            match parameter.split_once('=').and_then(|(name, value)| Some((name, value.parse::<u32>().ok()?)))
            {
                Some(("i", value)) => iterations = value,
                Some(("l", value)) => length = value,
                _ => return Err(FORM.to_owned()),
            }
        }
    }
    let (Some(salt), Some(hash), None) = (fields.next(), fields.next(), fields.next()) else {
        return Err(FORM.to_owned());
    };
    let salt = decode_base64(salt).ok_or(FORM)?;
    let expected = decode_base64(hash).ok_or(FORM)?;
    if !(1..=ITERATIONS).contains(&iterations) {
        return Err(format!("a PBKDF2 hash has 1 to {ITERATIONS} iterations"));
    }
    if expected.is_empty() || expected.len() > 1024 || expected.len() != length as usize {
        return Err("the PBKDF2 hash is not as long as it says".to_owned());
    }
    Ok(Phc { digest, iterations, salt, expected })
}

const FORM: &str = "a PBKDF2 hash has the form $pbkdf2-sha512$i=100000,l=64$SALT$HASH";
/// The most iterations: a few seconds.
const ITERATIONS: u32 = 10_000_000;
