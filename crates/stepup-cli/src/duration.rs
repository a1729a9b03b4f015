//! Durations as people write them: `90s`, `5m`, `1h30m`, `2d`; a bare number is seconds.

use std::time::Duration;

/// A duration that cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a duration; write it like 90s, 5m, 1h30m or 2d")]
pub(crate) struct InvalidDuration(String);

/// Reads a duration.
pub(crate) fn parse(text: &str) -> Result<Duration, InvalidDuration> {
    seconds(text).map(Duration::from_secs).ok_or_else(|| InvalidDuration(text.to_owned()))
}

fn seconds(text: &str) -> Option<u64> {
    if let Ok(bare) = text.parse() {
        return Some(bare);
    }
    let mut total = 0_u64;
    let mut rest = text;
    while !rest.is_empty() {
        let unit_at = rest.find(|character: char| !character.is_ascii_digit())?;
        let (number, after) = rest.split_at(unit_at);
        let unit = after.chars().next()?;
        let in_seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return None,
        };
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(in_seconds)?)?;
        rest = &after[unit.len_utf8()..];
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        for (text, expected) in
            [("0", 0), ("90", 90), ("90s", 90), ("5m", 300), ("1h30m", 5400), ("2d", 172_800)]
        {
            assert_eq!(parse(text), Ok(Duration::from_secs(expected)), "{text}");
        }
        for text in [
            "",
            "m",
            "5x",
            "5m3",
            "-5m",
            "1.5h",
            "5 m",
            "99999999999999999999d",
            "5é",
            "18446744073709551615d",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
