//! Numbers for an administrator, in SQLite.

use sqlx::Row;
use stepup_protocol::time::UnixTime;

use super::SqliteStore;
use crate::store::{Day, Statistics, StoreError, Stored};

impl Statistics for SqliteStore {
    fn days(&self, from: UnixTime, until: UnixTime) -> Stored<'_, Vec<Day>> {
        Box::pin(async move {
            let rows = sqlx::query(
                "SELECT CAST(data ->> 'date' AS INTEGER) / 86400 * 86400 AS began_at, SUM(kind IN ('s', 'sepft')) AS logins,
                        SUM(kind = 'ss') AS signups, SUM(kind = 'pwd_leak') AS leaked,
                        MAX(CAST(data ->> 'date' AS INTEGER)) AS updated_at
                 FROM log
                 WHERE kind IN ('s', 'sepft', 'ss', 'pwd_leak') AND CAST(data ->> 'date' AS INTEGER) >= ?
                       AND CAST(data ->> 'date' AS INTEGER) < ?
                 GROUP BY began_at ORDER BY began_at",
            )
            .bind(from.seconds())
            .bind(until.seconds())
            .fetch_all(&self.reader)
            .await
            .map_err(StoreError::Database)?;
            let number = |row: &sqlx::sqlite::SqliteRow, name| {
                row.try_get::<i64, _>(name).map_err(StoreError::Database)
            };
            rows.iter()
                .map(|row| {
                    Ok(Day {
                        began_at: UnixTime::from_seconds(number(row, "began_at")?),
                        logins: number(row, "logins")?.unsigned_abs(),
                        signups: number(row, "signups")?.unsigned_abs(),
                        leaked_passwords: number(row, "leaked")?.unsigned_abs(),
                        updated_at: UnixTime::from_seconds(number(row, "updated_at")?),
                    })
                })
                .collect()
        })
    }

    fn active_users(&self, since: UnixTime) -> Stored<'_, u64> {
        Box::pin(async move {
            let number: i64 = sqlx::query("SELECT COUNT(*) FROM users WHERE last_login >= ?")
                .bind(since.seconds())
                .fetch_one(&self.reader)
                .await
                .and_then(|row| row.try_get(0))
                .map_err(StoreError::Database)?;
            Ok(number.unsigned_abs())
        })
    }
}
