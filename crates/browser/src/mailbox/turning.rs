//! Changing the code and withdrawing everything (protocol section 7.4).

use envelope::encoding::Hash;
use envelope::header::Language;
use envelope::index::{self, PAGE_LENGTH};
use envelope::mailbox::Nonce;
use envelope::refusal::MailboxRefusal;
use keyring::burn::seal_burn;
use keyring::item::seal_rotation;
use keyring::receipt::{Receipt, ReceiptCode};
use rand_core::OsRng;
use wasm_bindgen::prelude::wasm_bindgen;

use super::Mailbox;
use crate::code;
use crate::papers::Time;
use crate::refusal::Refused;

/// A change of the code that was sealed, for a repeat of the same bytes (section 7.5).
pub(super) struct Change {
    words: Hash,
    epoch: u32,
    seq: u32,
    frame: Vec<u8>,
    code: ReceiptCode,
    receipt: Receipt,
}

#[wasm_bindgen]
impl Mailbox {
    /// Makes a new code and seals the change to it; returns the frame to post, as a message is. The same word gives the same bytes
    /// until the conversation or the epoch changes: a repeat after a lost answer has the same new code.
    ///
    /// # Errors
    /// `size` for a word that is too long or a conversation of more than about 400 answers, `clock`, `expired`, `channel`,
    /// `certificate`, `malformed`, `start`, `unknown` before a verified answer.
    pub fn change(&mut self, safe_word: &str, language: &str, now: f64) -> Result<Vec<u8>, Refused> {
        let words = Hash::of(safe_word.as_bytes());
        let (recipient, place) = self.end(now)?;
        let repeat = self.change.as_ref().filter(|change| {
            change.words == words && change.seq == place.seq && change.epoch == recipient.epoch()
        });
        if let Some(change) = repeat {
            return Ok(change.frame.clone());
        }
        let language = Language::parse(language)?;
        let (code, receipt) = code::fresh(self.root.network())?;
        let carried = self.conversation.as_ref().map(|known| known.carried.as_slice()).unwrap_or_default();
        let word = code::given(safe_word);
        let old = self.receipt()?;
        let item = seal_rotation(&recipient, old, &receipt, &place, carried, word, &language, &mut OsRng)?;
        let (epoch, seq, frame) = (recipient.epoch(), item.seq, item.bytes);
        self.change = Some(Change { words, epoch, seq, frame: frame.clone(), code, receipt });
        Ok(frame)
    }

    /// The 32 bytes that work for a request to the new code's mailbox is bound to: its id.
    ///
    /// # Errors
    /// `unknown` before a change.
    pub fn change_subject(&self) -> Result<Vec<u8>, Refused> {
        let change = self.change.as_ref().ok_or(Refused::UNKNOWN)?;
        Ok(change.receipt.mailbox_id().as_bytes().to_vec())
    }

    /// The signed request for the first page of the new code's mailbox, to find out whether a change without an answer has happened.
    ///
    /// # Errors
    /// `malformed` nonce, `unknown` before a change.
    pub fn change_request(&self, nonce: &[u8]) -> Result<Vec<u8>, Refused> {
        let change = self.change.as_ref().ok_or(Refused::UNKNOWN)?;
        Ok(change.receipt.page_request(&Nonce::from_slice(nonce)?, 0))
    }

    /// Whether there is something in the mailbox of the new code: then the change has happened.
    ///
    /// # Errors
    /// `malformed`.
    pub fn change_arrived(&self, answer: &[u8]) -> Result<bool, Refused> {
        if answer.len() != PAGE_LENGTH {
            return Err(Refused::MALFORMED);
        }
        match index::pages_of(answer) {
            Ok(_) => Ok(true),
            Err(MailboxRefusal::Empty) => Ok(false),
            Err(_) => Err(Refused::MALFORMED),
        }
    }

    /// The server has the change: the new code (20 digits) and the indexes of its two words, as `{"code", "words"}`. The old one is
    /// forgotten with everything it opened.
    ///
    /// # Errors
    /// `unknown` before a change.
    pub fn changed(&mut self) -> Result<String, Refused> {
        let change = self.change.take().ok_or(Refused::UNKNOWN)?;
        let shown = code::shown(&change.code, &change.receipt);
        self.forget();
        self.key = Some((change.code, change.receipt));
        Ok(shown)
    }

    /// The signed request to withdraw everything (4,096 bytes), with a fresh nonce of the server for it. The safe word goes along,
    /// sealed to the centre, when an answer has said which centre that is.
    ///
    /// # Errors
    /// `malformed` nonce, `size` for a word that is too long, `unknown` before a code.
    pub fn withdraw(&self, nonce: &[u8], safe_word: &str, now: f64) -> Result<Vec<u8>, Refused> {
        let receipt = self.receipt()?;
        let nonce = Nonce::from_slice(nonce)?;
        let Some(conversation) = self.answered() else {
            return Ok(seal_burn(receipt, &nonce, None)?);
        };
        let place = conversation.place;
        // Withdrawing never fails because nobody can be sealed to at the moment: it needs no word.
        let recipient = Time::of_device(now, self.built)
            .and_then(|time| time.recipient(&conversation.centre, place.channel))
            .ok();
        let word = recipient.as_ref().map(|recipient| (recipient, place.case, code::given(safe_word)));
        Ok(seal_burn(receipt, &nonce, word)?)
    }
}
