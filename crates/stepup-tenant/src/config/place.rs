//! Where in a text a member of a document stands: line and column for errors.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use super::yaml::parse;

/// A place in a text, from 1; 0 where it is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) line: u64,
    pub(super) column: u64,
}

/// The position of `place` (`clients[3].callbacks[0]`) in a YAML or JSON text, or of the nearest thing around it.
pub(super) fn locate(text: &str, place: &str) -> Position {
    let Ok(tree) = parse::<Spanned<Tree>>(text) else { return Position::default() };
    let mut found = &tree;
    let mut position = Position::default();
    for step in steps(place) {
        let next = match (&found.value, step) {
            (Tree::Sequence(entries), Step::Entry(index)) => entries.get(index),
            (Tree::Mapping(members), Step::Member(name)) => {
                members.iter().find(|(known, _)| known == name).map(|(_, value)| value)
            }
            _ => None,
        };
        let Some(next) = next else { break };
        position = Position { line: next.referenced.line(), column: next.referenced.column() };
        found = next;
    }
    if position.line == 0 {
        position = Position { line: tree.referenced.line(), column: tree.referenced.column() };
    }
    position
}

/// The position of a byte of a text.
pub(super) fn position(text: &str, offset: usize) -> Position {
    let before = text.get(..offset).unwrap_or_default();
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    Position {
        line: before.matches('\n').count() as u64 + 1,
        column: before[start..].chars().count() as u64 + 1,
    }
}

/// The byte of a text that stands at a position, or the end of its line; none where the position is not known.
pub(super) fn offset(text: &str, at: Position) -> Option<usize> {
    let index = |number: u64| usize::try_from(number).ok()?.checked_sub(1);
    let (line, column) = (index(at.line)?, index(at.column)?);
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let line = text[start..].lines().next().unwrap_or_default();
    Some(start + line.char_indices().nth(column).map_or(line.len(), |(offset, _)| offset))
}

enum Step<'a> {
    Entry(usize),
    Member(&'a str),
}

fn steps(place: &str) -> impl Iterator<Item = Step<'_>> {
    place.split(['.', '[']).filter(|step| !step.is_empty()).map(|step| match step.strip_suffix(']') {
        Some(number) => number.parse().map_or(Step::Member(step), Step::Entry),
        None => Step::Member(step),
    })
}

/// A text with the place of everything in it.
enum Tree {
    Leaf,
    Mapping(Vec<(String, Spanned<Tree>)>),
    Sequence(Vec<Spanned<Tree>>),
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("anything")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_str<E>(self, _: &str) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        Tree::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut sequence = Vec::new();
        while let Some(entry) = entries.next_element()? {
            sequence.push(entry);
        }
        Ok(Tree::Sequence(sequence))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Tree, A::Error> {
        let mut mapping = Vec::new();
        while let Some(name) = members.next_key::<Key>()? {
            mapping.push((name.0, members.next_value()?));
        }
        Ok(Tree::Mapping(mapping))
    }
}

/// The name of a member; one that is no text is never looked for.
struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a key")
            }

            fn visit_str<E>(self, name: &str) -> Result<Key, E> {
                Ok(Key(name.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Key, A::Error> {
                while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Key(String::new()))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}
