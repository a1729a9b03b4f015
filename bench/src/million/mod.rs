//! Challenge and verify with a thousand and with a million authenticators in a file, and starting on the larger one.
//!
//! A time is that of a whole exchange on one connection over loopback, client included, so that the tenant's own time is
//! less. What cannot be done without is measured bare in the same rounds: the exchange, reads and commits in SQLite, the
//! signatures of two tokens. A virtual machine that is kept from running tells for milliseconds in the 99th percentile, of
//! the bare work as well: that stands beside it. Of each round the percentiles count, and of those the median.
//!
//! Every 32nd RSA signature takes twice as long, as AWS-LC then makes a new blinding factor: of verifies, which sign twice, one in
//! sixteen. It is in the 99th percentile of the bare work too.

mod bare;
mod file;
mod flat;
mod flow;

use std::{
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::runtime::Runtime;

use self::{
    bare::{Bare, Work},
    file::File,
    flow::Client,
};
use crate::{
    report::{Figure, Promise, Raw},
    sample::{median, quantile},
    tenant::Tenant,
};

const FEW: u32 = 1_000;
const MANY: u32 = 1_000_000;
const ROUNDS: usize = 5;
/// Flows of one round with each factor. All rounds of the small file together use every app once, as a code is good once,
/// and no phone more often than messages may be sent to it.
const FLOWS: usize = 170;
/// Flows before anything is measured.
const WARM_UP: usize = 30;
const STARTS: usize = 5;

/// The exchanges, in the order of [`WORK`].
const NAMES: [[&str; 3]; 4] = [
    [
        "challenge otp, 1,000,000 authenticators, p50",
        "challenge otp, 1,000,000 authenticators, p99",
        "… beside 1,000 authenticators, p99",
    ],
    [
        "verify otp, 1,000,000 authenticators, p50",
        "verify otp, 1,000,000 authenticators, p99",
        "… beside 1,000 authenticators, p99",
    ],
    [
        "challenge sms, 1,000,000 authenticators, p50",
        "challenge sms, 1,000,000 authenticators, p99",
        "… beside 1,000 authenticators, p99",
    ],
    [
        "verify sms, 1,000,000 authenticators, p50",
        "verify sms, 1,000,000 authenticators, p99",
        "… beside 1,000 authenticators, p99",
    ],
];

/// What they cannot do without.
const BARE: &str = "HTTP, reads, commits, signatures";

/// What each exchange does in the store, and what it signs: the transaction, the user and what they hold are read; a limit, a
/// proof, a message are written, and in the end the log.
const WORK: [Work; 4] = [
    Work { reads: 3, commits: &[2], signatures: 0 },
    Work { reads: 4, commits: &[3, 3], signatures: 2 },
    Work { reads: 3, commits: &[2, 1, 3], signatures: 0 },
    Work { reads: 5, commits: &[4, 3], signatures: 2 },
];

/// Whether memory stays flat while the tenant of the larger file works for `time`.
pub(crate) fn memory(stepup: &Path, kept: &Path, time: Duration) -> anyhow::Result<[Figure; 2]> {
    let runtime = runtime()?;
    let file = runtime.block_on(File::prepare(&kept.join("million"), MANY))?;
    let mut measured = Measured::start(&runtime, &file, stepup)?;
    flat::under_load(&runtime, &mut measured, time)
}

/// Challenge, verify and start.
pub(crate) fn speed(stepup: &Path, scratch: &Path, kept: &Path) -> anyhow::Result<Vec<Figure>> {
    let runtime = runtime()?;
    let few = runtime.block_on(File::prepare(&scratch.join("thousand"), FEW))?;
    let many = runtime.block_on(File::prepare(&kept.join("million"), MANY))?;
    let mut figures = vec![start(&many, stepup)?];
    let mut bare = Bare::start(&scratch.join("bare.db"), &WORK)?;
    let mut few = Measured::start(&runtime, &few, stepup)?;
    let mut many = Measured::start(&runtime, &many, stepup)?;
    let mut least: [Percentiles; 4] = Default::default();
    for _ in 0..ROUNDS {
        runtime.block_on(few.round())?;
        runtime.block_on(many.round())?;
        for (kind, least) in least.iter_mut().enumerate() {
            least.add((0..FLOWS).map(|_| bare.exchange(kind)).collect::<anyhow::Result<_>>()?);
        }
    }
    for (kind, names) in NAMES.into_iter().enumerate() {
        let [many, few, least] = [&many.percentiles[kind], &few.percentiles[kind], &least[kind]];
        let figure = |name, measured, raw, promise| Figure {
            name,
            unit: "ms",
            measured,
            raw: Some(raw),
            promise: Some(promise),
        };
        let bare = |measured| Raw { name: BARE, measured };
        figures.extend([
            figure(names[0], many.p50(), bare(least.p50()), Promise::AtMost(2.0)),
            figure(names[1], many.p99(), bare(least.p99()), Promise::AtMost(2.0)),
            figure(names[2], many.p99(), Raw { name: "1,000", measured: few.p99() }, Promise::TimesRaw(2.0)),
        ]);
    }
    Ok(figures)
}

/// For the client's few calls of the store.
fn runtime() -> std::io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

fn start(file: &File, stepup: &Path) -> anyhow::Result<Figure> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let tenant = file.start(stepup)?;
        times.push(tenant.took.as_secs_f64() * 1000.0);
        tenant.stop()?;
    }
    Ok(Figure {
        name: "tenant ready, 1,000,000 authenticators",
        unit: "ms",
        measured: median(times),
        raw: None,
        promise: Some(Promise::AtMost(1000.0)),
    })
}

/// Of the rounds of one kind of exchange, in milliseconds.
#[derive(Debug, Default)]
struct Percentiles {
    p50: Vec<f64>,
    p99: Vec<f64>,
}

impl Percentiles {
    fn add(&mut self, round: Vec<f64>) {
        self.p50.push(median(round.clone()));
        self.p99.push(quantile(round, 0.99));
    }

    fn p50(&self) -> f64 {
        median(self.p50.clone())
    }

    fn p99(&self) -> f64 {
        median(self.p99.clone())
    }
}

/// A tenant under measurement.
struct Measured {
    client: Client,
    tenant: Tenant,
    users: Users,
    /// In the order of [`WORK`].
    percentiles: [Percentiles; 4],
}

impl Measured {
    fn start(runtime: &Runtime, file: &File, stepup: &Path) -> anyhow::Result<Self> {
        let tenant = file.start(stepup)?;
        let client = Client::new(&tenant, file)?;
        let mut measured = Self { client, tenant, users: Users::of(file)?, percentiles: Default::default() };
        runtime.block_on(measured.flows(WARM_UP))?;
        Ok(measured)
    }

    async fn round(&mut self) -> anyhow::Result<()> {
        let times = self.flows(FLOWS).await?;
        for (percentiles, times) in self.percentiles.iter_mut().zip(times) {
            percentiles.add(times);
        }
        Ok(())
    }

    /// So many flows by app, and as many by phone; the milliseconds of each exchange, in the order of [`WORK`].
    async fn flows(&mut self, number: usize) -> anyhow::Result<[Vec<f64>; 4]> {
        let mut times: [Vec<f64>; 4] = Default::default();
        for _ in 0..number {
            let app = self.client.step_up(self.users.next_app()).await?;
            let phone = self.client.step_up(self.users.next_phone()).await?;
            let took = [app.challenge, app.verify, phone.challenge, phone.verify];
            for (times, took) in times.iter_mut().zip(took) {
                times.push(took);
            }
        }
        Ok(times)
    }
}

/// Users from all over a file, none of them soon again.
struct Users {
    apps: u32,
    phones: u32,
    next: u32,
}

/// More users than a run needs of one kind.
const A_RUN: u64 = 1000;
/// Between one user and the next; prime, so that all have their turn.
const STRIDE: u32 = 7919;

impl Users {
    /// Other users than in the runs of the last seconds: a code is good once, and a phone gets so many messages an hour.
    fn of(file: &File) -> anyhow::Result<Self> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let phones = file.users / file::PHONES;
        Ok(Self { apps: file.users - phones, phones, next: (now % 1_000_000 * A_RUN) as u32 })
    }

    fn next_app(&mut self) -> u32 {
        let place = self.place(self.apps);
        place / (file::PHONES - 1) * file::PHONES + 1 + place % (file::PHONES - 1)
    }

    fn next_phone(&mut self) -> u32 {
        let place = self.place(self.phones) * file::PHONES;
        self.next += 1;
        place
    }

    fn place(&self, of: u32) -> u32 {
        (u64::from(self.next) * u64::from(STRIDE) % u64::from(of)) as u32
    }
}
