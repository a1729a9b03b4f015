//! The MFA API for the server side: everything but verify, which has a room of its own.

use std::sync::Arc;

use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::ExposeSecret as _;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use stepup_protocol::{
    error::OAuthError,
    mfa::{AssociateResponse, Authenticator, ChallengeResponse, FactorType, MfaRequirements},
    scope::Scopes,
};

use super::{
    Challenge, ChallengeError, DeleteAuthenticatorError, Enroll, EnrollError, ListAuthenticatorsError,
    MfaRequired, MfaToken, MfaTokenError, Operation, Refusal,
    failure::Failure,
    once::StepUp,
    requirement,
    token::{Context, RawToken, Sealing},
};
use crate::{
    client::Client,
    provider::{MfaAnswer, MfaCall, StepUpDue},
    session::Session,
    telemetry,
};

/// What stays as it is in a path segment: the unreserved characters of RFC 3986 section 2.3.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The second factor of a user, as far as a pending step-up reaches. From [`Client::mfa`].
#[derive(Clone, Copy, Debug)]
pub struct Mfa<'a> {
    pub(super) client: &'a Client,
    pub(super) session: Option<&'a Session>,
}

impl Client {
    /// The calls that a step-up needs.
    #[must_use]
    pub const fn mfa(&self) -> Mfa<'_> {
        Mfa { client: self, session: None }
    }

    fn mfa_sealing(&self) -> Sealing<'_> {
        Sealing {
            sealer: self.sealer(),
            peers: self.peers(),
            issuer: self.issuer(),
            ttl: self.config().mfa_context_ttl,
            now: self.now(),
            random: self.random(),
        }
    }
}

impl<'a> Mfa<'a> {
    /// The same calls for the user of `session` alone: a token that was made for anybody else is
    /// [`MfaTokenError::NotFound`]. Without a session, whoever holds a token may use it.
    #[must_use]
    pub fn of(self, session: impl Into<Option<&'a Session>>) -> Self {
        Self { session: session.into(), ..self }
    }

    /// The user's authenticators that may answer, in the tenant's order; pending ones are `active: false`.
    ///
    /// # Errors
    ///
    /// See [`ListAuthenticatorsError`].
    pub async fn authenticators(
        &self,
        token: &MfaToken,
    ) -> Result<Vec<Authenticator>, ListAuthenticatorsError> {
        self.known(&self.open(token)?).await
    }

    /// All of the user's authenticators, whatever is asked for now.
    pub(crate) async fn all_authenticators(
        &self,
        token: &MfaToken,
    ) -> Result<Vec<Authenticator>, ListAuthenticatorsError> {
        self.known(&Context { requirements: None, ..self.open(token)? }).await
    }

    async fn known(&self, context: &Context) -> Result<Vec<Authenticator>, ListAuthenticatorsError> {
        let listed = self.list(context).await?;
        // An authenticator of a kind that is not known here cannot be used here either.
        Ok(listed.into_iter().filter_map(|entry| serde_json::from_value(entry).ok()).collect())
    }

    /// The factors of which one must be challenged, in the Action's order; empty where no Action asked, when any enrolled
    /// one will do. Asks nobody.
    ///
    /// # Errors
    ///
    /// The token will not do.
    pub fn challenge_factors(&self, token: &MfaToken) -> Result<Vec<FactorType>, MfaTokenError> {
        let context = self.open(token)?;
        Ok(requirement::challenge_factors(context.requirements.as_ref()))
    }

    /// The factors of which the user is asked to enrol one; empty where no Action asked, when any that the tenant
    /// offers will do. Asks nobody.
    ///
    /// # Errors
    ///
    /// The token will not do.
    pub fn enrollment_factors(&self, token: &MfaToken) -> Result<Vec<FactorType>, MfaTokenError> {
        let context = self.open(token)?;
        Ok(requirement::enrollment_factors(context.requirements.as_ref()))
    }

    /// Begins an enrolment. The first successful verify with the new authenticator confirms it; its answer may hold a
    /// recovery code, which is shown to the user once.
    ///
    /// # Errors
    ///
    /// See [`EnrollError`].
    pub async fn enroll(&self, token: &MfaToken, enroll: &Enroll) -> Result<AssociateResponse, EnrollError> {
        let context = self.open(token)?;
        let answer = self.associate(&context, enroll).await?;
        Ok(typed(answer, Operation::Enroll)?)
    }

    /// Begins a challenge: sends the message or the push. An authenticator app needs none.
    ///
    /// # Errors
    ///
    /// See [`ChallengeError`].
    pub async fn challenge(
        &self,
        token: &MfaToken,
        challenge: &Challenge,
    ) -> Result<ChallengeResponse, ChallengeError> {
        let context = self.open(token)?;
        let answer = self.begin_challenge(&context, challenge).await?;
        Ok(typed(answer, Operation::Challenge)?)
    }

    /// Deletes an authenticator.
    ///
    /// # Errors
    ///
    /// See [`DeleteAuthenticatorError`].
    pub async fn delete_authenticator(
        &self,
        token: &MfaToken,
        id: &str,
    ) -> Result<(), DeleteAuthenticatorError> {
        let context = self.open(token)?;
        self.delete(&context, id).await
    }

    /// Opens `token`; where there is a session, it must be the session's.
    pub(crate) fn open(&self, token: &MfaToken) -> Result<Context, MfaTokenError> {
        let subject = self.session.map(Session::subject);
        let opened = self.client.mfa_sealing().open(token);
        let opened = opened.and_then(|context| context.check_subject(subject).map(|()| context));
        match &opened {
            Err(MfaTokenError::Expired) => self.give_up(token, "expired"),
            Err(MfaTokenError::Invalid) => telemetry::mfa_token_refused("mfa_token_invalid", subject),
            Err(MfaTokenError::NotFound) => telemetry::user_mismatch("mfa_token", subject),
            Ok(_) => {}
        }
        opened
    }

    /// Counts the step-up of `token` as given up, unless it is known to have ended.
    pub(crate) fn give_up(&self, token: &MfaToken, reason: &'static str) {
        let raw = self.client.mfa_sealing().raw(token);
        if raw.is_some_and(|raw| self.client.step_ups().end(&raw)) {
            telemetry::mfa_abandoned(reason, self.session.map(Session::subject));
        }
    }

    /// What this process knows of the step-up.
    pub(super) fn step_up(&self, context: &Context) -> Arc<StepUp> {
        let ends = context.created_at + self.client.config().mfa_context_ttl;
        self.client.step_ups().of(&context.raw, ends, self.client.now())
    }

    /// `GET mfa/authenticators`, filtered by the requirements; the entries as the tenant wrote them.
    pub(crate) async fn list(&self, context: &Context) -> Result<Vec<Value>, ListAuthenticatorsError> {
        let call = MfaCall {
            method: Method::GET,
            path: "authenticators",
            bearer: Some(context.raw.bearer()),
            body: None,
            authenticated: false,
        };
        let listed = async {
            match self.call(call, Operation::List).await? {
                Value::Array(listed) => Ok(requirement::usable(listed, context.requirements.as_ref())),
                _ => Err(Failure::unusable(Operation::List, "there is no list in it").into()),
            }
        };
        step(Operation::List, None, context).run(listed).await
    }

    /// `POST mfa/associate`; the answer as the tenant wrote it.
    pub(crate) async fn associate(&self, context: &Context, enroll: &Enroll) -> Result<Value, EnrollError> {
        let call = MfaCall {
            method: Method::POST,
            path: "associate",
            bearer: Some(context.raw.bearer()),
            body: Some(json!(enroll)),
            authenticated: false,
        };
        let enrolled = async {
            let enrolled = self.call(call, Operation::Enroll).await?;
            self.step_up(context).asked_by(enroll.factor());
            Ok(enrolled)
        };
        step(Operation::Enroll, Some(enroll.factor()), context).run(enrolled).await
    }

    /// `POST mfa/challenge`, with the client's credentials; the answer as the tenant wrote it.
    pub(crate) async fn begin_challenge(
        &self,
        context: &Context,
        challenge: &Challenge,
    ) -> Result<Value, ChallengeError> {
        let mut body =
            json!({ "challenge_type": challenge.challenge_type, "mfa_token": context.raw.expose() });
        if let Some(id) = &challenge.authenticator_id {
            body["authenticator_id"] = id.as_str().into();
        }
        let call = MfaCall {
            method: Method::POST,
            path: "challenge",
            bearer: None,
            body: Some(body),
            authenticated: true,
        };
        let begun = async {
            requirement::allow_challenge(&challenge.challenge_type, context.requirements.as_ref())
                .map_err(ChallengeError::NoAvailableFactors)?;
            let begun = self.call(call, Operation::Challenge).await?;
            self.step_up(context).asked_by(challenge.factor());
            Ok(begun)
        };
        step(Operation::Challenge, Some(challenge.factor()), context).run(begun).await
    }

    /// `DELETE mfa/authenticators/{id}`.
    pub(crate) async fn delete(&self, context: &Context, id: &str) -> Result<(), DeleteAuthenticatorError> {
        // Dots alone would lead to another address, encoded or not (WHATWG URL, "double-dot path segment").
        if matches!(id, "" | "." | "..") {
            return Err(Failure::Refused(Refusal::no_such_authenticator()).into());
        }
        let path = format!("authenticators/{}", utf8_percent_encode(id, SEGMENT));
        let call = MfaCall {
            method: Method::DELETE,
            path: &path,
            bearer: Some(context.raw.bearer()),
            body: None,
            authenticated: false,
        };
        let deleted = async {
            let answer = self.send(call, Operation::Delete).await?;
            if answer.status.is_success() { Ok(()) } else { Err(refused(answer, Operation::Delete).into()) }
        };
        step(Operation::Delete, None, context).run(deleted).await
    }

    /// A call whose success is JSON. As at the token endpoint, an error counts under whichever status it comes.
    async fn call(&self, call: MfaCall<'_>, operation: Operation) -> Result<Value, Failure> {
        let answer = self.send(call, operation).await?;
        let says_error = answer.json.as_ref().is_some_and(|json| json.get("error").is_some());
        if says_error || !answer.status.is_success() {
            return Err(refused(answer, operation));
        }
        answer.json.ok_or_else(|| Failure::unusable(operation, "there is no JSON in it"))
    }

    async fn send(&self, call: MfaCall<'_>, operation: Operation) -> Result<MfaAnswer, Failure> {
        self.client.provider().mfa(call).await.map_err(|error| Failure::of(operation, error))
    }
}

impl MfaRequired {
    /// Seals what the tenant answered where a second factor is due. `audience` and `scope` are what was asked for, the
    /// default audience being `None`; `subject` is the session's user.
    pub(crate) fn seal(
        client: &Client,
        due: StepUpDue,
        audience: Option<&str>,
        scope: &Scopes,
        subject: Option<&str>,
    ) -> Self {
        Self::sealed(client, due, |raw, requirements| Context {
            raw,
            audience: audience.map(str::to_owned),
            scope: scope.clone(),
            requirements,
            issuer: Some(client.issuer().to_owned()),
            subject: subject.map(str::to_owned),
            created_at: client.now(),
            proved: Vec::new(),
        })
    }

    /// Seals what the tenant answered where a further factor is due after those in `proved`.
    pub(super) fn seal_next(
        client: &Client,
        due: StepUpDue,
        before: &Context,
        proved: Vec<FactorType>,
    ) -> Self {
        Self::sealed(client, due, |raw, requirements| Context {
            raw,
            requirements,
            issuer: Some(client.issuer().to_owned()),
            created_at: client.now(),
            proved,
            ..before.clone()
        })
    }

    fn sealed(
        client: &Client,
        StepUpDue { body, recovery_code }: StepUpDue,
        context: impl FnOnce(RawToken, Option<MfaRequirements>) -> Context,
    ) -> Self {
        let raw = body.mfa_token.and_then(RawToken::new);
        let sealed = raw.map(|raw| client.mfa_sealing().seal(&context(raw, body.mfa_requirements.clone())));
        Self {
            recovery_code: recovery_code.map(|code| code.expose_secret().to_owned()),
            ..Self::new(sealed, body.mfa_requirements, body.error_description)
        }
    }
}

/// For the span and the counts of a call.
pub(super) fn step<'c>(
    operation: Operation,
    factor: Option<&'static str>,
    context: &'c Context,
) -> telemetry::Step<'c> {
    telemetry::Step { operation, factor, subject: context.subject.as_deref(), adds: false }
}

/// What an answer that is no success says: the tenant's own words if it found any.
fn refused(answer: MfaAnswer, operation: Operation) -> Failure {
    let words = answer.json.and_then(|json| serde_json::from_value::<OAuthError>(json).ok());
    match words.filter(|words| !words.error.is_empty()) {
        Some(words) => Failure::Refused(Refusal {
            status: answer.status,
            error: words.error,
            description: words.error_description,
            retry_after: answer.retry_after,
        }),
        None => {
            let reason = "there is no OAuth error in it";
            Failure::without_words(operation, answer.status, answer.retry_after, reason)
        }
    }
}

pub(super) fn typed<T: DeserializeOwned>(answer: Value, operation: Operation) -> Result<T, Failure> {
    serde_json::from_value(answer).map_err(|error| Failure::unusable(operation, error.to_string()))
}
