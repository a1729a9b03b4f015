//! An address to which a code was sent.

use stepup_protocol::mfa::OobChannel;

use crate::{
    factors::{Begun, Details, Transaction, oob},
    model::Credential,
    oauth::error::{Failure, RequestFault},
};

/// Sends the first code to the address that was given, or to the user's own.
pub(super) async fn enroll(transaction: &Transaction<'_>, details: Details<'_>) -> Result<Begun, Failure> {
    let address = details.email.or(transaction.user.email.as_deref());
    let address = address.ok_or(RequestFault::FieldMissing("email"))?;
    if !is_address(address) {
        return Err(RequestFault::EmailAddress.into());
    }
    let credential = Credential::Email { address: address.to_owned() };
    oob::enroll(transaction, OobChannel::Email, address.to_owned(), credential, details.recovery_code).await
}

/// The longest path that a mail server takes (RFC 5321 section 4.5.3.1.3), without its brackets.
const LONGEST: usize = 254;

/// Whether `text` can be an address: one `@` between a local part and a domain, without spaces, brackets or what could
/// break out of a header. Whether it is one is found out by sending.
pub(crate) fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let plain = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|it| !it.is_whitespace() && !it.is_control() && !"<>()[]\\,;:\"@".contains(it))
    };
    text.len() <= LONGEST
        && plain(local)
        && plain(domain)
        && !domain.starts_with(['.', '-'])
        && !domain.ends_with(['.', '-'])
}

#[cfg(test)]
mod tests {
    use super::is_address;

    #[test]
    fn what_can_be_an_address() {
        for text in ["ada@example.com", "a.b+c@x.io", "root@localhost", "ü@bücher.example"] {
            assert!(is_address(text), "{text}");
        }
        let long = format!("{}@example.com", "a".repeat(250));
        for text in [
            "",
            "@",
            "ada",
            "ada@",
            "@example.com",
            "a b@x.io",
            "a@x.io\r\nBcc: b@x.io",
            "a@b@x.io",
            "<a@x.io>",
            "a@.io",
            "a@x.",
            "a,b@x.io",
            &long,
        ] {
            assert!(!is_address(text), "{text}");
        }
    }
}
