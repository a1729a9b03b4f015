//! CPU time: of a process by `/proc/PID/stat` (`proc_pid_stat(5)`), of the calling thread by its clock (`clock_gettime(2)`).

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use anyhow::Context;
use rustix::time::{ClockId, clock_gettime};

/// Ticks a second in which Linux tells CPU time to programs, on every machine that it runs on.
const TICKS: f64 = 100.0;

/// Seconds of CPU that process `pid` has used.
pub(crate) fn of(pid: u32) -> anyhow::Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // the second field is the program's name in parentheses, and may hold anything
    let (_, fields) = stat.rsplit_once(") ").context("no such process")?;
    let ticks = |field: usize| fields.split(' ').nth(field).and_then(|ticks| ticks.parse::<f64>().ok());
    let (user, system) = ticks(11).zip(ticks(12)).context("no CPU time in /proc")?;
    Ok((user + system) / TICKS)
}

/// Seconds of CPU that this thread has used. Others on the machine do not count, and nor does waiting.
///
/// Asking takes the kernel a moment and touches next to nothing: what is measured finds its caches as it left them.
pub(crate) fn of_this_thread() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Seconds of CPU that one call of `work` takes, with every core busy at it for `time`.
pub(crate) fn of_call(time: Duration, work: &(impl Fn() + Sync)) -> anyhow::Result<f64> {
    let cores = thread::available_parallelism()?.get();
    let before = of(std::process::id())?;
    let calls: u64 = thread::scope(|scope| {
        let busy = || {
            let (started, mut calls) = (Instant::now(), 0);
            while started.elapsed() < time {
                work();
                calls += 1;
            }
            calls
        };
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(busy)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(0)).sum()
    });
    Ok((of(std::process::id())? - before) / calls as f64)
}
