//! Who gives a right password: the same for the pages and for the password grants.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    config::{Client, Connection},
    model::{Bucket, BucketKind, BucketRule, User},
    oauth::{
        audit::Audit,
        error::{Failure, GrantFault, Limit, TenantFault, UserFault},
    },
    passwords::is_outdated,
    pipeline::Caller,
    state::Shared,
};

/// How long until one more attempt is there.
const REFILL: Duration = Duration::from_secs(360);
/// The longest password that is looked at, in bytes.
const LONGEST: usize = 1024;

/// One try.
pub(crate) struct Attempt<'a> {
    /// In which directories: the first that knows the pair.
    pub(crate) connections: &'a [&'a Connection],
    /// E-mail address or user name.
    pub(crate) username: &'a str,
    /// What was typed.
    pub(crate) password: SecretString,
}

/// The user whose name and password were given, the login counted.
///
/// # Errors
/// A wrong pair, an unknown user (told apart in the log only), a blocked user, or too many wrong passwords for this name
/// from this address.
pub(crate) async fn log_in(
    shared: &Shared,
    caller: &Caller,
    client: &Client,
    attempt: Attempt<'_>,
) -> Result<User, Failure> {
    let audit = || Audit::new(shared, caller).client(client).named(attempt.username);
    let mut found = Vec::new();
    for connection in attempt.connections {
        let user = shared.store.user_by_identifier(&connection.name, attempt.username).await?;
        found.push((*connection, user));
    }
    let nobody = found.iter().all(|(_, user)| user.is_none());
    let (mut limited, mut mistaken) = (None, None);
    for (position, (connection, user)) in found.into_iter().enumerate() {
        // Where nobody has the name it counts as if it were in the first directory: wrong passwords run out alike.
        let counts = user.is_some() || (nobody && position == 0);
        let subject = format!("{}|{}|{}", connection.name, attempt.username.to_lowercase(), caller.ip);
        let bucket = Bucket { kind: BucketKind::Password, subject: &subject };
        let rule = shared.config.password_attempts.filter(|_| counts);
        let rule = rule.map(|size| BucketRule { size, refill: REFILL });
        let mut check = None;
        if let Some(rule) = rule {
            match shared.attempts.take(&*shared.store, bucket, rule, shared.clock.now()).await? {
                Ok(taken) => check = Some(taken),
                Err(empty) => {
                    limited = Some(empty);
                    continue;
                }
            }
        }
        // A directory without the name takes as long as one with it.
        if !is_right(shared, user.as_ref(), &attempt.password).await? {
            mistaken = mistaken.or(user);
            continue;
        }
        let Some(user) = user else { continue };
        if user.blocked {
            audit().user(&user).describe("user is blocked").write("f").await;
            return Err(UserFault::Blocked.into());
        }
        if rule.is_some() {
            shared.store.refill(bucket).await?;
        }
        drop(check);
        return welcome(shared, user, attempt.password).await;
    }
    if let Some(empty) = limited {
        audit().describe(Limit::Passwords.to_string()).write("limit_wc").await;
        return Err(Limit::Passwords.reached(empty).into());
    }
    let audit = audit().describe("Wrong email or password.");
    match &mistaken {
        Some(user) => audit.user(user).write("fp").await,
        None => audit.write("fu").await,
    }
    Err(GrantFault::Password.into())
}

/// Whether the password is this user's; nobody has one.
async fn is_right(shared: &Shared, user: Option<&User>, password: &SecretString) -> Result<bool, Failure> {
    let hash = user.and_then(|user| user.password_hash.clone());
    let too_long = password.expose_secret().len() > LONGEST;
    let password = if too_long { SecretString::default() } else { password.clone() };
    let right = shared.passwords.verify(password, hash).await.map_err(TenantFault::Password)?;
    Ok(right && !too_long)
}

/// Counts the login of a user whose password it was, and hashes that anew where the hash is an old one.
async fn welcome(shared: &Shared, user: User, password: SecretString) -> Result<User, Failure> {
    if let Some(outdated) = user.password_hash.as_ref().filter(|hash| is_outdated(hash.expose_secret())) {
        let hash = shared.passwords.hash(password).await.map_err(TenantFault::Password)?;
        shared.store.renew_password_hash(&user.user_id, outdated, &hash).await?;
    }
    Ok(shared.store.record_login(&user.user_id, shared.clock.now()).await?.unwrap_or(user))
}
