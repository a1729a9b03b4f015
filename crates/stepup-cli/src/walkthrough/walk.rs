//! What a person does, one method a step. Each says what it saw, or why that was wrong.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use stepup_tenant::Tenant;
use url::Url;

use super::browser::{Answer, Browser};
use crate::failure::Failure;

pub(super) const EMAIL: &str = "ada@example.com";
pub(super) const PASSWORD: &str = "correct horse battery staple";
const AUDIENCE: &str = "https://api.example.com";
const SCOPE: &str = "transfer:funds";

/// How long an authenticator app shows a code.
pub(super) const STEP: Duration = Duration::from_secs(30);

/// One walk, and what the person has in hand.
pub(super) struct Walk<'t> {
    pub(super) tenant: &'t Tenant,
    bank: Url,
    pub(super) browser: Browser,
    /// The sealed token of the step-up that is due.
    pub(super) mfa_token: String,
    /// What the challenge by another channel answered.
    pub(super) oob_code: String,
    /// What the authenticator app was given, base32.
    app_secret: String,
    last_code: String,
    recovery_code: String,
}

impl<'t> Walk<'t> {
    pub(super) fn new(tenant: &'t Tenant, bank: &str) -> Result<Self, Failure> {
        Ok(Self {
            tenant,
            bank: Url::parse(bank).map_err(|error| Failure::other(&error))?,
            browser: Browser::new()?,
            mfa_token: String::new(),
            oob_code: String::new(),
            app_secret: String::new(),
            last_code: String::new(),
            recovery_code: String::new(),
        })
    }

    pub(super) async fn log_in(&mut self) -> Result<String, Failure> {
        let page = self.browser.open(self.at("/auth/login")?).await?;
        page.expect(StatusCode::OK)?;
        expect("the login page", page.url.path(), "/u/login")?;
        let state = page.hidden_field("state")?;
        let fields =
            [("state", state.as_str()), ("username", EMAIL), ("password", PASSWORD), ("action", "default")];
        let landed = self.browser.submit(page.url.clone(), &fields).await?;
        expect(
            "the bank",
            &landed.url.origin().ascii_serialization(),
            &self.bank.origin().ascii_serialization(),
        )?;
        let profile = self.call(Method::GET, "/auth/profile", None, None).await?;
        profile.expect(StatusCode::OK)?;
        expect("the user", profile.text("email")?, EMAIL)?;
        Ok(format!("as {EMAIL}"))
    }

    /// The same person with nothing in the browser.
    pub(super) async fn log_in_afresh(&mut self) -> Result<String, Failure> {
        self.browser = Browser::new()?;
        self.log_in().await
    }

    pub(super) async fn second_factor_is_due(&mut self) -> Result<String, Failure> {
        let answer = self.ask_for_token().await?;
        answer.expect(StatusCode::FORBIDDEN)?;
        expect("the error", answer.text("error")?, "mfa_required")?;
        answer.text("mfa_token")?.clone_into(&mut self.mfa_token);
        Ok(format!("mfa_required, {}", answer.json["mfa_requirements"]))
    }

    pub(super) async fn enrol_app(&mut self) -> Result<String, Failure> {
        let answer =
            self.step_up(Method::POST, "associate", Some(json!({ "authenticator_types": ["otp"] }))).await?;
        answer.expect(StatusCode::OK)?;
        answer.text("secret")?.clone_into(&mut self.app_secret);
        let recovery_code = answer.json["recovery_codes"][0].as_str().unwrap_or_default();
        recovery_code.clone_into(&mut self.recovery_code);
        Ok(format!("{}, recovery code {recovery_code}", answer.text("barcode_uri")?))
    }

    pub(super) async fn verify_code(&mut self) -> Result<String, Failure> {
        let code = self.code()?;
        let answer = self.step_up(Method::POST, "verify", Some(json!({ "otp": code }))).await?;
        answer.expect(StatusCode::OK)?;
        self.last_code = code;
        Ok(self.last_code.clone())
    }

    pub(super) async fn challenge_app(&mut self) -> Result<String, Failure> {
        let listed = self.step_up(Method::GET, "authenticators", None).await?;
        listed.expect(StatusCode::OK)?;
        let of_app = |entry: &&Value| entry["authenticator_type"] == "otp";
        let app = listed.json.as_array().and_then(|list| list.iter().find(of_app));
        let id = app
            .and_then(|app| app["id"].as_str())
            .ok_or_else(|| wrong("the list has no app", &listed.json))?;
        let body = json!({ "mfa_token": self.mfa_token, "challenge_type": "otp", "authenticator_id": id });
        let answer = self.call(Method::POST, "/auth/mfa/challenge", None, Some(body)).await?;
        answer.expect(StatusCode::OK)?;
        expect("the challenge", answer.text("challenge_type")?, "otp")?;
        Ok(id.to_owned())
    }

    pub(super) async fn used_code_is_refused(&mut self) -> Result<String, Failure> {
        let answer = self.step_up(Method::POST, "verify", Some(json!({ "otp": self.last_code }))).await?;
        refusal(&answer)
    }

    /// Waits, by moving the tenant's clock, until the app shows another code.
    pub(super) async fn verify_next_code(&mut self) -> Result<String, Failure> {
        self.tenant.clock().advance(STEP);
        self.verify_code().await
    }

    pub(super) async fn use_recovery_code(&mut self) -> Result<String, Failure> {
        let answer = self
            .step_up(Method::POST, "verify", Some(json!({ "recovery_code": self.recovery_code })))
            .await?;
        answer.expect(StatusCode::OK)?;
        Ok(format!("the next one is {}", answer.text("recovery_code")?))
    }

    /// In a session of its own, since this one has its token.
    pub(super) async fn used_recovery_code_is_refused(&mut self) -> Result<String, Failure> {
        self.log_in_afresh().await?;
        self.second_factor_is_due().await?;
        let answer = self
            .step_up(Method::POST, "verify", Some(json!({ "recovery_code": self.recovery_code })))
            .await?;
        refusal(&answer)
    }

    pub(super) async fn token(&mut self) -> Result<String, Failure> {
        let answer = self.ask_for_token().await?;
        answer.expect(StatusCode::OK)?;
        let scope = answer.text("scope")?;
        if !scope.split(' ').any(|word| word == SCOPE) {
            return Err(wrong(&format!("the token is without {SCOPE}"), &answer.json["scope"]));
        }
        answer.text("token")?;
        Ok(format!("for {AUDIENCE} with {scope}"))
    }

    pub(super) fn code(&self) -> Result<String, Failure> {
        let code = self.tenant.totp(&self.app_secret);
        code.ok_or_else(|| Failure::Other("the enrolment's secret is not base32".to_owned()))
    }

    async fn ask_for_token(&mut self) -> Result<Answer, Failure> {
        let query = [("audience", AUDIENCE), ("scope", SCOPE)];
        let address = Url::parse_with_params(self.at("/auth/access-token")?.as_str(), query);
        let address = address.map_err(|error| Failure::other(&error))?;
        self.browser.call(Method::GET, address, None, None).await
    }

    /// A call of the step-up that is due.
    pub(super) async fn step_up(
        &mut self,
        method: Method,
        call: &str,
        body: Option<Value>,
    ) -> Result<Answer, Failure> {
        let bearer = self.mfa_token.clone();
        self.call(method, &format!("/auth/mfa/{call}"), Some(&bearer), body).await
    }

    pub(super) async fn call(
        &mut self,
        method: Method,
        path: &str,
        bearer: Option<&str>,
        body: Option<Value>,
    ) -> Result<Answer, Failure> {
        let address = self.at(path)?;
        self.browser.call(method, address, bearer, body).await
    }

    fn at(&self, path: &str) -> Result<Url, Failure> {
        self.bank.join(path).map_err(|error| Failure::other(&error))
    }
}

/// A code that does not work is the person's mistake, and says so.
fn refusal(answer: &Answer) -> Result<String, Failure> {
    if answer.status.is_client_error() {
        Ok(format!("{}: {}", answer.text("error")?, answer.text("error_description")?))
    } else {
        Err(wrong(&format!("it was taken, with status {}", answer.status), &answer.json))
    }
}

pub(super) fn expect(what: &str, found: &str, expected: &str) -> Result<(), Failure> {
    if found == expected {
        Ok(())
    } else {
        Err(Failure::Other(format!("{what} should be `{expected}` and is `{found}`")))
    }
}

pub(super) fn wrong(what: &str, seen: &Value) -> Failure {
    Failure::Other(format!("{what}: {seen}"))
}
