//! Tables, version by version: numbered files, one table that says which were run.

use sqlx::{Row, SqlitePool};

use super::StoreError;

/// Each migration once, in this order, never changed after its release.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_begin.sql"),
    include_str!("migrations/0002_factors.sql"),
    include_str!("migrations/0003_settings.sql"),
    include_str!("migrations/0004_pages.sql"),
    include_str!("migrations/0005_protocol.sql"),
    include_str!("migrations/0006_guardian.sql"),
    include_str!("migrations/0007_management.sql"),
    include_str!("migrations/0008_risk.sql"),
    include_str!("migrations/0009_jobs.sql"),
    include_str!("migrations/0010_earlier_passwords.sql"),
    include_str!("migrations/0011_journal.sql"),
];

/// Runs those that the database has not seen, all in one transaction.
pub(super) async fn run(pool: &SqlitePool) -> Result<(), StoreError> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await.map_err(StoreError::Database)?;
    sqlx::raw_sql("CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY)")
        .execute(&mut *transaction)
        .await
        .map_err(StoreError::Database)?;
    let found: i64 = sqlx::query("SELECT COALESCE(MAX(version), 0) FROM migrations")
        .fetch_one(&mut *transaction)
        .await
        .and_then(|row| row.try_get(0))
        .map_err(StoreError::Database)?;

    let known = MIGRATIONS.len() as i64;
    if found > known {
        return Err(StoreError::TooNew { found, known });
    }
    for (version, migration) in
        (1_i64..).zip(MIGRATIONS.iter().copied()).filter(|(version, _)| *version > found)
    {
        sqlx::raw_sql(migration).execute(&mut *transaction).await.map_err(StoreError::Database)?;
        sqlx::query("INSERT INTO migrations (version) VALUES (?)")
            .bind(version)
            .execute(&mut *transaction)
            .await
            .map_err(StoreError::Database)?;
    }
    transaction.commit().await.map_err(StoreError::Database)
}
