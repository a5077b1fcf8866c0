//! Where a restore learns what was shredded since the backup was made (invariant I7): every list that can be reached.

use std::path::{Path, PathBuf};

use network::backup;
use network::keeping::{self, Tombstones};
use platform::config::{Config, DatabaseUrl};
use platform::database::Database;

use crate::command::Failure;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Outside {
    /// All lists, merged.
    pub(super) list: Tombstones,
    /// Whether any source outside of the backups was found, even one that says that nothing was shredded.
    pub(super) is_known: bool,
    /// The network of the old database, when it could be asked.
    pub(super) network: Option<String>,
    /// What could not be read, a line each.
    pub(super) said: Vec<String>,
}

/// Reads the lists that were named, the one in the configuration, those beside the old and the new database, and the old database itself.
///
/// # Errors
/// When one that was named cannot be read.
pub(super) async fn gather(
    config: &Config,
    target: &DatabaseUrl,
    named: &[PathBuf],
) -> Result<Outside, Failure> {
    let mut outside = Outside::default();
    for path in named {
        outside.read(path)?;
    }
    let beside = |url: &DatabaseUrl| match url {
        DatabaseUrl::Sqlite(path) => Some(keeping::beside(path)),
        DatabaseUrl::Postgres(_) => None,
    };
    let places = [config.tombstones.clone(), beside(&config.database), beside(target)];
    for path in places.into_iter().flatten().filter(|path| path.is_file()) {
        outside.read(&path)?;
    }
    if config.database != *target {
        outside.ask(config).await;
    }
    Ok(outside)
}

impl Outside {
    fn read(&mut self, path: &Path) -> Result<(), Failure> {
        let read = Tombstones::read(path);
        let (list, unreadable) =
            read.map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
        if unreadable > 0 {
            let text =
                format!("{}: {unreadable} lines could not be read and were passed over", path.display());
            self.said.push(text);
        }
        self.list.extend(list);
        self.is_known = true;
        Ok(())
    }

    /// The old database. It may be the very thing that is lost, so no failure here stops the restore.
    async fn ask(&mut self, config: &Config) {
        if let DatabaseUrl::Sqlite(path) = &config.database {
            if !path.is_file() {
                return;
            }
            // It wrote its list beside itself, before anything was shredded: without one nothing was.
            self.is_known = true;
        }
        let asked = async {
            let database = Database::connect(&config.database).await?;
            let list = keeping::stored_tombstones(database.read()).await;
            let network = backup::network_of(database.read()).await;
            database.close().await?;
            list.map(|list| (list, network.ok().flatten()))
        };
        if let Ok((list, network)) = asked.await {
            self.list.extend(list);
            self.network = network.map(|network| network.to_string());
            self.is_known = true;
        } else {
            let name = config.database.without_password();
            self.said.push(format!(
                "{name} could not be asked what was shredded; the lists outside of it were read"
            ));
        }
    }
}
