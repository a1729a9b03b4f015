//! What only a login shows: whether refresh tokens come, rotate, and may be used in the background.

use secrecy::ExposeSecret as _;
use stepup_protocol::{error::code, time::UnixTime, token::GrantType};

use super::{
    Person,
    finding::Report,
    tenant::{Tenant, clock},
    wire::Answer,
};

const GRANT_TYPES: &str =
    "Dashboard > Applications > your application > Settings > Advanced Settings > Grant Types";
const POLICY: &str = "Dashboard > Security > Multi-factor Auth > Require Multi-factor Auth: Never or Adaptive, and let a post-login \
                      Action ask, except where event.transaction.protocol is oauth2-refresh-token";

/// Logs the person in, refreshes once, and revokes what it got.
pub(super) async fn check(tenant: &Tenant<'_>, person: &Person, report: &mut Report) {
    let Some(tokens) = log_in(tenant, person, report).await else { return };
    if let Some(issued_at) = tokens.text("id_token").and_then(issued_at) {
        clock(report, "the ID token", issued_at);
    }
    let Some(first) = tokens.text("refresh_token") else {
        report.fail(
            "refresh token",
            "none came, though offline_access was asked for",
            "Dashboard > Applications > APIs > the API > Settings: turn on Allow Offline Access",
        );
        return;
    };
    let newest = refresh(tenant, first, report).await;
    revoke(tenant, newest.as_deref().unwrap_or(first), report).await;
}

async fn log_in(tenant: &Tenant<'_>, person: &Person, report: &mut Report) -> Option<Answer> {
    let check = "login";
    let credentials = [
        ("username", person.email.as_str()),
        ("password", person.password.expose_secret()),
        ("scope", "openid offline_access"),
    ];
    let answer = heard(report, check, tenant.token(GrantType::Password.as_str(), &credentials).await)?;
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
                format!("{GRANT_TYPES}: turn on Password while this check runs"),
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
                "add --otp with the code that the user's authenticator app shows",
            );
        }
        return None;
    };
    let proof = [("mfa_token", mfa_token), ("otp", otp.as_str())];
    let answer = heard(report, "login", tenant.token(GrantType::MfaOtp.as_str(), &proof).await)?;
    if answer.status.is_success() {
        report.ok("login", format!("{} with a password and a second factor", person.email));
        return Some(answer);
    }
    report.fail("login", answer.summary(), "check the code: it is good for 30 s, once");
    None
}

/// Refreshes once; the refresh token to go on with, if there is a new one.
async fn refresh(tenant: &Tenant<'_>, refresh_token: &str, report: &mut Report) -> Option<String> {
    let form = [("refresh_token", refresh_token)];
    let answer = tenant.token(GrantType::RefreshToken.as_str(), &form).await;
    let answer = heard(report, "background refreshes", answer)?;
    if answer.error() == code::MFA_REQUIRED {
        report.fail(
            "background refreshes",
            "a refresh for the default audience answers mfa_required",
            POLICY,
        );
        return None;
    }
    if !answer.status.is_success() {
        report.fail("background refreshes", answer.summary(), "look into the tenant's log for why");
        return None;
    }
    report.ok("background refreshes", "a refresh brings an access token and asks nobody");
    let rotated = answer.text("refresh_token").filter(|new| *new != refresh_token);
    match rotated {
        Some(_) => report.ok("refresh token rotation", "each refresh brings a new refresh token"),
        None => report.warn(
            "refresh token rotation",
            "the refresh token stays the same: whoever steals it can use it until it ends",
            "Dashboard > Applications > your application > Settings > Refresh Token Rotation: allow it",
        ),
    }
    rotated.map(str::to_owned)
}

async fn revoke(tenant: &Tenant<'_>, refresh_token: &str, report: &mut Report) {
    let Some(endpoint) = &tenant.metadata.revocation_endpoint else { return };
    let form = [
        ("token", refresh_token),
        ("client_id", tenant.settings.client_id.as_str()),
        ("client_secret", tenant.settings.client_secret.expose_secret()),
    ];
    match tenant.wire.post(endpoint, &form).await {
        Ok(answer) if answer.status.is_success() => {
            report.ok("revocation", "the check's refresh token is gone");
        }
        Ok(answer) => report.warn("revocation", answer.summary(), "revoke the user's refresh token by hand"),
        Err(why) => report.warn("revocation", why, "revoke the user's refresh token by hand"),
    }
}

fn heard(report: &mut Report, check: &str, answer: Result<Answer, String>) -> Option<Answer> {
    answer
        .map_err(|why| report.fail(check, format!("no answer came: {why}"), "check firewall and proxies"))
        .ok()
}

/// When an ID token was issued. Its signature is the SDK's business: only the time is looked at.
fn issued_at(id_token: &str) -> Option<UnixTime> {
    let claims = id_token.split('.').nth(1)?;
    let claims: serde_json::Value =
        serde_json::from_slice(&stepup_seal::base64url::decode(claims).ok()?).ok()?;
    claims.get("iat")?.as_i64().map(UnixTime::from_seconds)
}
