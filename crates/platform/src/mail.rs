//! Handing mail over to one mail server. Knows no feature: what a letter says is decided elsewhere.
//!
//! Invariants: with `starttls` or `tls` nothing is said before the server has shown a certificate that verifies, and a server that does
//! not offer TLS gets nothing. Errors carry no address and nothing that the server said about one, so they may be logged. A letter has
//! no header beyond those that [`Letter`] needs: no name of a program, nothing that follows the reader.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue, MIME_VERSION_1_0};
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address as Mailbox2821, Message};

use crate::config::{MailSettings, MailTls, PublicUrl, is_email};
use crate::log::chain;
use crate::random::Random;

/// How long one step, reaching the server or handing one letter over, may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// An e-mail address that could be one; only an answer tells whether it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// Reads what somebody typed; spaces around it are forgiven.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        (is_email(text) && text.parse::<Mailbox2821>().is_ok()).then(|| Self(text.to_owned()))
    }

    /// The address itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

// No log and no panic may show whose it is.
impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Address")
    }
}

/// One letter in plain text.
#[derive(Clone, Debug)]
pub struct Letter {
    /// To whom.
    pub to: Address,
    /// Its subject, one line.
    pub subject: String,
    /// Its text, without a line's end after the last line.
    pub text: String,
    /// The time that it bears; whoever writes it decides how fine.
    pub date: Timestamp,
}

/// Why a letter was not handed over. Names nobody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailFailure {
    /// The server refuses this address for good.
    #[error("the mail server refuses the address ({0})")]
    Refused(u16),
    /// This letter was not taken now.
    #[error("the mail server did not take the letter: {0}")]
    NotNow(String),
    /// No letter can be handed over now.
    #[error("no mail can be handed over: {0}")]
    Server(String),
}

/// The settings cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("`mail.{setting}`: {reason}")]
pub struct UnusableMail {
    setting: &'static str,
    reason: String,
}

/// The mail server, as configured. Cheap to clone.
#[derive(Clone)]
pub struct Mailer(Arc<Inner>);

struct Inner {
    settings: MailSettings,
    from: Mailbox2821,
    /// The host of the public address: how this program names itself.
    host: String,
    tls: Option<TlsParameters>,
    random: Random,
}

impl fmt::Debug for Mailer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Mailer")
    }
}

impl Mailer {
    /// Gets everything ready; nothing is sent yet.
    ///
    /// # Errors
    /// [`UnusableMail`] when a setting cannot be used, such as a file that is not there.
    pub fn new(settings: &MailSettings, public: &PublicUrl, random: Random) -> Result<Self, UnusableMail> {
        let from = settings
            .from
            .parse()
            .map_err(|_| UnusableMail { setting: "from", reason: "not an e-mail address".to_owned() })?;
        let tls = match settings.tls {
            MailTls::None => None,
            MailTls::StartTls | MailTls::Tls => Some(tls(settings)?),
        };
        let host = public.host().to_owned();
        Ok(Self(Arc::new(Inner { settings: settings.clone(), from, host, tls, random })))
    }

    /// The hours at which ordinary notices go, in Rome.
    #[must_use]
    pub fn hours(&self) -> &[i8] {
        &self.0.settings.hours
    }

    /// Reaches the server, encrypts, signs in.
    ///
    /// # Errors
    /// [`MailFailure::Server`].
    pub async fn connect(&self) -> Result<Handover, MailFailure> {
        let reached = tokio::time::timeout(PATIENCE, self.reach()).await;
        let connection =
            reached.map_err(|_| MailFailure::Server("it did not answer in time".to_owned()))??;
        Ok(Handover { connection, mailer: self.clone() })
    }

    async fn reach(&self) -> Result<AsyncSmtpConnection, MailFailure> {
        let Inner { settings, tls, .. } = &*self.0;
        let own = self.own_name();
        let at_once = tls.clone().filter(|_| settings.tls == MailTls::Tls);
        let address = (settings.server.as_str(), settings.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(address, Some(PATIENCE), &own, at_once, None)
                .await
                .map_err(|error| unreached("it was not reached", &error))?;
        if settings.tls == MailTls::StartTls {
            let Some(tls) = tls.clone().filter(|_| connection.can_starttls()) else {
                connection.abort().await;
                return Err(MailFailure::Server(
                    "it does not offer STARTTLS, and nothing is sent in clear".to_owned(),
                ));
            };
            connection.starttls(tls, &own).await.map_err(|error| unreached("STARTTLS failed", &error))?;
        }
        if let Some(account) = &settings.account {
            let credentials = Credentials::new(account.username.clone(), account.password.clone());
            let signed_in = connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await;
            // What the server says here may repeat the account.
            signed_in.map_err(|error| MailFailure::Server(format!("signing in failed{}", code(&error))))?;
        }
        Ok(connection)
    }

    fn own_name(&self) -> ClientId {
        let host = self.0.host.trim_start_matches('[').trim_end_matches(']');
        match host.parse() {
            Ok(IpAddr::V4(address)) => ClientId::Ipv4(address),
            Ok(IpAddr::V6(address)) => ClientId::Ipv6(address),
            Err(_) => ClientId::Domain(host.to_owned()),
        }
    }

    fn write(&self, letter: &Letter, to: Mailbox2821) -> Result<Vec<u8>, MailFailure> {
        let id = self.0.random.uuid();
        let message = Message::builder()
            .from(Mailbox::new(None, self.0.from.clone()))
            .to(Mailbox::new(None, to))
            .subject(letter.subject.as_str())
            .date(SystemTime::from(letter.date))
            .message_id(Some(format!("<{}@{}>", id.simple(), self.0.host)))
            // RFC 3834: no out-of-office note answers it.
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ))
            .header(MIME_VERSION_1_0)
            .header(ContentType::TEXT_PLAIN)
            .body(letter.text.clone())
            .map_err(|_| MailFailure::NotNow("the letter could not be written".to_owned()))?;
        Ok(message.formatted())
    }
}

/// An open way to the mail server.
pub struct Handover {
    connection: AsyncSmtpConnection,
    mailer: Mailer,
}

impl Handover {
    /// Hands one letter over. After [`MailFailure::Server`] this way is of no more use.
    ///
    /// # Errors
    /// [`MailFailure`].
    pub async fn send(&mut self, letter: &Letter) -> Result<(), MailFailure> {
        let to: Mailbox2821 = letter
            .to
            .0
            .parse()
            .map_err(|_| MailFailure::NotNow("the address cannot be written".to_owned()))?;
        let bytes = self.mailer.write(letter, to.clone())?;
        let handed = tokio::time::timeout(PATIENCE, self.hand_over(to, &bytes)).await;
        handed.map_err(|_| MailFailure::Server("it did not answer in time".to_owned()))?
    }

    async fn hand_over(&mut self, to: Mailbox2821, bytes: &[u8]) -> Result<(), MailFailure> {
        use lettre::transport::smtp::commands::{Data, Rset};
        let from = self.mailer.0.from.clone();
        let begun = self.connection.command(Mail::new(Some(from), Vec::new())).await;
        begun.map_err(|error| MailFailure::Server(format!("the sender was refused{}", code(&error))))?;
        let named = self.connection.command(Rcpt::new(to, Vec::new())).await;
        if let Err(error) = named {
            // The server may take the next letter.
            let over = self.connection.command(Rset).await;
            over.map_err(|error| MailFailure::Server(format!("it broke off{}", code(&error))))?;
            return Err(match error.status().filter(|_| error.is_permanent()) {
                Some(status) => MailFailure::Refused(status.into()),
                None => MailFailure::NotNow(format!("the address was not taken{}", code(&error))),
            });
        }
        let ready = self.connection.command(Data).await;
        ready.map_err(|error| MailFailure::Server(format!("the text was not taken{}", code(&error))))?;
        match self.connection.message(bytes).await {
            Ok(_) => Ok(()),
            Err(error) if error.status().is_some() => {
                Err(MailFailure::NotNow(format!("the text was not taken{}", code(&error))))
            }
            Err(_) => Err(MailFailure::Server("it broke off".to_owned())),
        }
    }

    /// Takes leave of the server.
    pub async fn close(mut self) {
        drop(tokio::time::timeout(PATIENCE, self.connection.quit()).await);
    }
}

impl fmt::Debug for Handover {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Handover")
    }
}

fn tls(settings: &MailSettings) -> Result<TlsParameters, UnusableMail> {
    let mut builder = TlsParameters::builder(settings.server.clone());
    if let Some(file) = &settings.authority {
        let unusable = |reason: String| UnusableMail { setting: "authority", reason };
        let pem = std::fs::read(file).map_err(|error| unusable(format!("{}: {error}", file.display())))?;
        let certificate = Certificate::from_pem(&pem)
            .map_err(|_| unusable(format!("{}: not a certificate in PEM", file.display())))?;
        builder = builder.add_root_certificate(certificate);
    }
    let built = builder.build_rustls();
    built.map_err(|error| UnusableMail { setting: "server", reason: chain(&error) })
}

/// Why the server was not reached. Nothing of a person has been said to it yet, so its causes may be told.
fn unreached(what: &str, error: &SmtpError) -> MailFailure {
    MailFailure::Server(format!("{what}: {}", chain(error)))
}

/// The number of the server's answer; its words may repeat an address.
fn code(error: &SmtpError) -> String {
    error.status().map_or_else(String::new, |status| format!(" ({status})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn mailer(public: &str) -> Mailer {
        let settings = MailSettings {
            server: "localhost".to_owned(),
            port: 25,
            tls: MailTls::None,
            account: None,
            from: "notices@example.org".to_owned(),
            authority: None,
            hours: vec![8],
        };
        Mailer::new(&settings, &PublicUrl::parse(public).unwrap(), Random::system()).unwrap()
    }

    #[test]
    fn an_address_is_read_as_typed_and_never_shown() {
        assert_eq!(Address::parse(" anna@example.org ").unwrap().as_str(), "anna@example.org");
        for wrong in
            ["", "anna", "anna@", "a b@example.org", "anna@example.org\r\nBcc: x@example.org", "<a@b.c>"]
        {
            assert_eq!(Address::parse(wrong), None, "{wrong}");
        }
        assert_eq!(format!("{:?}", Address::parse("anna@example.org")), "Some(Address)");
    }

    #[test]
    fn a_letter_has_these_headers_and_no_other() {
        let letter = Letter {
            to: Address::parse("anna@example.org").unwrap(),
            subject: "Un messaggio".to_owned(),
            text: "C'è un messaggio.".to_owned(),
            date: "2026-11-24T07:00:00Z".parse().unwrap(),
        };
        let to = "anna@example.org".parse().unwrap();
        let bytes = mailer("https://approdo.example").write(&letter, to).unwrap();
        let written = String::from_utf8(bytes).unwrap();
        let (head, body) = written.split_once("\r\n\r\n").unwrap();
        let names: Vec<&str> = head.lines().map(|line| line.split(':').next().unwrap()).collect();
        let wanted = [
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "Auto-Submitted",
            "Content-Type",
            "MIME-Version",
            "Content-Transfer-Encoding",
        ];
        let mut sorted = (names.clone(), wanted.to_vec());
        sorted.0.sort_unstable();
        sorted.1.sort_unstable();
        assert_eq!(sorted.0, sorted.1, "{head}");
        for line in [
            "From: notices@example.org",
            "To: anna@example.org",
            "Date: Tue, 24 Nov 2026 07:00:00 +0000",
            "Auto-Submitted: auto-generated",
            "Content-Type: text/plain; charset=utf-8",
        ] {
            assert!(head.lines().any(|written| written == line), "{line}\n{head}");
        }
        assert!(head.contains("@approdo.example>"), "{head}");
        assert!(body.contains("C'=C3=A8 un messaggio."), "{body}");
    }

    #[test]
    fn this_program_names_itself_by_its_public_host() {
        assert_eq!(mailer("https://approdo.example:8443").own_name().to_string(), "approdo.example");
        assert_eq!(mailer("http://[::1]:8080").own_name().to_string(), "[IPv6:::1]");
    }

    #[test]
    fn a_missing_authority_is_named_by_its_setting() {
        let mut settings = mailer("https://a.example").0.settings.clone();
        settings.tls = MailTls::StartTls;
        settings.authority = Some("absent.pem".into());
        let public = Config::default().site("127.0.0.1:1".parse().unwrap()).public;
        let error = Mailer::new(&settings, &public, Random::system()).unwrap_err().to_string();
        assert!(error.starts_with("`mail.authority`: absent.pem"), "{error}");
    }
}
