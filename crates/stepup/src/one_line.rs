//! Texts that somebody else wrote, in a log where a line is an event.
//!
//! RFC 6749 (sections 4.1.2.1 and 5.2) has no control characters in `error` and `error_description`. They come all the same,
//! from visitors too, and what follows a line feed would read like an event of our own.

use std::fmt::{self, Write as _};

use stepup_protocol::error::OAuthError;

/// A text with what could end a line, set it in another order (Unicode Standard Annex 9), or steer a terminal, escaped.
pub(crate) struct OneLine<'t>(pub(crate) &'t str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                write!(formatter, "{}", character.escape_unicode())
            }
            _ if character.is_control() => write!(formatter, "{}", character.escape_default()),
            _ => formatter.write_char(character),
        })
    }
}

/// A refusal in the tenant's words.
pub(crate) fn words(OAuthError { error, error_description }: &OAuthError) -> String {
    match error_description {
        Some(description) => format!("{} ({})", OneLine(error), OneLine(description)),
        None => OneLine(error).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_on_its_line() {
        let text = "Falscher Code: „1\t2“\r\n\u{1b}[31mevent.name=\"login\"\u{85}\u{2028}\\n";
        assert_eq!(
            OneLine(text).to_string(),
            r#"Falscher Code: „1\t2“\r\n\u{1b}[31mevent.name="login"\u{85}\u{2028}\n"#
        );
    }

    #[test]
    fn a_text_stays_in_its_order() {
        let text = "\u{202e}nigol\u{202c} \u{2066}שלום\u{2069} خطأ\u{200f}";
        assert_eq!(OneLine(text).to_string(), r"\u{202e}nigol\u{202c} \u{2066}שלום\u{2069} خطأ\u{200f}");
    }
}
