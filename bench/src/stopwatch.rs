//! What something takes on a machine that others use too.
//!
//! Linux tells of each thread how long it ran and how long it was ready but had no core
//! (`/proc/PID/task/TID/schedstat`). In an exchange of one request at a time the threads work one after the other, so that
//! its time without those waits is what it would have taken with the cores to itself: work, disk and locks remain.
//! Where two threads wait side by side their waits count twice, so the CPU time that was used is the least that is told.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::Context;

/// Under way.
pub(crate) struct Stopwatch {
    pids: Vec<u32>,
    others: Threads,
    mine: Times,
    started: Instant,
}

impl Stopwatch {
    /// Starts it, for the threads of this process and of those in `others`.
    pub(crate) fn start(others: &[u32]) -> anyhow::Result<Self> {
        let pids = [&[std::process::id()], others].concat();
        let others = Threads::of(&pids)?;
        // the calling thread last, and first in the end: what looking takes is not counted
        Ok(Self { pids, others, mine: Times::read(MINE)?, started: Instant::now() })
    }

    /// The milliseconds since the start, with the cores to itself.
    pub(crate) fn stop(self) -> anyhow::Result<f64> {
        let passed = self.started.elapsed().as_secs_f64() * 1000.0;
        let mine = Times::read(MINE)?.since(self.mine);
        let others = Threads::of(&self.pids)?.since(&self.others);
        Ok((passed - mine.waited - others.waited).max((mine.ran + others.ran).min(passed)))
    }
}

const MINE: &str = "/proc/thread-self/schedstat";

/// Milliseconds that a thread has run, and has waited for a core.
#[derive(Clone, Copy, Debug, Default)]
struct Times {
    ran: f64,
    waited: f64,
}

impl Times {
    fn read(file: impl AsRef<Path>) -> anyhow::Result<Self> {
        let stat = fs::read_to_string(file)?;
        let mut fields = stat.split_whitespace().map_while(|field| field.parse::<f64>().ok());
        let (ran, waited) = fields.next().zip(fields.next()).context("no times in schedstat")?;
        Ok(Self { ran: ran / 1e6, waited: waited / 1e6 })
    }

    fn since(self, before: Self) -> Self {
        Self { ran: self.ran - before.ran, waited: self.waited - before.waited }
    }
}

/// Those of every thread but the calling one.
struct Threads(BTreeMap<PathBuf, Times>);

impl Threads {
    fn of(pids: &[u32]) -> anyhow::Result<Self> {
        let mine = fs::read_link("/proc/thread-self")?;
        let mut threads = BTreeMap::new();
        for pid in pids {
            for task in fs::read_dir(format!("/proc/{pid}/task"))? {
                let folder = task?.path();
                // a thread may end while it is looked at
                if !folder.ends_with(&mine)
                    && let Ok(times) = Times::read(folder.join("schedstat"))
                {
                    threads.insert(folder, times);
                }
            }
        }
        Ok(Self(threads))
    }

    fn since(&self, before: &Self) -> Times {
        let passed =
            self.0.iter().map(|(thread, now)| now.since(before.0.get(thread).copied().unwrap_or_default()));
        passed.fold(Times::default(), |sum, times| Times {
            ran: sum.ran + times.ran,
            waited: sum.waited + times.waited,
        })
    }
}
