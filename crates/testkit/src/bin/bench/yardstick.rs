//! The yardstick: the rows that the server wrote, written once more into a bare SQLite file, one durable transaction a report
//! (write-ahead log, `synchronous=FULL`), by one connection and without any code of ours around it.

use std::path::Path;
use std::time::Duration;

use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbBackend, Statement};

use crate::{Outcome, machine};

/// A bare file beside the server's.
pub(crate) struct Yardstick {
    connection: DatabaseConnection,
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
        Ok(Self { connection })
    }

    /// Writes the rows of every report that came since the last time.
    pub(crate) async fn catch_up(&self) -> Outcome<Copied> {
        // As literals; the tables keep no order of arrival, so what is missing here is asked for by id.
        let missing =
            "SELECT quote(id) AS id FROM served.report WHERE id NOT IN (SELECT id FROM main.report)";
        let rows = self.connection.query_all_raw(Statement::from_string(DbBackend::Sqlite, missing)).await?;
        let cases: Vec<String> = rows.iter().map(|row| row.try_get("", "id")).collect::<Result<_, _>>()?;
        let begun = machine::instant();
        for case in &cases {
            let transaction = format!(
                "BEGIN IMMEDIATE;
                 INSERT INTO main.report SELECT * FROM served.report WHERE id = {case};
                 INSERT INTO main.report_item SELECT * FROM served.report_item WHERE case_id = {case};
                 INSERT INTO main.report_wrap SELECT * FROM served.report_wrap
                   WHERE item_id IN (SELECT id FROM served.report_item WHERE case_id = {case});
                 COMMIT"
            );
            self.connection.execute_unprepared(&transaction).await?;
        }
        Ok(Copied { reports: cases.len(), took: begun.elapsed() })
    }

    /// Closes the file.
    pub(crate) async fn close(self) -> Outcome<()> {
        Ok(self.connection.close().await?)
    }
}
