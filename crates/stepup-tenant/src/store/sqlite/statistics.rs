//! Numbers for an administrator, in SQLite.

use rusqlite::Row;
use stepup_protocol::time::UnixTime;

use super::{
    SqliteStore,
    query::{all, scalar},
};
use crate::store::{Day, Statistics, StoreError, Stored};

impl Statistics for SqliteStore {
    fn days(&self, from: UnixTime, until: UnixTime) -> Stored<'_, Vec<Day>> {
        self.search(move |connection| {
            all(
                connection,
                "SELECT CAST(data ->> 'date' AS INTEGER) / 86400 * 86400 AS began_at, SUM(kind IN ('s', 'sepft')) AS logins,
                        SUM(kind = 'ss') AS signups, SUM(kind = 'pwd_leak') AS leaked,
                        MAX(CAST(data ->> 'date' AS INTEGER)) AS updated_at
                 FROM log
                 WHERE kind IN ('s', 'sepft', 'ss', 'pwd_leak') AND CAST(data ->> 'date' AS INTEGER) >= ?
                       AND CAST(data ->> 'date' AS INTEGER) < ?
                 GROUP BY began_at ORDER BY began_at",
                [from.seconds(), until.seconds()],
                day,
            )
        })
    }

    fn active_users(&self, since: UnixTime) -> Stored<'_, u64> {
        self.search(move |connection| {
            let number: i64 =
                scalar(connection, "SELECT COUNT(*) FROM users WHERE last_login >= ?", [since.seconds()])?;
            Ok(number.unsigned_abs())
        })
    }
}

fn day(row: &Row<'_>) -> Result<Day, StoreError> {
    Ok(Day {
        began_at: UnixTime::from_seconds(row.get("began_at")?),
        logins: row.get::<_, i64>("logins")?.unsigned_abs(),
        signups: row.get::<_, i64>("signups")?.unsigned_abs(),
        leaked_passwords: row.get::<_, i64>("leaked")?.unsigned_abs(),
        updated_at: UnixTime::from_seconds(row.get("updated_at")?),
    })
}
