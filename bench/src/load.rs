//! HTTP/1.1 over keep-alive connections, with as little work of its own as can be.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use anyhow::Context;

/// Connections that are open at once.
pub(crate) const CONNECTIONS: usize = 16;
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
            connection.stream.write_all(request)?;
        }
        for connection in &mut connections {
            connection.answer()?;
            requests += 1;
        }
    }
    Ok(requests)
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        Ok(Self { stream, buffer: vec![0; 64 << 10] })
    }

    /// Reads one answer to its end.
    fn answer(&mut self) -> anyhow::Result<()> {
        let mut filled = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[filled..])?;
            anyhow::ensure!(read > 0, "the connection ended within an answer");
            filled += read;
            let Some(end) = self.buffer[..filled].windows(4).position(|window| window == b"\r\n\r\n") else {
                continue;
            };
            let head = std::str::from_utf8(&self.buffer[..end])?;
            anyhow::ensure!(
                head.starts_with("HTTP/1.1 200 "),
                "{}",
                String::from_utf8_lossy(&self.buffer[..filled])
            );
            if filled >= end + 4 + content_length(head)? {
                return Ok(());
            }
        }
    }
}

fn content_length(head: &str) -> anyhow::Result<usize> {
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    let length = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    length.and_then(|(_, length)| length.trim().parse().ok()).context("an answer without Content-Length")
}
