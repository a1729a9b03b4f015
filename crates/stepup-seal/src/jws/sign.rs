//! Keys that sign.

use std::fmt;

use aws_lc_rs::{
    encoding::AsDer,
    hmac,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaEncoding, RsaKeyPair,
    },
};
use serde::Serialize;
use stepup_protocol::jwk::Jwk;
use zeroize::Zeroizing;

use super::{Algorithm, KeyError, verify::hmac_key};
use crate::base64url;

/// A token that could not be signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The payload does not serialise to JSON.
    #[error("the payload does not serialise to JSON")]
    Payload(#[source] serde_json::Error),
    /// The cryptographic library refused.
    #[error("the token could not be signed with {0}")]
    Signature(Algorithm),
}

/// A private key for one algorithm; never printed.
pub struct SigningKey {
    algorithm: Algorithm,
    pair: Pair,
    pkcs8: Zeroizing<Vec<u8>>,
}

enum Pair {
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    Ec(EcdsaKeyPair, Curve),
    Ed(Ed25519KeyPair),
    Hmac(Box<hmac::Key>),
}

#[derive(Clone, Copy)]
struct Curve {
    name: &'static str,
    coordinate_bytes: usize,
    signing: &'static EcdsaSigningAlgorithm,
}

const P256: Curve =
    Curve { name: "P-256", coordinate_bytes: 32, signing: &signature::ECDSA_P256_SHA256_FIXED_SIGNING };
const P384: Curve =
    Curve { name: "P-384", coordinate_bytes: 48, signing: &signature::ECDSA_P384_SHA384_FIXED_SIGNING };
const P521: Curve =
    Curve { name: "P-521", coordinate_bytes: 66, signing: &signature::ECDSA_P521_SHA512_FIXED_SIGNING };

impl SigningKey {
    /// A new RSA key of 2048 bits for RS256. Takes about 0.1 seconds.
    ///
    /// # Errors
    /// [`KeyError::Rejected`] where the cryptographic library cannot make one.
    pub fn generate_rsa2048() -> Result<Self, KeyError> {
        let algorithm = Algorithm::Rs256;
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(rejected(algorithm))?;
        let pkcs8 = pair.as_der().map_err(rejected(algorithm))?.as_ref().to_vec();
        Ok(Self { algorithm, pair: Pair::Rsa(pair, &signature::RSA_PKCS1_SHA256), pkcs8: pkcs8.into() })
    }

    /// A new key on P-256 for ES256.
    ///
    /// # Errors
    /// [`KeyError::Rejected`] where the cryptographic library cannot make one.
    pub fn generate_p256() -> Result<Self, KeyError> {
        let algorithm = Algorithm::Es256;
        let pair = EcdsaKeyPair::generate(P256.signing).map_err(rejected(algorithm))?;
        let pkcs8 = pair.to_pkcs8v1().map_err(rejected(algorithm))?.as_ref().to_vec();
        Ok(Self { algorithm, pair: Pair::Ec(pair, P256), pkcs8: pkcs8.into() })
    }

    /// The private key of a PEM text: PKCS #8, `-----BEGIN PRIVATE KEY-----`.
    ///
    /// # Errors
    /// [`KeyError`] where the text is of another form, or the key is not one for `algorithm`.
    pub fn from_pkcs8_pem(pem: &str, algorithm: Algorithm) -> Result<Self, KeyError> {
        let body = pem
            .split_once("-----BEGIN PRIVATE KEY-----")
            .and_then(|(_, rest)| rest.split_once("-----END PRIVATE KEY-----"))
            .map(|(body, _)| body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect::<Vec<_>>());
        let body = Zeroizing::new(body.ok_or(KeyError::Pem)?);
        let der = Zeroizing::new(base64_simd::STANDARD.decode_to_vec(&*body).map_err(|_| KeyError::Pem)?);
        Self::from_pkcs8_der(&der, algorithm)
    }

    /// The private key of a PKCS #8 document (RFC 5958), for `algorithm`.
    ///
    /// # Errors
    /// [`KeyError`] where the key is not one for `algorithm`; RSA keys have at least 2048 bits.
    pub fn from_pkcs8_der(der: &[u8], algorithm: Algorithm) -> Result<Self, KeyError> {
        let pair = if let Some(encoding) = rsa_encoding(algorithm) {
            Pair::Rsa(RsaKeyPair::from_pkcs8(der).map_err(rejected(algorithm))?, encoding)
        } else if let Some(curve) = curve(algorithm) {
            Pair::Ec(EcdsaKeyPair::from_pkcs8(curve.signing, der).map_err(rejected(algorithm))?, curve)
        } else if algorithm == Algorithm::EdDsa {
            Pair::Ed(Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(rejected(algorithm))?)
        } else {
            return Err(KeyError::Unsupported(format!("a private key for {algorithm}")));
        };
        Ok(Self { algorithm, pair, pkcs8: der.to_vec().into() })
    }

    /// A shared secret for HS256, HS384 or HS512.
    ///
    /// # Errors
    /// [`KeyError`] where the secret is shorter than the hash, or `algorithm` is not an HMAC.
    pub fn hmac(secret: &[u8], algorithm: Algorithm) -> Result<Self, KeyError> {
        Ok(Self { algorithm, pair: Pair::Hmac(hmac_key(secret, algorithm)?), pkcs8: Vec::new().into() })
    }

    /// What the key signs with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public key with its `alg` and `"use":"sig"`, without a `kid`; `None` for a shared secret.
    #[must_use]
    pub fn public_jwk(&self) -> Option<Jwk> {
        let jwk = match &self.pair {
            Pair::Rsa(pair, _) => Jwk {
                kty: "RSA".to_owned(),
                n: Some(base64url::encode(pair.public_key().modulus().big_endian_without_leading_zero())),
                e: Some(base64url::encode(pair.public_key().exponent().big_endian_without_leading_zero())),
                ..Jwk::default()
            },
            Pair::Ec(pair, curve) => {
                // uncompressed: 4, x, y
                let (x, y) = pair.public_key().as_ref()[1..].split_at(curve.coordinate_bytes);
                Jwk {
                    kty: "EC".to_owned(),
                    crv: Some(curve.name.to_owned()),
                    x: Some(base64url::encode(x)),
                    y: Some(base64url::encode(y)),
                    ..Jwk::default()
                }
            }
            Pair::Ed(pair) => Jwk {
                kty: "OKP".to_owned(),
                crv: Some("Ed25519".to_owned()),
                x: Some(base64url::encode(pair.public_key())),
                ..Jwk::default()
            },
            Pair::Hmac(_) => return None,
        };
        Some(Jwk { usage: Some("sig".to_owned()), alg: Some(self.algorithm.name().to_owned()), ..jwk })
    }

    /// The private key as a PKCS #8 document, to keep; empty for a shared secret, which has no such form.
    #[must_use]
    pub fn pkcs8_der(&self) -> Zeroizing<Vec<u8>> {
        self.pkcs8.clone()
    }

    /// Signs `payload` as a JWT whose header holds `alg`, `typ` and, where there is one, `kid`, in this order.
    ///
    /// # Errors
    /// [`SignError::Payload`] where the payload does not serialise.
    pub fn sign(&self, typ: &str, kid: Option<&str>, payload: &impl Serialize) -> Result<String, SignError> {
        #[derive(Serialize)]
        struct Protected<'h> {
            alg: Algorithm,
            typ: &'h str,
            #[serde(skip_serializing_if = "Option::is_none")]
            kid: Option<&'h str>,
        }

        self.signed(&Protected { alg: self.algorithm, typ, kid }, payload)
    }

    /// Signs `payload` as a proof that brings its own public key (RFC 9449 section 4.2).
    ///
    /// # Errors
    /// [`SignError::Payload`] where the payload does not serialise.
    pub fn sign_with_jwk(&self, typ: &str, jwk: &Jwk, payload: &impl Serialize) -> Result<String, SignError> {
        self.signed(&serde_json::json!({ "alg": self.algorithm, "typ": typ, "jwk": jwk }), payload)
    }

    fn signed(&self, header: &impl Serialize, payload: &impl Serialize) -> Result<String, SignError> {
        let header = serde_json::to_vec(header).map_err(SignError::Payload)?;
        let payload = serde_json::to_vec(payload).map_err(SignError::Payload)?;
        let mut token = String::with_capacity((header.len() + payload.len()) / 3 * 4 + 360);
        base64url::encode_into(&header, &mut token);
        token.push('.');
        base64url::encode_into(&payload, &mut token);
        let signature = self.signature(token.as_bytes())?;
        token.push('.');
        base64url::encode_into(&signature, &mut token);
        Ok(token)
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &random, message, &mut signature).map(|()| signature)
            }
            Pair::Ec(pair, _) => pair.sign(&random, message).map(|signature| signature.as_ref().to_vec()),
            Pair::Ed(pair) => pair.try_sign(message).map(|signature| signature.as_ref().to_vec()),
            Pair::Hmac(key) => Ok(hmac::sign(key, message).as_ref().to_vec()),
        };
        signature.map_err(|_| SignError::Signature(self.algorithm))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SigningKey").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

fn rejected<E: fmt::Display>(algorithm: Algorithm) -> impl Fn(E) -> KeyError {
    move |error| KeyError::Rejected { algorithm, reason: error.to_string() }
}

fn rsa_encoding(algorithm: Algorithm) -> Option<&'static dyn RsaEncoding> {
    Some(match algorithm {
        Algorithm::Rs256 => &signature::RSA_PKCS1_SHA256,
        Algorithm::Rs384 => &signature::RSA_PKCS1_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_SHA512,
        Algorithm::Ps256 => &signature::RSA_PSS_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_SHA384,
        Algorithm::Ps512 => &signature::RSA_PSS_SHA512,
        _ => return None,
    })
}

fn curve(algorithm: Algorithm) -> Option<Curve> {
    match algorithm {
        Algorithm::Es256 => Some(P256),
        Algorithm::Es384 => Some(P384),
        Algorithm::Es512 => Some(P521),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8037 appendix A.4: the signature is the same every time.
    #[test]
    fn rfc8037_a4_ed25519() {
        const PKCS8_START: &[u8] = &[0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
        let seed = base64url::decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        let key = SigningKey::from_pkcs8_der(&[PKCS8_START, &seed].concat(), Algorithm::EdDsa).unwrap();
        let message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        assert_eq!(
            base64url::encode(key.signature(message).unwrap()),
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        );
        assert_eq!(key.public_jwk().unwrap().x.unwrap(), "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    }
}
