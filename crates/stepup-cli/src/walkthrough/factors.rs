//! The other factors: what comes by text message, by e-mail and to a phone.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use stepup_tenant::{devices::Decision, model::Channel};

use super::{
    browser::Answer,
    walk::{EMAIL, PASSWORD, STEP, Walk, expect, wrong},
};
use crate::failure::Failure;

const PHONE: &str = "+12025550123";
const OTP: &str = "http://auth0.com/oauth/grant-type/mfa-otp";
const OOB: &str = "http://auth0.com/oauth/grant-type/mfa-oob";

impl Walk<'_> {
    /// As an account page of the application does it, with a token for the MFA API.
    pub(super) async fn enrol_number(&mut self) -> Result<String, Failure> {
        let account = self.account_token().await?;
        let wanted =
            json!({ "authenticator_types": ["oob"], "oob_channels": ["sms"], "phone_number": PHONE });
        let begun = self.tenant_call("mfa/associate", Some(&account), wanted).await?;
        begun.expect(StatusCode::OK)?;
        let code = self.sent(Channel::Sms).await?;
        let confirmed = json!({ "oob_code": begun.text("oob_code")?, "binding_code": code });
        self.confirm(&account, confirmed).await?;
        Ok(format!("{PHONE}, with {code}"))
    }

    /// A virtual phone scans the QR code, with a key of its own.
    pub(super) async fn enrol_push(&mut self) -> Result<String, Failure> {
        let account = self.account_token().await?;
        let wanted = json!({ "authenticator_types": ["oob"], "oob_channels": ["auth0"] });
        let begun = self.tenant_call("mfa/associate", Some(&account), wanted).await?;
        begun.expect(StatusCode::OK)?;
        let scanned = self.tenant.scan(begun.text("barcode_uri")?).await;
        let device = scanned.map_err(|error| Failure::other(&error))?;
        self.confirm(&account, json!({ "oob_code": begun.text("oob_code")? })).await?;
        Ok(device.enrollment_id.unwrap_or_default())
    }

    pub(super) async fn challenge(&mut self, channel: Channel) -> Result<String, Failure> {
        let word = if channel == Channel::Push { "auth0" } else { channel.as_str() };
        let listed = self.step_up(Method::GET, "authenticators", None).await?;
        listed.expect(StatusCode::OK)?;
        let by_channel = |entry: &&Value| entry["active"] == true && entry["oob_channel"] == word;
        let authenticator = listed.json.as_array().and_then(|list| list.iter().find(by_channel));
        let id = authenticator
            .and_then(|it| it["id"].as_str())
            .ok_or_else(|| wrong(&format!("nothing is enrolled by {word}"), &listed.json))?;
        let body = json!({ "mfa_token": self.mfa_token, "challenge_type": "oob", "authenticator_id": id });
        let answer = self.call(Method::POST, "/auth/mfa/challenge", None, Some(body)).await?;
        answer.expect(StatusCode::OK)?;
        answer.text("oob_code")?.clone_into(&mut self.oob_code);
        Ok(id.to_owned())
    }

    /// Types the code that came.
    pub(super) async fn verify_sent(&mut self, channel: Channel) -> Result<String, Failure> {
        let code = self.sent(channel).await?;
        let body = json!({ "oob_code": self.oob_code, "binding_code": code });
        let answer = self.step_up(Method::POST, "verify", Some(body)).await?;
        answer.expect(StatusCode::OK)?;
        Ok(code)
    }

    /// The application asks before the user has answered.
    pub(super) async fn push_is_pending(&mut self) -> Result<String, Failure> {
        let body = json!({ "oob_code": self.oob_code });
        let answer = self.step_up(Method::POST, "verify", Some(body)).await?;
        expect("the error", answer.text("error")?, "authorization_pending")?;
        Ok("authorization_pending".to_owned())
    }

    /// The user approves on the phone.
    pub(super) async fn approve_push(&mut self) -> Result<String, Failure> {
        let pending = self.tenant.push_requests().await.map_err(|error| Failure::other(&error))?;
        let [request] = pending.as_slice() else {
            return Err(Failure::Other(format!("{} push requests are pending, not one", pending.len())));
        };
        let answered = self.tenant.answer_push(&request.id, Decision::Approve).await;
        answered.map_err(|error| Failure::other(&error))?;
        // Whoever polls has to wait a little between two looks.
        self.tenant.clock().advance(std::time::Duration::from_secs(5));
        let body = json!({ "oob_code": self.oob_code });
        let answer = self.step_up(Method::POST, "verify", Some(body)).await?;
        answer.expect(StatusCode::OK)?;
        Ok(request.id.clone())
    }

    /// A token for the MFA API: whoever has an app has to show its code for it.
    async fn account_token(&mut self) -> Result<String, Failure> {
        let client = self.client()?;
        let audience = format!("{}mfa/", self.tenant.issuer());
        let wanted = json!({
            "grant_type": "password", "username": EMAIL, "password": PASSWORD, "audience": audience,
            "scope": "enroll read:authenticators", "client_id": client.client_id,
            "client_secret": client.client_secret,
        });
        let refused = self.tenant_call("oauth/token", None, wanted).await?;
        refused.expect(StatusCode::FORBIDDEN)?;
        expect("the error", refused.text("error")?, "mfa_required")?;
        self.tenant.clock().advance(STEP);
        let proved = json!({
            "grant_type": OTP, "mfa_token": refused.text("mfa_token")?, "otp": self.code()?,
            "client_id": client.client_id, "client_secret": client.client_secret,
        });
        let answer = self.tenant_call("oauth/token", None, proved).await?;
        answer.expect(StatusCode::OK)?;
        Ok(answer.text("access_token")?.to_owned())
    }

    /// Confirms an enrolment.
    async fn confirm(&mut self, account: &str, mut body: Value) -> Result<(), Failure> {
        let client = self.client()?;
        body["grant_type"] = json!(OOB);
        body["mfa_token"] = json!(account);
        body["client_id"] = json!(client.client_id);
        body["client_secret"] = json!(client.client_secret);
        self.tenant_call("oauth/token", None, body).await?.expect(StatusCode::OK)
    }

    /// The code of the newest message.
    async fn sent(&self, channel: Channel) -> Result<String, Failure> {
        let messages = self.tenant.messages().await.map_err(|error| Failure::other(&error))?;
        let newest = messages.into_iter().find(|message| message.channel == channel);
        newest
            .and_then(|message| message.code)
            .ok_or_else(|| Failure::Other(format!("nothing was sent by {}", channel.as_str())))
    }

    fn client(&self) -> Result<stepup_tenant::ClientCredentials, Failure> {
        let client = self.tenant.client("webapp");
        client.ok_or_else(|| Failure::Other("the tenant has no client `webapp`".to_owned()))
    }

    async fn tenant_call(
        &mut self,
        path: &str,
        bearer: Option<&str>,
        body: Value,
    ) -> Result<Answer, Failure> {
        let address = self.tenant.url().join(path).map_err(|error| Failure::other(&error))?;
        self.browser.call(Method::POST, address, bearer, Some(body)).await
    }
}
