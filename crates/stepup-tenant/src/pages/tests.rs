//! What holds for every page, in every state.

use stepup_protocol::mfa::FactorType;

use super::problem::CodeProblem;
use super::*;

const SECRET: &str = "GAXVUW2SJRRE2MJRKVFWIQ3XNAZWCQK4";
const BARCODE_URI: &str = "otpauth://totp/Acme:ada%40example.com?secret=GAXVUW2SJRRE2MJRKVFWIQ3XNAZWCQK4&issuer=Acme&algorithm=SHA1&digits=6&period=30";
const RECOVERY_CODE: &str = "17EQHNZC2SZDYG7X4QXVX9SW";
const OFFERED: &[FactorType] = &[FactorType::Otp, FactorType::Phone, FactorType::PushNotification];
const USABLE: &[FactorType] = &[FactorType::Otp, FactorType::Email, FactorType::RecoveryCode];

fn frame(account: Option<&str>) -> Frame<'_> {
    Frame { tenant: "Acme", application: "Bank of Ada", account, state: "hKFo2SBkdGx4" }
}

/// Every page in every state, by name.
fn gallery() -> Vec<(&'static str, String)> {
    let anonymous = frame(None);
    let known = frame(Some("ada@example.com"));
    let login = |username, problem| login::render(&login::View { frame: anonymous, username, problem });
    let enrollment = |problem| {
        mfa_otp_enrollment::render(&mfa_otp_enrollment::View {
            frame: known,
            secret: SECRET,
            barcode_uri: BARCODE_URI,
            has_other_ways: true,
            problem,
        })
    };
    let challenge = |problem| {
        mfa_otp_challenge::render(&mfa_otp_challenge::View {
            frame: known,
            may_remember_browser: true,
            has_other_ways: true,
            problem,
        })
    };
    let new_code = |occasion, tick_is_missing| {
        mfa_recovery_code_enrollment::render(&mfa_recovery_code_enrollment::View {
            frame: known,
            recovery_code: RECOVERY_CODE,
            occasion,
            tick_is_missing,
        })
    };
    let recovery = |problem| {
        mfa_recovery_code_challenge::render(&mfa_recovery_code_challenge::View {
            frame: known,
            has_other_ways: true,
            problem,
        })
    };
    let permissions = [
        consent::Permission { scope: "openid", description: "" },
        consent::Permission { scope: "email", description: "" },
        consent::Permission { scope: "transfer:funds", description: "Transfer money from your accounts" },
        consent::Permission { scope: "read:sensitive", description: "" },
    ];
    vec![
        ("login", login("", None)),
        ("login_hinted", login("ada@example.com", None)),
        ("login_empty", login("", Some(login::Problem::NoUsername))),
        ("login_no_password", login("ada@example.com", Some(login::Problem::NoPassword))),
        ("login_wrong", login("ada@example.com", Some(login::Problem::WrongEmailOrPassword))),
        ("login_too_many", login("ada@example.com", Some(login::Problem::TooManyAttempts))),
        ("login_blocked", login("ada@example.com", Some(login::Problem::Blocked))),
        (
            "mfa_enroll_options",
            mfa_enroll_options::render(&mfa_enroll_options::View { frame: known, factors: OFFERED }),
        ),
        (
            "mfa_login_options",
            mfa_login_options::render(&mfa_login_options::View { frame: known, factors: USABLE }),
        ),
        ("mfa_otp_enrollment", enrollment(None)),
        ("mfa_otp_enrollment_wrong", enrollment(Some(CodeProblem::Wrong))),
        ("mfa_otp_challenge", challenge(None)),
        ("mfa_otp_challenge_missing", challenge(Some(CodeProblem::Missing))),
        ("mfa_otp_challenge_malformed", challenge(Some(CodeProblem::Malformed))),
        ("mfa_otp_challenge_wrong", challenge(Some(CodeProblem::Wrong))),
        ("mfa_otp_challenge_used", challenge(Some(CodeProblem::AlreadyUsed))),
        ("mfa_otp_challenge_too_many", challenge(Some(CodeProblem::TooManyFailures))),
        (
            "mfa_recovery_code_enrollment",
            new_code(mfa_recovery_code_enrollment::Occasion::FirstFactor, false),
        ),
        (
            "mfa_recovery_code_enrollment_no_tick",
            new_code(mfa_recovery_code_enrollment::Occasion::FirstFactor, true),
        ),
        ("mfa_recovery_code_replaced", new_code(mfa_recovery_code_enrollment::Occasion::OldCodeUsed, false)),
        ("mfa_recovery_code_challenge", recovery(None)),
        ("mfa_recovery_code_challenge_wrong", recovery(Some(CodeProblem::Wrong))),
        ("consent", consent::render(&consent::View { frame: known, permissions: &permissions })),
        (
            "logout",
            logout::render(&logout::View {
                tenant: "Acme",
                application: Some("Bank of Ada"),
                account: Some("ada@example.com"),
                action: "/oidc/logout",
                hidden: &[("client_id", "stepup-webapp"), ("state", "xyz")],
            }),
        ),
        ("logged_out", logged_out::render(&logged_out::View { tenant: "Acme" })),
        (
            "error",
            error::render(&error::View {
                tenant: "Acme",
                message: "Callback URL mismatch.",
                advice: "The application asked to be called back at an address that it has not registered. Go back and try again; if it happens again, tell whoever runs the application.",
                details: &[("error", "invalid_request"), ("redirect_uri", "https://shop.example/callback")],
                way_out: None,
            }),
        ),
        (
            "error_lost_transaction",
            error::render(&error::View {
                tenant: "Acme",
                message: "We lost track of this login.",
                advice: error::LOST_TRANSACTION,
                details: &[],
                way_out: Some(("https://shop.example/", "Back to Bank of Ada")),
            }),
        ),
        (
            "form_post",
            form_post::render(&form_post::View {
                action: "https://shop.example/callback",
                fields: &[("code", "SplxlOBeZQQYbYS6WxSbIA"), ("state", "xyz")],
            }),
        ),
        (
            "web_message",
            web_message::render(&web_message::View {
                target_origin: "https://shop.example",
                response: &[("code", "SplxlOBeZQQYbYS6WxSbIA"), ("state", "</script><b>\u{2028}\"'")],
            }),
        ),
    ]
}

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
    for factor in USABLE {
        assert!(page_named("mfa_login_options").contains(&format!("name=\"action\" value=\"{factor}\"")));
    }
}

#[test]
fn every_visible_field_has_its_name_as_id_and_a_label() {
    for (name, page) in gallery() {
        for field in page.split("<input ").skip(1).map(|rest| rest.split_once('>').unwrap().0) {
            if field.contains("type=\"hidden\"") {
                continue;
            }
            let attribute = |key: &str| {
                let (_, rest) = field.split_once(&format!("{key}=\"")).unwrap();
                rest.split_once('"').unwrap().0
            };
            let id = attribute("id");
            assert_eq!(
                format!(" {field}").split_once(" name=\"").unwrap().1.split_once('"').unwrap().0,
                id,
                "{name}"
            );
            let wrapped =
                page.contains(&format!("<label class=\"tick\"><input type=\"checkbox\" id=\"{id}\""));
            assert!(wrapped || page.contains(&format!("<label for=\"{id}\">")), "{name}: {id}");
        }
    }
}

#[test]
fn a_problem_is_told_in_an_alert_that_its_field_points_to() {
    let page = page_named("mfa_otp_challenge_wrong");
    assert!(page.contains("id=\"problem\" role=\"alert\""));
    assert!(page.contains("aria-invalid=\"true\" aria-describedby=\"problem\""));
    assert!(page.contains(CodeProblem::Wrong.of_otp()));
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
    let frame = Frame { tenant: EVIL, application: EVIL, account: Some(EVIL), state: EVIL };
    let permission = [consent::Permission { scope: EVIL, description: EVIL }];
    let pages = [
        login::render(&login::View { frame, username: EVIL, problem: None }),
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
