//! Whether the memory of a tenant on a file stays what it is while it works.

use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use super::{Measured, flow::CLIENT};
use crate::{
    connection::form,
    load, memory,
    report::{Figure, Promise, Raw},
    sample::median,
};

/// Tokens and documents take turns of this length.
const TURN: Duration = Duration::from_millis(500);
/// Second factors of a turn, one after the other.
const STEP_UPS: usize = 20;

/// Loads the tenant for `time` with tokens, documents and second factors.
///
/// The first half fills pools and caches and lets the allocator settle. Of the second half the last fifth is held against
/// the first: what leaks goes on growing.
pub(super) fn under_load(
    runtime: &Runtime,
    stepped_up: &mut Measured,
    time: Duration,
) -> anyhow::Result<[Figure; 2]> {
    let token = [("grant_type", "client_credentials"), ("audience", "https://api.example.com")];
    let tenant = &stepped_up.tenant;
    let (address, host) = (tenant.address()?, tenant.domain().to_owned());
    let token = form(&host, "/oauth/token", &[&token[..], &CLIENT].concat());
    let document = format!("GET /.well-known/openid-configuration HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let (started, mut samples) = (Instant::now(), Vec::new());
    while started.elapsed() < time {
        load::run(address, &token, TURN)?;
        load::run(address, document.as_bytes(), TURN)?;
        runtime.block_on(stepped_up.flows(STEP_UPS))?;
        let minutes = started.elapsed().as_secs_f64() / 60.0;
        samples.push((minutes, memory::resident(&stepped_up.tenant)?));
    }
    let later = &samples[samples.len() / 2..];
    let fifth = later.len().div_ceil(5);
    let resident = |some: &[(f64, f64)]| median(some.iter().map(|(_, memory)| *memory).collect());
    Ok([
        Figure {
            name: "tenant resident at the end of a load, on the file",
            unit: "MiB",
            measured: resident(&later[later.len() - fifth..]),
            raw: Some(Raw { name: "at half of it", measured: resident(&later[..fifth]) }),
            promise: Some(Promise::TimesRaw(1.05)),
        },
        Figure {
            name: "its slope in the second half",
            unit: "MiB/min",
            measured: slope(later),
            raw: None,
            promise: None,
        },
    ])
}

/// The least squares' slope of the second members over the first.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / count, y + point.1 / count));
    let (products, squares) = points.iter().fold((0.0, 0.0), |(products, squares), point| {
        (products + (point.0 - x) * (point.1 - y), squares + (point.0 - x).powi(2))
    });
    if squares > 0.0 { products / squares } else { 0.0 }
}
