//! Universal Login: the pages between `/authorize` and its answer.
//!
//! A login is kept in the store under its `state`, and belongs to the browser whose mark it was begun with; both are needed
//! for every step. Each page posts to its own address and then goes to `/authorize/resume`, which alone decides what
//! comes next. So a form that is sent twice does nothing new.

mod asked;
mod attempts;
mod back;
mod challenge;
pub(crate) mod consent;
pub(crate) mod cookies;
mod enroll;
mod kept;
mod log_in;
pub(crate) mod onward;
mod options;
mod outcome;
pub(crate) mod password;
mod recovery;
pub(crate) mod remember;
mod reset;
mod resume;
mod sent;
mod session;
mod sign_up;
mod status;
pub(crate) mod ticket;
mod verification;
mod visit;
mod way_out;

use std::time::Duration;

use axum::{
    Router,
    body::Body,
    extract::Path,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, StatusCode, header};
use stepup_seal::token;

pub(crate) use self::attempts::Attempts;
use self::visit::Kept;
use crate::{
    model::{Digest, LoginTransaction, TenantSession},
    oauth::{
        authorize::request::{Accepted, Parameters},
        error::{Failure, TenantFault},
    },
    pages,
    pipeline::{Caller, Progress},
    state::Shared,
};

/// How long a user may take.
const LIFETIME: Duration = Duration::from_secs(3600);

/// The addresses of the pages: a promise, since people's own tests rely on them.
mod path {
    pub(super) const CONSENT: &str = "/u/consent";
    pub(super) const CONTINUE: &str = "/continue";
    pub(super) const EMAIL_VERIFICATION: &str = "/u/email-verification";
    pub(super) const BEGIN_ENROLL_OPTIONS: &str = "/u/mfa-begin-enroll-options";
    pub(super) const EMAIL_CHALLENGE: &str = "/u/mfa-email-challenge";
    pub(super) const EMAIL_ENROLLMENT: &str = "/u/mfa-email-enrollment";
    pub(super) const ENROLL_OPTIONS: &str = "/u/mfa-enroll-options";
    pub(super) const ENROLLMENT_TICKET: &str = "/mfa/enrollment";
    pub(super) const LOGIN: &str = "/u/login";
    pub(super) const LOGIN_EMAIL_VERIFICATION: &str = "/u/login-email-verification";
    pub(super) const LOGIN_OPTIONS: &str = "/u/mfa-login-options";
    pub(super) const OTP_CHALLENGE: &str = "/u/mfa-otp-challenge";
    pub(super) const OTP_ENROLLMENT: &str = "/u/mfa-otp-enrollment";
    pub(super) const PHONE_ENROLLMENT: &str = "/u/mfa-phone-enrollment";
    pub(super) const PUSH_CHALLENGE: &str = "/u/mfa-push-challenge-push";
    pub(super) const PUSH_CHALLENGE_STATUS: &str = "/u/mfa-push-challenge-push/status";
    pub(super) const PUSH_ENROLLMENT: &str = "/u/mfa-push-enrollment-qr";
    pub(super) const PUSH_ENROLLMENT_STATUS: &str = "/u/mfa-push-enrollment-qr/status";
    pub(super) const RECOVERY_CHALLENGE: &str = "/u/mfa-recovery-code-challenge";
    pub(super) const RECOVERY_ENROLLMENT: &str = "/u/mfa-recovery-code-enrollment";
    pub(super) const RESET_PASSWORD: &str = "/u/reset-password";
    pub(super) const RESET_PASSWORD_REQUEST: &str = "/u/reset-password/request";
    pub(super) const RESUME: &str = "/authorize/resume";
    pub(super) const SIGN_UP: &str = "/u/signup";
    pub(super) const SMS_CHALLENGE: &str = "/u/mfa-sms-challenge";
    pub(super) const VOICE_CHALLENGE: &str = "/u/mfa-voice-challenge";
}

/// The pages.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route(path::RESUME, get(resume::resume))
        .route(path::CONTINUE, get(back::by_link).post(back::by_form))
        .route(path::LOGIN, get(log_in::show).post(log_in::submit))
        .route(path::SIGN_UP, get(sign_up::show).post(sign_up::submit))
        .route(path::RESET_PASSWORD_REQUEST, get(reset::show_request).post(reset::submit_request))
        .route(path::RESET_PASSWORD, get(reset::show).post(reset::submit))
        .route(path::EMAIL_VERIFICATION, get(verification::show).post(verification::submit))
        .route(path::OTP_ENROLLMENT, get(enroll::app::show).post(enroll::app::submit))
        .route(path::PHONE_ENROLLMENT, get(enroll::contact::show_phone).post(enroll::contact::submit_phone))
        .route(path::EMAIL_ENROLLMENT, get(enroll::contact::show_email).post(enroll::contact::submit_email))
        .route(path::PUSH_ENROLLMENT, get(enroll::push::show).post(enroll::push::submit))
        .route(path::PUSH_ENROLLMENT_STATUS, get(enroll::push::status))
        .route(path::OTP_CHALLENGE, get(challenge::show_otp).post(challenge::submit_otp))
        .route(path::SMS_CHALLENGE, get(challenge::sent::show_sms).post(challenge::sent::submit_sms))
        .route(path::VOICE_CHALLENGE, get(challenge::sent::show_voice).post(challenge::sent::submit_voice))
        .route(path::EMAIL_CHALLENGE, get(challenge::sent::show_email).post(challenge::sent::submit_email))
        .route(
            path::LOGIN_EMAIL_VERIFICATION,
            get(challenge::sent::show_mailbox).post(challenge::sent::submit_mailbox),
        )
        .route(path::PUSH_CHALLENGE, get(challenge::push::show).post(challenge::push::submit))
        .route(path::PUSH_CHALLENGE_STATUS, get(challenge::push::status))
        .route(path::ENROLLMENT_TICKET, get(ticket::enroll))
        .route(path::RECOVERY_CHALLENGE, get(challenge::show_recovery).post(challenge::submit_recovery))
        .route(path::RECOVERY_ENROLLMENT, get(recovery::show).post(recovery::submit))
        .route(path::BEGIN_ENROLL_OPTIONS, get(options::show_begin_enroll).post(options::submit_enroll))
        .route(path::ENROLL_OPTIONS, get(options::show_enroll).post(options::submit_enroll))
        .route(path::LOGIN_OPTIONS, get(options::show_login).post(options::submit_login))
        .route(path::CONSENT, get(consent::show).post(consent::submit))
        .route("/u/assets/{file}", get(asset))
}

/// Begins a login, and sends the browser to its first page.
pub(crate) async fn begin(
    shared: &Shared,
    caller: &Caller,
    headers: &HeaderMap,
    parameters: &Parameters,
    accepted: &Accepted<'_>,
    session: Option<TenantSession>,
) -> Result<Response, Failure> {
    let asks_to_sign_up = accepted.prompt.create
        || parameters.get("screen_hint").is_some_and(|hint| hint == "signup" || hint == "register");
    let first = match (&session, asks_to_sign_up) {
        (Some(_), _) => path::RESUME,
        (None, true) => path::SIGN_UP,
        (None, false) => path::LOGIN,
    };
    let beginning = Beginning {
        client_id: accepted.client.client_id.clone(),
        parameters: parameters.clone(),
        user_id: session.as_ref().map(|session| session.user_id.clone()),
        progress: session.as_ref().map(Progress::of_session).unwrap_or_default(),
        session_id: session.map(|session| session.id),
        kept: Kept::default(),
    };
    open(shared, caller, headers, beginning, first).await
}

/// What a login begins with.
#[derive(Default)]
struct Beginning {
    client_id: String,
    parameters: Parameters,
    user_id: Option<String>,
    session_id: Option<String>,
    progress: Progress,
    kept: Kept,
}

/// Keeps a login for this browser, and sends it to the page `first`.
async fn open(
    shared: &Shared,
    caller: &Caller,
    headers: &HeaderMap,
    beginning: Beginning,
    first: &str,
) -> Result<Response, Failure> {
    let now = shared.clock.now();
    let state = token(shared.random.as_ref(), 32);
    let mark = cookies::browser(headers).unwrap_or_else(|| token(shared.random.as_ref(), 32));
    let login = LoginTransaction {
        transaction_id: caller.correlation.id(shared.random.as_ref()).to_owned(),
        client_id: beginning.client_id,
        parameters: beginning.parameters,
        browser: Digest::of(&mark),
        user_id: beginning.user_id,
        session_id: beginning.session_id,
        progress: serde_json::to_value(&beginning.progress).map_err(TenantFault::Kept)?,
        page: serde_json::to_value(&beginning.kept).map_err(TenantFault::Kept)?,
        created_at: now,
        expires_at: now + LIFETIME,
    };
    shared.store.insert_login(&Digest::of(&state), &login).await?;
    let mut response = visit::to(first, &state);
    for cookie in cookies::mark(&shared.issuer, &mark) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

async fn asset(Path(file): Path<String>) -> Response {
    match pages::assets::serve(&format!("{}{file}", pages::assets::PREFIX)) {
        Some(asset) => asset.map(Body::from),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
