//! Amounts of money: whole pence, read as people write them and written as banks print them.

use std::fmt;

/// An amount in pence, more than nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pence(i64);

/// Why a text is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AmountError {
    Empty,
    NotANumber,
    Nothing,
    TooMuch,
}

/// Far above any balance here, far below what an `i64` of pence holds.
const MOST: i64 = 10_000_000_000;

impl Pence {
    /// Reads `25`, `25.5`, `£1,250.50`.
    pub(crate) fn parse(text: &str) -> Result<Self, AmountError> {
        let text: String = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '£' | ',')).collect();
        if text.is_empty() {
            return Err(AmountError::Empty);
        }
        let (pounds, pence) = text.split_once('.').unwrap_or((&text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if pounds.is_empty() || !digits(pounds) || !digits(pence) || pence.len() > 2 {
            return Err(AmountError::NotANumber);
        }
        if pounds.len() > 12 {
            return Err(AmountError::TooMuch);
        }
        let amount = format!("{pounds}{pence:0<2}").parse().map_err(|_| AmountError::NotANumber)?;
        match amount {
            0 => Err(AmountError::Nothing),
            1..=MOST => Ok(Self(amount)),
            _ => Err(AmountError::TooMuch),
        }
    }

    pub(crate) const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Pence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Pounds(self.0).fmt(formatter)
    }
}

/// Pence for printing: `£1,815.12`, with a true minus sign for what is owed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pounds(pub(crate) i64);

impl fmt::Display for Pounds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "−" } else { "" };
        let (whole, rest) = (self.0.unsigned_abs() / 100, self.0.unsigned_abs() % 100);
        let digits = whole.to_string();
        let mut grouped = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        write!(formatter, "{sign}£{grouped}.{rest:02}")
    }
}

impl AmountError {
    pub(crate) const fn message(self) -> &'static str {
        match self {
            Self::Empty => "Enter an amount.",
            Self::NotANumber => "Enter the amount in pounds and pence, such as 25 or 25.50.",
            Self::Nothing => "Enter an amount above £0.00.",
            Self::TooMuch => "That is more than any account here holds.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (text, pence) in
            [("25", 2500), (" 25.5 ", 2550), ("£1,250.50", 125_050), ("0.01", 1), ("007", 700), ("12.", 1200)]
        {
            assert_eq!(Pence::parse(text), Ok(Pence(pence)), "{text}");
        }
        for (text, error) in [
            ("", AmountError::Empty),
            ("  ", AmountError::Empty),
            ("ten", AmountError::NotANumber),
            ("-5", AmountError::NotANumber),
            ("1e3", AmountError::NotANumber),
            (".5", AmountError::NotANumber),
            ("1.005", AmountError::NotANumber),
            ("1.2.3", AmountError::NotANumber),
            ("٣", AmountError::NotANumber),
            ("0", AmountError::Nothing),
            ("0.00", AmountError::Nothing),
            ("100000000.01", AmountError::TooMuch),
            ("99999999999999999999", AmountError::TooMuch),
        ] {
            assert_eq!(Pence::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn amounts_are_written_as_banks_print_them() {
        for (pence, text) in [
            (0, "£0.00"),
            (5, "£0.05"),
            (181_512, "£1,815.12"),
            (-2500, "−£25.00"),
            (123_456_789, "£1,234,567.89"),
        ] {
            assert_eq!(Pounds(pence).to_string(), text);
        }
    }
}
