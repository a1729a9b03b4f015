//! Searches as SQL. Whatever came from outside is bound, never part of the text.

use std::ops::Bound;

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::Offset,
};
use rusqlite::{Connection, Row, params_from_iter, types::Value};

use crate::store::{Filter, Found, Match, Order, Piece, Search, StoreError};

/// How a member of the wire is held.
pub(super) enum Column {
    /// Always this text.
    Constant(&'static str),
    /// Inside a JSON column, at this path of names.
    Json(&'static str, Vec<String>),
    /// A number.
    Number(&'static str),
    /// Text.
    Text {
        /// The expression.
        sql: &'static str,
        /// Whether case does not count.
        folds: bool,
        /// Whether an index helps to find its beginnings.
        indexed: bool,
    },
    /// Seconds since the epoch.
    Time(&'static str),
    /// 0 or 1.
    Truth(&'static str),
}

/// A table that can be searched, and by what.
pub(super) struct Table {
    pub(super) name: &'static str,
    /// What is read of a row.
    pub(super) columns: &'static str,
    /// The order of its rows where none was asked for.
    pub(super) natural: &'static str,
    /// What no two rows share.
    pub(super) unique: &'static str,
    /// The column of a member.
    pub(super) column: fn(&str) -> Option<Column>,
    /// The members that a term without a name is looked for in.
    pub(super) default: &'static [&'static str],
}

/// SQL, and the values for its question marks.
#[derive(Default)]
pub(super) struct Sql {
    text: String,
    values: Vec<Value>,
}

impl Sql {
    /// Text of our own.
    pub(super) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// A whole number from outside.
    fn integer(&mut self, value: i64) -> &mut Self {
        self.bind(Value::Integer(value))
    }

    fn text(&mut self, value: impl Into<String>) -> &mut Self {
        self.bind(Value::Text(value.into()))
    }

    fn bind(&mut self, value: Value) -> &mut Self {
        self.text.push('?');
        self.values.push(value);
        self
    }

    /// All rows that the statement returns. It is not kept prepared: hardly ever is another one like it.
    pub(super) fn all<T>(
        &self,
        connection: &Connection,
        read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        connection.prepare(&self.text)?.query_and_then(params_from_iter(&self.values), read)?.collect()
    }

    /// The number that the statement always returns.
    fn count(&self, connection: &Connection) -> Result<u64, StoreError> {
        let count: i64 =
            connection.prepare(&self.text)?.query_one(params_from_iter(&self.values), |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }
}

impl Table {
    /// What `search` is after, each row as `read` has it.
    pub(super) fn find<T>(
        &self,
        connection: &Connection,
        search: &Search,
        read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Found<T>, StoreError> {
        let mut sql = self.select(self.columns, &search.filter);
        if search.order.is_empty() {
            sql.push(" ORDER BY ").push(self.natural);
        } else {
            self.order(&mut sql, &search.order);
        }
        sql.push(" LIMIT ").integer(search.limit.into());
        sql.push(" OFFSET ").integer(i64::try_from(search.offset).unwrap_or(i64::MAX));
        let entries = sql.all(connection, read)?;
        let total =
            if search.count { self.select("COUNT(*)", &search.filter).count(connection)? } else { 0 };
        Ok(Found { entries, total })
    }

    fn select(&self, columns: &str, filter: &Filter) -> Sql {
        let mut sql = Sql::default();
        sql.push("SELECT ").push(columns).push(" FROM ").push(self.name).push(" WHERE ");
        self.filter(&mut sql, filter);
        sql
    }

    /// Adds a condition.
    pub(super) fn filter(&self, sql: &mut Sql, filter: &Filter) {
        match filter {
            Filter::All(filters) => self.join(sql, filters, " AND ", "1"),
            Filter::Any(filters) => self.join(sql, filters, " OR ", "0"),
            Filter::Not(filter) => {
                // A member that is not there is not like anything.
                sql.push("NOT COALESCE((");
                self.filter(sql, filter);
                sql.push("), 0)");
            }
            Filter::Term { field: Some(field), matches } => match (self.column)(field) {
                Some(column) => column.matches(sql, matches),
                None => {
                    sql.push("0");
                }
            },
            Filter::Term { field: None, matches } => {
                sql.push("(0");
                for column in self.default.iter().filter_map(|name| (self.column)(name)) {
                    sql.push(" OR ");
                    column.matches(sql, matches);
                }
                sql.push(")");
            }
        }
    }

    fn join(&self, sql: &mut Sql, filters: &[Filter], word: &str, none: &str) {
        if filters.is_empty() {
            sql.push(none);
            return;
        }
        sql.push("(");
        for (position, filter) in filters.iter().enumerate() {
            if position > 0 {
                sql.push(word);
            }
            self.filter(sql, filter);
        }
        sql.push(")");
    }

    /// Adds the expressions to sort by, and last what no two rows share.
    fn order(&self, sql: &mut Sql, order: &[Order]) {
        sql.push(" ORDER BY ");
        for Order { field, descending } in order {
            let Some(expression) = (self.column)(field).and_then(|column| column.expression()) else {
                continue;
            };
            sql.push(expression).push(if *descending { " DESC, " } else { ", " });
        }
        let descending = order.first().is_some_and(|first| first.descending);
        sql.push(self.unique).push(if descending { " DESC" } else { "" });
    }
}

impl Column {
    const fn expression(&self) -> Option<&'static str> {
        match self {
            Self::Number(sql) | Self::Time(sql) | Self::Truth(sql) | Self::Text { sql, .. } => Some(sql),
            Self::Constant(_) | Self::Json(..) => None,
        }
    }

    fn matches(&self, sql: &mut Sql, matches: &Match) {
        match self {
            Self::Constant(value) => {
                let truth = match matches {
                    Match::Equals(wanted) => wanted == value,
                    Match::Exists => true,
                    Match::Like(_) | Match::Range(..) => false,
                };
                sql.push(if truth { "1" } else { "0" });
            }
            Self::Json(column, path) => in_json(sql, column, path, matches),
            Self::Number(column) => number(sql, column, matches),
            Self::Text { sql: column, folds, indexed } => text(sql, column, *folds, *indexed, matches),
            Self::Time(column) => time(sql, column, matches),
            Self::Truth(column) => match matches {
                Match::Equals(word) if word == "true" => {
                    sql.push(column).push(" = 1");
                }
                Match::Equals(word) if word == "false" => {
                    sql.push("COALESCE(").push(column).push(", 0) = 0");
                }
                Match::Exists => {
                    sql.push(column).push(" IS NOT NULL");
                }
                _ => {
                    sql.push("0");
                }
            },
        }
    }
}

fn text(sql: &mut Sql, column: &str, folds: bool, indexed: bool, matches: &Match) {
    let collation = if folds && !indexed { " COLLATE NOCASE" } else { "" };
    match matches {
        Match::Equals(value) => {
            sql.push(column).push(" = ").text(value.as_str()).push(collation);
        }
        Match::Exists => {
            sql.push(column).push(" IS NOT NULL");
        }
        Match::Like(pieces) => {
            sql.push("(");
            if let (true, Some(Piece::Literal(beginning))) = (indexed, pieces.first()) {
                sql.push(column).push(" >= ").text(beginning.as_str()).push(" AND ");
                sql.push(column).push(" < ").text(format!("{beginning}\u{10ffff}")).push(" AND ");
            }
            sql.push(column);
            if folds {
                sql.push(" LIKE ").text(like(pieces)).push(" ESCAPE '\\'");
            } else {
                sql.push(" GLOB ").text(glob(pieces));
            }
            sql.push(")");
        }
        Match::Range(low, high) => {
            bounds(sql, column, low, high, |sql, value| {
                sql.text(value).push(collation);
            });
        }
    }
}

fn number(sql: &mut Sql, column: &str, matches: &Match) {
    let parsed = |value: &str| value.parse::<f64>().ok().filter(|number| number.is_finite());
    match matches {
        Match::Equals(value) => match parsed(value) {
            Some(value) => {
                sql.push(column).push(" = ").bind(Value::Real(value));
            }
            None => {
                sql.push("0");
            }
        },
        Match::Exists => {
            sql.push(column).push(" IS NOT NULL");
        }
        Match::Like(_) => {
            sql.push("0");
        }
        Match::Range(low, high) => bounds(sql, column, low, high, |sql, value| {
            sql.bind(Value::Real(parsed(value).unwrap_or(f64::MAX)));
        }),
    }
}

fn time(sql: &mut Sql, column: &str, matches: &Match) {
    match matches {
        Match::Equals(value) => match span(value) {
            Some((start, end)) => {
                sql.push("(").push(column).push(" >= ").integer(start);
                sql.push(" AND ").push(column).push(" < ").integer(end).push(")");
            }
            None => {
                sql.push("0");
            }
        },
        Match::Exists => {
            sql.push(column).push(" IS NOT NULL");
        }
        Match::Like(_) => {
            sql.push("0");
        }
        Match::Range(low, high) => {
            // A day or a month is a stretch of time: `[2026-01 TO 2026-02]` ends with February.
            let low = match low {
                Bound::Included(text) => span(text).map(|(start, _)| start),
                Bound::Excluded(text) => span(text).map(|(_, end)| end),
                Bound::Unbounded => Some(i64::MIN),
            };
            let high = match high {
                Bound::Included(text) => span(text).map(|(_, end)| end),
                Bound::Excluded(text) => span(text).map(|(start, _)| start),
                Bound::Unbounded => Some(i64::MAX),
            };
            let (Some(low), Some(high)) = (low, high) else {
                sql.push("0");
                return;
            };
            sql.push("(").push(column).push(" >= ").integer(low);
            sql.push(" AND ").push(column).push(" < ").integer(high).push(")");
        }
    }
}

/// A value inside a JSON column, or one entry of the array there.
fn in_json(sql: &mut Sql, column: &str, path: &[String], matches: &Match) {
    let quoted: String = path.iter().map(|name| format!(".\"{}\"", name.replace('"', ""))).collect();
    sql.push("EXISTS (SELECT 1 FROM json_each(").push(column).push(", ").text(format!("${quoted}"));
    sql.push(") AS entry WHERE entry.type NOT IN ('object', 'null') AND ");
    text(sql, JSON_VALUE, false, false, matches);
    sql.push(")");
}

/// A scalar as the text that people write for it.
const JSON_VALUE: &str =
    "CASE entry.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(entry.value AS TEXT) END";

fn bounds(
    sql: &mut Sql,
    column: &str,
    low: &Bound<String>,
    high: &Bound<String>,
    mut bind: impl FnMut(&mut Sql, &str),
) {
    sql.push("(").push(column).push(" IS NOT NULL");
    for (bound, included, excluded) in [(low, " >= ", " > "), (high, " <= ", " < ")] {
        let (comparison, value) = match bound {
            Bound::Included(value) => (included, value),
            Bound::Excluded(value) => (excluded, value),
            Bound::Unbounded => continue,
        };
        sql.push(" AND ").push(column).push(comparison);
        bind(sql, value);
    }
    sql.push(")");
}

fn like(pieces: &[Piece]) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Anything => "%".to_owned(),
        Piece::Literal(text) => text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"),
        Piece::One => "_".to_owned(),
    };
    pieces.iter().map(piece).collect()
}

fn glob(pieces: &[Piece]) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Anything => "*".to_owned(),
        Piece::Literal(text) => text.replace('[', "[[]").replace('*', "[*]").replace('?', "[?]"),
        Piece::One => "?".to_owned(),
    };
    pieces.iter().map(piece).collect()
}

/// The seconds that a time stands for, the second not included: a year, a month, a day, or a moment.
fn span(text: &str) -> Option<(i64, i64)> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some((moment.as_second(), moment.as_second() + 1));
    }
    if let (true, Ok(moment)) = (text.contains('T'), text.parse::<DateTime>()) {
        let second = Offset::UTC.to_timestamp(moment).ok()?.as_second();
        return Some((second, second + 1));
    }
    let mut parts = text.split('-');
    let year: i16 = parts.next().filter(|year| year.len() == 4)?.parse().ok()?;
    let month: Option<i8> = parts.next().map(str::parse).transpose().ok()?;
    let day: Option<i8> = parts.next().map(str::parse).transpose().ok()?;
    let start = Date::new(year, month.unwrap_or(1), day.unwrap_or(1)).ok()?;
    let end = match (month, day) {
        _ if parts.next().is_some() => return None,
        (None, _) => start.checked_add(jiff::Span::new().years(1)).ok()?,
        (_, None) => start.checked_add(jiff::Span::new().months(1)).ok()?,
        (_, Some(_)) => start.tomorrow().ok()?,
    };
    let second = |date: Date| Some(Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?.as_second());
    Some((second(start)?, second(end)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_as_long_as_it_is_exact() {
        assert_eq!(span("1970"), Some((0, 31_536_000)));
        assert_eq!(span("1970-02"), Some((2_678_400, 5_097_600)));
        assert_eq!(span("1970-01-02"), Some((86_400, 172_800)));
        assert_eq!(span("1970-01-01T00:00:10Z"), Some((10, 11)));
        assert_eq!(span("1970-01-01T00:00:10"), Some((10, 11)));
        for wrong in ["", "soon", "70-01-01", "1970-13", "1970-01-01-01", "1970-01-"] {
            assert_eq!(span(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn patterns_take_their_own_signs_literally() {
        let pieces = [Piece::Literal("50%_*[\\".to_owned()), Piece::Anything, Piece::One];
        assert_eq!(like(&pieces), "50\\%\\_*[\\\\%_");
        assert_eq!(glob(&pieces), "50%_[*][[]\\*?");
    }
}
