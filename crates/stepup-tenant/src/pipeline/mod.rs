//! The Actions of a flow, one after the other, with the factors that they and the policy ask for in between.
//!
//! [`advance`] takes a flow as far as it gets: to its end, or to the next thing that the user must do. What it has to
//! remember until then is [`Progress`], which is kept with the transaction. Which factor is due is not decided here but in
//! [`crate::mfa::requirement`].

mod caller;
mod event;
mod progress;
mod run;
mod trace;

use std::collections::BTreeMap;

use serde_json::Value;
use stepup_protocol::scope::Scopes;

pub(crate) use self::{
    caller::{Caller, header_text},
    event::SECRET_PARAMETERS,
    progress::Progress,
    run::write_metadata,
};
use crate::{
    actions::{Action, Entry},
    config::{Client, MfaPolicy},
    factors,
    mfa::requirement::{Asked, Confidence, Flow, Requirement, Seen, requirement},
    model::{Digest, RefreshToken, TenantSession, User},
    oauth::{audit::Audit, error::Failure},
    risk,
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
    /// The mark of the browser, where it has one.
    pub(crate) browser: Option<&'a Digest>,
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
    /// The user must prove something: [`Progress::waiting`] says what.
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
    assess(shared, facts, user, progress).await?;
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
            let enrolled = event::Enrolled { factors: &factors.enrolled, held: &held };
            let outcome = run::run(shared, facts, user, enrolled, progress, action, entry).await?;
            run::absorb(shared, facts, user, progress, outcome).await?;
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

/// Assesses the login once, where the policy asks or a test has something to say of it. A background exchange is no login.
async fn assess(
    shared: &Shared,
    facts: &Facts<'_>,
    user: &User,
    progress: &mut Progress,
) -> Result<(), Failure> {
    let adaptive = shared.config.policy == MfaPolicy::Adaptive;
    if !adaptive || progress.risk.is_some() || facts.flow == Flow::Refresh {
        return Ok(());
    }
    let signal = risk::matching(shared.store.signals().await?, &user.user_id, &facts.caller.ip);
    if facts.flow == Flow::Password && signal.is_none() {
        return Ok(());
    }
    let known = shared.store.known_devices(&user.user_id, shared.clock.now()).await?;
    let login = risk::Login {
        device: facts.browser,
        user_agent: &facts.caller.user_agent,
        ip: &facts.caller.ip,
        logins: user.logins_count,
    };
    progress.risk = Some(risk::assess(&shared.config.risk, login, &known, signal.as_ref()));
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
        confidence: match &progress.risk {
            Some(risk) if risk.confidence == risk::Confidence::Low => Confidence::Low,
            _ => Confidence::High,
        },
        mailbox_proved: progress.mailbox_proved,
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
