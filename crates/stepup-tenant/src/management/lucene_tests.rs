use proptest::prelude::*;

use super::*;

fn term(field: &str, matches: Match) -> Filter {
    Filter::Term { field: Some(field.to_owned()), matches }
}

fn equals(field: &str, value: &str) -> Filter {
    Filter::equals(field, value)
}

fn literal(text: &str) -> Piece {
    Piece::Literal(text.to_owned())
}

fn included(text: &str) -> Bound<String> {
    Bound::Included(text.to_owned())
}

fn excluded(text: &str) -> Bound<String> {
    Bound::Excluded(text.to_owned())
}

#[test]
fn what_people_write_is_read() {
    let cases = [
        ("", Filter::everything()),
        ("*", Filter::everything()),
        ("email:\"ada@example.com\"", equals("email", "ada@example.com")),
        ("email:ada@example.com", equals("email", "ada@example.com")),
        ("user_id:auth0|abc-def", equals("user_id", "auth0|abc-def")),
        ("user_id:\"auth0|a\\\"b\"", equals("user_id", "auth0|a\"b")),
        ("name:ja*", term("name", Match::Like(vec![literal("ja"), Piece::Anything]))),
        ("name:j?ne\\*", term("name", Match::Like(vec![literal("j"), Piece::One, literal("ne*")]))),
        ("name:*", term("name", Match::Exists)),
        ("_exists_:app_metadata.x", term("app_metadata.x", Match::Exists)),
        ("app_metadata.plan.tier:gold", equals("app_metadata.plan.tier", "gold")),
        ("ada", Filter::Term { field: None, matches: Match::Equals("ada".to_owned()) }),
        ("logins_count:>3", term("logins_count", Match::Range(excluded("3"), Bound::Unbounded))),
        ("logins_count:<=3", term("logins_count", Match::Range(Bound::Unbounded, included("3")))),
        ("logins_count:[2 TO *]", term("logins_count", Match::Range(included("2"), Bound::Unbounded))),
        ("logins_count:{2 TO 5}", term("logins_count", Match::Range(excluded("2"), excluded("5")))),
        (
            "date:[2026-01-01T10:00:00Z TO \"2026-01-02\"}",
            term("date", Match::Range(included("2026-01-01T10:00:00Z"), excluded("2026-01-02"))),
        ),
        ("date:2026-01-01T10:00:00Z", equals("date", "2026-01-01T10:00:00Z")),
        ("NOT blocked:true", Filter::Not(Box::new(equals("blocked", "true")))),
        ("-blocked:true", Filter::Not(Box::new(equals("blocked", "true")))),
        ("a:1 AND b:2", Filter::All(vec![equals("a", "1"), equals("b", "2")])),
        ("a:1 b:2", Filter::Any(vec![equals("a", "1"), equals("b", "2")])),
        (
            "a:1 OR b:2 AND c:3",
            Filter::Any(vec![equals("a", "1"), Filter::All(vec![equals("b", "2"), equals("c", "3")])]),
        ),
        (
            "(a:1 OR b:2) AND NOT c:3",
            Filter::All(vec![
                Filter::Any(vec![equals("a", "1"), equals("b", "2")]),
                Filter::Not(Box::new(equals("c", "3"))),
            ]),
        ),
        ("type:(s OR \"fp\")", Filter::Any(vec![equals("type", "s"), equals("type", "fp")])),
    ];
    for (query, filter) in cases {
        assert_eq!(parse(query).unwrap(), filter, "{query}");
    }
}

#[test]
fn what_is_no_query_is_refused_with_a_reason() {
    let cases = [
        ("email:", "`email:` has no value"),
        ("email:\"x", "a `\"` is never closed"),
        (":x", "a `:` has no name before it"),
        ("(a:1", "a `(` is never closed"),
        ("a:1)", "nothing is expected where there is `)`"),
        ("AND", "a term is expected where there is `AND`"),
        ("a:1 AND", "a term is expected at its end"),
        ("a:[1 TO", "a range needs two ends"),
        ("a:[1 2]", "a range needs `TO` between its ends"),
        ("a:[1 TO 2", "a range is never closed"),
        ("a:\\", "a `\\` has nothing behind it"),
        ("_exists_:", "`_exists_:` needs the name of a member"),
    ];
    for (query, reason) in cases {
        let message = parse(query).unwrap_err().to_string();
        assert!(message.contains(reason), "{query}: {message}");
    }
    assert!(parse(&"(".repeat(2000)).unwrap_err().to_string().contains("nested deeper"));
    assert!(parse(&"a ".repeat(2000)).unwrap_err().to_string().contains("more than 256 terms"));
    assert!(parse(&"a".repeat(5000)).unwrap_err().to_string().contains("longer than"));
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(query in any::<String>(), signs in "[a:\"()\\[\\]{}*?\\\\ \\-+!<>=|&ANDORTO_]{0,60}") {
        let _ = parse(&query);
        let _ = parse(&signs);
    }

    #[test]
    fn a_quoted_value_is_itself(value in any::<String>()) {
        let query = format!("name:\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
        prop_assume!(query.len() <= LONGEST);
        prop_assert_eq!(parse(&query).unwrap(), equals("name", &value));
    }
}
