//! What the phone of a push factor and the tenant say to each other.

use serde::{Deserialize, Serialize};

use crate::jwk::Jwk;

/// `POST {base}/api/enroll`: the phone that scanned the QR code presents itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrollRequest {
    /// What the app calls the device: the `iss` of what it signs.
    pub identifier: String,
    /// What people call it.
    pub name: String,
    /// How notifications reach it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push_credentials: Option<PushCredentials>,
    /// The RSA key with which its answers are verified.
    pub public_key: Jwk,
}

/// `PATCH {base}/api/device-accounts/{id}`: what has changed about the phone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceUpdate {
    /// What the app calls the device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identifier: Option<String>,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How notifications reach it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push_credentials: Option<PushCredentials>,
    /// Its new key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<Jwk>,
}

/// How notifications reach an app.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushCredentials {
    /// `GCM` or `APNS`.
    pub service: String,
    /// The app's address there.
    pub token: String,
}

impl std::fmt::Debug for PushCredentials {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("PushCredentials").field("service", &self.service).finish_non_exhaustive()
    }
}

/// The answer to [`EnrollRequest`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolled {
    /// The enrolment: `dev_{16 characters}`.
    pub id: String,
    /// The tenant's address.
    pub url: String,
    /// The tenant's name.
    pub issuer: String,
    /// Whose the enrolment is.
    pub user_id: String,
    /// With what the app manages its enrolment.
    pub token: String,
    /// The authenticator app that comes with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totp: Option<Totp>,
}

impl std::fmt::Debug for Enrolled {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Enrolled")
            .field("id", &self.id)
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}

/// What the app needs to show one-time codes (RFC 6238).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totp {
    /// The shared secret, base32.
    pub secret: String,
    /// `SHA1`.
    pub algorithm: String,
    /// 6.
    pub digits: u8,
    /// Seconds: 30.
    pub period: u64,
}

impl std::fmt::Debug for Totp {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Totp").field("period", &self.period).finish_non_exhaustive()
    }
}

/// `POST {base}/api/resolve-transaction`: the phone's answer to a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolve {
    /// A JWT with [`ChallengeResponse`], RS256 by the phone's key.
    pub challenge_response: String,
}

/// What the phone signs to answer a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChallengeResponse {
    /// When it was signed, Unix seconds.
    pub iat: i64,
    /// Until when it is good: 30 seconds later.
    pub exp: i64,
    /// The whole address that is called.
    pub aud: String,
    /// The device's identifier.
    pub iss: String,
    /// The challenge of the notification (`c`).
    pub sub: String,
    /// `push`.
    pub auth0_guardian_method: String,
    /// Yes or no.
    pub auth0_guardian_accepted: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth0_guardian_reason: Option<String>,
}

/// What the phone signs to manage its enrolment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceAssertion {
    /// When it was signed, Unix seconds.
    pub iat: i64,
    /// Until when it is good: at most two hours later.
    pub exp: i64,
    /// `{base}/api/device-accounts`.
    pub aud: String,
    /// The enrolment.
    pub iss: String,
    /// Whose it is.
    pub sub: String,
}

/// The body of a refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GuardianError {
    /// The HTTP status.
    pub status_code: u16,
    /// Its name.
    pub error: String,
    /// What is wrong.
    pub message: String,
    /// A word for programs: `invalid_token`, `login_transaction_not_found`, …
    pub error_code: String,
}
