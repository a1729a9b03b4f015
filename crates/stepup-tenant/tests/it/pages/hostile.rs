//! What no page may let happen.

use super::{GRACE, always, challenged_by_email, sent_code, sign_up};
use crate::rig::{ADA, Browser, CALLBACK, Config, PASSWORD, Rig};

/// Every page with a form.
const FORMS: [&str; 20] = [
    "consent",
    "login",
    "login-email-verification",
    "mfa-begin-enroll-options",
    "mfa-email-challenge",
    "mfa-email-enrollment",
    "mfa-enroll-options",
    "mfa-login-options",
    "mfa-otp-challenge",
    "mfa-otp-enrollment",
    "mfa-phone-enrollment",
    "mfa-push-challenge-push",
    "mfa-push-enrollment-qr",
    "mfa-recovery-code-challenge",
    "mfa-recovery-code-enrollment",
    "mfa-sms-challenge",
    "mfa-voice-challenge",
    "reset-password",
    "reset-password/request",
    "signup",
];

#[tokio::test]
async fn a_form_of_another_site_is_refused_on_every_page() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    let page = challenged_by_email(&mut browser).await;
    let cookies: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let code = sent_code(&rig, ADA).await;
    for form in FORMS {
        for origin in ["https://evil.example", "null", "http://localhost:1"] {
            let request = rig
                .http
                .post(rig.at(&format!("/u/{form}?state={}", page.state())))
                .header("origin", origin)
                .header("cookie", cookies.join("; "))
                .header("content-type", "application/x-www-form-urlencoded")
                .body(format!("state={}&code={code}&action=default", page.state()));
            assert_eq!(rig.send(request).await.status, 403, "{form} {origin}");
        }
    }
    let end = browser.submit(&page, &[("code", &code)]).await;
    assert!(end.url.as_str().starts_with(CALLBACK), "the code was not spent");
}

#[tokio::test]
async fn whatever_is_sent_to_a_page_it_answers_with_a_page() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    let page = challenged_by_email(&mut browser).await;
    let cookies: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let state = page.state();
    let long = "9".repeat(100_000);
    for form in FORMS {
        for body in [
            String::new(),
            "state=".to_owned(),
            format!("state={state}&state={state}"),
            format!("state={state}&code={long}"),
            format!("state={state}&code[]=1"),
            format!("state={state}&code=%00%ff"),
            format!("state={state}&action={long}"),
            format!("state={state}&username={long}&password={long}&email={long}&phone={long}"),
            format!(
                "state={state}&username=%3Cscript%3E&email=%3Cscript%3E&phone=%3Cscript%3E&code=%3Cscript%3E"
            ),
            format!("state={state}&username={{{{7*7}}}}&email={{{{7*7}}}}&phone=%24%7B7*7%7D"),
            format!("{{\"state\":\"{state}\",\"code\":{{\"a\":1}}}}"),
            "{".to_owned(),
            "\u{ff}".to_owned(),
        ] {
            let request = rig
                .http
                .post(rig.at(&format!("/u/{form}?state={state}")))
                .header("cookie", cookies.join("; "))
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body.clone());
            let answer = rig.send(request).await;
            let shown = &body[..body.len().min(60)];
            assert!(
                matches!(answer.status, 200 | 302 | 400 | 413 | 429),
                "{form} {shown}: {}",
                answer.status
            );
            assert!(!answer.body.contains("<script>") && !answer.body.contains("49"), "{form} {shown}");
        }
    }
}

#[tokio::test]
async fn names_from_the_configuration_and_from_users_are_text() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[("login_hint", "\"><img src=x onerror=alert(1)>")]).await;
    assert!(!page.answer.body.contains("<img"), "{}", page.answer.body);
    for address in ["signup", "reset-password/request"] {
        let page = browser.open(&format!("/u/{address}?state={}", page.state())).await;
        assert!(!page.answer.body.contains("<img") && page.answer.status == 200, "{address}");
    }
    let sent = browser.open(&format!("/u/login?state={}&said=<script>", page.state())).await;
    assert!(!sent.answer.body.contains("<script>"), "{}", sent.answer.body);
}

#[tokio::test]
async fn a_login_leads_nowhere_but_to_its_client() {
    let rig = Rig::start().await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    let fields = [
        ("username", ADA),
        ("password", PASSWORD),
        ("redirect_uri", "https://evil.example/"),
        ("returnTo", "https://evil.example/"),
    ];
    let end = browser.submit(&page, &fields).await;
    assert!(end.url.as_str().starts_with(CALLBACK), "{}", end.url);
    let page = browser.authorize(&[("prompt", "login")]).await;
    let address =
        format!("/u/login?state={}&redirect_uri=https://evil.example/&next=//evil.example", page.state());
    let page = browser.open(&address).await;
    assert!(!page.answer.body.contains("evil.example"));
    assert!(browser.log_in(&page).await.url.as_str().starts_with(CALLBACK));
    for state in ["//evil.example", "https://evil.example/", "x%0d%0aLocation:%20https://evil.example/"] {
        let answer = browser.open(&format!("/authorize/resume?state={state}")).await;
        assert_eq!(answer.answer.status, 400, "{state}");
    }
}

#[tokio::test]
async fn two_tabs_and_the_back_button() {
    let rig = Rig::with(&Config { every_factor: true, ..Config::policy("all-applications") }).await;
    let mut browser = Browser::new(&rig);
    let options = sign_up(&mut browser).await;
    let login = browser.open(&format!("/u/login?state={}", options.state())).await;
    assert_eq!(login.url.path(), "/u/mfa-enroll-options", "back to the password: it was given");
    let other_tab = browser.authorize(&[("prompt", "login")]).await;
    let app = browser.submit(&options, &[("action", "otp")]).await;
    let secret = app.attribute("data-secret");
    let other = browser.submit(&other_tab, &[("username", GRACE), ("password", super::STRONG)]).await;
    assert_eq!(other.url.path(), "/u/mfa-enroll-options");
    let shown = browser.submit(&app, &[("code", &rig.code(&secret))]).await;
    assert_eq!(shown.url.path(), "/u/mfa-recovery-code-enrollment", "{}", shown.answer.body);
    let back = browser.submit(&app, &[("code", &rig.code(&secret))]).await;
    assert_eq!(back.url.path(), "/u/mfa-recovery-code-enrollment", "sent twice: nothing new");
    let end = browser.submit(&shown, &[("saved", "true")]).await;
    assert!(end.url.as_str().starts_with(CALLBACK), "{} {}", end.url, end.answer.body);
    let late = browser.open(options.url.as_str()).await;
    assert_eq!(late.answer.status, 400, "that login is over");
}
