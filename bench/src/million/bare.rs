//! What a challenge and a verify cannot do without: an HTTP exchange, reads and commits in SQLite on the same disk, and for
//! a verify the signatures of two tokens.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    thread,
};

use anyhow::Context;
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use rusqlite::{Connection as Sqlite, TransactionBehavior, params};

use crate::{connection::Connection, stopwatch::Stopwatch};

/// What a kind of exchange does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Work {
    pub(super) reads: u32,
    /// Statements that write, of each transaction.
    pub(super) commits: &'static [u32],
    pub(super) signatures: u32,
}

/// Rows of the table.
const ROWS: u32 = 1000;

/// A server of so little, and a connection to it.
pub(super) struct Bare {
    connection: Connection,
}

impl Bare {
    /// A server with its database at `file`.
    pub(super) fn start(file: &Path, kinds: &'static [Work]) -> anyhow::Result<Self> {
        let mut database = Database::make(file)?;
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address: SocketAddr = listener.local_addr()?;
        // it ends with the connection
        thread::spawn(move || {
            let served = listener.accept().map_err(Into::into).and_then(|(stream, _)| {
                stream.set_nodelay(true)?;
                database.serve(stream, kinds)
            });
            served.unwrap_or_else(|error| println!("the bare server failed: {error:#}"));
        });
        Ok(Self { connection: Connection::open(address)? })
    }

    /// Milliseconds that an exchange of the kind with this number takes.
    pub(super) fn exchange(&mut self, kind: usize) -> anyhow::Result<f64> {
        let request = format!(
            "POST /{kind} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 300\r\n\r\n{}",
            "x".repeat(300)
        );
        let watch = Stopwatch::start(&[])?;
        let status = self.connection.exchange(request.as_bytes())?.status;
        let took = watch.stop()?;
        anyhow::ensure!(status == 200, "the bare server answered {status}");
        Ok(took)
    }
}

struct Database {
    sqlite: Sqlite,
    key: RsaKeyPair,
    /// The row that is next.
    next: u32,
}

impl Database {
    fn make(file: &Path) -> anyhow::Result<Self> {
        let mut sqlite = Sqlite::open(file)?;
        sqlite.pragma_update(None, "journal_mode", "WAL")?;
        sqlite.pragma_update(None, "synchronous", "NORMAL")?;
        let transaction = sqlite.transaction()?;
        transaction.execute("CREATE TABLE bare (id INTEGER PRIMARY KEY, data TEXT NOT NULL)", [])?;
        for id in 0..ROWS {
            transaction.execute("INSERT INTO bare (id, data) VALUES (?, ?)", params![id, "d".repeat(400)])?;
        }
        transaction.commit()?;
        let key = RsaKeyPair::generate(KeySize::Rsa2048).ok().context("no RSA key")?;
        Ok(Self { sqlite, key, next: 0 })
    }

    fn serve(&mut self, mut stream: TcpStream, kinds: &[Work]) -> anyhow::Result<()> {
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 1500\r\n\r\n{}", "x".repeat(1500));
        let mut request = [0; 4096];
        loop {
            let read = stream.read(&mut request)?;
            if read == 0 {
                return Ok(());
            }
            let kind = request.get(6).map_or(0, |digit| usize::from(digit.saturating_sub(b'0')));
            self.work(kinds.get(kind).context("there is no such kind")?)?;
            stream.write_all(answer.as_bytes())?;
        }
    }

    fn work(&mut self, work: &Work) -> anyhow::Result<()> {
        for _ in 0..work.reads {
            self.next = (self.next + 7) % ROWS;
            let mut select = self.sqlite.prepare_cached("SELECT data FROM bare WHERE id = ?")?;
            let _data: String = select.query_one([self.next], |row| row.get(0))?;
        }
        for &statements in work.commits {
            if statements == 1 {
                write(&self.sqlite, &mut self.next)?;
                continue;
            }
            let transaction = self.sqlite.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for _ in 0..statements {
                write(&transaction, &mut self.next)?;
            }
            transaction.commit()?;
        }
        for _ in 0..work.signatures {
            let mut signature = [0; 256];
            self.key
                .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &[b'm'; 600], &mut signature)
                .ok()
                .context("no signature")?;
        }
        Ok(())
    }
}

/// Writes the row that is next.
fn write(sqlite: &Sqlite, next: &mut u32) -> anyhow::Result<()> {
    *next = (*next + 7) % ROWS;
    sqlite
        .prepare_cached("UPDATE bare SET data = ? WHERE id = ?")?
        .execute(params!["e".repeat(400), *next])?;
    Ok(())
}
