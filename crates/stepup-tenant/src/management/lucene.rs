//! The Lucene query language as far as people write it: `email:"a@b.c" AND NOT name:jane*`, groups, ranges, `_exists_:x`.
//!
//! Terms side by side are alternatives, as in Lucene; `AND` binds tighter than `OR`.

use std::{iter::Peekable, ops::Bound, str::Chars};

use super::error::Failure;
use crate::store::{Filter, Match, Piece};

/// The longest query.
const LONGEST: usize = 4096;
/// How deep groups may be nested, and how many terms there may be.
const DEEPEST: usize = 16;
const MOST_TERMS: usize = 256;

/// Reads a query.
///
/// # Errors
/// It is none: [`Failure::Query`].
pub(crate) fn parse(query: &str) -> Result<Filter, Failure> {
    if query.len() > LONGEST {
        return Err(wrong(&format!("it is longer than {LONGEST} bytes")));
    }
    let tokens = tokens(query).map_err(|problem| wrong(&problem))?;
    if tokens.is_empty() || (tokens.len() == 1 && tokens.first() == Some(&Token::Word("*".to_owned()))) {
        return Ok(Filter::everything());
    }
    let mut parser = Parser { tokens: tokens.into_iter().peekable(), depth: 0, terms: 0 };
    let filter = parser.alternatives(None).map_err(|problem| wrong(&problem))?;
    match parser.tokens.next() {
        None => Ok(filter),
        Some(token) => Err(wrong(&format!("nothing is expected where there is {token}"))),
    }
}

fn wrong(problem: &str) -> Failure {
    Failure::Query(format!("'The query is not in Lucene syntax: {problem}' on property q"))
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Close,
    /// `]`, or with true `}`, which leaves the end out.
    CloseRange(bool),
    /// `field:`
    Field(String),
    Open,
    OpenRange(bool),
    Phrase(String),
    /// `+`, which changes nothing among terms that are joined anyway; `-` and `!` are [`Token::Word`] `NOT`.
    Plus,
    Word(String),
}

impl std::fmt::Display for Token {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Close => formatter.write_str("`)`"),
            Self::CloseRange(open) => formatter.write_str(if *open { "`}`" } else { "`]`" }),
            Self::Field(name) => write!(formatter, "`{name}:`"),
            Self::Open => formatter.write_str("`(`"),
            Self::OpenRange(open) => formatter.write_str(if *open { "`{`" } else { "`[`" }),
            Self::Phrase(text) => write!(formatter, "`\"{text}\"`"),
            Self::Plus => formatter.write_str("`+`"),
            Self::Word(text) => write!(formatter, "`{text}`"),
        }
    }
}

type Read<T> = Result<T, String>;

fn tokens(query: &str) -> Read<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = query.chars().peekable();
    while let Some(&next) = rest.peek() {
        match next {
            space if space.is_whitespace() => drop(rest.next()),
            '"' => {
                rest.next();
                tokens.push(Token::Phrase(phrase(&mut rest)?));
            }
            '(' | ')' | '[' | ']' | '{' | '}' | '+' | '-' | '!' => {
                rest.next();
                tokens.push(match next {
                    '(' => Token::Open,
                    ')' => Token::Close,
                    '[' => Token::OpenRange(false),
                    '{' => Token::OpenRange(true),
                    ']' => Token::CloseRange(false),
                    '}' => Token::CloseRange(true),
                    '+' => Token::Plus,
                    _ => Token::Word("NOT".to_owned()),
                });
            }
            _ => tokens.push(word(&mut rest)?),
        }
    }
    Ok(tokens)
}

fn phrase(rest: &mut Peekable<Chars<'_>>) -> Read<String> {
    let mut text = String::new();
    while let Some(character) = rest.next() {
        match character {
            '"' => return Ok(text),
            '\\' => text.extend(rest.next()),
            other => text.push(other),
        }
    }
    Err("a `\"` is never closed".to_owned())
}

/// A word, or a field where a colon ends it. In a value a colon is text: times have some. An escaped sign stays marked
/// with its backslash, to be told from a wildcard.
fn word(rest: &mut Peekable<Chars<'_>>) -> Read<Token> {
    let mut text = String::new();
    while let Some(&next) = rest.peek() {
        match next {
            space if space.is_whitespace() => break,
            '"' | '(' | ')' | '[' | ']' | '{' | '}' => break,
            ':' => {
                rest.next();
                if text.is_empty() {
                    return Err("a `:` has no name before it".to_owned());
                }
                return Ok(Token::Field(unescaped(&text)));
            }
            '\\' => {
                rest.next();
                text.push('\\');
                text.push(rest.next().ok_or("a `\\` has nothing behind it")?);
            }
            other => {
                rest.next();
                text.push(other);
            }
        }
    }
    Ok(Token::Word(text))
}

fn unescaped(text: &str) -> String {
    let mut escaped = false;
    text.chars()
        .filter(|character| {
            escaped = !escaped && *character == '\\';
            !escaped
        })
        .collect()
}

struct Parser {
    tokens: Peekable<std::vec::IntoIter<Token>>,
    depth: usize,
    terms: usize,
}

impl Parser {
    /// Terms joined by `OR`, or by nothing.
    fn alternatives(&mut self, field: Option<&str>) -> Read<Filter> {
        let mut filters = vec![self.conjunction(field)?];
        loop {
            match self.tokens.peek() {
                Some(Token::Word(word)) if word == "OR" || word == "||" => drop(self.tokens.next()),
                None | Some(Token::Close | Token::CloseRange(_)) => break,
                Some(_) => {}
            }
            filters.push(self.conjunction(field)?);
        }
        Ok(one_or(filters, Filter::Any))
    }

    /// Terms joined by `AND`.
    fn conjunction(&mut self, field: Option<&str>) -> Read<Filter> {
        let mut filters = vec![self.negation(field)?];
        while matches!(self.tokens.peek(), Some(Token::Word(word)) if word == "AND" || word == "&&") {
            self.tokens.next();
            filters.push(self.negation(field)?);
        }
        Ok(one_or(filters, Filter::All))
    }

    fn negation(&mut self, field: Option<&str>) -> Read<Filter> {
        let mut negative = false;
        loop {
            match self.tokens.peek() {
                Some(Token::Plus) => {}
                Some(Token::Word(word)) if word == "NOT" => negative = !negative,
                _ => break,
            }
            self.tokens.next();
        }
        let filter = self.term(field)?;
        Ok(if negative { Filter::Not(Box::new(filter)) } else { filter })
    }

    fn term(&mut self, field: Option<&str>) -> Read<Filter> {
        self.terms += 1;
        if self.terms > MOST_TERMS {
            return Err(format!("it has more than {MOST_TERMS} terms"));
        }
        match self.tokens.next() {
            Some(Token::Open) => self.group(field),
            Some(Token::Field(name)) if field.is_none() => self.value_of(&name),
            Some(Token::Field(name)) => {
                // Inside a value: a colon of a time, or of an address.
                let Some(Token::Word(rest)) = self.tokens.next() else {
                    return Err(format!("`{name}:` is inside the value of another member"));
                };
                Ok(matching(field, &format!("{name}:{rest}")))
            }
            Some(Token::Phrase(text)) => Ok(exactly(field, text)),
            Some(Token::OpenRange(open)) if field.is_some() => self.range(field, open),
            Some(Token::Word(word)) if !matches!(word.as_str(), "AND" | "OR" | "&&" | "||") => {
                Ok(matching(field, &word))
            }
            Some(token) => Err(format!("a term is expected where there is {token}")),
            None => Err("a term is expected at its end".to_owned()),
        }
    }

    fn group(&mut self, field: Option<&str>) -> Read<Filter> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("groups are nested deeper than {DEEPEST}"));
        }
        let filter = self.alternatives(field)?;
        self.depth -= 1;
        match self.tokens.next() {
            Some(Token::Close) => Ok(filter),
            _ => Err("a `(` is never closed".to_owned()),
        }
    }

    /// What stands behind `name:`.
    fn value_of(&mut self, name: &str) -> Read<Filter> {
        if name == "_exists_" {
            return match self.tokens.next() {
                Some(Token::Word(field)) => {
                    Ok(Filter::Term { field: Some(unescaped(&field)), matches: Match::Exists })
                }
                _ => Err("`_exists_:` needs the name of a member".to_owned()),
            };
        }
        // `date:2026-01-01T10:00:00Z`: names do not begin with a digit.
        if let Some(Token::Field(part)) = self.tokens.peek() {
            let mut value = format!("{part}:");
            self.tokens.next();
            while let Some(Token::Field(part)) = self.tokens.peek() {
                value.push_str(part);
                value.push(':');
                self.tokens.next();
            }
            return match self.tokens.next() {
                Some(Token::Word(rest)) => Ok(matching(Some(name), &format!("{value}{rest}"))),
                _ => Err(format!("`{name}:` has no value")),
            };
        }
        match self.tokens.peek() {
            Some(Token::Word(word)) if matches!(word.as_str(), "NOT" | "AND" | "OR") => {
                Err(format!("`{name}:` has no value"))
            }
            None | Some(Token::Close) => Err(format!("`{name}:` has no value")),
            Some(_) => self.term(Some(name)),
        }
    }

    fn range(&mut self, field: Option<&str>, open: bool) -> Read<Filter> {
        let low = self.end_of_range()?;
        match self.tokens.next() {
            Some(Token::Word(word)) if word == "TO" => {}
            _ => return Err("a range needs `TO` between its ends".to_owned()),
        }
        let high = self.end_of_range()?;
        let Some(Token::CloseRange(excluded)) = self.tokens.next() else {
            return Err("a range is never closed".to_owned());
        };
        let range = Match::Range(bound(low, open), bound(high, excluded));
        Ok(Filter::Term { field: field.map(str::to_owned), matches: range })
    }

    fn end_of_range(&mut self) -> Read<String> {
        let mut end = String::new();
        loop {
            match self.tokens.next() {
                Some(Token::Field(part)) => {
                    end.push_str(&part);
                    end.push(':');
                }
                Some(Token::Word(word)) => return Ok(end + &unescaped(&word)),
                Some(Token::Phrase(text)) => return Ok(end + &text),
                _ => return Err("a range needs two ends".to_owned()),
            }
        }
    }
}

fn bound(end: String, excluded: bool) -> Bound<String> {
    match end.as_str() {
        "*" => Bound::Unbounded,
        _ if excluded => Bound::Excluded(end),
        _ => Bound::Included(end),
    }
}

fn one_or(mut filters: Vec<Filter>, join: impl FnOnce(Vec<Filter>) -> Filter) -> Filter {
    match (filters.len(), filters.pop()) {
        (1, Some(only)) => only,
        (_, last) => join(filters.into_iter().chain(last).collect()),
    }
}

fn exactly(field: Option<&str>, text: String) -> Filter {
    Filter::Term { field: field.map(str::to_owned), matches: Match::Equals(text) }
}

/// A bare word: text, a pattern, or a comparison.
fn matching(field: Option<&str>, word: &str) -> Filter {
    let comparison =
        |sign: &str, range: fn(String) -> Match| word.strip_prefix(sign).map(|rest| range(unescaped(rest)));
    let compared = comparison(">=", |end| Match::Range(Bound::Included(end), Bound::Unbounded))
        .or_else(|| comparison("<=", |end| Match::Range(Bound::Unbounded, Bound::Included(end))))
        .or_else(|| comparison(">", |end| Match::Range(Bound::Excluded(end), Bound::Unbounded)))
        .or_else(|| comparison("<", |end| Match::Range(Bound::Unbounded, Bound::Excluded(end))));
    let matches = match (field, compared) {
        (Some(_), Some(range)) => range,
        _ => pattern(word),
    };
    Filter::Term { field: field.map(str::to_owned), matches }
}

fn pattern(word: &str) -> Match {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut literal = String::new();
    let mut characters = word.chars();
    while let Some(character) = characters.next() {
        let wildcard = match character {
            '*' => Piece::Anything,
            '?' => Piece::One,
            '\\' => {
                literal.extend(characters.next());
                continue;
            }
            other => {
                literal.push(other);
                continue;
            }
        };
        if !literal.is_empty() {
            pieces.push(Piece::Literal(std::mem::take(&mut literal)));
        }
        pieces.push(wildcard);
    }
    match pieces.as_slice() {
        [] => Match::Equals(literal),
        [Piece::Anything] if literal.is_empty() => Match::Exists,
        _ => {
            if !literal.is_empty() {
                pieces.push(Piece::Literal(literal));
            }
            Match::Like(pieces)
        }
    }
}

#[cfg(test)]
#[path = "lucene_tests.rs"]
mod tests;
