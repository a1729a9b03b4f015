//! Password hashes that an import brings from elsewhere: checked as they were made, and replaced at the first right
//! password.

mod digest;
mod form;
mod ldap;
mod phc;
#[cfg(test)]
mod tests;

use aws_lc_rs::constant_time::verify_slices_are_equal;

pub(crate) use self::form::CustomHash;
use self::{
    digest::Digest,
    form::{Algorithm, Salt, SaltPosition},
    phc::Phc,
};
use super::is_argon2;

/// What a password is checked against.
enum Check {
    Bcrypt { hash: String, salt: Salted },
    Digest { digest: Digest, expected: Vec<u8>, salt: Salted },
    Hmac { digest: Digest, key: Vec<u8>, expected: Vec<u8>, salt: Salted },
    Pbkdf2 { digest: Digest, iterations: u32, salt: Vec<u8>, expected: Vec<u8> },
    Scrypt { params: scrypt::Params, salt: Vec<u8>, expected: Vec<u8> },
}

/// What was put before and after the password.
#[derive(Default)]
struct Salted {
    before: Vec<u8>,
    after: Vec<u8>,
}

impl CustomHash {
    /// How it is kept: an argon2 hash as it is, others as JSON.
    ///
    /// # Errors
    /// What is wrong with it, and the mend.
    pub(crate) fn to_kept(&self) -> Result<String, String> {
        if self.algorithm == Algorithm::Argon2 {
            self.no_salt()?;
            let takes = is_argon2(&self.hash.value);
            return if takes {
                Ok(self.hash.value.clone())
            } else {
                Err("the hash is not argon2 in PHC form".to_owned())
            };
        }
        self.check()?;
        serde_json::to_string(self).map_err(|error| error.to_string())
    }

    /// Whether `password` is the one that was hashed; not, too, where the hash is not usable.
    pub(super) fn verify(&self, password: &str) -> bool {
        let password = self.password.encoding.bytes(password);
        match self.check() {
            Err(_) => false,
            Ok(Check::Bcrypt { hash, salt }) => {
                bcrypt::verify(salt.around(&password), &hash).unwrap_or(false)
            }
            Ok(Check::Digest { digest, expected, salt }) => {
                equal(&digest.of(&salt.around(&password)), &expected)
            }
            Ok(Check::Hmac { digest, key, expected, salt }) => {
                equal(&digest.hmac(&key, &salt.around(&password)), &expected)
            }
            Ok(Check::Pbkdf2 { digest, iterations, salt, expected }) => {
                equal(&digest.pbkdf2(&password, &salt, iterations, expected.len()), &expected)
            }
            Ok(Check::Scrypt { params, salt, expected }) => {
                let mut key = vec![0; expected.len()];
                scrypt::scrypt(&password, &salt, &params, &mut key).is_ok() && equal(&key, &expected)
            }
        }
    }

    /// How to check a password, or what is wrong.
    fn check(&self) -> Result<Check, String> {
        let digest = match self.algorithm {
            Algorithm::Argon2 => return Err("an argon2 hash is kept as it is".to_owned()),
            Algorithm::Bcrypt => return self.bcrypt(),
            Algorithm::Hmac => return self.hmac(),
            Algorithm::Ldap => return self.ldap(),
            Algorithm::Pbkdf2 => return self.pbkdf2(),
            Algorithm::Scrypt => return self.scrypt(),
            Algorithm::Md4 => Digest::Md4,
            Algorithm::Md5 => Digest::Md5,
            Algorithm::Sha1 => Digest::Sha1,
            Algorithm::Sha256 => Digest::Sha256,
            Algorithm::Sha512 => Digest::Sha512,
        };
        Ok(Check::Digest { digest, expected: self.expected(digest.len())?, salt: self.salted()? })
    }

    fn bcrypt(&self) -> Result<Check, String> {
        is_bcrypt(&self.hash.value).then_some(()).ok_or_else(|| {
            format!("the hash is not bcrypt: $2a$, $2b$ or $2y$, at most cost {BCRYPT_COST}")
        })?;
        Ok(Check::Bcrypt { hash: self.hash.value.clone(), salt: self.salted()? })
    }

    fn hmac(&self) -> Result<Check, String> {
        let digest = self.hash.digest.ok_or("an HMAC needs `hash.digest`")?;
        let key = self.hash.key.as_ref().ok_or("an HMAC needs `hash.key`")?;
        let key = key.encoding.decode(&key.value).ok_or("`hash.key.value` is not in its encoding")?;
        Ok(Check::Hmac { digest, key, expected: self.expected(digest.len())?, salt: self.salted()? })
    }

    fn ldap(&self) -> Result<Check, String> {
        self.no_salt()?;
        let (digest, expected, salt) = ldap::parse(&self.hash.value)?;
        Ok(Check::Digest { digest, expected, salt: Salted { after: salt, ..Salted::default() } })
    }

    fn pbkdf2(&self) -> Result<Check, String> {
        self.no_salt()?;
        let Phc { digest, iterations, salt, expected } = phc::parse(&self.hash.value)?;
        Ok(Check::Pbkdf2 { digest, iterations, salt, expected })
    }

    fn scrypt(&self) -> Result<Check, String> {
        let length = self.keylen.filter(|length| (1..=1024).contains(length));
        let length = length.ok_or("scrypt needs `keylen`, 1 to 1024 bytes")?;
        let (cost, block) = (self.cost.unwrap_or(16_384), self.block_size.unwrap_or(8));
        let parallel = self.parallelization.unwrap_or(1);
        let memory = u64::from(cost) * u64::from(block) * 128;
        if !cost.is_power_of_two() || cost < 2 || memory > SCRYPT_BYTES || !(1..=16).contains(&parallel) {
            return Err(
                "scrypt needs a `cost` that is a power of two, at most 256 MiB and 16 lanes".to_owned()
            );
        }
        let log = u8::try_from(cost.ilog2()).map_err(|error| error.to_string())?;
        let params = scrypt::Params::new(log, block, parallel).map_err(|error| error.to_string())?;
        let Salted { before, after } = self.salted()?;
        Ok(Check::Scrypt {
            params,
            salt: [before, after].concat(),
            expected: self.expected(length as usize)?,
        })
    }

    /// The bytes of the hash.
    fn expected(&self, length: usize) -> Result<Vec<u8>, String> {
        let encoding = self.hash.encoding.filter(|encoding| *encoding != form::Encoding::Utf8);
        let encoding = encoding.ok_or("`hash.encoding` must be hex or base64")?;
        let bytes = encoding.decode(&self.hash.value).ok_or("`hash.value` is not in its encoding")?;
        if bytes.len() == length {
            Ok(bytes)
        } else {
            Err(format!("`hash.value` has {} bytes where {length} are expected", bytes.len()))
        }
    }

    fn salted(&self) -> Result<Salted, String> {
        let Some(Salt { value, encoding, position }) = &self.salt else { return Ok(Salted::default()) };
        let salt = encoding.decode(value).ok_or("`salt.value` is not in its encoding")?;
        Ok(match position {
            SaltPosition::Prefix => Salted { before: salt, after: Vec::new() },
            SaltPosition::Suffix => Salted { before: Vec::new(), after: salt },
        })
    }

    fn no_salt(&self) -> Result<(), String> {
        match self.salt {
            None => Ok(()),
            Some(_) => Err("`salt` is not allowed: the hash holds its own".to_owned()),
        }
    }
}

impl Salted {
    fn around(&self, password: &[u8]) -> Vec<u8> {
        [self.before.as_slice(), password, self.after.as_slice()].concat()
    }
}

/// Whether `password` is the one that was hashed; nothing where the hash is not of an import.
pub(super) fn verify(password: &str, hash: &str) -> Option<bool> {
    if hash.starts_with("$2") {
        Some(bcrypt::verify(password, hash).unwrap_or(false))
    } else if hash.starts_with('{') {
        Some(serde_json::from_str::<CustomHash>(hash).is_ok_and(|hash| hash.verify(password)))
    } else {
        None
    }
}

/// Whether `hash` is bcrypt at a cost that a login can bear.
pub(crate) fn is_bcrypt(hash: &str) -> bool {
    let known = ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| hash.starts_with(prefix));
    let cost = hash.get(4..6).and_then(|cost| cost.parse::<u32>().ok());
    known && cost.is_some_and(|cost| cost <= BCRYPT_COST) && hash.parse::<bcrypt::HashParts>().is_ok()
}

fn equal(one: &[u8], other: &[u8]) -> bool {
    verify_slices_are_equal(one, other).is_ok()
}

/// The highest cost: a few seconds.
const BCRYPT_COST: u32 = 15;
/// The most memory of a scrypt hash.
const SCRYPT_BYTES: u64 = 256 << 20;
