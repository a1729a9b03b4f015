//! Nonces for proofs (RFC 9449 section 8): a time under a seal, so that every process of the tenant knows its own.

use std::time::Duration;

use stepup_protocol::time::UnixTime;
use stepup_seal::{
    base64url,
    digest::{constant_time_eq, hmac_sha256},
};

use crate::state::State;

/// How long a nonce is good.
const LIFETIME: Duration = Duration::from_secs(300);
const SEAL_BYTES: usize = 16;

/// A nonce of now.
pub(super) fn issue(state: &State) -> String {
    sealed(&*key(state), state.clock.now())
}

/// Whether `nonce` is one of ours and not too old.
pub(super) fn is_fresh(state: &State, nonce: &str) -> bool {
    fresh(&*key(state), nonce, state.clock.now())
}

fn key(state: &State) -> zeroize::Zeroizing<[u8; 32]> {
    state.keys.derive(b"DPoP nonce")
}

fn sealed(key: &[u8], at: UnixTime) -> String {
    let time = at.seconds().to_be_bytes();
    base64url::encode([time.as_slice(), &hmac_sha256(key, &time)[..SEAL_BYTES]].concat())
}

fn fresh(key: &[u8], nonce: &str, now: UnixTime) -> bool {
    let Ok(bytes) = base64url::decode(nonce) else { return false };
    let Some((time, _)) = bytes.split_first_chunk::<8>() else { return false };
    let issued_at = UnixTime::from_seconds(i64::from_be_bytes(*time));
    constant_time_eq(sealed(key, issued_at).as_bytes(), nonce.as_bytes())
        && issued_at <= now
        && now.since(issued_at) < LIFETIME
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_good_for_five_minutes_and_under_its_key() {
        let now = UnixTime::from_seconds(1_767_225_600);
        let nonce = sealed(&[7; 32], now);
        for (after, expected) in [(0, true), (299, true), (300, false)] {
            assert_eq!(fresh(&[7; 32], &nonce, now + Duration::from_secs(after)), expected, "{after}");
        }
        assert!(!fresh(&[8; 32], &nonce, now), "another tenant's");
        assert!(!fresh(&[7; 32], &nonce, now - Duration::from_secs(1)), "of the future");
        let tampered = format!("B{}", &nonce[1..]);
        for other in ["", "x", "AAAA", "\u{0}", &nonce[1..], &tampered, &nonce.repeat(100)] {
            assert!(!fresh(&[7; 32], other, now), "{other}");
        }
    }
}
