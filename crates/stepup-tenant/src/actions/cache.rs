//! `api.cache`: short-lived text that executions share, within this process, as a trigger's executions do.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};

/// The real service's limits: records, bytes of a key, of a value, and of all of them, and milliseconds a record may live.
const RECORDS: usize = 20;
const KEY: usize = 64;
const VALUE: usize = 4096;
const TOTAL: usize = 8192;
const LONGEST: i64 = 24 * 60 * 60 * 1000;
/// Milliseconds a record lives unless told otherwise.
const USUAL: i64 = 15 * 60 * 1000;

/// The records; times in milliseconds since 1970.
#[derive(Debug, Default)]
pub(super) struct Cache {
    records: Mutex<BTreeMap<String, Record>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Record {
    pub(super) value: String,
    pub(super) expires_at: i64,
}

/// The second and third argument of `api.cache.set`.
#[derive(Debug, Deserialize)]
pub(super) struct NewRecord {
    value: String,
    #[serde(default)]
    ttl: Option<f64>,
    #[serde(default)]
    expires_at: Option<f64>,
}

impl Cache {
    pub(super) fn get(&self, key: &str, now: i64) -> Option<Record> {
        self.live(now).get(key).cloned()
    }

    /// The record as it was kept, or the code of the refusal.
    pub(super) fn set(&self, key: &str, new: NewRecord, now: i64) -> Result<Record, &'static str> {
        if key.len() > KEY {
            return Err("CacheKeySizeExceeded");
        }
        if new.value.len() > VALUE {
            return Err("CacheValueSizeExceeded");
        }
        let ends = [new.ttl.map(|ttl| now.saturating_add(ttl as i64)), new.expires_at.map(|at| at as i64)];
        let expires_at = ends.into_iter().flatten().min().unwrap_or(now + USUAL).min(now + LONGEST);
        let mut records = self.live(now);
        let others = records.iter().filter(|(other, _)| *other != key);
        let (count, bytes) = others.fold((0, 0), |(count, bytes), (key, record)| {
            (count + 1, bytes + key.len() + record.value.len())
        });
        if count >= RECORDS {
            return Err("ItemLimitExceeded");
        }
        if bytes + key.len() + new.value.len() > TOTAL {
            return Err("CacheSizeExceeded");
        }
        let record = Record { value: new.value, expires_at };
        records.insert(key.to_owned(), record.clone());
        Ok(record)
    }

    /// Whether there was a record.
    pub(super) fn delete(&self, key: &str, now: i64) -> bool {
        self.live(now).remove(key).is_some()
    }

    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    fn live(&self, now: i64) -> MutexGuard<'_, BTreeMap<String, Record>> {
        let mut records = self.lock();
        records.retain(|_, record| record.expires_at > now);
        records
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Record>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(value: &str) -> NewRecord {
        NewRecord { value: value.to_owned(), ttl: None, expires_at: None }
    }

    #[test]
    fn a_record_ends_at_the_earlier_of_its_two_times() {
        let cache = Cache::default();
        let record = NewRecord { ttl: Some(5_000.0), expires_at: Some(12_000.0), ..new("a") };
        assert_eq!(cache.set("k", record, 10_000).unwrap().expires_at, 12_000);
        assert_eq!(cache.get("k", 11_999).unwrap().value, "a");
        assert_eq!(cache.get("k", 12_000), None);
        assert_eq!(cache.set("k", new("b"), 0).unwrap().expires_at, USUAL);
        let forever = NewRecord { ttl: Some(f64::INFINITY), ..new("c") };
        assert_eq!(cache.set("k", forever, 0).unwrap().expires_at, LONGEST);
    }

    #[test]
    fn sizes_are_limited() {
        let cache = Cache::default();
        assert_eq!(cache.set(&"k".repeat(65), new(""), 0), Err("CacheKeySizeExceeded"));
        assert_eq!(cache.set("k", new(&"v".repeat(4097)), 0), Err("CacheValueSizeExceeded"));
        assert!(cache.set("a", new(&"v".repeat(4096)), 0).is_ok());
        assert_eq!(cache.set("b", new(&"v".repeat(4096)), 0), Err("CacheSizeExceeded"));
        for n in 0..19 {
            assert!(cache.set(&n.to_string(), new("v"), 0).is_ok());
        }
        assert_eq!(cache.set("one more", new("v"), 0), Err("ItemLimitExceeded"));
        assert!(cache.set("a", new("again"), 0).is_ok());
        assert!(cache.delete("a", 0));
        assert!(!cache.delete("a", 0));
    }
}
