//! `approdo backup` and `approdo restore`: what they are asked, and what they say. The rules are `network::backup`; docs/backup.md is for the
//! person who uses them.

mod lists;

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use network::backup::{self, Age, Failed, Manifest, Order, Wanted};
use network::keeping;
use platform::config::{Config, DatabaseUrl};
use platform::log;

use crate::command::{Failure, connect, not_opened, say};

#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// The folder of backups; it is made when it is missing
    folder: PathBuf,
    /// How many backups are kept; wraps are deleted after seven days all the same
    #[arg(long, value_name = "NUMBER", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..))]
    keep: u16,
    /// Make none: read the backups in the folder, or one of them, from end to end
    #[arg(long, conflicts_with = "keep")]
    verify: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// A backup, or the folder of backups: then the newest
    folder: PathBuf,
    /// The new database: sqlite:PATH of a file that is not there, or postgres://USER:PASSWORD@HOST:PORT/DATABASE of an empty one
    #[arg(long, value_name = "ADDRESS")]
    into: String,
    /// A list of what was shredded; can be given several times
    #[arg(long, value_name = "FILE")]
    tombstones: Vec<PathBuf>,
    /// There is no list of what was shredded after the backup: that comes back
    #[arg(long)]
    tombstones_lost: bool,
}

/// Makes a backup, or reads those that are there.
pub(crate) async fn back_up(config: &Config, asked: &Backup, now: Timestamp) -> Result<(), Failure> {
    if asked.verify {
        return verify(asked, now).await;
    }
    if let DatabaseUrl::Sqlite(path) = &config.database
        && !path.is_file()
    {
        return Err(Failure::new(format!(
            "{}: there is no such file, so there is nothing to keep",
            path.display()
        )));
    }
    let database = connect(config).await?;
    let tombstones = keeping::tombstone_file(&database, config.tombstones.as_deref()).await?;
    let name = config.database.without_password();
    let order = Order {
        database: &database,
        name: &name,
        folder: &asked.folder,
        tombstones: tombstones.as_deref(),
        keep: usize::from(asked.keep),
        now,
    };
    let made = match backup::make(&order).await {
        Ok(made) => made,
        Err(Failed::Database(error)) => return Err(not_opened(config, &error)),
        Err(failed) => return Err(failed.into()),
    };
    database.close().await?;
    let mut lines = vec![
        format!(
            "kept {name} in {}: {}, {}",
            made.path.display(),
            contents(&made.manifest),
            size(made.manifest.bytes())
        ),
        "read again: every byte, row and reference is as it was written".to_owned(),
        newest(&made.manifest),
    ];
    if made.wraps_erased > 0 {
        let backups = counted(made.wraps_erased, "backup", "backups");
        lines.push(format!("deleted the wraps of {backups} that are older than seven days"));
    }
    if made.pruned > 0 {
        lines.push(format!("deleted {}", counted(made.pruned, "older backup", "older backups")));
    }
    say_all(&lines)
}

/// Says lines.
fn say_all(lines: &[String]) -> Result<(), Failure> {
    say(&format!("{}\n", lines.join("\n")))
}

async fn verify(asked: &Backup, now: Timestamp) -> Result<(), Failure> {
    let mut damaged = 0_usize;
    let all = backup::list(&asked.folder)?;
    for found in &all {
        let text = match look_through(&found.path, now).await {
            Ok(text) => text,
            Err(failed) => {
                damaged += 1;
                format!("NOT WHOLE: {}", log::chain(&failed))
            }
        };
        say(&format!("{}: {text}\n", found.path.display()))?;
    }
    if damaged > 0 {
        let text = format!("{damaged} of {} cannot be restored", counted(all.len(), "backup", "backups"));
        return Err(Failure::new(text));
    }
    Ok(())
}

async fn look_through(path: &std::path::Path, now: Timestamp) -> Result<String, Failed> {
    let checked = backup::check(path, now).await?;
    let made = format!("made on {}, {}", day_of(checked.manifest.made_at()), contents(&checked.manifest));
    if checked.age != Age::Usable {
        return Ok(format!(
            "the data is whole, {made}; its wraps are older than seven days or from a clock that was wrong: it is not restored any more, \
             and no signature could be verified"
        ));
    }
    let frames = backup::check_frames(&checked).await?;
    let skipped = match frames.without_wraps {
        0 => String::new(),
        skipped => format!("; {skipped} without wraps, because they are being shredded, were not verified"),
    };
    Ok(format!(
        "whole, {made}; the signatures of {} are right{skipped}",
        counted(frames.right, "item", "items")
    ))
}

/// Brings a backup back into a new database.
pub(crate) async fn restore(config: &Config, asked: &Restore, now: Timestamp) -> Result<(), Failure> {
    let target =
        DatabaseUrl::parse(&asked.into).map_err(|expected| Failure::new(format!("--into: {expected}")))?;
    if let DatabaseUrl::Sqlite(path) = &target
        && path.exists()
    {
        return Err(Failed::Taken(path.display().to_string()).into());
    }
    let found = backup::newest(&asked.folder, now)?;
    let manifest = backup::read_manifest(&found.path)?;
    let outside = lists::gather(config, &target, &asked.tombstones).await?;
    if let (Some(kept), Some(old)) = (manifest.network(), &outside.network)
        && kept.to_string() != *old
    {
        return Err(Failure::new(format!(
            "the backup is of the network {kept}, and {} holds the network {old}: take another folder, or name with --database the database \
             that is replaced",
            config.database.without_password()
        )));
    }
    if !outside.is_known && !asked.tombstones_lost {
        return Err(Failure::new(format!(
            "no list says what was shredded after {}: name the old database with --database, or its list with --tombstones FILE.\nIf both \
             are lost for good, say so with --tombstones-lost: then what was shredded since comes back, and is to be shredded again",
            day_of(found.made_at)
        )));
    }
    let restored = backup::restore(&Wanted {
        folder: &found.path,
        target: &target,
        outside: &outside.list,
        tombstones: config.tombstones.as_deref(),
        now,
    })
    .await?;
    let mut lines = outside.said;
    lines.extend([
        format!(
            "restored {}, made on {}, into {}",
            restored.backup.display(),
            day_of(restored.manifest.made_at()),
            target.without_password()
        ),
        format!(
            "{} with {} are in it; read again, it is whole",
            counted(restored.cases, "report", "reports"),
            counted(restored.items, "item", "items")
        ),
        newest(&restored.manifest),
        "what came after the backup was made is not in it: reports, answers, sign-in changes, imports"
            .to_owned(),
    ]);
    match restored.shredded {
        0 => {}
        1 => {
            lines
                .push("1 report that the backup still had was shredded since, and stays shredded".to_owned());
        }
        many => {
            lines.push(format!(
                "{many} reports that the backup still had were shredded since, and stay shredded"
            ));
        }
    }
    lines.push("nobody is signed in. Next: set `database` to the new one and start the server".to_owned());
    say_all(&lines)
}

/// What is in a backup, in numbers a person understands.
fn contents(manifest: &Manifest) -> String {
    [
        ("centre", "centre", "centres"),
        ("person", "person", "people"),
        ("report", "report", "reports"),
        ("report_item", "item", "items"),
        ("file", "file", "files"),
    ]
    .map(|(table, one, many)| counted(manifest.rows_of(table), one, many))
    .join(", ")
}

fn newest(manifest: &Manifest) -> String {
    manifest.newest_week().map_or_else(
        || "no report is in it".to_owned(),
        |week| format!("the newest report in it is of week {week}"),
    )
}

fn counted(number: impl TryInto<u64>, one: &str, many: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{number} {}", if number == 1 { one } else { many })
}

fn day_of(time: Timestamp) -> String {
    time.strftime("%-d %B %Y at %H:%M UTC").to_string()
}

/// Bytes as a person says them.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_048_576 => format!("{} KiB", bytes.div_ceil(1_024)),
        1_048_576..1_073_741_824 => format!("{} MiB", bytes.div_ceil(1_048_576)),
        _ => format!("{}.{} GiB", bytes / 1_073_741_824, bytes % 1_073_741_824 * 10 / 1_073_741_824),
    }
}
