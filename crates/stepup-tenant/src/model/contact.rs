//! How people are reached.

/// Whether `text` looks like an e-mail address.
pub(crate) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let printable = text.chars().all(|character| !character.is_whitespace() && !character.is_control());
    !local.is_empty() && !domain.is_empty() && printable && text.len() <= 320
}

/// Whether `text` is a phone number in E.164 form.
pub(crate) fn is_phone(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (1..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}
