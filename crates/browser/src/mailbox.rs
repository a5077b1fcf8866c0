//! The mailbox: a code goes in, verified answers come out; an unknown code and a mailbox without an answer are alike
//! (protocol sections 7.1 to 7.3, 12.4). Her own words are never there: only their place and hash are.

use envelope::centre::{CentreBundle, SeenEpochs, VerifiedCentre};
use envelope::content::Content;
use envelope::duty::Channel;
use envelope::encoding::Hash;
use envelope::frame::Frame;
use envelope::header::{ItemKind, Language};
use envelope::ids::{CaseId, CentreId};
use envelope::index::{self, IndexEntry, PAGE_LENGTH};
use envelope::mailbox::Nonce;
use envelope::refusal::MailboxRefusal;
use envelope::root::VerifiedRoot;
use keyring::capacity;
use keyring::conversation::check_against_index;
use keyring::item::{self, MessageDraft, open_with_receipt, seal_message};
use keyring::receipt::{Receipt, ReceiptCode};
use rand_core::OsRng;
use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::papers::{self, Time};
use crate::refusal::Refused;

/// The mailbox page of one network.
#[wasm_bindgen]
pub struct Mailbox {
    built: f64,
    root: VerifiedRoot,
    seen: Vec<(CentreId, SeenEpochs)>,
    receipt: Option<Receipt>,
    pages: Vec<Vec<u8>>,
    conversation: Option<Conversation>,
    sealed: Option<Sealed>,
}

/// A mailbox that was read and verified.
struct Conversation {
    place: Place,
    centre: VerifiedCentre,
    entries: Vec<IndexEntry>,
    answers: Vec<(u32, String)>,
    incomplete: bool,
}

/// Where the conversation is kept: the same for all its items.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    centre: CentreId,
    channel: Channel,
    case: CaseId,
}

/// The message sealed last, for a repeat of the same bytes (section 7.5).
struct Sealed {
    text: Hash,
    epoch: u32,
    seq: u32,
    frame: Vec<u8>,
    body_hash: Hash,
}

/// What a page shows.
#[derive(Serialize)]
struct Contents<'a> {
    items: Vec<Shown<'a>>,
    incomplete: bool,
    may_write: bool,
}

#[derive(Serialize)]
struct Shown<'a> {
    seq: u32,
    kind: &'static str,
    text: Option<&'a str>,
}

#[wasm_bindgen]
impl Mailbox {
    /// Verifies the network's root file. `built` is when the web code was built, in seconds since 1970.
    ///
    /// # Errors
    /// `certificate`, `clock`.
    #[wasm_bindgen(constructor)]
    pub fn new(built: f64, root_address: &str, root: &str, now: f64) -> Result<Self, Refused> {
        let root = Time::of_device(now, built)?.verify_root(root_address, root)?;
        Ok(Self {
            built,
            root,
            seen: Vec::new(),
            receipt: None,
            pages: Vec::new(),
            conversation: None,
            sealed: None,
        })
    }

    /// Takes a code in digits of any script; returns the indexes of its two words. Any 20 digits are a code.
    ///
    /// # Errors
    /// `code-length`.
    pub fn enter(&mut self, code: &str) -> Result<Vec<u8>, Refused> {
        self.forget();
        let code = ReceiptCode::parse(code)?;
        let receipt = keyring::receipt::derive(&code, self.root.network())?;
        let words = receipt.words().to_vec();
        self.receipt = Some(receipt);
        Ok(words)
    }

    /// The signed request for one page (164 bytes), with a fresh nonce of the server.
    ///
    /// # Errors
    /// `malformed` nonce, `unknown` before a code.
    pub fn request(&self, nonce: &[u8], page: u32) -> Result<Vec<u8>, Refused> {
        let receipt = self.receipt.as_ref().ok_or(Refused::UNKNOWN)?;
        Ok(receipt.page_request(&Nonce::from_slice(nonce)?, page))
    }

    /// Takes the answer to the request for `page`, from 0; returns how many pages there are to fetch. Filler counts as one page.
    ///
    /// # Errors
    /// `malformed`.
    pub fn accept(&mut self, answer: &[u8], page: u32) -> Result<u32, Refused> {
        if answer.len() != PAGE_LENGTH {
            return Err(Refused::MALFORMED);
        }
        if page == 0 {
            self.pages.clear();
            self.conversation = None;
        }
        match index::pages_of(answer) {
            Ok(pages) if usize::try_from(page) == Ok(self.pages.len()) => {
                self.pages.push(answer.to_vec());
                Ok(pages)
            }
            Err(MailboxRefusal::Empty) if page == 0 => Ok(1),
            _ => Err(Refused::MALFORMED),
        }
    }

    /// The centre whose papers [`Mailbox::read`] needs; `undefined` when there is nothing to read.
    ///
    /// # Errors
    /// `malformed` when the pages contradict each other.
    pub fn centre(&self) -> Result<Option<String>, Refused> {
        if self.pages.is_empty() {
            return Ok(None);
        }
        let read = index::Mailbox::read(&self.pages)?;
        Ok(read.frames.first().map(|frame| frame.clear().centre.to_string()))
    }

    /// Opens and verifies every answer against the members of its own epoch; returns `{"items", "incomplete", "may_write"}`.
    ///
    /// # Errors
    /// `certificate`, `clock`, `expired`, `malformed`.
    pub fn read(&mut self, bundle: &str, now: f64) -> Result<String, Refused> {
        let receipt = self.receipt.as_ref().ok_or(Refused::UNKNOWN)?;
        let read = index::Mailbox::read(&self.pages)?;
        let place = read.frames.first().map(place_of).ok_or(Refused::MALFORMED)?;
        let seen = self.seen.iter().find(|(centre, _)| *centre == place.centre).map(|(_, seen)| *seen);
        let bundle = CentreBundle::parse(bundle.as_bytes())?;
        let centre = Time::of_device(now, self.built)?.verify_centre(&self.root, &bundle, seen)?;
        if centre.centre() != place.centre {
            return Err(Refused::CERTIFICATE);
        }
        self.seen.retain(|(known, _)| *known != place.centre);
        self.seen.push((place.centre, centre.seen_epochs()));

        let mut answers = Vec::new();
        for frame in read.frames.iter().filter(|frame| place_of(frame) == place) {
            if let Some(text) = open(frame, receipt, &centre, &read.entries) {
                answers.push((frame.clear().seq, text));
            }
        }
        let incomplete =
            answers.len() != read.entries.iter().filter(|entry| entry.kind.is_for_receipt()).count();
        self.conversation = Some(Conversation { place, centre, entries: read.entries, answers, incomplete });
        self.contents()
    }

    /// About how many more characters of a message fit; negative when it is too long.
    #[must_use]
    pub fn room(&self, text: &str, language: &str) -> i32 {
        let Ok(language) = Language::parse(language) else { return 0 };
        papers::room(capacity::remaining_in_text(ItemKind::Message, text, &language), text)
    }

    /// Seals a message at the end of the conversation; returns the frame to post. The same words give the same bytes until the
    /// conversation or the epoch changes.
    ///
    /// # Errors
    /// `empty`, `size`, `clock`, `expired`, `channel`, `certificate`, `unknown` before a verified answer.
    pub fn seal(&mut self, text: &str, language: &str, now: f64) -> Result<Vec<u8>, Refused> {
        if text.trim().is_empty() {
            return Err(Refused::EMPTY);
        }
        let receipt = self.receipt.as_ref().ok_or(Refused::UNKNOWN)?;
        let conversation =
            self.conversation.as_ref().filter(|known| !known.answers.is_empty()).ok_or(Refused::UNKNOWN)?;
        let last = conversation.entries.last().ok_or(Refused::UNKNOWN)?;
        let recipient =
            Time::of_device(now, self.built)?.recipient(&conversation.centre, conversation.place.channel)?;
        let text_hash = Hash::of(text.as_bytes());
        let repeat = self.sealed.as_ref().filter(|sealed| {
            sealed.text == text_hash && sealed.seq == last.seq + 1 && sealed.epoch == recipient.epoch()
        });
        if let Some(sealed) = repeat {
            return Ok(sealed.frame.clone());
        }
        let place = item::Place {
            case: conversation.place.case,
            seq: last.seq + 1,
            prev: Some(last.body_hash),
            seen: last.seq,
        };
        let draft = MessageDraft { text, page_language: Language::parse(language)?, urgent: false };
        let item = seal_message(&recipient, receipt, &place, &draft, &mut OsRng)?;
        let frame = item.bytes.clone();
        self.sealed = Some(Sealed {
            text: text_hash,
            epoch: recipient.epoch(),
            seq: item.seq,
            frame: item.bytes,
            body_hash: item.body_hash,
        });
        Ok(frame)
    }

    /// The server has the message: it takes its place in the conversation. Returns what [`Mailbox::read`] does.
    ///
    /// # Errors
    /// `unknown` when nothing was sealed.
    pub fn acknowledged(&mut self) -> Result<String, Refused> {
        let sealed = self.sealed.take().ok_or(Refused::UNKNOWN)?;
        let conversation = self.conversation.as_mut().ok_or(Refused::UNKNOWN)?;
        conversation.entries.push(IndexEntry {
            seq: sealed.seq,
            kind: ItemKind::Message,
            size: None,
            body_hash: sealed.body_hash,
        });
        self.contents()
    }

    /// Forgets the code, the answers and what was sealed; the epochs seen stay known.
    pub fn forget(&mut self) {
        self.receipt = None;
        self.pages.clear();
        self.conversation = None;
        self.sealed = None;
    }
}

impl Mailbox {
    fn contents(&self) -> Result<String, Refused> {
        let conversation = self.conversation.as_ref().ok_or(Refused::UNKNOWN)?;
        let mut items = Vec::new();
        for entry in &conversation.entries {
            let answer = conversation.answers.iter().find(|(seq, _)| *seq == entry.seq);
            let text = answer.map(|(_, text)| text.as_str());
            // An answer that did not open is not listed as if it were one of hers: `incomplete` tells of it.
            if text.is_some() || !entry.kind.is_for_receipt() {
                items.push(Shown { seq: entry.seq, kind: entry.kind.name(), text });
            }
        }
        let contents = Contents {
            items,
            incomplete: conversation.incomplete,
            may_write: !conversation.answers.is_empty(),
        };
        serde_json::to_string(&contents).map_err(|_| Refused::UNKNOWN)
    }
}

fn place_of(frame: &Frame) -> Place {
    let clear = frame.clear();
    Place { centre: clear.centre, channel: clear.channel, case: clear.case }
}

/// The text of one answer, if it opens, was written by a member of its epoch, and stands where the index says.
fn open(frame: &Frame, receipt: &Receipt, centre: &VerifiedCentre, entries: &[IndexEntry]) -> Option<String> {
    let item = open_with_receipt(&frame.to_bytes(), receipt, centre).ok()?;
    check_against_index(&item, entries).ok()?;
    match item.content() {
        Content::Text(content) => Some(content.text.clone()),
        Content::Report(_) | Content::Closing(_) => None,
    }
}
