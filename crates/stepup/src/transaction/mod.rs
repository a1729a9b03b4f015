//! One login under way: what must be remembered between leaving for the tenant and coming back.

mod codec;
mod cookies;

use stepup_protocol::scope::Scopes;

/// A login under way. Prints none of its secrets.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Transaction {
    pub(crate) state: String,
    /// Absent only in a login that auth0-server-python began.
    pub(crate) nonce: Option<String>,
    pub(crate) code_verifier: String,
    /// A path of the application, safe to go to.
    pub(crate) return_to: String,
    /// What was asked for.
    pub(crate) scope: Scopes,
    pub(crate) audience: Option<String>,
    pub(crate) max_age: Option<u64>,
    pub(crate) acr_values: Option<String>,
    pub(crate) organization: Option<String>,
    pub(crate) redirect_uri: Option<String>,
    /// Where it runs in a pop-up: the page that opened it waits for its end.
    pub(crate) popup: Option<Popup>,
    /// Whether what it brings goes into the session of the user who is logged in, beside what is there.
    pub(crate) into_session: bool,
    /// Who was logged in when it began, where it steps up their session: nobody else may come back.
    pub(crate) subject: Option<String>,
}

impl Transaction {
    /// Whether it steps up a session rather than beginning one.
    pub(crate) const fn steps_up(&self) -> bool {
        self.popup.is_some() || self.into_session
    }
}

/// A pop-up that a login runs in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Popup {
    /// How the page that opened it tells its pop-up from others.
    pub(crate) transaction_id: Option<String>,
}

impl std::fmt::Debug for Transaction {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Transaction")
            .field("return_to", &self.return_to)
            .field("scope", &self.scope)
            .field("audience", &self.audience)
            .field("max_age", &self.max_age)
            .field("organization", &self.organization)
            .field("popup", &self.popup)
            .finish_non_exhaustive()
    }
}
