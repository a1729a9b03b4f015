//! Many runs of one thing, and where their middle and their tail lie.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use crate::cpu;

/// The median of `values`; zero of none.
pub(crate) fn median(values: Vec<f64>) -> f64 {
    quantile(values, 0.5)
}

/// The value that `share` of `values` do not exceed; zero of none.
pub(crate) fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = (values.len() as f64 * share) as usize;
    values.get(place.min(values.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// Microseconds of CPU that `one` and `other` take, in turns so that both meet the same machine: the median of `rounds`.
pub(crate) fn in_turns<A, B>(
    rounds: usize,
    mut one: impl FnMut() -> A,
    mut other: impl FnMut() -> B,
) -> (f64, f64) {
    let (mut ones, mut others) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        ones.push(microseconds(&mut one));
        others.push(microseconds(&mut other));
    }
    (median(ones), median(others))
}

/// Microseconds of CPU that a call takes, over as many calls as fit into 50 ms.
fn microseconds<T>(call: &mut impl FnMut() -> T) -> f64 {
    let (before, started) = (cpu::of_this_thread(), Instant::now());
    let mut calls = 0.0;
    while started.elapsed() < Duration::from_millis(50) {
        for _ in 0..16 {
            black_box(call());
        }
        calls += 16.0;
    }
    (cpu::of_this_thread() - before) * 1e6 / calls
}
