//! Many runs of one thing, and the middle of them.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// The median of `values`; zero of none.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Microseconds that `one` and `other` take, in turns so that both meet the same machine: the median of `rounds`.
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

/// Microseconds a call takes, over as many calls as fit into 50 ms.
fn microseconds<T>(call: &mut impl FnMut() -> T) -> f64 {
    let started = Instant::now();
    let mut calls = 0.0;
    while started.elapsed() < Duration::from_millis(50) {
        for _ in 0..16 {
            black_box(call());
        }
        calls += 16.0;
    }
    started.elapsed().as_secs_f64() * 1e6 / calls
}
