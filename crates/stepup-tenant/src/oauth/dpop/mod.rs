//! Demonstrating Proof of Possession (RFC 9449): a token goes to whoever shows a key, and is good with that key alone.

mod nonce;
mod proof;

use std::time::Duration;

use http::{HeaderMap, HeaderName, Method, header};

use self::proof::{Expected, Proof};
pub(crate) use self::proof::{ProofFault, is_thumbprint};
use super::error::Failure;
use crate::{config::Client, model::Digest, pipeline::header_text, state::State};

/// The header of a proof.
const PROOF: HeaderName = HeaderName::from_static("dpop");
/// The header that hands out a nonce.
pub(crate) const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");
/// How old a proof may be.
const OLDEST: Duration = Duration::from_secs(300);
/// How far the clock of its maker may be ahead.
const SKEW: Duration = Duration::from_secs(30);

/// Thumbprint of the key that a `POST` of `client` to `path` proves; nothing where it brings no proof.
///
/// A public client has to use a nonce of ours, so that nobody makes proofs for it in advance (RFC 9449 section 8).
///
/// # Errors
/// The proof is not good, was used before, or needs a nonce.
pub(crate) async fn prove(
    state: &State,
    client: &Client,
    headers: &HeaderMap,
    path: &str,
) -> Result<Option<String>, Failure> {
    let Some(text) = proof_of(headers)? else { return Ok(None) };
    let url = state.issuer.endpoint(path);
    let expected = Expected { method: &Method::POST, url: &url, access_token: None, now: state.clock.now() };
    let proof = proof::read(text, &expected)?;
    let fresh = proof.nonce.as_deref().map(|nonce| nonce::is_fresh(state, nonce));
    if fresh == Some(false) || (fresh.is_none() && client.public()) {
        return Err(ProofFault::NonceNeeded(nonce::issue(state)).into());
    }
    accept(state, &proof).await?;
    Ok(Some(proof.jkt))
}

/// Thumbprint of the key that a call to `path` with `access_token` proves (RFC 9449 section 7).
///
/// # Errors
/// There is no proof, it is not good for this token, or was used before.
pub(crate) async fn prove_with(
    state: &State,
    method: &Method,
    headers: &HeaderMap,
    path: &str,
    access_token: &str,
) -> Result<String, Failure> {
    let text = proof_of(headers)?.ok_or(ProofFault::Absent)?;
    let url = state.issuer.endpoint(path);
    let expected = Expected { method, url: &url, access_token: Some(access_token), now: state.clock.now() };
    let proof = proof::read(text, &expected)?;
    accept(state, &proof).await?;
    Ok(proof.jkt)
}

/// What is bound to a key goes to nobody who has not shown it (RFC 9449 sections 5 and 10).
///
/// # Errors
/// `bound` is a key, and `proved` is not the same.
pub(crate) fn same_key(bound: Option<&str>, proved: Option<&str>) -> Result<(), ProofFault> {
    match (bound, proved) {
        (Some(_), None) => Err(ProofFault::Absent),
        (Some(bound), Some(proved)) if bound != proved => Err(ProofFault::OtherKey),
        _ => Ok(()),
    }
}

/// A nonce for the next proof.
pub(crate) fn new_nonce(state: &State) -> String {
    nonce::issue(state)
}

/// How an access token was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// RFC 6750 section 2.1.
    Bearer,
    /// RFC 9449 section 7.1.
    Dpop,
}

/// The token of the `Authorization` header; schemes are matched without regard to case.
pub(crate) fn presented(headers: &HeaderMap) -> Option<(Scheme, &str)> {
    let (scheme, token) = header_text(headers, header::AUTHORIZATION)?.split_once(' ')?;
    let scheme = if scheme.eq_ignore_ascii_case("bearer") {
        Scheme::Bearer
    } else if scheme.eq_ignore_ascii_case("dpop") {
        Scheme::Dpop
    } else {
        return None;
    };
    Some((scheme, token.trim())).filter(|(_, token)| !token.is_empty())
}

/// RFC 9449 section 4.3: there is at most one proof.
fn proof_of(headers: &HeaderMap) -> Result<Option<&str>, ProofFault> {
    let mut proofs = headers.get_all(PROOF).iter();
    match (proofs.next(), proofs.next()) {
        (None, _) => Ok(None),
        (Some(proof), None) => proof.to_str().map(Some).map_err(|_| ProofFault::Malformed),
        (Some(_), Some(_)) => Err(ProofFault::Several),
    }
}

/// RFC 9449 section 11.1: a proof is good once.
async fn accept(state: &State, proof: &Proof) -> Result<(), Failure> {
    let once = Digest::of(&format!("dpop {} {}", proof.jkt, proof.jti));
    if state.store.accept_proof(&once, proof.iat + OLDEST + SKEW).await? {
        Ok(())
    } else {
        Err(ProofFault::Replayed.into())
    }
}
