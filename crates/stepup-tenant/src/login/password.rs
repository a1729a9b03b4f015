//! Who gives a right password: the same for the pages and for the password grants.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    config::Client,
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
    /// In which directory.
    pub(crate) connection: &'a str,
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
    let now = shared.clock.now();
    let subject = format!("{}|{}|{}", attempt.connection, attempt.username.to_lowercase(), caller.ip);
    let bucket = Bucket { kind: BucketKind::Password, subject: &subject };
    let rule = shared.config.password_attempts.map(|size| BucketRule { size, refill: REFILL });
    if let Some(rule) = rule
        && let Err(empty) = shared.store.take_attempt(bucket, rule, now).await?
    {
        audit().describe(Limit::Passwords.to_string()).write("limit_wc").await;
        return Err(Limit::Passwords.reached(empty).into());
    }
    let user = shared.store.user_by_identifier(attempt.connection, attempt.username).await?;
    let hash = user.as_ref().and_then(|user| user.password_hash.clone());
    let too_long = attempt.password.expose_secret().len() > LONGEST;
    let password = if too_long { SecretString::default() } else { attempt.password.clone() };
    let right = shared.passwords.verify(password.clone(), hash.clone()).await;
    let right = right.map_err(TenantFault::Password)? && !too_long;
    let Some(user) = user else {
        audit().describe("Wrong email or password.").write("fu").await;
        return Err(GrantFault::Password.into());
    };
    if !right {
        audit().user(&user).describe("Wrong email or password.").write("fp").await;
        return Err(GrantFault::Password.into());
    }
    if user.blocked {
        audit().user(&user).describe("user is blocked").write("f").await;
        return Err(UserFault::Blocked.into());
    }
    if rule.is_some() {
        shared.store.refill(bucket).await?;
    }
    if let Some(outdated) = hash.filter(|hash| is_outdated(hash.expose_secret())) {
        let hash = shared.passwords.hash(password).await.map_err(TenantFault::Password)?;
        shared.store.renew_password_hash(&user.user_id, &outdated, &hash).await?;
    }
    Ok(shared.store.record_login(&user.user_id, now).await?.unwrap_or(user))
}
