//! What a search asks for: a value that no database is named in.

use std::ops::Bound;

/// Which entries of a list are wanted, in which order, and which piece of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// Which.
    pub filter: Filter,
    /// By which member, the first counting most; none: as they were made.
    pub order: Vec<Order>,
    /// How many of them to leave out.
    pub offset: u64,
    /// How many to give at most.
    pub limit: u32,
    /// Whether to say how many there are in all.
    pub count: bool,
}

/// One member to sort by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its name on the wire.
    pub field: String,
    /// The largest first.
    pub descending: bool,
}

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// All of these; without any, everything.
    All(Vec<Filter>),
    /// One of these.
    Any(Vec<Filter>),
    /// Not this.
    Not(Box<Filter>),
    /// One member is like this.
    Term {
        /// Its name on the wire, with dots into what is nested; none: any that is text.
        field: Option<String>,
        /// Like what.
        matches: Match,
    },
}

/// What a member is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// It is this.
    Equals(String),
    /// It is there.
    Exists,
    /// It is text like this.
    Like(Vec<Piece>),
    /// It lies between these.
    Range(Bound<String>, Bound<String>),
}

impl Match {
    /// It has this text in it.
    pub fn contains(text: impl Into<String>) -> Self {
        Self::Like(vec![Piece::Anything, Piece::Literal(text.into()), Piece::Anything])
    }
}

/// A piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Any text, or none.
    Anything,
    /// This text.
    Literal(String),
    /// One character.
    One,
}

impl Filter {
    /// Everything.
    #[must_use]
    pub const fn everything() -> Self {
        Self::All(Vec::new())
    }

    /// Those whose `field` is `value`.
    pub fn equals(field: &str, value: impl Into<String>) -> Self {
        Self::Term { field: Some(field.to_owned()), matches: Match::Equals(value.into()) }
    }

    /// Those that `other` wants too.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match self {
            Self::All(mut filters) => {
                filters.push(other);
                Self::All(filters)
            }
            one => Self::All(vec![one, other]),
        }
    }
}

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<T> {
    /// The piece that was asked for.
    pub entries: Vec<T>,
    /// How many there are in all; 0 where nobody asked.
    pub total: u64,
}
