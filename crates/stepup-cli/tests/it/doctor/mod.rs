//! `stepup doctor` against tenants with one fault each, and one without.

mod between;
mod by_browser;
mod by_password;
mod client_authentication;
mod person;
mod proof;

use std::{
    io::Write as _,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use serde_json::Value;
use stepup_tenant::Tenant;

use crate::support::command;

const SECRET: &str = "9f2c61d07be84a35c1f0e7d2896ab43d58e1f7c20b6d9a4e3f8c75d1a02b6e94";
const PASSWORD: &str = "correct horse battery staple";

/// What was set, and what came of it.
struct Looked {
    code: i32,
    lines: Vec<Value>,
    stderr: String,
}

impl Looked {
    /// Verdict and details of every line of a check.
    fn verdicts(&self, check: &str) -> Vec<&str> {
        let lines = self.lines.iter().filter(|line| line["check"] == check);
        lines.map(|line| line["verdict"].as_str().unwrap()).collect()
    }

    fn failed(&self) -> Vec<&str> {
        let lines = self.lines.iter().filter(|line| line["verdict"] == "fail");
        lines.map(|line| line["check"].as_str().unwrap()).collect()
    }

    /// The lines of a check.
    fn lines_of(&self, check: &str) -> Vec<&Value> {
        self.lines.iter().filter(|line| line["check"] == check).collect()
    }

    /// What was seen, of the one line of a check.
    fn detail(&self, check: &str) -> &str {
        let lines = self.lines_of(check);
        assert_eq!(lines.len(), 1, "{check}: {:#?}", self.lines);
        lines[0]["detail"].as_str().unwrap()
    }

    /// What to change, of the one check that failed.
    fn change(&self, check: &str) -> &str {
        assert_eq!(self.failed(), [check], "{:#?}", self.lines);
        assert_eq!(self.code, 1);
        let summary = format!("stepup: 1 of {} checks failed\n", self.lines.len());
        assert_eq!(self.stderr, summary);
        let line = self.lines.iter().find(|line| line["verdict"] == "fail").unwrap();
        line["change"].as_str().unwrap()
    }
}

async fn look(environment: &[(&str, &str)], arguments: &[&str]) -> Looked {
    let mut doctor = command(&[&["doctor", "--json"], arguments].concat());
    doctor.envs(environment.iter().copied());
    doctor.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = tokio::task::spawn_blocking(move || {
        let mut child = doctor.spawn().unwrap();
        // without a user it does not read it
        let _ = child.stdin.take().unwrap().write_all(PASSWORD.as_bytes());
        child.wait_with_output().unwrap()
    });
    let output = output.await.unwrap();
    looked(output.status, output.stdout, output.stderr)
}

fn looked(status: ExitStatus, stdout: Vec<u8>, stderr: Vec<u8>) -> Looked {
    let stdout = String::from_utf8(stdout).unwrap();
    let stderr = String::from_utf8(stderr).unwrap();
    for secret in [SECRET, PASSWORD, "stepup-webapp-secret"] {
        assert!(!stdout.contains(secret) && !stderr.contains(secret), "{stdout}{stderr}");
    }
    Looked {
        code: status.code().unwrap(),
        lines: stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
        stderr,
    }
}

/// What the environment says of the application at `tenant`, with `others` set otherwise; empty is not set.
fn environment<'a>(tenant: &'a Tenant, others: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let usual = [
        ("AUTH0_DOMAIN", tenant.issuer().trim_end_matches('/')),
        ("AUTH0_CLIENT_ID", "stepup-webapp"),
        ("AUTH0_CLIENT_SECRET", "stepup-webapp-secret"),
        ("AUTH0_SECRET", SECRET),
        ("APP_BASE_URL", "http://localhost:3000"),
    ];
    usual.into_iter().chain(others.iter().copied()).collect()
}

/// The doctor's look at `tenant`, with one variable set otherwise.
async fn look_at(tenant: &Tenant, other: Option<(&str, &str)>, arguments: &[&str]) -> Looked {
    look(&environment(tenant, other.as_slice()), arguments).await
}

const LOGIN: [&str; 3] = ["--user", "ada@example.com", "--password-stdin"];

/// A tenant whose application is set up so.
async fn tenant_with(application: &str, more: &str) -> Tenant {
    Tenant::builder().config_yaml(&yaml(application, more)).start().await.unwrap()
}

fn yaml(application: &str, more: &str) -> String {
    format!(
        "tenant:\n  default_directory: Username-Password-Authentication\ndatabases:\n  - name: Username-Password-Authentication\nguardianFactors:\n  - name: otp\n    enabled: true\nclients:\n  - name: webapp\n    client_id: stepup-webapp\n    client_secret: stepup-webapp-secret\n    \
         app_type: regular_web\n    token_endpoint_auth_method: client_secret_post\n{application}{more}"
    )
}

const ADDRESSES: &str =
    "    callbacks: [\"http://localhost:*\"]\n    allowed_logout_urls: [\"http://localhost:*\"]\n";
const GRANTS: &str = "    grant_types: [authorization_code, refresh_token, password, \
                      \"http://auth0.com/oauth/grant-type/mfa-otp\", \"http://auth0.com/oauth/grant-type/mfa-oob\", \
                      \"http://auth0.com/oauth/grant-type/mfa-recovery-code\"]\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_configuration_has_nothing_that_fails() {
    let tenant = Tenant::builder().start().await.unwrap();
    let looked = look_at(&tenant, None, &[]).await;
    assert_eq!((looked.code, looked.stderr.as_str()), (0, ""), "{:#?}", looked.lines);
    let checks: Vec<(&str, &str)> = looked
        .lines
        .iter()
        .map(|line| (line["check"].as_str().unwrap(), line["verdict"].as_str().unwrap()))
        .collect();
    assert_eq!(
        checks,
        [
            ("configuration", "ok"),
            ("session secret", "ok"),
            ("base URL", "warn"),
            ("cookies", "ok"),
            ("discovery", "ok"),
            ("clock", "ok"),
            ("keys", "ok"),
            ("client authentication", "ok"),
            ("MFA grant otp", "ok"),
            ("MFA grant oob_code", "ok"),
            ("MFA grant recovery_code", "ok"),
            ("refresh grant", "ok"),
            ("callback URL", "ok"),
            ("logout URL", "ok"),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_shows_rotation_and_leaves_nothing_behind() {
    let tenant = tenant_with(
        &format!("{ADDRESSES}{GRANTS}"),
        "    refresh_token: { rotation_type: rotating, expiration_type: expiring }\n",
    )
    .await;
    let looked = look_at(&tenant, None, &LOGIN).await;
    assert_eq!(looked.code, 0, "{:#?}", looked.lines);
    for check in ["login", "background refreshes", "refresh token rotation", "revocation"] {
        assert_eq!(looked.verdicts(check), ["ok"], "{check}: {:#?}", looked.lines);
    }
    assert_eq!(looked.verdicts("clock"), ["ok", "ok"]);

    let tenant = tenant_with(
        &format!("{ADDRESSES}{GRANTS}"),
        "    refresh_token: { rotation_type: non-rotating, expiration_type: expiring }\n",
    )
    .await;
    let looked = look_at(&tenant, None, &LOGIN).await;
    assert_eq!(
        (looked.code, looked.verdicts("refresh token rotation")),
        (0, vec!["warn"]),
        "{:#?}",
        looked.lines
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_or_weak_is_named_by_its_variable() {
    let looked = look(&[("AUTH0_DOMAIN", "tenant.example.com"), ("AUTH0_SECRET", "short")], &[]).await;
    assert_eq!(looked.code, 1);
    let told: Vec<&str> = looked.lines.iter().map(|line| line["change"].as_str().unwrap()).collect();
    for variable in ["AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET", "AUTH0_SECRET", "APP_BASE_URL"] {
        assert!(told.contains(&&*format!("set {variable}")), "{variable}: {told:?}");
    }

    let tenant = Tenant::builder().start().await.unwrap();
    let weak = "0123456789abcdef".repeat(4);
    let looked = look_at(&tenant, Some(("AUTH0_SECRET", &weak)), &[]).await;
    assert_eq!((looked.code, looked.verdicts("session secret")), (0, vec!["warn"]));

    // The SDK takes no notice of an empty part, so it is no secret.
    let good = format!(" ,{SECRET},");
    let looked = look_at(&tenant, Some(("AUTH0_SECRET", &good)), &[]).await;
    assert_eq!((looked.code, looked.verdicts("session secret")), (0, vec!["ok"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_that_would_not_come_back_and_settings_that_do_not_fit_are_named() {
    let tenant = Tenant::builder().start().await.unwrap();
    let key = include_str!("../../../../stepup/tests/fixtures/dpop-key.pem");
    for (variable, value, named) in [
        ("AUTH0_COOKIE_PATH", "/shop", "AUTH0_COOKIE_PATH"),
        ("AUTH0_COOKIE_DOMAIN", "other.org", "AUTH0_COOKIE_DOMAIN"),
        ("AUTH0_COOKIE_SAME_SITE", "None", "AUTH0_COOKIE_SECURE"),
        ("AUTH0_CLIENT_ASSERTION_SIGNING_KEY", key, "AUTH0_CLIENT_ASSERTION_SIGNING_ALG"),
    ] {
        let looked = look_at(&tenant, Some((variable, value)), &[]).await;
        assert_eq!(looked.change("configuration"), format!("set {named}"), "{:#?}", looked.lines);
    }
    let below = [("AUTH0_COOKIE_PATH", "/shop"), ("AUTH0_COOKIE_DOMAIN", "localhost")];
    let looked = look(&environment(&tenant, &below), &["--callback-path", "/shop/auth/callback"]).await;
    assert_eq!((looked.code, looked.verdicts("cookies")), (0, vec!["warn"]), "{:#?}", looked.lines);
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_are_secure_under_each_address_that_is_https() {
    let tenant = Tenant::builder().start().await.unwrap();
    for (base_urls, forced, verdict, says) in [
        ("https://a.example.com", "", "ok", "HttpOnly, Secure, "),
        (
            "https://a.example.com,http://localhost:5703",
            "",
            "ok",
            "HttpOnly, Secure where the address is https, ",
        ),
        ("https://a.example.com,http://localhost:5703", "true", "ok", "HttpOnly, Secure, "),
        (
            "https://a.example.com,http://b.example.com",
            "",
            "warn",
            "HttpOnly, and without Secure under http://b.example.com/, ",
        ),
    ] {
        let set = [("APP_BASE_URL", base_urls), ("AUTH0_COOKIE_SECURE", forced)];
        let looked = look(&environment(&tenant, &set), &[]).await;
        assert_eq!(looked.verdicts("cookies"), [verdict], "{base_urls}");
        assert!(looked.detail("cookies").starts_with(says), "{base_urls}: {:#?}", looked.lines);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_file_of_secrets_ends_with_does_no_harm() {
    let tenant = Tenant::builder().start().await.unwrap();
    let read = [("AUTH0_CLIENT_ID", "stepup-webapp\n"), ("AUTH0_CLIENT_SECRET", "stepup-webapp-secret\n")];
    let looked = look(&environment(&tenant, &read), &[]).await;
    assert_eq!(looked.code, 0, "{:#?}", looked.lines);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_is_not_there_or_is_another() {
    let tenant = Tenant::builder().start().await.unwrap();
    let looked = look_at(&tenant, Some(("AUTH0_DOMAIN", "http://localhost:1")), &[]).await;
    assert!(looked.change("discovery").contains("AUTH0_DOMAIN"), "{:#?}", looked.lines);

    let by_number = format!("http://127.0.0.1:{}", tenant.url().port().unwrap());
    let looked = look_at(&tenant, Some(("AUTH0_DOMAIN", &by_number)), &[]).await;
    assert!(looked.change("discovery").contains("the domain that the tenant calls itself by"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_ends_the_look() {
    let tenant = Tenant::builder().start().await.unwrap();
    let looked = look_at(&tenant, Some(("AUTH0_CLIENT_SECRET", "wrong")), &[]).await;
    assert!(looked.change("client authentication").contains("AUTH0_CLIENT_SECRET"), "{:#?}", looked.lines);
    assert_eq!(looked.lines.last().unwrap()["check"], "client authentication");
    let looked = look_at(&tenant, Some(("AUTH0_CLIENT_ID", "nobody")), &[]).await;
    assert!(looked.change("client authentication").contains("AUTH0_CLIENT_ID"), "{:#?}", looked.lines);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_not_allowed() {
    let only_logout = "    callbacks: [\"https://other.example.com/auth/callback\"]\n    allowed_logout_urls: [\"http://localhost:*\"]\n";
    let tenant = tenant_with(&format!("{only_logout}{GRANTS}"), "").await;
    let looked = look_at(&tenant, None, &[]).await;
    let change = looked.change("callback URL");
    let (_, change) = change.split_once("Allowed Callback URLs: ").unwrap();
    assert_eq!(
        change,
        "add http://localhost:3000/auth/callback, or name the application's own path with --callback-path"
    );

    let only_callback =
        "    callbacks: [\"http://localhost:*\"]\n    allowed_logout_urls: [\"https://other.example.com\"]\n";
    let tenant = tenant_with(&format!("{only_callback}{GRANTS}"), "").await;
    let looked = look_at(&tenant, None, &[]).await;
    let change = looked.change("logout URL");
    assert!(change.ends_with("Allowed Logout URLs: add http://localhost:3000/"), "{change}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_whose_callback_is_elsewhere() {
    let addresses = "    callbacks: [\"http://localhost:3000/bank/shop/auth/callback\"]\n    allowed_logout_urls: [\"http://localhost:*\"]\n";
    let tenant = tenant_with(&format!("{addresses}{GRANTS}"), "").await;
    let base = Some(("APP_BASE_URL", "http://localhost:3000/bank"));
    let looked = look_at(&tenant, base, &["--callback-path", "/shop/auth/callback"]).await;
    assert_eq!(looked.code, 0, "{:#?}", looked.lines);
    assert_eq!(looked.detail("callback URL"), "http://localhost:3000/bank/shop/auth/callback is allowed");

    let looked = look_at(&tenant, base, &["--callback-path", "/shop/cb"]).await;
    let change = looked.change("callback URL");
    assert!(change.contains("add http://localhost:3000/bank/shop/cb, or name"), "{change}");

    for no_path in [
        "auth/callback",
        "//localhost/auth/callback",
        "/auth/callback?a=b",
        "/a/../b",
        "/auth/callback/",
        "/",
    ] {
        let refused = crate::support::stepup(&["doctor", "--callback-path", no_path], "");
        assert!(refused.failure(2).contains("is no path such as /shop/auth/callback"), "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn grants_that_are_off() {
    // Its three are on or off together.
    let grants = "    grant_types: [authorization_code, refresh_token]\n";
    let tenant = tenant_with(&format!("{ADDRESSES}{grants}"), "").await;
    let looked = look_at(&tenant, None, &LOGIN).await;
    assert_eq!(
        looked.failed(),
        ["MFA grant otp", "MFA grant oob_code", "MFA grant recovery_code"],
        "{:#?}",
        looked.lines
    );
    let failed = looked.lines.iter().filter(|line| line["verdict"] == "fail");
    let changes: Vec<&str> = failed.map(|line| line["change"].as_str().unwrap()).collect();
    assert!(changes.iter().all(|change| change.ends_with("Grant Types: turn on MFA")), "{changes:?}");
    assert_eq!(
        (looked.code, looked.verdicts("login")),
        (1, vec!["warn"]),
        "the password grant need not be on"
    );

    let grants = "    grant_types: [authorization_code, \"http://auth0.com/oauth/grant-type/mfa-otp\", \
                  \"http://auth0.com/oauth/grant-type/mfa-oob\", \"http://auth0.com/oauth/grant-type/mfa-recovery-code\"]\n";
    let tenant = tenant_with(&format!("{ADDRESSES}{grants}"), "").await;
    let looked = look_at(&tenant, None, &[]).await;
    assert!(
        looked.change("refresh grant").ends_with("Grant Types: turn on Refresh Token"),
        "{:#?}",
        looked.lines
    );

    let grants = grants.replace("[authorization_code,", "[authorization_code, password,");
    let tenant = tenant_with(&format!("{ADDRESSES}{grants}"), "").await;
    let looked = look_at(&tenant, None, &LOGIN).await;
    assert!(
        looked.change("refresh grant").ends_with("turn on Refresh Token"),
        "it alone: {:#?}",
        looked.lines
    );
    assert_eq!(looked.detail("refresh token"), "none came, since its grant is off");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_stops_background_refreshes() {
    let always = "guardianPolicies:\n  policies: [all-applications]\n";
    let tenant = tenant_with(&format!("{ADDRESSES}{GRANTS}"), always).await;
    let looked = look_at(&tenant, None, &LOGIN).await;
    assert!(looked.change("background refreshes").contains("oauth2-refresh-token"), "{:#?}", looked.lines);
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_that_are_apart() {
    let tenant = tenant_with(&format!("{ADDRESSES}{GRANTS}"), "").await;
    tenant.clock().advance(Duration::from_secs(3600));
    let looked = look_at(&tenant, None, &LOGIN).await;
    assert!(looked.change("clock").contains("NTP"), "{:#?}", looked.lines);
    let told =
        looked.lines.iter().find(|line| line["verdict"] == "fail").unwrap()["detail"].as_str().unwrap();
    assert!(
        told.starts_with("by the ID token, the tenant is 3") && told.ends_with("s ahead of this machine"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_needs_a_password_and_people_get_lines() {
    let help = crate::support::stepup(&["doctor", "--help"], "");
    assert_eq!(help.code, 0);
    assert!(
        help.stdout.contains("AUTH0_DOMAIN") && help.stdout.contains("--password-stdin"),
        "{}",
        help.stdout
    );
    let refused = crate::support::stepup(&["doctor", "--user", "ada@example.com"], "");
    assert!(refused.failure(2).contains("--password-stdin"), "{refused:?}");
    let refused = crate::support::stepup(&["doctor", "--user", "ada@example.com", "--password-stdin"], "\n");
    assert_eq!(refused.failure(2), "no password came on standard input");
    let lines = crate::support::stepup(&["doctor"], "");
    assert!(
        lines.stdout.starts_with("FAIL configuration: AUTH0_DOMAIN: is missing → set AUTH0_DOMAIN\n"),
        "{lines:?}"
    );
    assert_eq!(lines.code, 1);
}
