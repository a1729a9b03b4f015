//! What a developer runs: `cargo xtask test`.
#![expect(clippy::print_stdout, reason = "a developer's tool speaks on the terminal")]

mod test;
mod workspace;

use clap::Parser;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "What a developer runs")]
enum Task {
    /// Installs what the tests need and is missing, then runs them all: what CI runs
    Test(test::Options),
}

fn main() -> anyhow::Result<()> {
    match Task::parse() {
        Task::Test(options) => test::run(&options),
    }
}
