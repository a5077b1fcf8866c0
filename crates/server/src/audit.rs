//! The commands about the audit log: what partner centres keep as witnesses, and whether the log is what they kept.

use std::path::PathBuf;

use clap::Subcommand;
use envelope::audit::checkpoint::Checkpoint;
use envelope::audit::witness;
use envelope::encoding::Hash;
use network::audit::{Unverified, verify};
use network::keeping::stored_tombstones;
use platform::config::Config;

use crate::command::{Failure, open, say};

/// What is asked about the log.
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Print all weekly checkpoints, for a partner centre to keep as a file
    Checkpoint,
    /// Recompute the whole log, and compare it with what partner centres kept
    Verify {
        /// A file that a partner centre kept; may be given several times
        #[arg(long, value_name = "FILE")]
        witness: Vec<PathBuf>,
    },
}

/// Does what was asked. What is printed as a checkpoint was verified before.
pub(crate) async fn run(config: &Config, asked: &Audit) -> Result<(), Failure> {
    let paths: &[PathBuf] = match asked {
        Audit::Checkpoint => &[],
        Audit::Verify { witness } => witness,
    };
    let witnesses = paths.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let database = open(config).await?;
    // As it is at one moment: a server that runs beside shreds and writes down.
    let snapshot = database.snapshot().await?;
    let tombstones = stored_tombstones(&snapshot).await?;
    let cases = tombstones.iter().map(|(hash, _)| Hash::from_bytes(*hash));
    let verified = verify(&snapshot, &witnesses, cases).await;
    snapshot.rollback().await?;
    database.close().await?;
    let verified = verified.map_err(|unverified| match unverified {
        Unverified::Violation(violation) => Failure::new(format!("the log was tampered with: {violation}")),
        Unverified::Database(error) => error.into(),
    })?;
    match asked {
        Audit::Checkpoint => say(&witness::to_text(&verified.checkpoints)),
        Audit::Verify { .. } => {
            let newest = verified.checkpoints.last();
            let newest = newest.map_or_else(
                || "no checkpoint yet".to_owned(),
                |newest| format!("checkpoint {} of {}, {}", newest.number, newest.week, newest.hash()),
            );
            say(&format!(
                "nothing was tampered with: {} leaves, {} of them wait for the end of their week, {} belong to shredded cases; {newest}; \
                 {} witnesses agree\n",
                verified.leaves,
                verified.waiting,
                verified.erased,
                witnesses.len(),
            ))
        }
    }
}

fn read(path: &PathBuf) -> Result<Vec<Checkpoint>, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
    witness::parse(&text).map_err(|_| {
        Failure::new(format!(
            "{} is no whole file of checkpoints: a line was altered or is missing",
            path.display()
        ))
    })
}
