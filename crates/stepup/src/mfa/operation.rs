//! The calls of a step-up, and the words for them.

/// What is done in a step-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Challenge,
    Delete,
    Enroll,
    List,
    Verify,
}

impl Operation {
    /// For spans and counts.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Challenge => "challenge",
            Self::Delete => "delete",
            Self::Enroll => "enroll",
            Self::List => "list",
            Self::Verify => "verify",
        }
    }

    /// The tenant answered an error and did not say which. The words are nextjs-auth0's, which its browser client shows.
    pub(super) const fn failed(self) -> &'static str {
        match self {
            Self::Challenge => "Failed to initiate MFA challenge",
            Self::Delete => "Failed to delete authenticator",
            Self::Enroll => "Failed to enroll authenticator",
            Self::List => "Failed to retrieve authenticators",
            Self::Verify => "Failed to verify MFA",
        }
    }

    /// No answer, or a success with nonsense in it.
    pub(super) const fn unexpected(self) -> &'static str {
        match self {
            Self::Challenge => "Unexpected error during MFA challenge",
            Self::Delete => "Unexpected error during authenticator deletion",
            Self::Enroll => "Unexpected error during MFA enrollment",
            Self::List => "Unexpected error during authenticator retrieval",
            Self::Verify => "Unexpected error during MFA verification",
        }
    }
}
