//! A phone with the Guardian app.

use std::sync::Arc;

use serde_json::Value;
use stepup_protocol::guardian::{ChallengeResponse, EnrollRequest, Enrolled};
use stepup_seal::jws::SigningKey;
use tokio::task::spawn_blocking;
use totp_rs::Totp;

use super::{DeviceError, app, caller};
use crate::{
    guardian,
    model::{Channel, OobTransaction},
    state::State,
};

/// A phone that is enrolled. Clones are the same phone.
#[derive(Clone)]
pub(super) struct Phone(Arc<Contents>);

struct Contents {
    identifier: String,
    key: SigningKey,
    enrolled: Enrolled,
    totp: Option<Totp>,
}

impl Phone {
    /// A new phone enrols with the ticket of the QR code that it scanned.
    pub(super) async fn enroll(shared: &Arc<State>, ticket: &str) -> Result<Self, DeviceError> {
        let key = spawn_blocking(SigningKey::generate_rsa2048).await;
        let key = key.ok().and_then(Result::ok).ok_or(DeviceError::Key)?;
        let identifier = stepup_seal::base62(&*shared.random, 24);
        let request = EnrollRequest {
            identifier: identifier.clone(),
            name: "Virtual phone".to_owned(),
            push_credentials: None,
            public_key: key.public_jwk().ok_or(DeviceError::Key)?,
        };
        let enrolled = guardian::present(shared, &caller(), ticket, request).await;
        let enrolled = enrolled.map_err(|failure| DeviceError::Refused(failure.into()))?;
        let totp = enrolled.totp.as_ref().and_then(|totp| app::of_secret(&totp.secret));
        Ok(Self(Arc::new(Contents { identifier, key, enrolled, totp })))
    }

    /// Whether it is the phone of this authenticator.
    pub(super) fn is(&self, authenticator_id: &str) -> bool {
        authenticator_id.rsplit_once('|').is_some_and(|(_, device_id)| device_id == self.enrollment_id())
    }

    pub(super) fn user_id(&self) -> &str {
        &self.0.enrolled.user_id
    }

    pub(super) fn enrollment_id(&self) -> &str {
        &self.0.enrolled.id
    }

    /// The app on it that shows codes.
    pub(super) fn totp(&self) -> Option<&Totp> {
        self.0.totp.as_ref()
    }

    /// Answers the question with this challenge, which came to it as a notification.
    pub(super) async fn answer(
        &self,
        shared: &Arc<State>,
        asked: &OobTransaction,
        challenge: &str,
        approved: bool,
    ) -> Result<(), DeviceError> {
        let notifications =
            shared.delivery.inbox().read(Some(&asked.authenticator_id), Some(Channel::Push)).await?;
        let token = notifications.iter().find_map(|message| {
            let notification: Value = serde_json::from_str(&message.body).ok()?;
            let payload = notification.get("mfa").unwrap_or(&notification);
            let is_it = payload.get("c")?.as_str()? == challenge;
            is_it.then(|| payload.get("txtkn")?.as_str().map(str::to_owned)).flatten()
        });
        let token = token.ok_or_else(|| DeviceError::NothingAsked(asked.id.clone()))?;
        let called = shared.issuer.endpoint("appliance-mfa/api/resolve-transaction");
        let now = shared.clock.now().seconds();
        let response = ChallengeResponse {
            iat: now,
            exp: now + 30,
            aud: called.clone(),
            iss: self.0.identifier.clone(),
            sub: challenge.to_owned(),
            auth0_guardian_method: "push".to_owned(),
            auth0_guardian_accepted: approved,
            auth0_guardian_reason: None,
        };
        let signed = self.0.key.sign("JWT", None, &response).map_err(|_| DeviceError::Key)?;
        match guardian::settle(shared, &caller(), &token, &signed, &called).await {
            Ok(()) => Ok(()),
            // Somebody was faster.
            Err(guardian::Failure::LoginTransaction) => Err(DeviceError::NothingAsked(asked.id.clone())),
            Err(failure) => Err(DeviceError::Refused(failure.into())),
        }
    }
}
