//! Statements: each text is prepared once a connection.

use rusqlite::{Connection, Params, Row, types::FromSql};

use super::StoreError;

/// Runs a statement that returns nothing; returns the number of rows that it changed.
pub(super) fn execute(connection: &Connection, sql: &str, params: impl Params) -> Result<usize, StoreError> {
    Ok(connection.prepare_cached(sql)?.execute(params)?)
}

/// The one row that a statement returns, if it returns any.
pub(super) fn one<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let value = read(row)?;
    // A statement that writes has done so when it comes to its end, and can fail until then.
    rows.next()?;
    Ok(Some(value))
}

/// The first column of the one row that a statement always returns.
pub(super) fn scalar<T: FromSql>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
) -> Result<T, StoreError> {
    Ok(connection.prepare_cached(sql)?.query_one(params, |row| row.get(0))?)
}

/// All rows that a statement returns.
pub(super) fn all<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    connection.prepare_cached(sql)?.query_and_then(params, read)?.collect()
}
