//! The authenticator that nobody enrols: a verified address of the profile, while the tenant has the factor on. It has no
//! row; its id is derived from the user's, so that it stays the same.

use crate::{
    config::TenantConfig,
    factors::Kind,
    model::{Authenticator, Credential, User},
};

/// The user's automatic e-mail authenticator, unless the address is enrolled as well.
pub(crate) fn automatic(config: &TenantConfig, user: &User, held: &[Authenticator]) -> Option<Authenticator> {
    let address = user.email.as_ref().filter(|_| user.email_verified && Kind::Email.enabled(config))?;
    let is_there = held.iter().any(|it| {
        matches!(&it.credential, Credential::Email { address: enrolled } if it.active() && enrolled.eq_ignore_ascii_case(address))
    });
    of_profile(user).filter(|_| !is_there)
}

/// The address of the profile as an authenticator, whether or not it counts as one.
pub(crate) fn of_profile(user: &User) -> Option<Authenticator> {
    let address = user.email.clone()?;
    Some(Authenticator {
        id: id(&user.user_id),
        user_id: user.user_id.clone(),
        credential: Credential::Email { address },
        name: None,
        created_at: user.created_at,
        confirmed_at: Some(user.created_at),
        last_used_at: None,
    })
}

/// Whether `id` is that of the automatic authenticator of `user_id`.
pub(crate) fn is_automatic(user_id: &str, id: &str) -> bool {
    self::id(user_id) == id
}

fn id(user_id: &str) -> String {
    /// 16 of these are the 16 characters of an id; 62 would favour some, and nobody guesses this id to any use.
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789AZ";
    let hash = stepup_seal::digest::sha256(format!("automatic e-mail of {user_id}").as_bytes());
    let device: String =
        hash.iter().take(16).map(|&byte| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()])).collect();
    format!("email|dev_{device}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_the_users_own_and_stays() {
        let ada = id("auth0|ada");
        assert_eq!(ada, id("auth0|ada"));
        assert_ne!(ada, id("auth0|bob"));
        assert_eq!(ada.len(), "email|dev_".len() + 16);
        assert!(is_automatic("auth0|ada", &ada) && !is_automatic("auth0|bob", &ada));
    }
}
