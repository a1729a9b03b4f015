//! Every factor on the wire: enrolled, confirmed, asked for, proved, and refused.

mod codes;
mod hostile;
mod limits;
mod listing;
mod push;
mod races;
mod strangers;
mod switches;

use serde_json::{Value, json};
use stepup_tenant::model::{Channel, Message, User};

use crate::rig::{ADA, Answer, Config, OOB_GRANT, OTP_GRANT, Rig};

/// A tenant that asks for a second factor at every login, with every factor on.
async fn always(stepup: &'static str) -> Rig {
    Rig::with(&Config { every_factor: true, stepup, ..Config::policy("all-applications") }).await
}

/// A factor that sends a code.
#[derive(Clone, Copy)]
struct Sent {
    name: &'static str,
    channel: Channel,
    to: &'static str,
    masked: &'static str,
    kind: &'static str,
}

const CODES: [Sent; 3] = [
    Sent { name: "sms", channel: Channel::Sms, to: "+12025550123", masked: "XXXXXXXX0123", kind: "phone" },
    Sent {
        name: "voice",
        channel: Channel::Voice,
        to: "+12025550123",
        masked: "XXXXXXXX0123",
        kind: "phone",
    },
    Sent {
        name: "email",
        channel: Channel::Email,
        to: "lovelace@example.com",
        masked: "love****@exam*******",
        kind: "email",
    },
];

impl Sent {
    fn associate(self) -> Value {
        let place = if self.kind == "email" { "email" } else { "phone_number" };
        json!({ "authenticator_types": ["oob"], "oob_channels": [self.name], place: self.to })
    }

    /// The newest code that was sent.
    async fn code(self, rig: &Rig) -> String {
        self.message(rig).await.code.unwrap()
    }

    async fn message(self, rig: &Rig) -> Message {
        let inbox = rig.tenant.state().delivery.inbox();
        inbox.read(Some(self.to), Some(self.channel)).await.unwrap().into_iter().next().unwrap()
    }
}

/// A six-digit code that is not `right`.
fn wrong(right: &str) -> String {
    let digit = if right.starts_with('9') { "8" } else { "9" };
    format!("{digit}{}", &right[1..])
}

async fn associate(rig: &Rig, bearer: &str, body: &Value) -> Answer {
    rig.json("/mfa/associate", Some(bearer), body).await
}

async fn verify_oob(rig: &Rig, mfa_token: &str, oob_code: &str, binding_code: &str) -> Answer {
    let mut fields = vec![("grant_type", OOB_GRANT), ("mfa_token", mfa_token), ("oob_code", oob_code)];
    if !binding_code.is_empty() {
        fields.push(("binding_code", binding_code));
    }
    rig.token(&fields).await
}

/// The `mfa_token` of a login.
async fn log_in(rig: &Rig) -> String {
    rig.password(&[("scope", "openid profile offline_access")]).await.mfa_token()
}

/// Ada enrols one of the factors that send a code; her id of it in the MFA API.
async fn enrol(rig: &Rig, factor: Sent) -> String {
    let mfa_token = log_in(rig).await;
    let oob_code = associate(rig, &mfa_token, &factor.associate()).await.text("oob_code");
    let listed = rig.authenticators(&mfa_token).await.value();
    let verified = verify_oob(rig, &mfa_token, &oob_code, &factor.code(rig).await).await;
    assert_eq!(verified.status, 200, "{}", verified.body);
    let pending = |it: &&Value| it["oob_channel"] == factor.name && it["active"] == false;
    let found = listed.as_array().unwrap().iter().find(pending).unwrap();
    found["id"].as_str().unwrap().to_owned()
}

/// Ada enrols an app; its secret.
async fn enrol_app(rig: &Rig) -> String {
    let mfa_token = log_in(rig).await;
    let secret = rig.associate(&mfa_token).await.text("secret");
    assert_eq!(rig.verify_otp(&mfa_token, &rig.code(&secret)).await.status, 200);
    rig.advance(60);
    secret
}

async fn ada(rig: &Rig) -> User {
    let store = &rig.tenant.state().store;
    store.user_by_identifier("Username-Password-Authentication", ADA).await.unwrap().unwrap()
}

/// Bob, with Ada's password.
async fn bob(rig: &Rig) -> User {
    let bob =
        User { user_id: "auth0|bob".to_owned(), email: Some("bob@example.com".to_owned()), ..ada(rig).await };
    rig.tenant.state().store.insert_user(&bob).await.unwrap();
    bob
}

async fn log_in_as(rig: &Rig, username: &str) -> String {
    let fields = [("grant_type", "password"), ("username", username), ("password", crate::rig::PASSWORD)];
    rig.token(&fields).await.mfa_token()
}

/// The token for the MFA API.
fn mfa_api(rig: &Rig) -> String {
    format!("{}mfa/", rig.tenant.issuer())
}

async fn verify_otp_as(rig: &Rig, client: (&str, &str), mfa_token: &str, otp: &str) -> Answer {
    let fields = [
        ("client_id", client.0),
        ("client_secret", client.1),
        ("grant_type", OTP_GRANT),
        ("mfa_token", mfa_token),
        ("otp", otp),
    ];
    rig.form("/oauth/token", &fields).await
}
