//! The lines around a mistake, for people: with a caret under it, and without secrets.

use super::place::Position;

/// The line at a position and the one before it, with a caret under the place; empty where it is not known.
pub(super) fn excerpt(text: &str, at: Position) -> String {
    let Some(number) = usize::try_from(at.line).ok().filter(|line| *line > 0) else { return String::new() };
    let column = usize::try_from(at.column).unwrap_or_default().saturating_sub(1);
    let width = number.to_string().len();
    // Of a long line only what is around the place.
    let from = column.saturating_sub(LINE / 2);
    let mut excerpt = String::new();
    let before = if from == 0 { number.saturating_sub(2) } else { number - 1 };
    for (index, line) in text.lines().enumerate().take(number).skip(before) {
        let shown: String = masked(line).chars().skip(from).take(LINE).collect();
        excerpt.push_str(&format!("{:>width$} | {shown}\n", index + 1));
    }
    let indent = column - from;
    excerpt.push_str(&format!("{:>width$} | {:>indent$}^", "", ""));
    excerpt
}

/// The most of a line that is shown, in characters.
const LINE: usize = 120;

/// The line with stars in place of the values of members that hold secrets.
fn masked(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once(':') {
        shown.push_str(before);
        shown.push(':');
        rest = after;
        let name =
            before.rsplit(['{', ',', '-', ' ', '\t']).find(|word| !word.is_empty()).unwrap_or_default();
        if is_secret(name.trim_matches(['"', '\''])) {
            let value = value_length(after);
            let space = value - after[..value].trim_start().len();
            shown.push_str(&after[..space]);
            shown.extend(after[space..value].chars().map(|_| '*'));
            rest = &after[value..];
        }
    }
    shown.push_str(rest);
    shown
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["hash", "key", "pass", "password", "secret", "token", "value"].iter().any(|word| name.ends_with(word))
}

/// Bytes of the scalar that a text begins with, the space before it included; none of a list or a mapping.
fn value_length(text: &str) -> usize {
    let trimmed = text.trim_start();
    let space = text.len() - trimmed.len();
    let length = match trimmed.chars().next() {
        None | Some('{' | '[') => 0,
        Some(quote @ ('"' | '\'')) => {
            let mut escaped = false;
            let end = trimmed.char_indices().skip(1).find(|(_, character)| {
                let ends = *character == quote && !escaped;
                escaped = *character == '\\' && !escaped;
                ends
            });
            end.map_or(trimmed.len(), |(index, _)| index + 1)
        }
        Some(_) => trimmed.find([',', '}']).unwrap_or(trimmed.len()),
    };
    space + length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u64, column: u64) -> Position {
        Position { line, column }
    }

    #[test]
    fn the_caret_stands_under_the_place() {
        assert_eq!(excerpt("a: 1\nb: x\nc: 2\n", at(2, 4)), "1 | a: 1\n2 | b: x\n  |    ^");
        assert_eq!(excerpt("a", at(0, 0)), "");
        let long = format!("{}X{}", "a".repeat(1000), "b".repeat(1000));
        let shown = excerpt(&format!("one\n{long}"), at(2, 1001));
        assert_eq!(shown, format!("2 | {}X{}\n  | {}^", "a".repeat(60), "b".repeat(59), " ".repeat(60)));
    }

    #[test]
    fn secrets_are_not_shown() {
        for (line, shown) in [
            ("    client_secret: abc", "    client_secret: ***"),
            ("  - { name: KEY, value: 'a, }\\'b', x: 1 }", "  - { name: KEY, value: *********, x: 1 }"),
            (r#"{"email":"a@b","password":"p\"w","n":1}"#, r#"{"email":"a@b","password":******,"n":1}"#),
            (
                r#"{"custom_password_hash":{"hash":{"value":"x"}}}"#,
                r#"{"custom_password_hash":{"hash":{"value":***}}}"#,
            ),
            ("url: https://a.example/", "url: https://a.example/"),
            ("secret:", "secret:"),
        ] {
            assert_eq!(masked(line), shown);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_has_an_excerpt(text in "(.|\n){0,80}", line in 0_u64..9, column in 0_u64..200) {
            excerpt(&text, at(line, column));
        }
    }
}
