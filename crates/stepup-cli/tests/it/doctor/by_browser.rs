//! What a login with a browser shows, and how it fails.

use reqwest::StatusCode;
use stepup_tenant::Tenant;
use url::Url;

use super::{
    ADDRESSES, GRANTS, Looked,
    by_password::{API, AT_REFRESH, TOTP, tenant_that_does},
    look_at,
    person::{Person, Waiting},
    tenant_with,
};

/// A free port, where the local tenant allows any.
const ANYWHERE: [&str; 2] = ["--callback", "http://localhost:0/auth/callback"];

/// Verdicts and checks from the login on.
fn from_login(looked: &Looked) -> Vec<(&str, &str)> {
    let lines =
        looked.lines.iter().map(|line| (line["check"].as_str().unwrap(), line["verdict"].as_str().unwrap()));
    lines.skip_while(|(check, _)| *check != "login").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_shows_what_a_password_does_and_the_mfa_api() {
    let tenant = Tenant::builder().start().await.unwrap();
    let doctor = Waiting::for_login(
        &tenant,
        &[],
        &[&ANYWHERE[..], &["--audience", API, "--scope", "transfer:funds"]].concat(),
    )
    .await;
    assert_eq!(doctor.asked("code_challenge_method"), "S256");
    assert_eq!((doctor.asked("state").len(), doctor.asked("nonce").len()), (43, 43));
    let mut person = Person::new();
    person.open(&doctor.address).await;
    person.log_in().await;
    assert_eq!((person.status, person.heading()), (StatusCode::OK, "You are done here"), "{}", person.html);
    assert_eq!(&person.url[..url::Position::AfterPath], doctor.asked("redirect_uri"));

    let looked = doctor.end().await;
    assert_eq!(looked.code, 0, "{:#?}", looked.lines);
    assert_eq!(
        from_login(&looked),
        [
            ("login", "ok"),
            ("clock", "ok"),
            ("ID token", "ok"),
            ("background refreshes", "ok"),
            ("refresh token rotation", "ok"),
            ("step-up", "ok"),
            ("MFA token", "ok"),
            ("revocation", "ok"),
            ("MFA API", "ok"),
        ]
    );
    assert_eq!(looked.detail("login"), "ada@example.com with a browser");
    assert_eq!(
        looked.detail("step-up"),
        "before a token for https://api.example.com the tenant asks for an enrolment of one of: otp, phone, push-notification"
    );
    assert_eq!(looked.detail("MFA API"), "the MFA API lists the user's authenticators: email");
    let codes: Vec<String> = tenant.log().await.unwrap().into_iter().map(|event| event.kind).collect();
    assert!(codes.iter().any(|kind| kind == "srrt"), "the refresh token is revoked: {codes:?}");
}

/// As most tenants are: no password grant, and the application's own callback.
#[tokio::test(flavor = "multi_thread")]
async fn the_applications_own_callback_will_do_and_the_factor_is_asked_for_by_the_tenant() {
    let grants = GRANTS.replace(" password,", "");
    let yaml = super::yaml(
        &format!("{ADDRESSES}{grants}"),
        "    refresh_token: { rotation_type: rotating, expiration_type: expiring }\n",
    );
    let tenant =
        Tenant::builder().config_yaml(&yaml).users_json(super::by_password::USERS).start().await.unwrap();
    let base = format!("http://localhost:{}/shop", free_port());
    let doctor = Waiting::for_login(&tenant, &[("APP_BASE_URL", &base)], &[]).await;
    assert_eq!(doctor.asked("redirect_uri"), format!("{base}/auth/callback"));
    let mut person = Person::new();
    person.open(&doctor.address).await;
    person.log_in().await;
    assert_eq!(person.url.path(), "/u/mfa-otp-challenge", "for the token of the MFA API: {}", person.html);
    person.submit(&[("code", &tenant.totp(TOTP).unwrap()), ("action", "default")]).await;
    assert_eq!(person.heading(), "You are done here", "{}", person.html);

    let looked = doctor.end().await;
    assert_eq!(looked.code, 0, "{:#?}", looked.lines);
    assert_eq!(looked.detail("MFA API"), "the MFA API lists the user's authenticators: otp");
    assert_eq!(looked.verdicts("background refreshes"), ["ok"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_and_an_action_that_stop_background_refreshes() {
    let always = "guardianPolicies:\n  policies: [all-applications]\n";
    let yaml = super::yaml(&format!("{ADDRESSES}{GRANTS}"), always);
    let by_policy =
        Tenant::builder().config_yaml(&yaml).users_json(super::by_password::USERS).start().await.unwrap();
    let by_action = tenant_that_does(AT_REFRESH).await;
    for (tenant, by, place) in [
        (by_policy, "a policy asks", "Dashboard > Security > Multi-factor Auth"),
        (by_action, "an Action asks", "Dashboard > Actions"),
    ] {
        let doctor = Waiting::for_login(&tenant, &[], &ANYWHERE).await;
        let mut person = Person::new();
        person.open(&doctor.address).await;
        person.log_in().await;
        person.submit(&[("code", &tenant.totp(TOTP).unwrap()), ("action", "default")]).await;
        if person.url.path() == "/u/mfa-otp-challenge" {
            tenant.clock().advance(std::time::Duration::from_secs(30));
            person.submit(&[("code", &tenant.totp(TOTP).unwrap()), ("action", "default")]).await;
        }
        assert_eq!(person.heading(), "You are done here", "{}", person.html);
        let looked = doctor.end().await;
        assert_eq!(looked.failed(), ["background refreshes"], "{:#?}", looked.lines);
        assert!(looked.detail("background refreshes").starts_with(by), "{:#?}", looked.lines);
        let change = looked.lines_of("background refreshes")[0]["change"].as_str().unwrap();
        assert!(change.starts_with(place), "{change}");
        assert_eq!((looked.code, looked.verdicts("MFA API")), (1, vec!["ok"]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_says_no_and_an_action_that_does() {
    let foreign = "    is_first_party: false\n";
    let tenant = tenant_with(&format!("{ADDRESSES}{GRANTS}{foreign}"), "").await;
    let doctor = Waiting::for_login(&tenant, &[], &ANYWHERE).await;
    let mut person = Person::new();
    person.open(&doctor.address).await;
    person.log_in().await;
    assert_eq!(person.url.path(), "/u/consent", "{}", person.html);
    person.submit(&[("action", "deny")]).await;
    assert_eq!((person.status, person.heading()), (StatusCode::BAD_REQUEST, "The login did not work"));
    let looked = doctor.end().await;
    assert_eq!(from_login(&looked), [("login", "fail")]);
    assert_eq!(
        looked.detail("login"),
        "the tenant ended it: access_denied (User did not authorize the request)"
    );

    let tenant =
        tenant_that_does("exports.onExecutePostLogin = async (event, api) => api.access.deny('Not today.');")
            .await;
    let doctor = Waiting::for_login(&tenant, &[], &ANYWHERE).await;
    let mut person = Person::new();
    person.open(&doctor.address).await;
    person.log_in().await;
    let looked = doctor.end().await;
    assert_eq!(looked.detail("login"), "the tenant ended it: access_denied (Not today.)");
    assert!(looked.lines_of("login")[0]["change"].as_str().unwrap().contains("Monitoring"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_is_not_registered_is_told_before_anybody_logs_in() {
    let callbacks = "    callbacks: [\"http://localhost:3000/auth/callback\"]\n    allowed_logout_urls: [\"http://localhost:*\"]\n";
    let tenant = tenant_with(&format!("{callbacks}{GRANTS}"), "").await;
    let looked = look_at(&tenant, None, &["--browser", "--callback", "http://127.0.0.1:0/cb"]).await;
    assert_eq!(looked.failed(), ["callback URL"], "{:#?}", looked.lines);
    let line = looked.lines_of("callback URL")[1];
    let detail = line["detail"].as_str().unwrap();
    assert!(detail.ends_with("/cb is refused: the tenant answers 403 Callback URL mismatch"), "{detail}");
    assert!(line["change"].as_str().unwrap().contains("Allowed Callback URLs: add http://127.0.0.1:"));
    assert_eq!(looked.verdicts("login"), ["warn"]);

    // A tenant with a page of its own for errors says it there.
    let own = "tenant:\n  error_page: { url: \"https://help.example.com/oops\" }\n";
    let yaml = super::yaml(&format!("{callbacks}{GRANTS}"), "").replacen("tenant:\n", own, 1);
    let tenant = Tenant::builder().config_yaml(&yaml).start().await.unwrap();
    let looked = look_at(&tenant, None, &["--browser", "--callback", "http://127.0.0.1:0/cb"]).await;
    let detail = looked.lines_of("callback URL")[1]["detail"].as_str().unwrap();
    assert!(detail.contains("sent to https://help.example.com/oops (Callback URL mismatch"), "{detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_and_an_application_that_is_elsewhere() {
    let tenant = Tenant::builder().start().await.unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://localhost:{}", taken.local_addr().unwrap().port());
    let looked = look_at(&tenant, Some(("APP_BASE_URL", &base)), &["--browser"]).await;
    let change = looked.change("login");
    assert!(change.starts_with("stop the application while this check runs, or name another"), "{change}");
    assert_eq!(
        looked.detail("login"),
        format!("the port of {base}/auth/callback is in use by another program")
    );

    let yaml = super::yaml(
        &format!(
            "    callbacks: [\"https://app.example.com/auth/callback\"]\n    allowed_logout_urls: [\"https://app.example.com/\"]\n{GRANTS}"
        ),
        "",
    );
    let tenant = Tenant::builder().config_yaml(&yaml).start().await.unwrap();
    let looked = look_at(&tenant, Some(("APP_BASE_URL", "https://app.example.com")), &["--browser"]).await;
    assert!(looked.change("login").ends_with("and name it with --callback"), "{:#?}", looked.lines);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_comes_back_in_time_or_the_check_is_stopped() {
    let tenant = Tenant::builder().start().await.unwrap();
    let looked = look_at(&tenant, None, &[&["--browser", "--wait", "0"], &ANYWHERE[..]].concat()).await;
    assert_eq!(looked.failed(), ["login"], "{:#?}", looked.lines);
    assert_eq!(looked.detail("login"), "no browser came back within 0 s");

    let doctor = Waiting::for_login(&tenant, &[], &ANYWHERE).await;
    doctor.interrupt();
    let looked = doctor.end().await;
    assert_eq!((looked.code, looked.failed()), (1, vec!["login"]), "{:#?}", looked.lines);
    assert_eq!(looked.detail("login"), "stopped before the browser came back");
    assert_eq!(looked.verdicts("revocation"), [""; 0]);
}

/// A tab that was open, or another program on this machine, neither completes the login nor ends it.
#[tokio::test(flavor = "multi_thread")]
async fn what_another_login_brings_is_sent_away() {
    let tenant = Tenant::builder().start().await.unwrap();
    let doctor = Waiting::for_login(&tenant, &[], &ANYWHERE).await;
    let callback = Url::parse(&doctor.asked("redirect_uri")).unwrap();
    let state = doctor.asked("state");
    let mut stranger = Person::new();
    for query in [
        "code=stolen&state=another".to_owned(),
        "code=stolen".to_owned(),
        format!("code=a&state={state}&state={state}"),
    ] {
        let mut address = callback.clone();
        address.set_query(Some(&query));
        stranger.open(&address).await;
        assert_eq!((stranger.status, stranger.heading()), (StatusCode::BAD_REQUEST, "This is another login"));
    }
    stranger.open(&callback.join("/favicon.ico").unwrap()).await;
    assert_eq!(stranger.status, StatusCode::NOT_FOUND);

    let mut person = Person::new();
    person.open(&doctor.address).await;
    person.log_in().await;
    assert_eq!(person.heading(), "You are done here", "{}", person.html);
    assert_eq!(doctor.end().await.code, 0);
}

/// RFC 9207 section 2.4.
#[tokio::test(flavor = "multi_thread")]
async fn the_answer_of_another_issuer_is_not_looked_at() {
    let tenant = Tenant::builder().start().await.unwrap();
    let doctor = Waiting::for_login(&tenant, &[], &ANYWHERE).await;
    let mut address = Url::parse(&doctor.asked("redirect_uri")).unwrap();
    address.query_pairs_mut().extend_pairs([
        ("code", "c"),
        ("state", &doctor.asked("state")),
        ("iss", "https://evil.example/"),
    ]);
    Person::new().open(&address).await;
    let looked = doctor.end().await;
    assert_eq!(looked.detail("login"), "the callback is the answer of another issuer");
    assert!(
        !tenant.requests().iter().any(|exchange| exchange.body.contains("code=c&")),
        "the code stays here"
    );
}

#[test]
fn options_that_do_not_go_together() {
    let doctor = |arguments: &[&str]| {
        let ended = crate::support::stepup(&[&["doctor"], arguments].concat(), "");
        ended.failure(2).to_owned()
    };
    let refused = doctor(&["--browser", "--callback", "https://localhost:3000/auth/callback"]);
    assert!(refused.contains("is no http address of this machine"), "{refused}");
    for (arguments, other) in [
        (&["--browser", "--user", "ada@example.com", "--password-stdin"][..], "--user <EMAIL>"),
        (&["--callback", "http://localhost:3000/auth/callback"], "--browser"),
        (&["--wait", "5m"], "--browser"),
        (&["--audience", "https://api.example.com"], "--browser"),
        (&["--browser", "--scope", "transfer:funds"], "--audience <API>"),
    ] {
        let refused = doctor(arguments);
        assert!(refused.contains(other), "{arguments:?}: {refused}");
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
