//! "Remember this browser": no second factor for a while, where the tenant's rule lets a browser stand for it.
//!
//! Whether it counts is decided in [`crate::mfa::requirement`]: not under the policy Adaptive, not with `acr_values`, not
//! for the MFA API.

use axum::response::Response;
use http::{HeaderMap, header};
use stepup_seal::token;

use super::cookies;
use crate::{
    model::{Digest, User},
    state::Shared,
    store::StoreError,
};

/// Whether the browser that sent `headers` is remembered for this user.
///
/// # Errors
/// The store failed.
pub(crate) async fn is_remembered(
    shared: &Shared,
    headers: &HeaderMap,
    user_id: &str,
) -> Result<bool, StoreError> {
    let now = shared.clock.now();
    for secret in cookies::remembered(headers) {
        if shared.store.browser_remembered(&Digest::of(&secret), user_id, now).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Remembers the browser, with cookies in `response`. A browser that is remembered for somebody else stays so.
///
/// # Errors
/// The store failed.
pub(super) async fn remember(
    shared: &Shared,
    headers: &HeaderMap,
    user: &User,
    response: &mut Response,
) -> Result<(), StoreError> {
    let secret = cookies::remembered(headers).next().unwrap_or_else(|| token(shared.random.as_ref(), 32));
    shared.store.remember_browser(&Digest::of(&secret), &user.user_id, shared.clock.now()).await?;
    keep(shared, &secret, response);
    Ok(())
}

/// A login in a remembered browser begins its time anew.
///
/// # Errors
/// The store failed.
pub(super) async fn renew(
    shared: &Shared,
    headers: &HeaderMap,
    user_id: &str,
    response: &mut Response,
) -> Result<(), StoreError> {
    let now = shared.clock.now();
    for secret in cookies::remembered(headers) {
        if shared.store.renew_browser(&Digest::of(&secret), user_id, now).await? {
            keep(shared, &secret, response);
            break;
        }
    }
    Ok(())
}

fn keep(shared: &Shared, secret: &str, response: &mut Response) {
    for cookie in cookies::remember(shared, secret) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}
