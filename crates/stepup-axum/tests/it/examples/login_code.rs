use axum::{Form, Router, http::{HeaderMap, StatusCode}, response::{Html, IntoResponse, Redirect, Response}, routing::post};
use stepup::mfa::{MfaRequired, MfaToken, Verify, VerifyError};
use stepup::{CallbackError, CallbackOutcome, ClientBuilder, ConfigError, pages::PageOptions};
use stepup_axum::{Client, ErrorResponse, OptionalSession, SessionLayer};

fn ask(due: &MfaRequired) -> String {
    let token = due.mfa_token.as_ref().map_or("", MfaToken::as_str);
    format!(r#"<form method="post" action="/login/code"><input type="hidden" name="token" value="{token}"><input name="code"><button>Go on</button></form>"#)
}

#[derive(serde::Deserialize)]
struct Answer { token: MfaToken, code: String }

async fn code(client: Client, mut session: OptionalSession, headers: HeaderMap, Form(answer): Form<Answer>) -> Result<Response, ErrorResponse> {
    if !client.is_own_page(&headers) {                             // another site would log its visitors in as somebody else
        return Ok(StatusCode::FORBIDDEN.into_response());
    }
    match client.mfa().verify(&mut session, &answer.token, Verify::otp(answer.code)).await {
        Ok(_) => Ok(Redirect::to("/").into_response()),
        Err(VerifyError::MfaRequired(next)) => Ok(Html(ask(&next)).into_response()),
        Err(error) => Err(error.into()),
    }
}

/// With `Client::builder().environment()`.
fn app(client: ClientBuilder) -> Result<Router, ConfigError> {
    let client = client.mfa_pages(PageOptions::off()).on_callback(|CallbackOutcome { result, .. }| {
        let page = match result {
            Err(CallbackError::MfaRequired(due)) if !due.needs_login() => Some(ask(due)),
            _ => None,
        };
        Box::pin(async move { http::Response::builder().header("content-type", "text/html").body(page?.into()).ok() })
    });
    Ok(Router::new().route("/login/code", post(code)).layer(SessionLayer::new(client.build()?)))
}
