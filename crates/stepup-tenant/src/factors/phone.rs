//! What text messages and calls have in common: the number, and that one enrolment serves both.

use super::{Begun, Challenged, Details, Kind, Transaction, oob};
use crate::{
    model::{Authenticator, Credential, PhoneChannel, PhoneReach},
    oauth::error::{Failure, RequestFault},
};

/// The most digits that a number has (ITU-T E.164 section 6.1).
const MOST_DIGITS: usize = 15;

/// Whether `number` is `+` and 1 to 15 digits.
pub(crate) fn is_e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        (1..=MOST_DIGITS).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Begins to enrol a number; the code that confirms it goes over `channel`, and later ones over either that the tenant has.
pub(super) async fn enroll(
    transaction: &Transaction<'_>,
    channel: PhoneChannel,
    details: Details<'_>,
) -> Result<Begun, Failure> {
    let number = details.phone_number.ok_or(RequestFault::FieldMissing("phone_number"))?;
    if !is_e164(number) {
        return Err(RequestFault::PhoneNumber.into());
    }
    let both = kind(channel.other()).enabled(&transaction.shared.config);
    let reach = PhoneReach { preferred: channel, both };
    let credential = Credential::Phone { number: number.to_owned(), reach };
    oob::enroll(transaction, channel.into(), number.to_owned(), credential, details.recovery_code).await
}

/// Sends a code to an enrolled phone.
pub(super) async fn challenge(
    transaction: &Transaction<'_>,
    channel: PhoneChannel,
    authenticator: &Authenticator,
) -> Result<Challenged, Failure> {
    match &authenticator.credential {
        Credential::Phone { number, reach } if reach.has(channel) => {
            oob::challenge(transaction, channel.into(), number, authenticator).await
        }
        _ => Err(RequestFault::InvalidAuthenticator.into()),
    }
}

const fn kind(channel: PhoneChannel) -> Kind {
    match channel {
        PhoneChannel::Sms => Kind::Sms,
        PhoneChannel::Voice => Kind::Voice,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::is_e164;

    #[test]
    fn numbers_are_international() {
        for number in ["+1", "+12025550123", "+123456789012345"] {
            assert!(is_e164(number), "{number}");
        }
        for number in
            ["", "+", "12025550123", "+1234567890123456", "+1 202 555 0123", "+1202555012a", "+１２３", "++1"]
        {
            assert!(!is_e164(number), "{number}");
        }
    }

    proptest! {
        #[test]
        fn nothing_else_passes(text in ".{0,30}") {
            let expected = text.len() > 1
                && text.len() <= 16
                && text.starts_with('+')
                && text.chars().skip(1).all(|it| it.is_ascii_digit());
            prop_assert_eq!(is_e164(&text), expected);
        }
    }
}
