//! Fixtures, and a source of randomness that can be foreseen.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;
use stepup_protocol::{jwk::Jwk, time::UnixTime};
use stepup_seal::{Random, Secrets, digest};

pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
pub(crate) const OTHER_SECRET: &str = "a-plain-passphrase-of-32-or-more-chars";
pub(crate) const NOW: UnixTime = UnixTime::from_seconds(1_767_225_600);

/// Hashes of a counter: never twice the same.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Random for Counter {
    fn fill(&self, destination: &mut [u8]) {
        for chunk in destination.chunks_mut(32) {
            let drawn = digest::sha256(&self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes());
            chunk.copy_from_slice(&drawn[..chunk.len()]);
        }
    }
}

/// `tests/fixtures/NAME.json`.
pub(crate) fn fixture(name: &str) -> Value {
    let path = format!("{}/tests/fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The `cases` of `tests/fixtures/NAME.json`.
pub(crate) fn cases(name: &str) -> Vec<Value> {
    fixture(name)["cases"].as_array().unwrap().clone()
}

pub(crate) fn secrets<'s>(list: impl IntoIterator<Item = &'s str>) -> Secrets {
    Secrets::new(list.into_iter().map(Into::into)).unwrap()
}

pub(crate) fn time(value: &Value) -> UnixTime {
    UnixTime::from_seconds(value.as_i64().unwrap())
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

pub(crate) fn jwk(value: &Value) -> Jwk {
    serde_json::from_value(value.clone()).unwrap()
}

/// The cookies of a `Cookie` header in order.
pub(crate) fn cookies(header: &str) -> Vec<(&str, &str)> {
    header.split("; ").filter_map(|pair| pair.split_once('=')).collect()
}

/// Every text that differs from `value` in one character.
pub(crate) fn tampered(value: &str) -> impl Iterator<Item = String> {
    (0..value.len()).flat_map(move |position| {
        ["A", "B", "-", ".", "é"]
            .into_iter()
            .filter(move |other| !value[position..].starts_with(other))
            .map(move |other| format!("{}{other}{}", &value[..position], &value[position + 1..]))
    })
}
