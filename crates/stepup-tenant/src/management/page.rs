//! Lists in pieces: pages by number, or from one entry on. A piece past the end is empty.

use serde_json::{Map, Value, json};

use super::{error::Failure, request::Query};

/// Which page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    number: u32,
    size: u32,
    totals: bool,
}

impl Page {
    /// The parameters that say it.
    pub(crate) const PARAMETERS: [&str; 3] = ["page", "per_page", "include_totals"];

    /// The page that a query asks for; `size` is how many entries a page has unless it says.
    ///
    /// # Errors
    /// The parameters are not numbers in their range.
    pub(crate) fn of(query: &Query, size: u32) -> Result<Self, Failure> {
        Ok(Self {
            number: query.number("page", 0, 10_000_000)?.unwrap_or(0),
            size: query.number("per_page", 0, 100)?.unwrap_or(size),
            totals: query.truth("include_totals")?.unwrap_or(false),
        })
    }

    /// How many entries come before it.
    pub(crate) const fn offset(self) -> u64 {
        self.number as u64 * self.size as u64
    }

    /// How many entries it has at most.
    pub(crate) const fn size(self) -> u32 {
        self.size
    }

    /// Its number, from 0.
    pub(crate) const fn number(self) -> u32 {
        self.number
    }

    /// Whether the caller wants to know how many there are in all.
    pub(crate) const fn totals(self) -> bool {
        self.totals
    }

    /// The entries of `all` that are on the page.
    pub(crate) fn cut<T>(self, all: Vec<T>) -> Vec<T> {
        let before = usize::try_from(self.offset()).unwrap_or(usize::MAX);
        all.into_iter().skip(before).take(self.size as usize).collect()
    }

    /// The answer: an array, or an object with the entries under `name` where totals are wanted.
    pub(crate) fn answer(self, name: &str, entries: Vec<Value>, total: u64) -> Value {
        if !self.totals {
            return Value::Array(entries);
        }
        json!({
            "start": self.offset(),
            "limit": self.size,
            "length": entries.len(),
            "total": total,
            name: entries,
        })
    }

    /// The answer of a list that is held whole.
    pub(crate) fn answer_from(self, name: &str, all: Vec<Value>) -> Value {
        let total = all.len() as u64;
        self.answer(name, self.cut(all), total)
    }
}

/// A piece of a list from one entry on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    /// The last entry of the piece before; none: from the start.
    pub(crate) from: Option<String>,
    /// How many entries it has at most.
    pub(crate) take: u32,
}

impl Checkpoint {
    /// The parameters that say it.
    pub(crate) const PARAMETERS: [&str; 2] = ["from", "take"];

    /// The piece that a query asks for.
    ///
    /// # Errors
    /// `take` is no number from 1 to 100.
    pub(crate) fn of(query: &Query) -> Result<Self, Failure> {
        Ok(Self {
            from: query.text("from")?.map(str::to_owned),
            take: query.number("take", 1, 100)?.unwrap_or(50),
        })
    }

    /// Whether a query asks for a piece, and not for a page.
    pub(crate) fn asked(query: &Query) -> bool {
        Self::PARAMETERS.iter().any(|name| query.all(name).next().is_some())
    }

    /// The answer of a list that is held whole: `{name: […], next?}`.
    ///
    /// # Errors
    /// No entry of the list is the one that `from` names.
    pub(crate) fn answer_from(
        &self,
        name: &str,
        all: Vec<Value>,
        id: impl Fn(&Value) -> Option<String>,
    ) -> Result<Value, Failure> {
        let start = match &self.from {
            None => 0,
            Some(from) => {
                let held = all.iter().position(|entry| id(entry).as_ref() == Some(from));
                1 + held.ok_or_else(|| Failure::Query("'Invalid checkpoint' on property from".to_owned()))?
            }
        };
        let more = all.len() > start + self.take as usize;
        let entries: Vec<_> = all.into_iter().skip(start).take(self.take as usize).collect();
        let next = entries.last().filter(|_| more).and_then(id);
        Ok(answer(name, entries, next))
    }
}

/// `{name: […], next?}`: the answer of a list in pieces.
pub(crate) fn answer(name: &str, entries: Vec<Value>, next: Option<String>) -> Value {
    let mut members = Map::from_iter([(name.to_owned(), Value::Array(entries))]);
    if let Some(next) = next {
        members.insert("next".to_owned(), Value::String(next));
    }
    Value::Object(members)
}
