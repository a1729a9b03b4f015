//! What goes wrong on the pages: old, foreign and broken requests, and a tenant that does not answer.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::json;
use stepup::{Detour, mfa::MfaToken};
use stepup_tenant::{Fault, Tenant};

use super::{
    factors::{BY_EMAIL, add_app, api, house, newest_code, transfer},
    visitor::{Visitor, own_page},
};
use crate::{captured::Captured, house::House, support::Jar};

#[tokio::test]
async fn a_form_of_another_site_does_nothing() {
    let house = house().await;
    let mut visitor = Visitor::ada(&house).await;
    visitor.begin(&transfer(), None).await;
    let with = |name: &'static str, value: &'static str| {
        let mut headers = own_page();
        headers.insert(name, HeaderValue::from_static(value));
        headers
    };
    let long = "a".repeat(8 * 1024);
    for (headers, body, expected) in [
        (HeaderMap::new(), "action=cancel", StatusCode::FORBIDDEN),
        (with("origin", "https://evil.example"), "action=cancel", StatusCode::FORBIDDEN),
        (with("origin", "null"), "action=cancel", StatusCode::FORBIDDEN),
        (with("sec-fetch-site", "cross-site"), "action=cancel", StatusCode::FORBIDDEN),
        (with("content-type", "text/plain"), "action=cancel", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (own_page(), &format!("action={long}"), StatusCode::PAYLOAD_TOO_LARGE),
        (own_page(), "action=nothing&x=%FF", StatusCode::SEE_OTHER),
    ] {
        for path in [visitor.address.as_str(), "/auth/mfa/manage"] {
            let answer = visitor.send(Method::POST, path, headers.clone(), body.to_owned()).await;
            assert_eq!(answer.status(), expected, "{path} {headers:?} {body:.20}");
        }
    }
}

#[tokio::test]
async fn a_step_up_that_took_too_long_begins_again_with_its_form() {
    let house = house().await;
    let mut visitor = Visitor::ada(&house).await;
    visitor.begin(&transfer(), Some("to=bob&amount=25")).await;
    house.tenant.clock().advance(Duration::from_secs(301));
    visitor.press("add", &[("factor", "otp")]).await;
    assert_eq!((visitor.status, visitor.heading()), (StatusCode::GONE, "That took too long"));
    let again = visitor.link("/auth/mfa/d/");
    visitor.get(&again).await;
    assert_eq!(visitor.heading(), "Your form goes on its way", "nothing was proved");
    assert!(
        visitor.html.contains(r#"name="amount" value="25""#),
        "the form goes on, and the application asks anew"
    );
}

#[tokio::test]
async fn so_does_one_whose_choices_are_loaded_again_too_late() {
    let house = house().await;
    let mut visitor = Visitor::ada(&house).await;
    visitor.begin(&transfer(), None).await;
    visitor.press("add", &[("factor", "phone")]).await;
    visitor.press("contact", &[("phone", "+12025550123"), ("channel", "sms")]).await;
    visitor.press("code", &[("code", &newest_code(&house).await)]).await;
    visitor.press("kept", &[("saved", "yes")]).await;
    visitor.begin(&transfer(), Some("to=bob&amount=25")).await;
    assert_eq!(visitor.heading(), "Confirm that it is you");
    house.tenant.clock().advance(Duration::from_secs(301));
    visitor.get(&visitor.address.clone()).await;
    assert_eq!((visitor.status, visitor.heading()), (StatusCode::GONE, "That took too long"));
    let again = visitor.link("/auth/mfa/d/");
    visitor.get(&again).await;
    assert_eq!(visitor.heading(), "Your form goes on its way");
}

/// Ada fills in two forms in two tabs, and has no second factor yet.
#[tokio::test]
async fn whoever_added_a_factor_in_another_tab_goes_on_in_this_one() {
    let house = house().await;
    let mut visitor = Visitor::ada(&house).await;
    visitor.begin(&transfer(), Some("to=bob")).await;
    let choosing = visitor.html.clone();
    visitor.begin(&transfer(), Some("to=carol")).await;
    visitor.press("add", &[("factor", "otp")]).await;
    let (setting_up, secret) = (visitor.html.clone(), visitor.secret("secret"));
    add_app(&mut visitor).await;
    visitor.press("kept", &[("saved", "yes")]).await;
    assert_eq!(visitor.address, "/balance?of=ada");

    visitor.html = choosing;
    visitor.press("add", &[("factor", "phone")]).await;
    visitor.press("contact", &[("phone", "+12025550123"), ("channel", "sms")]).await;
    assert_eq!(visitor.heading(), "Your form goes on its way");
    assert!(visitor.html.contains(r#"name="to" value="bob""#), "{}", visitor.html);

    visitor.html = setting_up;
    visitor.press("code", &[("code", &house.next_code(&secret))]).await;
    assert_eq!(visitor.heading(), "Your form goes on its way");
    assert!(visitor.html.contains(r#"name="to" value="carol""#), "{}", visitor.html);
}

#[tokio::test]
async fn where_every_factor_was_turned_down_a_page_says_so() {
    let house = house().await;
    let mut visitor = Visitor::ada(&house).await;
    visitor.begin(&transfer(), None).await;
    let turn_down = || {
        let is_off = json!({ "error": "unsupported_authenticator_type", "error_description": "It is off." });
        let fault = Fault::on("POST", "/mfa/associate");
        house.tenant.fail_next(Fault { status: Some(400), body: Some(is_off), ..fault });
    };
    for factor in ["otp", "push-notification"] {
        turn_down();
        visitor.press("add", &[("factor", factor)]).await;
        assert!(visitor.alert().unwrap().starts_with("This way is not offered"), "{}", visitor.html);
    }
    turn_down();
    visitor.press("add", &[("factor", "phone")]).await;
    visitor.press("contact", &[("phone", "+12025550123"), ("channel", "sms")]).await;
    assert_eq!((visitor.status, visitor.heading()), (StatusCode::FORBIDDEN, "We cannot ask you here"));
}

#[tokio::test]
async fn whoever_was_logged_out_logs_in_and_goes_on() {
    let house = house().await;
    let mut visitor = Visitor::ada(&house).await;
    visitor.begin(&transfer(), Some("to=bob")).await;
    let (address, form) = (visitor.address.clone(), visitor.html.clone());
    visitor.jar = Jar::of(&without_session(&visitor.jar));
    for action in ["", "add"] {
        visitor.html.clone_from(&form);
        if action.is_empty() {
            visitor.get(&address).await;
        } else {
            let answer = visitor.submit(action, &[("factor", "otp")]).await;
            visitor.status = answer.status();
            visitor.html = String::from_utf8(answer.body().to_vec()).unwrap();
        }
        assert_eq!(
            (visitor.status, visitor.heading()),
            (StatusCode::UNAUTHORIZED, "You have been logged out")
        );
    }
    let login = visitor.link("/auth/login");
    assert_eq!(login, format!("/auth/login?returnTo={}", address.replace('/', "%2F")));

    visitor.log_in(&login).await;
    assert_eq!(visitor.heading(), "Add a second step");
    visitor.press("add", &[("factor", "otp")]).await;
    let code = house.tenant.totp(&visitor.secret("secret")).unwrap();
    visitor.press("code", &[("code", &code)]).await;
    visitor.press("kept", &[("saved", "yes")]).await;
    assert_eq!(visitor.heading(), "Thank you, it is you");
    assert!(visitor.html.contains(r#"name="to" value="bob""#), "{}", visitor.html);
}

fn without_session(jar: &Jar) -> String {
    let line = jar.line();
    let rest: Vec<&str> = line.split("; ").filter(|pair| !pair.starts_with("__session")).collect();
    rest.join("; ")
}

#[tokio::test]
async fn a_token_that_nobody_sealed_gets_into_no_cookie() {
    let house = house().await;
    let mut visitor = Visitor::ada(&house).await;
    let mut state = visitor.session();
    let mut due = house.due_for(&mut state, &transfer()).await;
    due.mfa_token = Some(MfaToken::from("é; x=y".repeat(1000)));
    let detour = Detour { return_to: "/".to_owned(), form: None };
    let answer = house.client.detour(&state, &HeaderMap::new(), &due, detour).unwrap();
    visitor.jar.take(answer.headers());
    assert!(!visitor.jar.line().contains("x=y"), "{}", visitor.jar.line());
    visitor.get(answer.headers()[header::LOCATION].to_str().unwrap()).await;
    assert_eq!((visitor.status, visitor.heading()), (StatusCode::GONE, "That took too long"));
}

#[tokio::test]
async fn a_detour_of_another_browser_and_a_broken_one_are_none() {
    let house = house().await;
    let mut visitor = Visitor::ada(&house).await;
    visitor.begin(&transfer(), None).await;
    let answer = visitor.submit("add", &[("factor", "otp")]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let address = visitor.address.clone();

    let mut stranger = Visitor::ada(&house).await;
    stranger.get(&address).await;
    assert_eq!((stranger.status, stranger.heading()), (StatusCode::GONE, "This page is no longer open"));

    let line = visitor.jar.line();
    let tampered = line.split("; ").map(|pair| match pair.strip_prefix("__mfa_") {
        Some(_) => format!("{}AAAA", &pair[..pair.len() - 4]),
        None => pair.to_owned(),
    });
    stranger.jar.take_line(&tampered.collect::<Vec<_>>().join("; "));
    stranger.get(&address).await;
    assert_eq!(stranger.status, StatusCode::GONE);
}

#[tokio::test]
async fn a_tenant_that_is_down_loses_nothing() {
    let house = house().await;
    let mut visitor = Visitor::ada(&house).await;
    let down = |method: &str, path: &str| {
        house.tenant.fail_next(Fault { status: Some(503), ..Fault::on(method, path) });
    };
    visitor.begin_later(&transfer()).await;
    let address = visitor.address.clone();
    down("GET", "/mfa/authenticators");
    visitor.get(&address).await;
    assert_eq!(
        (visitor.status, visitor.heading()),
        (StatusCode::BAD_GATEWAY, "This does not work right now")
    );
    visitor.get(&address).await;
    assert_eq!(visitor.heading(), "Add a second step");
    down("POST", "/mfa/associate");
    visitor.press("add", &[("factor", "otp")]).await;
    assert!(visitor.alert().unwrap().starts_with("Our log-in service does not answer"));
    visitor.press("add", &[("factor", "otp")]).await;
    assert_eq!(visitor.heading(), "Set up your authenticator app");
}

#[tokio::test]
async fn who_was_sent_too_much_hears_so_and_the_last_code_is_taken() {
    let config = format!("{BY_EMAIL}stepup: {{ email_sends: 3 }}\n");
    let house = House::with(Tenant::builder().config_yaml(&config).start().await.unwrap());
    let mut visitor = Visitor::ada(&house).await;
    visitor.begin(&api("https://ask.example"), None).await;
    let email = visitor.choice("Email");
    visitor.press("use", &[("authenticator", &email)]).await;
    for _ in 0..2 {
        house.tenant.clock().advance(Duration::from_secs(30));
        visitor.press("resend", &[]).await;
        assert_eq!(visitor.alert(), None);
    }
    for _ in 0..2 {
        house.tenant.clock().advance(Duration::from_secs(30));
        visitor.press("resend", &[]).await;
        let alert = "We have sent you many messages. Wait some minutes before you ask for another one.";
        assert_eq!(visitor.alert(), Some(alert));
    }
    visitor.press("code", &[("code", &newest_code(&house).await)]).await;
    assert_eq!(visitor.address, "/balance?of=ada");
}

#[tokio::test]
async fn a_tenant_with_too_many_requests_is_busy_and_nobody_is_locked_out() {
    let house = house().await;
    let mut visitor = Visitor::ada(&house).await;
    visitor.begin(&transfer(), None).await;
    visitor.press("add", &[("factor", "otp")]).await;
    let code = house.tenant.totp(&visitor.secret("secret")).unwrap();
    for (retry_after, alert) in [
        (Some(90), "Our log-in service has too much to do. Nothing is lost: wait 2 min, then try again."),
        (None, "Our log-in service has too much to do. Nothing is lost: try again in a moment."),
    ] {
        let limit =
            json!({ "error": "too_many_requests", "error_description": "Global limit has been reached" });
        house.tenant.fail_next(Fault {
            status: Some(429),
            body: Some(limit),
            retry_after,
            ..Fault::on("POST", "/oauth/token")
        });
        visitor.press("code", &[("code", &code)]).await;
        assert_eq!(visitor.alert(), Some(alert));
    }
    visitor.press("code", &[("code", &code)]).await;
    assert_eq!(visitor.heading(), "Keep your recovery code");
}

#[tokio::test]
async fn wrong_codes_lock_out_and_say_so() {
    let house = house().await;
    let mut visitor = Visitor::ada(&house).await;
    add_app(&mut visitor).await;
    visitor.press("kept", &[("saved", "yes")]).await;
    visitor.begin(&transfer(), None).await;
    if visitor.heading() != "Enter your code" {
        let app = visitor.choice("Authenticator app");
        visitor.press("use", &[("authenticator", &app)]).await;
    }
    for _ in 0..12 {
        visitor.press("code", &[("code", "000000")]).await;
        if visitor.alert().unwrap().starts_with("Too many wrong codes") {
            assert!(
                visitor.alert().unwrap().contains("Wait 6 min, then try again."),
                "{:?}",
                visitor.alert()
            );
            return;
        }
    }
    panic!("{:?}", visitor.alert());
}

#[tokio::test]
async fn a_form_sent_twice_and_the_back_button_do_nothing_twice() {
    let house = house().await;
    let mut visitor = Visitor::ada(&house).await;
    visitor.begin(&transfer(), None).await;
    let (factors, address) = (visitor.html.clone(), visitor.address.clone());
    visitor.press("add", &[("factor", "otp")]).await;
    let code = house.tenant.totp(&visitor.secret("secret")).unwrap();
    let app = visitor.html.clone();
    visitor.press("code", &[("code", &code)]).await;
    assert_eq!(visitor.heading(), "Keep your recovery code");
    visitor.html = app;
    visitor.press("code", &[("code", &code)]).await;
    assert_eq!(visitor.heading(), "Keep your recovery code", "the code is not judged again");
    visitor.html = factors;
    visitor.press("add", &[("factor", "otp")]).await;
    assert_eq!((visitor.heading(), &visitor.address), ("Keep your recovery code", &address));
    visitor.press("kept", &[("saved", "yes")]).await;
    visitor.get(&address).await;
    assert_eq!(visitor.heading(), "This page is no longer open");
}

#[tokio::test]
async fn cancel_goes_back_with_nothing() {
    let (captured, _guards) = Captured::begin();
    let house = house().await;
    let mut visitor = Visitor::ada(&house).await;
    visitor.begin(&transfer(), Some("to=bob")).await;
    visitor.press("cancel", &[]).await;
    assert_eq!(visitor.address, "/balance?of=ada");
    assert!(!visitor.jar.line().contains("__mfa_"), "{}", visitor.jar.line());
    let given_up: Vec<_> = captured.audit("mfa_abandoned");
    assert_eq!(given_up.len(), 1);
    assert_eq!(given_up[0].field("error.type"), Some("cancelled"));
}

#[tokio::test]
async fn pages_have_a_strict_policy_and_speak_the_visitors_language() {
    let house = house().await;
    let mut visitor = Visitor::ada(&house).await;
    visitor.begin(&transfer(), None).await;
    let address = visitor.address.clone();
    for (language, heading) in
        [("de", "Einen zweiten Schritt einrichten"), ("ja", "2段階認証の追加"), ("fr", "Add a second step")]
    {
        visitor.language = language;
        visitor.get(&address).await;
        assert_eq!(visitor.heading(), heading);
    }
    let page = visitor.send(Method::GET, &address, HeaderMap::new(), String::new()).await;
    let policy = page.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'self' 'nonce-"), "{policy}");
    assert!(policy.contains("form-action 'self' http"), "{policy}");
    assert!(page.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("no-store"));
}

/// The same button twice at the same moment: both requests carry the cookies of before.
#[tokio::test]
async fn two_codes_at_the_same_moment_lose_no_recovery_code() {
    let house = house().await;
    let mut visitor = Visitor::ada(&house).await;
    visitor.begin(&transfer(), None).await;
    visitor.press("add", &[("factor", "otp")]).await;
    let code = house.tenant.totp(&visitor.secret("secret")).unwrap();
    let (before, page) = (visitor.jar.clone(), visitor.html.clone());
    visitor.submit("code", &[("code", &code)]).await;
    let after = visitor.jar.clone();

    // The second one came with another code, so that it is not taken for the first.
    visitor.jar = before.clone();
    let answer = visitor.submit("code", &[("code", "000000")]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert!(
        !answer.headers().contains_key(header::SET_COOKIE),
        "what the first one brought stays: {answer:?}"
    );
    let shown = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
    visitor.jar = after;
    visitor.get(&shown).await;
    assert_eq!(visitor.heading(), "Keep your recovery code");
    assert_eq!(visitor.secret("recovery-code").len(), 24);

    // Where the first answer never arrived, the page says what has become of it.
    (visitor.jar, visitor.html) = (before, page);
    visitor.press("code", &[("code", "000000")]).await;
    assert_eq!((visitor.status, visitor.heading()), (StatusCode::OK, "This step is done already"));
    visitor.link("/balance?of=ada");
}

#[tokio::test]
async fn a_problem_takes_the_focus_where_no_field_does() {
    let house = house().await;
    let mut visitor = Visitor::ada(&house).await;
    visitor.begin(&transfer(), None).await;
    house.tenant.fail_next(Fault { status: Some(503), ..Fault::on("POST", "/mfa/associate") });
    visitor.press("add", &[("factor", "otp")]).await;
    assert!(visitor.html.contains(r#"role="alert" tabindex="-1" autofocus>"#), "{}", visitor.html);
    visitor.press("add", &[("factor", "otp")]).await;
    visitor.press("code", &[("code", "12")]).await;
    assert_eq!(visitor.html.matches("autofocus").count(), 1, "the field's: {}", visitor.html);
}

#[tokio::test]
async fn a_language_that_was_asked_for_is_spoken_to_the_end() {
    let house = house().await;
    let mut visitor = Visitor::ada(&house).await;
    visitor.begin_later(&transfer()).await;
    let address = format!("{}?ui_locales=fr%20de", visitor.address);
    visitor.get(&address).await;
    assert_eq!(visitor.heading(), "Einen zweiten Schritt einrichten");
    visitor.press("add", &[("factor", "otp")]).await;
    assert!(!visitor.address.contains("ui_locales"), "{}", visitor.address);
    assert_eq!(visitor.heading(), "Richten Sie Ihre Authenticator-App ein");
    assert!(visitor.html.contains("<html lang=\"de\">"), "{}", visitor.html);

    visitor.manage().await;
    visitor.get("/auth/mfa/manage?ui_locales=ja").await;
    assert_eq!(visitor.heading(), "2段階認証の管理");
    visitor.press("add", &[]).await;
    assert_eq!(visitor.heading(), "2段階認証の追加");
    visitor.press("cancel", &[]).await;
    assert_eq!(visitor.heading(), "2段階認証の管理");
}
