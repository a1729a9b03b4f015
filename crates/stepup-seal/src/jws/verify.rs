//! Keys that verify, made of JWKs (RFC 7517, RFC 7518 section 6, RFC 8037 section 2).

use std::fmt;

use aws_lc_rs::{
    hmac,
    signature::{
        self, EcdsaVerificationAlgorithm, ParsedPublicKey, RsaParameters, RsaPublicKeyComponents,
        VerificationAlgorithm,
    },
};
use stepup_protocol::jwk::Jwk;
use zeroize::Zeroizing;

use super::{Algorithm, JwsError, KeyError, Verified, compact::Compact};
use crate::base64url;

/// A key that verifies signatures, made ready once for each algorithm that it may be used with.
pub struct VerificationKey {
    kid: Option<String>,
    uses: Vec<(Algorithm, Prepared)>,
}

enum Prepared {
    Public(ParsedPublicKey),
    Secret(Box<hmac::Key>),
}

impl VerificationKey {
    /// Makes a key of `jwk`: RSA of 2048 to 8192 bits, EC on P-256, P-384 or P-521, OKP on Ed25519, or `oct` at least as
    /// long as the hash. `alg` of the JWK, where it is there, is the only algorithm that the key is then used with.
    ///
    /// # Errors
    /// [`KeyError`] for a key that is for encryption, too short, malformed or of an unknown kind.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        if jwk.usage.as_deref().is_some_and(|usage| usage != "sig") {
            return Err(KeyError::Unsupported("its `use` is not `sig`".to_owned()));
        }
        let restriction = match &jwk.alg {
            Some(name) => Some(
                name.parse::<Algorithm>().map_err(|unknown| KeyError::Unsupported(unknown.to_string()))?,
            ),
            None => None,
        };
        let uses = match jwk.kty.as_str() {
            "RSA" => rsa(jwk, restriction)?,
            "EC" => ec(jwk)?,
            "OKP" => okp(jwk)?,
            "oct" => oct(jwk, restriction)?,
            other => return Err(KeyError::Unsupported(format!("its type is `{other}`"))),
        };
        match restriction {
            Some(only) if !uses.iter().any(|(algorithm, _)| *algorithm == only) => {
                Err(KeyError::Unsupported(format!("a key of type {} for {only}", jwk.kty)))
            }
            _ => Ok(Self { kid: jwk.kid.clone(), uses }),
        }
    }

    /// An HMAC key, for one algorithm, of a secret that both ends hold.
    ///
    /// # Errors
    /// [`KeyError`] where the secret is shorter than the hash, or `algorithm` is not an HMAC.
    pub fn hmac(secret: &[u8], algorithm: Algorithm) -> Result<Self, KeyError> {
        Ok(Self { kid: None, uses: vec![(algorithm, Prepared::Secret(hmac_key(secret, algorithm)?))] })
    }

    /// The key's id.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Whether the key may be used with `algorithm`.
    #[must_use]
    pub fn supports(&self, algorithm: Algorithm) -> bool {
        self.prepared(algorithm).is_some()
    }

    /// Checks the `signature` of `message`.
    ///
    /// # Errors
    /// [`JwsError::AlgorithmNotAllowed`] where the key is not for `algorithm`, else [`JwsError::Signature`].
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Result<(), JwsError> {
        match self.prepared(algorithm).ok_or(JwsError::AlgorithmNotAllowed(algorithm))? {
            Prepared::Public(key) => key.verify_sig(message, signature),
            Prepared::Secret(key) => hmac::verify(key, message, signature),
        }
        .map_err(|_| JwsError::Signature)
    }

    /// Checks the signature of `token`, which must be by this key, whatever `kid` it names, and by one of the `allowed`
    /// algorithms.
    ///
    /// # Errors
    /// [`JwsError`].
    pub fn verify_token(&self, token: &str, allowed: &[Algorithm]) -> Result<Verified, JwsError> {
        let compact = Compact::split(token)?;
        let header = compact.header()?;
        if !allowed.contains(&header.alg) {
            return Err(JwsError::AlgorithmNotAllowed(header.alg));
        }
        self.verify(header.alg, compact.signed.as_bytes(), &compact.signature()?)?;
        Ok(Verified { payload: compact.payload()?, header })
    }

    fn prepared(&self, algorithm: Algorithm) -> Option<&Prepared> {
        self.uses.iter().find(|(its, _)| *its == algorithm).map(|(_, prepared)| prepared)
    }
}

impl fmt::Debug for VerificationKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let algorithms: Vec<_> = self.uses.iter().map(|(algorithm, _)| algorithm.name()).collect();
        formatter
            .debug_struct("VerificationKey")
            .field("kid", &self.kid)
            .field("algorithms", &algorithms)
            .finish_non_exhaustive()
    }
}

fn rsa(jwk: &Jwk, restriction: Option<Algorithm>) -> Result<Vec<(Algorithm, Prepared)>, KeyError> {
    let (n, e) = (member("n", &jwk.n)?, member("e", &jwk.e)?);
    // some providers write the leading zero that RFC 7518 section 6.3.1.1 leaves out
    let modulus = &n[n.iter().take_while(|byte| **byte == 0).count()..];
    let bits = modulus.len() * 8 - modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
    if !(2048..=8192).contains(&bits) {
        return Err(KeyError::TooShort { bits, needs: "an RSA key has 2048 to 8192" });
    }
    let components = RsaPublicKeyComponents { n: modulus, e: e.as_slice() };
    let prepare = |algorithm| {
        let parameters = rsa_parameters(algorithm)?;
        Some(match components.to_parsed_public_key(parameters) {
            Ok(key) => Ok((algorithm, Prepared::Public(key))),
            Err(rejected) => Err(KeyError::Rejected { algorithm, reason: rejected.to_string() }),
        })
    };
    let wanted =
        Algorithm::RSA.into_iter().filter(|algorithm| restriction.is_none_or(|only| only == *algorithm));
    wanted.filter_map(prepare).collect()
}

fn rsa_parameters(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        Algorithm::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &signature::RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

fn ec(jwk: &Jwk) -> Result<Vec<(Algorithm, Prepared)>, KeyError> {
    let (algorithm, curve, bytes): (_, &'static EcdsaVerificationAlgorithm, _) =
        match jwk.crv.as_deref().ok_or(KeyError::MissingMember("crv"))? {
            "P-256" => (Algorithm::Es256, &signature::ECDSA_P256_SHA256_FIXED, 32),
            "P-384" => (Algorithm::Es384, &signature::ECDSA_P384_SHA384_FIXED, 48),
            "P-521" => (Algorithm::Es512, &signature::ECDSA_P521_SHA512_FIXED, 66),
            other => return Err(KeyError::Unsupported(format!("its curve is `{other}`"))),
        };
    let (x, y) = (coordinate("x", &jwk.x, bytes)?, coordinate("y", &jwk.y, bytes)?);
    let uncompressed = [&[4], x.as_slice(), y.as_slice()].concat();
    Ok(vec![(algorithm, public(algorithm, curve, &uncompressed)?)])
}

fn okp(jwk: &Jwk) -> Result<Vec<(Algorithm, Prepared)>, KeyError> {
    match jwk.crv.as_deref().ok_or(KeyError::MissingMember("crv"))? {
        "Ed25519" => {}
        other => return Err(KeyError::Unsupported(format!("its curve is `{other}`"))),
    }
    let x = coordinate("x", &jwk.x, 32)?;
    Ok(vec![(Algorithm::EdDsa, public(Algorithm::EdDsa, &signature::ED25519, &x)?)])
}

fn oct(jwk: &Jwk, restriction: Option<Algorithm>) -> Result<Vec<(Algorithm, Prepared)>, KeyError> {
    let secret = Zeroizing::new(member("k", &jwk.k)?);
    if let Some(only) = restriction {
        return Ok(vec![(only, Prepared::Secret(hmac_key(&secret, only)?))]);
    }
    hmac_key(&secret, Algorithm::Hs256)?;
    let prepare = |algorithm| Some((algorithm, Prepared::Secret(hmac_key(&secret, algorithm).ok()?)));
    Ok(Algorithm::HMAC.into_iter().filter_map(prepare).collect())
}

/// A key at least as long as the hash's output (RFC 7518 section 3.2).
pub(super) fn hmac_key(secret: &[u8], algorithm: Algorithm) -> Result<Box<hmac::Key>, KeyError> {
    let (hash, bytes, needs) = match algorithm {
        Algorithm::Hs256 => (hmac::HMAC_SHA256, 32, "HS256 needs at least 256"),
        Algorithm::Hs384 => (hmac::HMAC_SHA384, 48, "HS384 needs at least 384"),
        Algorithm::Hs512 => (hmac::HMAC_SHA512, 64, "HS512 needs at least 512"),
        other => return Err(KeyError::Unsupported(format!("a shared secret for {other}"))),
    };
    if secret.len() < bytes {
        return Err(KeyError::TooShort { bits: secret.len() * 8, needs });
    }
    Ok(Box::new(hmac::Key::new(hash, secret)))
}

fn public(
    algorithm: Algorithm,
    verification: &'static dyn VerificationAlgorithm,
    bytes: &[u8],
) -> Result<Prepared, KeyError> {
    match ParsedPublicKey::new(verification, bytes) {
        Ok(key) => Ok(Prepared::Public(key)),
        Err(rejected) => Err(KeyError::Rejected { algorithm, reason: rejected.to_string() }),
    }
}

fn member(name: &'static str, value: &Option<String>) -> Result<Vec<u8>, KeyError> {
    base64url::decode(value.as_deref().ok_or(KeyError::MissingMember(name))?)
        .map_err(|_| KeyError::Member(name))
}

fn coordinate(name: &'static str, value: &Option<String>, bytes: usize) -> Result<Vec<u8>, KeyError> {
    let coordinate = member(name, value)?;
    if coordinate.len() == bytes { Ok(coordinate) } else { Err(KeyError::Member(name)) }
}
