//! `stepup doctor`: looks at a live configuration, step by step, and says what to change where.
//!
//! It reads what the SDK reads ([`stepup::Client::from_env`]), asks the tenant what an application would ask, and changes
//! nothing: what it hands in is made up, so the tenant turns it down, and how it does so is the answer. What only a login
//! shows, it looks at with somebody's login, and revokes afterwards what that brought; most tenants then end the user's other
//! logins to the application too.

mod application;
mod browser;
mod callback;
mod credentials;
mod dpop;
mod finding;
mod granted;
mod id_token;
mod password;
mod settings;
mod tenant;
mod wire;

use std::{
    io::{self, Read as _},
    time::Duration,
};

use clap::Args;
use secrecy::SecretString;

use self::{
    browser::Browser,
    callback::Callback,
    finding::Report,
    granted::Api,
    password::Person,
    settings::{CallbackPath, Settings},
    tenant::Tenant,
    wire::Wire,
};
use crate::{duration, failure::Failure};

#[derive(Debug, Args)]
#[command(after_help = "\
Reads AUTH0_DOMAIN, AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET, AUTH0_SECRET, APP_BASE_URL and the others that the SDK reads.
A line a check: `ok`, `warn` or `FAIL` with what to change where. Exit code 0 if nothing failed, 1 otherwise.

With a login the checks go on to what only that shows: rotation of refresh tokens, a policy or an Action that stops
background refreshes, the tenant's clock, the MFA API. Afterwards it revokes what it got, and with it every other refresh
token of this user for this application, unless the tenant revokes one alone: log in as a user made for it, in one of two ways:

    stepup doctor --browser

prints an address (on standard error) to open, and waits until the browser is back at the application's callback. If
that is not on this machine, register one that is, and name it:

    stepup doctor --browser --callback http://localhost:3000/auth/callback

An application that has a base path or routes of its own names its callback's path: --callback-path /shop/auth/callback.

Without a browser, where the application's `Password` grant is on:

    printf %s \"$PASSWORD\" | stepup doctor --user ada@example.com --password-stdin")]
pub(crate) struct Arguments {
    /// Print one JSON object a check: `check`, `verdict`, `detail`, `change`
    #[arg(long)]
    json: bool,
    /// The path of the application's callback, below its base URL
    #[arg(long, value_name = "PATH", default_value = "/auth/callback")]
    callback_path: CallbackPath,
    /// Go through the environment's proxies, as an application does that is built with `with_environment_proxy()`
    #[arg(long)]
    environment_proxy: bool,
    /// Log in with a browser, to look further
    #[arg(long, group = "login")]
    browser: bool,
    /// Have the browser come back to this address of this machine, which the tenant must allow; port 0 takes a free one
    #[arg(long, value_name = "URL", requires = "browser")]
    callback: Option<Callback>,
    /// Wait as long as this for the browser
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration::parse, requires = "browser")]
    wait: Duration,
    /// Log this user in with a password, to look further
    #[arg(long, value_name = "EMAIL", requires = "password_stdin", group = "login")]
    user: Option<String>,
    /// Read the user's password from standard input
    #[arg(long, requires = "user")]
    password_stdin: bool,
    /// The code that the user's authenticator app shows, where the login needs one
    #[arg(long, value_name = "CODE", requires = "user")]
    otp: Option<String>,
    /// After the login, ask for a token of this API, which is to take a second factor
    #[arg(long, value_name = "API", requires = "login")]
    audience: Option<String>,
    /// The scope of that token
    #[arg(long, requires = "audience")]
    scope: Option<String>,
}

/// Who logs in for the checks that need a login.
#[derive(Debug)]
enum Login {
    Browser(Browser),
    Password(Person),
}

/// Runs every check that the ones before it leave sense in.
pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let login = login(arguments)?;
    let scope = arguments.scope.clone();
    let api = arguments.audience.clone().map(|audience| Api { audience, scope });
    let mut report = Report::new(arguments.json);
    if let Some(settings) = Settings::read(arguments.callback_path.clone(), &mut report) {
        settings.check(&mut report);
        let wire = Wire::new(arguments.environment_proxy)?;
        wire.tell_proxy(&mut report);
        check(&wire, &settings, &mut report, login.as_ref(), api.as_ref()).await?;
        wire.tell_speed(&mut report);
    }
    report.outcome()
}

async fn check(
    wire: &Wire,
    settings: &Settings,
    report: &mut Report,
    login: Option<&Login>,
    api: Option<&Api>,
) -> Result<(), Failure> {
    let Some(tenant) = Tenant::discover(wire, settings, report).await else { return Ok(()) };
    if !application::client_authentication(&tenant, report).await {
        return Ok(());
    }
    application::grants(&tenant, report).await;
    let allowed = application::callbacks(&tenant, report).await;
    application::logout(&tenant, report).await;
    match login {
        None => {}
        Some(Login::Browser(browser)) => browser::check(&tenant, browser, api, &allowed, report).await?,
        Some(Login::Password(person)) => {
            if let Some(tokens) = password::log_in(&tenant, person, report).await {
                granted::check(&tenant, &tokens, api, report).await;
            }
        }
    }
    Ok(())
}

fn login(arguments: &Arguments) -> Result<Option<Login>, Failure> {
    if arguments.browser {
        let (callback, wait) = (arguments.callback.clone(), arguments.wait);
        return Ok(Some(Login::Browser(Browser { callback, wait })));
    }
    let Some(email) = arguments.user.clone() else { return Ok(None) };
    let mut password = String::new();
    io::stdin().read_to_string(&mut password).map_err(|error| Failure::other(&error))?;
    let password = password.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(Failure::Usage("no password came on standard input".to_owned()));
    }
    Ok(Some(Login::Password(Person {
        email,
        password: SecretString::from(password),
        otp: arguments.otp.clone(),
    })))
}
