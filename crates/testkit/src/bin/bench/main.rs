//! `bench`: what `make bench` measures, beside what was measured of a peer (docs/benchmarks.md).
//!
//! `bench APPRODO FOLDER`: the program to measure, and a folder with `demo/public` in it. Reports are sealed beforehand; then each
//! round posts some with one client, some with sixty-four, and writes the very rows that the server wrote into a bare SQLite file, one
//! durable transaction a report: absolute figures swing with the disk of the machine, the ratio of one round does not.

mod client;
mod machine;
mod sealing;
mod table;
mod yardstick;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use crate::client::Address;
use crate::machine::Server;
use crate::table::{Findings, Round};
use crate::yardstick::Yardstick;

/// Rounds; the median of their ratios is told.
const ROUNDS: usize = 7;
/// Reports that one client posts in a round.
const WITH_ONE: usize = 120;
/// Reports that many clients post in a round.
const WITH_MANY: usize = 480;
/// Clients at once.
const MANY: usize = 64;

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(is_within_budget) if is_within_budget => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            machine::say_error(&format!("bench: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Outcome<bool> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(program), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("usage: bench APPRODO FOLDER".into());
    };
    let (program, folder) = (PathBuf::from(program), PathBuf::from(folder));
    let sealed = sealing::seal(&folder.join("demo/public"), ROUNDS * (WITH_ONE + WITH_MANY))?;
    let centre = sealed.centre;
    let frames: Vec<Arc<[u8]>> = sealed.frames.into_iter().map(Arc::from).collect();

    let stored = folder.join("served.db");
    let bare = folder.join("bare.db");
    for database in [&stored, &bare] {
        machine::prepare(&program, &folder.join("demo/public"), database)?;
    }
    let server = Server::start(&program, &stored).await?;
    let address = server.address().clone();
    let idle = server.memory()?;
    let pages = weigh_pages(&address, &sealed.slug).await?;

    let yardstick = Yardstick::open(&bare, &stored).await?;
    let mut frames = frames.into_iter();
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let one = client::post(&address, frames.by_ref().take(WITH_ONE).collect(), 1).await?;
        let bare_one = yardstick.catch_up().await?;
        let many = client::post(&address, frames.by_ref().take(WITH_MANY).collect(), MANY).await?;
        let bare_many = yardstick.catch_up().await?;
        rounds.push(Round { one, bare_one, many, bare_many });
    }
    let after = server.memory()?;
    let started = server.started_in();
    yardstick.close().await?;
    server.stop()?;

    let findings = Findings { rounds, idle, after, started, pages, many: MANY, centre };
    machine::say(&findings.table());
    Ok(findings.is_within_budget())
}

/// Bytes on the wire of the pages that have a budget, as a browser that takes brotli gets them.
async fn weigh_pages(address: &Address, slug: &str) -> Outcome<Vec<table::Page>> {
    let form = format!("/it/places/{slug}/a");
    Ok(vec![
        table::Page { name: "start page", bytes: client::weigh(address, "/it/", false).await?, budget: 14 },
        table::Page { name: "usable form", bytes: client::weigh(address, &form, false).await?, budget: 30 },
        table::Page {
            name: "form with WebAssembly",
            bytes: client::weigh(address, &form, true).await?,
            budget: 180,
        },
    ])
}
