//! Somebody who writes, with nothing but a code.

mod files;

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
use keyring::mailbox::Reading;
use keyring::receipt::{self, Receipt, ReceiptCode};
use platform::random::Random;

use super::client::Client;
use crate::{Answer, TestApp};

pub use files::{SealedFile, draft_with_files};

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

    /// One of a crowd, whose keys come from anywhere: deriving them from her code is slow on purpose.
    #[must_use]
    pub fn with_receipt(app: &TestApp, receipt: Receipt) -> Self {
        let code = ReceiptCode::generate(&mut app.platform.random.clone());
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
        self.seal(centre, None, channel, &draft(text), now)
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
        self.seal(centre, None, channel, &ReportDraft { urgent: true, ..draft(text) }, now)
    }

    /// Seals a report in which she chose a safe word.
    #[must_use]
    pub fn seal_with_word(
        &self,
        centre: &VerifiedCentre,
        channel: Channel,
        text: &str,
        safe_word: &str,
        now: Timestamp,
    ) -> SealedItem {
        self.seal(centre, None, channel, &ReportDraft { safe_word: Some(safe_word), ..draft(text) }, now)
    }

    /// Seals a report that a second centre can open too.
    #[must_use]
    pub fn seal_for_two(
        &self,
        first: &VerifiedCentre,
        second: &VerifiedCentre,
        channel: Channel,
        text: &str,
        now: Timestamp,
    ) -> SealedItem {
        self.seal(first, Some(second), channel, &draft(text), now)
    }

    /// Seals any draft.
    #[must_use]
    pub fn seal(
        &self,
        centre: &VerifiedCentre,
        second: Option<&VerifiedCentre>,
        channel: Channel,
        draft: &ReportDraft<'_>,
        now: Timestamp,
    ) -> SealedItem {
        let clock = Clock::exact(now);
        let mut random = self.random.clone();
        match channel {
            Channel::Safe => {
                let to = |centre: &VerifiedCentre| centre.safe_recipient(clock).expect("a safe recipient");
                let second = second.map(to);
                item::seal_safe_report(&to(centre), second.as_ref(), &self.receipt, draft, &mut random)
            }
            Channel::General => {
                let to = |centre: &VerifiedCentre| centre.general_recipient(clock).expect("a recipient");
                let second = second.map(to);
                item::seal_general_report(&to(centre), second.as_ref(), &self.receipt, draft, &mut random)
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

    /// Asks who opened her case: one answer of protocol section 12.11.
    pub async fn openings(&self, page: u32) -> Answer {
        let nonce = self.client.post("/mailbox/openings-nonce", Vec::new()).await;
        let nonce = Nonce::from_slice(&nonce.body).expect("56 bytes");
        self.client.post("/mailbox/openings", self.receipt.page_request(&nonce, page)).await
    }

    /// Reads the whole mailbox and opens every answer.
    ///
    /// # Errors
    /// [`MailboxRefusal::Empty`] where any code would show the same screen.
    pub async fn read(&self, centre: &VerifiedCentre) -> Result<(Mailbox, Vec<OpenedItem>), MailboxRefusal> {
        let (mailbox, reading) = self.read_all(centre).await?;
        let answers = reading.answers().cloned().collect();
        Ok((mailbox, answers))
    }

    /// Reads the whole mailbox as her browser does: everything that this code opens, rotations too.
    ///
    /// # Errors
    /// [`MailboxRefusal::Empty`] where any code would show the same screen.
    pub async fn read_all(&self, centre: &VerifiedCentre) -> Result<(Mailbox, Reading), MailboxRefusal> {
        let first = self.page(0).await.body.to_vec();
        let pages = pages_of(&first)?;
        let mut all = vec![first];
        for page in 1..pages {
            all.push(self.page(page).await.body.to_vec());
        }
        let mailbox = Mailbox::read(&all)?;
        let reading = keyring::mailbox::read(&mailbox, &self.receipt, centre);
        assert!(reading.is_whole(), "answers that do not open: {:?}", reading.missing());
        Ok((mailbox, reading))
    }

    /// Seals the change to another code, with what is typed as safe word.
    #[must_use]
    pub fn seal_rotation(
        &self,
        next: &Receipt,
        centre: &VerifiedCentre,
        seen: (&Mailbox, &Reading),
        safe_word: Option<&str>,
        now: Timestamp,
    ) -> SealedItem {
        let (mailbox, reading) = seen;
        let clear = mailbox.frames[0].clear();
        let place = Place {
            case: clear.case,
            seq: mailbox.highest_seq() + 1,
            prev: mailbox.last_hash(),
            seen: mailbox.highest_seq(),
        };
        let to = centre.recipient(clear.channel, Clock::exact(now)).expect("a recipient");
        let (mut random, carried) = (self.random.clone(), reading.carried());
        item::seal_rotation(&to, &self.receipt, next, &place, carried, safe_word, &language(), &mut random)
            .expect("a sealed rotation")
    }

    /// Seals a request to burn; with a word only where the mailbox was opened, as then centre and case are known.
    pub async fn seal_burn(
        &self,
        word: Option<(&VerifiedCentre, Channel, CaseId, Option<&str>)>,
        now: Timestamp,
    ) -> Vec<u8> {
        let nonce = self.client.post("/mailbox/burn-nonce", Vec::new()).await;
        let nonce = Nonce::from_slice(&nonce.body).expect("56 bytes");
        let to = word.map(|(centre, channel, case, typed)| {
            (centre.recipient(channel, Clock::exact(now)).expect("a recipient"), case, typed)
        });
        let word = to.as_ref().map(|(to, case, typed)| (to, *case, *typed));
        keyring::burn::seal_burn(&self.receipt, &nonce, word).expect("a sealed request")
    }

    /// Burns her mailbox.
    pub async fn burn(
        &self,
        word: Option<(&VerifiedCentre, Channel, CaseId, Option<&str>)>,
        now: Timestamp,
    ) -> Answer {
        let request = self.seal_burn(word, now).await;
        self.client.post("/mailbox/burn", request).await
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
        self.seal_message_with_files(centre, channel, place, text, &[], now)
    }

    /// Seals a message that names files.
    #[must_use]
    pub fn seal_message_with_files(
        &self,
        centre: &VerifiedCentre,
        channel: Channel,
        place: &Place,
        text: &str,
        files: &[&SealedFile],
        now: Timestamp,
    ) -> SealedItem {
        let to = centre.recipient(channel, Clock::exact(now)).expect("a recipient");
        let draft = MessageDraft {
            text,
            page_language: language(),
            urgent: false,
            safe_word: None,
            files: files.iter().map(|file| file.entry.clone()).collect(),
        };
        item::seal_message(&to, &self.receipt, place, &draft, &mut self.random.clone())
            .expect("a sealed message")
    }

    /// Posts a message or a rotation.
    pub async fn send_message(&self, bytes: Vec<u8>) -> Answer {
        self.client.post("/mailbox/messages", bytes).await
    }
}

/// A report of these words and nothing else but a way to be reached.
fn draft(text: &str) -> ReportDraft<'_> {
    ReportDraft {
        text,
        safe_contact: Some("sera, dopo le 18"),
        answer_language: language(),
        page_language: language(),
        urgent: false,
        safe_word: None,
        call_back: None,
        files: Vec::new(),
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
