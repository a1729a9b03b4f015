//! Memory that the tenant has resident: `VmRSS` and its peak `VmHWM` of `/proc/PID/status` (`proc_pid_status(5)`).

use std::fs;

use anyhow::Context;

use crate::{
    report::{Figure, Promise},
    tenant::Tenant,
};

/// MiB resident now.
pub(crate) fn resident(tenant: &Tenant) -> anyhow::Result<f64> {
    member(tenant, "VmRSS:")
}

/// The most MiB that were resident since the start.
pub(crate) fn peak(tenant: &Tenant) -> anyhow::Result<f64> {
    member(tenant, "VmHWM:")
}

pub(crate) fn figures(idle: f64, peak: f64) -> [Figure; 2] {
    let figure = |name, measured, most| Figure {
        name,
        unit: "MiB",
        measured,
        raw: None,
        promise: Some(Promise::AtMost(most)),
    };
    [figure("tenant resident, idle", idle, 20.0), figure("tenant resident, peak under load", peak, 40.0)]
}

fn member(tenant: &Tenant, name: &str) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{}/status", tenant.pid()))?;
    let kibibytes = status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .and_then(|rest| rest.split_whitespace().next());
    let kibibytes: f64 =
        kibibytes.and_then(|number| number.parse().ok()).with_context(|| format!("no {name} in /proc"))?;
    Ok(kibibytes / 1024.0)
}
