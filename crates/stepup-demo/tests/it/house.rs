//! A tenant and the bank on it, on free ports, with one clock that the test moves.

use std::time::Duration;

use stepup::{Client, Clock, Format};
use stepup_protocol::time::UnixTime;
use stepup_tenant::Tenant;
use stepup_tenant::clock::VirtualClock;
use stepup_tenant::config::{ChangeError, Section};

use crate::browser::Browser;

pub(crate) const EMAIL: &str = "ada@example.com";
pub(crate) const PASSWORD: &str = "correct horse battery staple";

pub(crate) struct House {
    pub(crate) tenant: Tenant,
    /// Without a slash at its end.
    pub(crate) bank: String,
}

#[derive(Clone, Debug)]
struct TenantTime(VirtualClock);

impl Clock for TenantTime {
    fn now(&self) -> UnixTime {
        self.0.now()
    }
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::writing(Format::default()).await
    }

    /// As [`Self::open`], where the bank's cookies are written in that form.
    pub(crate) async fn writing(format: Format) -> Self {
        Self::on(Tenant::builder().start().await.unwrap(), format).await
    }

    /// As [`Self::open`], where Ada holds these factors already.
    pub(crate) async fn where_ada_has(mfa_factors: serde_json::Value) -> Self {
        let users = serde_json::json!([{
            "user_id": "ada", "email": EMAIL, "email_verified": true, "name": "Ada Lovelace", "password": PASSWORD,
            "mfa_factors": mfa_factors,
        }]);
        Self::on(Tenant::builder().users_json(&users.to_string()).start().await.unwrap(), Format::default())
            .await
    }

    async fn on(tenant: Tenant, format: Format) -> Self {
        let listener = tokio::net::TcpListener::bind("localhost:0").await.unwrap();
        let bank = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let webapp = tenant.client("webapp").unwrap();
        let client = Client::builder()
            .domain(tenant.issuer())
            .client_id(webapp.client_id)
            .client_secret(webapp.client_secret.unwrap())
            .secret("a secret of the bank that is long enough for anybody")
            .app_base_url(&bank)
            .mfa_pages(stepup_demo::pages())
            .format(format)
            .clock(TenantTime(tenant.clock().clone()))
            .build()
            .unwrap();
        tokio::spawn(stepup_demo::serve(listener, client, std::future::pending()));
        Self { tenant, bank }
    }

    /// As [`Self::open`], where authenticator apps and recovery codes are the only factors.
    pub(crate) async fn of_apps() -> Self {
        let house = Self::open().await;
        let configuration = &house.tenant.state().configuration;
        let changed = configuration.change(|document| {
            for factor in document.list_mut(Section::GuardianFactors) {
                let stays = ["otp", "recovery-code"].iter().any(|name| factor["name"] == *name);
                factor["enabled"] = stays.into();
            }
            Ok::<_, ChangeError>(())
        });
        changed.await.unwrap();
        house
    }

    /// A new browser, logged in as Ada, on the balance page.
    pub(crate) async fn log_in(&self) -> Browser {
        let mut browser = Browser::new();
        browser.open(&self.at("/balance")).await;
        assert_eq!(browser.heading(), "Log in", "{}", browser.html);
        browser.submit("/u/login", &[("username", EMAIL), ("password", PASSWORD)]).await;
        assert_eq!(browser.url.as_str(), self.at("/balance"), "{}", browser.html);
        browser
    }

    /// A customer who has enrolled an app: the browser is on the receipt. Returns the app's secret and the recovery code.
    pub(crate) async fn enroll(&self, browser: &mut Browser) -> (String, String) {
        self.order(browser, "Charles Babbage", "25").await;
        assert_eq!(browser.heading(), "Protect your transfers", "{}", browser.html);
        let secret = browser.attribute("data-secret").unwrap().to_owned();
        browser.submit("/code", &[("code", &self.code(&secret))]).await;
        assert_eq!(browser.heading(), "Keep your recovery code", "{}", browser.html);
        let recovery_code = browser.attribute("data-recovery-code").unwrap().to_owned();
        browser.submit("/kept", &[("saved", "true")]).await;
        assert_eq!(browser.heading(), "Transfer done", "{}", browser.html);
        (secret, recovery_code)
    }

    pub(crate) async fn order(&self, browser: &mut Browser, to: &str, amount: &str) {
        browser.open(&self.at("/transfer")).await;
        browser.submit("/transfer", &[("to", to), ("amount", amount)]).await;
    }

    /// The code that the app shows now.
    pub(crate) fn code(&self, secret: &str) -> String {
        self.tenant.totp(secret).unwrap()
    }

    /// The next code: each is taken once.
    pub(crate) fn wait_for_the_next_code(&self) {
        self.tenant.clock().advance(Duration::from_secs(30));
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.bank)
    }
}
