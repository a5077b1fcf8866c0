//! `approdo verify`: what it is asked, and what it says. The rules are `network::verify`; docs/verify.md is for the person who uses it.

use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;
use network::backup::{self, Failed};
use network::verify::{Source, Unverified, Verified, verify};
use platform::config::{Config, DatabaseUrl};
use platform::log;

use crate::command::{Failure, connect, not_opened, say};

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// A backup, or the folder of backups: then the newest. Without it the database of the configuration, also while it is served
    #[arg(long, value_name = "FOLDER")]
    backup: Option<PathBuf>,
}

/// Replays a database or a backup, and changes nothing in it.
pub(crate) async fn run(config: &Config, asked: &Verify, now: Timestamp) -> Result<(), Failure> {
    let (seen, name) = match &asked.backup {
        Some(folder) => of_backup(folder, now).await?,
        None => (of_database(config).await?, config.database.without_password()),
    };
    let mut lines = vec![
        format!("all holds in {name}"),
        format!(
            "{} certificates and {} statements are signed as they must be; {} epochs are sealed to nobody but those who may have them, in {} \
             wraps",
            seen.certificates, seen.statements, seen.epochs, seen.epoch_wraps
        ),
        format!(
            "{} reports with {} items are what their authors signed, where they belong, and can be opened; {} shredded cases are gone",
            seen.reports, seen.items, seen.shredded
        ),
    ];
    if seen.without_wraps > 0 {
        lines.push(format!("not verified, because their wraps are gone: {} items", seen.without_wraps));
    }
    if seen.paper_alone > 0 {
        lines.push(format!(
            "opened by paper alone, because their centre is not certified for the channel any more: {} items",
            seen.paper_alone
        ));
    }
    say(&format!("{}\n", lines.join("\n")))
}

async fn of_database(config: &Config) -> Result<Verified, Failure> {
    if let DatabaseUrl::Sqlite(path) = &config.database
        && !path.is_file()
    {
        return Err(Failure::new(format!("{}: there is no such file", path.display())));
    }
    let database = connect(config).await?;
    let snapshot = database.snapshot().await?;
    let outcome = verify(Source { data: &snapshot, wraps: Some(&snapshot) }).await;
    snapshot.rollback().await?;
    database.close().await?;
    outcome.map_err(|unverified| match unverified {
        Unverified::Violation(violation) => Failure::new(violation.to_string()),
        Unverified::Database(error) => {
            let told = not_opened(config, &error);
            Failure::new(format!("{told}\nthe tables must be those of this version: `approdo migrate`"))
        }
    })
}

async fn of_backup(folder: &Path, now: Timestamp) -> Result<(Verified, String), Failure> {
    let found = backup::newest(folder, now)?;
    let checked = backup::check(&found.path, now).await?;
    let files = checked.open().await?;
    let outcome = verify(Source { data: &files.data, wraps: files.wraps.as_ref() }).await;
    files.close().await?;
    let name = found.path.display();
    let seen = outcome.map_err(|unverified| match unverified {
        Unverified::Violation(violation) => Failure::new(format!("{name}: {violation}")),
        Unverified::Database(error) => {
            let failed = Failed::Database(error);
            Failure::new(format!(
                "{name}: {}; a backup of an older version is restored first",
                log::chain(&failed)
            ))
        }
    })?;
    Ok((seen, name.to_string()))
}
