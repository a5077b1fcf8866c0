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
    let lines = sentences(&seen, &name);
    say(&format!("{}\n", lines.join("\n")))
}

/// What was verified, and what was not: a sentence each.
fn sentences(seen: &Verified, name: &str) -> Vec<String> {
    let (papers, gone) = (
        format!(
            "{} certificates and {} statements are signed as they must be",
            seen.certificates, seen.statements
        ),
        format!("{} shredded cases are gone", seen.shredded),
    );
    let mut lines = if seen.has_wraps {
        vec![
            format!("all holds in {name}"),
            format!(
                "{papers}; {} epochs are sealed to nobody but those who may have them, in {} wraps",
                seen.epochs, seen.epoch_wraps
            ),
            format!(
                "{} reports with {} items are what their authors signed, where they belong, and can be opened; {gone}",
                seen.reports, seen.items
            ),
        ]
    } else {
        vec![
            format!(
                "what can be verified without wraps holds in {name}: those of a backup older than seven days are not used"
            ),
            format!("{papers}; {} epochs are what members' statements made of them", seen.epochs),
            format!(
                "{} reports name epochs that their centres had, and no item of them is missing; {gone}",
                seen.reports
            ),
            format!(
                "not verified: for whom epochs are sealed, and {} items, because without their wraps nobody can say what their authors signed",
                seen.unverified
            ),
        ]
    };
    if seen.without_wraps > 0 {
        lines.push(format!(
            "not verified, because they are being shredded and their wraps are gone: {} items",
            seen.without_wraps
        ));
    }
    if seen.paper_alone > 0 {
        lines.push(format!(
            "opened by paper alone, because their centre is not certified for the channel any more: {} items",
            seen.paper_alone
        ));
    }
    if seen.readers_left > 0 {
        lines.push(format!(
            "opened by paper alone, because everybody who was given their key at its beginning has left: {} items",
            seen.readers_left
        ));
    }
    lines
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_that_nobody_verified_are_not_said_to_be_what_their_authors_signed() {
        let whole = Verified { has_wraps: true, reports: 2, items: 3, ..Verified::default() };
        let said = sentences(&whole, "it").join("\n");
        assert!(said.starts_with("all holds in it\n"), "{said}");
        assert!(said.contains("2 reports with 3 items are what their authors signed"), "{said}");
        assert!(!said.contains("not verified"), "{said}");

        let old = Verified { reports: 2, unverified: 3, ..Verified::default() };
        let said = sentences(&old, "it").join("\n");
        assert!(
            !said.contains("all holds") && !said.contains("are what their authors signed, where"),
            "{said}"
        );
        assert!(said.contains("not verified: for whom epochs are sealed, and 3 items"), "{said}");

        let shredding = Verified { items: 1, without_wraps: 2, ..whole };
        let said = sentences(&shredding, "it").join("\n");
        assert!(said.contains("with 1 items") && said.contains("their wraps are gone: 2 items"), "{said}");
    }
}
