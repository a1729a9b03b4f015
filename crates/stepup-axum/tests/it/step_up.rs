//! A step-up as a page's script does it: every call through the mounted routes, the tenant behind them.

use std::collections::BTreeMap;

use axum::{Router, routing::get};
use http::{Method, StatusCode, header};
use serde_json::{Value, json};
use stepup::{Client, Clock};
use stepup_axum::{SessionLayer, User};
use stepup_protocol::time::UnixTime;
use stepup_tenant::{Tenant, clock::VirtualClock};

const TOKEN: &str = "/auth/access-token?audience=https%3A%2F%2Fapi.example.com&scope=transfer%3Afunds";

#[derive(Debug)]
struct TenantTime(VirtualClock);

impl Clock for TenantTime {
    fn now(&self) -> UnixTime {
        self.0.now()
    }
}

/// A browser on the application: one jar for `localhost`, whatever the port.
struct Browser {
    http: reqwest::Client,
    application: String,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    async fn send(&mut self, request: reqwest::RequestBuilder) -> reqwest::Response {
        let line: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = request.header(header::COOKIE, line.join("; ")).send().await.unwrap();
        for cookie in answer.headers().get_all(header::SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            match rest.split(';').next().unwrap() {
                "" => self.cookies.remove(name),
                value => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        answer
    }

    /// Follows redirects from `url` to a page, and sends the form on it, if one is given.
    async fn visit(&mut self, url: &str, form: Option<String>) -> (String, String) {
        let (mut url, mut form) = (url::Url::parse(url).unwrap(), form);
        loop {
            let request = match form.take() {
                None => self.http.get(url.clone()),
                Some(body) => self
                    .http
                    .post(url.clone())
                    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .header(header::ORIGIN, url.origin().ascii_serialization())
                    .body(body),
            };
            let answer = self.send(request.header(header::ACCEPT, "text/html")).await;
            match answer.headers().get(header::LOCATION) {
                Some(location) => url = url.join(location.to_str().unwrap()).unwrap(),
                None => return (url.to_string(), answer.text().await.unwrap()),
            }
        }
    }

    /// A call of the page's script.
    async fn call(
        &mut self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let mut request = self.http.request(method, format!("{}{path}", self.application));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request
                .header(header::ORIGIN, &self.application)
                .header("sec-fetch-site", "same-origin")
                .json(&body);
        }
        let answer = self.send(request).await;
        assert!(answer.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("no-store"), "{path}");
        (answer.status(), answer.json().await.unwrap_or_default())
    }
}

#[tokio::test]
async fn a_page_steps_up_through_the_routes() {
    let tenant = Tenant::builder().start().await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let application = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let webapp = tenant.client("webapp").unwrap();
    let client = Client::builder()
        .domain(tenant.issuer())
        .client_id(webapp.client_id)
        .client_secret(webapp.client_secret.unwrap())
        .secret("a secret of thirty-two bytes, or more")
        .app_base_url(&application)
        .clock(TenantTime(tenant.clock().clone()))
        .build()
        .unwrap();
    let app = Router::new()
        .route("/", get(async |user: User| user.email().unwrap_or_default().to_owned()))
        .layer(SessionLayer::new(client));
    let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });

    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let mut browser = Browser { http, application: application.clone(), cookies: BTreeMap::new() };
    let (login, page) = browser.visit(&format!("{application}/"), None).await;
    assert!(login.starts_with(tenant.issuer()), "{login}");
    let (url, home) = browser.visit(&address(&login, &page), Some(filled_in(&page))).await;
    assert_eq!((url, home.as_str()), (format!("{application}/"), "ada@example.com"));

    let (status, due) = browser.call(Method::GET, TOKEN, None, None).await;
    assert_eq!((status, due["error"].as_str()), (StatusCode::FORBIDDEN, Some("mfa_required")), "{due}");
    let token = due["mfa_token"].as_str().unwrap().to_owned();
    let token = Some(token.as_str());

    let (status, listed) = browser.call(Method::GET, "/auth/mfa/authenticators", token, None).await;
    let kinds: Vec<_> = listed.as_array().unwrap().iter().map(|it| it["type"].as_str().unwrap()).collect();
    assert_eq!((status, kinds), (StatusCode::OK, vec!["email"]), "only what came by itself");
    let enroll = Some(json!({ "authenticator_types": ["otp"] }));
    let (status, app) = browser.call(Method::POST, "/auth/mfa/associate", token, enroll).await;
    assert_eq!((status, app["authenticator_type"].as_str()), (StatusCode::OK, Some("otp")), "{app}");

    let (status, wrong) =
        browser.call(Method::POST, "/auth/mfa/verify", token, Some(json!({ "otp": "12345x" }))).await;
    assert_eq!((status, wrong["error"].as_str()), (StatusCode::FORBIDDEN, Some("invalid_grant")), "{wrong}");
    let otp = tenant.totp(app["secret"].as_str().unwrap()).unwrap();
    let (status, verified) =
        browser.call(Method::POST, "/auth/mfa/verify", token, Some(json!({ "otp": otp }))).await;
    assert_eq!((status, verified), (StatusCode::OK, json!({ "success": true })));

    let (status, granted) = browser.call(Method::GET, TOKEN, None, None).await;
    assert_eq!(status, StatusCode::OK, "{granted}");
    assert!(granted["scope"].as_str().unwrap().contains("transfer:funds"), "{granted}");
    server.abort();
}

fn address(page_url: &str, page: &str) -> String {
    let form = page.split("<form ").nth(1).unwrap();
    url::Url::parse(page_url).unwrap().join(&attribute(form, "action").unwrap()).unwrap().to_string()
}

/// The log-in page's form with Ada's name and password in it.
fn filled_in(page: &str) -> String {
    let form = page.split("<form ").nth(1).unwrap().split("</form>").next().unwrap();
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    for input in form.split("<input ").skip(1) {
        if attribute(input, "type").as_deref() == Some("hidden") {
            body.append_pair(&attribute(input, "name").unwrap(), &attribute(input, "value").unwrap());
        }
    }
    body.append_pair("username", "ada@example.com").append_pair("password", "correct horse battery staple");
    body.append_pair("action", "default").finish()
}

fn attribute(html: &str, name: &str) -> Option<String> {
    let (value, _) = html.split_once(&format!("{name}=\""))?.1.split_once('"')?;
    Some(value.replace("&#38;", "&").replace("&amp;", "&").replace("&#34;", "\"").replace("&quot;", "\""))
}
