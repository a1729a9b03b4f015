//! `custom_password_hash` of Auth0's bulk import, as it is written and as it is kept until the first login.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::digest::Digest;

/// A password hash that was made elsewhere.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomHash {
    pub(super) algorithm: Algorithm,
    pub(super) hash: HashValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) salt: Option<Salt>,
    #[serde(default)]
    pub(super) password: PasswordForm,
    /// scrypt: bytes of the hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) keylen: Option<u32>,
    /// scrypt: N; default 16384.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cost: Option<u32>,
    /// scrypt: r; default 8.
    #[serde(rename = "blockSize", skip_serializing_if = "Option::is_none")]
    pub(super) block_size: Option<u32>,
    /// scrypt: p; default 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parallelization: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Algorithm {
    Argon2,
    Bcrypt,
    Hmac,
    Ldap,
    Md4,
    Md5,
    Pbkdf2,
    Scrypt,
    Sha1,
    Sha256,
    Sha512,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HashValue {
    pub(super) value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) encoding: Option<Encoding>,
    /// HMAC: what of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) digest: Option<Digest>,
    /// HMAC: with what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<Key>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Key {
    pub(super) value: String,
    #[serde(default)]
    pub(super) encoding: Encoding,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Salt {
    pub(super) value: String,
    #[serde(default)]
    pub(super) encoding: Encoding,
    #[serde(default)]
    pub(super) position: SaltPosition,
}

/// How bytes are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Encoding {
    Base64,
    Hex,
    #[default]
    Utf8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum SaltPosition {
    #[default]
    Prefix,
    Suffix,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordForm {
    #[serde(default)]
    pub(super) encoding: Characters,
}

/// How the characters of a password became bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Characters {
    Ascii,
    Binary,
    Latin1,
    Ucs2,
    Utf16le,
    #[default]
    Utf8,
}

impl fmt::Debug for CustomHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CustomHash").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

impl Encoding {
    /// The bytes of `text`. Base64 is taken with either alphabet, padded or not; hex in either case.
    pub(super) fn decode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Base64 => decode_base64(text),
            Self::Hex => decode_hex(text),
            Self::Utf8 => Some(text.as_bytes().to_vec()),
        }
    }
}

pub(super) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let url_safe: String = text
        .trim_end_matches('=')
        .chars()
        .map(|character| match character {
            '+' => '-',
            '/' => '_',
            other => other,
        })
        .collect();
    stepup_seal::base64url::decode(&url_safe).ok()
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

impl Characters {
    /// The bytes that were hashed of `password`.
    pub(super) fn bytes(self, password: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => password.as_bytes().to_vec(),
            Self::Ucs2 | Self::Utf16le => password.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            // The low byte of each unit is what is left of a character that has no place there.
            Self::Ascii | Self::Binary | Self::Latin1 => {
                password.encode_utf16().map(|unit| unit.to_le_bytes()[0]).collect()
            }
        }
    }
}
