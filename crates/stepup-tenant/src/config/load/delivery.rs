//! Where messages go.

use super::{Reading, yaml};
use crate::{
    config::ConfigError,
    delivery::{DeliverySettings, PhoneWebhook, SmtpSecurity, SmtpSettings, settings::on_this_machine},
};

impl Reading<'_> {
    pub(super) fn delivery(
        &self,
        provider: yaml::EmailProvider,
        stepup: &yaml::Stepup,
    ) -> Result<DeliverySettings, ConfigError> {
        Ok(DeliverySettings {
            smtp: self.smtp(provider, stepup.smtp_security)?,
            phone_webhook: self.phone_webhook(stepup.phone_webhook.as_ref())?,
            outbound_hosts: stepup.outbound_hosts.clone(),
        })
    }

    fn smtp(
        &self,
        provider: yaml::EmailProvider,
        security: Option<yaml::SmtpSecurity>,
    ) -> Result<Option<SmtpSettings>, ConfigError> {
        if provider.name.as_deref() != Some("smtp") || provider.enabled == Some(false) {
            return Ok(None);
        }
        let yaml::SmtpCredentials { smtp_host, smtp_port, smtp_user, smtp_pass } = provider.credentials;
        let Some(host) = smtp_host.filter(|host| !host.is_empty()) else {
            return Err(self.wrong("emailProvider.credentials.smtp_host", "the mail server's name is needed"));
        };
        let port = smtp_port.unwrap_or(587);
        let security = match security {
            None => SmtpSecurity::usual(&host, port),
            Some(yaml::SmtpSecurity::Tls) => SmtpSecurity::Tls,
            Some(yaml::SmtpSecurity::Starttls) => SmtpSecurity::StartTls,
            Some(yaml::SmtpSecurity::None) if on_this_machine(&host) => SmtpSecurity::None,
            Some(yaml::SmtpSecurity::None) => {
                let problem = "only a mail server on this machine may be spoken to without TLS";
                return Err(self.wrong("stepup.smtp_security", problem));
            }
        };
        let sender = "emailProvider.default_from_address";
        let from = provider.default_from_address.ok_or_else(|| self.wrong(sender, "a sender is needed"))?;
        if from.parse::<lettre::message::Mailbox>().is_err() {
            return Err(
                self.wrong(sender, "this must be an e-mail address, or a name with one: Name <a@b.c>")
            );
        }
        let credentials = smtp_user.filter(|user| !user.is_empty()).zip(smtp_pass);
        Ok(Some(SmtpSettings { host, port, security, credentials, from }))
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

/// The shortest secret of a webhook, in characters.
const SECRET: usize = 16;
