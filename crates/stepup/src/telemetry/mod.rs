//! What the SDK tells to whoever watches: spans, metrics and an audit log. Never a token, code, cookie or secret.
//!
//! # Spans
//!
//! By [`tracing`]; whatever subscriber is set carries them on, `tracing-opentelemetry` for example. Fields are named as
//! OpenTelemetry names them.
//!
//! | span | one for each | fields |
//! | --- | --- | --- |
//! | `stepup.route` | request to one of the SDK's routes | `http.request.method`, `url.path`, `http.response.status_code` |
//! | `stepup.login.start` | login that begins | `error.type` |
//! | `stepup.login.callback` | callback | `error.type` |
//! | `stepup.refresh` | refresh, however many callers wait for it | `user.id`, `error.type` |
//! | `stepup.mfa` | call of a step-up | `stepup.mfa.operation`, `stepup.mfa.factor`, `user.id`, `error.type` |
//! | `stepup.provider` | request to the tenant | `otel.kind`, `stepup.endpoint`, `http.request.method`, `server.address`, `http.response.status_code`, `error.type` |
//!
//! # Metrics
//!
//! By the [`metrics`] facade; an exporter of the application, if there is one, collects them. Labels take few values:
//! a code of the tenant's that is not known here is `other`.
//!
//! | metric | counts | labels |
//! | --- | --- | --- |
//! | `stepup_logins_total` | logins that ended, step-ups by login too | `outcome`: `success`, or the code of the [`CallbackError`](crate::CallbackError) or of [`SessionTooLarge`](crate::SessionTooLarge) |
//! | `stepup_mfa_required_total` | the tenant's answers `mfa_required`, whatever was asked for, however many callers waited for one | |
//! | `stepup_mfa_enrolled_total` | enrolments that were begun; the first verify confirms them | `factor` |
//! | `stepup_mfa_challenged_total` | challenges that were begun | `factor` |
//! | `stepup_mfa_verified_total` | proofs that were accepted and had been asked for | `factor`; `oob` for a code whose challenge another process began |
//! | `stepup_mfa_failed_total` | calls that failed; waiting for a push is no failure | `operation`, `factor`, `reason` |
//! | `stepup_mfa_abandoned_total` | step-ups that are known to be given up | `reason`: `expired`, a token came too late; `cancelled`, the user said so |
//! | `stepup_refreshes_total` | refreshes | `outcome`: `success`, `mfa_required`, or why not |
//! | `stepup_provider_request_duration_seconds` | requests to the tenant (a histogram) | `endpoint`, `outcome`: the status, or `unreachable` |
//!
//! Somebody who closes the browser in the middle of a step-up tells nobody: those are `required` less `verified` less
//! `abandoned`. Where an Action asks for two factors, a step-up counts as required and verified twice.
//!
//! # Audit log
//!
//! Events of [`tracing`] with the target `stepup::audit` and the level `INFO`: `event.name`, `event.outcome`, and where they are known
//! `user.id`, `stepup.mfa.factor` and `error.type`.
//!
//! | `event.name` | when |
//! | --- | --- |
//! | `login` | a login succeeded or failed |
//! | `logout` | a session was ended by its user or the application |
//! | `mfa_required` | the tenant asks for a second factor |
//! | `mfa_enrolled`, `mfa_challenged`, `mfa_verified` | that was done |
//! | `mfa_failed` | one of these, or a deletion, was refused |
//! | `mfa_token_refused` | an MFA token came that is none of this application's |
//! | `mfa_abandoned` | a step-up is known to be given up |
//! | `authenticator_added`, `authenticator_deleted` | a logged-in user has one more, or one less |
//! | `refresh_refused` | the tenant no longer takes the session's refresh token, or its answer is not trusted |
//! | `session_refused` | a session cookie came that is none of this application's, or no longer |
//! | `user_mismatch` | tokens or a step-up of another user than the session's |
//! | `cross_origin_refused` | a request of another site, or one that a foreign form could have sent |

mod audit;
mod reason;
mod span;
mod step;

use std::time::Duration;

use http::StatusCode;
use metrics::{counter, histogram};
use stepup_protocol::error::code;
use tracing::Span;

use self::{audit::Audit, reason::known};
pub(crate) use self::{
    span::{provider_span, route_span},
    step::Step,
};

/// A login ended in a session, which is written.
pub(crate) fn logged_in(subject: &str) {
    counter!("stepup_logins_total", "outcome" => "success").increment(1);
    Audit { subject: Some(subject), ..Audit::success("login") }.log();
}

/// A login ended without one. `code` is one of the SDK's own.
pub(crate) fn login_failed(code: &'static str) {
    counter!("stepup_logins_total", "outcome" => code).increment(1);
    Audit::failure("login", code).log();
}

/// A session was ended.
pub(crate) fn logged_out(subject: &str) {
    Audit { subject: Some(subject), ..Audit::success("logout") }.log();
}

/// The tenant asks for a second factor.
pub(crate) fn mfa_required(subject: Option<&str>) {
    counter!("stepup_mfa_required_total").increment(1);
    Audit { subject, ..Audit::success("mfa_required") }.log();
}

/// A step-up is known to be given up.
pub(crate) fn mfa_abandoned(reason: &'static str, subject: Option<&str>) {
    counter!("stepup_mfa_abandoned_total", "reason" => reason).increment(1);
    Audit { subject, ..Audit::failure("mfa_abandoned", reason) }.log();
}

/// An MFA token came that holds no step-up.
pub(crate) fn mfa_token_refused(reason: &'static str, subject: Option<&str>) {
    Audit { subject, ..Audit::failure("mfa_token_refused", reason) }.log();
}

/// A refresh ended, in its span; `outcome` is `success` or a code.
pub(crate) fn refreshed(outcome: &str, subject: Option<&str>) {
    let outcome = known(outcome);
    if outcome != "success" {
        Span::current().record("error.type", outcome);
    }
    counter!("stepup_refreshes_total", "outcome" => outcome).increment(1);
    if matches!(outcome, code::INVALID_GRANT | "invalid_id_token") {
        Audit { subject, ..Audit::failure("refresh_refused", outcome) }.log();
    }
}

/// A session cookie came that holds no session.
pub(crate) fn session_refused(reason: &'static str) {
    Audit::failure("session_refused", reason).log();
}

/// Something of another user than the session's: whose it should have been, and what it was.
pub(crate) fn user_mismatch(what: &'static str, subject: Option<&str>) {
    Audit { subject, ..Audit::failure("user_mismatch", what) }.log();
}

/// A request that was refused for where it comes from.
pub(crate) fn cross_origin_refused(reason: &'static str) {
    Audit::failure("cross_origin_refused", reason).log();
}

/// The tenant answered, or did not.
pub(crate) fn provider_answered(
    span: &Span,
    endpoint: &'static str,
    status: Option<StatusCode>,
    took: Duration,
) {
    match status {
        Some(status) => span.record("http.response.status_code", status.as_u16()),
        None => span.record("error.type", "unreachable"),
    };
    let outcome = status.map_or_else(|| "unreachable".to_owned(), |status| status.as_u16().to_string());
    histogram!("stepup_provider_request_duration_seconds", "endpoint" => endpoint, "outcome" => outcome)
        .record(took.as_secs_f64());
}
