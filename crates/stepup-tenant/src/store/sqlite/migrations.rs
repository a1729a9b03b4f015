//! Tables, version by version: numbered files, one table that says which were run.

use rusqlite::{Connection, TransactionBehavior};

use super::{
    StoreError,
    query::{execute, scalar},
};

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
    include_str!("migrations/0012_tidy.sql"),
    include_str!("migrations/0013_oob_order.sql"),
    include_str!("migrations/0014_call_errors.sql"),
];

/// Runs those that the database has not seen, all in one transaction.
pub(super) fn run(writer: &mut Connection) -> Result<(), StoreError> {
    let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch("CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY)")?;
    let found: i64 = scalar(&transaction, "SELECT COALESCE(MAX(version), 0) FROM migrations", [])?;

    let known = MIGRATIONS.len() as i64;
    if found > known {
        return Err(StoreError::TooNew { found, known });
    }
    for (version, migration) in
        (1_i64..).zip(MIGRATIONS.iter().copied()).filter(|(version, _)| *version > found)
    {
        transaction.execute_batch(migration)?;
        execute(&transaction, "INSERT INTO migrations (version) VALUES (?)", [version])?;
    }
    Ok(transaction.commit()?)
}
