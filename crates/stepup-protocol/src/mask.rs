//! Phone numbers and e-mail addresses as they may be shown to whoever has given no more than a password.

/// Every character but the last four becomes `X`, the `+` included.
///
/// ```
/// assert_eq!(stepup_protocol::mask::phone("+12025550123"), "XXXXXXXX0123");
/// ```
#[must_use]
pub fn phone(number: &str) -> String {
    let length = number.chars().count();
    number.chars().enumerate().map(|(at, it)| if at + 4 < length { 'X' } else { it }).collect()
}

/// The first four characters of the local part and of the domain, then a star for each that remains. A local part of at
/// most four characters is four stars, so that it is not told whole.
///
/// ```
/// assert_eq!(stepup_protocol::mask::email("chuck@example.com"), "chuc*@exam*******");
/// assert_eq!(stepup_protocol::mask::email("ada@example.com"), "****@exam*******");
/// ```
#[must_use]
pub fn email(address: &str) -> String {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let local = if local.chars().count() <= 4 { "****".to_owned() } else { first_four(local) };
    format!("{local}@{}", first_four(domain))
}

fn first_four(text: &str) -> String {
    text.chars().enumerate().map(|(at, it)| if at < 4 { it } else { '*' }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_table() {
        for (number, masked) in [
            ("+12025550123", "XXXXXXXX0123"),
            ("+4917612349167", "XXXXXXXXXX9167"),
            ("+123", "+123"),
            ("+1234", "X1234"),
            ("", ""),
        ] {
            assert_eq!(phone(number), masked);
        }
        for (address, masked) in [
            ("chuck@example.com", "chuc*@exam*******"),
            ("lovelace@example.com", "love****@exam*******"),
            ("ada@example.com", "****@exam*******"),
            ("adaa@a.io", "****@a.io"),
            ("a@b@example.com", "****@exam*******"),
            ("ünïcödé@bücher.example", "ünïc***@büch**********"),
            ("no-at", "no-a*@"),
        ] {
            assert_eq!(email(address), masked);
        }
    }

    proptest! {
        #[test]
        fn no_more_than_four_characters_of_a_number_are_told(number in "\\+[0-9]{5,15}") {
            let masked = phone(&number);
            prop_assert_eq!(masked.len(), number.len());
            prop_assert_eq!(masked.chars().filter(char::is_ascii_digit).count(), 4);
        }
    }
}
