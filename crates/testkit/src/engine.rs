//! A store of its own for every test, on either engine.
//!
//! Invariant: no test sees another's data. SQLite is a file in a temporary folder; on PostgreSQL each test makes a database of
//! its own beside the one that `APPRODO_TEST_POSTGRES` names and drops it at the end, also after a panic.

use std::env;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use platform::config::DatabaseUrl;
use platform::database::Database;
use sea_orm::{ConnectionTrait, Statement};
use tempfile::TempDir;

/// The address of an administrator of a PostgreSQL that tests may use; `scripts/with-postgres.sh` sets it.
pub const ADMINISTRATOR: &str = "APPRODO_TEST_POSTGRES";

/// Set to `1` where a missing PostgreSQL is a failure and not a notice, as in `make test`.
pub const REQUIRED: &str = "APPRODO_REQUIRE_POSTGRES";

/// Where a test keeps its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The embedded one.
    Sqlite,
    /// The server, version 15 or newer.
    Postgres,
}

impl Engine {
    /// Opens an empty store, without tables. `None`, after a notice, when PostgreSQL is absent and not required.
    ///
    /// # Panics
    /// When PostgreSQL is required and absent, or the store cannot be made.
    pub async fn open(self) -> Option<TestDatabase> {
        match self {
            Self::Sqlite => Some(TestDatabase::sqlite().await),
            Self::Postgres => {
                if let Ok(administrator) = env::var(ADMINISTRATOR) {
                    return Some(TestDatabase::postgres(administrator).await);
                }
                let required = env::var(REQUIRED).is_ok_and(|value| value == "1");
                assert!(
                    !required,
                    "{ADMINISTRATOR} is not set: run the tests through scripts/with-postgres.sh"
                );
                tell_what_did_not_run();
                None
            }
        }
    }
}

#[expect(clippy::print_stderr, reason = "whoever runs the tests must see what did not run")]
fn tell_what_did_not_run() {
    eprintln!("not run on PostgreSQL: {ADMINISTRATOR} is not set (scripts/with-postgres.sh sets it)");
}

/// A store that disappears with its value.
#[derive(Debug)]
pub struct TestDatabase {
    /// The store.
    pub database: Database,
    /// Its address, to open it once more.
    pub url: DatabaseUrl,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Folder(TempDir),
    Server { administrator: String, name: String },
}

impl TestDatabase {
    async fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = DatabaseUrl::Sqlite(folder.path().join("approdo.db"));
        let database = Database::connect(&url).await.expect("a SQLite file");
        Self { database, url, place: Place::Folder(folder) }
    }

    async fn postgres(administrator: String) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("story_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        execute(&administrator, &format!("CREATE DATABASE {name}"))
            .await
            .expect("a PostgreSQL that can be administered");
        let (server, _) = administrator.rsplit_once('/').expect("an address that ends in a database");
        let url = DatabaseUrl::parse(&format!("{server}/{name}")).expect("an address of PostgreSQL");
        let database = Database::connect(&url).await.expect("a PostgreSQL database");
        Self { database, url, place: Place::Server { administrator, name } }
    }

    /// Runs a statement as the administrator of PostgreSQL, outside of the test's own connections.
    ///
    /// # Errors
    /// When the statement fails, and on SQLite, which has none.
    pub async fn administer(&self, statement: &str) -> Result<(), sea_orm::DbErr> {
        match &self.place {
            Place::Server { administrator, .. } => execute(administrator, statement).await,
            Place::Folder(_) => Err(sea_orm::DbErr::Custom("there is no administrator".to_owned())),
        }
    }

    /// The folder in which PostgreSQL keeps its files.
    ///
    /// # Panics
    /// On SQLite.
    pub async fn cluster(&self) -> std::path::PathBuf {
        let statement = Statement::from_string(self.database.engine(), "SHOW data_directory");
        let row = self.database.read().query_one_raw(statement).await.expect("PostgreSQL").expect("a row");
        row.try_get_by_index::<String>(0).expect("a path").into()
    }

    /// The folder of a SQLite file, to search its bytes; `None` on PostgreSQL.
    #[must_use]
    pub fn folder(&self) -> Option<&std::path::Path> {
        match &self.place {
            Place::Folder(folder) => Some(folder.path()),
            Place::Server { .. } => None,
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Place::Server { administrator, name } = &self.place {
            let (administrator, statement) =
                (administrator.clone(), format!("DROP DATABASE {name} WITH (FORCE)"));
            // A thread of its own, because the test's runtime may be the one that is ending.
            let dropped = thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .map_err(|error| error.to_string())?;
                runtime.block_on(execute(&administrator, &statement)).map_err(|error| error.to_string())
            });
            let outcome = dropped.join();
            if !thread::panicking() {
                assert!(matches!(outcome, Ok(Ok(()))), "the database {name} was not dropped: {outcome:?}");
            }
        }
    }
}

async fn execute(administrator: &str, statement: &str) -> Result<(), sea_orm::DbErr> {
    let mut options = sea_orm::ConnectOptions::new(administrator);
    options.max_connections(1).sqlx_logging(false);
    let connection = sea_orm::Database::connect(options).await?;
    connection.execute_unprepared(statement).await?;
    connection.close().await
}

/// Makes two tests of one story, `<story>::sqlite` and `<story>::postgres`.
///
/// The story is an `async fn` that takes the [`TestApp`](crate::TestApp) by value. With `database:` in front it takes an empty
/// [`TestDatabase`] instead.
#[macro_export]
macro_rules! on_both_engines {
    (database: $($story:ident),+ $(,)?) => { $(
        mod $story {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                if let Some(database) = $crate::Engine::Sqlite.open().await { super::$story(database).await; }
            }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(database) = $crate::Engine::Postgres.open().await { super::$story(database).await; }
            }
        }
    )+ };
    ($($story:ident),+ $(,)?) => { $(
        mod $story {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                if let Some(app) = $crate::TestApp::start($crate::Engine::Sqlite).await { super::$story(app).await; }
            }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(app) = $crate::TestApp::start($crate::Engine::Postgres).await { super::$story(app).await; }
            }
        }
    )+ };
}
