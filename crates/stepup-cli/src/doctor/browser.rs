//! A login with a browser, as the application's users log in (OpenID Connect Core section 3.1, RFC 7636, RFC 8252): for
//! tenants that have the password grant off, and for whatever the log-in pages ask for.
//!
//! The browser goes to the tenant twice: for the login, and for a token of the tenant's MFA API, which the pages for one's
//! own authenticators need. The second time the tenant knows the user already.

use std::{io, time::Duration};

use http::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use stepup::SystemRandom;
use stepup_protocol::{error::code, token::GrantType};
use stepup_seal::{base64url, digest};
use url::Url;

use super::{
    application::{self, GRANT_TYPES},
    callback::{Callback, Listener, Visit},
    finding::Report,
    granted::{self, Api, heard},
    tenant::{MfaApiToken, Tenant},
    wire::{Answer, Refusal},
};
use crate::{failure::Failure, output, stop::Signals};

const CHECK: &str = "login";
const MFA_CHECK: &str = "MFA API";
const SCOPE: &str = "openid profile email offline_access";
/// What a token for one's own authenticators allows.
const MFA_SCOPE: &str = "openid enroll read:authenticators remove:authenticators";
const LOGS: &str = "Dashboard > Monitoring > Logs says why";
const ADD_CALLBACK: &str = "Dashboard > Applications > your application > Settings > Allowed Callback URLs: add an address such as \
                            http://localhost:3000/auth/callback, and name it with --callback";

/// Where and how long the doctor waits for the browser.
#[derive(Clone, Debug)]
pub(super) struct Browser {
    /// Where it comes back to; the application's own callback, unless set.
    pub(super) callback: Option<Callback>,
    pub(super) wait: Duration,
}

/// Has somebody log in, and looks at what that brought. `allowed` are the application's own callbacks that the tenant takes.
pub(super) async fn check(
    tenant: &Tenant<'_>,
    browser: &Browser,
    api: Option<&Api>,
    allowed: &[Url],
    report: &mut Report,
) -> Result<(), Failure> {
    let Some(callback) = browser.callback.clone().or_else(|| own_callback(tenant)) else {
        report.fail(
            CHECK,
            "no address in APP_BASE_URL is an http address of this machine to come back to",
            ADD_CALLBACK,
        );
        return Ok(());
    };
    let listener = match Listener::open(callback.clone()).await {
        Ok(listener) => listener,
        Err(error) => {
            not_listening(&callback, &error, report);
            return Ok(());
        }
    };
    let url = listener.url();
    let is_allowed = allowed.contains(url)
        || (browser.callback.is_some() && application::callback_is_allowed(tenant, url, "", report).await);
    if is_allowed {
        let mut login = Login { tenant, listener, signals: Signals::watch()?, wait: browser.wait };
        login.check(api, report).await;
        login.listener.close().await;
    } else {
        report.warn(
            CHECK,
            format!("not begun, since nothing shows that the tenant sends the browser back to {url}"),
            "see to what is said above",
        );
        listener.close().await;
    }
    Ok(())
}

/// The application's own callback, where it is on this machine.
fn own_callback(tenant: &Tenant<'_>) -> Option<Callback> {
    tenant.settings.callbacks().find_map(|url| url.try_into().ok())
}

fn not_listening(callback: &Callback, error: &io::Error, report: &mut Report) {
    let url = callback.url();
    if error.kind() == io::ErrorKind::AddrInUse {
        report.fail(
            CHECK,
            format!("the port of {url} is in use by another program"),
            "stop the application while this check runs, or name another of the Allowed Callback URLs with --callback",
        );
    } else {
        report.fail(
            CHECK,
            format!("cannot listen at {url}: {error}"),
            "name another of the Allowed Callback URLs with --callback",
        );
    }
}

/// One login with what it takes to wait for it.
struct Login<'a> {
    tenant: &'a Tenant<'a>,
    listener: Listener,
    signals: Signals,
    wait: Duration,
}

/// Why no browser came back.
enum NotBack {
    Late(Duration),
    Stopped,
}

impl NotBack {
    fn words(&self) -> String {
        match self {
            Self::Late(wait) => format!("no browser came back within {} s", wait.as_secs()),
            Self::Stopped => "stopped before the browser came back".to_owned(),
        }
    }

    const fn change(&self) -> &'static str {
        match self {
            Self::Late(_) => "log in at the address that is printed, or allow more time with --wait",
            Self::Stopped => "start again, and log in at the address that is printed",
        }
    }
}

impl Login<'_> {
    async fn check(&mut self, api: Option<&Api>, report: &mut Report) {
        let asked = Asked::new();
        let Some(address) = self.address(&asked, &[("scope", SCOPE)], report).await else { return };
        output::note(format_args!(
            "Log in with a browser, within {} s:\n\n    {address}\n",
            self.wait.as_secs()
        ));
        let visit = match self.come_back(&asked).await {
            Ok(visit) => visit,
            Err(not_back) => {
                report.fail(CHECK, not_back.words(), not_back.change());
                return;
            }
        };
        let tokens = match self.redeem(&asked, &visit, CHECK, report).await {
            Some(tokens) if asked.is_answered_by(&tokens) => tokens,
            Some(_) => {
                report.fail(
                    CHECK,
                    "the ID token is missing, or made for another login: its nonce is not the one that was sent",
                    "check what stands between the application and the tenant",
                );
                visit.show(StatusCode::BAD_REQUEST, "The login did not work", SEE_TERMINAL);
                return;
            }
            None => {
                visit.show(StatusCode::BAD_REQUEST, "The login did not work", SEE_TERMINAL);
                return;
            }
        };
        report.ok(CHECK, format!("{} with a browser", who(&tokens)));

        let asked = Asked::new();
        let audience = self.tenant.at("mfa/");
        let parameters = [("scope", MFA_SCOPE), ("audience", &audience)];
        let Some(address) = self.address(&asked, &parameters, report).await else { return };
        output::note(
            "The browser asks the tenant for a token of the MFA API: answer if a second factor is asked for.",
        );
        visit.send_to(&address);
        granted::check(self.tenant, &tokens, api, report).await;
        self.check_mfa_api(&asked, report).await;
    }

    /// Whether the pages for one's own authenticators would get what they need.
    async fn check_mfa_api(&mut self, asked: &Asked, report: &mut Report) {
        let visit = match self.come_back(asked).await {
            Ok(visit) => visit,
            Err(not_back) => {
                report.warn(MFA_CHECK, not_back.words(), not_back.change());
                return;
            }
        };
        if let Some(tokens) = self.redeem(asked, &visit, MFA_CHECK, report).await {
            let token = tokens.text("access_token").unwrap_or_default();
            granted::authenticators(self.tenant, MfaApiToken::Access(token), MFA_CHECK, report).await;
        }
        visit.show(StatusCode::OK, "You are done here", SEE_TERMINAL);
    }

    /// The authorization request, as an address.
    async fn address(&self, asked: &Asked, more: &[(&str, &str)], report: &mut Report) -> Option<Url> {
        let challenge = base64url::encode(digest::sha256(asked.verifier.expose_secret().as_bytes()));
        let mut parameters = vec![
            ("response_type", "code"),
            ("redirect_uri", self.listener.url().as_str()),
            ("state", &asked.state),
            ("nonce", &asked.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        parameters.extend(more);
        parameters.extend(self.tenant.settings.proof_key.as_ref().map(|key| ("dpop_jkt", key.thumbprint())));
        let address = self.tenant.authorization(&parameters).await;
        address
            .map_err(|Refusal { why, for_now }| {
                let change = for_now.unwrap_or_else(|| LOGS.to_owned());
                report.fail(CHECK, format!("there is no address to log in at: {why}"), change);
            })
            .ok()
    }

    /// The browser with the answer to `asked`. One that comes from another login is sent away, and ends nothing.
    async fn come_back(&mut self, asked: &Asked) -> Result<Visit, NotBack> {
        let Self { listener, signals, wait, .. } = self;
        let ours = async {
            loop {
                let visit = listener.visit().await;
                if visit.parameter("state") == Some(asked.state.as_str()) {
                    return visit;
                }
                visit.show(
                    StatusCode::BAD_REQUEST,
                    "This is another login",
                    "It was not begun by the check that waits here. Open the address that the terminal shows.",
                );
            }
        };
        tokio::select! {
            visit = tokio::time::timeout(*wait, ours) => visit.map_err(|_| NotBack::Late(*wait)),
            () = signals.stop() => Err(NotBack::Stopped),
        }
    }

    /// The tokens for the code that the browser brought.
    async fn redeem(&self, asked: &Asked, visit: &Visit, check: &str, report: &mut Report) -> Option<Answer> {
        // RFC 9207 section 2.4: an answer of another server is not looked at, errors included.
        if visit.parameter("iss").is_some_and(|issuer| issuer != self.tenant.settings.issuer) {
            report.fail(
                check,
                "the callback is the answer of another issuer",
                "log in at the address that is printed, and nowhere else meanwhile",
            );
            return None;
        }
        if let Some(error) = visit.parameter("error") {
            let words =
                visit.parameter("error_description").map(|words| format!(" ({words})")).unwrap_or_default();
            let change = match error {
                code::ACCESS_DENIED => {
                    "where it was not you who said no: an Action or a setting of the user denies it, and Dashboard > Monitoring > \
                     Logs says which".to_owned()
                }
                code::UNAUTHORIZED_CLIENT => format!("{GRANT_TYPES}: turn on Authorization Code"),
                _ => LOGS.to_owned(),
            };
            report.fail(check, format!("the tenant ended it: {error}{words}"), change);
            return None;
        }
        let Some(code) = visit.parameter("code") else {
            report.fail(check, "the callback came without a code", LOGS);
            return None;
        };
        let form = [
            ("code", code),
            ("redirect_uri", self.listener.url().as_str()),
            ("code_verifier", asked.verifier.expose_secret()),
        ];
        let answer = self.tenant.token(GrantType::AuthorizationCode, &form).await;
        let answer = heard(report, check, answer)?;
        if answer.status.is_success() {
            return Some(answer);
        }
        report.fail(check, format!("the code is not exchanged: {}", answer.summary()), LOGS);
        None
    }
}

const SEE_TERMINAL: &str = "The terminal says what was found. You can close this window.";

/// What an authorization request holds its answer to.
struct Asked {
    state: String,
    nonce: String,
    verifier: SecretString,
}

impl Asked {
    fn new() -> Self {
        let token = || stepup_seal::token(&SystemRandom, 32);
        Self { state: token(), nonce: token(), verifier: token().into() }
    }

    /// OpenID Connect Core section 3.1.3.7: the ID token is that of this request.
    fn is_answered_by(&self, tokens: &Answer) -> bool {
        let claims = tokens.text("id_token").and_then(granted::claims);
        claims.is_some_and(|claims| claims.get("nonce").is_some_and(|nonce| *nonce == *self.nonce))
    }
}

/// Who logged in.
fn who(tokens: &Answer) -> String {
    let claims = tokens.text("id_token").and_then(granted::claims).unwrap_or_default();
    let claim = |name| claims.get(name).and_then(|value| value.as_str());
    claim("email").or_else(|| claim("sub")).unwrap_or("somebody").to_owned()
}
