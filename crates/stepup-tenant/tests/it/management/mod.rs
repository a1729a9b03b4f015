//! The Management API over HTTP.

mod access;
mod actions;
mod applications;
mod connections;
mod guardian;
mod jobs;
mod logs;
mod methods;
mod search;
mod settings;
mod users;

use serde_json::{Value, json};

use crate::rig::{Answer, Rig};

/// A program that may call everything.
pub(crate) struct Admin {
    pub(crate) rig: Rig,
    pub(crate) token: String,
}

impl Admin {
    /// On the built-in configuration.
    pub(crate) async fn start() -> Self {
        Self::on(Rig::start().await).await
    }

    pub(crate) async fn on(rig: Rig) -> Self {
        let token = token(&rig, "").await.text("access_token");
        Self { rig, token }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call("PATCH", path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.call("PUT", path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, None).await
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.raw(&self.token, method, path, body.map(|body| body.to_string()).unwrap_or_default()).await
    }

    pub(crate) async fn raw(&self, token: &str, method: &str, path: &str, body: String) -> Answer {
        let request = self
            .rig
            .http
            .request(method.parse().unwrap(), self.rig.at(&format!("api/v2/{path}")))
            .header("content-type", "application/json")
            .bearer_auth(token)
            .body(body);
        self.rig.send(request).await
    }

    /// A user with an address of their own.
    pub(crate) async fn user(&self, email: &str, more: Value) -> String {
        let mut body = json!({
            "connection": "Username-Password-Authentication",
            "email": email,
            "password": "A good pass phrase",
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = self.post("users", body).await;
        assert_eq!(made.status, 201, "{}", made.body);
        made.text("user_id")
    }

    /// A log-in by password grant.
    pub(crate) async fn log_in(&self, username: &str, password: &str) -> Answer {
        let fields = [("grant_type", "password"), ("username", username), ("password", password)];
        self.rig.token(&fields).await
    }

    /// Ada's id.
    pub(crate) async fn ada(&self) -> String {
        self.get("users-by-email?email=ada@example.com").await.at("/0/user_id")
    }
}

/// A token for the Management API with these scopes; without any, all.
pub(crate) async fn token(rig: &Rig, scope: &str) -> Answer {
    let audience = format!("{}api/v2/", rig.tenant.issuer());
    let mut body = json!({
        "grant_type": "client_credentials",
        "client_id": "stepup-m2m",
        "client_secret": "stepup-m2m-secret",
        "audience": audience,
    });
    if !scope.is_empty() {
        body["scope"] = json!(scope);
    }
    rig.json("oauth/token", None, &body).await
}

impl Answer {
    /// Status, message and code of a refusal in one line.
    pub(crate) fn refusal(&self) -> String {
        let body = self.value();
        assert_eq!(body["statusCode"], json!(self.status), "{}", self.body);
        let code = body["errorCode"].as_str().unwrap_or("-");
        format!("{} {code}: {}", self.status, body["message"].as_str().unwrap())
    }

    /// The texts under `name` in the entries of the list that the answer is.
    pub(crate) fn each(&self, name: &str) -> Vec<String> {
        let body = self.value();
        let entries = body.as_array().unwrap_or_else(|| panic!("no list: {} {}", self.status, self.body));
        entries.iter().map(|entry| entry[name].as_str().unwrap_or("-").to_owned()).collect()
    }
}
