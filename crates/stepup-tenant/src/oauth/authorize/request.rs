//! The authorization request as a list of steps, one a rule: [`accept`] is the page to audit.
//!
//! Until the client and its callback are known to each other nothing is ever redirected ([`Refused::Page`]); from there on
//! the client is told ([`Refused::Client`]).

use std::collections::BTreeMap;

use stepup_protocol::{claims::ACR_MULTI_FACTOR, error::code, scope::Scopes};

use super::respond::{Answer, ResponseMode};
use crate::{
    config::Client,
    model::CodeChallenge,
    oauth::{
        access::{self, Target},
        dpop::{ProofFault, is_thumbprint},
        error::Failure,
        pkce,
    },
    state::State,
};

/// The parameters of an authorization request by name.
pub(crate) type Parameters = BTreeMap<String, String>;

/// The longest value that is taken, in bytes: it comes back in an address.
const LONGEST_VALUE: usize = 4096;

/// An authorization request that may go on.
#[derive(Debug)]
pub(crate) struct Accepted<'a> {
    /// Who asks.
    pub(crate) client: &'a Client,
    /// Where and how it is answered.
    pub(crate) answer: Answer,
    /// Whether the request named the redirect URI.
    pub(crate) redirect_uri_named: bool,
    /// What it wants of the user.
    pub(crate) prompt: Prompt,
    /// Seconds since the user last gave a password.
    pub(crate) max_age: Option<u64>,
    /// `acr_values` demands a second factor.
    pub(crate) acr_multi_factor: bool,
    /// PKCE.
    pub(crate) code_challenge: Option<CodeChallenge>,
    /// For which API.
    pub(crate) target: Target<'a>,
    /// What can be granted of what was asked for.
    pub(crate) scope: Scopes,
}

/// `prompt` (OIDC Core section 3.1.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prompt {
    /// The user signs up (Initiating User Registration via OpenID Connect section 4).
    pub(crate) create: bool,
    /// No page may be shown.
    pub(crate) none: bool,
    /// The user logs in again.
    pub(crate) login: bool,
    /// The user consents again.
    pub(crate) consent: bool,
}

/// Why a request goes no further.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The client is told.
    Client(Answer, Problem),
    /// Nobody can be told but the person in front of the browser.
    Page(PageProblem),
}

/// An error for the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// `error`.
    pub(crate) error: &'static str,
    /// `error_description`.
    pub(crate) description: String,
}

/// An error that is shown and never redirected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PageProblem {
    /// The callback is not one of the client's.
    CallbackMismatch(String),
    /// The tenant failed.
    Failed,
    /// A parameter is missing or cannot be right.
    Invalid(&'static str),
    /// The `request_uri` is unknown, expired, used, or another client's.
    PushedRequest,
    /// No such client.
    UnknownClient(String),
}

impl PageProblem {
    /// What is wrong, in a line.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::CallbackMismatch(_) => "Callback URL mismatch.".to_owned(),
            Self::Failed => "Something went wrong.".to_owned(),
            Self::Invalid(name) => format!("Missing required parameter: {name}"),
            Self::PushedRequest => "The request_uri is unknown, expired or was used before.".to_owned(),
            Self::UnknownClient(id) => format!("Unknown client: {id}"),
        }
    }

    /// Its `error`.
    pub(crate) const fn error(&self) -> &'static str {
        match self {
            Self::Failed => code::SERVER_ERROR,
            Self::CallbackMismatch(_) | Self::Invalid(_) | Self::PushedRequest | Self::UnknownClient(_) => {
                code::INVALID_REQUEST
            }
        }
    }
}

/// Checks a request, rule by rule.
pub(crate) fn accept<'a>(state: &'a State, parameters: &'a Parameters) -> Result<Accepted<'a>, Refused> {
    let client = known_client(state, parameters).map_err(Refused::Page)?;
    let (redirect_uri, redirect_uri_named) =
        registered_callback(client, parameters).map_err(Refused::Page)?;
    let mut answer =
        Answer::new(redirect_uri, ResponseMode::Query, parameters.get("state").map(String::as_str));
    match response_mode(parameters) {
        Ok(mode) => answer.mode = mode,
        Err(problem) => return Err(Refused::Client(answer, problem)),
    }
    message_target(client, &answer).map_err(Refused::Page)?;

    let checked = || {
        no_oversized_value(parameters)?;
        no_request_object(parameters)?;
        response_type(parameters)?;
        let prompt = prompt(parameters)?;
        let max_age = max_age(parameters)?;
        no_organization(parameters)?;
        let code_challenge = code_challenge(client, parameters)?;
        key_thumbprint(parameters)?;
        let target = known_api(state, parameters)?;
        usable_connection(state, client, parameters)?;
        let asked = parameters.get("scope").map(|scope| Scopes::from(scope.as_str())).unwrap_or_default();
        let scope = target.grantable(state, client, &asked);
        Ok((prompt, max_age, code_challenge, target, scope))
    };
    match checked() {
        Ok((prompt, max_age, code_challenge, target, scope)) => Ok(Accepted {
            client,
            answer,
            redirect_uri_named,
            prompt,
            max_age,
            acr_multi_factor: state.config.mfa.acr_values_demand_mfa && demands_mfa(parameters),
            code_challenge,
            target,
            scope,
        }),
        Err(problem) => Err(Refused::Client(answer, problem)),
    }
}

/// The client, and the callback that its request is answered to, where they are known to each other.
pub(crate) fn answered_to<'a>(state: &'a State, parameters: &Parameters) -> Option<(&'a Client, String)> {
    let client = known_client(state, parameters).ok()?;
    let (redirect_uri, _) = registered_callback(client, parameters).ok()?;
    Some((client, redirect_uri))
}

/// RFC 6749 section 4.1.2.1: without a client there is nobody to tell.
fn known_client<'a>(state: &'a State, parameters: &Parameters) -> Result<&'a Client, PageProblem> {
    let id = parameters.get("client_id").ok_or(PageProblem::Invalid("client_id"))?;
    state.config.client(id).ok_or_else(|| PageProblem::UnknownClient(id.clone()))
}

/// RFC 9700 section 2.1: the callback is compared with the registered ones exactly, or there is just one.
fn registered_callback(client: &Client, parameters: &Parameters) -> Result<(String, bool), PageProblem> {
    match parameters.get("redirect_uri") {
        // Whatever else a URL parser forgives must not reach a Location header.
        Some(sent) if sent.bytes().all(|byte| byte.is_ascii_graphic()) && client.callbacks.allows(sent) => {
            Ok((sent.clone(), true))
        }
        Some(sent) => Err(PageProblem::CallbackMismatch(sent.clone())),
        None => match client.callbacks.only() {
            Some(only) => Ok((only.to_owned(), false)),
            None => Err(PageProblem::Invalid("redirect_uri")),
        },
    }
}

fn response_mode(parameters: &Parameters) -> Result<ResponseMode, Problem> {
    match parameters.get("response_mode") {
        None => Ok(ResponseMode::Query),
        Some(mode) => ResponseMode::parse(mode)
            .ok_or_else(|| Problem::invalid(format!("Unknown response_mode: {mode}"))),
    }
}

/// A `web_message` answer is posted to an origin, which has to be one of the client's web origins.
fn message_target(client: &Client, answer: &Answer) -> Result<(), PageProblem> {
    if answer.mode != ResponseMode::WebMessage {
        return Ok(());
    }
    let allowed = answer.origin().is_some_and(|origin| client.web_origins.allows_origin(&origin));
    if allowed { Ok(()) } else { Err(PageProblem::CallbackMismatch(answer.redirect_uri.clone())) }
}

fn no_oversized_value(parameters: &Parameters) -> Result<(), Problem> {
    match parameters.iter().find(|(_, value)| value.len() > LONGEST_VALUE) {
        Some((name, _)) => Err(Problem::invalid(format!("{name} is longer than {LONGEST_VALUE} bytes"))),
        None => Ok(()),
    }
}

/// OIDC Core section 6: discovery says that neither is supported.
fn no_request_object(parameters: &Parameters) -> Result<(), Problem> {
    for (name, error) in [("request", "request_not_supported"), ("request_uri", "request_uri_not_supported")]
    {
        if parameters.contains_key(name) {
            return Err(Problem { error, description: format!("{name} is not supported") });
        }
    }
    Ok(())
}

fn response_type(parameters: &Parameters) -> Result<(), Problem> {
    match parameters.get("response_type").map(String::as_str) {
        Some("code") => Ok(()),
        Some(other) => Err(Problem {
            error: code::UNSUPPORTED_RESPONSE_TYPE,
            description: format!("Unsupported response type: {other}"),
        }),
        None => Err(Problem::invalid("Missing required parameter: response_type")),
    }
}

fn prompt(parameters: &Parameters) -> Result<Prompt, Problem> {
    let mut prompt = Prompt::default();
    let text = parameters.get("prompt").map(String::as_str).unwrap_or_default();
    for word in text.split_ascii_whitespace() {
        match word {
            "none" => prompt.none = true,
            // There is no list of accounts to choose from: another one logs in.
            "login" | "select_account" => prompt.login = true,
            "consent" => prompt.consent = true,
            "create" => prompt.create = true,
            other => return Err(Problem::invalid(format!("Unknown prompt: {other}"))),
        }
    }
    if prompt.none && (prompt.login || prompt.consent || prompt.create) {
        return Err(Problem::invalid("prompt=none cannot be combined with another prompt"));
    }
    Ok(prompt)
}

fn max_age(parameters: &Parameters) -> Result<Option<u64>, Problem> {
    let Some(text) = parameters.get("max_age") else { return Ok(None) };
    text.parse().map(Some).map_err(|_| Problem::invalid("max_age must be a number of seconds"))
}

/// There are no organizations here: a login that ignored one would bring tokens that do not name it.
fn no_organization(parameters: &Parameters) -> Result<(), Problem> {
    match ["organization", "organization_name"].iter().find_map(|name| parameters.get(*name)) {
        Some(organization) => Err(Problem::invalid(format!("Unknown organization: {organization}"))),
        None => Ok(()),
    }
}

/// RFC 9700 section 2.1.1: a public client must use PKCE.
fn code_challenge(client: &Client, parameters: &Parameters) -> Result<Option<CodeChallenge>, Problem> {
    let text = |name| parameters.get(name).map(String::as_str);
    let challenge = pkce::challenge(text("code_challenge"), text("code_challenge_method"))
        .map_err(|error| Problem::invalid(error.to_string()))?;
    if challenge.is_none() && client.public() {
        return Err(Problem::invalid("Missing required parameter: code_challenge"));
    }
    Ok(challenge)
}

/// RFC 9449 section 10: what can be no thumbprint would bind the code to a key that nobody has.
fn key_thumbprint(parameters: &Parameters) -> Result<(), Problem> {
    match parameters.get("dpop_jkt") {
        Some(text) if !is_thumbprint(text) => Err(Problem::invalid(ProofFault::Thumbprint.to_string())),
        _ => Ok(()),
    }
}

fn known_api<'a>(state: &'a State, parameters: &'a Parameters) -> Result<Target<'a>, Problem> {
    let parameter = |name| parameters.get(name).map(String::as_str);
    let audience = access::named(&state.config, parameter("audience"), parameter("resource"));
    Target::find(state, audience).ok_or_else(|| Problem {
        error: code::ACCESS_DENIED,
        description: format!("Service not found: {}", audience.unwrap_or_default()),
    })
}

/// `connection`: one that is there and that the client may use.
fn usable_connection(state: &State, client: &Client, parameters: &Parameters) -> Result<(), Problem> {
    let Some(name) = parameters.get("connection") else { return Ok(()) };
    match state.config.connection(name) {
        Some(named) if named.enabled_for(&client.client_id) => Ok(()),
        Some(_) => Err(Problem::invalid("the connection was disabled")),
        None => Err(Problem::invalid("the connection was not found")),
    }
}

/// OIDC Core section 3.1.2.1, `acr_values`: only the multi-factor word has an effect.
fn demands_mfa(parameters: &Parameters) -> bool {
    let words = parameters.get("acr_values").map(String::as_str).unwrap_or_default();
    words.split_ascii_whitespace().any(|word| word == ACR_MULTI_FACTOR)
}

impl Problem {
    /// `invalid_request`.
    pub(crate) fn invalid(description: impl Into<String>) -> Self {
        Self { error: code::INVALID_REQUEST, description: description.into() }
    }

    /// What the client is told of a failure; its cause goes to the log.
    pub(crate) fn of(failure: &Failure) -> Self {
        if let Failure::Tenant(fault) = failure {
            tracing::error!(error = fault as &dyn std::error::Error, "a login failed");
        }
        let wire = failure.wire();
        Self { error: wire.error, description: wire.description }
    }

    /// `login_required`, in the words that clients tell a missing session from a missing factor by.
    pub(crate) fn login_required(description: &str) -> Self {
        Self { error: code::LOGIN_REQUIRED, description: description.to_owned() }
    }
}
