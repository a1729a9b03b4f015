//! Logouts that applications are still to be told of.

use stepup_protocol::time::UnixTime;

use super::Stored;
use crate::model::LogoutDelivery;

/// Deliveries of back-channel logouts that are not done yet.
pub trait LogoutDeliveries: Send + Sync {
    /// Adds deliveries, all or none, which the caller works off until `until`.
    ///
    /// # Errors
    /// [`super::StoreError::Conflict`] where an id is taken.
    fn insert_logout_deliveries<'a>(
        &'a self,
        deliveries: &'a [LogoutDelivery],
        until: UnixTime,
    ) -> Stored<'a, ()>;

    /// Takes over the deliveries that nobody works off at `now`, until `until`: of two callers, one gets each.
    ///
    /// # Errors
    /// The store failed.
    fn claim_logout_deliveries(&self, now: UnixTime, until: UnixTime) -> Stored<'_, Vec<LogoutDelivery>>;

    /// Removes a delivery that is done, or given up.
    ///
    /// # Errors
    /// The store failed.
    fn finish_logout_delivery<'a>(&'a self, id: &'a str) -> Stored<'a, ()>;
}
