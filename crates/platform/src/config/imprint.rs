//! The imprint, section `[operator]`: who runs this copy. Everything here is shown to everybody. It is no operator of a centre (GLOSSARY.md).
//!
//! Invariant: an [`Imprint`] is complete. Half an imprint would look like a whole one, so it is refused.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// The body that runs this copy, as the page "Who we are", the privacy notice and security.txt name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Given")]
pub struct Imprint {
    /// The name of the body.
    pub name: String,
    /// Its postal address, on one line.
    pub address: String,
    /// Its telephone number with country code, as people write it: `+39 06 1234567`.
    pub telephone: String,
    /// Its e-mail address.
    pub email: String,
    /// Its data protection officer and how to reach them, on one line.
    pub data_protection_officer: String,
    /// Whom to tell about a weak point: an e-mail address, or an address that begins with `https://`.
    pub security_contact: String,
}

impl Imprint {
    /// The number for a `tel:` link: a plus sign and digits.
    #[must_use]
    pub fn tel(&self) -> String {
        self.telephone.chars().filter(|sign| sign.is_ascii_digit() || *sign == '+').collect()
    }

    /// The security contact as the URI that security.txt demands (RFC 9116, 2.5.3).
    #[must_use]
    pub fn security_uri(&self) -> String {
        if self.security_contact.starts_with(HTTPS) {
            self.security_contact.clone()
        } else {
            format!("mailto:{}", self.security_contact)
        }
    }

    /// The section as TOML.
    pub(super) fn section(&self) -> String {
        let lines = self.fields().map(|(key, value)| format!("{key} = {}\n", toml_text(value)));
        format!("[operator]\n{}", lines.concat())
    }

    fn fields(&self) -> [(&'static str, &str); 6] {
        [
            ("name", &self.name),
            ("address", &self.address),
            ("telephone", &self.telephone),
            ("email", &self.email),
            ("data_protection_officer", &self.data_protection_officer),
            ("security_contact", &self.security_contact),
        ]
    }
}

const HTTPS: &str = "https://";

/// What was written, before it is known to be whole.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Given {
    #[serde(deserialize_with = "line")]
    name: Option<String>,
    #[serde(deserialize_with = "line")]
    address: Option<String>,
    #[serde(deserialize_with = "telephone")]
    telephone: Option<String>,
    #[serde(deserialize_with = "email")]
    email: Option<String>,
    #[serde(deserialize_with = "line")]
    data_protection_officer: Option<String>,
    #[serde(deserialize_with = "security_contact")]
    security_contact: Option<String>,
}

impl TryFrom<Given> for Imprint {
    type Error = String;

    fn try_from(given: Given) -> Result<Self, String> {
        let mut missing = Vec::new();
        let mut take = |key: &str, value: Option<String>| {
            value.unwrap_or_else(|| {
                missing.push(format!("`{key}`"));
                String::new()
            })
        };
        let operator = Self {
            name: take("name", given.name),
            address: take("address", given.address),
            telephone: take("telephone", given.telephone),
            email: take("email", given.email),
            data_protection_officer: take("data_protection_officer", given.data_protection_officer),
            security_contact: take("security_contact", given.security_contact),
        };
        if missing.is_empty() {
            Ok(operator)
        } else {
            Err(format!(
                "{} missing; the six settings are given together, or none of them",
                missing.join(", ")
            ))
        }
    }
}

fn line<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    read(deserializer, "expected 1 to 300 characters on one line", is_line)
}

fn telephone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    // In a variable, digits alone are read as a number and lose what stands before them; so one space is asked for.
    read(deserializer, "expected a number with country code and spaces, such as `+39 06 1234567`", |text| {
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let rest = text.strip_prefix('+').unwrap_or_default();
        rest.starts_with(|first: char| first.is_ascii_digit())
            && rest.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'-' | b'.'))
            && (6..=15).contains(&digits)
    })
}

fn email<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    read(deserializer, "expected an e-mail address, such as `help@example.org`", is_email)
}

fn security_contact<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    read(deserializer, "expected an e-mail address, or an address that begins with `https://`", |text| {
        is_email(text) || (text.starts_with(HTTPS) && is_uri(text))
    })
}

fn read<'de, D: Deserializer<'de>>(
    deserializer: D,
    expected: &'static str,
    is_valid: fn(&str) -> bool,
) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer).map_err(|_| D::Error::custom(expected))?;
    let text = text.trim();
    if is_valid(text) { Ok(Some(text.to_owned())) } else { Err(D::Error::custom(expected)) }
}

fn is_line(text: &str) -> bool {
    (1..=300).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// Enough to catch a slip of the pen; only sending would tell more. Nothing here needs escaping in a link.
pub(crate) fn is_email(text: &str) -> bool {
    let plain = |part: &str, also: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && !part.ends_with('.')
            && part.chars().all(|sign| sign.is_ascii_alphanumeric() || also.contains(sign))
    };
    text.len() <= 254
        && text.split_once('@').is_some_and(|(name, host)| {
            plain(name, "._+-") && plain(host, ".-") && host.contains('.') && !host.contains("..")
        })
}

fn is_uri(text: &str) -> bool {
    text.parse::<axum::http::Uri>().is_ok_and(|uri| uri.host().is_some_and(|host| host.contains('.')))
        && is_line(text)
}

/// A basic string of TOML. Control characters are refused at the door, so two signs need care.
pub(super) fn toml_text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
