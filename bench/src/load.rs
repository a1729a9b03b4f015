//! Many requests at once.

use std::{
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use anyhow::Context;

use crate::connection::Connection;

/// Connections that are open at once.
const CONNECTIONS: usize = 16;
/// Threads that serve them: each writes to all of its connections, then reads from all.
const THREADS: usize = 2;

/// What a load came to.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) requests: u64,
    pub(crate) elapsed: Duration,
}

/// Sends `request` again and again for `time`; every answer must be a 200.
pub(crate) fn run(address: SocketAddr, request: &[u8], time: Duration) -> anyhow::Result<Load> {
    let started = Instant::now();
    let requests: anyhow::Result<u64> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| client(address, request, time))).collect();
        threads.into_iter().map(|thread| thread.join().ok().context("a client of the load ended")?).sum()
    });
    Ok(Load { requests: requests?, elapsed: started.elapsed() })
}

fn client(address: SocketAddr, request: &[u8], time: Duration) -> anyhow::Result<u64> {
    let mut connections =
        (0..CONNECTIONS / THREADS).map(|_| Connection::open(address)).collect::<anyhow::Result<Vec<_>>>()?;
    let (started, mut requests) = (Instant::now(), 0);
    while started.elapsed() < time {
        for connection in &mut connections {
            connection.send(request)?;
        }
        for connection in &mut connections {
            let answer = connection.answer()?;
            anyhow::ensure!(answer.status == 200, "{}", String::from_utf8_lossy(answer.body));
            requests += 1;
        }
    }
    Ok(requests)
}
