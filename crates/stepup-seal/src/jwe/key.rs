//! Content encryption keys, prepared once.

use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    cipher::{
        AES_256, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey,
        UnboundCipherKey,
    },
    error::Unspecified,
    hmac,
    iv::FixedLength,
};

use super::{Compact, JweError};
use crate::{Random, base64url, digest};

/// Content encryption algorithms (RFC 7518 section 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encryption {
    /// AES-256 in Galois/Counter Mode.
    A256Gcm,
    /// AES-256-CBC with HMAC-SHA-512, encrypt then MAC.
    A256CbcHs512,
}

impl Encryption {
    /// The value of `enc`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::A256Gcm => "A256GCM",
            Self::A256CbcHs512 => "A256CBC-HS512",
        }
    }
}

/// A key for direct encryption, made ready for use; never printed.
pub struct JweKey(Prepared);

enum Prepared {
    Gcm(LessSafeKey),
    CbcHmac(Box<CbcHmac>),
}

struct CbcHmac {
    mac: hmac::Key,
    encrypt: PaddedBlockEncryptingKey,
    decrypt: PaddedBlockDecryptingKey,
}

const GCM_IV: usize = 12;
const GCM_TAG: usize = 16;
const CBC_IV: usize = 16;
const CBC_TAG: usize = 32;

impl JweKey {
    /// A key for A256GCM.
    #[must_use]
    #[expect(clippy::expect_used, reason = "fails only for a key of another length")]
    pub fn a256gcm(key: &[u8; 32]) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, key).expect("an AES-256 key has 32 bytes");
        Self(Prepared::Gcm(LessSafeKey::new(key)))
    }

    /// A key for A256CBC-HS512: 32 bytes to authenticate with, then 32 to encrypt with (RFC 7518 section 5.2.2.1).
    #[must_use]
    #[expect(clippy::expect_used, reason = "fails only for a key of another length")]
    pub fn a256cbc_hs512(key: &[u8; 64]) -> Self {
        let (mac, cipher) = key.split_at(32);
        let cipher = || UnboundCipherKey::new(&AES_256, cipher);
        let encrypt =
            cipher().and_then(PaddedBlockEncryptingKey::cbc_pkcs7).expect("an AES-256 key has 32 bytes");
        let decrypt =
            cipher().and_then(PaddedBlockDecryptingKey::cbc_pkcs7).expect("an AES-256 key has 32 bytes");
        Self(Prepared::CbcHmac(Box::new(CbcHmac {
            mac: hmac::Key::new(hmac::HMAC_SHA512, mac),
            encrypt,
            decrypt,
        })))
    }

    /// What the key is for.
    #[must_use]
    pub const fn encryption(&self) -> Encryption {
        match self.0 {
            Prepared::Gcm(_) => Encryption::A256Gcm,
            Prepared::CbcHmac(_) => Encryption::A256CbcHs512,
        }
    }

    /// Seals `buffer`, the plaintext, under a header that is encoded already.
    #[expect(clippy::expect_used, reason = "sealing fails only for plaintexts of 64 gigabytes")]
    pub(crate) fn seal(&self, header: &str, mut buffer: Vec<u8>, random: &dyn Random) -> String {
        match &self.0 {
            Prepared::Gcm(key) => {
                let mut iv = [0; GCM_IV];
                random.fill(&mut iv);
                let nonce = Nonce::assume_unique_for_key(iv);
                let tag = key
                    .seal_in_place_separate_tag(nonce, Aad::from(header), &mut buffer)
                    .expect("the plaintext is shorter than 64 gigabytes");
                write(header, &iv, &buffer, tag.as_ref())
            }
            Prepared::CbcHmac(key) => {
                let mut iv = [0; CBC_IV];
                random.fill(&mut iv);
                let context = EncryptionContext::Iv128(FixedLength::from(iv));
                key.encrypt
                    .less_safe_encrypt(&mut buffer, context)
                    .expect("a plaintext of any length can be padded");
                write(header, &iv, &buffer, &key.tag(header, &iv, &buffer))
            }
        }
    }

    /// Opens a token, decrypting where it was decoded.
    pub(crate) fn open(&self, token: &Compact<'_>) -> Result<Vec<u8>, JweError> {
        let mut buffer = Vec::with_capacity(token.ciphertext.len() / 4 * 3 + GCM_TAG + 4);
        base64url::decode_into(token.ciphertext, &mut buffer)
            .map_err(|_| JweError::Malformed("its ciphertext is not base64url"))?;
        let length = match &self.0 {
            Prepared::Gcm(key) => {
                let iv = decode_array::<GCM_IV>(token.iv, "its initialisation vector is not 12 bytes")?;
                let tag = decode_array::<GCM_TAG>(token.tag, "its tag is not 16 bytes")?;
                buffer.extend_from_slice(&tag);
                let nonce = Nonce::assume_unique_for_key(iv);
                key.open_in_place(nonce, Aad::from(token.header), &mut buffer)
                    .map(|plaintext| plaintext.len())
            }
            Prepared::CbcHmac(key) => {
                let iv = decode_array::<CBC_IV>(token.iv, "its initialisation vector is not 16 bytes")?;
                let tag = decode_array::<CBC_TAG>(token.tag, "its tag is not 32 bytes")?;
                key.decrypt(token.header, iv, &mut buffer, &tag)
            }
        }
        .map_err(|Unspecified| JweError::Decryption)?;
        buffer.truncate(length);
        Ok(buffer)
    }
}

impl CbcHmac {
    /// The tag over header, vector, ciphertext and the header's length in bits (RFC 7518 section 5.2.2.1).
    fn tag(&self, header: &str, iv: &[u8; CBC_IV], ciphertext: &[u8]) -> [u8; CBC_TAG] {
        let mut mac = hmac::Context::with_key(&self.mac);
        mac.update(header.as_bytes());
        mac.update(iv);
        mac.update(ciphertext);
        mac.update(&(header.len() as u64 * 8).to_be_bytes());
        let mut tag = [0; CBC_TAG];
        tag.copy_from_slice(&mac.sign().as_ref()[..CBC_TAG]);
        tag
    }

    /// Nothing is decrypted before the tag is found right, so that padding tells nobody anything.
    fn decrypt(
        &self,
        header: &str,
        iv: [u8; CBC_IV],
        buffer: &mut [u8],
        tag: &[u8; CBC_TAG],
    ) -> Result<usize, Unspecified> {
        if !digest::constant_time_eq(tag, &self.tag(header, &iv, buffer)) {
            return Err(Unspecified);
        }
        let context = DecryptionContext::Iv128(FixedLength::from(iv));
        self.decrypt.decrypt(buffer, context).map(|plaintext| plaintext.len())
    }
}

impl fmt::Debug for JweKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("JweKey").field(&self.encryption()).finish_non_exhaustive()
    }
}

fn decode_array<const N: usize>(text: &str, otherwise: &'static str) -> Result<[u8; N], JweError> {
    base64url::decode_array(text).map_err(|_| JweError::Malformed(otherwise))
}

fn write(header: &str, iv: &[u8], ciphertext: &[u8], tag: &[u8]) -> String {
    let mut token =
        String::with_capacity(header.len() + (iv.len() + ciphertext.len() + tag.len()) / 3 * 4 + 16);
    token.push_str(header);
    token.push_str("..");
    base64url::encode_into(iv, &mut token);
    token.push('.');
    base64url::encode_into(ciphertext, &mut token);
    token.push('.');
    base64url::encode_into(tag, &mut token);
    token
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<_> = text.chars().filter(|character| !character.is_whitespace()).collect();
        digits.chunks(2).map(|pair| u8::from_str_radix(&String::from_iter(pair), 16).unwrap()).collect()
    }

    /// RFC 7518 appendix B.3, where what is authenticated besides the ciphertext is a sentence.
    #[test]
    fn rfc7518_b3_aes_256_cbc_hmac_sha_512() {
        let key: [u8; 64] = std::array::from_fn(|index| u8::try_from(index).unwrap());
        let associated = "The second principle of Auguste Kerckhoffs";
        let plaintext = "A cipher system must not be required to be secret, and it must be able to fall into the hands of \
                         the enemy without inconvenience";
        let iv: [u8; 16] = hex("1af38c2dc2b96ffdd86694092341bc04").try_into().unwrap();
        let ciphertext = hex(
            "4affaaadb78c31c5da4b1b590d10ffbd 3dd8d5d302423526912da037ecbcc7bd 822c301dd67c373bccb584ad3e9279c2
             e6d12a1374b77f077553df8294104 46b 36ebd97066296ae6427ea75c2e0846a1 1a09ccf5370dc80bfecbad28c73f09b3
             a3b75e662a2594410ae496b2e2e6609e 31e6e02cc837f053d21f37ff4f51950b be2638d09dd7a4930930806d0703b1f6",
        );
        let tag: [u8; 32] =
            hex("4dd3b4c088a7f45c216839645b2012bf2e6269a8c56a816dbc1b267761955bc5").try_into().unwrap();

        let JweKey(Prepared::CbcHmac(key)) = JweKey::a256cbc_hs512(&key) else { unreachable!() };
        assert_eq!(key.tag(associated, &iv, &ciphertext), tag);
        let mut buffer = ciphertext.clone();
        let length = key.decrypt(associated, iv, &mut buffer, &tag).unwrap();
        assert_eq!(&buffer[..length], plaintext.as_bytes());

        let mut buffer = plaintext.as_bytes().to_vec();
        key.encrypt.less_safe_encrypt(&mut buffer, EncryptionContext::Iv128(FixedLength::from(iv))).unwrap();
        assert_eq!(buffer, ciphertext);
    }
}
