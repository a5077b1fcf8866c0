//! The yardstick: the very rows that the server wrote, written once more into a SQLite file with the same tables and indexes, durably
//! (write-ahead log, `synchronous=FULL`), by one thread that has all of them in memory, with prepared statements and nothing of ours around.

use std::collections::HashSet;
use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, Params, Statement, params_from_iter};
use testkit::load::{Outcome, instant};

use crate::house::read_only;
use crate::results::per_second;

/// The tables of a report, each before those that refer to it.
const TABLES: [&str; 3] = ["report", "report_item", "report_wrap"];

/// A bare file beside the server's.
pub(crate) struct Bare {
    served: Connection,
    file: Connection,
    known: HashSet<Vec<u8>>,
}

/// The rows of one report, by table.
pub(crate) struct Rows([Vec<Vec<Value>>; 3]);

impl Bare {
    /// Opens the bare file, which has the same tables, and looks at the server's beside it.
    pub(crate) fn open(bare: &Path, served: &Path) -> Outcome<Self> {
        let bare = Connection::open(bare)?;
        bare.pragma_update(None, "journal_mode", "WAL")?;
        bare.pragma_update(None, "synchronous", "FULL")?;
        // As the server's writer.
        bare.pragma_update(None, "cache_size", -16_384)?;
        bare.pragma_update(None, "temp_store", "MEMORY")?;
        Ok(Self { served: read_only(served)?, file: bare, known: HashSet::new() })
    }

    /// The rows of every report that came since the last time.
    pub(crate) fn fetch(&mut self) -> Outcome<Vec<Rows>> {
        let ids: Vec<Vec<u8>> = {
            let mut question = self.served.prepare("SELECT id FROM report")?;
            question.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?
        };
        let mut report = self.served.prepare("SELECT * FROM report WHERE id = ?")?;
        let mut items = self.served.prepare("SELECT * FROM report_item WHERE case_id = ?")?;
        let mut wraps = self.served.prepare(
            "SELECT w.* FROM report_wrap w JOIN report_item i ON i.id = w.item_id WHERE i.case_id = ?",
        )?;
        let mut fresh = Vec::new();
        for id in ids {
            if self.known.insert(id.clone()) {
                let report = rows(&mut report, [&id])?;
                fresh.push(Rows([report, rows(&mut items, [&id])?, rows(&mut wraps, [&id])?]));
            }
        }
        Ok(fresh)
    }

    /// Writes reports, so many to a commit. Answers how many a second.
    pub(crate) fn write(&self, reports: &[Rows], together: usize) -> Outcome<f64> {
        let mut begin = self.file.prepare("BEGIN IMMEDIATE")?;
        let mut commit = self.file.prepare("COMMIT")?;
        let mut inserts = Vec::new();
        for table in TABLES {
            let columns = self.file.prepare(&format!("SELECT * FROM {table}"))?.column_count();
            let marks = vec!["?"; columns].join(", ");
            inserts.push(self.file.prepare(&format!("INSERT INTO {table} VALUES ({marks})"))?);
        }
        let since = instant();
        for group in reports.chunks(together.max(1)) {
            begin.execute([])?;
            for report in group {
                for (insert, rows) in inserts.iter_mut().zip(&report.0) {
                    for row in rows {
                        insert.execute(params_from_iter(row))?;
                    }
                }
            }
            commit.execute([])?;
        }
        Ok(per_second(reports.len(), since.elapsed()))
    }
}

fn rows(question: &mut Statement<'_>, parameters: impl Params) -> Outcome<Vec<Vec<Value>>> {
    let columns = question.column_count();
    let found = question.query_map(parameters, |row| (0..columns).map(|column| row.get(column)).collect())?;
    Ok(found.collect::<Result<_, _>>()?)
}
