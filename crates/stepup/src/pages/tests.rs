//! Each page as it goes out, in English, and one in each other language.

use super::{
    Choice, Choose, Code, Contact, Delete, Factors, Frame, Keep, Language, Manage, NewApp, Notice,
    OwnAuthenticator, Push, Recovery, Resume, Step, Texts, Way,
};

const URI: &str = "otpauth://totp/t:ada?secret=GAXVUW2SJRRE2MJRKVFWIQ3XNAZWCQK4&issuer=t";

fn frame(texts: &Texts, language: Language) -> Frame<'_> {
    Frame {
        texts,
        language,
        application: "Bank <of> Ada",
        nonce: "NONCE".to_owned(),
        style_sheets: vec!["/style.css".to_owned()],
        variables: "",
        script: "/script.js".to_owned(),
        icon: "/icon.svg".to_owned(),
    }
}

fn step() -> Step {
    Step { address: "/auth/mfa/d/ID".to_owned(), problem: None, news: None, other_ways: true }
}

fn choice(way: Way, name: &str) -> Choice {
    Choice { way, value: "id|\"1\"".to_owned(), name: name.to_owned(), hint: "A hint & more".to_owned() }
}

#[test]
fn every_page_in_english() {
    let texts = Texts::of(Language::English);
    let (frame, step) = (&frame(&texts, Language::English), &step());
    let wrong = &Step {
        problem: Some("Not <right>.".to_owned()),
        news: Some("So far so good.".to_owned()),
        ..step.clone()
    };
    let choices = || vec![choice(Way::App, "Authenticator app"), choice(Way::RecoveryCode, "Recovery code")];
    let own = OwnAuthenticator {
        way: Way::Sms,
        name: "Text message".to_owned(),
        to: "•••• 0123".to_owned(),
        remove: Some("/auth/mfa/manage?remove=sms%7C1".to_owned()),
    };
    for (name, html) in [
        ("choose", Choose { frame, step, choices: choices() }.html()),
        ("factors", Factors { frame, step: wrong, choices: choices() }.html()),
        ("contact_email", Contact { frame, step, way: Way::Email, value: "a@\"b" }.html()),
        ("contact_phone", Contact { frame, step: wrong, way: Way::Voice, value: "+44" }.html()),
        ("code", Code { frame, step, lead: "Sent to •••• 0123.".to_owned(), resend_in: Some(30) }.html()),
        ("code_wrong", Code { frame, step: wrong, lead: "In your app.".to_owned(), resend_in: None }.html()),
        (
            "new_app",
            NewApp { frame, step, secret: "GAXVUW2S", barcode_uri: URI, qr: Some("<svg/>".to_owned()) }
                .html(),
        ),
        ("push", push(frame, step, None, true)),
        ("push_denied", push(frame, wrong, None, false)),
        ("push_new", push(frame, step, Some(URI), true)),
        ("recovery", Recovery { frame, step }.html()),
        ("keep", Keep { frame, step, recovery_code: "17EQHNZC2SZDYG7X4QXVX9SW" }.html()),
        (
            "notice",
            Notice {
                frame,
                heading: "A <heading>",
                text: "A text",
                way_on: Frame::link("/on?a=1&b=2", "On"),
                other: Some(Frame::link("/", "Elsewhere")),
            }
            .html(),
        ),
        (
            "resume",
            Resume {
                frame,
                heading: &frame.texts.resume_heading,
                text: &frame.texts.resume_text,
                action: "/transfer",
                fields: vec![("to", "bob\"&")],
                return_to: "/",
            }
            .html(),
        ),
        (
            "manage",
            Manage {
                frame,
                address: "/auth/mfa/manage",
                news: Some("Added."),
                problem: None,
                own: vec![own],
                home: "/",
            }
            .html(),
        ),
        (
            "manage_none",
            Manage {
                frame,
                address: "/auth/mfa/manage",
                news: None,
                problem: Some("Kept."),
                own: vec![],
                home: "/",
            }
            .html(),
        ),
        (
            "delete",
            Delete {
                frame,
                address: "/auth/mfa/manage",
                authenticator: "sms|1",
                heading: "Remove it?".to_owned(),
            }
            .html(),
        ),
    ] {
        insta::assert_snapshot!(name, html);
    }
}

fn push(frame: &Frame<'_>, step: &Step, barcode_uri: Option<&str>, waits: bool) -> String {
    Push {
        frame,
        step,
        lead: "Look at your phone.".to_owned(),
        waits,
        poll_address: "/auth/mfa/d/ID?poll=1".to_owned(),
        barcode_uri,
        qr: barcode_uri.map(|_| "<svg/>".to_owned()),
        resend_in: 30,
    }
    .html()
}

#[test]
fn a_page_in_german_and_in_japanese() {
    for (name, language) in [("keep_german", Language::German), ("keep_japanese", Language::Japanese)] {
        let texts = Texts::of(language);
        let keep = Keep {
            frame: &frame(&texts, language),
            step: &step(),
            recovery_code: "17EQHNZC2SZDYG7X4QXVX9SW",
        };
        insta::assert_snapshot!(name, keep.html());
    }
}

#[test]
fn the_recovery_code_is_a_file_in_any_language() {
    for (language, label) in [
        (Language::English, "Recovery code"),
        (Language::German, "Wiederherstellungscode"),
        (Language::Japanese, "リカバリーコード"),
    ] {
        let texts = Texts::of(language);
        let frame = Frame { application: "Bänk & <of> \"#?%\" Ada", ..frame(&texts, language) };
        let keep = Keep { frame: &frame, step: &step(), recovery_code: "17EQHNZC2SZDYG7X4QXVX9SW" };
        let address = keep.file();
        let (kind, text) = address.split_once(',').unwrap();
        assert_eq!(kind, "data:text/plain;charset=utf-8");
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'%'), "{text}");
        let text = percent_encoding::percent_decode_str(text).decode_utf8().unwrap();
        let code = "17EQ HNZC 2SZD YG7X 4QXV X9SW";
        assert_eq!(text, format!("Bänk & <of> \"#?%\" Ada\r\n{label}: {code}\r\n"));
        let link = format!("href=\"{address}\" download=\"recovery-code.txt\"");
        assert_eq!(keep.html().matches(&link).count(), 1, "{link}");
    }
}

#[test]
fn what_holds_secrets_prints_none() {
    let texts = Texts::of(Language::English);
    let (frame, step) = (&frame(&texts, Language::English), &step());
    let app = NewApp { frame, step, secret: "GAXVUW2S", barcode_uri: URI, qr: None };
    let keep = Keep { frame, step, recovery_code: "17EQHNZC" };
    let resume = Resume {
        frame,
        heading: "",
        text: "",
        action: "/",
        fields: vec![("card", "4000123")],
        return_to: "/",
    };
    let printed = format!("{app:?} {keep:?} {resume:?}");
    for secret in ["GAXV", "17EQ", "4000"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}
