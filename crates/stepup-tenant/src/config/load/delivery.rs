//! Where messages go.

use lettre::transport::smtp::client::Certificate;

use super::{Reading, yaml};
use crate::{
    config::ConfigError,
    delivery::{DeliverySettings, PhoneWebhook, SmtpSecurity, SmtpSettings, settings::on_this_machine},
};

impl Reading<'_> {
    pub(super) fn delivery(
        &mut self,
        provider: yaml::EmailProvider,
        stepup: &yaml::Stepup,
    ) -> Result<DeliverySettings, ConfigError> {
        Ok(DeliverySettings {
            smtp: self.smtp(provider, stepup)?,
            phone_webhook: self.phone_webhook(stepup.phone_webhook.as_ref())?,
            outbound_hosts: stepup.outbound_hosts.clone(),
        })
    }

    fn smtp(
        &mut self,
        provider: yaml::EmailProvider,
        stepup: &yaml::Stepup,
    ) -> Result<Option<SmtpSettings>, ConfigError> {
        if provider.name.as_deref() != Some("smtp") || provider.enabled == Some(false) {
            return Ok(None);
        }
        let yaml::SmtpCredentials { smtp_host, smtp_port, smtp_user, smtp_pass } = provider.credentials;
        let Some(host) = smtp_host.filter(|host| !host.is_empty()) else {
            return Err(self.wrong("emailProvider.credentials.smtp_host", "the mail server's name is needed"));
        };
        let port = smtp_port.unwrap_or(587);
        let credentials = smtp_user.filter(|user| !user.is_empty()).zip(smtp_pass);
        let security = match stepup.smtp_security {
            None => SmtpSecurity::usual(&host, port),
            Some(yaml::SmtpSecurity::Tls) => SmtpSecurity::Tls,
            Some(yaml::SmtpSecurity::Starttls) => SmtpSecurity::StartTls,
            Some(yaml::SmtpSecurity::None) => {
                if credentials.is_some() && !on_this_machine(&host) {
                    self.warn("stepup.smtp_security", "sends the mail server's password unencrypted");
                }
                SmtpSecurity::None
            }
        };
        let ca = stepup.smtp_ca.as_deref().map(|pem| self.certificates(pem)).transpose()?;
        let sender = "emailProvider.default_from_address";
        let from = provider.default_from_address.ok_or_else(|| self.wrong(sender, "a sender is needed"))?;
        if from.parse::<lettre::message::Mailbox>().is_err() {
            return Err(
                self.wrong(sender, "this must be an e-mail address, or a name with one: Name <a@b.c>")
            );
        }
        Ok(Some(SmtpSettings { host, port, security, ca, credentials, from }))
    }

    fn certificates(&self, pem: &str) -> Result<Certificate, ConfigError> {
        let certificate = Certificate::from_pem(pem.as_bytes()).ok().filter(|_| pem.contains(CERTIFICATE));
        certificate
            .ok_or_else(|| self.wrong("stepup.smtp_ca", "this must be certificates in PEM, or their file"))
    }

    fn phone_webhook(
        &self,
        webhook: Option<&yaml::PhoneWebhook>,
    ) -> Result<Option<PhoneWebhook>, ConfigError> {
        let Some(webhook) = webhook else { return Ok(None) };
        let url: url::Url = webhook.url.parse().map_err(|_| self.no_address())?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(self.no_address());
        }
        if secrecy::ExposeSecret::expose_secret(&webhook.secret).len() < SECRET {
            let problem =
                format!("a secret of at least {SECRET} characters is needed: it signs the messages");
            return Err(self.wrong("stepup.phone_webhook.secret", &problem));
        }
        Ok(Some(PhoneWebhook { url, secret: webhook.secret.clone() }))
    }

    fn no_address(&self) -> ConfigError {
        self.wrong("stepup.phone_webhook.url", "this must be an http or https address")
    }
}

/// How a certificate in PEM begins (RFC 7468 section 5.1).
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----";
/// The shortest secret of a webhook, in characters.
const SECRET: usize = 16;
