//! Deliveries of back-channel logouts in SQLite.

use sqlx::Row;
use stepup_protocol::time::UnixTime;

use super::{SqliteStore, decode, encode, insertion};
use crate::{
    model::LogoutDelivery,
    store::{LogoutDeliveries, StoreError, Stored},
};

impl LogoutDeliveries for SqliteStore {
    fn insert_logout_deliveries<'a>(
        &'a self,
        deliveries: &'a [LogoutDelivery],
        until: UnixTime,
    ) -> Stored<'a, ()> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            for delivery in deliveries {
                sqlx::query("INSERT INTO logout_deliveries (id, data, claimed_until) VALUES (?, ?, ?)")
                    .bind(&delivery.id)
                    .bind(encode("a logout delivery", delivery)?)
                    .bind(until.seconds())
                    .execute(&mut *transaction)
                    .await
                    .map_err(insertion("the logout delivery"))?;
            }
            transaction.commit().await.map_err(StoreError::Database)
        })
    }

    fn claim_logout_deliveries(&self, now: UnixTime, until: UnixTime) -> Stored<'_, Vec<LogoutDelivery>> {
        Box::pin(async move {
            let rows = sqlx::query(
                "UPDATE logout_deliveries SET claimed_until = ? WHERE claimed_until <= ? RETURNING data",
            )
            .bind(until.seconds())
            .bind(now.seconds())
            .fetch_all(&self.writer)
            .await
            .map_err(StoreError::Database)?;
            rows.iter()
                .map(|row| decode("a logout delivery", row.try_get("data").map_err(StoreError::Database)?))
                .collect()
        })
    }

    fn finish_logout_delivery<'a>(&'a self, id: &'a str) -> Stored<'a, ()> {
        Box::pin(async move {
            sqlx::query("DELETE FROM logout_deliveries WHERE id = ?")
                .bind(id)
                .execute(&self.writer)
                .await
                .map(drop)
                .map_err(StoreError::Database)
        })
    }
}
