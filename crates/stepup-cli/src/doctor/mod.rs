//! `stepup doctor`: looks at a live configuration, step by step, and says what to change where.
//!
//! It reads what the SDK reads ([`stepup::Client::from_env`]), asks the tenant what an application would ask, and changes
//! nothing: what it hands in is made up, so the tenant turns it down, and how it does so is the answer.

mod application;
mod finding;
mod login;
mod settings;
mod tenant;
mod wire;

use std::io::{self, Read as _};

use clap::Args;
use secrecy::SecretString;

use self::{finding::Report, settings::Settings, tenant::Tenant, wire::Wire};
use crate::failure::Failure;

#[derive(Debug, Args)]
#[command(after_help = "\
Reads AUTH0_DOMAIN, AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET, AUTH0_SECRET, APP_BASE_URL and the others that the SDK reads.
A line a check: `ok`, `warn` or `FAIL` with what to change where. Exit code 0 if nothing failed, 1 otherwise.

With a user the checks go on to what only a login shows: rotation of refresh tokens, a policy that stops background
refreshes, the tenant's clock. The application's `Password` grant must be on for that:

    printf %s \"$PASSWORD\" | stepup doctor --user ada@example.com --password-stdin")]
pub(crate) struct Arguments {
    /// Print one JSON object a check: `check`, `verdict`, `detail`, `change`
    #[arg(long)]
    json: bool,
    /// Log this user in, to look further
    #[arg(long, value_name = "EMAIL", requires = "password_stdin")]
    user: Option<String>,
    /// Read the user's password from standard input
    #[arg(long, requires = "user")]
    password_stdin: bool,
    /// The code that the user's authenticator app shows, where the login needs one
    #[arg(long, value_name = "CODE", requires = "user")]
    otp: Option<String>,
}

/// Who logs in for the checks that need a login.
#[derive(Debug)]
struct Person {
    email: String,
    password: SecretString,
    otp: Option<String>,
}

/// Runs every check that the ones before it leave sense in.
pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let person = person(arguments)?;
    let mut report = Report::new(arguments.json);
    check(&mut report, person.as_ref()).await?;
    report.outcome()
}

async fn check(report: &mut Report, person: Option<&Person>) -> Result<(), Failure> {
    let Some(settings) = Settings::read(report) else { return Ok(()) };
    settings.check(report);
    let wire = Wire::new()?;
    let Some(tenant) = Tenant::discover(&wire, &settings, report).await else { return Ok(()) };
    if !application::client_authentication(&tenant, report).await {
        return Ok(());
    }
    application::grants(&tenant, report).await;
    application::callbacks(&tenant, report).await;
    application::logout(&tenant, report).await;
    if let Some(person) = person {
        login::check(&tenant, person, report).await;
    }
    Ok(())
}

fn person(arguments: &Arguments) -> Result<Option<Person>, Failure> {
    let Some(email) = arguments.user.clone() else { return Ok(None) };
    let mut password = String::new();
    io::stdin().read_to_string(&mut password).map_err(|error| Failure::other(&error))?;
    let password = password.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(Failure::Usage("no password came on standard input".to_owned()));
    }
    Ok(Some(Person { email, password: SecretString::from(password), otp: arguments.otp.clone() }))
}
