//! `bench`: what `make bench` measures, beside what was measured of a peer (docs/benchmarks.md).
//!
//! `bench PROGRAM FOLDER RESULTS [PART…]`: the program to measure, a folder with `demo/public` in it for everything that is made on the
//! way, and a folder for what came out. Parts: `reports syncs pages rules memory start browser`; without any, all of them.
//! Whatever depends on the disk or the machine is measured in turns with something that needs nothing of ours, and told as the median of
//! the ratios of the rounds: absolute figures swing, the ratio of one round does not.

mod bare;
mod browser;
mod house;
mod memory;
mod nginx;
mod pages;
mod reports;
mod results;
mod rules;
mod start;
mod syncs;
mod waits;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use testkit::load::Outcome;

use crate::house::{House, Scale};
use crate::results::Results;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            tell(&mut io::stderr(), &format!("bench: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Measures; whether everything holds that holds on every machine.
async fn run() -> Outcome<bool> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [program, folder, out, parts @ ..] = arguments.as_slice() else {
        return Err("usage: bench PROGRAM FOLDER RESULTS [PART…]".into());
    };
    let is_asked = |part: &str| parts.is_empty() || parts.iter().any(|asked| asked == part);
    let scale = if cfg!(debug_assertions) { Scale::QUICK } else { Scale::WHOLE };
    let mut house = House::new(PathBuf::from(program), PathBuf::from(folder), scale)?;
    let mut results = Results::new(PathBuf::from(out))?;
    // Those that wait for the disk first: nothing has warmed or filled it yet.
    if is_asked("reports") {
        reports::measure(&mut house, &mut results).await?;
    }
    if is_asked("syncs") {
        syncs::measure(&mut house, &mut results).await?;
    }
    if is_asked("pages") {
        pages::measure(&house, &mut results).await?;
    }
    if is_asked("rules") {
        rules::measure(&mut results)?;
    }
    if is_asked("memory") {
        memory::measure(&mut house, &mut results).await?;
    }
    if is_asked("start") {
        start::measure(&mut house, &mut results).await?;
    }
    if is_asked("browser") {
        browser::measure(&house, &mut results).await?;
    }
    results.write()?;
    tell(&mut io::stdout(), &results.table());
    Ok(results.holds())
}

/// Says something. Where nobody listens there is nobody to tell.
fn tell(target: &mut impl io::Write, text: &str) {
    let _ = writeln!(target, "{text}");
}

/// Says what is being measured: some parts take minutes.
fn progress(text: &str) {
    tell(&mut io::stderr(), &format!("bench: {text}"));
}
