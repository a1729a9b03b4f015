//! What a developer runs: `cargo xtask test`, `cargo xtask bench`, `cargo xtask fuzz`.
#![expect(clippy::print_stdout, reason = "a developer's tool speaks on the terminal")]

mod bench;
mod fuzz;
mod test;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "What a developer runs")]
enum Task {
    /// Measures what is promised, built for release; prints a table and writes target/bench.json
    Bench(bench::Options),
    /// Runs the fuzz targets, each for a while, and stops at the first that finds something
    Fuzz(fuzz::Options),
    /// Installs what the tests need and is missing, then runs them all: what CI runs
    Test(test::Options),
}

fn main() -> ExitCode {
    let result = match Task::parse() {
        Task::Bench(options) => bench::run(&options),
        Task::Fuzz(options) => fuzz::run(&options),
        Task::Test(options) => test::run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
