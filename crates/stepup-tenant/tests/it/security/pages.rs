//! Pages in the hands of other sites and of hostile names.

use serde_json::json;
use stepup_tenant::Tenant;

use super::users;
use crate::rig::{ADA, Browser, CALLBACK, Config, PASSWORD, Rig};

async fn foreign(
    rig: &Rig,
    browser: &Browser<'_>,
    path: &str,
    body: String,
    origin: &str,
) -> crate::rig::Answer {
    let cookies: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let request = rig.http.post(rig.at(path)).header("cookie", cookies.join("; ")).header("origin", origin);
    rig.send(request.header("content-type", "application/x-www-form-urlencoded").body(body)).await
}

#[tokio::test]
async fn csrf_on_a_page() {
    let rig = Rig::start().await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    let state = page.state();
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("state", state.as_str()),
            ("username", ADA),
            ("password", PASSWORD),
            ("action", "default"),
        ])
        .finish();
    for origin in ["https://evil.example", "null", "http://localhost:3000"] {
        let refused = foreign(&rig, &browser, "/u/login", body.clone(), origin).await;
        assert_eq!(refused.status, 403, "{origin}: {}", refused.body);
    }
    // The form in another browser: a victim's, who is to be logged in as the attacker, or the attacker's own.
    let mut other = Browser::new(&rig);
    other.authorize(&[]).await;
    let refused = other.submit(&page, &[("username", ADA), ("password", PASSWORD)]).await;
    assert_eq!(refused.answer.status, 400);
    let refused = Browser::new(&rig).submit(&page, &[("username", ADA), ("password", PASSWORD)]).await;
    assert_eq!(refused.answer.status, 400);
    let end = browser.log_in(&page).await;
    assert!(end.url.as_str().starts_with(CALLBACK), "its own still works");

    // Nor can another site log the user out for good: it cannot answer the question for them.
    let refused =
        foreign(&rig, &browser, "/oidc/logout", "action=default".to_owned(), "https://evil.example").await;
    assert_eq!(refused.status, 200, "the question again");
    assert!(browser.authorize(&[]).await.url.as_str().starts_with(CALLBACK));
}

#[tokio::test]
async fn a_form_replayed() {
    let rig = Rig::start().await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    let end = browser.log_in(&page).await;
    let code = end.parameter("code");
    for _ in 0..2 {
        let again = browser.submit(&page, &[("username", ADA), ("password", PASSWORD)]).await;
        assert_eq!(again.answer.status, 400, "{}", again.answer.body);
        assert!(again.url.as_str().starts_with(rig.tenant.issuer()), "no second code");
    }
    let resumed = browser.open(&format!("/authorize/resume?state={}", page.state())).await;
    assert_eq!(resumed.answer.status, 400);
    assert_eq!(browser.exchange_code(&end).await.status, 200);
    assert!(!code.is_empty());

    // An enrolment form sent twice confirms nothing twice.
    let rig = Rig::with(&Config::policy("all-applications")).await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    let enrolment = browser.log_in(&page).await;
    let secret = enrolment.attribute("data-secret");
    let otp = rig.code(&secret);
    let shown = browser.submit(&enrolment, &[("code", &otp)]).await;
    let again = browser.submit(&enrolment, &[("code", &otp)]).await;
    assert!(!again.url.as_str().starts_with(CALLBACK), "the recovery code is still to be shown");
    assert_eq!(again.url.path(), shown.url.path());
}

/// Names that are markup, attributes, templates of every kind.
const NAMES: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'><svg/onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "&lt;b&gt; &amp; <b>",
    "{{7*7}}{% include 'x' %}${7*7}<%= 7*7 %>#{7*7}",
];

#[tokio::test]
async fn html_in_a_name() {
    for name in NAMES {
        let yaml = Config { third_party: true, ..Config::default() }
            .yaml()
            .replacen("friendly_name: stepup", &format!("friendly_name: {}", json!(name)), 1)
            .replacen("- name: webapp", &format!("- name: {}", json!(name)), 1)
            .replacen("- name: Example API", &format!("- name: {}", json!(name)), 1);
        let user = json!([{ "email": ADA, "name": name, "nickname": name, "given_name": name, "password": PASSWORD }]);
        let rig = Rig::built(Tenant::builder().config_yaml(&yaml).users_json(&user.to_string())).await;
        let mut browser = Browser::new(&rig);
        let hints = [
            ("login_hint", name),
            ("ui_locales", name),
            ("audience", crate::rig::API),
            ("scope", "openid read:sensitive"),
        ];
        let login = browser.authorize(&hints).await;
        let failed = browser.submit(&login, &[("username", name), ("password", name)]).await;
        let consent = browser.log_in(&login).await;
        let unknown = browser.open(&format!("/authorize?client_id={}", json!(name))).await;
        let logout = browser.open("/oidc/logout").await;
        for page in [&login, &failed, &consent, &unknown, &logout] {
            let body = &page.answer.body;
            for markup in ["<script>alert", "<img src=x", "<svg/onload", "<b>"] {
                assert!(!body.contains(markup), "{name} at {}: {body}", page.url);
            }
            assert!(
                page.answer.header("content-security-policy").contains("default-src 'none'"),
                "{}",
                page.url
            );
        }
        let end = browser.submit(&consent, &[("action", "accept")]).await;
        let claims = browser.exchange_code(&end).await.claims("id_token");
        assert!(claims.get("name").is_none(), "not asked for");
    }
}

#[tokio::test]
async fn template_injection() {
    for name in [
        "{{code}}",
        "{{ code }}",
        "{{tenant.friendly_name}}",
        "{{7*7}}",
        "{% for x in y %}",
        "${7*7}",
        "<%= 7*7 %>",
    ] {
        let yaml = Config { policy: "all-applications", ..Config::default() }
            .yaml()
            .replacen("friendly_name: stepup", &format!("friendly_name: {}", json!(name)), 1)
            .replacen("guardianFactors:\n", "guardianFactors:\n  - { name: sms, enabled: true }\n", 1);
        let rig = Rig::built(Tenant::builder().config_yaml(&yaml).users_json(&users())).await;
        super::enrol_phone(&rig, ADA, "+15005550006").await;
        let message = rig.tenant.messages().await.unwrap().remove(0);
        let code = message.code.unwrap();
        assert!(message.body.contains(name), "as it stands: {}", message.body);
        assert_eq!(message.body.matches(&code).count(), 1, "{}", message.body);
        assert!(!message.body.replace(&code, "").contains("49"), "{}", message.body);
        let page = Browser::new(&rig).authorize(&[("login_hint", name)]).await;
        let shown = page.answer.body.replace("&#39;", "'").replace("&quot;", "\"");
        let escaped = name.replace('<', "&#60;").replace('>', "&#62;");
        assert!(
            shown.contains(&escaped) || shown.contains(&name.replace('<', "&lt;").replace('>', "&gt;")),
            "{shown}"
        );
    }
}
