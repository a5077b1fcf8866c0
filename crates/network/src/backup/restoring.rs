//! Bringing a backup back into an empty database of either engine.
//!
//! Invariant (I7): the list of what was shredded is applied before the first wrap is written, so that no wrap of a shredded case ever reaches
//! the new database, its log or its freed pages; and before the database may be used. On SQLite the file gets its name last; on PostgreSQL,
//! and should anybody serve the unfinished file, the mark says so (`mark.rs`).

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use platform::config::DatabaseUrl;
use platform::database::{Database, DatabaseError, portable};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, Statement, Value};
use uuid::Uuid;

use super::folder::{self, Found};
use super::manifest::{Age, Manifest, age_of};
use super::rows::{Pages, Row, amend, count, id_at, insert};
use super::tables::{Place, TABLES, Table, list};
use super::verifying::{Checked, check};
use super::{Failed, mark};
use crate::audit;
use crate::keeping::{self, Tombstones, Week};
use crate::migrations::Migrations;

/// Openings of the audit log that are not brought back, by case, with the week of its tombstone.
type Gone = BTreeMap<Uuid, (Week, u64)>;

/// What shall be brought back, and where to.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// A backup, or the folder of backups: then the newest.
    pub folder: &'a Path,
    /// An empty database, or a file that is not there.
    pub target: &'a DatabaseUrl,
    /// What was shredded, from everywhere but the folder of backups.
    pub outside: &'a Tombstones,
    /// Where the new database will write down what it shreds; without it beside a SQLite file.
    pub tombstones: Option<&'a Path>,
    /// The time.
    pub now: Timestamp,
}

/// What was brought back.
#[derive(Clone, Debug)]
pub struct Restored {
    /// What the backup says of itself.
    pub manifest: Manifest,
    /// Its folder.
    pub backup: PathBuf,
    /// Cases that are in the backup and were shredded after it.
    pub shredded: usize,
    /// Cases that are in the new database.
    pub cases: u64,
    /// Items that are in it.
    pub items: u64,
}

/// The backup that a folder names: itself, or the newest in it whose time is not yet to come.
///
/// # Errors
/// [`Failed::NoBackup`].
pub fn newest(folder: &Path, now: Timestamp) -> Result<Found, Failed> {
    let mut found = folder::list(folder)?;
    found.sort_by_key(|found| (age_of(found.made_at, now) != Age::FromTheFuture, found.made_at));
    found.pop().ok_or_else(|| Failed::NoBackup(folder.to_owned()))
}

/// Every list of what was shredded that lies in a folder of backups, also in those that are damaged otherwise.
fn lists_in(folder: &Path) -> Tombstones {
    let mut all = Tombstones::default();
    for backup in folder::list_in(folder).unwrap_or_default() {
        let path = backup.path.join(folder::Names::of(backup.made_at).tombstones);
        if let Ok((list, _)) = Tombstones::read(&path) {
            all.extend(list);
        }
    }
    all
}

/// Brings a backup back. It is verified before, and the new database after.
///
/// # Errors
/// [`Failed`]; then a file is not there under its name, and a PostgreSQL database is marked as unfinished.
pub async fn restore(wanted: &Wanted<'_>) -> Result<Restored, Failed> {
    let found = newest(wanted.folder, wanted.now)?;
    match age_of(found.made_at, wanted.now) {
        Age::Usable => {}
        Age::TooOld => return Err(Failed::TooOld(found.made_at)),
        Age::FromTheFuture => return Err(Failed::FromTheFuture(found.made_at)),
    }
    let checked = Box::pin(check(&found.path, wanted.now)).await?;
    let mut shredded = wanted.outside.clone();
    shredded.extend(checked.tombstones.clone());
    shredded.extend(lists_in(wanted.folder));
    // Of one backup alone the others may lie beside it.
    if let Some(shelf) = found.path.parent() {
        shredded.extend(lists_in(shelf));
    }
    match wanted.target {
        DatabaseUrl::Sqlite(path) => Box::pin(into_file(wanted, &found, &checked, &shredded, path)).await,
        DatabaseUrl::Postgres(_) => {
            let database = Database::connect(wanted.target).await?;
            if !mark::is_empty(database.read()).await? {
                let name = wanted.target.without_password();
                mark::restored_from(&database, &name).await?;
                return Err(Failed::Taken(name));
            }
            let restored = Box::pin(fill(&database, &found, &checked, &shredded)).await?;
            if let Some(path) = wanted.tombstones {
                write_down(&shredded, path)?;
            }
            mark::end(&database).await?;
            database.close().await?;
            Ok(restored)
        }
    }
}

async fn into_file(
    wanted: &Wanted<'_>,
    found: &Found,
    checked: &Checked,
    shredded: &Tombstones,
    path: &Path,
) -> Result<Restored, Failed> {
    let with = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    // The log of a database that is gone would be taken for the new one's.
    if let Some(taken) = ["", "-wal", "-shm", "-journal"].map(with).into_iter().find(|file| file.exists()) {
        return Err(Failed::Taken(taken.display().to_string()));
    }
    let unfinished = with(".part");
    // What an earlier restore left half done.
    for ending in ["", "-wal", "-shm"] {
        let file = with(&format!(".part{ending}"));
        if file.exists() {
            std::fs::remove_file(&file).map_err(|error| Failed::file(&file, error))?;
        }
    }
    let database = Database::connect(&DatabaseUrl::Sqlite(unfinished.clone())).await?;
    let restored = Box::pin(fill(&database, found, checked, shredded)).await?;
    database.verify().await?;
    write_down(shredded, wanted.tombstones.unwrap_or(&keeping::beside(path)))?;
    mark::end(&database).await?;
    database.empty_log().await?;
    database.close().await?;
    folder::sync(&unfinished)?;
    std::fs::rename(&unfinished, path).map_err(|error| Failed::file(path, error))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    folder::sync(folder)?;
    Ok(restored)
}

/// The new database goes on with the list, in the place where it will look for it.
fn write_down(shredded: &Tombstones, path: &Path) -> Result<(), Failed> {
    let known = if path.exists() {
        Tombstones::read(path).map_err(|error| Failed::file(path, error))?.0
    } else {
        Tombstones::default()
    };
    shredded.without(&known).append_to(path).map_err(|error| Failed::file(path, error))
}

async fn fill(
    database: &Database,
    found: &Found,
    checked: &Checked,
    shredded: &Tombstones,
) -> Result<Restored, Failed> {
    let manifest = &checked.manifest;
    let stamp = found.made_at.to_string();
    mark::begin(database, &stamp).await?;
    let steps = u32::try_from(manifest.schema.len()).unwrap_or(u32::MAX);
    database.migrate_first::<Migrations>(steps).await?;
    let (data, wraps) = (portable::open(&checked.data).await?, portable::open(&checked.wraps).await?);
    let tables = list(&data).await?;
    copy_data(&data, database, &tables, manifest).await?;
    database.migrate::<Migrations>().await?;
    let gone = keeping::apply(database, shredded).await?;
    copy_wraps(&wraps, database, &tables, manifest, shredded).await?;
    for file in [data, wraps] {
        file.close().await.map_err(DatabaseError::from)?;
    }
    Ok(Restored {
        manifest: manifest.clone(),
        backup: found.path.clone(),
        shredded: gone,
        cases: count(database.read(), "report").await?,
        items: count(database.read(), "report_item").await?,
    })
}

async fn copy_data(
    data: &DatabaseConnection,
    database: &Database,
    tables: &[Table],
    manifest: &Manifest,
) -> Result<(), Failed> {
    for kept in TABLES.iter().filter(|kept| kept.place == Place::Data) {
        let Some(table) = tables.iter().find(|table| table.name == kept.name) else { continue };
        let mut pages = Pages::of(data, table, kept.page);
        while let Some(rows) = pages.next().await? {
            let rows = &rows;
            database.write(|transaction| async move { insert(&transaction, table, rows).await }).await?;
        }
        expect(database, kept.name, manifest.rows_of(kept.name)).await?;
    }
    Ok(())
}

/// The wraps of what is there: those of a shredded case are passed over.
async fn copy_wraps(
    wraps: &DatabaseConnection,
    database: &Database,
    tables: &[Table],
    manifest: &Manifest,
    shredded: &Tombstones,
) -> Result<(), Failed> {
    let apart = list(wraps).await?;
    let mut gone = Gone::new();
    for kept in TABLES.iter().filter(|kept| kept.place == Place::Wraps || !kept.short.is_empty()) {
        let Some(table) = apart.iter().find(|table| table.name == kept.name) else { continue };
        let mut pages = Pages::of(wraps, table, kept.page);
        let mut passed_over = 0;
        while let Some(rows) = pages.next().await? {
            let before = rows.len();
            let rows = match kept.name {
                "report_wrap" => of_items(database, rows).await?,
                "audit_opening" => of_living(table, rows, shredded, &mut gone),
                _ => rows,
            };
            passed_over += u64::try_from(before - rows.len()).unwrap_or_default();
            let (rows, is_whole) = (&rows, kept.place == Place::Wraps);
            database
                .write(|transaction| async move {
                    if is_whole {
                        return insert(&transaction, table, rows).await;
                    }
                    for row in rows {
                        amend(&transaction, table, row).await?;
                    }
                    Ok(())
                })
                .await?;
        }
        if kept.place == Place::Wraps && tables.iter().any(|table| table.name == kept.name) {
            expect(
                database,
                kept.name,
                manifest.wraps.rows.get(kept.name).copied().unwrap_or_default().saturating_sub(passed_over),
            )
            .await?;
        }
    }
    // The log says how many openings are gone, as it does where a case is shredded.
    let gone = &gone;
    database
        .write(|transaction| async move {
            for (case, (week, number)) in gone {
                audit::note_erasure(&transaction, *case, &week.to_string(), *number).await?;
            }
            Ok::<_, DatabaseError>(())
        })
        .await?;
    Ok(())
}

/// Those of some wraps whose items are there.
async fn of_items(database: &Database, rows: Vec<Row>) -> Result<Vec<Row>, DatabaseError> {
    let ids: Vec<Value> = rows.iter().filter_map(|row| row.first().cloned()).collect();
    let places: Vec<String> = (1..=ids.len()).map(|place| format!("${place}")).collect();
    let question = format!("SELECT id FROM report_item WHERE id IN ({})", places.join(", "));
    let statement = Statement::from_sql_and_values(database.engine(), question, ids);
    let found = database.read().query_all_raw(statement).await?;
    let there: HashSet<Uuid> = found.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
    Ok(rows.into_iter().filter(|row| id_at(row, 0).is_some_and(|id| there.contains(&id))).collect())
}

/// Those of some openings of the audit log whose cases were not shredded; the others are counted.
fn of_living(table: &Table, rows: Vec<Row>, shredded: &Tombstones, gone: &mut Gone) -> Vec<Row> {
    let object = table.columns.iter().position(|column| column.name == "object");
    let mut living = Vec::new();
    for row in rows {
        let case = object.and_then(|place| id_at(&row, place));
        match case.and_then(|case| Some((case, shredded.week_of(&keeping::hash_of(case))?))) {
            Some((case, week)) => gone.entry(case).or_insert((week, 0)).1 += 1,
            None => living.push(row),
        }
    }
    living
}

/// As many rows as the backup says.
async fn expect(database: &Database, table: &str, expected: u64) -> Result<(), Failed> {
    let found = count(database.read(), table).await?;
    if found == expected {
        return Ok(());
    }
    Err(Failed::damaged("the new database", format!("{table} has {found} rows and not {expected}")))
}
