//! The yardstick: the rows that the server wrote, written once more into a bare SQLite file, one durable transaction a report
//! (write-ahead log, `synchronous=FULL`), by one connection and without any code of ours around it.

use std::path::Path;
use std::time::Duration;

use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbBackend, Statement};

use crate::{Outcome, machine};

/// A bare file beside the server's.
pub(crate) struct Yardstick {
    connection: DatabaseConnection,
    /// The server's newest report that was copied.
    last: i64,
}

/// What copying took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Copied {
    reports: usize,
    took: Duration,
}

impl Copied {
    /// Reports a second.
    pub(crate) fn rate(self) -> f64 {
        machine::per_second(self.reports, self.took)
    }
}

impl Yardstick {
    /// Opens the bare file, which has the same tables, and looks at the server's beside it.
    pub(crate) async fn open(bare: &Path, stored: &Path) -> Outcome<Self> {
        let mut options = ConnectOptions::new(format!("sqlite:{}?mode=rw", bare.display()));
        options.max_connections(1).sqlx_logging(false);
        let connection = Database::connect(options).await?;
        for command in [
            "PRAGMA journal_mode = WAL".to_owned(),
            "PRAGMA synchronous = FULL".to_owned(),
            format!("ATTACH DATABASE '{}' AS served", stored.display().to_string().replace('\'', "''")),
        ] {
            connection.execute_unprepared(&command).await?;
        }
        Ok(Self { connection, last: 0 })
    }

    /// Writes the rows of every report that came since the last time.
    pub(crate) async fn catch_up(&mut self) -> Outcome<Copied> {
        let query = Statement::from_string(
            DbBackend::Sqlite,
            "SELECT coalesce(max(rowid), 0) AS newest FROM served.report",
        );
        let row = self.connection.query_one_raw(query).await?.ok_or("no answer")?;
        let newest: i64 = row.try_get("", "newest")?;
        let begun = machine::instant();
        for report in self.last + 1..=newest {
            let case = format!("(SELECT id FROM served.report WHERE rowid = {report})");
            let transaction = format!(
                "BEGIN IMMEDIATE;
                 INSERT INTO main.report SELECT * FROM served.report WHERE rowid = {report};
                 INSERT INTO main.report_item SELECT * FROM served.report_item WHERE case_id = {case};
                 INSERT INTO main.report_wrap SELECT * FROM served.report_wrap
                   WHERE item_id IN (SELECT id FROM served.report_item WHERE case_id = {case});
                 COMMIT"
            );
            self.connection.execute_unprepared(&transaction).await?;
        }
        let copied = Copied { reports: usize::try_from(newest - self.last)?, took: begun.elapsed() };
        self.last = newest;
        Ok(copied)
    }

    /// Closes the file.
    pub(crate) async fn close(self) -> Outcome<()> {
        Ok(self.connection.close().await?)
    }
}
