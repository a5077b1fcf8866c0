//! What two slices use and neither owns: database, web, clock, randomness, translations, configuration.
//!
//! Invariant: nothing here knows a feature. A slice receives a [`Platform`], asks it for time, randomness
//! and texts, and writes through [`database::Database::write`] alone. Reading the clock or the operating system's
//! randomness anywhere else is refused by Clippy (`clippy.toml`).

pub mod assets;
pub mod clock;
pub mod config;
pub mod database;
pub mod door;
pub mod log;
pub mod mail;
pub mod nonce;
pub mod random;
pub mod texts;
pub mod web;

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

/// Everything that the running service shares between requests. Cloning it is cheap: every part is a handle.
#[derive(Clone, Debug)]
pub struct Platform {
    /// The store; writing goes through [`database::Database::write`].
    pub database: database::Database,
    /// The only source of time.
    pub clock: clock::Clock,
    /// The only source of randomness.
    pub random: random::Random,
    /// Scripts, styles and icons, by their logical names.
    pub assets: assets::Assets,
    /// Where the public meets the service: its address, its origins, whether it is a demonstration.
    pub site: Arc<config::Site>,
    /// How long sessions last.
    pub session: config::SessionSettings,
    /// Stateless nonces (protocol 12.4); their key lives in memory only.
    pub nonces: Arc<nonce::Nonces>,
    /// Who may put something in, and how much work that takes (protocol §7.6).
    pub door: Arc<door::Door>,
    /// The filler for cells without content (protocol 12.4); its key lives in memory only.
    pub filler: Arc<nonce::Filler>,
    /// The 32 bytes of each session that only the server's memory holds (protocol §6).
    pub secrets: web::sessions::SessionSecrets,
    /// Where what was shredded is written down outside the database; without it beside a SQLite file.
    pub tombstones: Option<PathBuf>,
    /// Where notices are handed over; without it there are none by mail.
    pub mail: Option<mail::Mailer>,
}

impl Platform {
    /// Puts the parts together and draws the keys that live in memory only.
    #[must_use]
    pub fn new(
        database: database::Database,
        clock: clock::Clock,
        random: random::Random,
        assets: assets::Assets,
        site: config::Site,
        session: config::SessionSettings,
    ) -> Self {
        let mut source = random.clone();
        let nonces = Arc::new(nonce::Nonces::random(&mut source));
        let filler = Arc::new(nonce::Filler::random(&mut source));
        let door = Arc::new(door::Door::new(site.door, random.clone()));
        let secrets = web::sessions::SessionSecrets::new(session.idle());
        Self {
            database,
            clock,
            random,
            assets,
            site: Arc::new(site),
            session,
            nonces,
            door,
            filler,
            secrets,
            tombstones: None,
            mail: None,
        }
    }

    /// The current time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
