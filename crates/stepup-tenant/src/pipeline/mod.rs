//! The Actions of a flow, one after the other, with the factors that they and the policy ask for in between.
//!
//! [`advance`] takes a flow as far as it gets: to its end, or to the next thing that the user must do. What it has to
//! remember until then is [`Progress`], which is kept with the transaction. Which factor is due is not decided here but in
//! [`crate::mfa::requirement`].

mod caller;
mod event;
mod progress;

use std::collections::BTreeMap;

use serde_json::Value;
use stepup_protocol::{mfa::FactorType, scope::Scopes};

pub(crate) use self::{
    caller::{Caller, header_text},
    event::SECRET_PARAMETERS,
    progress::Progress,
};
use crate::{
    actions::{Action, Cause, ConsoleLine, Entry, Host, Outcome, merge},
    config::Client,
    factors,
    mfa::requirement::{Asked, Confidence, Flow, Requirement, Seen, requirement},
    model::{RefreshToken, TenantSession, User},
    oauth::{
        audit::Audit,
        error::{Failure, TenantFault, UserFault},
    },
    state::Shared,
};

/// What stays the same while a flow advances.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    /// Which flow.
    pub(crate) flow: Flow,
    /// `event.transaction.protocol`.
    pub(crate) protocol: &'static str,
    /// Who asks.
    pub(crate) client: &'a Client,
    /// From where.
    pub(crate) caller: &'a Caller,
    /// The parameters of the authorization request; empty at the token endpoint.
    pub(crate) parameters: &'a BTreeMap<String, String>,
    /// `event.request.query`: those parameters, or what the browser returned with from where an Action sent it.
    pub(crate) query: &'a BTreeMap<String, String>,
    /// The parameters of the token request without secrets; empty on the pages.
    pub(crate) body: Value,
    /// The API that the tokens are for.
    pub(crate) audience: Option<&'a str>,
    /// What was asked for.
    pub(crate) scope: &'a Scopes,
    /// The browser's session.
    pub(crate) session: Option<&'a TenantSession>,
    /// The token that is being exchanged.
    pub(crate) refresh_token: Option<&'a RefreshToken>,
    /// `acr_values` demands a second factor.
    pub(crate) acr_multi_factor: bool,
    /// The tokens are for the MFA API.
    pub(crate) for_mfa_api: bool,
    /// The session that goes on has passed a second factor before this transaction.
    pub(crate) session_has_mfa: bool,
    /// The browser was remembered.
    pub(crate) browser_remembered: bool,
}

/// How far a flow got.
#[derive(Debug)]
pub(crate) enum Advanced {
    /// An Action sends the browser elsewhere; the flow goes on when it returns to `/continue`.
    Away(String),
    /// Every Action has run and nothing is due.
    Done,
    /// The user must use or enrol a factor: [`Progress::waiting`] says which.
    Waiting,
}

/// Takes the flow of `user` as far as it gets.
///
/// # Errors
/// An Action denied, failed, or asked for what cannot be done; or the store failed.
pub(crate) async fn advance(
    shared: &Shared,
    facts: &Facts<'_>,
    user: &mut User,
    progress: &mut Progress,
) -> Result<Advanced, Failure> {
    loop {
        let held = shared.store.authenticators(&user.user_id).await?;
        let factors = factors::of_user(&shared.config, user, &held);
        if let Some(command) = progress.queue.front().cloned() {
            if decide(shared, facts, user, &factors, progress, Asked::Command(&command)).await? {
                return Ok(Advanced::Waiting);
            }
            progress.queue.pop_front();
            progress.commands += 1;
        } else if let Some(redirect) = progress.redirect.take() {
            progress.away = true;
            return Ok(Advanced::Away(redirect.url));
        } else if let Some((action, entry)) = next_action(&shared.config.actions, progress) {
            let outcome = run(shared, facts, user, &factors.enrolled, progress, action, entry).await?;
            absorb(shared, facts, user, progress, outcome).await?;
        } else {
            let enabled = progress.multifactor.clone();
            let waits = decide(shared, facts, user, &factors, progress, Asked::End(enabled.as_ref())).await?;
            return Ok(if waits { Advanced::Waiting } else { Advanced::Done });
        }
    }
}

/// The Action whose turn it is, and which of its functions.
fn next_action<'a>(actions: &'a [Action], progress: &mut Progress) -> Option<(&'a Action, Entry)> {
    if std::mem::take(&mut progress.away) {
        let returned_to = progress.next.checked_sub(1).and_then(|index| actions.get(index));
        return returned_to.map(|action| (action, Entry::ContinuePostLogin));
    }
    let action = actions.get(progress.next)?;
    progress.next += 1;
    Some((action, Entry::PostLogin))
}

async fn run(
    shared: &Shared,
    facts: &Facts<'_>,
    user: &User,
    enrolled: &[FactorType],
    progress: &Progress,
    action: &Action,
    entry: Entry,
) -> Result<Outcome, Failure> {
    let mut seed = [0; 32];
    shared.random.fill(&mut seed);
    let host = Host { now: shared.clock.now(), seed };
    let event = event::event(shared, facts, user, enrolled, progress);
    match shared.actions.run(action, entry, event, host).await {
        Ok(outcome) => Ok(outcome),
        // An Action that sends the browser away need not have anything to do when it returns.
        Err(error) if error.cause == Cause::NoHandler(Entry::ContinuePostLogin) => Ok(Outcome::default()),
        Err(error) => {
            print(&error.console);
            let reason = error.cause.to_string();
            audit(shared, facts, user)
                .describe(format!("the Action {} failed: {reason}", error.action))
                .write("f")
                .await;
            Err(TenantFault::Action(Box::new(error)).into())
        }
    }
}

/// Passes on what an Action printed.
fn print(console: &[ConsoleLine]) {
    for line in console {
        tracing::info!(target: "stepup_tenant::action", level = ?line.level, "{}", line.text);
    }
}

/// Takes over what an Action decided.
async fn absorb(
    shared: &Shared,
    facts: &Facts<'_>,
    user: &mut User,
    progress: &mut Progress,
    outcome: Outcome,
) -> Result<(), Failure> {
    print(&outcome.console);
    merge(&mut user.user_metadata, &outcome.changes.user_metadata);
    merge(&mut user.app_metadata, &outcome.changes.app_metadata);
    merge(&mut progress.metadata, &outcome.transaction_metadata);
    progress.changes.absorb(outcome.changes);
    progress.multifactor = outcome.multifactor.or(progress.multifactor.take());
    let now = shared.clock.now();
    progress.methods.extend(
        outcome.recorded_methods.into_iter().map(|name| crate::model::AuthenticationMethod {
            name,
            timestamp: now,
            factor: None,
        }),
    );
    if let Some(denial) = outcome.denial {
        write_metadata(shared, user, progress).await?;
        return Err(UserFault::Denied(denial.reason).into());
    }
    if outcome.redirect.is_some() && facts.flow != Flow::Interactive {
        return Err(UserFault::InteractionRequired.into());
    }
    progress.queue = outcome.commands.into();
    progress.redirect = outcome.redirect;
    Ok(())
}

/// Writes what the Actions changed of the user's metadata.
pub(crate) async fn write_metadata(shared: &Shared, user: &User, progress: &Progress) -> Result<(), Failure> {
    let changes = &progress.changes;
    if !changes.user_metadata.is_empty() || !changes.app_metadata.is_empty() {
        let now = shared.clock.now();
        shared
            .store
            .merge_metadata(&user.user_id, &changes.user_metadata, &changes.app_metadata, now)
            .await?;
    }
    Ok(())
}

/// Asks what is due, notes it, and says whether the flow has to wait for it.
async fn decide(
    shared: &Shared,
    facts: &Facts<'_>,
    user: &User,
    factors: &crate::mfa::requirement::Factors,
    progress: &mut Progress,
    asked: Asked<'_>,
) -> Result<bool, Failure> {
    let seen = Seen {
        flow: facts.flow,
        passed: &progress.passed,
        commands: progress.commands,
        acr_multi_factor: facts.acr_multi_factor,
        for_mfa_api: facts.for_mfa_api,
        session_has_mfa: facts.session_has_mfa,
        browser_remembered: facts.browser_remembered,
        confidence: Confidence::High,
    };
    let decision = requirement(shared.config.policy, asked, factors, &seen);
    for dropped in &decision.dropped {
        audit(shared, facts, user).describe(dropped.to_string()).write("w").await;
    }
    match decision.requirement {
        Requirement::Nothing => Ok(false),
        Requirement::Refused(refusal) => {
            audit(shared, facts, user).describe(refusal.to_string()).write("mfar").await;
            write_metadata(shared, user, progress).await?;
            Err(refusal.into())
        }
        due => {
            progress.waiting = Some(due);
            Ok(true)
        }
    }
}

fn audit<'a>(shared: &'a Shared, facts: &Facts<'_>, user: &User) -> Audit<'a> {
    Audit::new(shared, facts.caller).client(facts.client).user(user).audience(facts.audience)
}
