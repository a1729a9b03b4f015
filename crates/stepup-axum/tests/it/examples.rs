//! The complete flows of EXAMPLES.md start, and do what they say. The files beside this one are its blocks, word for word.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use stepup::{Client, Clock as _};
use stepup_axum::SessionLayer;
use stepup_tenant::Tenant;

use crate::{
    application::{Application, mfa_token, session_cookie},
    bank::{Bank, Browser, Page, WithUsers as _},
};

mod ready_made {
    include!("examples/ready_made.rs");

    pub(super) fn start(client: ClientBuilder) -> Result<Router, ConfigError> {
        app(client)
    }
}

mod own_pages {
    include!("examples/own_pages.rs");

    pub(super) fn start(client: Client) -> Router {
        app(client)
    }
}

mod login_code {
    include!("examples/login_code.rs");

    pub(super) fn start(client: ClientBuilder) -> Result<Router, ConfigError> {
        app(client)
    }

    pub(super) fn answers(routes: Router) -> Router {
        routes.route("/login/code", post(code))
    }
}

mod one_clock {
    include!("examples/one_clock.rs");

    pub(super) fn client_of(tenant: &Tenant, address: &str) -> Client {
        client(tenant, address).unwrap()
    }
}

#[expect(clippy::disallowed_methods, reason = "the rule for clients is this repository's, not its readers'")]
mod clock_of_control {
    include!("examples/clock_of_control.rs");

    pub(super) async fn read(control_url: &str, key: &str) -> impl Clock + use<> {
        let clock = ControlTime::default();
        clock.read(control_url, key).await.unwrap();
        clock
    }
}

#[test]
fn the_blocks_are_those_that_run_here() {
    let shown = include_str!("../../../../EXAMPLES.md");
    for (name, run) in [
        ("ready_made", include_str!("examples/ready_made.rs")),
        ("own_pages", include_str!("examples/own_pages.rs")),
        ("login_code", include_str!("examples/login_code.rs")),
        ("one_clock", include_str!("examples/one_clock.rs")),
        ("clock_of_control", include_str!("examples/clock_of_control.rs")),
    ] {
        assert!(shown.contains(&format!("\n{run}```\n")), "EXAMPLES.md and examples/{name}.rs differ");
    }
}

#[test]
fn they_start_with_the_environment() {
    let complete = |name: &str| {
        let value = match name {
            "AUTH0_DOMAIN" => "tenant.example.com",
            "AUTH0_CLIENT_ID" => "webapp",
            "AUTH0_CLIENT_SECRET" => "client secret",
            "AUTH0_SECRET" => "a secret of thirty-two bytes or more",
            "APP_BASE_URL" => "http://localhost:3000",
            _ => return None,
        };
        Some(value.to_owned())
    };
    for start in [ready_made::start, login_code::start] {
        let started = start(Client::builder().environment_from(complete));
        assert_eq!(started.err().map(|error| error.to_string()), None);
    }
}

#[tokio::test]
async fn another_site_logs_nobody_in_by_a_code() {
    let tenant = Tenant::builder().start_with_users().await;
    let bank = Bank::with(tenant, |client| client, login_code::answers).await;
    let due = bank.logged_in().await.fetch(Method::GET, "/transfer", None).await;
    let answer = format!("token={}&code={}", due.body["mfa_token"].as_str().unwrap(), bank.code());
    let mut browser = bank.browser();
    let refused = browser.post("https://other.example/", "/login/code", &answer).await;
    assert_eq!((refused.status, browser.cookies.len()), (StatusCode::FORBIDDEN, 0), "{refused:?}");
    let home = browser.post("/auth/callback", "/login/code", &answer).await;
    assert_eq!((home.status, home.path()), (StatusCode::OK, "/"), "{home:?}");
}

/// Whoever has no app enrols one; whoever has one answers with the recovery code, and then with a code by e-mail.
async fn tenant() -> Tenant {
    let asks = "if (event.user.enrolledFactors.some(({ type }) => type === \"otp\")) { \
                api.authentication.challengeWith({ type: \"recovery-code\" }); \
                api.authentication.challengeWith({ type: \"email\" }); \
                } else api.authentication.enrollWith({ type: \"otp\" });";
    let config = include_str!("../../../stepup/tests/fixtures/two-factors.yaml")
        .replace("api.authentication.challengeWith({ type: \"recovery-code\" });", "")
        .replace("api.authentication.enrollWith({ type: \"otp\" });", asks)
        .replace("guardianFactors:", "guardianFactors:\n  - { name: email, enabled: true }");
    Tenant::builder().config_yaml(&config).start().await.unwrap()
}

fn own_pages_at(tenant: &Tenant, address: &str) -> axum::Router {
    own_pages::start(one_clock::client_of(tenant, address))
}

/// Ada comes to the transfer in a new browser, which logs her in.
async fn comes_to_transfer(bank: &Bank) -> (Browser, Page) {
    let mut browser = bank.browser();
    let login = browser.open("/transfer").await;
    let page = browser.log_in(&login, "ada").await;
    (browser, page)
}

/// Fills in the form with that label: where it leads.
async fn answer(browser: &mut Browser, page: &Page, label: &str, code: &str) -> Page {
    let form = page.body.split("<form ").find(|form| form.contains(label)).unwrap();
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    for hidden in form.split("type=hidden name=").skip(1) {
        body.append_pair(hidden.split_once(' ').unwrap().0, between(hidden, "value='", "'"));
    }
    body.append_pair("code", code);
    browser.post("/transfer", between(form, "action=", ">"), &body.finish()).await
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).and_then(|(_, rest)| rest.split_once(end)).unwrap().0
}

#[tokio::test]
async fn pages_of_ones_own_show_the_next_recovery_code_though_more_is_due() {
    let bank = Bank::of(tenant().await, own_pages_at).await;
    let (mut browser, app) = comes_to_transfer(&bank).await;
    let recovery_code = between(&app.body, "Keep your new recovery code: ", ". ");
    let code = bank.tenant.totp(between(&app.body, "secret=", "&")).unwrap();
    let done = answer(&mut browser, &app, "The code of your app", &code).await;
    assert_eq!((done.path(), done.status), ("/transfer", StatusCode::OK), "{done:?}");

    let (mut browser, recovery) = comes_to_transfer(&bank).await;
    let further = answer(&mut browser, &recovery, "Your recovery code", recovery_code).await;
    let next = between(&further.body, "Keep your new recovery code: ", ". ");
    assert_ne!(next, recovery_code);
    let sent = answer(&mut browser, &further, "action=/send", "").await;
    let code = bank.tenant.messages().await.unwrap().into_iter().find_map(|message| message.code).unwrap();
    let done = answer(&mut browser, &sent, "The code that we sent", &code).await;
    assert_eq!((done.path(), done.status), ("/transfer", StatusCode::OK), "{done:?}");
}

#[tokio::test]
async fn one_clock_for_both_lets_log_in_after_it_was_moved() {
    let bank = Bank::of(tenant().await, own_pages_at).await;
    bank.pass(300);
    let (_, page) = comes_to_transfer(&bank).await;
    assert_eq!((page.path(), page.status), ("/transfer", StatusCode::OK), "{page:?}");
}

#[tokio::test]
async fn a_program_of_its_own_reads_the_tenants_clock() {
    let tenant = Tenant::builder().control(true).start().await.unwrap();
    tenant.clock().advance(std::time::Duration::from_secs(300));
    let (url, key) = tenant.control().unwrap();
    let clock = clock_of_control::read(&url, key).await;
    let apart = (clock.now().seconds() - tenant.clock().now().seconds()).abs();
    assert!(apart <= 1, "{apart} seconds apart");
}

/// The token's place is the one that the table names, and no other; the tenant is out of reach.
#[tokio::test]
async fn each_route_takes_its_token_where_the_table_says() {
    let table = between(include_str!("../../../../EXAMPLES.md"), "| route | `mfa_token` |", "\n\n");
    let application = Application::start(|client| axum::Router::new().layer(SessionLayer::new(client))).await;
    let mut rows = 0;
    for row in table.lines().skip(2) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let (method, path) = cells[1].trim_matches('`').split_once(' ').unwrap();
        let method: Method = method.parse().unwrap();
        let path = path.replace("{id}", "totp%7Cdev_1");
        for body in bodies(cells[3]) {
            for place in ["header", "body"] {
                let request = application.request(method.clone(), &path).header("cookie", session_cookie());
                let answer = with_token(request, body.clone(), place).send().await.unwrap();
                let is_taken = answer.status() != StatusCode::BAD_REQUEST;
                assert_eq!(is_taken, place == cells[2], "{row}: {}", answer.status());
            }
        }
        rows += 1;
    }
    assert_eq!(rows, 6);
}

/// The JSON bodies that a cell shows; where it shows none, one that is empty.
fn bodies(cell: &str) -> Vec<Value> {
    let shown: Vec<_> = cell.split('`').filter_map(|span| serde_json::from_str(span).ok()).collect();
    if shown.is_empty() { vec![json!({})] } else { shown }
}

fn with_token(request: reqwest::RequestBuilder, mut body: Value, place: &str) -> reqwest::RequestBuilder {
    let token = mfa_token("auth0|ada");
    let request = request.header("accept", "text/event-stream");
    body.as_object_mut().unwrap().remove("mfa_token");
    if place == "header" {
        return request.bearer_auth(token).json(&body);
    }
    body["mfa_token"] = token.into();
    request.json(&body)
}
