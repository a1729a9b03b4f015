//! RSA public keys of PEM texts, as applications register them.

use aws_lc_rs::rsa::PublicKey;
use stepup_protocol::jwk::Jwk;

use super::KeyError;
use crate::base64url;

/// The labels that are read, with what follows them: SPKI (RFC 5280 section 4.1.2.7) and PKCS #1 (RFC 8017 appendix A.1.1).
const LABELS: [&str; 2] = ["PUBLIC KEY", "RSA PUBLIC KEY"];

/// The RSA public key of a PEM text, as a JWK without `alg` and `kid`.
///
/// # Errors
/// [`KeyError::PublicPem`] where the text is of another form, or the key in it is not RSA.
pub fn rsa_from_public_pem(pem: &str) -> Result<Jwk, KeyError> {
    let body = LABELS.iter().find_map(|label| {
        let (_, rest) = pem.split_once(&format!("-----BEGIN {label}-----"))?;
        rest.split_once(&format!("-----END {label}-----")).map(|(body, _)| body)
    });
    let body: Vec<u8> =
        body.ok_or(KeyError::PublicPem)?.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let der = base64_simd::STANDARD.decode_to_vec(&body).map_err(|_| KeyError::PublicPem)?;
    let key = PublicKey::from_der(&der).map_err(|_| KeyError::PublicPem)?;
    Ok(Jwk {
        kty: "RSA".to_owned(),
        n: Some(base64url::encode(key.modulus().big_endian_without_leading_zero())),
        e: Some(base64url::encode(key.exponent().big_endian_without_leading_zero())),
        ..Jwk::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2048 bits, made for this test.
    const SPKI: &str = include_str!("../../tests/fixtures/rsa-public.pem");

    #[test]
    fn a_public_key_is_read_in_both_forms() {
        let jwk = rsa_from_public_pem(SPKI).unwrap();
        assert_eq!((jwk.kty.as_str(), jwk.e.as_deref()), ("RSA", Some("AQAB")));
        assert_eq!(jwk.n.as_deref().unwrap().len(), 342);
        let pkcs1 = rsa_from_public_pem(include_str!("../../tests/fixtures/rsa-public-pkcs1.pem")).unwrap();
        assert_eq!(pkcs1, jwk);
        // as it stands in a line of YAML
        assert_eq!(rsa_from_public_pem(&SPKI.replace('\n', " ")).unwrap(), jwk);
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "-----BEGIN PUBLIC KEY-----",
            "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----",
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
            "-----BEGIN PUBLIC KEY-----\n%%%%\n-----END PUBLIC KEY-----",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        ] {
            assert!(matches!(rsa_from_public_pem(text), Err(KeyError::PublicPem)), "{text}");
        }
    }
}
