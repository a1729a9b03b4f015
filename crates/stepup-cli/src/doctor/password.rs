//! A login by the password grant, where the tenant lets the client have it.

use secrecy::{ExposeSecret as _, SecretString};
use stepup_protocol::{error::code, token::GrantType};

use super::{
    application::GRANT_TYPES,
    finding::Report,
    granted::{POLICY, heard},
    tenant::Tenant,
    wire::Answer,
};

/// Who logs in, and how.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) email: String,
    pub(super) password: SecretString,
    /// What the authenticator app shows.
    pub(super) otp: Option<String>,
}

/// The tokens of the login, if it comes to its end.
pub(super) async fn log_in(tenant: &Tenant<'_>, person: &Person, report: &mut Report) -> Option<Answer> {
    let check = "login";
    let credentials = [
        ("username", person.email.as_str()),
        ("password", person.password.expose_secret()),
        ("scope", "openid offline_access"),
    ];
    let answer = heard(report, check, tenant.token(GrantType::Password, &credentials).await)?;
    match answer.error() {
        "" if answer.status.is_success() => {
            report.ok(check, format!("{} with a password", person.email));
            Some(answer)
        }
        code::MFA_REQUIRED => second_factor(tenant, person, &answer, report).await,
        code::UNAUTHORIZED_CLIENT | code::UNSUPPORTED_GRANT_TYPE => {
            report.warn(
                check,
                format!(
                    "the client may not log in with a password, so a refresh cannot be looked at: {}",
                    answer.summary()
                ),
                format!("log in with --browser, or {GRANT_TYPES}: turn on Password while this check runs"),
            );
            None
        }
        code::INVALID_GRANT => {
            report.fail(check, answer.summary(), "check the e-mail address and the password");
            None
        }
        _ => {
            report.fail(
                check,
                answer.summary(),
                "Dashboard > Settings > General > API Authorization Settings: name the users' connection as Default Directory",
            );
            None
        }
    }
}

/// The tenant asks for more than the password. Under a policy it names no factors, and asks the same at each refresh.
async fn second_factor(
    tenant: &Tenant<'_>,
    person: &Person,
    due: &Answer,
    report: &mut Report,
) -> Option<Answer> {
    let by_policy = due.json.get("mfa_requirements").is_none();
    let (Some(otp), Some(mfa_token)) = (&person.otp, due.text("mfa_token")) else {
        if by_policy {
            report.fail(
                "background refreshes",
                "a policy asks everybody for a second factor at each grant, refreshes too: they will answer mfa_required",
                POLICY,
            );
        } else {
            report.warn(
                "login",
                "an Action asks for a second factor, so a refresh cannot be looked at",
                "add --otp with the code that the user's authenticator app shows, or log in with --browser",
            );
        }
        return None;
    };
    let proof = [("mfa_token", mfa_token), ("otp", otp.as_str())];
    let answer = heard(report, "login", tenant.token(GrantType::MfaOtp, &proof).await)?;
    if answer.status.is_success() {
        report.ok("login", format!("{} with a password and a second factor", person.email));
        return Some(answer);
    }
    report.fail("login", answer.summary(), "check the code: it is good for 30 s, once");
    None
}
