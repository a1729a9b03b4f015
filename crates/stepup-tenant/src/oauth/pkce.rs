//! Proof Key for Code Exchange (RFC 7636).

use stepup_seal::{base64url, digest};

use crate::model::{CodeChallenge, CodeChallengeMethod};

/// Why a `code_challenge` is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ChallengeError {
    #[error("code_challenge must be 43 to 128 characters of A-Z a-z 0-9 - . _ ~")]
    Malformed,
    #[error("code_challenge_method must be S256 or plain")]
    UnknownMethod,
    #[error("code_challenge_method is of no use without code_challenge")]
    WithoutChallenge,
}

/// Reads the two parameters of an authorization request; no method means `plain` (RFC 7636 section 4.3).
pub(crate) fn challenge(
    value: Option<&str>,
    method: Option<&str>,
) -> Result<Option<CodeChallenge>, ChallengeError> {
    let method = match method {
        None | Some("plain") => CodeChallengeMethod::Plain,
        Some("S256") => CodeChallengeMethod::S256,
        Some(_) => return Err(ChallengeError::UnknownMethod),
    };
    match value {
        Some(value) if is_verifier(value) => Ok(Some(CodeChallenge { value: value.to_owned(), method })),
        Some(_) => Err(ChallengeError::Malformed),
        None if method == CodeChallengeMethod::S256 => Err(ChallengeError::WithoutChallenge),
        None => Ok(None),
    }
}

/// Whether `verifier` is what `challenge` was made of (RFC 7636 section 4.6).
pub(crate) fn is_met(challenge: &CodeChallenge, verifier: &str) -> bool {
    if !is_verifier(verifier) {
        return false;
    }
    let computed = match challenge.method {
        CodeChallengeMethod::Plain => verifier.to_owned(),
        CodeChallengeMethod::S256 => base64url::encode(digest::sha256(verifier.as_bytes())),
    };
    digest::constant_time_eq(computed.as_bytes(), challenge.value.as_bytes())
}

/// The alphabet and the length of verifiers and challenges alike (RFC 7636 sections 4.1, 4.2).
fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const S256: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_example_of_rfc_7636_appendix_b() {
        let it = challenge(Some(S256), Some("S256")).unwrap().unwrap();
        assert!(is_met(&it, VERIFIER));
        assert!(!is_met(&it, S256));
        assert!(!is_met(&it, ""));
    }

    #[test]
    fn no_method_is_plain() {
        let it = challenge(Some(VERIFIER), None).unwrap().unwrap();
        assert_eq!(it.method, CodeChallengeMethod::Plain);
        assert!(is_met(&it, VERIFIER));
        assert!(!is_met(&it, S256));
    }

    #[test]
    fn refusals() {
        for (value, method, expected) in [
            (Some("short"), Some("S256"), ChallengeError::Malformed),
            (Some(S256), Some("s256"), ChallengeError::UnknownMethod),
            (None, Some("S256"), ChallengeError::WithoutChallenge),
        ] {
            assert_eq!(challenge(value, method), Err(expected));
        }
        assert_eq!(challenge(None, None), Ok(None));
    }
}
