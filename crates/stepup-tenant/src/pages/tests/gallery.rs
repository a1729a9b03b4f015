//! Every page in every state.

use std::time::Duration;

use stepup_protocol::mfa::FactorType;

use super::super::factor::{Way, WayKind};
use super::super::mfa_push_challenge_push::State;
use super::super::mfa_sent_code_challenge::{OtherWays, Problem, Reason};
use super::super::problem::{Channel, CodeProblem, EmailProblem, PhoneProblem, SendProblem};
use super::super::*;
use crate::passwords::{
    dictionary::Dictionary,
    policy::{PasswordPolicy, Refusal, Strength},
};

pub(super) const SECRET: &str = "GAXVUW2SJRRE2MJRKVFWIQ3XNAZWCQK4";
pub(super) const BARCODE_URI: &str = "otpauth://totp/Acme:ada%40example.com?secret=GAXVUW2SJRRE2MJRKVFWIQ3XNAZWCQK4&issuer=Acme&algorithm=SHA1&digits=6&period=30";
pub(super) const RECOVERY_CODE: &str = "17EQHNZC2SZDYG7X4QXVX9SW";
pub(super) const OFFERED: &[FactorType] =
    &[FactorType::PushNotification, FactorType::Otp, FactorType::Phone, FactorType::Email];
pub(super) const PUSH_URI: &str = "otpauth://totp/Acme:ada%40example.com?enrollment_tx_id=qfjn2eiNYSjU3xID7dBYeCBSrdREWJPY&base_url=https%3A%2F%2Facme.example%2Fappliance-mfa";
pub(super) const WAYS: &[Way<'_>] = &[
    Way { value: "push-notification", kind: WayKind::Push, detail: "Ada's phone" },
    Way { value: "otp", kind: WayKind::Otp, detail: "" },
    Way { value: "totp|dev_2", kind: WayKind::Otp, detail: "was set up on 24 November 2026" },
    Way { value: "phone", kind: WayKind::Sms, detail: "•••• 4567" },
    Way { value: "voice", kind: WayKind::Voice, detail: "•••• 4567" },
    Way { value: "email", kind: WayKind::Email, detail: "a•••@example.com" },
    Way { value: "recovery-code", kind: WayKind::RecoveryCode, detail: "" },
];

const LATER: Duration = Duration::from_secs(30);

fn frame(account: Option<&str>) -> Frame<'_> {
    Frame {
        tenant: "Acme",
        application: Some("Bank of Ada"),
        account,
        state: "hKFo2SBkdGx4",
        overtaken: false,
    }
}

/// Every page in every state, by name.
pub(super) fn gallery() -> Vec<(&'static str, String)> {
    let anonymous = frame(None);
    let known = frame(Some("ada@example.com"));
    let login = |username, problem| {
        login::render(&login::View { frame: anonymous, username, may_sign_up: true, problem })
    };
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
    let policy = &PasswordPolicy {
        strength: Strength::Excellent,
        history: Some(5),
        dictionary: Some(Dictionary::default()),
        no_personal_info: true,
        ..PasswordPolicy::default()
    };
    let signup = |email, problem| {
        let policy = &PasswordPolicy::default();
        signup::render(&signup::View { frame: anonymous, email, policy, problem })
    };
    let reset = |email, sent, problem| {
        reset_password_request::render(&reset_password_request::View {
            frame: anonymous,
            email,
            sent,
            problem,
        })
    };
    let new_password = |problem| {
        let (account, ticket) = ("ada@example.com", "4nT1ck3t");
        reset_password::render(&reset_password::View { tenant: "Acme", account, ticket, policy, problem })
    };
    let notice = |done, way_on| notice::render(&notice::View { tenant: "Acme", done, way_on });
    let phone = |phone, problem| {
        let channels = &[Channel::Sms, Channel::Voice];
        let (chosen, has_other_ways) = (Channel::Sms, true);
        let view =
            mfa_phone_enrollment::View { frame: known, phone, channels, chosen, has_other_ways, problem };
        mfa_phone_enrollment::render(&view)
    };
    let email = |email, problem| {
        let view = mfa_email_enrollment::View { frame: known, email, has_other_ways: false, problem };
        mfa_email_enrollment::render(&view)
    };
    let push_enrollment = |barcode_uri| {
        let view = mfa_push_enrollment_qr::View { frame: known, barcode_uri, has_other_ways: true };
        mfa_push_enrollment_qr::render(&view)
    };
    let sent = |channel, resend_in, resent, problem| {
        mfa_sent_code_challenge::render(&mfa_sent_code_challenge::View {
            frame: known,
            reason: Reason::SecondFactor,
            channel,
            recipient: if channel == Channel::Email { "a•••@example.com" } else { "•••• 4567" },
            sent: !matches!(problem, Some(Problem::Send(_))),
            lifetime: Duration::from_secs(300),
            resend_in,
            resent,
            may_remember_browser: true,
            other_ways: Some(OtherWays::Challenge),
            problem,
        })
    };
    let unusual = |problem| {
        mfa_sent_code_challenge::render(&mfa_sent_code_challenge::View {
            frame: known,
            reason: Reason::UnusualLogin,
            channel: Channel::Email,
            recipient: "a•••@example.com",
            sent: !matches!(problem, Some(Problem::Send(_))),
            lifetime: Duration::from_secs(300),
            resend_in: 30,
            resent: false,
            may_remember_browser: false,
            other_ways: None,
            problem,
        })
    };
    let push = |state: State| {
        mfa_push_challenge_push::render(&mfa_push_challenge_push::View {
            frame: known,
            device: Some("Ada's phone"),
            state,
            resend_in: 0,
            may_enter_code: true,
            may_remember_browser: true,
            remembers_browser: state == State::Denied,
            has_other_ways: true,
        })
    };
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
            mfa_enroll_options::render(&mfa_enroll_options::View {
                frame: known,
                page: "mfa-enroll-options",
                factors: OFFERED,
            }),
        ),
        (
            "mfa_login_options",
            mfa_login_options::render(&mfa_login_options::View { frame: known, ways: WAYS }),
        ),
        ("signup", signup("", None)),
        ("signup_email_taken", signup("ada@example.com", Some(signup::Problem::CannotSignUp))),
        ("signup_no_address", signup("ada", Some(signup::Problem::MalformedEmail))),
        ("signup_weak", signup("ada@example.com", Some(signup::Problem::Password(Refusal::Weak)))),
        ("reset_password_request", reset("", false, None)),
        ("reset_password_request_empty", reset("", false, Some(EmailProblem::Missing))),
        ("reset_password_request_sent", reset("ada@example.com", true, None)),
        ("reset_password", new_password(None)),
        ("reset_password_used", new_password(Some(reset_password::Problem::Password(Refusal::Used)))),
        ("reset_password_weak", new_password(Some(reset_password::Problem::Password(Refusal::Weak)))),
        (
            "email_verification",
            email_verification::render(&email_verification::View {
                tenant: "Acme",
                email: "ada@example.com",
                ticket: "4nT1ck3t",
            }),
        ),
        ("notice_enrolled", notice(notice::Done::Enrolled, None)),
        ("notice_email_verified", notice(notice::Done::EmailVerified, None)),
        (
            "notice_password_changed",
            notice(notice::Done::PasswordChanged, Some(("https://shop.example/", "Back to Bank of Ada"))),
        ),
        ("mfa_phone_enrollment", phone("", None)),
        ("mfa_phone_enrollment_wrong", phone("020 7946", Some(PhoneProblem::Malformed))),
        (
            "mfa_phone_enrollment_failed",
            phone("+44 20 7946 0958", Some(PhoneProblem::Send(SendProblem::Failed, Channel::Sms))),
        ),
        ("mfa_email_enrollment", email("ada@example.com", None)),
        ("mfa_email_enrollment_wrong", email("ada", Some(EmailProblem::Malformed))),
        ("mfa_push_enrollment_qr", push_enrollment(Some(PUSH_URI))),
        ("mfa_push_enrollment_qr_expired", push_enrollment(None)),
        ("mfa_sms_challenge", sent(Channel::Sms, 0, false, None)),
        ("mfa_sms_challenge_resent", sent(Channel::Sms, 30, true, None)),
        ("mfa_sms_challenge_wrong", sent(Channel::Sms, 12, false, Some(Problem::Code(CodeProblem::Wrong)))),
        (
            "mfa_sms_challenge_expired",
            sent(Channel::Sms, 0, false, Some(Problem::Code(CodeProblem::Expired))),
        ),
        (
            "mfa_sms_challenge_too_many",
            sent(Channel::Sms, 0, false, Some(Problem::Send(SendProblem::TooMany(LATER)))),
        ),
        ("mfa_voice_challenge", sent(Channel::Voice, 30, false, None)),
        ("mfa_email_challenge", sent(Channel::Email, 30, false, None)),
        ("login_email_verification", unusual(None)),
        ("login_email_verification_wrong", unusual(Some(Problem::Code(CodeProblem::Wrong)))),
        ("login_email_verification_too_many", unusual(Some(Problem::Send(SendProblem::TooMany(LATER))))),
        ("mfa_push_challenge_push", push(State::Waiting)),
        ("mfa_push_challenge_push_denied", push(State::Denied)),
        ("mfa_push_challenge_push_expired", push(State::Expired)),
        ("mfa_push_challenge_push_too_many", push(State::Unsent(SendProblem::TooMany(LATER)))),
        ("mfa_push_challenge_push_too_soon", push(State::Unsent(SendProblem::TooSoon(LATER)))),
        ("mfa_otp_enrollment", enrollment(None)),
        ("mfa_otp_enrollment_wrong", enrollment(Some(CodeProblem::Wrong))),
        ("mfa_otp_challenge", challenge(None)),
        ("mfa_otp_challenge_missing", challenge(Some(CodeProblem::Missing))),
        ("mfa_otp_challenge_malformed", challenge(Some(CodeProblem::Malformed))),
        ("mfa_otp_challenge_wrong", challenge(Some(CodeProblem::Wrong))),
        ("mfa_otp_challenge_used", challenge(Some(CodeProblem::AlreadyUsed))),
        ("mfa_otp_challenge_too_many", challenge(Some(CodeProblem::TooManyFailures(LATER)))),
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
            "onward",
            onward::render(&onward::View {
                tenant: "Acme",
                address: "https://shop.example/callback?code=SplxlOBeZQQYbYS6WxSbIA&state=xyz",
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
