//! Whether a SQLite file is what was written to it.
//!
//! SQLite keeps no checksums of pages. What can be seen is structure: a page that is not the page its parent points to, cells that overlap, an
//! index that disagrees with its table. A changed byte inside of a value is found by whoever verifies what was stored (frames are signed).

use sea_orm::{ConnectionTrait as _, DatabaseBackend, DbErr, Statement};

use super::{Database, DatabaseError};

/// Files of at most so many pages (of 4 KiB: 32 MiB) are looked through from end to end when the server starts.
const WHOLE: i64 = 8_192;

/// Of larger files so many rows are read from the beginning and the end of every table.
const SAMPLE: i64 = 64;

impl Database {
    /// A look at a SQLite file that ends soon whatever its size, for the start of the server: header, schema, all of a small file, and of a
    /// large one both ends of every table. It may overlook damage; [`verify`](Self::verify) reads everything.
    /// PostgreSQL looks after its files itself; there this does nothing.
    ///
    /// # Errors
    /// [`DatabaseError::Damaged`], or another one when the file cannot be read.
    pub async fn inspect(&self) -> Result<(), DatabaseError> {
        if self.engine() != DatabaseBackend::Sqlite {
            return Ok(());
        }
        if self.number("PRAGMA page_count").await? <= WHOLE {
            return self.expect_ok("PRAGMA quick_check(1)").await;
        }
        for name in self.tables().await? {
            let table = quoted(&name);
            // Whole rows, so that the pages their values overflow to are read as well.
            let keys = self.keys(&name).await?;
            for order in ["ASC", "DESC"] {
                let sorted =
                    keys.iter().map(|key| format!("{} {order}", quoted(key))).collect::<Vec<_>>().join(", ");
                let order = if sorted.is_empty() { format!("rowid {order}") } else { sorted };
                self.read_through(&format!("SELECT * FROM {table} ORDER BY {order} LIMIT {SAMPLE}")).await?;
            }
        }
        Ok(())
    }

    /// Reads the whole file: structure, indexes against tables, references. Takes as long as reading the disk takes.
    ///
    /// # Errors
    /// As [`inspect`](Self::inspect).
    pub async fn verify(&self) -> Result<(), DatabaseError> {
        if self.engine() != DatabaseBackend::Sqlite {
            return Ok(());
        }
        self.expect_ok("PRAGMA integrity_check(1)").await?;
        let loose = self.readers.query_all_raw(statement("PRAGMA foreign_key_check")).await?;
        if loose.is_empty() { Ok(()) } else { Err(damaged("a row refers to one that is not there")) }
    }

    async fn number(&self, query: &str) -> Result<i64, DatabaseError> {
        let row = self.readers.query_one_raw(statement(query)).await?;
        let row = row.ok_or_else(|| damaged("no answer"))?;
        Ok(row.try_get_by_index(0)?)
    }

    async fn expect_ok(&self, query: &str) -> Result<(), DatabaseError> {
        let rows = self.readers.query_all_raw(statement(query)).await?;
        let answer: Option<String> = rows.first().map(|row| row.try_get_by_index(0)).transpose()?;
        // What SQLite says names pages and tables, never contents.
        match answer.as_deref() {
            Some("ok") => Ok(()),
            other => Err(damaged(other.unwrap_or("no answer"))),
        }
    }

    async fn tables(&self) -> Result<Vec<String>, DatabaseError> {
        self.names(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
        )
        .await
    }

    async fn keys(&self, table: &str) -> Result<Vec<String>, DatabaseError> {
        let literal = table.replace('\'', "''");
        self.names(&format!("SELECT name FROM pragma_table_info('{literal}') WHERE pk > 0 ORDER BY pk")).await
    }

    async fn names(&self, query: &str) -> Result<Vec<String>, DatabaseError> {
        let rows = self.readers.query_all_raw(statement(query)).await?;
        Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
    }

    async fn read_through(&self, query: &str) -> Result<(), DatabaseError> {
        self.readers.query_all_raw(statement(query)).await?;
        Ok(())
    }
}

fn statement(query: &str) -> Statement {
    Statement::from_string(DatabaseBackend::Sqlite, query)
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn damaged(what: &str) -> DatabaseError {
    DatabaseError::Damaged(DbErr::Custom(what.to_owned()))
}
