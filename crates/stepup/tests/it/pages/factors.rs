//! Each factor on the pages with scripts off: enrolled in the first step-up, challenged in the next.

use std::time::Duration;

use http::StatusCode;
use serde_json::json;
use stepup::AccessTokenRequest;
use stepup_tenant::{Fault, Tenant, devices::Decision};

use super::visitor::Visitor;
use crate::house::{API, House};

const PHONE: &str = "+12025550123";

pub(super) async fn house() -> House {
    House::open().await
}

pub(super) fn transfer() -> AccessTokenRequest {
    AccessTokenRequest::new().audience(API).scope("transfer:funds").refresh(true)
}

pub(super) async fn newest_code(house: &House) -> String {
    house.tenant.messages().await.unwrap().into_iter().find_map(|message| message.code).unwrap()
}

/// The detour ended where the user was, and the token that it was about is in the session.
async fn is_back(visitor: &mut Visitor<'_>) {
    if visitor.html.contains("recovery-code") {
        assert_eq!(visitor.heading(), "Keep your recovery code");
        visitor.press("kept", &[("saved", "yes")]).await;
    }
    assert_eq!((visitor.address.as_str(), visitor.status), ("/balance?of=ada", StatusCode::SEE_OTHER));
    assert!(!visitor.jar.line().contains("__mfa_"), "{}", visitor.jar.line());
    let mut state = visitor.session();
    let wanted = transfer().refresh(false);
    assert!(visitor.house.client.access_token(state.session_mut().unwrap(), &wanted).await.is_ok());
}

pub(super) async fn add_app(visitor: &mut Visitor<'_>) -> String {
    visitor.begin(&transfer(), None).await;
    assert_eq!(visitor.heading(), "Add a second step");
    visitor.press("add", &[("factor", "otp")]).await;
    assert_eq!(visitor.heading(), "Set up your authenticator app");
    let secret = visitor.secret("secret");
    visitor.get(&visitor.address.clone()).await;
    assert_eq!(visitor.secret("secret"), secret, "a reload enrols nothing anew");
    let code = visitor.house.tenant.totp(&secret).unwrap();
    visitor.press("code", &[("code", &format!("{} {}", &code[..3], &code[3..]))]).await;
    secret
}

#[tokio::test]
async fn an_authenticator_app() {
    let house = house().await;
    let mut visitor = Visitor::ada(&house).await;
    let secret = add_app(&mut visitor).await;
    is_back(&mut visitor).await;

    visitor.begin(&transfer(), None).await;
    if visitor.heading() == "Confirm that it is you" {
        let app = visitor.choice("Authenticator app");
        visitor.press("use", &[("authenticator", &app)]).await;
    }
    assert_eq!(visitor.heading(), "Enter your code");
    house.tenant.clock().advance(Duration::from_secs(30));
    let right = house.tenant.totp(&secret).unwrap();
    let wrong = if right == "000000" { "111111" } else { "000000" };
    visitor.press("code", &[("code", wrong)]).await;
    assert!(visitor.alert().unwrap().starts_with("That code is not right. It changes every 30 seconds"));
    visitor.press("code", &[("code", "12")]).await;
    assert_eq!(visitor.alert(), Some("A code has 6 digits. Check it and enter it again."));
    visitor.press("code", &[("code", "")]).await;
    assert_eq!(visitor.alert(), Some("Enter the code."));
    visitor.press("code", &[("code", &right)]).await;
    is_back(&mut visitor).await;
}

/// A further factor may be due that only the tenant's pages can ask for; the code of the first enrolment is shown before.
#[tokio::test]
async fn a_recovery_code_is_shown_before_the_way_over_the_tenants_pages() {
    let house = house().await;
    let mut visitor = Visitor::ada(&house).await;
    visitor.begin(&transfer(), None).await;
    visitor.press("add", &[("factor", "otp")]).await;
    let code = house.tenant.totp(&visitor.secret("secret")).unwrap();
    let one_more =
        json!({ "error": "mfa_required", "error_description": "Multifactor authentication required" });
    house.tenant.fail_next(Fault {
        status: Some(403),
        body: Some(one_more),
        ..Fault::on("POST", "/oauth/token")
    });
    visitor.press("code", &[("code", &code)]).await;
    assert_eq!((visitor.heading(), visitor.alert()), ("Keep your recovery code", None));
    assert_eq!(visitor.secret("recovery-code").len(), 24);
    visitor.press("kept", &[]).await;
    assert!(visitor.alert().is_some(), "not before it is kept");
    visitor.press("kept", &[("saved", "yes")]).await;
    assert!(visitor.address.starts_with("/auth/login?returnTo="), "{}", visitor.address);
    assert!(visitor.address.contains("acr_values="), "{}", visitor.address);
}

/// One API wants an app to be added, and a code by email after it.
#[tokio::test]
async fn a_recovery_code_is_shown_before_the_next_factor_is_asked_for() {
    let factors = "guardianFactors:\n  - { name: recovery-code, enabled: true }";
    let config = BY_EMAIL.replace("guardianFactors:", factors);
    let house = House::with(Tenant::builder().config_yaml(&config).start().await.unwrap());
    let mut visitor = Visitor::ada(&house).await;
    visitor.begin(&api("https://app-first.example"), Some("to=bob")).await;
    visitor.press("add", &[("factor", "otp")]).await;
    let code = house.tenant.totp(&visitor.secret("secret")).unwrap();
    visitor.press("code", &[("code", &code)]).await;
    assert_eq!((visitor.heading(), visitor.alert()), ("Keep your recovery code", None));
    assert_eq!(visitor.secret("recovery-code").len(), 24);
    visitor.press("kept", &[("saved", "yes")]).await;
    assert_eq!(visitor.heading(), "Confirm that it is you");
    assert!(visitor.html.contains("That was right. This needs one more step."), "{}", visitor.html);
    let email = visitor.choice("Email");
    visitor.press("use", &[("authenticator", &email)]).await;
    visitor.press("code", &[("code", &newest_code(&house).await)]).await;
    assert_eq!(visitor.heading(), "Thank you, it is you");
}

/// A recovery code that was used brings the next one, also where it was not the last factor.
#[tokio::test]
async fn a_new_recovery_code_is_shown_where_a_further_factor_is_due() {
    let house = house().await;
    let mut visitor = Visitor::ada(&house).await;
    add_app(&mut visitor).await;
    let kept = visitor.secret("recovery-code");
    is_back(&mut visitor).await;
    visitor.begin(&transfer(), None).await;
    let code = visitor.choice("Recovery code");
    visitor.press("use", &[("authenticator", &code)]).await;
    let one_more = json!({
        "error": "mfa_required",
        "error_description": "Multifactor authentication required",
        "recovery_code": "17EQHNZC2SZDYG7X4QXVX9SW"
    });
    house.tenant.fail_next(Fault {
        status: Some(403),
        body: Some(one_more),
        ..Fault::on("POST", "/oauth/token")
    });
    visitor.press("code", &[("code", &kept)]).await;
    assert_eq!(visitor.heading(), "Keep your recovery code");
    assert_eq!(visitor.secret("recovery-code"), "17EQHNZC2SZDYG7X4QXVX9SW");
}

/// A phone with push notifications brings an app's codes along, so that a user may have two of those.
#[tokio::test]
async fn all_apps_are_one_choice() {
    let house = house().await;
    let mut visitor = Visitor::ada(&house).await;
    add_app(&mut visitor).await;
    is_back(&mut visitor).await;
    let one =
        |id: &str, kind: &str| json!({ "id": id, "authenticator_type": kind, "type": kind, "active": true });
    let fault = |listed: serde_json::Value| Fault {
        times: 2,
        body: Some(listed),
        ..Fault::on("GET", "/mfa/authenticators")
    };
    let recovery = one("recovery-code|dev_3", "recovery-code");
    house.tenant.fail_next(fault(json!([one("totp|dev_1", "otp"), one("totp|dev_2", "otp"), recovery])));
    visitor.begin(&transfer(), None).await;
    assert_eq!(visitor.html.matches("<strong>Authenticator app</strong>").count(), 1, "{}", visitor.html);
    assert_eq!(visitor.choice("Authenticator app"), "totp|dev_1");

    house.tenant.fail_next(fault(json!([one("totp|dev_1", "otp"), one("totp|dev_2", "otp")])));
    visitor.begin(&transfer(), None).await;
    assert_eq!(visitor.heading(), "Enter your code", "there is nothing to choose");
}

async fn by_phone(channel: &str, name: &str) {
    let house = house().await;
    let mut visitor = Visitor::ada(&house).await;
    visitor.begin(&transfer(), None).await;
    visitor.press("add", &[("factor", "phone")]).await;
    assert_eq!(visitor.heading(), "Add your phone");
    visitor.press("contact", &[("phone", "020 7946"), ("channel", channel)]).await;
    assert!(visitor.alert().unwrap().starts_with("That is no phone number"));
    assert!(visitor.html.contains("value=\"020 7946\""), "what was typed stays");
    visitor.press("contact", &[("phone", "+1 (202) 555-0123"), ("channel", channel)]).await;
    assert_eq!(visitor.heading(), "Enter your code");
    assert!(visitor.html.contains(PHONE), "{}", visitor.html);
    visitor.press("code", &[("code", &newest_code(&house).await)]).await;
    is_back(&mut visitor).await;

    visitor.begin(&transfer(), None).await;
    assert_eq!(visitor.heading(), "Confirm that it is you");
    let phone = visitor.choice(name);
    visitor.press("use", &[("authenticator", &phone)]).await;
    assert!(visitor.html.contains("•••• 0123"), "{}", visitor.html);
    let sent = house.tenant.messages().await.unwrap().len();
    visitor.get(&visitor.address.clone()).await;
    assert_eq!(house.tenant.messages().await.unwrap().len(), sent, "a reload sends nothing");
    visitor.press("resend", &[]).await;
    assert_eq!(house.tenant.messages().await.unwrap().len(), sent, "not at once, whatever the page allows");
    assert!(visitor.html.contains("data-wait"), "{}", visitor.html);
    house.tenant.clock().advance(Duration::from_secs(30));
    visitor.press("resend", &[]).await;
    assert_eq!(house.tenant.messages().await.unwrap().len(), sent + 1);
    visitor.press("code", &[("code", &newest_code(&house).await)]).await;
    is_back(&mut visitor).await;
}

/// Sends the visitor to a page that waits for a text message, deletes that phone, and asks for another message.
async fn resend_to_a_deleted_phone(
    house: &House,
    others: Option<serde_json::Value>,
) -> (Visitor<'_>, String) {
    // Once there is a factor, the tenant asks for it on the way there.
    let mut elsewhere = Visitor::ada(house).await;
    elsewhere.manage().await;
    let mut visitor = Visitor::ada(house).await;
    visitor.begin(&transfer(), None).await;
    visitor.press("add", &[("factor", "phone")]).await;
    visitor.press("contact", &[("phone", PHONE), ("channel", "sms")]).await;
    visitor.press("code", &[("code", &newest_code(house).await)]).await;
    is_back(&mut visitor).await;

    visitor.begin(&transfer(), None).await;
    let phone = visitor.choice("Text message");
    visitor.press("use", &[("authenticator", &phone)]).await;
    assert_eq!(visitor.heading(), "Enter your code");
    let session = elsewhere.session();
    house.client.own_authenticators(session.session().unwrap()).unwrap().delete(&phone).await.unwrap();
    house.tenant.clock().advance(Duration::from_secs(31));
    if let Some(others) = others {
        let listed = Fault { times: 2, body: Some(others), ..Fault::on("GET", "/mfa/authenticators") };
        house.tenant.fail_next(listed);
    }
    visitor.press("resend", &[]).await;
    (visitor, phone)
}

#[tokio::test]
async fn a_factor_that_goes_while_its_message_is_waited_for() {
    let house = house().await;
    let (visitor, phone) = resend_to_a_deleted_phone(&house, None).await;
    assert_eq!(visitor.heading(), "Confirm that it is you");
    assert_eq!(visitor.alert(), Some("This way is not offered at the moment. Choose another one."));
    assert!(visitor.html.contains("Email") && !visitor.html.contains(&phone), "{}", visitor.html);
}

#[tokio::test]
async fn the_only_factor_that_goes_while_its_message_is_waited_for() {
    let house = house().await;
    let (visitor, _phone) = resend_to_a_deleted_phone(&house, Some(json!([]))).await;
    assert_eq!(visitor.heading(), "We cannot ask you here");
    assert!(visitor.html.contains("a second step that you have not set up"), "{}", visitor.html);
    assert!(visitor.html.contains(">Back to the page</a>") && visitor.html.contains("/auth/mfa/manage"));
}

#[tokio::test]
async fn a_text_message() {
    by_phone("sms", "Text message").await;
}

#[tokio::test]
async fn a_phone_call() {
    by_phone("voice", "Phone call").await;
}

/// One API wants an address to be added, one to be challenged, one a code of the address and then an app, and one an app and
/// then a code of the address.
pub(super) const BY_EMAIL: &str = r#"
tenant: { friendly_name: House, default_directory: Username-Password-Authentication }
clients:
  - name: webapp
    client_id: house-webapp
    client_secret: house-secret
    app_type: regular_web
    callbacks: ["http://localhost:*"]
    grant_types: [authorization_code, refresh_token, "http://auth0.com/oauth/grant-type/mfa-oob", "http://auth0.com/oauth/grant-type/mfa-otp", "http://auth0.com/oauth/grant-type/mfa-recovery-code"]
    refresh_token:
      rotation_type: rotating
      expiration_type: expiring
      policies: [{ audience: "https://add.example", scope: [] }, { audience: "https://ask.example", scope: [] }, { audience: "https://both.example", scope: [] }, { audience: "https://app-first.example", scope: [] }]
resourceServers:
  - { name: Add, identifier: "https://add.example", allow_offline_access: true, skip_consent_for_verifiable_first_party_clients: true }
  - { name: Ask, identifier: "https://ask.example", allow_offline_access: true, skip_consent_for_verifiable_first_party_clients: true }
  - { name: Both, identifier: "https://both.example", allow_offline_access: true, skip_consent_for_verifiable_first_party_clients: true }
  - { name: App first, identifier: "https://app-first.example", allow_offline_access: true, skip_consent_for_verifiable_first_party_clients: true }
databases: [{ name: Username-Password-Authentication, strategy: auth0 }]
guardianFactors:
  - { name: otp, enabled: true }
  - { name: email, enabled: true }
guardianPolicies: { policies: [] }
actions:
  - name: first
    code: |
      exports.onExecutePostLogin = async (event, api) => {
        const api_ = event.resource_server?.identifier;
        if (api_ === "https://add.example") api.multifactor.enable("any");
        if (api_ === "https://ask.example") api.authentication.challengeWith({ type: "email" });
        if (api_ === "https://both.example") api.authentication.challengeWith({ type: "email" });
        if (api_ === "https://app-first.example") api.authentication.enrollWith({ type: "otp" });
      };
    deployed: true
    supported_triggers: [{ id: post-login, version: v3 }]
  - name: second
    code: |
      exports.onExecutePostLogin = async (event, api) => {
        const api_ = event.resource_server?.identifier;
        if (api_ === "https://both.example") api.authentication.enrollWithAny([{ type: "otp" }]);
        if (api_ === "https://app-first.example") api.authentication.challengeWith({ type: "email" });
      };
    deployed: true
    supported_triggers: [{ id: post-login, version: v3 }]
triggers: { post-login: [{ action_name: first, display_name: first }, { action_name: second, display_name: second }] }
"#;

pub(super) fn api(audience: &str) -> AccessTokenRequest {
    AccessTokenRequest::new().audience(audience).refresh(true)
}

#[tokio::test]
async fn an_email() {
    // A verified address would be there by itself.
    let users = include_str!("../../../../../interop/users.json")
        .replace("\"email_verified\": true", "\"email_verified\": false");
    let tenant = Tenant::builder().config_yaml(BY_EMAIL).users_json(&users).start().await.unwrap();
    let house = House::with(tenant);
    let mut visitor = Visitor::ada(&house).await;
    visitor.begin(&api("https://add.example"), None).await;
    visitor.press("add", &[("factor", "email")]).await;
    visitor.press("contact", &[("email", "ada")]).await;
    assert!(visitor.alert().unwrap().starts_with("That is no email address"));
    visitor.press("contact", &[("email", "ada.l@example.org")]).await;
    visitor.press("code", &[("code", &newest_code(&house).await)]).await;
    assert_eq!(visitor.address, "/balance?of=ada");

    visitor.begin(&api("https://ask.example"), None).await;
    let email = visitor.choice("Email");
    visitor.press("use", &[("authenticator", &email)]).await;
    assert_eq!(visitor.heading(), "Enter your code");
    visitor.press("code", &[("code", "000000")]).await;
    assert!(visitor.alert().unwrap().starts_with("That code is not right. Check the newest message"));
    visitor.press("code", &[("code", &newest_code(&house).await)]).await;
    assert_eq!(visitor.address, "/balance?of=ada");
}

#[tokio::test]
async fn a_further_factor_goes_on_in_the_same_detour() {
    let house = House::with(Tenant::builder().config_yaml(BY_EMAIL).start().await.unwrap());
    let mut visitor = Visitor::ada(&house).await;
    visitor.begin(&api("https://both.example"), Some("to=bob")).await;
    let detour = visitor.address.clone();
    let email = visitor.choice("Email");
    visitor.press("use", &[("authenticator", &email)]).await;
    visitor.press("code", &[("code", &newest_code(&house).await)]).await;
    assert_eq!(visitor.address, detour);
    assert_eq!(visitor.heading(), "Add a second step");
    assert!(visitor.html.contains("That was right. This needs one more step."), "{}", visitor.html);
    visitor.press("add", &[("factor", "otp")]).await;
    let code = house.tenant.totp(&visitor.secret("secret")).unwrap();
    visitor.press("code", &[("code", &code)]).await;
    assert_eq!(visitor.heading(), "Thank you, it is you");
    assert!(visitor.html.contains(r#"name="to" value="bob""#), "{}", visitor.html);
}

#[tokio::test]
async fn a_push() {
    let house = house().await;
    let mut visitor = Visitor::ada(&house).await;
    visitor.begin(&transfer(), None).await;
    visitor.press("add", &[("factor", "push-notification")]).await;
    assert_eq!(visitor.heading(), "Set up push notifications");
    let refresh = visitor
        .html
        .split("content=\"5;url=")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .replace("&#38;", "&");
    visitor.get(&refresh).await;
    assert_eq!(visitor.heading(), "Set up push notifications", "not scanned yet");
    house.tenant.clock().advance(Duration::from_secs(10));
    house.tenant.scan(&visitor.link("otpauth:")).await.unwrap();
    visitor.get(&refresh.replace("poll", "xpoll")).await;
    assert_eq!(visitor.heading(), "Set up push notifications", "another parameter asks nothing");
    visitor.get(&format!("{refresh}&ui_locales=de")).await;
    is_back(&mut visitor).await;

    for decision in [Decision::Deny, Decision::Approve] {
        visitor.begin(&transfer(), None).await;
        assert_eq!(visitor.heading(), "Confirm that it is you");
        let push = visitor.choice("Push notification");
        visitor.press("use", &[("authenticator", &push)]).await;
        assert_eq!(visitor.heading(), "Check your phone");
        visitor.press("poll", &[]).await;
        assert_eq!((visitor.heading(), visitor.alert()), ("Check your phone", None));
        let waiting = house.tenant.push_requests().await.unwrap();
        house.tenant.answer_push(&waiting[0].id, decision).await.unwrap();
        house.tenant.clock().advance(Duration::from_secs(10));
        visitor.press("poll", &[]).await;
        if decision == Decision::Deny {
            assert!(visitor.alert().unwrap().starts_with("You did not allow it"), "{}", visitor.html);
            assert!(!visitor.html.contains("http-equiv"), "it stops by itself");
            visitor.press("resend", &[]).await;
            assert_eq!((visitor.heading(), visitor.alert()), ("Check your phone", None), "at once");
            let waiting = house.tenant.push_requests().await.unwrap();
            house.tenant.answer_push(&waiting[0].id, decision).await.unwrap();
            visitor.press("cancel", &[]).await;
            assert_eq!(visitor.address, "/balance?of=ada");
        } else {
            is_back(&mut visitor).await;
        }
    }
}

#[tokio::test]
async fn the_recovery_code_brings_the_next_one_once() {
    let house = house().await;
    let mut visitor = Visitor::ada(&house).await;
    add_app(&mut visitor).await;
    assert_eq!(visitor.heading(), "Keep your recovery code");
    let kept = visitor.secret("recovery-code");
    let file = visitor.link("data:text/plain;charset=utf-8,");
    let in_groups: Vec<_> =
        kept.as_bytes().chunks(4).map(|group| std::str::from_utf8(group).unwrap()).collect();
    assert!(file.contains(&format!("Recovery%20code%3A%20{}%0D%0A", in_groups.join("%20"))), "{file}");
    visitor.press("kept", &[]).await;
    assert!(visitor.alert().unwrap().starts_with("Tick that you have kept"));
    is_back(&mut visitor).await;

    visitor.begin(&transfer(), None).await;
    if visitor.heading() == "Enter your code" {
        visitor.press("other", &[]).await;
    }
    let code = visitor.choice("Recovery code");
    visitor.press("use", &[("authenticator", &code)]).await;
    assert_eq!(visitor.heading(), "Use your recovery code");
    visitor.press("code", &[("code", "AAAA-AAAA")]).await;
    assert!(visitor.alert().unwrap().starts_with("That recovery code is not right"));
    let typed = format!("{}-{}", kept[..8].to_lowercase(), &kept[8..]);
    visitor.press("code", &[("code", &typed)]).await;
    assert_eq!(visitor.heading(), "Keep your recovery code");
    assert_ne!(visitor.secret("recovery-code"), kept);
    is_back(&mut visitor).await;
}
