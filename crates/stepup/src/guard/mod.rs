//! A guard says what a route needs of the user's second factor, and asks for what is missing.
//!
//! What is known of the proof is in the session ([`Session::second_factor`](crate::Session::second_factor)); whether it
//! will do is decided by a pure function; [`Client::guard`](crate::Client::guard) carries the decision out and gets the
//! access token. What is missing, too old, from the future or of the wrong type never passes: the guard asks, and where
//! the answer does not satisfy it either, it says so instead of asking for ever.
//!
//! Adapters answer requests with it: see `StepUp` of `stepup-axum`. It is for applications with sessions; an API that is
//! sent access tokens judges those.

mod answer;
mod api;
mod carry_out;
mod decision;
mod page;
mod spent;
mod way;

use std::time::Duration;

use http::Method;
use serde_json::json;
use stepup_protocol::{mfa::FactorType, scope::Scopes};
use stepup_seal::{base64url, digest};

pub(crate) use self::{answer::report_untold_factor, decision::Need, spent::SpentAnswers};
pub use self::{
    answer::{Sent, StoppedRequest},
    carry_out::{Passed, Stopped},
    decision::Lack,
};
use crate::tokens::AccessTokenRequest;

/// What a route needs: a proof of a second factor, and more where it is said.
///
/// ```
/// use std::time::Duration;
/// use stepup::guard::Guard;
///
/// let transfer = Guard::new()
///     .audience("https://api.bank.example.com")
///     .scope("transfer:funds")
///     .within(Duration::from_secs(300));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guard {
    token: AccessTokenRequest,
    need: Need,
    api_answer: ApiAnswer,
    step_up_url: Option<String>,
}

/// How a script or a program is told that a second factor is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ApiAnswer {
    /// Where the tenant gave an `mfa_token`: 403 and the flat `{"error":"mfa_required","mfa_token":…}` that the browser
    /// module and Auth0's own SDKs read. Else as the other.
    #[default]
    MfaRequired,
    /// Always 401 with `WWW-Authenticate: Bearer error="insufficient_user_authentication"` (RFC 9470 section 3), and a body
    /// that says the same, with the `mfa_token` where there is one, and with the `audience` and `scope` that a login must ask
    /// for where the guard needs an access token.
    InsufficientUserAuthentication,
}

impl Guard {
    /// Needs a second factor, whichever and whenever it was proved in this session.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Needs an access token for this API too. Whether a second factor is due for it is then the tenant's decision
    /// first: where it answers `mfa_required`, the user steps up without leaving the application.
    ///
    /// Name a [`scope`](Self::scope) of the API beside it where the route is not for everybody: what a token is for is
    /// between the tenant and the API, and a tenant may answer for an audience that it does not know, or that the application
    /// may not refresh for, with its default token.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.token = self.token.audience(audience);
        self
    }

    /// Needs an access token with this scope too. Where the tenant grants less, which it tells in `scope` (RFC 6749 section
    /// 5.1), nobody passes: a page says that the user may not do this, and a script is told 403 `insufficient_scope`
    /// (RFC 6750 section 3.1). A token of before the user's proof does not decide it: the tenant is asked anew, and where it
    /// wants another proof for that, so is the user, once. What is configured beside it for the audience is asked for and not
    /// needed.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<Scopes>) -> Self {
        self.token = self.token.and_scope(&scope.into());
        self
    }

    /// Needs a proof by this factor, or by one of those of other calls. The ready-made pages then offer no others, and a
    /// script is told them as `required_factors` of the body. The tenant's own pages seldom tell which factor it
    /// was: a proof of unknown kind will not do. So name an [`audience`](Self::audience) whose Actions ask for a second factor:
    /// without one it is the tenant's pages that are asked, and nobody passes but who has proved this factor to the application
    /// before.
    #[must_use]
    pub fn factor(mut self, factor: FactorType) -> Self {
        self.need.factors.push(factor);
        self
    }

    /// Needs a proof that is not older than this, in whole seconds. Below a second, every request needs a proof of its
    /// own, which counts once: in one process, that is. Which proofs were used is written into the session, which the browser
    /// may bring back as it was, and this process knows it besides for as long as a proof is good. In a fleet, each process
    /// may take the same one once, within a minute: where that is too much, note at your database what was proved, or send
    /// a session's requests to one process.
    #[must_use]
    pub const fn within(mut self, age: Duration) -> Self {
        self.need.within = Some(age);
        self
    }

    /// How a script or a program is told.
    #[must_use]
    pub const fn api_answer(mut self, answer: ApiAnswer) -> Self {
        self.api_answer = answer;
        self
    }

    /// Where a script sends the user to step up, as `step_up_url` of the body. The login route with what it needs to ask
    /// for a second factor, unless set. A script adds `returnTo` with its own address to the query: after `&` to the login
    /// route's, after `?` to one of yours that has no query.
    #[must_use]
    pub fn step_up_url(mut self, url: impl Into<String>) -> Self {
        self.step_up_url = Some(url.into());
        self
    }

    /// The access token that is needed, if one is.
    fn token(&self) -> Option<AccessTokenRequest> {
        (self.token != AccessTokenRequest::new()).then(|| self.token.clone())
    }

    /// A short name for one request and what this guard needs for it, by which a session remembers it: in this version as in
    /// the next, which may find it in a cookie of this one.
    fn name_of(&self, method: &Method, path_and_query: &str) -> String {
        let Need { factors, within } = &self.need;
        let seconds = within.map(|within| within.as_secs());
        let named = json!([method.as_str(), path_and_query, self.token.named(), factors, seconds]);
        let digest = digest::sha256(named.to_string().as_bytes());
        base64url::encode(&digest[..9])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(guard: &Guard) -> String {
        guard.name_of(&Method::POST, "/transfer?to=bob")
    }

    #[test]
    fn the_name_of_a_request_is_the_same_in_every_version() {
        let guard = Guard::new()
            .audience("https://api.bank.example.com")
            .scope("transfer:funds")
            .factor(FactorType::Otp)
            .within(Duration::ZERO);
        assert_eq!(name(&guard), "5DH_r8UACSQY");
        assert_eq!(name(&Guard::new()), "j5WPtxnddbib");
    }

    #[test]
    fn what_is_needed_makes_another_name_and_how_it_is_told_does_not() {
        let guard = Guard::new().within(Duration::from_secs(1));
        let others = [
            Guard::new(),
            Guard::new().within(Duration::from_secs(2)),
            guard.clone().audience("a"),
            guard.clone().scope("a"),
            guard.clone().factor(FactorType::Otp),
        ];
        for other in &others {
            assert_ne!(name(other), name(&guard), "{other:?}");
        }
        let told = guard.clone().api_answer(ApiAnswer::InsufficientUserAuthentication).step_up_url("/prove");
        assert_eq!(name(&told), name(&guard));
        assert_ne!(guard.name_of(&Method::GET, "/transfer?to=bob"), name(&guard));
        assert_ne!(guard.name_of(&Method::POST, "/transfer"), name(&guard));
    }
}
