//! Passwords that are being checked, counted for whom. Each costs an attempt before it is checked and gives it back only if
//! it is right: so where none is left, whether one will be is open for as long as another check is under way.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use stepup_protocol::time::UnixTime;
use tokio::sync::{Mutex as Gate, watch};

use crate::{
    model::{Bucket, BucketRule, Empty},
    store::{Store, StoreError},
};

/// The checks of this process.
#[derive(Debug, Default)]
pub(crate) struct Attempts(Mutex<HashMap<String, Weak<Lane>>>);

/// Those of one subject.
#[derive(Debug, Default)]
struct Lane {
    /// Attempts are taken one after the other, so that each that was taken is counted when the next one is.
    gate: Gate<()>,
    checks: watch::Sender<Checks>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Checks {
    under_way: usize,
    ended: usize,
}

/// A check under way; over when it is dropped.
#[derive(Debug)]
pub(crate) struct Check(Arc<Lane>);

impl Attempts {
    /// Takes an attempt out of `bucket`. Where none is left it waits for those that are under way.
    ///
    /// # Errors
    /// [`StoreError`], or inside [`Empty`] where none is left and none is under way.
    pub(crate) async fn take(
        &self,
        store: &dyn Store,
        bucket: Bucket<'_>,
        rule: BucketRule,
        now: UnixTime,
    ) -> Result<Result<Check, Empty>, StoreError> {
        let lane = self.lane(bucket.subject);
        let mut checks = lane.checks.subscribe();
        loop {
            let gate = lane.gate.lock().await;
            let before = checks.borrow_and_update().ended;
            let Err(empty) = store.take_attempt(bucket, rule, now).await? else {
                lane.checks.send_modify(|checks| checks.under_way += 1);
                drop(gate);
                return Ok(Ok(Check(lane)));
            };
            let Checks { under_way, ended } = *checks.borrow();
            if under_way == 0 && ended == before {
                return Ok(Err(empty));
            }
            drop(gate);
            // an error would say that the lane is gone, which is held here
            drop(checks.wait_for(|checks| checks.ended != before).await);
        }
    }

    fn lane(&self, subject: &str) -> Arc<Lane> {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = lanes.get(subject).and_then(Weak::upgrade) {
            return lane;
        }
        lanes.retain(|_, lane| lane.strong_count() > 0);
        let lane = Arc::default();
        lanes.insert(subject.to_owned(), Arc::downgrade(&lane));
        lane
    }
}

impl Drop for Check {
    fn drop(&mut self) {
        self.0.checks.send_modify(|checks| {
            checks.under_way -= 1;
            checks.ended += 1;
        });
    }
}
