//! What a wrong configuration says: the key, where it came from, what is expected. Never the value.

use std::fmt;
use std::path::{Path, PathBuf};

use figment::Metadata;
use figment::error::Kind;

/// All problems of a configuration.
#[derive(Debug)]
pub struct ConfigError {
    problems: Vec<ConfigProblem>,
}

/// One problem of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    /// The key with its section, `session.hours`; empty where a whole file is meant.
    pub key: String,
    /// The file, environment variable or flag.
    pub source: String,
    /// What is expected there.
    pub expected: String,
}

impl ConfigError {
    /// The problems, at least one.
    #[must_use]
    pub fn problems(&self) -> &[ConfigProblem] {
        &self.problems
    }

    /// A value that is one, but not together with others.
    pub(super) fn of_key(key: &str, metadata: Option<&Metadata>, expected: &str) -> Self {
        let (key, source) = (key.to_owned(), source(metadata, key));
        Self { problems: vec![ConfigProblem { key, source, expected: expected.to_owned() }] }
    }

    pub(super) fn no_file(path: &Path) -> Self {
        Self {
            problems: vec![ConfigProblem {
                key: String::new(),
                source: path.display().to_string(),
                expected: "there is no such file".to_owned(),
            }],
        }
    }
}

impl From<figment::Error> for ConfigError {
    fn from(error: figment::Error) -> Self {
        Self { problems: error.into_iter().map(|error| ConfigProblem::from(&error)).collect() }
    }
}

impl From<&figment::Error> for ConfigProblem {
    fn from(error: &figment::Error) -> Self {
        let key = match &error.kind {
            // serde reports the section; the unknown key itself stands in the kind.
            Kind::UnknownField(name, _) if error.path.last() != Some(name) => {
                error.path.iter().cloned().chain([name.clone()]).collect::<Vec<_>>().join(".")
            }
            _ => error.path.join("."),
        };
        let expected = match &error.kind {
            Kind::Message(message) => without_quotation(message),
            Kind::InvalidType(_, expected)
            | Kind::InvalidValue(_, expected)
            | Kind::InvalidLength(_, expected) => {
                format!("expected {}", in_words(expected))
            }
            Kind::UnknownField(_, known) => {
                format!("there is no such setting; known are {}", known.join(", "))
            }
            Kind::UnknownVariant(_, known) => format!("expected one of {}", known.join(", ")),
            Kind::MissingField(name) => format!("`{name}` is missing"),
            Kind::DuplicateField(name) => format!("`{name}` stands here twice"),
            Kind::ISizeOutOfRange(_) | Kind::USizeOutOfRange(_) => "expected a smaller number".to_owned(),
            Kind::Unsupported(_) | Kind::UnsupportedKey(..) => "expected another kind of value".to_owned(),
        };
        Self { source: source(error.metadata.as_ref(), &key), key, expected }
    }
}

/// What the parser of TOML says, without the line that it quotes: a password may stand there.
fn without_quotation(message: &str) -> String {
    match (message.lines().next(), message.lines().last()) {
        (Some(place), Some(reason)) if place != reason => format!("{place}: {reason}"),
        _ => message.to_owned(),
    }
}

/// serde's names of types as somebody would write them into the file.
fn in_words(expected: &str) -> &str {
    match expected {
        "a boolean" => "`true` or `false`",
        "a string" => "text in quotes",
        "a sequence" => "a list, such as `[\"https://a.example\"]`",
        other => other,
    }
}

fn source(metadata: Option<&Metadata>, key: &str) -> String {
    let Some(metadata) = metadata else { return "the configuration".to_owned() };
    if let Some(path) = metadata.source.as_ref().and_then(|source| source.file_path()) {
        return path.file_name().map_or_else(|| path.to_owned(), PathBuf::from).display().to_string();
    }
    if metadata.name.contains("environment") {
        return format!(
            "the environment variable {}{}",
            super::PREFIX,
            key.to_uppercase().replace('.', "__")
        );
    }
    format!("the flag --{}", key.replace('_', "-"))
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_empty() {
            write!(formatter, "{}: {}", self.source, self.expected)
        } else {
            write!(formatter, "`{}` in {}: {}", self.key, self.source, self.expected)
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.problems.iter().map(ToString::to_string).collect();
        formatter.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for ConfigError {}
