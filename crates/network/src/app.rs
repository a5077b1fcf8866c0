//! What all slices share: the platform, the centres in memory, and what signing in remembers.

use std::sync::Arc;

use axum::extract::FromRef;
use envelope::audit::act::Act;
use jiff::Timestamp;
use platform::Platform;
use platform::database::DatabaseError;
use platform::random::Random;
use platform::texts::Language;
use sea_orm::ConnectionTrait;
use tokio::sync::Mutex;

use crate::accounts::{self, ConsoleLine, InstallationSecret, Lengths, Operator, SignInDelays, UsedNonces};
use crate::centres::Centres;
use crate::migrations::Migrations;
use crate::{audit, centres, files, keeping, notices, reports};

/// The running product. Cloning it is cheap: every part is a handle.
#[derive(Clone, Debug)]
pub struct App {
    /// Database, clock, randomness, texts, sessions.
    pub platform: Platform,
    /// All centres, verified, in memory.
    pub centres: Centres,
    /// Held while the centres are read anew.
    pub(crate) reloading: Arc<Mutex<()>>,
    pub(crate) installation: InstallationSecret,
    pub(crate) used_nonces: UsedNonces,
    pub(crate) delays: SignInDelays,
    pub(crate) code_delays: SignInDelays,
    pub(crate) notices: notices::Memory,
    pub(crate) audit: audit::Memory,
}

impl App {
    /// Brings the tables up to date, reads what stays in memory, and does the regular work once.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn start(platform: Platform) -> Result<Self, DatabaseError> {
        let app = Self::open(platform).await?;
        app.housekeeping().await?;
        Ok(app)
    }

    /// As [`App::start`], without the regular work: for a command beside the program that serves.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn open(platform: Platform) -> Result<Self, DatabaseError> {
        platform.database.migrate::<Migrations>().await?;
        let installation = InstallationSecret::load(&platform).await?;
        let hours = platform.mail.as_ref().map_or(&[][..], |mailer| mailer.hours());
        let notices = notices::Memory::new(&platform.random, platform.now(), hours);
        let app = Self {
            platform,
            centres: Centres::default(),
            reloading: Arc::default(),
            installation,
            used_nonces: UsedNonces::default(),
            delays: SignInDelays::default(),
            code_delays: SignInDelays::default(),
            notices,
            audit: audit::Memory::default(),
        };
        app.reload_centres().await?;
        audit::reload(&app).await?;
        Ok(app)
    }

    /// Regular work, at start and then every hour: erases what may not be kept, and reads the centres anew.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn housekeeping(&self) -> Result<(), DatabaseError> {
        accounts::housekeeping(self).await?;
        files::housekeeping(self).await?;
        reports::housekeeping(self).await?;
        keeping::housekeeping(self).await?;
        audit::housekeeping(self).await?;
        notices::housekeeping(self).await?;
        self.reload_centres().await
    }

    /// Reads the centres anew, for instance after an import.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn reload_centres(&self) -> Result<(), DatabaseError> {
        // One after the other: whoever read first must not put an older state in place of a newer one.
        let _turn = self.reloading.lock().await;
        self.centres.reload(&self.platform).await
    }

    /// Writes an act into the log, in the transaction that does it. Slices that come before the log reach it through here.
    ///
    /// # Errors
    /// [`DatabaseError`]; then the act itself must not happen.
    pub(crate) async fn record(
        &self,
        connection: &impl ConnectionTrait,
        act: Act,
    ) -> Result<(), DatabaseError> {
        record(connection, &self.platform.random, self.platform.now(), act).await
    }

    /// What a page of the console says waits for an operator. The slice of operators comes before those that know.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub(crate) async fn console_lines(
        &self,
        operator: &Operator,
        language: Language,
    ) -> Result<Vec<ConsoleLine>, DatabaseError> {
        let mut lines = centres::lines(self, operator, language);
        lines.extend(notices::lines(self, operator, language).await?);
        Ok(lines)
    }

    /// What the rules know of somebody who is signed in (crates/policy).
    pub(crate) fn facts_of(&self, operator: &Operator) -> policy::Person {
        let person = operator.person();
        self.centres.facts_of(operator.centre(), person.id, person.roles.clone())
    }

    /// How long sessions last: what is configured, within what the protocol allows.
    #[must_use]
    pub fn session_lengths(&self) -> Lengths {
        Lengths::new(self.platform.session.idle(), self.platform.session.whole())
    }
}

/// As [`App::record`], for a command beside the program that serves.
///
/// # Errors
/// [`DatabaseError`]; then the act itself must not happen.
pub(crate) async fn record(
    connection: &impl ConnectionTrait,
    random: &Random,
    now: Timestamp,
    act: Act,
) -> Result<(), DatabaseError> {
    audit::record(connection, random, now, act).await
}

impl FromRef<App> for Platform {
    fn from_ref(app: &App) -> Self {
        app.platform.clone()
    }
}
