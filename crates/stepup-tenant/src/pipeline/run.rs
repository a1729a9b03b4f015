//! One Action of a flow: run, told to the log, and its decisions taken over.

use super::{Facts, Progress, audit, event, trace};
use crate::{
    actions::{Action, Cause, ConsoleLine, Entry, Host, Outcome, merge},
    mfa::requirement::Flow,
    model::{AuthenticationMethod, User},
    oauth::error::{Failure, TenantFault, UserFault},
    state::Shared,
};

/// Runs `entry` of `action`, within what is left of the flow's time.
pub(super) async fn run(
    shared: &Shared,
    facts: &Facts<'_>,
    user: &User,
    enrolled: event::Enrolled<'_>,
    progress: &mut Progress,
    action: &Action,
    entry: Entry,
) -> Result<Outcome, Failure> {
    let mut seed = [0; 32];
    shared.random.fill(&mut seed);
    let host = Host { now: shared.clock.now(), seed };
    let event = event::event(shared, facts, user, enrolled, progress);
    let left = shared.config.action_time.saturating_sub(progress.ran);
    match shared.actions.run_within(left, action, entry, event.clone(), host).await {
        Ok(outcome) => {
            progress.ran += outcome.duration;
            print(action, &outcome.console);
            audit(shared, facts, user)
                .describe(format!("the Action {} ran", action.name))
                .details(trace::decided(action, entry, &event, &outcome))
                .write("actions_execution_succeeded")
                .await;
            Ok(outcome)
        }
        // An Action that sends the browser away need not have anything to do when it returns.
        Err(error) if error.cause == Cause::NoHandler(Entry::ContinuePostLogin) => Ok(Outcome::default()),
        Err(error) => {
            print(action, &error.console);
            let reason = trace::masked(action, &error.cause.to_string());
            audit(shared, facts, user)
                .describe(format!("the Action {} failed: {reason}", error.action))
                .details(trace::failed(action, entry, &event, &error))
                .write("actions_execution_failed")
                .await;
            Err(TenantFault::Action(Box::new(error)).into())
        }
    }
}

/// Passes on what an Action printed.
fn print(action: &Action, console: &[ConsoleLine]) {
    for line in console {
        tracing::info!(target: "stepup_tenant::action", level = ?line.level, "{}", trace::masked(action, &line.text));
    }
}

/// Takes over what an Action decided.
pub(super) async fn absorb(
    shared: &Shared,
    facts: &Facts<'_>,
    user: &mut User,
    progress: &mut Progress,
    outcome: Outcome,
) -> Result<(), Failure> {
    if let Some(refused) = primary_user(user, progress, &outcome) {
        return Err(UserFault::Denied(refused).into());
    }
    merge(&mut user.user_metadata, &outcome.changes.user_metadata);
    merge(&mut user.app_metadata, &outcome.changes.app_metadata);
    merge(&mut progress.metadata, &outcome.transaction_metadata);
    progress.changes.absorb(outcome.changes);
    progress.multifactor = outcome.multifactor.or(progress.multifactor.take());
    let now = shared.clock.now();
    let recorded = |name| AuthenticationMethod { name, timestamp: now, factor: None };
    progress.methods.extend(outcome.recorded_methods.into_iter().map(recorded));
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

/// Why `setPrimaryUser` cannot be obeyed: it may be called once in a transaction, and only with a user that the identity
/// of this login belongs to. Each user here has one identity, so that is the user alone.
fn primary_user(user: &User, progress: &Progress, outcome: &Outcome) -> Option<String> {
    let wanted = outcome.changes.primary_user.as_deref()?;
    if progress.changes.primary_user.is_some() {
        return Some("The primary user of this login was already set by another Action.".to_owned());
    }
    (wanted != user.user_id).then(|| format!("{} is not an identity of the user {wanted}.", user.user_id))
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
