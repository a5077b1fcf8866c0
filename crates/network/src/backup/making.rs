//! Making a backup: one consistent look at the database, carried table by table into two SQLite files, whatever the engine.
//!
//! Copying the SQLite file itself would be faster, but only from SQLite to SQLite, and wraps and data could not be kept apart. Rows carried by
//! plain SQL take about as long as the reading and writing of their bytes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::{RoundMode, TimestampRound, Unit};
use platform::database::{Database, DatabaseError, portable};
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction};
use sea_orm_migration::MigratorTrait as _;
use uuid::Uuid;

use super::folder::{self, MANIFEST, Names, Shelf};
use super::manifest::{Manifest, Part, hex};
use super::rows::{Pages, insert, texts};
use super::tables::{Kept, Place, TABLES, Table, entry, list};
use super::{Failed, mark, verifying};
use crate::keeping::{self, Tombstones};
use crate::migrations::Migrations;

/// What shall be kept, and where.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// The database, in use or not.
    pub database: &'a Database,
    /// Its address without a password, for what is said.
    pub name: &'a str,
    /// The folder of backups.
    pub folder: &'a Path,
    /// The file of tombstones outside of the database, when there is one.
    pub tombstones: Option<&'a Path>,
    /// How many backups are kept, at least one.
    pub keep: usize,
    /// The time.
    pub now: Timestamp,
}

/// What was made.
#[derive(Clone, Debug)]
pub struct Made {
    /// Its folder.
    pub path: PathBuf,
    /// What it says of itself.
    pub manifest: Manifest,
    /// Backups whose wraps were deleted because they were older than seven days.
    pub wraps_erased: usize,
    /// Older backups that were deleted.
    pub pruned: usize,
}

/// Makes a backup, reads it again, and only then deletes older ones. Wraps older than seven days are deleted also when no new backup could be
/// made: they are not restored any more, and shredding counts on their end (protocol section 9).
///
/// # Errors
/// [`Failed`]; then nothing of the new backup is left, and of the older ones nothing but wraps that were too old.
pub async fn make(order: &Order<'_>) -> Result<Made, Failed> {
    let shelf = Shelf::take(order.folder)?;
    let made = write_new(order, &shelf).await;
    let erased = shelf.erase_old_wraps(order.now);
    let (path, manifest) = made?;
    let wraps_erased = erased?;
    let pruned = shelf.prune(order.keep.max(1), order.now)?;
    Ok(Made { path, manifest, wraps_erased, pruned })
}

async fn write_new(order: &Order<'_>, shelf: &Shelf) -> Result<(PathBuf, Manifest), Failed> {
    mark::restored_from(order.database, order.name).await?;
    let whole_seconds = TimestampRound::new().smallest(Unit::Second).mode(RoundMode::Trunc);
    let made_at = order.now.round(whole_seconds).unwrap_or(order.now);
    let names = Names::of(made_at);
    let snapshot = order.database.snapshot().await?;
    let schema = schema_of(&snapshot).await?;
    let network = network_of(&snapshot).await?;
    refuse_foreign(shelf, network)?;
    let unfinished = shelf.begin(&names)?;
    let written = fill(order, &snapshot, &unfinished, &names, made_at, schema, network).await;
    // Nothing is kept from the database's own work any longer: reading again needs the files alone.
    snapshot.rollback().await.map_err(DatabaseError::from)?;
    let checked = match written {
        Ok(()) => verifying::check(&unfinished, order.now).await,
        Err(failed) => Err(failed),
    };
    let manifest = match checked {
        Ok(checked) => checked.manifest,
        Err(failed) => {
            // What cannot be removed now, the next run removes.
            drop(folder::remove(&unfinished));
            return Err(failed);
        }
    };
    Ok((shelf.finish(&names, &unfinished)?, manifest))
}

async fn fill(
    order: &Order<'_>,
    snapshot: &DatabaseTransaction,
    unfinished: &Path,
    names: &Names,
    made_at: Timestamp,
    schema: Vec<String>,
    network: Option<Uuid>,
) -> Result<(), Failed> {
    let (data_path, wraps_path) = (unfinished.join(&names.data), unfinished.join(&names.wraps));
    let data = portable::create(&data_path).await.map_err(|error| Failed::writing(unfinished, error))?;
    let wraps = portable::create(&wraps_path).await.map_err(|error| Failed::writing(unfinished, error))?;
    let steps = u32::try_from(schema.len()).unwrap_or(u32::MAX);
    let migrated = Migrations::up(&data, Some(steps)).await;
    migrated.map_err(|error| Failed::writing(unfinished, error.into()))?;
    let copied = copy(snapshot, &data, &wraps, unfinished).await?;
    let newest_week = texts(&data, "SELECT max(week) FROM report").await?.pop();
    for file in [data, wraps] {
        file.close().await.map_err(|error| Failed::writing(unfinished, error.into()))?;
    }
    // Read last: what was shredded while the rows were carried stands in it already.
    let list = tombstones_of(order, snapshot).await?;
    let list_path = unfinished.join(&names.tombstones);
    folder::write(&list_path, list.to_text().as_bytes())?;
    folder::sync(&data_path)?;
    folder::sync(&wraps_path)?;
    let shredded = u64::try_from(list.len()).unwrap_or(u64::MAX);
    let manifest = Manifest {
        program: env!("CARGO_PKG_VERSION").to_owned(),
        made_at,
        network,
        schema,
        newest_week,
        data: part(&data_path, &names.data, copied.data)?,
        wraps: part(&wraps_path, &names.wraps, copied.wraps)?,
        tombstones: part(&list_path, &names.tombstones, BTreeMap::from([("list".to_owned(), shredded)]))?,
    };
    folder::write(&unfinished.join(MANIFEST), manifest.to_text()?.as_bytes())
}

fn part(path: &Path, file: &str, rows: BTreeMap<String, u64>) -> Result<Part, Failed> {
    let (bytes, hash) = folder::measure(path)?;
    Ok(Part { file: file.to_owned(), bytes, sha256: hex(&hash), rows })
}

/// Rows that were carried, by table.
#[derive(Debug, Default)]
struct Copied {
    data: BTreeMap<String, u64>,
    wraps: BTreeMap<String, u64>,
}

async fn copy(
    snapshot: &DatabaseTransaction,
    data: &DatabaseConnection,
    wraps: &DatabaseConnection,
    folder: &Path,
) -> Result<Copied, Failed> {
    let mut copied = Copied::default();
    let tables = list(data).await?;
    if let Some(unlisted) = tables.iter().find(|table| entry(&table.name).is_none()) {
        return Err(Failed::Unlisted(unlisted.name.clone()));
    }
    for kept in &TABLES {
        let Some(table) = tables.iter().find(|table| table.name == kept.name) else { continue };
        match kept.place {
            Place::Nowhere => {}
            Place::Wraps => {
                let rows = copy_apart(snapshot, wraps, table, kept, folder).await?;
                copied.wraps.insert(kept.name.to_owned(), rows);
            }
            Place::Data => {
                let long = table.without(kept.short);
                let pages = Pages::of(snapshot, &long, kept.page);
                let rows = carry(pages, data, &long, folder).await?;
                copied.data.insert(kept.name.to_owned(), rows);
                if !kept.short.is_empty() {
                    let short = table.only(kept.short);
                    let rows = copy_apart(snapshot, wraps, &short, kept, folder).await?;
                    copied.wraps.insert(kept.name.to_owned(), rows);
                }
            }
        }
    }
    Ok(copied)
}

/// Into the file of wraps, whose tables have no references.
async fn copy_apart(
    snapshot: &DatabaseTransaction,
    wraps: &DatabaseConnection,
    table: &Table,
    kept: &Kept,
    folder: &Path,
) -> Result<u64, Failed> {
    let made = wraps.execute_unprepared(&table.to_sql()).await;
    made.map_err(|error| Failed::writing(folder, error.into()))?;
    let pages = Pages::of(snapshot, table, kept.page);
    let pages = if kept.short.is_empty() { pages } else { pages.with_any(kept.short) };
    carry(pages, wraps, table, folder).await
}

async fn carry(
    mut pages: Pages<'_, DatabaseTransaction>,
    target: &DatabaseConnection,
    table: &Table,
    folder: &Path,
) -> Result<u64, Failed> {
    let mut carried = 0;
    while let Some(rows) = pages.next().await? {
        insert(target, table, &rows).await.map_err(|error| Failed::writing(folder, error))?;
        carried += u64::try_from(rows.len()).unwrap_or_default();
    }
    Ok(carried)
}

/// The migrations that have run in a database: the first ones of those that this version knows.
pub(super) async fn schema_of(connection: &impl ConnectionTrait) -> Result<Vec<String>, Failed> {
    let found = if has_table(connection, "seaql_migrations").await? {
        texts(connection, "SELECT version FROM seaql_migrations ORDER BY version").await?
    } else {
        Vec::new()
    };
    if found.is_empty() {
        return Err(Failed::Nothing);
    }
    let known = known_schema();
    for (place, name) in found.iter().enumerate() {
        if known.get(place) != Some(name) {
            return Err(Failed::Newer(name.clone()));
        }
    }
    Ok(found)
}

/// The migrations that this version knows, in order.
pub(super) fn known_schema() -> Vec<String> {
    Migrations::migrations().iter().map(|step| step.name().to_owned()).collect()
}

async fn has_table(connection: &impl ConnectionTrait, name: &str) -> Result<bool, Failed> {
    let question = match connection.get_database_backend() {
        sea_orm::DatabaseBackend::Sqlite => {
            format!("SELECT count(*) FROM sqlite_schema WHERE name = '{name}'")
        }
        _ => format!(
            "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND tablename = '{name}'"
        ),
    };
    Ok(super::rows::number(connection, &question).await? > 0)
}

/// The network of a database; none as long as none was imported.
///
/// # Errors
/// [`Failed::Database`], also when it has no such table.
pub async fn network_of(connection: &impl ConnectionTrait) -> Result<Option<Uuid>, Failed> {
    let statement = sea_orm::Statement::from_string(
        connection.get_database_backend(),
        "SELECT network FROM network_root",
    );
    let row = connection.query_one_raw(statement).await.map_err(DatabaseError::from)?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose().map_err(DatabaseError::from)?)
}

/// A folder holds backups of one network, so that none of another is deleted or restored by mistake.
fn refuse_foreign(shelf: &Shelf, network: Option<Uuid>) -> Result<(), Failed> {
    let Some(found) = network else { return Ok(()) };
    for backup in shelf.list()? {
        // One that cannot be read says nothing; looking through backups finds it.
        let kept = folder::read_manifest(&backup.path).ok().and_then(|manifest| manifest.network);
        if let Some(kept) = kept.filter(|kept| *kept != found) {
            return Err(Failed::Foreign { kept, found });
        }
    }
    Ok(())
}

async fn tombstones_of(order: &Order<'_>, snapshot: &DatabaseTransaction) -> Result<Tombstones, Failed> {
    let mut list = if has_table(snapshot, "shredded").await? {
        keeping::stored_tombstones(snapshot).await?
    } else {
        Tombstones::default()
    };
    if let Some(path) = order.tombstones.filter(|path| path.exists()) {
        let (outside, _) = Tombstones::read(path).map_err(|error| Failed::file(path, error))?;
        list.extend(outside);
    }
    Ok(list)
}
