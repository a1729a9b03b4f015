//! A transaction as it is written inside its sealed cookie: with nextjs-auth0's members (ours too), or with
//! auth0-server-python's.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stepup_protocol::{scope::Scopes, time::UnixTime};
use stepup_seal::{Format, Purpose, Random, Sealer};

use super::{Popup, Transaction};

pub(super) fn seal(
    sealer: &Sealer,
    transaction: &Transaction,
    expires_at: UnixTime,
    random: &dyn Random,
) -> String {
    let state = transaction.state.as_str();
    match sealer.format() {
        Format::Auth0ServerPython => {
            sealer.seal(Purpose::Transaction, state, &Python::from(transaction), expires_at, random)
        }
        Format::NextjsAuth0 | Format::Stepup => {
            sealer.seal(Purpose::Transaction, "", &Nextjs::from(transaction), expires_at, random)
        }
    }
}

/// The transaction in `value`, if it is the one of `state`.
pub(super) fn open(sealer: &Sealer, state: &str, value: &str, now: UnixTime) -> Option<Transaction> {
    let transaction = match sealer.format() {
        Format::Auth0ServerPython => sealer
            .open::<Python>(Purpose::Transaction, state, value, now)
            .ok()?
            .payload
            .into_transaction(state),
        Format::NextjsAuth0 | Format::Stepup => {
            sealer.open::<Nextjs>(Purpose::Transaction, "", value, now).ok()?.payload.into_transaction()?
        }
    };
    (transaction.state == state).then_some(transaction)
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Nextjs {
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_age: Option<u64>,
    /// Ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    acr_values: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code_verifier: Option<String>,
    response_type: String,
    state: String,
    return_to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<Scopes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audience: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge_mode: Option<String>,
    /// Ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_id: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    into_session: bool,
    /// Ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
}

/// How a pop-up is called in a transaction; a login without one has no word for it.
const POPUP: &str = "popup";

fn popup(challenge_mode: Option<&str>, transaction_id: Option<String>) -> Option<Popup> {
    (challenge_mode == Some(POPUP)).then_some(Popup { transaction_id })
}

impl From<&Transaction> for Nextjs {
    fn from(transaction: &Transaction) -> Self {
        Self {
            nonce: transaction.nonce.clone(),
            max_age: transaction.max_age,
            acr_values: transaction.acr_values.clone(),
            code_verifier: Some(transaction.code_verifier.clone()),
            response_type: "code".to_owned(),
            state: transaction.state.clone(),
            return_to: transaction.return_to.clone(),
            scope: Some(transaction.scope.clone()),
            audience: transaction.audience.clone(),
            organization: transaction.organization.clone(),
            challenge_mode: transaction.popup.as_ref().map(|_| POPUP.to_owned()),
            transaction_id: transaction.popup.as_ref().and_then(|popup| popup.transaction_id.clone()),
            into_session: transaction.into_session,
            subject: transaction.subject.clone(),
        }
    }
}

impl Nextjs {
    /// Only a login by code with PKCE and a nonce is one of ours to complete.
    fn into_transaction(self) -> Option<Transaction> {
        (self.response_type == "code").then_some(())?;
        Some(Transaction {
            state: self.state,
            nonce: Some(self.nonce?),
            code_verifier: self.code_verifier?,
            return_to: self.return_to,
            scope: self.scope.unwrap_or_default(),
            audience: self.audience,
            max_age: self.max_age,
            acr_values: self.acr_values,
            organization: self.organization,
            redirect_uri: None,
            popup: popup(self.challenge_mode.as_deref(), self.transaction_id),
            into_session: self.into_session,
            subject: self.subject,
        })
    }
}

/// That package has neither a nonce nor a return path of its own; what is ours travels in `app_state`, where its
/// `FastAPI` adapter looks for `returnTo`.
#[derive(Serialize, Deserialize)]
struct Python {
    audience: Option<String>,
    code_verifier: String,
    app_state: Option<Value>,
    auth_session: Option<String>,
    redirect_uri: Option<String>,
    domain: Option<String>,
    organization: Option<String>,
}

impl From<&Transaction> for Python {
    fn from(transaction: &Transaction) -> Self {
        Self {
            audience: transaction.audience.clone(),
            code_verifier: transaction.code_verifier.clone(),
            app_state: Some(json!({
                "returnTo": transaction.return_to,
                "nonce": transaction.nonce,
                "scope": transaction.scope,
                "max_age": transaction.max_age,
                "acr_values": transaction.acr_values,
                "intoSession": transaction.into_session,
                "subject": transaction.subject,
                "challengeMode": transaction.popup.as_ref().map(|_| POPUP),
                "transactionId": transaction.popup.as_ref().and_then(|popup| popup.transaction_id.as_deref()),
            })),
            auth_session: None,
            redirect_uri: transaction.redirect_uri.clone(),
            domain: None,
            organization: transaction.organization.clone(),
        }
    }
}

impl Python {
    fn into_transaction(self, state: &str) -> Transaction {
        let app_state = self.app_state.unwrap_or_default();
        let text = |name| app_state.get(name).and_then(Value::as_str);
        Transaction {
            state: state.to_owned(),
            nonce: text("nonce").map(str::to_owned),
            code_verifier: self.code_verifier,
            return_to: text("returnTo").unwrap_or("/").to_owned(),
            scope: text("scope").map(Scopes::from).unwrap_or_default(),
            audience: self.audience,
            max_age: app_state.get("max_age").and_then(Value::as_u64),
            acr_values: text("acr_values").map(str::to_owned),
            organization: self.organization,
            redirect_uri: self.redirect_uri,
            popup: popup(text("challengeMode"), text("transactionId").map(str::to_owned)),
            into_session: app_state.get("intoSession").and_then(Value::as_bool).unwrap_or(false),
            subject: text("subject").map(str::to_owned),
        }
    }
}
