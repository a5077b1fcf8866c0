//! Configuration: built-in defaults < file `approdo.toml` < environment `APPRODO_…` < flags (docs/configuration.md).
//!
//! Invariant: a [`Config`] that exists is valid. An unknown key is refused, and every refusal names the key, where it
//! came from and what is expected, but never the value: it may hold a password.

mod door;
mod error;
mod imprint;
mod mail;
mod values;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

pub use door::{AddressRange, DoorSettings, MetricsSettings};
pub use error::{ConfigError, ConfigProblem};
pub use imprint::Imprint;
pub(crate) use imprint::is_email;
pub use mail::{MailAccount, MailSettings, MailTls};
pub use values::{DatabaseUrl, LogLevel, PublicUrl};

/// The file that is read when none is named, if it exists.
pub const DEFAULT_FILE: &str = "approdo.toml";

const PREFIX: &str = "APPRODO_";

/// Variables with our prefix that belong to the scripts and tests of this repository (docs/configuration.md).
const FOREIGN: [&str; 13] = [
    "cache",
    "chromium",
    "e2e_demo",
    "profile",
    "require_postgres",
    "require_rage",
    "root",
    "target_owner",
    "test_postgres",
    "tools",
    "wasm_target",
    "write_roles",
    "write_vectors",
];

/// Everything that can be set. Each field is one key of the file; `session.hours` is `APPRODO_SESSION__HOURS`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Address and port to listen on. Port 0 takes a free one.
    #[serde(deserialize_with = "values::listen")]
    pub listen: SocketAddr,
    /// Where the public reaches the service; without it `http://` and the address listened on.
    pub public_url: Option<PublicUrl>,
    /// Further addresses of the same service, such as an onion service.
    pub other_urls: Vec<PublicUrl>,
    /// Where the data lives.
    pub database: DatabaseUrl,
    /// Where what was shredded is written down outside of the database; without it beside a SQLite file, and on PostgreSQL nowhere.
    #[serde(deserialize_with = "values::file")]
    pub tombstones: Option<PathBuf>,
    /// Whether a demonstration network may be served (protocol §3).
    pub demo: bool,
    /// Proxies that are believed about where a request comes from.
    pub trusted_proxies: Vec<AddressRange>,
    /// How much may come before it takes more work.
    pub door: DoorSettings,
    /// Where figures about the machine are shown.
    pub metrics: MetricsSettings,
    /// Sessions of operators.
    pub session: SessionSettings,
    /// What is written to the log.
    pub log: LogSettings,
    /// Who runs this copy; all of it or nothing.
    pub operator: Option<Imprint>,
    /// Where notices are handed over; without it there are none by mail.
    pub mail: Option<MailSettings>,
}

/// How a session of an operator begins, and how long it lasts.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionSettings {
    /// Hours after which everybody signs in again, 1 to 24.
    #[serde(deserialize_with = "values::hours")]
    pub hours: u16,
    /// Minutes without a request after which the session and its key in memory end, 1 to 60.
    #[serde(deserialize_with = "values::minutes")]
    pub idle_minutes: u16,
    /// Whether everybody must have a second factor (protocol section 6).
    pub second_factor: SecondFactor,
}

/// Whether everybody who signs in must have a second factor. Who has one is asked for it either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecondFactor {
    /// Who has none enrols one before anything else.
    #[default]
    Required,
    /// Who wants one enrols one: only where a demonstration is served.
    Offered,
}

impl SecondFactor {
    /// The word in the file.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Offered => "offered",
        }
    }
}

impl SessionSettings {
    /// The longest a session lasts.
    #[must_use]
    pub fn whole(self) -> SignedDuration {
        SignedDuration::from_hours(i64::from(self.hours))
    }

    /// How long it lasts without a request.
    #[must_use]
    pub fn idle(self) -> SignedDuration {
        SignedDuration::from_mins(i64::from(self.idle_minutes))
    }
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self { hours: 10, idle_minutes: 15, second_factor: SecondFactor::Required }
    }
}

/// What is written to the log.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    /// The least important line that is still written, for our own code; others write warnings and errors only.
    pub level: LogLevel,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080),
            public_url: None,
            other_urls: Vec::new(),
            database: DatabaseUrl::Sqlite(PathBuf::from("var/approdo.db")),
            tombstones: None,
            demo: false,
            trusted_proxies: Vec::new(),
            door: DoorSettings::default(),
            metrics: MetricsSettings::default(),
            session: SessionSettings::default(),
            log: LogSettings::default(),
            operator: None,
            mail: None,
        }
    }
}

/// What the command line overrides; `None` leaves the lower layers alone.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Flags {
    /// `--listen`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<String>,
    /// `--public-url`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// `--database`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// `--demo`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub demo: Option<bool>,
}

impl Config {
    /// Reads all four layers. A `file` that is named must exist; [`DEFAULT_FILE`] may be absent.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem found by the layer that failed.
    pub fn load(file: Option<&Path>, flags: &Flags) -> Result<Self, ConfigError> {
        let mut layers = Figment::from(Serialized::defaults(Self::default()));
        match file.unwrap_or(Path::new(DEFAULT_FILE)) {
            // Exactly here: a file of that name in a folder above is somebody else's.
            present if present.is_file() => layers = layers.merge(Toml::file_exact(present)),
            absent if file.is_some() => return Err(ConfigError::no_file(absent)),
            _ => {}
        }
        let layers = layers
            .merge(Env::prefixed(PREFIX).ignore(&FOREIGN).split("__"))
            .merge(Serialized::defaults(flags));
        let config: Self = layers.extract().map_err(ConfigError::from)?;
        if config.session.second_factor == SecondFactor::Offered && !config.demo {
            let key = "session.second_factor";
            let expected = "expected `required`; `offered` is for a demonstration (`demo`) alone";
            return Err(ConfigError::of_key(key, layers.find_metadata(key), expected));
        }
        Ok(config)
    }

    /// Where the public meets the service, once the address listened on is known.
    #[must_use]
    pub fn site(&self, listening: SocketAddr) -> Site {
        let public = self.public_url.clone().unwrap_or_else(|| PublicUrl::of_address(listening));
        Site {
            public,
            others: self.other_urls.clone(),
            demo: self.demo,
            operator: self.operator.clone(),
            proxies: self.trusted_proxies.clone(),
            door: self.door,
        }
    }

    /// The configuration in force as TOML, without passwords.
    #[must_use]
    pub fn effective(&self) -> String {
        let others: Vec<&str> = self.other_urls.iter().map(PublicUrl::as_str).collect();
        let public = match &self.public_url {
            None => "# public_url is not set: http:// and the address listened on".to_owned(),
            Some(url) => format!("public_url = {:?}", url.as_str()),
        };
        let tombstones = match &self.tombstones {
            None => "# tombstones is not set: beside a SQLite file, on PostgreSQL nowhere".to_owned(),
            Some(path) => format!("tombstones = {:?}", path.display().to_string()),
        };
        let operator = match &self.operator {
            None => "# [operator] is not set: the pages say that nobody has entered who runs this copy\n"
                .to_owned(),
            Some(operator) => operator.section(),
        };
        let mail = self
            .mail
            .as_ref()
            .map_or_else(|| "# [mail] is not set: no notices go by mail\n".to_owned(), MailSettings::section);
        let proxies: Vec<String> = self.trusted_proxies.iter().map(ToString::to_string).collect();
        let metrics = match self.metrics.listen {
            None => "# metrics.listen is not set: no figures are shown".to_owned(),
            Some(address) => format!("listen = \"{address}\""),
        };
        format!(
            "listen = \"{}\"\n{public}\nother_urls = {others:?}\ndatabase = {:?}\n{tombstones}\ndemo = {}\ntrusted_proxies = {proxies:?}\n\n\
             [door]\nposts_per_second = {}\nquiet_posts = {}\nconnections = {}\n\n\
             [metrics]\n{metrics}\nbeyond_this_machine = {}\n\n[session]\nhours = {}\n\
             idle_minutes = {}\nsecond_factor = \"{}\"\n\n[log]\nlevel = \"{}\"\n\n{operator}\n{mail}",
            self.listen,
            self.database.without_password(),
            self.demo,
            self.door.posts_per_second,
            self.door.quiet_posts,
            self.door.connections,
            self.metrics.beyond_this_machine,
            self.session.hours,
            self.session.idle_minutes,
            self.session.second_factor.word(),
            self.log.level.as_str(),
        )
    }
}

/// Where the public meets the service.
#[derive(Clone, Debug)]
pub struct Site {
    /// Its address; cookies are `Secure` when it is https.
    pub public: PublicUrl,
    /// Further addresses of the same service.
    pub others: Vec<PublicUrl>,
    /// Whether this is a demonstration, which every page says.
    pub demo: bool,
    /// Who runs it; without this the pages say that nobody has entered it.
    pub operator: Option<Imprint>,
    /// Proxies that are believed about where a request comes from.
    pub proxies: Vec<AddressRange>,
    /// How much may come before it takes more work.
    pub door: DoorSettings,
}

impl Site {
    /// Whether `origin`, the value of an `Origin` header, is one of ours.
    #[must_use]
    pub fn is_own_origin(&self, origin: &str) -> bool {
        std::iter::once(&self.public).chain(&self.others).any(|url| url.is_origin(origin))
    }

    /// Whether `host`, the value of a `Host` header, is an onion service of ours.
    #[must_use]
    pub fn is_own_onion(&self, host: &str) -> bool {
        std::iter::once(&self.public).chain(&self.others).any(|url| url.is_onion_host(host))
    }

    /// Whether a proxy at this address is believed about where a request comes from.
    #[must_use]
    pub fn trusts(&self, address: std::net::IpAddr) -> bool {
        self.proxies.iter().any(|range| range.holds(address))
    }
}

#[cfg(test)]
mod tests;
