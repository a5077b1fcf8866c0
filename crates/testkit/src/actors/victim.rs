//! Somebody who writes, with nothing but a code.

use envelope::centre::VerifiedCentre;
use envelope::clock::Clock;
use envelope::duty::Channel;
use envelope::encoding::from_base64;
use envelope::header::Language;
use envelope::ids::{CaseId, NetworkId};
use envelope::index::{Mailbox, pages_of};
use envelope::mailbox::Nonce;
use envelope::refusal::MailboxRefusal;
use jiff::Timestamp;
use keyring::item::{self, MessageDraft, OpenedItem, Place, ReportDraft, SealedItem};
use keyring::receipt::{self, Receipt, ReceiptCode};
use platform::random::Random;

use super::client::Client;
use crate::{Answer, TestApp};

/// Somebody who writes: what her browser holds while the page is open.
pub struct Victim {
    /// Her browser.
    pub client: Client,
    /// Her code.
    pub code: ReceiptCode,
    /// What the code gives.
    pub receipt: Receipt,
    random: Random,
}

impl Victim {
    /// Somebody with a new code.
    #[must_use]
    pub fn new(app: &TestApp, network: NetworkId) -> Self {
        let code = ReceiptCode::generate(&mut app.platform.random.clone());
        Self::with_code(app, network, code)
    }

    /// Somebody who types a code, her own or another.
    #[must_use]
    pub fn with_code(app: &TestApp, network: NetworkId, code: ReceiptCode) -> Self {
        let receipt = receipt::derive(&code, network).expect("64 MiB");
        Self { client: Client::new(app), code, receipt, random: app.platform.random.clone() }
    }

    /// The digits of her code, without spaces: a canary to search for.
    #[must_use]
    pub fn digits(&self) -> String {
        self.code.groups().iter().map(|group| group.to_string()).collect()
    }

    /// Seals a report, as her browser does, for a centre that it has verified.
    #[must_use]
    pub fn seal_report(
        &self,
        centre: &VerifiedCentre,
        channel: Channel,
        text: &str,
        now: Timestamp,
    ) -> SealedItem {
        self.seal(centre, channel, text, false, now)
    }

    /// Seals a report with the box "this cannot wait" ticked.
    #[must_use]
    pub fn seal_urgent(
        &self,
        centre: &VerifiedCentre,
        channel: Channel,
        text: &str,
        now: Timestamp,
    ) -> SealedItem {
        self.seal(centre, channel, text, true, now)
    }

    fn seal(
        &self,
        centre: &VerifiedCentre,
        channel: Channel,
        text: &str,
        urgent: bool,
        now: Timestamp,
    ) -> SealedItem {
        let draft = ReportDraft {
            text,
            safe_contact: Some("sera, dopo le 18"),
            answer_language: language(),
            page_language: language(),
            urgent,
        };
        let clock = Clock::exact(now);
        let mut random = self.random.clone();
        match channel {
            Channel::Safe => {
                let to = centre.safe_recipient(clock).expect("a safe recipient");
                item::seal_safe_report(&to, &self.receipt, &draft, &mut random)
            }
            Channel::General => {
                let to = centre.general_recipient(clock).expect("a recipient");
                item::seal_general_report(&to, &self.receipt, &draft, &mut random)
            }
        }
        .expect("a sealed report")
    }

    /// Posts a report.
    pub async fn send_report(&self, bytes: Vec<u8>) -> Answer {
        self.client.post("/reports", bytes).await
    }

    /// Asks for one page of her mailbox.
    pub async fn page(&self, page: u32) -> Answer {
        let nonce = self.client.post("/mailbox/nonce", Vec::new()).await;
        let nonce = Nonce::from_slice(&nonce.body).expect("56 bytes");
        self.client.post("/mailbox/page", self.receipt.page_request(&nonce, page)).await
    }

    /// Reads the whole mailbox and opens every answer.
    ///
    /// # Errors
    /// [`MailboxRefusal::Empty`] where any code would show the same screen.
    pub async fn read(&self, centre: &VerifiedCentre) -> Result<(Mailbox, Vec<OpenedItem>), MailboxRefusal> {
        let first = self.page(0).await.body.to_vec();
        let pages = pages_of(&first)?;
        let mut all = vec![first];
        for page in 1..pages {
            all.push(self.page(page).await.body.to_vec());
        }
        let mailbox = Mailbox::read(&all)?;
        let opened = mailbox.frames.iter().map(|frame| {
            item::open_with_receipt(&frame.to_bytes(), &self.receipt, centre).expect("an answer that opens")
        });
        let opened = opened.collect();
        Ok((mailbox, opened))
    }

    /// Seals a message that continues what the mailbox shows.
    #[must_use]
    pub fn seal_message(
        &self,
        centre: &VerifiedCentre,
        channel: Channel,
        case: CaseId,
        mailbox: &Mailbox,
        text: &str,
        now: Timestamp,
    ) -> SealedItem {
        let place = Place {
            case,
            seq: mailbox.highest_seq() + 1,
            prev: mailbox.last_hash(),
            seen: mailbox.highest_seq(),
        };
        self.seal_message_at(centre, channel, &place, text, now)
    }

    /// Seals a message for a place that she may or may not have.
    #[must_use]
    pub fn seal_message_at(
        &self,
        centre: &VerifiedCentre,
        channel: Channel,
        place: &Place,
        text: &str,
        now: Timestamp,
    ) -> SealedItem {
        let to = centre.recipient(channel, Clock::exact(now)).expect("a recipient");
        let draft = MessageDraft { text, page_language: language(), urgent: false };
        item::seal_message(&to, &self.receipt, place, &draft, &mut self.random.clone())
            .expect("a sealed message")
    }

    /// Posts a message.
    pub async fn send_message(&self, bytes: Vec<u8>) -> Answer {
        self.client.post("/mailbox/messages", bytes).await
    }
}

/// The language of every story's pages.
pub(super) fn language() -> Language {
    Language::parse("it").expect("a language")
}

/// Bytes of base64 in an answer.
pub(super) fn bytes_of(value: &serde_json::Value) -> Vec<u8> {
    from_base64(value.as_str().expect("base64")).expect("base64")
}
