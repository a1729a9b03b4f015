//! `userPassword` of LDAP (RFC 2307 section 5.3): `{SCHEME}` and base64 of digest and salt.

use super::{digest::Digest, form::decode_base64};

/// Digest, hash and the salt that was put behind the password.
pub(super) fn parse(value: &str) -> Result<(Digest, Vec<u8>, Vec<u8>), String> {
    let (scheme, hash) = value
        .strip_prefix('{')
        .and_then(|rest| rest.split_once('}'))
        .ok_or("an LDAP hash begins with its scheme: {SSHA}…")?;
    let scheme = scheme.to_ascii_uppercase();
    let (digest, salted) = match scheme.as_str() {
        "MD5" => (Digest::Md5, false),
        "SMD5" => (Digest::Md5, true),
        "SHA" | "SHA1" => (Digest::Sha1, false),
        "SSHA" | "SSHA1" => (Digest::Sha1, true),
        "SHA224" => (Digest::Sha224, false),
        "SSHA224" => (Digest::Sha224, true),
        "SHA256" => (Digest::Sha256, false),
        "SSHA256" => (Digest::Sha256, true),
        "SHA384" => (Digest::Sha384, false),
        "SSHA384" => (Digest::Sha384, true),
        "SHA512" => (Digest::Sha512, false),
        "SSHA512" => (Digest::Sha512, true),
        _ => return Err("the scheme of an LDAP hash must be MD5, SMD5, SHA… or SSHA…".to_owned()),
    };
    let bytes = decode_base64(hash).ok_or("the LDAP hash is not base64")?;
    let (hash, salt) = bytes.split_at_checked(digest.len()).ok_or("the LDAP hash is too short")?;
    if salted == salt.is_empty() {
        return Err("the LDAP hash and its scheme disagree about a salt".to_owned());
    }
    Ok((digest, hash.to_vec(), salt.to_vec()))
}
