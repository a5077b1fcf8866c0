//! A folder with a database in which the demonstration network is, for stories with the program as it is started.

use network::centres::import;
use network::migrations::Migrations;
use platform::clock::Clock;
use platform::config::DatabaseUrl;
use platform::database::Database;
use platform::random::Random;
use rand_chacha::rand_core::SeedableRng as _;
use tempfile::TempDir;
use testkit::actors::DemoNetwork;
use testkit::load::{Letter, seal};

/// The folder, and reports that its first centre can open.
pub(crate) struct Furnished {
    pub(crate) folder: TempDir,
    pub(crate) letters: Vec<Letter>,
}

impl Furnished {
    /// With so many sealed reports.
    pub(crate) async fn new(letters: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now = Clock::system().now();
        let demo = DemoNetwork::new(now, 9);
        let url = DatabaseUrl::Sqlite(folder.path().join("approdo.db"));
        let database = Database::connect(&url).await.unwrap();
        database.migrate::<Migrations>().await.unwrap();
        import(&database, &Random::system(), &demo.publication(), now).await.unwrap();
        database.close().await.unwrap();
        let mut random = rand_chacha::ChaCha20Rng::seed_from_u64(3);
        let letters = seal(&demo.verified(0, now), letters, now, &mut random).unwrap();
        Self { folder, letters }
    }
}

/// A port of this machine's own address that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
