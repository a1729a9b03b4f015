//! The routes, as `http::Request<Bytes> -> http::Response<Body>`.
//!
//! A request's session is opened once, the route's handler changes it, and cookies are written once at the end.

mod access_token;
pub mod answer;
pub(crate) mod base_url;
mod body;
mod callback;
pub(crate) mod chunks;
pub(crate) mod cookies;
pub(crate) mod login;
mod login_ended;
mod logout;
mod mfa;
pub(crate) mod navigation;
mod popup;
pub(crate) mod prefetch;
mod profile;
pub(crate) mod query;
pub(crate) mod return_to;
mod route;
pub(crate) mod same_origin;
mod script;
mod strict;
mod too_large;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use tracing::Instrument as _;

pub use self::{body::Body, route::Route};
use crate::{client::Client, pages, session::SessionState, telemetry};

/// The largest request body that the routes read: 64 KiB.
pub const MAX_REQUEST_BYTES: usize = 64 * 1024;

impl Client {
    /// Answers a request for one of the SDK's routes. Read the body up to [`MAX_REQUEST_BYTES`] first, and only for
    /// requests that [`Client::route`] knows.
    ///
    /// ```no_run
    /// # async fn answer(client: stepup::Client, request: http::Request<bytes::Bytes>) -> Option<http::Response<stepup::Body>> {
    /// let route = client.route(request.method(), request.uri().path())?;
    /// Some(client.handle(route, request).await)
    /// # }
    /// ```
    pub async fn handle(&self, route: Route, mut request: Request<Bytes>) -> Response<Body> {
        Self::name_host(&mut request);
        let span = telemetry::route_span(&request);
        let response = self.answer(route, request).instrument(span.clone()).await;
        span.record("http.response.status_code", response.status().as_u16());
        response
    }

    async fn answer(&self, route: Route, request: Request<Bytes>) -> Response<Body> {
        // The forms of our own pages are judged where they are read.
        let page_form = matches!(route, Route::MfaPageForm { .. } | Route::MfaManageForm);
        let changes_something = !request.method().is_safe() && !page_form;
        if changes_something && let Some(refusal) = same_origin::refusal(self, &request) {
            return answer::private(refusal).map(Body::from);
        }
        // Files are the same for everybody.
        let mut session = match route {
            Route::PagesAsset | Route::Script | Route::ScriptTypes => SessionState::default(),
            _ => self.open_session_of(&request),
        };
        let response = match route {
            Route::AccessToken => access_token::answer(self, &request, &mut session).await,
            Route::Callback => return callback::answer(self, &request, &mut session).await,
            Route::Login => login::answer(self, &request, &session).await,
            Route::Logout => logout::answer(self, &request, &mut session).await,
            Route::MfaAssociate => mfa::associate(self, &request, &session).await,
            Route::MfaAuthenticators => mfa::authenticators(self, &request, &session).await,
            Route::MfaChallenge => mfa::challenge(self, &request, &session).await,
            Route::MfaDelete { id } => mfa::delete(self, &request, &session, id.as_deref()).await,
            Route::MfaManage => pages::manage_page(self, &request, &session).await,
            Route::MfaManageForm => pages::manage_form(self, &request, &session).await,
            Route::MfaPage { detour } => pages::step_up_page(self, &request, &mut session, &detour).await,
            Route::MfaPageForm { detour } => pages::step_up_form(self, &request, &mut session, &detour).await,
            Route::MfaResume { detour } => pages::resume(self, &request, &mut session, &detour),
            Route::MfaPush => {
                let response = mfa::push::answer(self, &request, &mut session).await;
                return answer::private(self.finish(request.headers(), response, &session));
            }
            Route::MfaVerify => return mfa::verify(self, &request, &mut session).await.map(Body::from),
            Route::PagesAsset => return pages::asset(request.uri().path()).map(Body::from),
            Route::Profile => profile::answer(self, &session),
            Route::Script => return script::answer(&request).map(Body::from),
            Route::ScriptTypes => return script::types(&request).map(Body::from),
        };
        answer::private(self.finish(request.headers(), response.map(Body::from), &session))
    }

    /// Brings the browser's session up to date with an answer, which no cache keeps then. Where the session is too large to
    /// be written, [`Client::session_too_large`] is answered instead, with the cookies that `response` sets. `headers` are
    /// those of the request. For adapters to web frameworks.
    ///
    /// ```
    /// use bytes::Bytes;
    ///
    /// # fn hello(client: &stepup::Client, request: &http::Request<Bytes>) -> http::Response<Bytes> {
    /// let mut session = client.open_session_of(request);
    /// if let Some(session) = session.session_mut() {
    ///     session.set_data("seen", true.into());
    /// }
    /// client.finish(request.headers(), http::Response::new("Hello!".into()), &session)
    /// # }
    /// ```
    #[must_use]
    pub fn finish<B: From<Bytes>>(
        &self,
        headers: &HeaderMap,
        response: Response<B>,
        session: &SessionState,
    ) -> Response<B> {
        self.finish_or(response, session, || self.session_too_large(headers))
    }

    /// The same, with an answer of its own for a session that is too large to be written.
    fn finish_or<B: From<Bytes>>(
        &self,
        response: Response<B>,
        session: &SessionState,
        too_large: impl FnOnce() -> Response<Bytes>,
    ) -> Response<B> {
        let (response, cookies) = match self.write_session(session) {
            Ok(cookies) if cookies.is_empty() => return response,
            Ok(cookies) => (response, cookies),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a session was not written");
                (answer::instead_of(&response, too_large()).map(B::from), error.cookies().to_vec())
            }
        };
        answer::uncached(answer::with_cookies(response, cookies))
    }
}
