//! Addresses as the pages show them: enough to recognise one's own, not enough to learn another's.

/// The last four characters of a phone number: `•••• 0123`.
#[must_use]
pub fn phone(number: &str) -> String {
    let mut tail: Vec<char> = number.chars().rev().take(4).collect();
    tail.reverse();
    format!("•••• {}", tail.into_iter().collect::<String>())
}

/// The first letter and the host of an e-mail address: `a•••@example.com`.
#[must_use]
pub fn email(address: &str) -> String {
    let (local, host) = address.rsplit_once('@').unwrap_or((address, ""));
    let first: String = local.chars().take(1).collect();
    format!("{first}•••@{host}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_left_can_be_recognised() {
        assert_eq!(super::phone("+12025550123"), "•••• 0123");
        assert_eq!(super::phone("+12"), "•••• +12");
        assert_eq!(super::email("ada@example.com"), "a•••@example.com");
        assert_eq!(super::email("a@b"), "a•••@b");
        assert_eq!(super::email("no address"), "n•••@");
    }
}
