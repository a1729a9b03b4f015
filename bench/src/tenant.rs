//! A `stepup tenant` of its own process.

use std::{
    ffi::OsStr,
    fs,
    net::{SocketAddr, ToSocketAddrs},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::Context;
use serde::Deserialize;

/// A tenant under way; killed when dropped.
pub(crate) struct Tenant {
    process: Child,
    ready: Ready,
    /// From the start of the process until it was ready.
    pub(crate) took: Duration,
}

#[derive(Deserialize)]
struct Ready {
    issuer: String,
    domain: String,
    clients: Vec<Credentials>,
}

/// A client of the built-in configuration.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Credentials {
    name: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<String>,
}

impl Tenant {
    /// Starts a tenant with its keys in `data` and waits until it is ready.
    pub(crate) fn start(stepup: &Path, data: &Path) -> anyhow::Result<Self> {
        Self::start_with(stepup, data, &[])
    }

    /// As [`Tenant::start`], with more on the command line.
    pub(crate) fn start_with(stepup: &Path, data: &Path, arguments: &[&OsStr]) -> anyhow::Result<Self> {
        fs::create_dir_all(data)?;
        let ready_file = data.join("ready.json");
        if ready_file.exists() {
            fs::remove_file(&ready_file)?;
        }
        let started = Instant::now();
        let mut process = Command::new(stepup)
            .args(["tenant", "--port", "0", "--data-dir"])
            .arg(data)
            .arg("--ready-file")
            .arg(&ready_file)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .with_context(|| format!("cannot run {}", stepup.display()))?;
        while !ready_file.exists() {
            anyhow::ensure!(process.try_wait()?.is_none(), "the tenant ended before it was ready");
            anyhow::ensure!(
                started.elapsed() < Duration::from_secs(20),
                "the tenant is not ready after 20 s"
            );
            thread::sleep(Duration::from_micros(200));
        }
        let took = started.elapsed();
        let ready = serde_json::from_slice(&fs::read(&ready_file)?)?;
        Ok(Self { process, ready, took })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// What `Host` says.
    pub(crate) fn domain(&self) -> &str {
        &self.ready.domain
    }

    /// Ends in a slash.
    pub(crate) fn issuer(&self) -> &str {
        &self.ready.issuer
    }

    pub(crate) fn address(&self) -> anyhow::Result<SocketAddr> {
        let addresses = self.ready.domain.to_socket_addrs()?;
        let reachable = |address: &SocketAddr| std::net::TcpStream::connect(address).is_ok();
        addresses.into_iter().find(reachable).context("the tenant cannot be reached")
    }

    pub(crate) fn client(&self, name: &str) -> anyhow::Result<&Credentials> {
        self.ready
            .clients
            .iter()
            .find(|client| client.name == name)
            .with_context(|| format!("no client `{name}`"))
    }

    /// Stops it without ceremony: nothing of it is kept.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }
}

impl Drop for Tenant {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) && self.process.kill().is_ok() {
            drop(self.process.wait());
        }
    }
}
