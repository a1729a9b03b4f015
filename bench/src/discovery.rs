//! Discovery: how many requests two cores answer.

use std::time::Duration;

use crate::{
    cpu, load,
    report::{Figure, Promise},
    sample::median,
    tenant::Tenant,
};

const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);

/// The load runs on the cores that it loads. So the promise is held against the tenant's own CPU time: what two cores
/// could answer if they had nothing else to do. What was answered beside the load is told too.
pub(crate) fn requests(tenant: &Tenant) -> anyhow::Result<[Figure; 2]> {
    let request =
        format!("GET /.well-known/openid-configuration HTTP/1.1\r\nHost: {}\r\n\r\n", tenant.domain());
    let address = tenant.address()?;
    load::run(address, request.as_bytes(), Duration::from_millis(500))?;
    let (mut derived, mut answered) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let before = cpu::of(tenant.pid())?;
        let load = load::run(address, request.as_bytes(), ROUND)?;
        derived.push(2.0 * load.requests as f64 / (cpu::of(tenant.pid())? - before));
        answered.push(load.requests as f64 / load.elapsed.as_secs_f64());
    }
    Ok([
        Figure {
            name: "discovery on two cores of CPU, derived",
            unit: "/s",
            measured: median(derived),
            raw: None,
            promise: Some(Promise::AtLeast(60_000.0)),
        },
        Figure {
            name: "discovery, the load on the same cores",
            unit: "/s",
            measured: median(answered),
            raw: None,
            promise: None,
        },
    ])
}
