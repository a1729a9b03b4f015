//! What holds for every page, in every state.

mod gallery;

use self::gallery::{OFFERED, RECOVERY_CODE, SECRET, WAYS, gallery};
use super::problem::CodeProblem;
use super::*;

#[test]
fn pages_look_as_they_did() {
    for (name, page) in gallery() {
        // Without the hashes: a change of the stylesheet is not a change of every page.
        let page = page
            .replace(assets::stylesheet(), "/u/assets/login.css")
            .replace(assets::script(), "/u/assets/login.js")
            .replace(assets::icon(), "/u/assets/icon.svg");
        insta::assert_snapshot!(name, page);
    }
}

#[test]
fn no_page_has_inline_handlers_styles_or_foreign_addresses_to_load() {
    let handler = |page: &str| {
        page.split_ascii_whitespace().any(|word| {
            word.strip_prefix("on").is_some_and(|rest| {
                rest.split_once('=').is_some_and(|(event, _)| event.chars().all(|c| c.is_ascii_lowercase()))
            })
        })
    };
    assert!(handler("<a onclick=\"x()\">"));
    for (name, page) in gallery() {
        assert!(!handler(&page), "{name} has an inline event handler");
        assert!(!page.contains(" style="), "{name} has an inline style");
        assert!(!page.contains("<style"), "{name} has a style element");
        assert!(!page.contains("javascript:"), "{name} has a script address");
        for loading in ["src=\"", "<link rel=\"stylesheet\" href=\""] {
            for address in page.split(loading).skip(1) {
                assert!(address.starts_with(assets::PREFIX), "{name} loads {}", &address[..40]);
            }
        }
    }
}

#[test]
fn every_page_names_itself_and_fits_a_phone() {
    for (name, page) in gallery() {
        let title = page.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>")).unwrap().0;
        assert!(!title.trim().is_empty() && !title.starts_with(" ·"), "{name}: {title}");
        assert!(page.contains("<html lang=\"en\">"), "{name}");
        assert_eq!(page.matches("<h1>").count(), 1, "{name}");
        if name != "web_message" {
            assert!(page.contains("width=device-width"), "{name}");
        }
        assert!(page.len() < 24 * 1024, "{name} is {} bytes", page.len());
    }
}

#[test]
fn every_form_posts_to_its_own_address_with_its_state() {
    for (page, address) in [
        ("login", "login"),
        ("mfa_enroll_options", "mfa-enroll-options"),
        ("mfa_login_options", "mfa-login-options"),
        ("mfa_otp_enrollment", "mfa-otp-enrollment"),
        ("mfa_otp_challenge", "mfa-otp-challenge"),
        ("mfa_recovery_code_enrollment", "mfa-recovery-code-enrollment"),
        ("mfa_recovery_code_challenge", "mfa-recovery-code-challenge"),
        ("login_email_verification", "login-email-verification"),
        ("consent", "consent"),
    ] {
        let html = page_named(page);
        assert!(
            html.contains(&format!("<form method=\"post\" action=\"/u/{address}?state=hKFo2SBkdGx4\"")),
            "{page}"
        );
        assert!(html.contains("<input type=\"hidden\" name=\"state\" value=\"hKFo2SBkdGx4\">"), "{page}");
    }
}

#[test]
fn the_main_button_is_the_promised_one() {
    const BUTTON: &str =
        "<button class=\"primary\" type=\"submit\" name=\"action\" value=\"default\">Continue</button>";
    for page in [
        "login",
        "mfa_otp_enrollment",
        "mfa_otp_challenge",
        "mfa_recovery_code_enrollment",
        "mfa_recovery_code_challenge",
        "login_email_verification",
    ] {
        assert!(page_named(page).contains(BUTTON), "{page}");
    }
    let consent = page_named("consent");
    assert!(
        consent.contains("name=\"action\" value=\"accept\"")
            && consent.contains("name=\"action\" value=\"deny\"")
    );
    for factor in OFFERED {
        assert!(page_named("mfa_enroll_options").contains(&format!("name=\"action\" value=\"{factor}\"")));
    }
    for way in WAYS {
        assert!(
            page_named("mfa_login_options").contains(&format!("name=\"action\" value=\"{}\"", way.value))
        );
    }
}

#[test]
fn every_visible_field_has_its_name_as_id_and_a_label() {
    for (name, page) in gallery() {
        for field in page.split("<input ").skip(1).map(|rest| rest.split_once('>').unwrap().0) {
            if field.contains("type=\"hidden\"") || field.contains("aria-hidden=\"true\"") {
                continue;
            }
            let field = format!(" {field}");
            let attribute = |key: &str| {
                let (_, rest) = field.split_once(&format!(" {key}=\"")).unwrap();
                rest.split_once('"').unwrap().0
            };
            let (id, kind) = (attribute("id"), attribute("type"));
            // Of several radio buttons with one name, each has its value besides.
            let expected = match kind {
                "radio" => format!("{}-{}", attribute("name"), attribute("value")),
                _ => attribute("name").to_owned(),
            };
            assert_eq!(id, expected, "{name}");
            let wrapped = page.contains(&format!("<label class=\"tick\"><input type=\"{kind}\" id=\"{id}\""));
            assert!(wrapped || page.contains(&format!("<label for=\"{id}\">")), "{name}: {id}");
        }
    }
}

#[test]
fn a_problem_is_told_in_an_alert_that_its_field_points_to() {
    let page = page_named("mfa_otp_challenge_wrong");
    assert!(page.contains("id=\"problem\" role=\"alert\""));
    assert!(page.contains("aria-invalid=\"true\" aria-describedby=\"problem\""));
    assert!(page.contains(CodeProblem::Wrong.of_otp().text));
    assert!(page.contains("data-error-code=\"invalid-code\""));
    assert!(!page_named("mfa_otp_challenge").contains("role=\"alert\""));
    assert!(page_named("login_wrong").contains("<span>Wrong email or password.</span>"));
    assert!(page_named("error").contains("<h1>Oops!, something went wrong</h1>"));
}

#[test]
fn a_secret_is_there_for_eyes_and_for_programs() {
    let page = page_named("mfa_otp_enrollment");
    assert!(page.contains(&format!("data-secret=\"{SECRET}\"><span>GAXV</span><span>UW2S</span>")));
    assert!(page.contains("<svg class=\"qr\""));
    assert!(page.contains("href=\"otpauth://totp/Acme:ada%40example.com?secret="));
    let page = page_named("mfa_recovery_code_enrollment");
    assert!(page.contains(&format!("data-recovery-code=\"{RECOVERY_CODE}\"><span>17EQ</span>")));
}

#[test]
fn a_message_cannot_leave_its_attribute() {
    let page = page_named("web_message");
    assert_eq!(page.matches("</script>").count(), 1);
    assert!(!page.contains("<b>"));
}

#[test]
fn html_in_names_and_addresses_is_text() {
    const EVIL: &str = "<img src=x onerror=alert(1)>\"'&";
    let frame =
        Frame { tenant: EVIL, application: Some(EVIL), account: Some(EVIL), state: EVIL, overtaken: false };
    let permission = [consent::Permission { scope: EVIL, description: EVIL }];
    let pages = [
        login::render(&login::View { frame, username: EVIL, may_sign_up: true, problem: None }),
        mfa_otp_challenge::render(&mfa_otp_challenge::View {
            frame,
            may_remember_browser: true,
            has_other_ways: true,
            problem: None,
        }),
        mfa_otp_enrollment::render(&mfa_otp_enrollment::View {
            frame,
            secret: EVIL,
            barcode_uri: EVIL,
            has_other_ways: true,
            problem: None,
        }),
        mfa_recovery_code_enrollment::render(&mfa_recovery_code_enrollment::View {
            frame,
            recovery_code: EVIL,
            occasion: mfa_recovery_code_enrollment::Occasion::FirstFactor,
            tick_is_missing: true,
        }),
        consent::render(&consent::View { frame, permissions: &permission }),
        logout::render(&logout::View {
            tenant: EVIL,
            application: Some(EVIL),
            account: Some(EVIL),
            action: EVIL,
            hidden: &[(EVIL, EVIL)],
        }),
        error::render(&error::View {
            tenant: EVIL,
            message: EVIL,
            advice: EVIL,
            details: &[(EVIL, EVIL)],
            way_out: Some(("https://shop.example/", EVIL)),
        }),
        form_post::render(&form_post::View { action: EVIL, fields: &[(EVIL, EVIL)] }),
        web_message::render(&web_message::View { target_origin: EVIL, response: &[(EVIL, EVIL)] }),
    ];
    for page in pages {
        assert!(!page.contains("<img"), "{page}");
        assert!(!page.contains("alert(1)>\""), "{page}");
    }
}

fn page_named(wanted: &str) -> String {
    gallery().into_iter().find(|(name, _)| *name == wanted).unwrap().1
}
