//! Reports sealed beforehand: the time of sealing is spent in the browsers of those who write.

use std::sync::Arc;

use envelope::centre::VerifiedCentre;
use envelope::clock::Clock;
use envelope::encoding::Hash;
use envelope::frame::Frame;
use envelope::header::Language;
use envelope::mailbox::Nonce;
use envelope::work::{Challenge, HEADER, Solver};
use jiff::Timestamp;
use keyring::item::{ReportDraft, seal_safe_report};
use keyring::receipt::Receipt;
use rand_core::CryptoRngCore;

use super::connection::{Connection, Reply};
use super::{Address, Outcome};

/// About as long as a first message; it fills one frame of the smallest class.
const TEXT: &str = "Una segnalazione di prova, per misurare la velocità. Non riguarda nessuno.";

/// A sealed report, ready to be posted.
#[derive(Clone)]
pub struct Letter {
    /// The frame.
    pub frame: Arc<[u8]>,
    /// SHA-256 of the frame, under which it is stored.
    pub hash: [u8; 32],
    /// The mailbox that it makes.
    pub mailbox: [u8; 32],
    /// The keys of its mailbox.
    receipt: Arc<Receipt>,
    /// The proof of work, as the value of its header.
    token: Option<String>,
}

/// Seals reports to a centre's safe channel. Receipts are made from random bytes instead of codes: nobody waits for Argon2id a thousand
/// times.
///
/// # Errors
/// When the centre takes no reports now.
pub fn seal(
    centre: &VerifiedCentre,
    count: usize,
    now: Timestamp,
    random: &mut impl CryptoRngCore,
) -> Outcome<Vec<Letter>> {
    let recipient = centre.safe_recipient(Clock::exact(now))?;
    let language = Language::parse("it")?;
    let draft = ReportDraft {
        text: TEXT,
        safe_contact: None,
        answer_language: language.clone(),
        page_language: language,
        urgent: false,
        safe_word: None,
        call_back: None,
        files: Vec::new(),
    };
    let mut letters = Vec::with_capacity(count);
    for _ in 0..count {
        let mut seed = [0; 32];
        random.fill_bytes(&mut seed);
        let receipt = Receipt::from_random_bytes(&seed)?;
        let bytes = seal_safe_report(&recipient, None, &receipt, &draft, random)?.bytes;
        letters.push(Letter {
            hash: *Hash::of(&bytes).as_bytes(),
            mailbox: *Frame::parse(&bytes)?.mailbox_id().as_bytes(),
            frame: bytes.into(),
            receipt: Arc::new(receipt),
            token: None,
        });
    }
    Ok(letters)
}

impl Letter {
    /// Does the work that the server's door asks for, as a browser does while somebody types.
    ///
    /// # Errors
    /// When the server gives no challenge.
    pub async fn work(&mut self, connection: &mut Connection) -> Outcome<()> {
        let challenge = connection.post("/work", "", &[]).await?;
        let challenge = Challenge::parse(&challenge.body).map_err(|_| "no challenge")?;
        self.token = Some(Solver::new(challenge, &self.mailbox).finish().to_header());
        Ok(())
    }

    /// Does the work for all letters.
    ///
    /// # Errors
    /// As [`work`](Self::work).
    pub async fn work_all(letters: &mut [Self], address: &Address) -> Outcome<()> {
        let mut connection = Connection::open(address, 0).await?;
        for letter in letters {
            letter.work(&mut connection).await?;
        }
        Ok(())
    }

    /// Asks for the first page of the mailbox that it made: a nonce, and the page under a signature over it.
    ///
    /// # Errors
    /// When no whole answer comes.
    pub async fn read(&self, connection: &mut Connection) -> Outcome<Reply> {
        let nonce = connection.post("/mailbox/nonce", "", &[]).await?;
        let nonce = Nonce::from_slice(&nonce.body).map_err(|_| "no nonce")?;
        connection.post("/mailbox/page", "", &self.receipt.page_request(&nonce, 0)).await
    }

    /// Posts it. Work that was not done before is done now.
    ///
    /// # Errors
    /// When no whole answer comes.
    pub async fn send(&self, connection: &mut Connection) -> Outcome<Reply> {
        if let Some(token) = &self.token {
            return connection.post("/reports", &format!("{HEADER}: {token}\r\n"), &self.frame).await;
        }
        let mut worked = self.clone();
        worked.work(connection).await?;
        let token = worked.token.unwrap_or_default();
        connection.post("/reports", &format!("{HEADER}: {token}\r\n"), &self.frame).await
    }
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Letter")
    }
}
