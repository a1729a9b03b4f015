//! What the environment says, as the SDK reads it, and what can be told of it without asking anybody.

use std::{collections::BTreeSet, env, str::FromStr};

use secrecy::{ExposeSecret as _, SecretString};
use stepup::{Client, Routes};
use url::Url;

use super::{credentials::Credentials, dpop::ProofKey, finding::Report};

/// How many bits a secret should have at least.
const STRONG: f64 = 128.0;

/// The path of the application's callback, its base path included.
#[derive(Clone, Debug)]
pub(super) struct CallbackPath(String);

/// Why a text is no [`CallbackPath`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no path such as /shop/auth/callback")]
pub(super) struct NotAPath;

impl FromStr for CallbackPath {
    type Err = NotAPath;

    fn from_str(text: &str) -> Result<Self, NotAPath> {
        let url = Url::parse("http://localhost").and_then(|base| base.join(text));
        let is_path = url.is_ok_and(|url| url.path() == text) && !text.ends_with('/');
        is_path.then(|| Self(text.to_owned())).ok_or(NotAPath)
    }
}

impl CallbackPath {
    /// The application's base path, and the route below it. What comes before a route of its own is taken for its base path.
    fn split(&self) -> (&str, &str) {
        let usual = self.0.len().saturating_sub("/auth/callback".len());
        let at = if self.0.ends_with("/auth/callback") { usual } else { self.0.rfind('/').unwrap_or(0) };
        self.0.split_at(at)
    }
}

/// A configuration that the SDK takes.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) issuer: String,
    pub(super) client_id: String,
    pub(super) credentials: Credentials,
    /// What access tokens are bound to.
    pub(super) proof_key: Option<ProofKey>,
    /// Whether authorization requests are pushed, whatever the tenant says of itself.
    pub(super) pushes: bool,
    pub(super) base_urls: Vec<Url>,
    callback_path: CallbackPath,
    secrets: Vec<SecretString>,
}

impl Settings {
    /// Has the SDK check the environment; each problem is a line.
    pub(super) fn read(callback_path: CallbackPath, report: &mut Report) -> Option<Self> {
        let (base_path, callback) = callback_path.split();
        let routes = Routes { callback: callback.to_owned(), ..Routes::default() };
        let client = match Client::builder().environment().base_path(base_path).routes(routes).build() {
            Ok(client) => client,
            Err(error) => {
                for problem in error.problems() {
                    let name = problem.variable.unwrap_or(problem.option);
                    report.fail(
                        "configuration",
                        format!("{name}: {}", problem.problem),
                        format!("set {name}"),
                    );
                }
                return None;
            }
        };
        let Some(credentials) = Credentials::of_environment() else {
            report.fail(
                "configuration",
                "the client has nothing to prove itself with",
                "set AUTH0_CLIENT_SECRET, or AUTH0_CLIENT_ASSERTION_SIGNING_KEY",
            );
            return None;
        };
        report.ok("configuration", format!("the SDK takes it; the issuer is {}", client.issuer()));
        let text = |name| env::var(name).unwrap_or_default().trim().to_owned();
        let list = |name| {
            let all = text(name);
            let parts = all.split(',').map(str::trim).filter(|part| !part.is_empty());
            parts.map(str::to_owned).collect::<Vec<_>>()
        };
        Some(Self {
            issuer: client.issuer().to_owned(),
            client_id: text("AUTH0_CLIENT_ID"),
            credentials,
            proof_key: ProofKey::of_environment(),
            pushes: text("STEPUP_PUSHED_AUTHORIZATION_REQUESTS") == "true",
            base_urls: list("APP_BASE_URL").iter().filter_map(|url| Url::parse(url).ok()).collect(),
            callback_path,
            secrets: list("AUTH0_SECRET").into_iter().map(SecretString::from).collect(),
        })
    }

    /// Where the SDK has the tenant send the browser back to: one address for each base URL.
    pub(super) fn callbacks(&self) -> impl Iterator<Item = Url> {
        self.base_urls.iter().map(|base| {
            let mut address = base.clone();
            address.set_path(&format!("{}{}", base.path().trim_end_matches('/'), self.callback_path.0));
            address
        })
    }

    pub(super) fn check(&self, report: &mut Report) {
        self.check_secrets(report);
        self.check_addresses(report);
        self.check_cookies(report);
    }

    fn check_secrets(&self, report: &mut Report) {
        let weak = self.secrets.iter().position(|secret| bits(secret.expose_secret()) < STRONG);
        match weak {
            None => report.ok("session secret", "long and irregular enough"),
            Some(index) => report.warn(
                "session secret",
                format!("number {} in AUTH0_SECRET is too regular to be random", index + 1),
                "set AUTH0_SECRET to the output of `openssl rand -hex 32`, with the old one after a comma until its sessions have ended",
            ),
        }
    }

    fn check_addresses(&self, report: &mut Report) {
        for url in &self.base_urls {
            if url.scheme() == "https" {
                report.ok("base URL", url.as_str());
            } else if is_loopback(url) {
                report.warn(
                    "base URL",
                    format!("{url} is for this machine only"),
                    "set APP_BASE_URL to the https address in production",
                );
            } else {
                report.fail(
                    "base URL",
                    format!("{url} is not https: cookies and codes go over the network in the clear"),
                    "set APP_BASE_URL to an https address",
                );
            }
        }
    }

    fn check_cookies(&self, report: &mut Report) {
        let check = "cookies";
        let text = |name| env::var(name).unwrap_or_default().trim().to_ascii_lowercase();
        let forced = text("AUTH0_COOKIE_SECURE") == "true";
        let bare: Vec<&Url> =
            self.base_urls.iter().filter(|url| !forced && url.scheme() != "https").collect();
        let exposed: Vec<&str> =
            bare.iter().filter(|url| !is_loopback(url)).map(|url| url.as_str()).collect();
        let from_everywhere = text("AUTH0_COOKIE_SAME_SITE") == "none";
        let domain = text("AUTH0_COOKIE_DOMAIN");
        if !exposed.is_empty() {
            report.warn(
                check,
                format!("HttpOnly, and without Secure under {}, which is not https", exposed.join(", ")),
                "serve every address in APP_BASE_URL over https",
            );
        }
        if from_everywhere {
            report.warn(
                check,
                "SameSite=None: every site can send requests with the session",
                "unset AUTH0_COOKIE_SAME_SITE unless the application runs in a frame of another site",
            );
        }
        if !domain.is_empty() {
            report.warn(
                check,
                format!("every host under {domain} gets the session"),
                "unset AUTH0_COOKIE_DOMAIN unless these hosts are one application",
            );
        }
        if exposed.is_empty() && !from_everywhere && domain.is_empty() {
            let secure = if bare.is_empty() { "Secure" } else { "Secure where the address is https" };
            report.ok(
                check,
                format!("HttpOnly, {secure}, for this host alone, and not sent by other sites' forms"),
            );
        }
    }
}

/// Whether an address leads to this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// How many bits a secret has at most, by how often its characters come; one that repeats itself counts once.
fn bits(secret: &str) -> f64 {
    let bytes = secret.as_bytes();
    let repeats = |period: &usize| bytes.iter().zip(&bytes[*period..]).all(|(one, other)| one == other);
    let period = (1..=bytes.len() / 2).find(repeats).unwrap_or(bytes.len());
    let once = &bytes[..period];
    let length = once.len() as f64;
    let kinds: BTreeSet<u8> = once.iter().copied().collect();
    let entropy = |kind: u8| {
        let share = once.iter().filter(|byte| **byte == kind).count() as f64 / length;
        -share * share.log2()
    };
    length * kinds.into_iter().map(entropy).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_secret_is_strong_and_a_regular_one_is_not() {
        for strong in [
            "9f2c61d07be84a35c1f0e7d2896ab43d58e1f7c20b6d9a4e3f8c75d1a02b6e94",
            "Zk3vQ9xT1mW7rB5yH2nL8pD4sF6gJ0cA",
        ] {
            assert!(bits(strong) >= STRONG, "{strong}: {}", bits(strong));
        }
        let repeated = "0123456789abcdef".repeat(4);
        for weak in ["a".repeat(64), repeated, "abababababababababababababababab".to_owned()] {
            assert!(bits(&weak) < STRONG, "{weak}: {}", bits(&weak));
        }
    }

    #[test]
    fn a_callback_is_a_route_below_a_base_path() {
        for (path, split) in [
            ("/auth/callback", ("", "/auth/callback")),
            ("/shop/auth/callback", ("/shop", "/auth/callback")),
            ("/cb", ("", "/cb")),
            ("/shop/cb", ("/shop", "/cb")),
        ] {
            assert_eq!(path.parse::<CallbackPath>().unwrap().split(), split);
        }
    }

    #[test]
    fn loopback_is_this_machine() {
        let loopback = |url| is_loopback(&Url::parse(url).unwrap());
        assert!(
            loopback("http://localhost:3000") && loopback("http://127.0.0.1") && loopback("http://[::1]:1")
        );
        assert!(!loopback("http://app.example.com") && !loopback("http://localhost.example.com"));
    }
}
