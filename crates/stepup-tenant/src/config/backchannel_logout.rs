//! Where and when applications are told that a session ended.

use url::Url;

/// An application's wish to be told of logouts (OpenID Connect Back-Channel Logout 1.0 section 2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackchannelLogout {
    /// Where.
    pub url: Url,
    /// Of which; none: of all.
    pub initiators: Option<Vec<LogoutInitiator>>,
}

impl BackchannelLogout {
    /// Whether a logout for this reason is told.
    #[must_use]
    pub fn wants(&self, initiator: LogoutInitiator) -> bool {
        // A logout that somebody asked for is always told: `rp-logout` cannot be left out.
        initiator == LogoutInitiator::RpLogout
            || self.initiators.as_ref().is_none_or(|selected| selected.contains(&initiator))
    }
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogoutInitiator {
    /// The user was deactivated (blocked).
    AccountDeactivated,
    /// The user was deleted.
    AccountDeleted,
    /// The user has another e-mail address.
    EmailIdentifierChanged,
    /// The user has another password.
    PasswordChanged,
    /// An application sent the browser to a logout endpoint.
    RpLogout,
    /// The session reached its end.
    SessionExpired,
    /// An Action, an administrator or an API call ended the session.
    SessionRevoked,
}

impl LogoutInitiator {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::AccountDeactivated,
        Self::AccountDeleted,
        Self::EmailIdentifierChanged,
        Self::PasswordChanged,
        Self::RpLogout,
        Self::SessionExpired,
        Self::SessionRevoked,
    ];

    /// Its word in `selected_initiators`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountDeactivated => "account-deactivated",
            Self::AccountDeleted => "account-deleted",
            Self::EmailIdentifierChanged => "email-identifier-changed",
            Self::PasswordChanged => "password-changed",
            Self::RpLogout => "rp-logout",
            Self::SessionExpired => "session-expired",
            Self::SessionRevoked => "session-revoked",
        }
    }

    /// The reason that `word` names.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|initiator| initiator.as_str() == word)
    }
}
