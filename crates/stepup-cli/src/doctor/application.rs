//! What the tenant knows of the application: its secret, its grants, its addresses.

use http::StatusCode;
use stepup_protocol::{error::code, token::GrantType};
use url::Url;

use super::{
    credentials::Credentials,
    finding::Report,
    tenant::{Tenant, made_up},
    wire::{Answer, Refusal},
};

pub(super) const GRANT_TYPES: &str =
    "Dashboard > Applications > your application > Settings > Advanced Settings > Grant Types";
const SETTINGS: &str = "Dashboard > Applications > your application > Settings";
const CREDENTIALS: &str = "Dashboard > Applications > your application > Credentials";
const CALLBACK: &str = "callback URL";
pub(super) const DPOP: &str = "DPoP";
const PUSHED: &str = "pushed requests";
/// What the tenant's page says of a callback that is not registered.
const MISMATCH: &str = "Callback URL mismatch";
const LOOK_AGAIN: &str = "try again, and look into the tenant's log";
pub(super) const REFRESH_GRANT: &str = "refresh grant";
const OTHER_PATH: &str = ", or name the application's own path with --callback-path";

/// Whether the tenant takes the client's credentials.
pub(super) async fn client_authentication(tenant: &Tenant<'_>, report: &mut Report) -> bool {
    let check = "client authentication";
    let credentials = &tenant.settings.credentials;
    let answer = match hand_in(tenant, credentials).await {
        Ok(answer) => answer,
        Err(why) => {
            let change = tenant.wire.out_of_reach(&why);
            report.fail(check, format!("the token endpoint cannot be reached: {why}"), change);
            return false;
        }
    };
    match answer.error() {
        code::INVALID_GRANT => {
            report.ok(check, format!("the tenant knows the client and takes its {}", credentials.method()));
        }
        code::UNAUTHORIZED_CLIENT if answer.status != StatusCode::UNAUTHORIZED => report.fail(
            check,
            format!("the client may not log anybody in: {}", answer.summary()),
            format!("{GRANT_TYPES}: turn on Authorization Code"),
        ),
        code::ACCESS_DENIED | code::INVALID_CLIENT | code::UNAUTHORIZED_CLIENT => {
            refused(tenant, &answer, report).await;
            return false;
        }
        code::INVALID_DPOP_PROOF | code::USE_DPOP_NONCE => {
            unbound(tenant, &answer, report);
            return false;
        }
        _ if answer.is_a_refusal() => {
            report.warn(check, format!("the answer tells nothing: {}", answer.summary()), LOOK_AGAIN);
        }
        _ => {
            report.fail(
                check,
                format!("not checked: the token endpoint answers {}", answer.summary()),
                answer.in_the_way().unwrap_or_else(|| LOOK_AGAIN.to_owned()),
            );
            return false;
        }
    }
    true
}

/// The tenant knows the client, and does not get the proof of a key that it wants (RFC 9449).
fn unbound(tenant: &Tenant<'_>, answer: &Answer, report: &mut Report) {
    match &tenant.settings.proof_key {
        None => report.fail(
            DPOP,
            format!("the tenant gives the client no token without the proof of a key: {}", answer.summary()),
            format!(
                "set AUTH0_DPOP_PRIVATE_KEY to a key from `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`, or \
                 {SETTINGS} > Token Sender-Constraining: do not require it"
            ),
        ),
        Some(_) => report.fail(
            DPOP,
            format!("the tenant does not take the proof of AUTH0_DPOP_PRIVATE_KEY: {}", answer.summary()),
            "have the machine's clock set by NTP, and unset AUTH0_DPOP_CLOCK_SKEW; where discovery names other addresses than \
             the tenant's own, set AUTH0_DOMAIN to the domain that it calls itself by",
        ),
    }
}

/// A code that was never issued is looked at only after the credentials.
async fn hand_in(tenant: &Tenant<'_>, credentials: &Credentials) -> Result<Answer, String> {
    let redirect_uri = tenant.settings.callbacks().next().map(String::from).unwrap_or_default();
    let (code, verifier) = (made_up("code"), made_up("verifier"));
    let form = [("code", code.as_str()), ("redirect_uri", &redirect_uri), ("code_verifier", &verifier)];
    tenant.token_with(credentials, GrantType::AuthorizationCode, &form).await
}

/// A tenant that takes the same secret sent the other way says so when it is asked.
async fn refused(tenant: &Tenant<'_>, answer: &Answer, report: &mut Report) {
    let check = "client authentication";
    let credentials = &tenant.settings.credentials;
    let detail = format!("the tenant refuses the client: {}", answer.summary());
    let Some(otherwise) = credentials.sent_otherwise() else {
        report.fail(
            check,
            detail,
            format!(
                "set AUTH0_CLIENT_ID to what {SETTINGS} > Basic Information shows, and AUTH0_CLIENT_ASSERTION_SIGNING_KEY to the \
                 private key of one that {CREDENTIALS} lists under Private Key JWT, with its algorithm in \
                 AUTH0_CLIENT_ASSERTION_SIGNING_ALG (RS256 unless set); where it is the assertion's time that is refused, have the \
                 machine's clock set by NTP"
            ),
        );
        return;
    };
    if hand_in(tenant, &otherwise).await.is_ok_and(|answer| answer.error() == code::INVALID_GRANT) {
        report.fail(
            check,
            format!("the tenant takes the secret by {} alone", otherwise.method()),
            format!(
                "set STEPUP_CLIENT_AUTHENTICATION={}, or {CREDENTIALS} > Authentication Method: the one that is called {}",
                otherwise.method(),
                credentials.method()
            ),
        );
        return;
    }
    report.fail(
        check,
        detail,
        format!(
            "set AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET to what {SETTINGS} > Basic Information shows; where {CREDENTIALS} > \
             Authentication Method is Private Key JWT, set AUTH0_CLIENT_ASSERTION_SIGNING_KEY instead of the secret"
        ),
    );
}

/// The grants of a step-up and of a refresh.
pub(super) async fn grants(tenant: &Tenant<'_>, report: &mut Report) {
    let mfa_token = made_up("mfa-token");
    for (grant, proof) in [
        (GrantType::MfaOtp, "otp"),
        (GrantType::MfaOob, "oob_code"),
        (GrantType::MfaRecoveryCode, "recovery_code"),
    ] {
        let check = format!("MFA grant {proof}");
        let answer = tenant.token(grant, &[("mfa_token", &mfa_token), (proof, "000000")]).await;
        grant_is_on(report, &check, answer, "MFA");
    }
    let refresh_token = made_up("refresh-token");
    let answer = tenant.token(GrantType::RefreshToken, &[("refresh_token", &refresh_token)]).await;
    grant_is_on(report, REFRESH_GRANT, answer, "Refresh Token");
    let offline = |scopes: &Vec<String>| scopes.iter().any(|scope| scope == "offline_access");
    if tenant.metadata.scopes_supported.as_ref().is_some_and(|scopes| !offline(scopes)) {
        report.warn(
            "offline_access",
            "discovery does not list this scope, without which there is no refresh token",
            "look into what the tenant offers; the SDK asks for it at each login",
        );
    }
}

fn grant_is_on(report: &mut Report, check: &str, answer: Result<Answer, String>, name: &str) {
    let change = format!("{GRANT_TYPES}: turn on {name}");
    match answer {
        Ok(answer) if matches!(answer.error(), code::UNAUTHORIZED_CLIENT | code::UNSUPPORTED_GRANT_TYPE) => {
            report.fail(check, format!("it is off for the client: {}", answer.summary()), change);
        }
        Ok(answer) if answer.is_a_refusal() => {
            report.ok(check, format!("on: what was made up is answered {}", answer.error()));
        }
        Ok(answer) => report.warn(
            check,
            format!("the answer tells nothing: {}", answer.summary()),
            answer.in_the_way().unwrap_or_else(|| LOOK_AGAIN.to_owned()),
        ),
        Err(why) => report.fail(check, format!("no answer came: {why}"), "check firewall and proxies"),
    }
}

/// Whether the tenant would send a browser back to each of the application's addresses: those that it would.
pub(super) async fn callbacks(tenant: &Tenant<'_>, report: &mut Report) -> Vec<Url> {
    let mut good = Vec::new();
    if !pushed_requests(tenant, report).await {
        for redirect_uri in tenant.settings.callbacks() {
            let change = "look again when requests can be pushed";
            report.warn(CALLBACK, format!("not checked: {redirect_uri}"), change);
        }
        return good;
    }
    for redirect_uri in tenant.settings.callbacks() {
        if callback_is_allowed(tenant, &redirect_uri, OTHER_PATH, report).await {
            good.push(redirect_uri);
        }
    }
    good
}

/// Whether the tenant takes authorization requests that are pushed, where they are. A callback that it does not allow is not
/// their fault.
async fn pushed_requests(tenant: &Tenant<'_>, report: &mut Report) -> bool {
    let Some(redirect_uri) = tenant.settings.callbacks().next().filter(|_| tenant.pushes()) else {
        return true;
    };
    match tenant.push(&silent_request(&redirect_uri)).await {
        Ok(_) => report.ok(PUSHED, "the tenant takes authorization requests from the client itself"),
        Err(Refusal { why, .. }) if why.contains(MISMATCH) => {}
        Err(Refusal { why, for_now }) => {
            let setting = "Dashboard > Settings > Advanced > Settings > Allow Pushed Authorization Requests (PAR): turn it on, or \
                           unset STEPUP_PUSHED_AUTHORIZATION_REQUESTS";
            report.fail(PUSHED, why, for_now.unwrap_or_else(|| setting.to_owned()));
            return false;
        }
    }
    true
}

/// `prompt=none` shows no page to anybody: the answer is at the callback, or the callback is not allowed.
fn silent_request(redirect_uri: &Url) -> [(&'static str, &str); 6] {
    [
        ("response_type", "code"),
        ("redirect_uri", redirect_uri.as_str()),
        ("scope", "openid"),
        ("state", "stepup-doctor"),
        ("nonce", "stepup-doctor"),
        ("prompt", "none"),
    ]
}

/// Whether the tenant would send a browser back to this address. `otherwise` is what else can be done if not.
pub(super) async fn callback_is_allowed(
    tenant: &Tenant<'_>,
    redirect_uri: &Url,
    otherwise: &str,
    report: &mut Report,
) -> bool {
    let leads = match tenant.authorization(&silent_request(redirect_uri)).await {
        Ok(address) => leads_to(tenant, &address, redirect_uri).await,
        Err(refusal) => Err(refusal),
    };
    if let Ok(location) = &leads
        && let Some(words) = wants_it_pushed(location)
    {
        report.fail(
            PUSHED,
            format!("the tenant takes no other authorization requests of the client: {words}"),
            format!(
                "set STEPUP_PUSHED_AUTHORIZATION_REQUESTS=true, or {SETTINGS} > Authorization Requests > Require Pushed \
                 Authorization Requests (PAR): turn it off"
            ),
        );
        return false;
    }
    let change = format!("{SETTINGS} > Allowed Callback URLs: add {redirect_uri}{otherwise}");
    allowed(report, CALLBACK, redirect_uri, leads, change)
}

/// Whether the tenant would send a browser back after a logout.
pub(super) async fn logout(tenant: &Tenant<'_>, report: &mut Report) {
    let endpoint = tenant.at("v2/logout");
    for base in &tenant.settings.base_urls {
        let parameters = [("client_id", tenant.settings.client_id.as_str()), ("returnTo", base.as_str())];
        let leads = match Url::parse_with_params(&endpoint, &parameters) {
            Ok(address) => leads_to(tenant, &address, base).await,
            Err(error) => Err(Refusal::lasting(error.to_string())),
        };
        let change = format!("{SETTINGS} > Allowed Logout URLs: add {base}");
        allowed(report, "logout URL", base, leads, change);
    }
}

fn allowed(
    report: &mut Report,
    check: &str,
    address: &Url,
    leads: Result<Url, Refusal>,
    change: String,
) -> bool {
    match leads {
        Ok(_) => {
            report.ok(check, format!("{address} is allowed"));
            true
        }
        Err(Refusal { why, for_now: Some(later) }) => {
            report.fail(check, format!("not checked: {address}: {why}"), later);
            false
        }
        Err(Refusal { why, for_now: None }) => {
            report.fail(check, format!("{address} is refused: {why}"), change);
            false
        }
    }
}

/// Where the browser is sent from `address`, if that is the destination.
async fn leads_to(tenant: &Tenant<'_>, address: &Url, destination: &Url) -> Result<Url, Refusal> {
    let answer = tenant.wire.get(address.as_str()).await.map_err(Refusal::out_of_reach)?;
    match answer.location() {
        Some(location) if same_place(&location, destination) => Ok(location),
        // With a page of its own for errors, the tenant says there what was wrong.
        Some(location) => {
            let words = description(&location).map(|words| format!(" ({words})")).unwrap_or_default();
            let to = &location[..url::Position::AfterPath];
            Err(Refusal::lasting(format!("the browser is sent to {to}{words}")))
        }
        None if answer.shows(MISMATCH) => {
            Err(Refusal::lasting(format!("the tenant answers {} {MISMATCH}", answer.status.as_u16())))
        }
        None => Err(Refusal::by(&answer, format!("the tenant answers {}", answer.status.as_u16()))),
    }
}

/// The tenant's words where they say that the request must be pushed (RFC 9126 section 5): there is no code for that.
fn wants_it_pushed(location: &Url) -> Option<String> {
    description(location).filter(|words| words.to_ascii_lowercase().contains("push"))
}

fn description(location: &Url) -> Option<String> {
    let mut words = location.query_pairs().filter(|(name, _)| name == "error_description");
    words.next().map(|(_, words)| words.into_owned())
}

fn same_place(one: &Url, other: &Url) -> bool {
    one[..url::Position::AfterPath] == other[..url::Position::AfterPath]
}
