//! `approdo-keys`, the offline tool (protocol sections 3, 4, 6 and 12.6; docs/offline-keys.md): root ceremony, certificates,
//! operators, epochs, and the demonstration network.
//!
//! Invariants: it never runs on the server; it writes secrets only into files that their owner alone may read, and never over
//! another secret; what it publishes verifies under the root before it is written.

mod certify;
mod cli;
mod demo;
mod epoch;
mod failure;
mod files;
mod formats;
mod names;
mod network;
mod open;
mod operator;
mod paper;
mod publication;
mod verify;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use jiff::Timestamp;
use rand_core::OsRng;

use crate::cli::{Arguments, Command, NetworkCommand, OperatorCommand, PaperCommand};
use crate::failure::Failure;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(said) => match writeln!(io::stdout(), "{}", said.join("\n")) {
            Ok(()) => ExitCode::SUCCESS,
            // Nobody read what had to be read once, a passphrase perhaps: that is a failure.
            Err(_) => ExitCode::FAILURE,
        },
        Err(failure) => {
            // Where not even the error can be written, the exit code has to do.
            let _ = writeln!(io::stderr(), "approdo-keys: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<Vec<String>, Failure> {
    let now = arguments.now.unwrap_or_else(clock);
    // Whole seconds: finer times would only make documents longer.
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let rng = &mut OsRng;
    match &arguments.command {
        Command::Network(NetworkCommand::Init(arguments)) => network::init(arguments, now, rng),
        Command::Paper(PaperCommand::New(arguments)) => paper::new(arguments, rng),
        Command::Operator(OperatorCommand::New(arguments)) => operator::new(arguments, rng),
        Command::Operator(OperatorCommand::Join(arguments)) => operator::join(arguments, now, rng),
        Command::Certify(arguments) => certify::certify(arguments, now, rng),
        Command::Epoch(arguments) => epoch::epoch(arguments, now, rng),
        Command::Verify(arguments) => verify::verify(arguments, now),
        Command::Open(arguments) => open::open(arguments, now),
        Command::Demo(arguments) => demo::demo(arguments, now, rng),
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where this program reads the clock")]
fn clock() -> Timestamp {
    Timestamp::now()
}
