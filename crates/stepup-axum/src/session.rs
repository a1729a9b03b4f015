//! The session of a request, as handlers take it.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::Arc,
};

use axum_core::extract::{FromRequestParts, Request};
use futures_util::lock::{Mutex, OwnedMutexGuard};
use http::{Method, Uri, request::Parts};
use serde_json::{Map, Value};
use stepup::{
    AccessToken, AccessTokenError, AccessTokenRequest, Client, SessionState, UserInfoError,
    guard::StoppedRequest,
    mfa::{Mfa, MfaToken, OutOfBand, PushOutcome, PushWait, Verified, Verify, VerifyError},
};

use crate::SessionRejection;

/// What the layer hands to the extractors.
#[derive(Clone)]
pub(crate) struct Handle(Arc<Shared>);

struct Shared {
    client: Client,
    state: Arc<Mutex<SessionState>>,
    /// The address as the browser knows it: nested routers, and what is behind a proxy, see a part of it.
    uri: Uri,
    /// The claims as the request found them, so that they can be read while a handler holds the session.
    user: Option<Arc<Map<String, Value>>>,
    /// Where a browser goes that has to log in first; nothing for what is no page.
    login: Option<String>,
}

impl Handle {
    pub(crate) fn open(client: &Client, request: &Request) -> Self {
        let state = client.open_session_of(request);
        let user = state.session().map(|session| Arc::new(session.user().clone()));
        let uri = client.browser_uri(request.headers(), request.uri());
        // A form that was posted would not come back from the login.
        let is_page =
            request.method() != Method::POST && StoppedRequest::is_page(request.method(), request.headers());
        let login = (user.is_none() && is_page).then(|| {
            let here = uri.path_and_query().map_or("/", |here| here.as_str());
            client.login_path(here)
        });
        Self(Arc::new(Shared {
            client: client.clone(),
            state: Arc::new(Mutex::new(state)),
            uri,
            user,
            login,
        }))
    }

    pub(crate) fn of(parts: &Parts) -> Result<&Self, SessionRejection> {
        parts.extensions.get::<Self>().ok_or(SessionRejection::LayerMissing)
    }

    pub(crate) fn client(&self) -> &Client {
        &self.0.client
    }

    pub(crate) fn uri(&self) -> &Uri {
        &self.0.uri
    }

    pub(crate) fn user(&self) -> Result<Arc<Map<String, Value>>, SessionRejection> {
        self.0.user.clone().ok_or_else(|| self.not_logged_in())
    }

    pub(crate) fn try_lock(&self) -> Option<OwnedMutexGuard<SessionState>> {
        Arc::clone(&self.0.state).try_lock_owned()
    }

    pub(crate) fn not_logged_in(&self) -> SessionRejection {
        SessionRejection::NotLoggedIn { login: self.0.login.clone() }
    }
}

/// The session of the logged-in user; reads and changes like the [`stepup::Session`] that it stands for. What changed is
/// written when the handler has answered: let go of it by then.
///
/// One handler takes it once. To read the claims beside it, take [`User`](crate::User).
pub struct Session {
    client: Client,
    state: OwnedMutexGuard<SessionState>,
}

impl Session {
    pub(crate) fn of(parts: &Parts, state: OwnedMutexGuard<SessionState>) -> Result<Self, SessionRejection> {
        let handle = Handle::of(parts)?;
        if state.session().is_none() {
            return Err(handle.not_logged_in());
        }
        Ok(Self { client: handle.client().clone(), state })
    }

    /// An access token of the session, renewed if need be.
    ///
    /// # Errors
    ///
    /// See [`AccessTokenError`]; [`AccessTokenError::MfaRequired`] where a second factor is due.
    pub async fn access_token(
        &mut self,
        wanted: &AccessTokenRequest,
    ) -> Result<AccessToken, AccessTokenError> {
        let session = self.state.session_mut().ok_or(AccessTokenError::MissingSession)?;
        self.client.access_token(session, wanted).await
    }

    /// Hands in the user's proof; the access token that it was about is in the session then.
    ///
    /// # Errors
    ///
    /// See [`VerifyError`].
    pub async fn verify(
        &mut self,
        token: &MfaToken,
        proof: impl Into<Verify>,
    ) -> Result<Verified, VerifyError> {
        self.client.mfa().verify(&mut self.state, token, proof).await
    }

    /// Waits until the user has answered a push; see [`Mfa::wait_for_push`].
    ///
    /// # Errors
    ///
    /// See [`VerifyError`].
    pub async fn wait_for_push(
        &mut self,
        token: &MfaToken,
        push: OutOfBand,
        wait: PushWait,
    ) -> Result<PushOutcome, VerifyError> {
        self.client.mfa().wait_for_push(&mut self.state, token, push, wait).await
    }

    /// The second factor of this user: list, enrol, challenge. A token that was made for another user will not do.
    #[must_use]
    pub fn mfa(&self) -> Mfa<'_> {
        self.client.mfa().of(self.state.session())
    }

    /// The claims about this user as the tenant has them now.
    ///
    /// # Errors
    ///
    /// See [`UserInfoError`].
    pub async fn user_info(&mut self) -> Result<Map<String, Value>, UserInfoError> {
        let session = self.state.session_mut().ok_or(AccessTokenError::MissingSession)?;
        self.client.user_info(session).await
    }

    /// Ends the session here. A browser is sent to the SDK's logout route instead, which ends it at the tenant too.
    pub fn end(mut self) {
        self.state.remove();
    }

    /// The client whose session it is.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }
}

impl Deref for Session {
    type Target = stepup::Session;

    #[expect(clippy::expect_used, reason = "extracted with a session in it, and what ends it consumes this")]
    fn deref(&self) -> &Self::Target {
        self.state.session().expect("the state holds a session")
    }
}

impl DerefMut for Session {
    #[expect(clippy::expect_used, reason = "extracted with a session in it, and what ends it consumes this")]
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.state.session_mut().expect("the state holds a session")
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Session").field(&self.state.session()).finish()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Session {
    type Rejection = SessionRejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let state = Handle::of(parts)?.try_lock().ok_or(SessionRejection::InUse)?;
        Self::of(parts, state)
    }
}

/// The session if there is one: the [`SessionState`] of the request. For pages that greet both.
pub struct OptionalSession {
    state: OwnedMutexGuard<SessionState>,
}

impl Deref for OptionalSession {
    type Target = SessionState;

    fn deref(&self) -> &Self::Target {
        &self.state
    }
}

impl DerefMut for OptionalSession {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.state
    }
}

impl fmt::Debug for OptionalSession {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("OptionalSession").field(&self.state.session()).finish()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for OptionalSession {
    type Rejection = SessionRejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let state = Handle::of(parts)?.try_lock().ok_or(SessionRejection::InUse)?;
        Ok(Self { state })
    }
}
