//! From the start of `stepup tenant` until its ready file is there.

use std::path::Path;

use crate::{
    report::{Figure, Promise},
    sample::median,
    tenant::Tenant,
};

/// First starts make a key, whose time is a matter of luck: more of them.
const FIRST: usize = 15;
const LATER: usize = 11;

pub(crate) fn times(stepup: &Path, scratch: &Path) -> anyhow::Result<[Figure; 2]> {
    let start = |data: &Path| -> anyhow::Result<f64> {
        let tenant = Tenant::start(stepup, data)?;
        let took = tenant.took.as_secs_f64() * 1000.0;
        tenant.stop()?;
        Ok(took)
    };
    let first =
        (0..FIRST).map(|n| start(&scratch.join(format!("first-{n}")))).collect::<anyhow::Result<Vec<_>>>()?;
    let kept = scratch.join("first-0");
    let later = (0..LATER).map(|_| start(&kept)).collect::<anyhow::Result<Vec<_>>>()?;
    Ok([
        Figure {
            name: "tenant ready, its key kept",
            unit: "ms",
            measured: median(later),
            raw: None,
            promise: Some(Promise::AtMost(100.0)),
        },
        Figure {
            name: "tenant ready, the first time",
            unit: "ms",
            measured: median(first),
            raw: None,
            promise: Some(Promise::AtMost(500.0)),
        },
    ])
}
