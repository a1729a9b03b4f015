//! What phones are asked, as whoever has them at hand sees it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    log::rfc3339,
    model::{OobAnswer, OobTransaction},
    state::State,
    store::StoreError,
};

/// A question that a phone has not answered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PushRequest {
    /// Its id.
    pub id: String,
    /// Who is asked.
    pub user_id: String,
    /// The authenticator: `push|dev_{16 characters}`.
    pub authenticator_id: String,
    /// The application that asks; none behind an enrolment ticket.
    pub client_id: Option<String>,
    /// What the notification carries, but for the token that answers it.
    pub payload: Value,
    /// When it was asked, RFC 3339.
    pub created_at: String,
    /// Until when it can be answered, RFC 3339.
    pub expires_at: String,
}

/// What a user answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Yes, it is me.
    Approve,
    /// No, it is not.
    Deny,
}

/// The questions that wait for an answer, oldest first.
pub(crate) async fn pending(state: &State) -> Result<Vec<PushRequest>, StoreError> {
    let asked = state.store.pending_pushes(None, state.clock.now()).await?;
    Ok(asked.into_iter().map(PushRequest::from).collect())
}

impl From<OobTransaction> for PushRequest {
    fn from(asked: OobTransaction) -> Self {
        Self {
            id: asked.id,
            user_id: asked.user_id,
            authenticator_id: asked.authenticator_id,
            client_id: asked.client_id,
            payload: match asked.expects {
                OobAnswer::Push { payload, .. } => payload,
                OobAnswer::Code { .. } | OobAnswer::Mailbox { .. } | OobAnswer::Scan { .. } => Value::Null,
            },
            created_at: rfc3339(asked.created_at),
            expires_at: rfc3339(asked.expires_at),
        }
    }
}
