//! Cores that do not sleep.
//!
//! A virtual machine takes up to milliseconds to wake a core, at every hand-over from thread to thread: the hypervisor's
//! time, not the program's. A loop on each core that gives way to whatever else is ready keeps them awake.

use std::{
    process::{Child, Command, Stdio},
    thread,
};

/// The loops; they end with this.
pub(crate) struct Awake(Vec<Child>);

impl Awake {
    /// Keeps every core awake, where the machine can run something at the priority of nothing at all (`chrt`, util-linux).
    pub(crate) fn keep() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let spin = || {
            Command::new("chrt")
                .args(["--idle", "0", "sh", "-c", "while :; do :; done"])
                .stderr(Stdio::null())
                .spawn()
        };
        Self((0..cores).map_while(|_| spin().ok()).collect())
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // it has ended where it could not have that priority
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
