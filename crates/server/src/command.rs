//! The command line.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};
use network::accounts::{self, Role};
use network::backup::{Failed, restored_from};
use network::centres::{self, Publication};
use network::migrations::Migrations;
use platform::clock::Clock;
use platform::config::{Config, DEFAULT_FILE, DatabaseUrl, Flags};
use platform::database::{Database, DatabaseError};
use platform::log;
use platform::random::Random;

use crate::{audit, backup, notices, serve, verify};

/// Sealed reports from people in danger to centres that help them.
#[derive(Debug, Parser)]
#[command(name = "approdo", version)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
struct Common {
    /// The configuration file [default: approdo.toml, if it exists]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the data lives: sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE
    #[arg(long, global = true, value_name = "ADDRESS")]
    database: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the pages until the program is told to stop
    Serve(Serve),
    /// Look at the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Take in what approdo-keys has published
    #[command(subcommand)]
    Network(NetworkCommand),
    /// Bring the tables of the database up to date
    Migrate,
    /// Read a SQLite file from end to end and say whether it is whole
    Check,
    /// Say what somebody does at her centre: for its first administrator
    #[command(subcommand)]
    Roles(RolesCommand),
    /// The second factor of somebody who has lost telephone and backup codes
    #[command(subcommand)]
    Factor(FactorCommand),
    /// Tell operators by mail that something waits
    #[command(subcommand)]
    Notices(NoticesCommand),
    /// The log of who did what: checkpoints for witnesses, and whether anything was tampered with
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Replay papers, keys and reports from their signatures, and name the first thing that must not be
    Verify(verify::Verify),
    /// Keep the database in a folder, while it is served
    Backup(backup::Backup),
    /// Bring a backup back into a new database
    Restore(backup::Restore),
}

#[derive(Debug, Args)]
struct Serve {
    /// Serve a demonstration network, and nothing else
    #[arg(long)]
    demo: bool,
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// The address under which the public reaches the service
    #[arg(long, visible_alias = "origin", value_name = "URL")]
    public_url: Option<String>,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Print the configuration in force, without passwords
    Check,
}

#[derive(Debug, Subcommand)]
enum NetworkCommand {
    /// Import a folder with root.json and one folder a centre
    Import {
        /// The folder
        folder: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum RolesCommand {
    /// Give an account a role
    Give(RoleOf),
    /// Take a role from an account
    Take(RoleOf),
}

#[derive(Debug, Args)]
struct RoleOf {
    /// The name that the person signs in with
    account: String,
    /// The role, as docs/roles.md names it: administrator, auditor, …
    #[arg(value_parser = role)]
    role: Role,
}

/// A role by its name.
fn role(name: &str) -> Result<Role, String> {
    Role::find(name).ok_or_else(|| {
        let names: Vec<&str> = Role::ALL.into_iter().map(Role::name).collect();
        format!("one of {}", names.join(", "))
    })
}

#[derive(Debug, Subcommand)]
enum FactorCommand {
    /// Remove it: she enrols a new one at her next sign-in. Make sure first that it is she who asks
    Forget {
        /// The name that the person signs in with
        account: String,
    },
}

#[derive(Debug, Subcommand)]
enum NoticesCommand {
    /// Send one notice to everybody for whom something waits now, whoever was told before
    Send,
}

/// Why a command failed, for the person who gave it.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl<E: std::error::Error + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(log::chain(&error))
    }
}

/// Does what was asked.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let mut flags = Flags { database: arguments.common.database, ..Flags::default() };
    if let Command::Serve(serve) = &arguments.command {
        flags.listen.clone_from(&serve.listen);
        flags.public_url.clone_from(&serve.public_url);
        flags.demo = serve.demo.then_some(true);
    }
    let config = Config::load(arguments.common.config.as_deref(), &flags)?;
    match arguments.command {
        Command::Serve(_) => serve::run(&config).await,
        Command::Config(ConfigCommand::Check) => {
            let file = match &arguments.common.config {
                Some(file) => file.display().to_string(),
                None if Path::new(DEFAULT_FILE).is_file() => DEFAULT_FILE.to_owned(),
                None => format!("none, there is no {DEFAULT_FILE} in the working folder"),
            };
            say(&format!("# file: {file}\n{}", config.effective()))
        }
        Command::Migrate => {
            open(&config).await?.close().await?;
            say("the tables are up to date\n")
        }
        Command::Check => {
            log::start(config.log.level, Clock::system());
            let database = connect(&config).await?;
            database.verify().await.map_err(|error| not_opened(&config, &error))?;
            let is_file = matches!(config.database, DatabaseUrl::Sqlite(_));
            database.close().await?;
            say(if is_file {
                "the database is whole\n"
            } else {
                "PostgreSQL answers; whether its files are whole, its own tools say (pg_amcheck)\n"
            })
        }
        Command::Backup(asked) => {
            log::start(config.log.level, Clock::system());
            backup::back_up(&config, &asked, Clock::system().now()).await
        }
        Command::Restore(asked) => {
            log::start(config.log.level, Clock::system());
            backup::restore(&config, &asked, Clock::system().now()).await
        }
        Command::Roles(RolesCommand::Give(asked)) => change_role(&config, &asked, true).await,
        Command::Roles(RolesCommand::Take(asked)) => change_role(&config, &asked, false).await,
        Command::Factor(FactorCommand::Forget { account }) => {
            let database = open(&config).await?;
            accounts::forget_factor(&database, &Random::system(), Clock::system().now(), &account).await?;
            database.close().await?;
            say(&format!("{account} enrols a new second factor at the next sign-in\n"))
        }
        Command::Audit(asked) => audit::run(&config, &asked).await,
        Command::Verify(asked) => {
            log::start(config.log.level, Clock::system());
            Box::pin(verify::run(&config, &asked, Clock::system().now())).await
        }
        Command::Notices(NoticesCommand::Send) => notices::send(&config).await,
        Command::Network(NetworkCommand::Import { folder }) => {
            let publication = Publication::read(&folder)?;
            let database = open(&config).await?;
            let imported =
                centres::import(&database, &Random::system(), &publication, Clock::system().now()).await?;
            network::notices::erase_ended(&database, Clock::system().now()).await?;
            database.close().await?;
            let kind = if imported.demonstration { "a demonstration network" } else { "the network" };
            say(&format!("imported {kind}: {} centres, {} people\n", imported.centres, imported.people))
        }
    }
}

async fn change_role(config: &Config, asked: &RoleOf, given: bool) -> Result<(), Failure> {
    let database = open(config).await?;
    let (random, now) = (Random::system(), Clock::system().now());
    let roles = accounts::change_role(&database, &random, now, &asked.account, asked.role, given).await?;
    database.close().await?;
    let names: Vec<&str> = roles.into_iter().map(Role::name).collect();
    say(&format!("{} is now: {}\n", asked.account, names.join(", ")))
}

/// The database of the configuration with all its tables.
pub(crate) async fn open(config: &Config) -> Result<Database, Failure> {
    log::start(config.log.level, Clock::system());
    let database = connect(config).await?;
    database.migrate::<Migrations>().await?;
    Ok(database)
}

/// The database of the configuration, unless a restore left it half full. A failure names its address: a path is relative to the working
/// folder, and a file in another folder is often the reason.
pub(crate) async fn connect(config: &Config) -> Result<Database, Failure> {
    let database = Database::connect(&config.database).await.map_err(|error| not_opened(config, &error))?;
    match restored_from(&database, &config.database.without_password()).await {
        Ok(_) => Ok(database),
        Err(Failed::Database(error)) => Err(not_opened(config, &error)),
        Err(failed) => Err(failed.into()),
    }
}

/// Why the database of the configuration cannot be used, and what may help.
pub(crate) fn not_opened(config: &Config, error: &DatabaseError) -> Failure {
    let hint = match (&config.database, error) {
        (DatabaseUrl::Sqlite(path), DatabaseError::Damaged(_)) => way_back(path),
        (DatabaseUrl::Postgres(_), _) => {
            "\nis PostgreSQL running there, and do host, port, user, password and database fit?".to_owned()
        }
        (DatabaseUrl::Sqlite(_), _) => String::new(),
    };
    Failure::new(format!("{}: {}{hint}", config.database.without_password(), log::chain(error)))
}

/// What to do about a damaged file, as commands that a person can copy; FOLDER is where the backups are.
fn way_back(damaged: &Path) -> String {
    let ending =
        damaged.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
    let stem = damaged.file_stem().unwrap_or_default().to_string_lossy();
    // A name that is taken would be refused: the first that is free.
    let mut restored = damaged.with_file_name(format!("{stem}-restored{ending}"));
    let mut number = 2_u32;
    while restored.exists() && number < 1_000 {
        restored = damaged.with_file_name(format!("{stem}-restored-{number}{ending}"));
        number += 1;
    }
    let (old, new) =
        (quoted(&format!("sqlite:{}", damaged.display())), quoted(&format!("sqlite:{}", restored.display())));
    format!(
        "\nthe file is not what was written to it, and nothing was changed. The way back (docs/backup.md), with the folder of your backups \
         for FOLDER:\n\
         1. leave the file where it is: beside it lies the list of what was shredded\n\
         2. approdo restore FOLDER --into {new} --database {old}\n\
         3. approdo serve --database {new} with your other settings, or set `database` to it\n\
         `approdo check` reads a file from end to end"
    )
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b":/._-+=,@%".contains(&byte);
    if word.bytes().all(is_plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// Writes to the standard output.
pub(crate) fn say(text: &str) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    output.write_all(text.as_bytes())?;
    output.flush()?;
    Ok(())
}
