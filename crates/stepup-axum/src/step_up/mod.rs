//! A guard for routes: what they need of the user's second factor, as a layer and as an extractor.

mod extractor;
mod judge;
mod layer;
mod rejection;

use std::{sync::Arc, time::Duration};

use stepup::{
    guard::{ApiAnswer, Guard},
    mfa::FactorType,
};

pub use self::{
    extractor::{Layered, Requirement, SteppedUp},
    layer::StepUpService,
    rejection::StepUpRejection,
};

/// What routes need of the user's second factor: a [`Layer`](tower_layer::Layer) for them, within the
/// [`SessionLayer`](crate::SessionLayer).
///
/// Whoever has not proved a second factor, or not lately enough, or not by the right one, is asked: a browser goes to the
/// pages for it and comes back, the form that it was sending kept (`application/x-www-form-urlencoded`, up to 4 KB, and as much
/// as the header has room for beside the session: see [`MAX_FORM_BYTES`](stepup::MAX_FORM_BYTES)); a
/// script gets 403 `mfa_required` with the token to go on with, or 401 `insufficient_user_authentication` (RFC 9470).
/// Whom the tenant does not grant the scope: 403, for a script `insufficient_scope` (RFC 6750).
/// Nobody logged in: as without it, but that a browser's form is kept where it can be told whose it is, and a page says so
/// where it cannot. The body of a request that passes is not touched. A browser that only looks ahead (prefetch) is not asked:
/// it gets 204.
///
/// Lay it around routes with `route_layer`, of a `Router` or of a `MethodRouter`: with `layer`, axum guards the methods that
/// there is no handler for too, and who has proved a second factor is told 405.
///
/// ```no_run
/// use std::time::Duration;
/// use axum::{Router, routing::post};
/// use stepup_axum::{SessionLayer, StepUp, SteppedUp};
///
/// async fn transfer(stepped_up: SteppedUp) -> String {
///     let token = stepped_up.access_token.as_ref().map(|token| token.token());
///     format!("{} proved a second factor; the API gets {} characters", stepped_up.session.subject(), token.unwrap_or("").len())
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let app: Router = Router::new()
///     .route("/transfer", post(transfer))
///     .route_layer(
///         StepUp::new()
///             .audience("https://api.bank.example.com")
///             .scope("transfer:funds")
///             .within(Duration::from_secs(300)),
///     )
///     .layer(SessionLayer::new(stepup::Client::from_env()?));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct StepUp {
    guard: Arc<Guard>,
}

impl StepUp {
    /// Needs a second factor, whichever and whenever it was proved in this session.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Needs an access token for this API too; see [`Guard::audience`].
    #[must_use]
    pub fn audience(self, audience: impl Into<String>) -> Self {
        self.with(|guard| guard.audience(audience))
    }

    /// Needs an access token with this scope too; several may be given, with spaces between or by several calls. Whom the
    /// tenant grants less does not pass; see [`Guard::scope`].
    #[must_use]
    pub fn scope(self, scope: impl AsRef<str>) -> Self {
        self.with(|guard| guard.scope(scope.as_ref()))
    }

    /// Needs a proof by this factor, or by one of those of other calls; see [`Guard::factor`]. Name an audience beside it:
    /// without one the tenant's pages are asked, which seldom tell which factor it was.
    #[must_use]
    pub fn factor(self, factor: FactorType) -> Self {
        self.with(|guard| guard.factor(factor))
    }

    /// Needs a proof that is not older than this; see [`Guard::within`].
    #[must_use]
    pub fn within(self, age: Duration) -> Self {
        self.with(|guard| guard.within(age))
    }

    /// How a script is told.
    #[must_use]
    pub fn api_answer(self, answer: ApiAnswer) -> Self {
        self.with(|guard| guard.api_answer(answer))
    }

    /// Where a script sends the user to step up; see [`Guard::step_up_url`].
    #[must_use]
    pub fn step_up_url(self, url: impl Into<String>) -> Self {
        self.with(|guard| guard.step_up_url(url))
    }

    fn with(self, change: impl FnOnce(Guard) -> Guard) -> Self {
        Self { guard: Arc::new(change(Arc::unwrap_or_clone(self.guard))) }
    }
}

impl From<Guard> for StepUp {
    fn from(guard: Guard) -> Self {
        Self { guard: Arc::new(guard) }
    }
}
