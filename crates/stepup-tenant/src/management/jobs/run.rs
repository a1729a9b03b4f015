//! The work on jobs: entry by entry through the reader that a file of users goes through too, then all in one transaction.

use std::{collections::HashSet, error::Error, time::Duration};

use secrecy::ExposeSecret;
use serde_json::Value;

use crate::{
    config::{
        TenantConfig,
        users::{Fault, ImportedUser, Password, Reader},
    },
    delivery::{Outgoing, Purpose},
    import::{self, Importer},
    model::{Channel, Job, JobState, Summary},
    passwords::PasswordError,
    state::{Shared, State},
    store::{Brought, Incoming, StoreError, TakenJob, refused},
};

/// Does the jobs that wait.
pub(crate) async fn work(shared: &Shared) {
    if let Err(error) = take(shared).await {
        tracing::error!(error = &error as &dyn Error, "an import of users could not be worked on");
    }
}

/// How long a job that somebody works on is left to them.
const LEASE: Duration = Duration::from_secs(60);
/// How often a job is taken up before it is given up.
const ATTEMPTS: u32 = 3;
const NO_JSON: &str = "Failed to parse users file JSON when importing users. Make sure it is valid JSON.";

#[derive(Debug, thiserror::Error)]
enum WorkError {
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

async fn take(state: &State) -> Result<(), WorkError> {
    loop {
        let now = state.clock.now();
        if !state.store.has_job(now).await? {
            return Ok(());
        }
        let Some(taken) = state.store.take_job(now, now + LEASE).await? else { return Ok(()) };
        let ended = if taken.attempt > ATTEMPTS {
            let reason = format!("The import was begun {ATTEMPTS} times and never ended.");
            state.store.fail_job(&taken, &reason).await?
        } else {
            end(state, &taken).await?
        };
        // None: somebody else has it since, and tells.
        if let Some(ended) = ended {
            tell(state, &taken.job, &ended).await;
        }
    }
}

/// Brings the users of a job in; what became of it, unless somebody else took it since.
async fn end(state: &State, taken: &TakenJob) -> Result<Option<JobState>, WorkError> {
    let Ok(entries) = serde_json::from_str::<Vec<Value>>(taken.users.expose_secret()) else {
        return Ok(state.store.fail_job(taken, NO_JSON).await?);
    };
    let config = state.configuration.config();
    let importer = Importer {
        passwords: state.passwords.clone(),
        random: state.random.clone(),
        clock: state.clock.clone(),
    };
    let mut seen = HashSet::new();
    let mut brought = Vec::with_capacity(entries.len());
    for entry in entries {
        let shown = without_secrets(&entry);
        let custom = entry.get("custom_password_hash").is_some_and(|hash| !hash.is_null());
        brought.push(match read(&config, &taken.job.connection, entry, &mut seen) {
            Ok(user) => {
                let hash = match &user.password {
                    Some(Password::Hash(hash)) if custom => Some(hash.clone()),
                    _ => None,
                };
                let update = import::update(&user, hash);
                Brought::User(Box::new(Incoming { update, shown, imported: importer.prepare(user).await? }))
            }
            Err(Fault { code, path, message }) => {
                let path = (!path.is_empty()).then_some(path.as_str());
                Brought::Refused(refused(&shown, code, &message, path))
            }
        });
    }
    Ok(state.store.carry_out(taken, &brought, state.clock.now()).await?)
}

/// The user of an entry, who must not be in the file twice.
fn read(
    config: &TenantConfig,
    connection: &str,
    entry: Value,
    seen: &mut HashSet<String>,
) -> Result<ImportedUser, Fault> {
    let reader = Reader::of_job(config, connection);
    if let Some(name) = reader.unread(&entry).next() {
        let message = format!("Additional properties not allowed: {name}");
        return Err(Fault::new("OBJECT_ADDITIONAL_PROPERTIES", name, message));
    }
    let user = reader.user(entry)?;
    let keys = [Some(&user.user_id), user.email.as_ref(), user.username.as_ref()];
    for key in keys.into_iter().flatten() {
        if !seen.insert(key.to_lowercase()) {
            return Err(Fault::new("DUPLICATED_USER", "", format!("`{key}` is in the file twice")));
        }
    }
    Ok(user)
}

/// The entry as errors show it.
fn without_secrets(entry: &Value) -> Value {
    const COVER: &str = "*****";
    let mut shown = entry.clone();
    let secrets = [
        "/password",
        "/password_hash",
        "/custom_password_hash/hash/value",
        "/custom_password_hash/hash/key/value",
        "/custom_password_hash/salt/value",
    ];
    for secret in secrets {
        if let Some(value) = shown.pointer_mut(secret) {
            *value = COVER.into();
        }
    }
    let factors = shown.get_mut("mfa_factors").and_then(Value::as_array_mut);
    for secret in factors.into_iter().flatten().filter_map(|factor| factor.pointer_mut("/totp/secret")) {
        *secret = COVER.into();
    }
    shown
}

/// Mails the administrators that the job is done, where that is asked for and there are any.
async fn tell(state: &State, job: &Job, ended: &JobState) {
    if !job.send_completion_email {
        return;
    }
    let (outcome, body) = match ended {
        JobState::Completed(Summary { failed, updated, inserted, total }) => {
            let counts = format!(
                "Of {total} users, {inserted} are new, {updated} were changed, {failed} were refused."
            );
            ("is completed", counts)
        }
        JobState::Failed { reason } => ("failed", reason.clone()),
        JobState::Pending | JobState::Processing => return,
    };
    for admin in &state.configuration.config().dashboard_admins {
        let outgoing = Outgoing {
            channel: Channel::Email,
            to: admin.clone(),
            purpose: Purpose::Account,
            user_id: None,
            code: None,
            subject: Some(format!("The import of users into {} {outcome}", job.connection)),
            body: format!("The import {} into {} {outcome}.\n\n{body}\n", job.id, job.connection),
        };
        if let Err(error) = state.delivery.send(outgoing).await {
            tracing::warn!(error = &error as &dyn Error, "an administrator could not be told of an import");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_covered_wherever_they_stand() {
        let entry = json!({
            "email": "a@b.example", "password": "p", "password_hash": "h",
            "custom_password_hash": { "algorithm": "hmac", "hash": { "value": "v", "key": { "value": "k" } }, "salt": { "value": "s" } },
            "mfa_factors": [{ "totp": { "secret": "S" } }, { "phone": { "value": "+1" } }, 7],
        });
        let shown = json!({
            "email": "a@b.example", "password": "*****", "password_hash": "*****",
            "custom_password_hash": { "algorithm": "hmac", "hash": { "value": "*****", "key": { "value": "*****" } }, "salt": { "value": "*****" } },
            "mfa_factors": [{ "totp": { "secret": "*****" } }, { "phone": { "value": "+1" } }, 7],
        });
        assert_eq!(without_secrets(&entry), shown);
        assert_eq!(without_secrets(&json!("text")), json!("text"));
    }
}
