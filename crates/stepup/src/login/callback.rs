//! The way back: from the parameters of the callback to a session (OIDC Core section 3.1.3, RFC 9207).

use std::time::Duration;

use http::StatusCode;
use stepup_protocol::{
    error::{OAuthError, code},
    token::{GrantType, TokenResponse},
};
use tracing::{Instrument as _, field::Empty};
use url::Url;

use crate::{
    client::Client,
    mfa::MfaRequired,
    one_line::words,
    provider::{Expected, IdTokenError, ProviderError, TokenError, TokenForm},
    session::{CEILING_MARGIN, Grant, Session, UserClaims},
    telemetry, tokens,
    transaction::Transaction,
};

/// The query of a callback.
#[derive(Default)]
pub(crate) struct CallbackParameters(Vec<(String, String)>);

/// How a callback ended, for [`ClientBuilder::on_callback`](crate::ClientBuilder::on_callback).
#[derive(Debug)]
#[non_exhaustive]
pub struct CallbackOutcome<'a> {
    /// The session that is about to be written, or why there is none.
    pub result: Result<&'a mut Session, &'a CallbackError>,
    /// Where the browser goes now: safe, and on the application's own origin. After an error: where it would have gone,
    /// or the default place where that is not known.
    pub return_to: &'a Url,
    /// Whether the login ran in a pop-up. The answer is then the page that closes it, and the hook's own is not used.
    pub popup: bool,
}

/// Why a login did not come to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallbackError {
    /// The tenant, or the user at the tenant, said no: `access_denied`, `login_required`, …
    #[error("the tenant ended the login: {}", words(.0))]
    Authorization(OAuthError),
    /// The tenant did not take the code, or could not be reached.
    #[error("the authorization code could not be exchanged")]
    Exchange(#[source] ProviderError),
    /// The ID token is not accepted.
    #[error("the tenant's ID token is not accepted")]
    IdToken(#[source] IdTokenError),
    /// The callback's parameters are not those of an authorization response.
    #[error("the callback is malformed: {0}")]
    InvalidResponse(&'static str),
    /// No login with this state is under way: it took too long, ended before, or began in another browser.
    #[error("The state parameter is invalid.")]
    InvalidState,
    /// The tenant asks for a second factor at the token endpoint, as an Action may. The ready-made pages ask the user for it
    /// and then begin the session. Without them, let the user answer, with the token in it:
    /// [`Mfa::verify`](crate::mfa::Mfa::verify) then begins the session.
    #[error("the tenant asked for a second factor after the login")]
    MfaRequired(#[source] Box<MfaRequired>),
    /// No state.
    #[error("The state parameter is missing.")]
    MissingState,
    /// The answer holds no ID token.
    #[error("the tenant sent no ID token; is `openid` among the scopes?")]
    NoIdToken,
    /// Somebody else logged in to step up than is logged in here, or was when it began. Their tokens are not kept, and the
    /// session is as it was.
    #[error("You logged in as another user than the one who is logged in here.")]
    OtherUser,
    /// The identity provider's session is over already (`session_expiry`).
    #[error("the session of the identity provider has expired")]
    SessionExpired,
    /// The request came to an address that is not configured.
    #[error("the request's host is none of the configured base URLs (app_base_url)")]
    UnknownHost,
}

impl CallbackError {
    /// A stable code for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Authorization(_) => "authorization_error",
            Self::Exchange(ProviderError::Unreachable { .. }) => "authorization_code_grant_request_error",
            Self::Exchange(_) | Self::IdToken(_) | Self::NoIdToken => "authorization_code_grant_error",
            Self::InvalidResponse(_) => "invalid_request",
            Self::MfaRequired(_) => "mfa_required",
            Self::InvalidState => "invalid_state",
            Self::MissingState => "missing_state",
            Self::OtherUser => "user_mismatch",
            Self::SessionExpired => "session_expired",
            Self::UnknownHost => "invalid_configuration",
        }
    }

    /// 400 where the visitor or the tenant ended the login, 500 where something is broken: a code that was used or is too old
    /// is the visitor's, every other refusal of the token endpoint is not.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Authorization(body) if body.error == code::SERVER_ERROR => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Self::Exchange(ProviderError::Refused { status, body, .. })
                if status.is_client_error() && body.error == code::INVALID_GRANT =>
            {
                StatusCode::BAD_REQUEST
            }
            Self::MfaRequired(_) => StatusCode::FORBIDDEN,
            Self::Exchange(_) | Self::IdToken(_) | Self::NoIdToken => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Authorization(_)
            | Self::InvalidResponse(_)
            | Self::InvalidState
            | Self::MissingState
            | Self::OtherUser
            | Self::SessionExpired
            | Self::UnknownHost => StatusCode::BAD_REQUEST,
        }
    }

    /// How long to wait before another attempt, where the tenant, or something on the way to it, told it.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.provider_error().and_then(ProviderError::retry_after)
    }

    /// What went wrong between here and the tenant, if that is why.
    pub(crate) const fn provider_error(&self) -> Option<&ProviderError> {
        match self {
            Self::Exchange(error) | Self::IdToken(IdTokenError::Unchecked(error)) => Some(error),
            _ => None,
        }
    }
}

impl CallbackParameters {
    pub(crate) fn parse(query: &str) -> Self {
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// The login that the callback is for.
    pub(crate) fn state(&self) -> Result<&str, CallbackError> {
        self.one("state")?.filter(|state| !state.is_empty()).ok_or(CallbackError::MissingState)
    }

    /// RFC 6749 section 3.1: a parameter comes once.
    fn one(&self, name: &'static str) -> Result<Option<&str>, CallbackError> {
        let mut values = self.0.iter().filter(|(held, _)| held == name).map(|(_, value)| value.as_str());
        let first = values.next();
        if values.next().is_some() {
            return Err(CallbackError::InvalidResponse("a parameter came more than once"));
        }
        Ok(first)
    }

    /// The code, if this is the success answer of our tenant.
    fn code(&self, issuer: &str, issuer_required: bool) -> Result<&str, CallbackError> {
        // RFC 9207 section 2.4: an answer of another server is not looked at, errors included.
        match self.one("iss")? {
            Some(named) if named != issuer => {
                return Err(CallbackError::InvalidResponse("it is the answer of another issuer"));
            }
            None if issuer_required => {
                return Err(CallbackError::InvalidResponse(
                    "`iss` is missing, which the tenant promises to send",
                ));
            }
            Some(_) | None => {}
        }
        if let Some(error) = self.one("error")?.filter(|error| !error.is_empty()) {
            let error_description = self.one("error_description")?.map(str::to_owned);
            return Err(CallbackError::Authorization(OAuthError {
                error: error.to_owned(),
                error_description,
            }));
        }
        if self.one("id_token")?.is_some()
            || self.one("token")?.is_some()
            || self.one("access_token")?.is_some()
        {
            return Err(CallbackError::InvalidResponse("it carries tokens, which were not asked for"));
        }
        self.one("code")?
            .filter(|code| !code.is_empty())
            .ok_or(CallbackError::InvalidResponse("there is no `code`"))
    }
}

impl Client {
    /// Completes the login that `transaction` began: code for tokens, tokens for a session. What a step-up brings goes into
    /// the session that is `held` already, if its user is the same; and it is only for the user who began it.
    pub(crate) async fn complete_login(
        &self,
        transaction: &Transaction,
        parameters: &CallbackParameters,
        redirect_uri: &str,
        held: Option<&Session>,
    ) -> Result<Session, CallbackError> {
        let span = tracing::info_span!("stepup.login.callback", "error.type" = Empty);
        let completed =
            self.complete(transaction, parameters, redirect_uri, held).instrument(span.clone()).await;
        if let Err(error) = &completed {
            span.record("error.type", error.code());
            if let CallbackError::OtherUser = error {
                let subject = transaction.subject.as_deref().or(held.map(Session::subject));
                telemetry::user_mismatch("id_token", subject);
            }
        }
        completed
    }

    async fn complete(
        &self,
        transaction: &Transaction,
        parameters: &CallbackParameters,
        redirect_uri: &str,
        held: Option<&Session>,
    ) -> Result<Session, CallbackError> {
        let provider = self.provider();
        let metadata = provider.metadata().await.map_err(CallbackError::Exchange)?;
        let issuer_required = metadata.authorization_response_iss_parameter_supported.unwrap_or(false);
        let code = parameters.code(provider.issuer(), issuer_required)?;

        provider.prepare().await.map_err(CallbackError::Exchange)?;
        let tokens = self.exchange_code(transaction, code, redirect_uri).await?;
        let id_token = tokens.id_token.as_deref().ok_or(CallbackError::NoIdToken)?;
        let expected = Expected {
            nonce: transaction.nonce.as_deref(),
            max_age: transaction.max_age,
            organization: transaction.organization.as_deref(),
            access_token: Some(&tokens.access_token),
        };
        let claims = provider.id_token(id_token, &expected).await.map_err(CallbackError::IdToken)?;
        // The session that was to be stepped up may be over by now.
        if transaction.subject.as_ref().is_some_and(|subject| *subject != claims.sub) {
            return Err(CallbackError::OtherUser);
        }
        let issued_at = claims.iat;
        let claims = UserClaims::from(claims);
        let grant = Grant {
            audience: transaction.audience.clone(),
            requested: transaction.scope.clone(),
            tokens,
            claims: Some(claims.clone()),
            received_at: self.now(),
            proof: None,
        };
        let mut session = Session::new(&grant, &claims);
        if session.internal.expires_at.is_some_and(|end| end <= issued_at + CEILING_MARGIN) {
            return Err(CallbackError::SessionExpired);
        }
        if let Some(held) = held.filter(|_| transaction.steps_up()) {
            session = self.stepped_up(held, session, grant).await?;
        }
        Ok(session)
    }

    /// The session with what the login brought. Requests under way that still hold its old refresh token find it too.
    async fn stepped_up(
        &self,
        held: &Session,
        login: Session,
        grant: Grant,
    ) -> Result<Session, CallbackError> {
        let mut session = held.clone();
        session.keep(&grant).map_err(|_| CallbackError::OtherUser)?;
        session.answer(held, grant.received_at);
        session.tell_of_login(&login);
        // A logout ends the tenant's session of the newer login, and its end is this one's.
        if let Some(sid) = login.sid() {
            sid.clone_into(&mut session.internal.sid);
        }
        session.internal.expires_at = login.internal.expires_at.or(session.internal.expires_at);
        if let Some(refresh_token) = &held.refresh_token {
            tokens::hand_over(self, refresh_token, held.subject(), grant).await;
        }
        Ok(session)
    }

    async fn exchange_code(
        &self,
        transaction: &Transaction,
        code: &str,
        redirect_uri: &str,
    ) -> Result<TokenResponse, CallbackError> {
        let form = TokenForm::new(GrantType::AuthorizationCode)
            .with("redirect_uri", transaction.redirect_uri.as_deref().unwrap_or(redirect_uri))
            .with("code", code)
            .with("code_verifier", &transaction.code_verifier);
        self.provider().token(form).await.map_err(|error| match error {
            TokenError::MfaRequired(due) => {
                telemetry::mfa_required(None);
                let (audience, scope) = (transaction.audience.as_deref(), &transaction.scope);
                CallbackError::MfaRequired(Box::new(MfaRequired::seal(self, *due, audience, scope, None)))
            }
            TokenError::NotBound { error, .. } | TokenError::Provider(error) => {
                CallbackError::Exchange(error)
            }
        })
    }

    /// Lets the application have its say before a session is written.
    pub(crate) fn before_saving(&self, session: &mut Session) {
        if let Some(hook) = &self.config().before_session_saved {
            hook(session);
        }
    }
}
