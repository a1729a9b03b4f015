use std::time::Duration;
use axum::{Form, Router, response::{Html, IntoResponse, Redirect, Response}, routing::{get, post}};
use stepup::mfa::{AuthenticatorType, Challenge, Enroll, FactorType, MfaRequired, MfaToken, PushOutcome, PushWait, Verify, VerifyError};
use stepup::{AccessTokenError, AccessTokenRequest, Client};
use stepup_axum::{ErrorResponse, Session, SessionLayer};

async fn transfer(mut session: Session) -> Result<Response, ErrorResponse> {
    let api = AccessTokenRequest::new().audience("https://api.example.com").scope("transfer:funds");
    match session.access_token(&api).await {
        Ok(token) => Ok(format!("the API gets {} characters", token.token().len()).into_response()),
        Err(AccessTokenError::MfaRequired(due)) => ask(&session, &due).await,
        Err(other) => Err(other.into()),
    }
}

/// A form for each authenticator that may answer; whoever has none enrols one.
async fn ask(session: &Session, due: &MfaRequired) -> Result<Response, ErrorResponse> {
    let Some(token) = &due.mfa_token else { return Ok(Redirect::to("/auth/login?returnTo=/transfer").into_response()) };
    let listed = due.enrollment_factors();
    let held = if listed.is_empty() { session.mfa().authenticators(token).await? } else { Vec::new() };
    let forms: String = held.iter().filter(|one| one.active).map(|one| match one.authenticator_type {
        AuthenticatorType::Otp => form(token, "otp", "", "The code of your app"),
        AuthenticatorType::RecoveryCode => form(token, "recovery-code", "", "Your recovery code"),
        _ => form(token, "send", &one.id, one.name.as_deref().unwrap_or("Your phone")),
    }).collect();
    let keep = show_once(due.recovery_code.clone());                       // after a verify: the code that was used is spent
    if !forms.is_empty() {
        return Ok(Html(keep + &forms).into_response());
    }
    let new = match listed.first() {
        None | Some(FactorType::Otp) => Enroll::otp(),
        Some(FactorType::PushNotification) => Enroll::push(),
        Some(FactorType::Email) => Enroll::email(None),
        Some(other) => return Ok(format!("{keep}ask for the number, then Enroll::sms: {other}").into_response()),
    };
    let new = session.mfa().enroll(token, &new).await?;
    let keep = keep + &show_once(new.recovery_codes.into_iter().flatten());
    let scan = new.barcode_uri.map(|uri| format!("Scan {uri}. ")).unwrap_or_default();
    Ok(Html(format!("{keep}{scan}{}", confirm(token, new.oob_code, new.binding_method))).into_response())
}

/// Recovery codes that are new: shown now, or never.
fn show_once(recovery_codes: impl IntoIterator<Item = String>) -> String {
    recovery_codes.into_iter().map(|code| format!("Keep your new recovery code: {code}. ")).collect()
}

async fn send(session: Session, Form(answer): Form<Answer>) -> Result<Html<String>, ErrorResponse> {
    let sent = session.mfa().challenge(&answer.token, &Challenge::oob().authenticator(answer.id)).await?;
    Ok(Html(confirm(&answer.token, sent.oob_code, sent.binding_method)))
}

/// An app shows a code, a message brings one; a push has none.
fn confirm(token: &MfaToken, oob_code: Option<String>, binding_method: Option<String>) -> String {
    match (oob_code, binding_method) {
        (None, _) => form(token, "otp", "", "The code of your app"),
        (Some(oob_code), Some(_)) => form(token, "message", &oob_code, "The code that we sent"),
        (Some(oob_code), None) => form(token, "push", &oob_code, "Answer on your phone, then go on"),
    }
}

/// Values of the tenant are not trusted: a real page escapes them.
fn form(token: &MfaToken, way: &str, id: &str, label: &str) -> String {
    let action = if matches!(way, "send" | "push") { way } else { "code" };
    let field = if action == "code" { "<input name=code>" } else { "" };
    let hidden = [("token", token.as_str()), ("way", way), ("id", id)].map(|(name, value)| format!("<input type=hidden name={name} value='{value}'>"));
    format!("<form method=post action=/{action}>{}<label>{label} {field}</label><button>Continue</button></form>", hidden.concat())
}

#[derive(serde::Deserialize)]
struct Answer { token: MfaToken, way: String, id: String, #[serde(default)] code: String }

async fn code(mut session: Session, Form(answer): Form<Answer>) -> Result<Response, ErrorResponse> {
    let proof = match &*answer.way {
        "message" => Verify::oob(&answer.id).binding_code(&answer.code),
        "recovery-code" => Verify::recovery_code(&answer.code),
        _ => Verify::otp(&answer.code),
    };
    match session.verify(&answer.token, proof).await {
        Ok(verified) => Ok(match verified.recovery_code {
            None => Redirect::to("/transfer").into_response(),
            new => show_once(new).into_response(),
        }),
        Err(VerifyError::MfaRequired(next)) => ask(&session, &next).await,
        Err(VerifyError::WrongCode(_)) => {
            Ok(Html(form(&answer.token, &answer.way, &answer.id, "That code is not right. Try again")).into_response())
        }
        Err(other) => Err(other.into()),
    }
}

async fn push(mut session: Session, Form(answer): Form<Answer>) -> Result<Response, ErrorResponse> {
    let wait = PushWait::default().timeout(Duration::from_secs(25));
    match session.wait_for_push(&answer.token, Verify::oob(&answer.id), wait).await {
        Ok(PushOutcome::Denied) => Ok("You said no on your phone".into_response()),
        Ok(PushOutcome::TimedOut) => Ok(Html(form(&answer.token, "push", &answer.id, "Not answered yet")).into_response()),
        Ok(_) => Ok(Redirect::to("/transfer").into_response()),          // approved; or too old, and it asks anew
        Err(VerifyError::MfaRequired(next)) => ask(&session, &next).await,
        Err(other) => Err(other.into()),
    }
}

/// With `Client::from_env()?`.
fn app(client: Client) -> Router {
    let routes = Router::new().route("/transfer", get(transfer)).route("/send", post(send)).route("/code", post(code)).route("/push", post(push));
    routes.layer(SessionLayer::new(client))
}
