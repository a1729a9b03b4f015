//! Where messages go beyond the inbox.

use lettre::transport::smtp::client::Certificate;
use secrecy::SecretString;
use url::Url;

/// Where messages go beyond the inbox, and which hosts the tenant may call wherever they are. By default nowhere, and none.
#[derive(Clone, Debug, Default)]
pub struct DeliverySettings {
    /// Takes e-mails.
    pub smtp: Option<SmtpSettings>,
    /// Takes text messages and voice calls.
    pub phone_webhook: Option<PhoneWebhook>,
    /// Hosts that may be called wherever they are, as they stand in URLs.
    pub outbound_hosts: Vec<String>,
}

/// A mail server.
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: SmtpSecurity,
    /// Who else may vouch for it than those that this machine trusts.
    pub ca: Option<Certificate>,
    /// Who logs in, and with what; none: nobody.
    pub credentials: Option<(String, SecretString)>,
    /// The sender: `stepup <no-reply@example.com>`, or the address alone.
    pub from: String,
}

/// How a connection to a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// Not at all: for mail catchers, and servers on this machine.
    None,
    /// TLS after `STARTTLS`, never without.
    StartTls,
    /// TLS from the first byte (RFC 8314).
    Tls,
}

impl SmtpSecurity {
    /// What is usual for a server: TLS on port 465, nothing on this machine, else STARTTLS.
    #[must_use]
    pub fn usual(host: &str, port: u16) -> Self {
        match port {
            465 => Self::Tls,
            _ if on_this_machine(host) => Self::None,
            _ => Self::StartTls,
        }
    }
}

/// Whether a host is this machine by its name.
#[must_use]
pub(crate) fn on_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// A webhook that takes text messages and voice calls.
#[derive(Clone, Debug)]
pub struct PhoneWebhook {
    /// Where to `POST` them.
    pub url: Url,
    /// What signs them.
    pub secret: SecretString,
}
