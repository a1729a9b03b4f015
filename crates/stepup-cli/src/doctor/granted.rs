//! What a login brought: whether refresh tokens come, rotate, and may be used in the background; whether the API that is
//! named asks for a second factor.

use serde_json::Value;
use stepup_protocol::{
    claims::Audience,
    error::code,
    mfa::{Authenticator, FactorType, MfaRequirements, RequiredFactor},
    token::GrantType,
};

use super::{
    application::{DPOP, REFRESH_GRANT},
    finding::Report,
    id_token,
    tenant::{MfaApiToken, Tenant},
    wire::Answer,
};

pub(super) const POLICY: &str = "Dashboard > Security > Multi-factor Auth > Require Multi-factor Auth: Never or Adaptive, and let a post-login \
                                 Action ask, except where event.transaction.protocol is oauth2-refresh-token";
const ACTION: &str = "Dashboard > Actions > Triggers > post-login: have the Action let refreshes pass, where event.transaction.protocol is \
                      oauth2-refresh-token, but for the API (event.resource_server.identifier) that is to be guarded";
const DENIAL: &str = "Dashboard > Actions > Triggers > post-login: look at what the Action asks this user for, and when it denies access; \
                      Dashboard > Security > Multi-factor Auth: switch on a factor that it names";
const LOG: &str = "Dashboard > Monitoring > Logs says why";

/// An API that takes a second factor.
#[derive(Clone, Debug)]
pub(super) struct Api {
    pub(super) audience: String,
    pub(super) scope: Option<String>,
}

/// Looks at the tokens of a login, refreshes, and revokes what it got.
pub(super) async fn check(tenant: &Tenant<'_>, tokens: &Answer, api: Option<&Api>, report: &mut Report) {
    if let Some(id_token) = tokens.text("id_token") {
        id_token::check(tenant, id_token, report);
    }
    if tenant.settings.proof_key.is_some() {
        check_binding(tokens, report);
    }
    let Some(refresh_token) = tokens.text("refresh_token") else {
        if report.has_failed(REFRESH_GRANT) {
            report.warn(
                "refresh token",
                "none came, since its grant is off",
                "see to what is said of it above",
            );
            return;
        }
        report.fail(
            "refresh token",
            "none came, though offline_access was asked for",
            "Dashboard > Applications > APIs > the API > Settings: turn on Allow Offline Access",
        );
        return;
    };
    let mut refresh_token = refresh_token.to_owned();
    refresh(tenant, &mut refresh_token, report).await;
    if let Some(api) = api {
        step_up(tenant, api, &mut refresh_token, report).await;
    }
    revoke(tenant, &refresh_token, report).await;
}

/// The SDK refuses a token that is not bound to its key (RFC 9449 section 5).
fn check_binding(tokens: &Answer, report: &mut Report) {
    let token_type = tokens.text("token_type").unwrap_or("none");
    if token_type.eq_ignore_ascii_case("DPoP") {
        report.ok(DPOP, "the access token is bound to AUTH0_DPOP_PRIVATE_KEY");
        return;
    }
    report.fail(
        DPOP,
        format!("the access token is not bound to AUTH0_DPOP_PRIVATE_KEY, and the SDK refuses it: its type is {token_type}"),
        "Dashboard > Applications > APIs > the API > Settings > Token Sender-Constraining: DPoP, or unset AUTH0_DPOP_PRIVATE_KEY",
    );
}

/// Refreshes once, for the login's own audience, as an application does with nobody there.
async fn refresh(tenant: &Tenant<'_>, refresh_token: &mut String, report: &mut Report) {
    let check = "background refreshes";
    let answer = tenant.token(GrantType::RefreshToken, &[("refresh_token", refresh_token)]).await;
    let Some(answer) = heard(report, check, answer) else { return };
    match answer.error() {
        "" if answer.status.is_success() => {}
        code::MFA_REQUIRED if requirements(&answer).is_none() => {
            report.fail(
                check,
                "a policy asks for a second factor at refreshes too: a refresh for the default audience answers mfa_required",
                POLICY,
            );
            return;
        }
        code::MFA_REQUIRED => {
            report.fail(
                check,
                "an Action asks for a second factor: a refresh for the default audience answers mfa_required",
                ACTION,
            );
            return;
        }
        code::ACCESS_DENIED => {
            report.fail(check, format!("an Action denies refreshes: {}", answer.summary()), ACTION);
            return;
        }
        _ => {
            report.fail(check, answer.summary(), LOG);
            return;
        }
    }
    report.ok(check, "a refresh brings an access token and asks nobody");
    if take_rotated(&answer, refresh_token) {
        report.ok("refresh token rotation", "each refresh brings a new refresh token");
    } else {
        report.warn(
            "refresh token rotation",
            "the refresh token stays the same: whoever steals it can use it until it ends",
            "Dashboard > Applications > your application > Settings > Refresh Token Rotation: allow it",
        );
    }
}

/// Asks for a token of the API, as an application does before what it guards.
async fn step_up(tenant: &Tenant<'_>, api: &Api, refresh_token: &mut String, report: &mut Report) {
    let check = "step-up";
    let Api { audience, scope } = api;
    let mut form = vec![("refresh_token", refresh_token.as_str()), ("audience", audience.as_str())];
    form.extend(scope.as_deref().map(|scope| ("scope", scope)));
    let answer = tenant.token(GrantType::RefreshToken, &form).await;
    let Some(answer) = heard(report, check, answer) else { return };
    let change = || {
        format!(
            "Dashboard > Applications > APIs: have {audience} there with the scope, and Dashboard > Applications > your \
             application > Settings > Multi-Resource Refresh Token: allow it"
        )
    };
    match answer.error() {
        "" if answer.status.is_success() => {
            take_rotated(&answer, refresh_token);
            if is_for(&answer, audience) {
                report.warn(
                    check,
                    format!("a token for {audience} comes without a second factor"),
                    format!(
                        "Dashboard > Actions > Triggers > post-login: have an Action ask where \
                         event.resource_server.identifier is {audience}"
                    ),
                );
            } else {
                report.fail(
                    check,
                    format!("the tenant passes {audience} over: the token is for what the login asked for"),
                    change(),
                );
            }
        }
        code::MFA_REQUIRED => {
            let asked = requirements(&answer).unwrap_or_else(|| "any factor, by policy".to_owned());
            report.ok(check, format!("before a token for {audience} the tenant asks for {asked}"));
            if let Some(mfa_token) = answer.text("mfa_token") {
                authenticators(tenant, MfaApiToken::Mfa(mfa_token), "MFA token", report).await;
            }
        }
        code::ACCESS_DENIED => {
            report.fail(check, format!("no token for {audience}: {}", answer.summary()), DENIAL);
        }
        _ => report.fail(check, format!("no token for {audience}: {}", answer.summary()), change()),
    }
}

/// Whether the access token is for this API, as far as can be seen: one that only the API can read counts as its own.
fn is_for(answer: &Answer, audience: &str) -> bool {
    let Some(token) = answer.text("access_token") else { return false };
    // RFC 7516 section 3.1: an encrypted one has five parts. With the tenant's own key (`dir`) it is for `/userinfo`.
    if token.split('.').count() == 5 {
        return part(token, 0).is_some_and(|header| header["alg"] != "dir");
    }
    let named =
        claims(token).and_then(|claims| serde_json::from_value::<Audience>(claims.get("aud")?.clone()).ok());
    named.is_some_and(|named| named.iter().any(|named| named == audience))
}

/// Lists the user's authenticators with a token that the MFA API takes.
pub(super) async fn authenticators(
    tenant: &Tenant<'_>,
    token: MfaApiToken<'_>,
    check: &str,
    report: &mut Report,
) {
    let answer = tenant.authenticators(token).await;
    let Some(answer) = heard(report, check, answer) else { return };
    let Some(listed) = answer.json.as_array().filter(|_| answer.status.is_success()) else {
        report.fail(check, format!("the MFA API does not list authenticators: {}", answer.summary()), LOG);
        return;
    };
    let known = listed.iter().filter_map(|entry| serde_json::from_value::<Authenticator>(entry.clone()).ok());
    let names: Vec<&str> = known
        .filter(|authenticator| authenticator.active)
        .filter_map(|authenticator| authenticator.factor())
        .map(FactorType::as_str)
        .collect();
    let names = if names.is_empty() { "none yet".to_owned() } else { names.join(", ") };
    report.ok(check, format!("the MFA API lists the user's authenticators: {names}"));
}

async fn revoke(tenant: &Tenant<'_>, refresh_token: &str, report: &mut Report) {
    let change = "revoke the user's refresh token by hand";
    match tenant.revoke(refresh_token).await {
        None => {}
        Some(Ok(answer)) if answer.status.is_success() => {
            report.ok(
                "revocation",
                "the check's refresh token is gone, and with it every other of this user for this application, unless the tenant \
                 revokes one alone",
            );
        }
        Some(Ok(answer)) => report.warn("revocation", answer.summary(), change),
        Some(Err(why)) => report.warn("revocation", why, change),
    }
}

/// Goes on with the new refresh token, if there is one.
fn take_rotated(answer: &Answer, refresh_token: &mut String) -> bool {
    match answer.text("refresh_token").filter(|new| *new != refresh_token.as_str()) {
        Some(new) => {
            new.clone_into(refresh_token);
            true
        }
        None => false,
    }
}

/// What the tenant asks for, in words, where it says: an Action names factors, a policy none.
fn requirements(answer: &Answer) -> Option<String> {
    let asked: MfaRequirements = serde_json::from_value(answer.json.get("mfa_requirements")?.clone()).ok()?;
    let list = |factors: Vec<RequiredFactor>| {
        factors.into_iter().map(|factor| factor.kind).collect::<Vec<_>>().join(", ")
    };
    Some(match (asked.challenge, asked.enroll) {
        (Some(factors), _) => format!("a challenge by one of: {}", list(factors)),
        (None, Some(factors)) => format!("an enrolment of one of: {}", list(factors)),
        (None, None) => "a second factor".to_owned(),
    })
}

/// The tenant's own word, or a line that says why there is none.
pub(super) fn heard(report: &mut Report, check: &str, answer: Result<Answer, String>) -> Option<Answer> {
    let (why, change) = match answer {
        Ok(answer) => match answer.in_the_way() {
            None => return Some(answer),
            Some(change) => (answer.summary(), change),
        },
        Err(why) => (format!("no answer came: {why}"), "check firewall and proxies".to_owned()),
    };
    report.fail(check, why, change);
    None
}

/// What a token claims, unverified.
pub(super) fn claims(token: &str) -> Option<Value> {
    part(token, 1)
}

fn part(token: &str, index: usize) -> Option<Value> {
    let part = token.split('.').nth(index)?;
    serde_json::from_slice(&stepup_seal::base64url::decode(part).ok()?).ok()
}
