//! Reading a backup again: every byte against its hash, every table against its count, every reference; and, when asked for, the signature of
//! every item.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use platform::database::{DatabaseError, portable};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use uuid::Uuid;

use super::folder::{self, Names};
use super::making::{known_schema, network_of, schema_of};
use super::manifest::{Age, Manifest, Part, age_of, hex};
use super::rows::{Pages, count, id_at, number, texts};
use super::tables::list;
use super::{Failed, frames};
use crate::keeping::Tombstones;

/// A backup that is what it was when it was made.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What it says of itself.
    pub manifest: Manifest,
    /// Whether its wraps may be used. Those that may not were perhaps deleted already, and were not read.
    pub age: Age,
    pub(super) data: PathBuf,
    pub(super) wraps: PathBuf,
    pub(super) tombstones: Tombstones,
}

/// The files of a backup, opened to be read.
#[derive(Debug)]
pub struct OpenFiles {
    /// Everything but the wraps.
    pub data: DatabaseConnection,
    /// The wraps, as long as they may be used.
    pub wraps: Option<DatabaseConnection>,
}

impl Checked {
    /// Opens its files.
    ///
    /// # Errors
    /// [`Failed::Database`].
    pub async fn open(&self) -> Result<OpenFiles, Failed> {
        let wraps = if self.age == Age::Usable { Some(portable::open(&self.wraps).await?) } else { None };
        Ok(OpenFiles { data: portable::open(&self.data).await?, wraps })
    }
}

impl OpenFiles {
    /// Closes them.
    ///
    /// # Errors
    /// [`Failed::Database`].
    pub async fn close(self) -> Result<(), Failed> {
        for file in std::iter::once(self.data).chain(self.wraps) {
            file.close().await.map_err(DatabaseError::from)?;
        }
        Ok(())
    }
}

/// What a look at every item says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Frames {
    /// Items whose bytes, place and signature are right.
    pub right: u64,
    /// Items whose wraps are gone: without them the signature cannot be verified.
    pub without_wraps: u64,
}

/// Reads a whole backup again.
///
/// # Errors
/// [`Failed`] with the first thing that is wrong.
pub async fn check(backup: &Path, now: Timestamp) -> Result<Checked, Failed> {
    let manifest = folder::read_manifest(backup)?;
    let names = Names::of(manifest.made_at);
    let parts = [
        (&manifest.data, &names.data),
        (&manifest.wraps, &names.wraps),
        (&manifest.tombstones, &names.tombstones),
    ];
    if parts.iter().any(|(part, name)| part.file != **name) {
        return Err(Failed::Manifest);
    }
    let known = known_schema();
    if let Some(newer) = manifest.schema.iter().find(|step| !known.contains(step)) {
        return Err(Failed::Newer(newer.clone()));
    }
    let age = age_of(manifest.made_at, now);
    check_bytes(backup, &manifest.data)?;
    check_bytes(backup, &manifest.tombstones)?;
    let data = backup.join(&manifest.data.file);
    let wraps = backup.join(&manifest.wraps.file);
    let items = in_file(&data, check_data(&data, &manifest)).await?;
    if age == Age::Usable {
        check_bytes(backup, &manifest.wraps)?;
        in_file(&wraps, check_wraps(&wraps, &manifest, &items)).await?;
    }
    let list = backup.join(&manifest.tombstones.file);
    let (tombstones, unreadable) = Tombstones::read(&list).map_err(|error| Failed::file(&list, error))?;
    if unreadable > 0 || u64::try_from(tombstones.len()).ok() != manifest.tombstones.rows.get("list").copied()
    {
        return Err(Failed::damaged(&manifest.tombstones.file, "it has another number of lines"));
    }
    Ok(Checked { manifest, age, data, wraps, tombstones })
}

/// Verifies every item of a backup that was checked: that it is a frame, stands in its place, and was signed by its author. Chains have no gap.
///
/// # Errors
/// [`Failed`] with the first item that is wrong.
pub async fn check_frames(checked: &Checked) -> Result<Frames, Failed> {
    let files = checked.open().await?;
    let outcome = frames::check(&files.data, files.wraps.as_ref(), &checked.manifest.data.file).await;
    files.close().await?;
    outcome
}

fn check_bytes(backup: &Path, part: &Part) -> Result<(), Failed> {
    let path = backup.join(&part.file);
    if !path.is_file() {
        return Err(Failed::Missing(part.file.clone()));
    }
    let (bytes, hash) = folder::measure(&path)?;
    if bytes == part.bytes && hex(&hash) == part.sha256 {
        Ok(())
    } else {
        Err(Failed::damaged(&part.file, "its bytes are not those that were written"))
    }
}

/// A database error about a file of the backup is damage of that file, and says nothing about the database in use.
async fn in_file<T>(path: &Path, work: impl Future<Output = Result<T, Failed>>) -> Result<T, Failed> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    work.await.map_err(|failed| match failed {
        Failed::Database(error) => Failed::damaged(&name, platform::log::chain(&error)),
        other => other,
    })
}

/// Structure, references and counts of the data; the ids of all items.
async fn check_data(path: &Path, manifest: &Manifest) -> Result<HashSet<Uuid>, Failed> {
    let file = portable::open(path).await?;
    let name = &manifest.data.file;
    check_structure(&file, name).await?;
    let loose = Statement::from_string(file.get_database_backend(), "PRAGMA foreign_key_check");
    if !file.query_all_raw(loose).await.map_err(DatabaseError::from)?.is_empty() {
        return Err(Failed::damaged(name, "a row refers to one that is not there"));
    }
    check_counts(&file, name, &manifest.data.rows).await?;
    if schema_of(&file).await? != manifest.schema
        || network_of(&file).await? != manifest.network
        || texts(&file, "SELECT max(week) FROM report").await?.pop() != manifest.newest_week
    {
        return Err(Failed::Manifest);
    }
    for (column, chain) in [("conversation_items", "conversation"), ("notes_items", "notes")] {
        // A chain of n items has the places 1 to n, each once (UNIQUE).
        let gaps = format!(
            "SELECT count(*) FROM report r WHERE {column} <> \
             (SELECT count(*) FROM report_item i WHERE i.case_id = r.id AND i.chain = '{chain}' AND i.seq <= r.{column})"
        );
        if number(&file, &gaps).await? > 0 {
            return Err(Failed::damaged(name, format!("a {chain} has a gap")));
        }
    }
    let items = ids(&file, "report_item").await?;
    file.close().await.map_err(DatabaseError::from)?;
    Ok(items)
}

/// Structure and counts of the wraps, and that each is of an item that is there.
async fn check_wraps(path: &Path, manifest: &Manifest, items: &HashSet<Uuid>) -> Result<(), Failed> {
    let file = portable::open(path).await?;
    let name = &manifest.wraps.file;
    check_structure(&file, name).await?;
    check_counts(&file, name, &manifest.wraps.rows).await?;
    if !ids(&file, "report_wrap").await?.is_subset(items) {
        return Err(Failed::damaged(name, "a wrap is of an item that is not there"));
    }
    Ok(file.close().await.map_err(DatabaseError::from)?)
}

async fn check_structure(file: &DatabaseConnection, name: &str) -> Result<(), Failed> {
    match texts(file, "PRAGMA integrity_check(1)").await?.first().map(String::as_str) {
        Some("ok") => Ok(()),
        other => Err(Failed::damaged(name, other.unwrap_or("no answer"))),
    }
}

async fn check_counts(
    file: &DatabaseConnection,
    name: &str,
    rows: &BTreeMap<String, u64>,
) -> Result<(), Failed> {
    for (table, expected) in rows {
        let found = count(file, table).await?;
        if found != *expected {
            return Err(Failed::damaged(name, format!("{table} has {found} rows and not {expected}")));
        }
    }
    Ok(())
}

/// The first column of the key of every row.
async fn ids(file: &DatabaseConnection, name: &str) -> Result<HashSet<Uuid>, Failed> {
    let mut ids = HashSet::new();
    let tables = list(file).await?;
    let Some(table) = tables.iter().find(|table| table.name == name) else { return Ok(ids) };
    let keys = table.only(&[]);
    let mut pages = Pages::of(file, &keys, 2_048);
    while let Some(rows) = pages.next().await? {
        ids.extend(rows.iter().filter_map(|row| id_at(row, 0)));
    }
    Ok(ids)
}
