//! Messages beyond the inbox.

use serde_json::{Value, json};
use stepup_tenant::{
    Tenant,
    delivery::{DeliveryError, Outgoing, Purpose, SmtpSecurity},
    model::Channel,
    outbound::signature,
};

use crate::{
    rig::{MailServer, Receiver, Rig},
    support::Scratch,
};

async fn start(yaml: &str) -> Rig {
    Rig::built(Tenant::builder().config_yaml(yaml).users_json("[]")).await
}

fn code(channel: Channel, to: &str) -> Outgoing {
    Outgoing {
        channel,
        to: to.to_owned(),
        purpose: Purpose::SecondFactor,
        user_id: Some("auth0|ada".to_owned()),
        code: Some("123456".into()),
        subject: Some("Your code\r\nBcc: eve@example.com".to_owned()),
        body: "Your code is 123456, Ada ✓".to_owned(),
    }
}

fn smtp(port: u16) -> String {
    format!(
        r#"
emailProvider:
  name: smtp
  enabled: true
  default_from_address: "The bank <no-reply@bank.example>"
  credentials: {{ smtp_host: localhost, smtp_port: {port}, smtp_user: bank, smtp_pass: "pass word" }}
"#
    )
}

#[tokio::test]
async fn an_email_is_handed_to_the_mail_server() {
    let mut server = MailServer::start().await;
    let rig = start(&smtp(server.port)).await;
    assert_eq!(rig.tenant.warnings(), [] as [&str; 0]);
    rig.tenant.state().delivery.send(code(Channel::Email, "ada@example.com")).await.unwrap();
    let mail = server.next().await;
    assert_eq!(mail.login, "\0bank\0pass word");
    assert!(mail.from.starts_with("MAIL FROM:<no-reply@bank.example>"), "{}", mail.from);
    assert_eq!(mail.to, "RCPT TO:<ada@example.com>");
    for line in [
        "From: \"The bank\" <no-reply@bank.example>",
        "To: ada@example.com",
        "Subject: Your code  Bcc: eve@example.com",
        "Date: Thu, 01 Jan 2026 00:00:00 +0000",
        "Content-Type: text/plain; charset=utf-8",
    ] {
        assert!(mail.data.lines().any(|held| held == line), "{line}: {}", mail.data);
    }
    let messages = rig.tenant.messages().await.unwrap();
    assert!(mail.data.contains(&format!("Message-ID: <{}@bank.example>", messages[0].id)));
    assert_eq!((messages[0].to.as_str(), messages[0].code.as_deref()), ("ada@example.com", Some("123456")));
    assert_eq!(rig.log().await, ["gd_send_email"]);
}

#[tokio::test]
async fn an_email_that_is_refused_is_in_the_inbox_and_in_the_log() {
    let server = MailServer::answering("550 no such user").await;
    let rig = start(&smtp(server.port)).await;
    let refused =
        rig.tenant.state().delivery.send(code(Channel::Email, "ada@example.com")).await.unwrap_err();
    assert!(matches!(refused, DeliveryError::Gateway { channel: Channel::Email, .. }), "{refused}");
    assert_eq!(refused.to_string(), "ada@example.com could not be sent a message by email");
    let event = &rig.tenant.log().await.unwrap()[0];
    assert_eq!(event.kind, "gd_send_email_failure");
    assert!(event.description.as_deref().unwrap().contains("no such user"), "{event:?}");
    let messages = rig.tenant.messages().await.unwrap();
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].undelivered, event.description);

    for unknown in ["nobody", "a@b@c", "ada@example.com\r\nBcc: eve@example.com", ""] {
        let refused = rig.tenant.state().delivery.send(code(Channel::Email, unknown)).await.unwrap_err();
        assert!(matches!(refused, DeliveryError::Gateway { .. }), "{unknown}");
    }
}

#[tokio::test]
async fn a_mail_server_without_starttls_is_told_nothing_where_it_is_asked_for() {
    let mut server = MailServer::start().await;
    let rig = start(&format!("{}stepup: {{ smtp_security: starttls }}\n", smtp(server.port))).await;
    let refused =
        rig.tenant.state().delivery.send(code(Channel::Email, "ada@example.com")).await.unwrap_err();
    assert!(matches!(refused, DeliveryError::Gateway { .. }));
    assert!(server.is_empty());
}

#[tokio::test]
async fn a_mail_catcher_elsewhere_may_be_spoken_to_without_tls() {
    for (credentials, warnings) in [
        ("", &[] as &[&str]),
        (
            ", smtp_user: bank, smtp_pass: x",
            &["the configuration: stepup.smtp_security sends the mail server's password unencrypted"],
        ),
    ] {
        let yaml = format!(
            "emailProvider: {{ name: smtp, default_from_address: a@b.c, credentials: {{ smtp_host: mail{credentials} }} }}\n\
             stepup: {{ smtp_security: none }}",
        );
        let rig = start(&yaml).await;
        assert_eq!(rig.tenant.warnings(), warnings);
        let smtp = rig.tenant.state().config.delivery.smtp.clone().unwrap();
        assert_eq!(smtp.security, SmtpSecurity::None);
    }
}

#[tokio::test]
async fn a_mail_server_of_a_private_authority_is_trusted_where_that_is_named() {
    let (mut server, certificate) = MailServer::with_tls().await;
    let scratch = Scratch::new();
    scratch.write("ca.pem", &certificate);
    for (ca, trusted) in [("", false), (", smtp_ca: ca.pem", true)] {
        let yaml = format!("{}stepup: {{ smtp_security: tls{ca} }}\n", smtp(server.port));
        let file = scratch.write("tenant.yaml", &yaml);
        let rig = Rig::built(Tenant::builder().config_file(&file).users_json("[]")).await;
        let sent = rig.tenant.state().delivery.send(code(Channel::Email, "ada@example.com")).await;
        assert_eq!(sent.is_ok(), trusted, "{sent:?}");
    }
    assert_eq!(server.next().await.to, "RCPT TO:<ada@example.com>");
}

#[tokio::test]
async fn nobody_listens_where_the_mail_server_should_be() {
    let port = MailServer::start().await.port;
    let rig = start(&smtp(port)).await;
    rig.tenant.state().delivery.send(code(Channel::Email, "ada@example.com")).await.unwrap_err();
    assert_eq!(rig.log().await, ["gd_send_email_failure"]);
}

#[tokio::test]
async fn a_text_message_and_a_call_go_to_the_webhook_and_into_the_inbox() {
    let mut receiver = Receiver::start().await;
    let secret = "whsec_0123456789abcdef";
    let yaml = format!("stepup: {{ phone_webhook: {{ url: \"{}\", secret: {secret} }} }}\n", receiver.url);
    let rig = start(&yaml).await;
    for (channel, word) in [(Channel::Sms, "sms"), (Channel::Voice, "voice")] {
        rig.tenant.state().delivery.send(code(channel, "+12025550123")).await.unwrap();
        let received = receiver.next().await;
        let id = rig.tenant.messages().await.unwrap()[0].id.clone();
        let expected = json!({
            "id": id,
            "recipient": "+12025550123",
            "text": "Your code is 123456, Ada ✓",
            "code": "123456",
            "message_type": word,
            "purpose": "second_factor",
            "user_id": "auth0|ada",
            "tenant": rig.tenant.issuer(),
            "created_at": "2026-01-01T00:00:00.000Z",
        });
        assert_eq!(serde_json::from_str::<Value>(&received.body).unwrap(), expected);
        let signed = signature::sign(secret, received.body.as_bytes(), rig.tenant.clock().now());
        assert_eq!(received.header("stepup-signature"), signed);
        assert_eq!(received.header("idempotency-key"), id);
    }
    rig.logged("gd_send_sms").await;
    rig.logged("gd_send_voice").await;

    receiver.answer(&[410]);
    rig.tenant.state().delivery.send(code(Channel::Sms, "+12025550123")).await.unwrap();
    let event = rig.logged("gd_send_sms_failure").await;
    assert_eq!(event.description.as_deref(), Some("the answer was 410 Gone"));
    assert_eq!(event.user_id.as_deref(), Some("auth0|ada"));
}

#[tokio::test]
async fn a_text_message_that_nobody_takes_says_so_at_once_and_until_somebody_does() {
    let mut receiver = Receiver::start().await;
    let webhook = format!("phone_webhook: {{ url: \"{}\", secret: 0123456789abcdef }}", receiver.url);
    let rig = start(&format!("stepup: {{ {webhook} }}\n")).await;
    let undelivered = async || rig.tenant.messages().await.unwrap()[0].undelivered.clone();
    receiver.answer(&[503, 204]);
    rig.tenant.state().delivery.send(code(Channel::Sms, "+12025550123")).await.unwrap();
    receiver.next().await;
    let failed = rig.logged("gd_send_sms_failure").await;
    let reason = "the answer was 503 Service Unavailable; it will be tried again";
    assert_eq!(failed.description.as_deref(), Some(reason));
    while undelivered().await.as_deref() != Some(reason) {
        tokio::task::yield_now().await;
    }
    let shown = rig.get("/dashboard/inbox").await.body;
    assert!(shown.contains(&format!("Not delivered: {reason}")), "{shown}");
    rig.advance(31);
    receiver.next().await;
    rig.logged("gd_send_sms").await;
    while undelivered().await.is_some() {
        tokio::task::yield_now().await;
    }

    receiver.answer(&[503]);
    rig.tenant.state().delivery.send(code(Channel::Sms, "+12025550123")).await.unwrap();
    receiver.next().await;
    while undelivered().await.is_none() {
        tokio::task::yield_now().await;
    }
    rig.advance(301);
    let last = "the answer was 503 Service Unavailable; given up after 1 attempt";
    while undelivered().await.as_deref() != Some(last) {
        tokio::task::yield_now().await;
    }
    assert_eq!(rig.logged("gd_send_sms_failure").await.description.as_deref(), Some(last));
}

#[tokio::test]
async fn settings_that_cannot_be_used_are_named() {
    for (yaml, problem) in [
        ("emailProvider: { name: smtp, credentials: {} }", "emailProvider.credentials.smtp_host"),
        (
            "emailProvider: { name: smtp, credentials: { smtp_host: h } }",
            "emailProvider.default_from_address",
        ),
        (
            "emailProvider: { name: smtp, default_from_address: nobody, credentials: { smtp_host: h } }",
            "emailProvider.default_from_address",
        ),
        (
            "emailProvider: { name: smtp, default_from_address: a@b.c, credentials: { smtp_host: h } }\n\
             stepup: { smtp_ca: \"no\\ncertificate\" }",
            "stepup.smtp_ca",
        ),
        ("stepup: { phone_webhook: { url: x, secret: 0123456789abcdef } }", "stepup.phone_webhook.url"),
        (
            "stepup: { phone_webhook: { url: \"ftp://x/\", secret: 0123456789abcdef } }",
            "stepup.phone_webhook.url",
        ),
        ("stepup: { phone_webhook: { url: \"http://x/\", secret: short } }", "stepup.phone_webhook.secret"),
    ] {
        let error = Tenant::builder().config_yaml(yaml).start().await.unwrap_err().to_string();
        assert!(error.contains(problem), "{yaml}: {error}");
        assert!(!error.contains("0123456789abcdef"), "{error}");
    }
    let rig = start("emailProvider: { name: sendgrid, credentials: { api_key: x } }").await;
    assert_eq!(rig.tenant.warnings().len(), 2, "{:?}", rig.tenant.warnings());
}
