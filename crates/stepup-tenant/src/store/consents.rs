//! What users allowed applications to do for them.

use stepup_protocol::{scope::Scopes, time::UnixTime};

use super::Stored;

/// Consent, asked once for each application, API and scope.
pub trait Consents: Send + Sync {
    /// What the user allowed `client_id` to do with the API; `audience` is empty for the profile alone.
    ///
    /// # Errors
    /// The store failed.
    fn consented<'a>(&'a self, user_id: &'a str, client_id: &'a str, audience: &'a str)
    -> Stored<'a, Scopes>;

    /// Adds `scope` to it.
    ///
    /// # Errors
    /// The store failed.
    fn consent<'a>(
        &'a self,
        user_id: &'a str,
        client_id: &'a str,
        audience: &'a str,
        scope: &'a Scopes,
        now: UnixTime,
    ) -> Stored<'a, ()>;
}
