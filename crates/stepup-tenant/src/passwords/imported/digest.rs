//! Digests that password hashes elsewhere were made with.

use hmac::{
    KeyInit, Mac, SimpleHmac,
    digest::{Digest as _, block_api::BlockSizeUser},
};
use md4::Md4;
use md5::Md5;
use ripemd::Ripemd160;
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};
use whirlpool::Whirlpool;

/// A digest; most are broken, and here only so that their hashes can be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Digest {
    Md4,
    Md5,
    Ripemd160,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Whirlpool,
}

impl Digest {
    /// The digest that PBKDF2 hashes of elsewhere call `name`, among its many names there.
    pub(super) fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let name = name.strip_prefix("rsa-").or_else(|| name.strip_prefix("ssl3-")).unwrap_or(&name);
        let name = name.split_once("withrsa").map_or(name, |(name, _)| name);
        Some(match name {
            "md4" => Self::Md4,
            "md5" => Self::Md5,
            "ripemd" | "ripemd160" | "rmd160" => Self::Ripemd160,
            "sha1" | "sha1-2" | "sha" => Self::Sha1,
            "sha224" => Self::Sha224,
            "sha256" => Self::Sha256,
            "sha384" => Self::Sha384,
            "sha512" => Self::Sha512,
            "whirlpool" => Self::Whirlpool,
            _ => return None,
        })
    }

    /// Bytes of a digest.
    pub(super) const fn len(self) -> usize {
        match self {
            Self::Md4 | Self::Md5 => 16,
            Self::Ripemd160 | Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 | Self::Whirlpool => 64,
        }
    }

    pub(super) fn of(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Md4 => Md4::digest(data).to_vec(),
            Self::Md5 => Md5::digest(data).to_vec(),
            Self::Ripemd160 => Ripemd160::digest(data).to_vec(),
            Self::Sha1 => Sha1::digest(data).to_vec(),
            Self::Sha224 => Sha224::digest(data).to_vec(),
            Self::Sha256 => Sha256::digest(data).to_vec(),
            Self::Sha384 => Sha384::digest(data).to_vec(),
            Self::Sha512 => Sha512::digest(data).to_vec(),
            Self::Whirlpool => Whirlpool::digest(data).to_vec(),
        }
    }

    /// RFC 2104.
    pub(super) fn hmac(self, key: &[u8], data: &[u8]) -> Vec<u8> {
        match self {
            Self::Md4 => hmac::<Md4>(key, data),
            Self::Md5 => hmac::<Md5>(key, data),
            Self::Ripemd160 => hmac::<Ripemd160>(key, data),
            Self::Sha1 => hmac::<Sha1>(key, data),
            Self::Sha224 => hmac::<Sha224>(key, data),
            Self::Sha256 => hmac::<Sha256>(key, data),
            Self::Sha384 => hmac::<Sha384>(key, data),
            Self::Sha512 => hmac::<Sha512>(key, data),
            Self::Whirlpool => hmac::<Whirlpool>(key, data),
        }
    }

    /// RFC 8018 section 5.2: `length` bytes.
    pub(super) fn pbkdf2(self, password: &[u8], salt: &[u8], iterations: u32, length: usize) -> Vec<u8> {
        let mut key = vec![0; length];
        let derived = match self {
            Self::Md4 => pbkdf2::pbkdf2::<SimpleHmac<Md4>>(password, salt, iterations, &mut key),
            Self::Md5 => pbkdf2::pbkdf2::<SimpleHmac<Md5>>(password, salt, iterations, &mut key),
            Self::Ripemd160 => pbkdf2::pbkdf2::<SimpleHmac<Ripemd160>>(password, salt, iterations, &mut key),
            Self::Sha1 => pbkdf2::pbkdf2::<SimpleHmac<Sha1>>(password, salt, iterations, &mut key),
            Self::Sha224 => pbkdf2::pbkdf2::<SimpleHmac<Sha224>>(password, salt, iterations, &mut key),
            Self::Sha256 => pbkdf2::pbkdf2::<SimpleHmac<Sha256>>(password, salt, iterations, &mut key),
            Self::Sha384 => pbkdf2::pbkdf2::<SimpleHmac<Sha384>>(password, salt, iterations, &mut key),
            Self::Sha512 => pbkdf2::pbkdf2::<SimpleHmac<Sha512>>(password, salt, iterations, &mut key),
            Self::Whirlpool => pbkdf2::pbkdf2::<SimpleHmac<Whirlpool>>(password, salt, iterations, &mut key),
        };
        // HMAC takes keys of every length; nothing compares equal to what could not be derived.
        if derived.is_ok() { key } else { Vec::new() }
    }
}

fn hmac<D: hmac::digest::Digest + BlockSizeUser>(key: &[u8], data: &[u8]) -> Vec<u8> {
    // HMAC takes keys of every length; nothing compares equal to no bytes.
    SimpleHmac::<D>::new_from_slice(key)
        .map(|mac| mac.chain_update(data).finalize().into_bytes().to_vec())
        .unwrap_or_default()
}
