//! The mails about an account: each carries a link or a code that works once.

use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    delivery::{Outgoing, Purpose},
    login::ticket,
    model::{Channel, TicketPurpose, User},
    oauth::error::Failure,
    state::Shared,
};

/// Mails a link that proves the user's address.
///
/// # Errors
/// It could not be sent, or the store failed.
pub(crate) async fn verification(shared: &Shared, user: &User) -> Result<(), Failure> {
    let Some(email) = &user.email else { return Ok(()) };
    let purpose = TicketPurpose::EmailVerification { email: email.clone() };
    let tenant = &shared.config.friendly_name;
    let words = Words {
        subject: format!("Confirm your email for {tenant}"),
        before: format!("Welcome to {tenant}. Follow this link to confirm that this address is yours:"),
        after: "If you did not sign up, leave it: nothing happens without you.",
    };
    send(shared, user, email, purpose, words).await
}

/// Mails a link to choose a new password; `client_id` is where the user came from.
///
/// # Errors
/// It could not be sent, or the store failed.
pub(crate) async fn password_reset(
    shared: &Shared,
    user: &User,
    client_id: Option<&str>,
) -> Result<(), Failure> {
    let Some(email) = &user.email else { return Ok(()) };
    let client_id = client_id.map(str::to_owned);
    let purpose = TicketPurpose::PasswordReset { client_id, verifies_email: true };
    let tenant = &shared.config.friendly_name;
    let words = Words {
        subject: format!("Choose a new password for {tenant}"),
        before: format!("Follow this link to choose a new password for {tenant}:"),
        after: "It works once. If you did not ask for it, leave it: your password stays as it is.",
    };
    send(shared, user, email, purpose, words).await
}

/// Mails the code with which a login goes on that does not look like the user's.
///
/// # Errors
/// It could not be sent.
pub(crate) async fn unusual_login(
    shared: &Shared,
    user: &User,
    email: &str,
    code: &SecretString,
) -> Result<(), Failure> {
    let tenant = &shared.config.friendly_name;
    let digits = code.expose_secret();
    let outgoing = Outgoing {
        channel: Channel::Email,
        to: email.to_owned(),
        purpose: Purpose::Account,
        user_id: Some(user.user_id.clone()),
        code: Some(code.clone()),
        subject: Some(format!("Your code for {tenant}")),
        body: format!(
            "{digits} is your code to log in to {tenant}.\n\nSomething about this login is new to us, so we check that \
             it is you. If it is not, tell nobody the code, and choose another password.\n"
        ),
    };
    Ok(shared.delivery.send(outgoing).await?)
}

struct Words {
    subject: String,
    before: String,
    after: &'static str,
}

async fn send(
    shared: &Shared,
    user: &User,
    email: &str,
    purpose: TicketPurpose,
    words: Words,
) -> Result<(), Failure> {
    let link = ticket::issue(shared, &user.user_id, purpose, ticket::LIFETIME).await?.url;
    let Words { subject, before, after } = words;
    let outgoing = Outgoing {
        channel: Channel::Email,
        to: email.to_owned(),
        purpose: Purpose::Account,
        user_id: Some(user.user_id.clone()),
        code: None,
        subject: Some(subject),
        body: format!("{before}\n\n{link}\n\n{after}\n"),
    };
    shared.delivery.send(outgoing).await?;
    Ok(())
}
