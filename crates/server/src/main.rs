//! The binary `approdo`: configuration, wiring, subcommands.
//!
//! Invariant: it links neither `keyring` nor `age`, so it cannot open what it stores (`scripts/repository-checks.sh`).

mod audit;
mod backup;
mod command;
mod connections;
mod metrics;
mod notices;
mod open_files;
mod serve;
#[cfg(test)]
mod tests;
mod verify;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

use command::Arguments;

#[tokio::main]
async fn main() -> ExitCode {
    match Box::pin(command::run(Arguments::parse())).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Whoever started the program reads this, not the log; it names settings and files, never their contents.
            let mut errors = std::io::stderr().lock();
            let told = failure.to_string().lines().try_for_each(|line| writeln!(errors, "approdo: {line}"));
            if told.is_err() {
                return ExitCode::from(2);
            }
            ExitCode::FAILURE
        }
    }
}
