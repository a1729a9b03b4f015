//! Public keys of PEM texts, as applications register and configure them.

use aws_lc_rs::rsa::PublicKey;
use stepup_protocol::jwk::Jwk;

use super::KeyError;
use crate::base64url;

/// The labels that are read, with what follows them: SPKI (RFC 5280 section 4.1.2.7) and PKCS #1 (RFC 8017 appendix A.1.1).
const LABELS: [&str; 2] = ["PUBLIC KEY", "RSA PUBLIC KEY"];

/// What an SPKI of a key on P-256 begins with, up to its point: the algorithm, the curve, and that the point is
/// uncompressed (RFC 5480 sections 2.1 and 2.2).
const P256_START: [u8; 27] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];
const P256_COORDINATE_BYTES: usize = 32;

/// The RSA public key of a PEM text, as a JWK without `alg` and `kid`.
///
/// # Errors
/// [`KeyError::PublicPem`] where the text is of another form, or the key in it is not RSA.
pub fn rsa_from_public_pem(pem: &str) -> Result<Jwk, KeyError> {
    let der = LABELS.iter().find_map(|label| decoded(pem, label)).ok_or(KeyError::PublicPem)?;
    let key = PublicKey::from_der(&der).map_err(|_| KeyError::PublicPem)?;
    Ok(Jwk {
        kty: "RSA".to_owned(),
        n: Some(base64url::encode(key.modulus().big_endian_without_leading_zero())),
        e: Some(base64url::encode(key.exponent().big_endian_without_leading_zero())),
        ..Jwk::default()
    })
}

/// The public key on P-256 of a PEM text, as a JWK without `alg` and `kid`. Whether the point lies on the curve is not
/// looked at: it is for comparing with a key that is known.
///
/// # Errors
/// [`KeyError::P256Pem`] where the text is of another form, or the key in it is of another kind.
pub fn p256_from_public_pem(pem: &str) -> Result<Jwk, KeyError> {
    let der = decoded(pem, LABELS[0]).ok_or(KeyError::P256Pem)?;
    let point = der.strip_prefix(&P256_START).filter(|point| point.len() == 2 * P256_COORDINATE_BYTES);
    let (x, y) = point.ok_or(KeyError::P256Pem)?.split_at(P256_COORDINATE_BYTES);
    Ok(Jwk {
        kty: "EC".to_owned(),
        crv: Some("P-256".to_owned()),
        x: Some(base64url::encode(x)),
        y: Some(base64url::encode(y)),
        ..Jwk::default()
    })
}

/// What stands between the lines of `label`, as bytes.
fn decoded(pem: &str, label: &str) -> Option<Vec<u8>> {
    let (_, rest) = pem.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let body: Vec<u8> = body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    base64_simd::STANDARD.decode_to_vec(&body).ok()
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

    /// On P-256, made for this test.
    const P256: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEBNZku+Hw8FOH6ULJ7MGToRkXJ2g2
erqZHQQC0yOfMMngDLsJUVuqjMDnOWdOpk8RsozWfn507OaFpPaPglpjzA==
-----END PUBLIC KEY-----";

    #[test]
    fn a_public_key_on_p256_is_read() {
        let jwk = p256_from_public_pem(P256).unwrap();
        assert_eq!((jwk.kty.as_str(), jwk.crv.as_deref()), ("EC", Some("P-256")));
        assert_eq!(jwk.x.as_deref(), Some("BNZku-Hw8FOH6ULJ7MGToRkXJ2g2erqZHQQC0yOfMMk"));
        assert_eq!(jwk.y.as_deref(), Some("4Ay7CVFbqozA5zlnTqZPEbKM1n5-dOzmhaT2j4JaY8w"));
        for text in ["", SPKI, &P256.replace("MFkw", "AAAA")] {
            assert!(matches!(p256_from_public_pem(text), Err(KeyError::P256Pem)), "{text}");
        }
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
