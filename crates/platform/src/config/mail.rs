//! Where notices to operators are handed over, section `[mail]` (docs/notices.md). Without it there are none by mail.
//!
//! Invariant: a [`MailSettings`] that exists leads over TLS, or stays on this machine. Its password is never shown.

use std::net::IpAddr;
use std::path::PathBuf;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::imprint::{is_email, toml_text};

/// The hours at which ordinary notices go, in Rome.
const HOURS: [i8; 3] = [8, 12, 16];

/// How the way to the mail server is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// The connection begins in clear and is encrypted before anything is said; else nothing is sent.
    #[default]
    StartTls,
    /// Encrypted from the first byte.
    Tls,
    /// Not at all: only for a mail server on this machine.
    None,
}

impl MailTls {
    /// The word in the file.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::StartTls => "starttls",
            Self::Tls => "tls",
            Self::None => "none",
        }
    }

    const fn usual_port(self) -> u16 {
        match self {
            Self::StartTls => 587,
            Self::Tls => 465,
            Self::None => 25,
        }
    }
}

/// Who signs in at the mail server.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct MailAccount {
    /// The name.
    pub username: String,
    /// The password; neither logs, panics nor `config check` show it.
    #[serde(skip)]
    pub password: String,
}

impl std::fmt::Debug for MailAccount {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("MailAccount")
    }
}

/// The mail server and what it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Given")]
pub struct MailSettings {
    /// Name or address of the server.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How the way there is encrypted.
    pub tls: MailTls,
    /// Who signs in, if anybody does.
    pub account: Option<MailAccount>,
    /// The sender of every notice.
    pub from: String,
    /// A file with certificates that are trusted beside the public ones, PEM.
    pub authority: Option<PathBuf>,
    /// The hours at which ordinary notices go, in Rome, in order; none: only urgent ones go.
    pub hours: Vec<i8>,
}

impl MailSettings {
    /// The section of the file, without the password.
    pub(super) fn section(&self) -> String {
        let hours: Vec<String> = self.hours.iter().map(ToString::to_string).collect();
        let account = match &self.account {
            None => "# mail.username is not set: nobody signs in\n".to_owned(),
            Some(account) => {
                format!("username = {}\npassword = \"…\"\n", toml_text(&account.username))
            }
        };
        let authority = match &self.authority {
            None => "# mail.authority is not set: the public authorities alone are trusted\n".to_owned(),
            Some(file) => format!("authority = {}\n", toml_text(&file.display().to_string())),
        };
        format!(
            "[mail]\nserver = {}\nport = {}\ntls = \"{}\"\n{account}from = {}\n{authority}hours = [{}]\n",
            toml_text(&self.server),
            self.port,
            self.tls.word(),
            toml_text(&self.from),
            hours.join(", "),
        )
    }
}

/// What was written, before it is known to be whole.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Given {
    #[serde(deserialize_with = "host")]
    server: Option<String>,
    port: Option<u16>,
    tls: MailTls,
    username: Option<String>,
    #[serde(deserialize_with = "password")]
    password: Option<String>,
    #[serde(deserialize_with = "email")]
    from: Option<String>,
    authority: Option<PathBuf>,
    hours: Option<Vec<i8>>,
}

impl TryFrom<Given> for MailSettings {
    type Error = String;

    fn try_from(given: Given) -> Result<Self, String> {
        let (Some(server), Some(from)) = (given.server, given.from) else {
            return Err(
                "`server` and `from` are needed for notices by mail; without both leave `[mail]` out"
                    .to_owned(),
            );
        };
        if given.tls == MailTls::None && !is_this_machine(&server) {
            return Err(
                "expected `tls = \"starttls\"` or `\"tls\"`; `\"none\"` is for a mail server on this machine"
                    .to_owned(),
            );
        }
        let account = match (given.username, given.password) {
            (None, None) => None,
            (Some(username), Some(password)) if is_word(&username) => {
                Some(MailAccount { username, password })
            }
            (Some(_), Some(_)) => return Err("expected `username` on one line".to_owned()),
            _ => return Err("`username` and `password` are given together, or neither".to_owned()),
        };
        let mut hours = given.hours.unwrap_or_else(|| HOURS.to_vec());
        hours.sort_unstable();
        hours.dedup();
        if !hours.iter().all(|hour| (0..24).contains(hour)) {
            return Err(
                "expected `hours` as a list of whole hours from 0 to 23, such as `[8, 12, 16]`".to_owned()
            );
        }
        let port = given.port.unwrap_or(given.tls.usual_port());
        Ok(Self { server, port, tls: given.tls, account, from, authority: given.authority, hours })
    }
}

fn host<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let expected = "expected the name or the address of a mail server, such as `smtp.example.org`";
    let text = String::deserialize(deserializer).map_err(|_| D::Error::custom(expected))?;
    let is_name = !text.is_empty()
        && text.len() <= 253
        && text.split('.').all(|part| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        });
    if is_name || text.parse::<IpAddr>().is_ok() { Ok(Some(text)) } else { Err(D::Error::custom(expected)) }
}

/// Its own sentence, because the usual one would repeat what was written.
fn password<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let expected = "expected text in quotes; in a variable, digits alone need quotes of their own";
    String::deserialize(deserializer).map(Some).map_err(|_| D::Error::custom(expected))
}

fn email<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let expected = "expected an e-mail address, such as `notices@example.org`";
    let text = String::deserialize(deserializer).map_err(|_| D::Error::custom(expected))?;
    if is_email(&text) { Ok(Some(text)) } else { Err(D::Error::custom(expected)) }
}

fn is_this_machine(server: &str) -> bool {
    server == "localhost" || server.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn is_word(text: &str) -> bool {
    (1..=300).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

#[cfg(test)]
#[expect(clippy::result_large_err, reason = "figment's Jail hands its own error back")]
mod tests {
    use std::path::Path;

    use figment::Jail;

    use super::super::{Config, DEFAULT_FILE, Flags};
    use super::*;

    fn read(file: &str) -> Result<Option<MailSettings>, String> {
        let mut found = Ok(None);
        Jail::expect_with(|jail| {
            jail.create_file(DEFAULT_FILE, file)?;
            let loaded = Config::load(None, &Flags::default());
            found = loaded.map(|config| config.mail).map_err(|error| error.to_string());
            Ok(())
        });
        found
    }

    const WHOLE: &str = "[mail]\nserver = 'smtp.example.org'\nfrom = 'notices@example.org'\n";

    #[test]
    fn without_the_section_there_are_no_notices_by_mail() {
        assert_eq!(read(""), Ok(None));
        assert!(Config::default().effective().contains("# [mail] is not set"));
    }

    #[test]
    fn what_is_left_out_has_the_usual_value() {
        let mail = read(WHOLE).unwrap().unwrap();
        assert_eq!((mail.port, mail.tls, mail.hours), (587, MailTls::StartTls, vec![8, 12, 16]));
        let mail = read(&format!("{WHOLE}tls = 'tls'\nhours = [17, 9, 9]")).unwrap().unwrap();
        assert_eq!((mail.port, mail.hours), (465, vec![9, 17]));
    }

    #[test]
    fn nothing_leaves_this_machine_in_clear() {
        for (server, is_taken) in [
            ("smtp.example.org", false),
            ("192.0.2.7", false),
            ("localhost", true),
            ("127.0.0.1", true),
            ("::1", true),
        ] {
            let file = WHOLE.replace("smtp.example.org", server) + "tls = 'none'";
            assert_eq!(read(&file).is_ok(), is_taken, "{server}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_and_no_password_repeated() {
        for line in [
            "username = 'approdo'",
            "password = 'sesame'",
            "password = 12345",
            "hours = [24]",
            "hours = 'sesame'",
            "tls = 'perhaps'",
            "port = 70000",
            "username = \"a\\nb\"\npassword = 'sesame'",
            "secret = 'sesame'",
        ] {
            let error = read(&format!("{WHOLE}{line}")).unwrap_err();
            assert!(!error.contains("sesame") && !error.contains("12345"), "{line}: {error}");
        }
        for (from, to) in
            [("smtp.example.org", "smtp example"), ("smtp.example.org", ""), ("notices@", "notices")]
        {
            assert!(read(&WHOLE.replace(from, to)).is_err(), "{to}");
        }
        assert!(read("[mail]\nserver = 'localhost'").unwrap_err().contains("`server` and `from`"));
    }

    #[test]
    fn what_is_in_force_reads_back_without_the_password() {
        let file = format!("{WHOLE}username = 'approdo'\npassword = 'sesame'\nauthority = 'own.pem'");
        let mut shown = read(&file).unwrap().unwrap();
        assert!(!format!("{shown:?}{}", shown.section()).contains("sesame"));
        let section = shown.section();
        assert!(section.contains("password = \"…\""), "{section}");
        Jail::expect_with(|jail| {
            jail.create_file("shown.toml", &section)?;
            let again = Config::load(Some(Path::new("shown.toml")), &Flags::default()).unwrap().mail.unwrap();
            shown.account = again.account.clone();
            assert_eq!(again, shown);
            Ok(())
        });
    }
}
