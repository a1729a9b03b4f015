//! What is under way over another channel than the one that asks (`oob_code`).

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stepup_protocol::{mfa::OobChannel, time::UnixTime};

use super::Digest;

/// An out-of-band transaction: a code that was sent, a question that a phone was asked, or a QR code that waits for a
/// phone. Found by the digest of its `oob_code`; good for one verification.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OobTransaction {
    /// Its public name, by which a push is listed and answered: `oob_{16 characters}`.
    pub id: String,
    /// Who has to answer.
    pub user_id: String,
    /// The application that asked, where one did.
    pub client_id: Option<String>,
    /// With what: the id of an authenticator, the automatic e-mail's derived one included.
    pub authenticator_id: String,
    /// Over which channel.
    pub channel: OobChannel,
    /// Which transaction it belongs to: no other can use it.
    pub owner: OobOwner,
    /// Whether its success confirms a new authenticator.
    pub enrolls: bool,
    /// What the answer has to be.
    pub expects: OobAnswer,
    /// Whether a phone has answered; of no meaning for a code.
    #[serde(skip)]
    pub state: PushState,
    /// What ties it to the requests of its login in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction_id: Option<String>,
    /// When it began.
    pub created_at: UnixTime,
    /// Not good any more from then on; kept a while longer, to be told from one that never was.
    pub expires_at: UnixTime,
}

/// The transaction for which something is asked out of band.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OobOwner {
    /// An enrolment begun with an access token for the MFA API.
    AccessToken,
    /// A login on the pages, by the digest of its `state`.
    Login(Digest),
    /// A token request that waits, by the digest of its `mfa_token`.
    MfaToken(Digest),
    /// An enrolment ticket, by its digest.
    Ticket(Digest),
}

/// What answers an out-of-band transaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OobAnswer {
    /// The code that was sent, typed by the user: `binding_method` `prompt`.
    Code {
        /// Of the code, under a key of the tenant: six digits alone are no secret.
        binding: Digest,
        /// The address of the profile that it went to, where that is all there is of the authenticator.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<String>,
    },
    /// The code that was sent to an address of the profile, typed by the user: it proves the mailbox, and no factor.
    Mailbox {
        /// The address.
        address: String,
        /// As in [`OobAnswer::Code`].
        binding: Digest,
    },
    /// A phone that approves or denies.
    Push {
        /// Of the token with which the phone answers (`txtkn`).
        token: Digest,
        /// What the phone signs.
        challenge: String,
        /// What it shows and was sent, without the token.
        payload: Value,
    },
    /// A phone that scans the QR code.
    Scan {
        /// Of the code's `enrollment_tx_id`.
        ticket: Digest,
        /// When the QR code is over.
        expires_at: UnixTime,
        /// The enrolment was allowed because the user had nothing to prove: if that is no longer so, it is void.
        first: bool,
    },
}

/// Whether a phone has answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PushState {
    /// It said yes, or has scanned the code.
    Approved,
    /// It said no, for good.
    Denied,
    /// Not yet.
    #[default]
    Pending,
}

impl PushState {
    /// Its word in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Pending => "pending",
        }
    }

    /// The state that `word` names.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Approved, Self::Denied, Self::Pending].into_iter().find(|state| state.as_str() == word)
    }
}
