//! Values that are valid because they exist. A refusal says what is expected and never repeats the value.

use std::net::SocketAddr;
use std::path::PathBuf;

use axum::http::Uri;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Where the data lives: `sqlite:<path>` or `postgres://user:password@host:port/database`.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file; the folder is made when it is missing.
    Sqlite(PathBuf),
    /// A PostgreSQL 15 or newer.
    Postgres(String),
}

impl DatabaseUrl {
    /// Reads the text form.
    ///
    /// # Errors
    /// A sentence that says what is expected.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let path = text.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path));
        match path {
            Some(path) if !path.is_empty() && !path.starts_with(':') && !path.contains('?') => {
                Ok(Self::Sqlite(path.into()))
            }
            None if is_postgres(text) => Ok(Self::Postgres(text.to_owned())),
            _ => Err("expected `sqlite:<path of a file>` or `postgres://user:password@host:port/database`"),
        }
    }

    /// The text form with `…` in place of a password.
    #[must_use]
    pub fn without_password(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite:{}", path.display()),
            Self::Postgres(url) => {
                let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
                let rest = rest.split('?').next().unwrap_or_default();
                match rest.rsplit_once('@') {
                    None => format!("{scheme}://{rest}"),
                    Some((user, host)) => match user.split_once(':') {
                        None => format!("{scheme}://{user}@{host}"),
                        Some((name, _)) => format!("{scheme}://{name}:…@{host}"),
                    },
                }
            }
        }
    }
}

fn is_postgres(text: &str) -> bool {
    let rest = text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://"));
    rest.is_some_and(|rest| rest.split_once('/').is_some_and(|(_, database)| !database.is_empty()))
}

// A password may be inside: neither logs nor panics may show it.
impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.without_password())
    }
}

impl Serialize for DatabaseUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Sqlite(path) => serializer.collect_str(&format_args!("sqlite:{}", path.display())),
            Self::Postgres(url) => serializer.serialize_str(url),
        }
    }
}

impl<'de> Deserialize<'de> for DatabaseUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Scheme, host and port under which the public reaches the service, without a path: `https://example.org`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    const EXPECTED: &'static str =
        "expected `https://host` without a path; `http://` only for this machine and for .onion addresses";

    /// Reads the text form. Plain http is refused where a cookie would travel in clear.
    ///
    /// # Errors
    /// A sentence that says what is expected.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let uri: Uri = text.parse().map_err(|_| Self::EXPECTED)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(Self::EXPECTED);
        };
        let plain =
            uri.query().is_none() && matches!(uri.path(), "" | "/") && !authority.as_str().contains('@');
        let safe = match scheme {
            "https" => true,
            "http" => is_loopback(authority.host()) || is_onion(authority.host()),
            _ => false,
        };
        if !plain || !safe || authority.host().is_empty() {
            return Err(Self::EXPECTED);
        }
        let authority = authority.as_str().to_ascii_lowercase();
        let default_port = if scheme == "https" { ":443" } else { ":80" };
        Ok(Self(format!("{scheme}://{}", authority.strip_suffix(default_port).unwrap_or(&authority))))
    }

    pub(super) fn of_address(address: SocketAddr) -> Self {
        let suffix = if address.port() == 80 { String::new() } else { format!(":{}", address.port()) };
        match address {
            SocketAddr::V4(v4) => Self(format!("http://{}{suffix}", v4.ip())),
            SocketAddr::V6(v6) => Self(format!("http://[{}]{suffix}", v6.ip())),
        }
    }

    /// The origin, as a browser writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host alone: `example.org`, `127.0.0.1` or `[::1]`.
    #[must_use]
    pub fn host(&self) -> &str {
        let rest = self.0.split_once("://").map_or(self.0.as_str(), |(_, rest)| rest);
        match rest.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => rest,
        }
    }

    /// Whether the way to the reader is encrypted by TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// Whether a `Host` header names this onion service, if it is one.
    pub(super) fn is_onion_host(&self, host: &str) -> bool {
        let own = self.0.strip_prefix("http://").or_else(|| self.0.strip_prefix("https://"));
        let name = host.split(':').next().unwrap_or_default();
        own.is_some_and(|own| own.eq_ignore_ascii_case(host)) && is_onion(name)
    }

    /// Whether a browser's `Origin` is this address. On the own machine all of its names are one.
    pub(super) fn is_origin(&self, origin: &str) -> bool {
        let port_of_loopback = |url: &str| -> Option<String> {
            let uri: Uri = url.parse().ok()?;
            let host = uri.host()?;
            (uri.scheme_str() == Some("http") && is_loopback(host))
                .then(|| uri.port_u16().unwrap_or(80).to_string())
        };
        self.0 == origin
            || port_of_loopback(&self.0).is_some_and(|port| port_of_loopback(origin) == Some(port))
    }
}

/// An onion service encrypts by itself, without TLS.
fn is_onion(host: &str) -> bool {
    host.rsplit_once('.').is_some_and(|(name, zone)| !name.is_empty() && zone.eq_ignore_ascii_case("onion"))
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl Serialize for PublicUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PublicUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// The least important line that is still written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Only what failed.
    Error,
    /// Also what is odd.
    Warn,
    /// Also starts and stops.
    #[default]
    Info,
    /// Also steps inside our own code.
    Debug,
}

impl LogLevel {
    /// The word in the file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

pub(super) fn listen<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| D::Error::custom("expected an address and a port, such as `127.0.0.1:8080`"))
}

pub(super) fn file<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    match Option::<String>::deserialize(deserializer)? {
        Some(path) if path.is_empty() => Err(D::Error::custom("expected the path of a file")),
        path => Ok(path.map(PathBuf::from)),
    }
}

pub(super) fn hours<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    between(deserializer, 1, 24, "expected whole hours from 1 to 24")
}

pub(super) fn minutes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    between(deserializer, 1, 60, "expected whole minutes from 1 to 60")
}

pub(super) fn between<'de, D: Deserializer<'de>>(
    deserializer: D,
    least: u16,
    most: u16,
    expected: &str,
) -> Result<u16, D::Error> {
    let number = i64::deserialize(deserializer).map_err(|_| D::Error::custom(expected))?;
    match u16::try_from(number) {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(D::Error::custom(expected)),
    }
}
