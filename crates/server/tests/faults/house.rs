//! A database with the demonstration network in it, the program beside it, and what is found in the tables afterwards.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use envelope::centre::VerifiedCentre;
use network::centres::import;
use network::migrations::Migrations;
use platform::clock::Clock;
use platform::config::DatabaseUrl;
use platform::database::Database;
use platform::random::Random;
use sea_orm::{ConnectionTrait as _, Statement};
use tempfile::TempDir;
use testkit::actors::DemoNetwork;
use testkit::load::{Letter, Posted, Running, post, seal};

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_approdo");

/// Everything around one database.
pub(crate) struct House {
    pub(crate) url: DatabaseUrl,
    folder: TempDir,
    centre: VerifiedCentre,
    sealed: u64,
}

impl House {
    /// Tables and network in a database that is empty.
    pub(crate) async fn furnish(url: DatabaseUrl) -> Self {
        let now = Clock::system().now();
        let network = DemoNetwork::new(now, 9);
        let database = Database::connect(&url).await.unwrap();
        database.migrate::<Migrations>().await.unwrap();
        import(&database, &Random::system(), &network.publication(), now).await.unwrap();
        database.close().await.unwrap();
        Self { url, folder: tempfile::tempdir().unwrap(), centre: network.verified(0, now), sealed: 0 }
    }

    /// A SQLite file in a folder.
    pub(crate) async fn in_folder(folder: &Path) -> Self {
        Self::furnish(DatabaseUrl::Sqlite(folder.join("approdo.db"))).await
    }

    /// The path of the SQLite file.
    pub(crate) fn file(&self) -> PathBuf {
        match &self.url {
            DatabaseUrl::Sqlite(path) => path.clone(),
            DatabaseUrl::Postgres(_) => panic!("no file"),
        }
    }

    /// The address of the database, as the command line takes it.
    pub(crate) fn address(&self) -> String {
        match &self.url {
            DatabaseUrl::Sqlite(path) => format!("sqlite:{}", path.display()),
            DatabaseUrl::Postgres(address) => address.clone(),
        }
    }

    /// Starts the program.
    pub(crate) async fn serve(&self) -> Running {
        self.serve_with(&[]).await
    }

    /// Starts the program with settings (`APPRODO_…=…`) beside those of the command line.
    pub(crate) async fn serve_with(&self, settings: &[&str]) -> Running {
        let around: Vec<String> = match settings {
            [] => Vec::new(),
            _ => std::iter::once("env").chain(settings.iter().copied()).map(str::to_owned).collect(),
        };
        assert!(
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/dist/manifest.json").is_file(),
            "the pages are not built: make web"
        );
        let started = Running::start(Path::new(PROGRAM), &self.address(), &self.log_file(), &around).await;
        started.unwrap_or_else(|error| panic!("{error}\n{}", self.log()))
    }

    /// Where the program writes its log.
    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// What the program has logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// So many fresh reports, sealed.
    pub(crate) fn letters(&mut self, count: usize) -> Vec<Letter> {
        use rand_chacha::rand_core::SeedableRng as _;

        self.sealed += 1;
        let mut random = rand_chacha::ChaCha20Rng::seed_from_u64(self.sealed);
        seal(&self.centre, count, Clock::system().now(), &mut random).unwrap()
    }

    /// Fresh reports, posted by so many clients.
    pub(crate) async fn post(&mut self, server: &Running, count: usize, clients: usize) -> Posted {
        let letters = self.letters(count);
        post(server.address(), letters, clients, Duration::ZERO).await.unwrap()
    }

    /// How often each frame stands in the database, by its hash; a frame without its report or its wrap does not count.
    pub(crate) async fn stored(&self) -> BTreeMap<[u8; 32], usize> {
        let database = Database::connect(&self.url).await.unwrap();
        let query = "SELECT i.frame_hash FROM report_item i \
                     JOIN report r ON r.id = i.case_id JOIN report_wrap w ON w.item_id = i.id";
        let statement = Statement::from_string(database.engine(), query);
        let mut stored = BTreeMap::new();
        for row in database.read().query_all_raw(statement).await.unwrap() {
            let hash: Vec<u8> = row.try_get_by_index(0).unwrap();
            *stored.entry(hash.try_into().unwrap()).or_default() += 1;
        }
        database.close().await.unwrap();
        stored
    }

    /// Every acknowledged report is there, and none stands there twice.
    pub(crate) async fn check(&self, acknowledged: &[[u8; 32]]) {
        let stored = self.stored().await;
        let lost = acknowledged.iter().filter(|hash| !stored.contains_key(*hash)).count();
        assert_eq!(lost, 0, "of {} acknowledged reports", acknowledged.len());
        assert!(stored.values().all(|times| *times == 1), "a report stands there twice");
    }
}
