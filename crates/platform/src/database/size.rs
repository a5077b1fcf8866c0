//! How much the store takes on its disk.

use sea_orm::{ConnectionTrait as _, DatabaseBackend, Statement};

use super::{Database, DatabaseError};

impl Database {
    /// Bytes of the database without its log, as the engine counts them.
    ///
    /// # Errors
    /// [`DatabaseError`] when it does not answer.
    pub async fn size(&self) -> Result<u64, DatabaseError> {
        let query = match self.engine() {
            DatabaseBackend::Sqlite => {
                "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
            }
            _ => "SELECT pg_database_size(current_database())",
        };
        let row = self.read().query_one_raw(Statement::from_string(self.engine(), query)).await?;
        let bytes: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose()?;
        Ok(bytes.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0))
    }
}
