//! The mailbox: a code goes in, verified answers come out; an unknown code and a mailbox without an answer are alike
//! (protocol sections 7.1 to 7.3, 12.4). Her own words are never there: only their place and hash are.

// The core of the console has no mailbox page, and its budget no room for what only that one asks.
#[cfg(any(not(feature = "console"), not(target_arch = "wasm32")))]
mod openings;
mod turning;

use envelope::audit::openings::OpeningsPage;
use envelope::centre::{CentreBundle, EpochRecipient, SeenEpochs, VerifiedCentre};
use envelope::content::{CarriedKey, Content, FileEntry, LONGEST_SAFE_WORD};
use envelope::duty::Channel;
use envelope::encoding::Hash;
use envelope::frame::Frame;
use envelope::header::{ClearHeader, ItemKind, Language};
use envelope::ids::{CaseId, CentreId};
use envelope::index::{self, IndexEntry, PAGE_LENGTH};
use envelope::mailbox::Nonce;
use envelope::refusal::MailboxRefusal;
use envelope::root::VerifiedRoot;
use keyring::capacity;
use keyring::item::{self, MessageDraft, OpenedItem, seal_message};
use keyring::receipt::{Receipt, ReceiptCode};
use rand_core::OsRng;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::code;
use crate::papers::{self, Time};
use crate::refusal::Refused;

/// The mailbox page of one network.
#[wasm_bindgen]
pub struct Mailbox {
    built: f64,
    root: VerifiedRoot,
    seen: Vec<(CentreId, SeenEpochs)>,
    key: Option<(ReceiptCode, Receipt)>,
    pages: Vec<Vec<u8>>,
    conversation: Option<Conversation>,
    sealed: Option<Sealed>,
    change: Option<turning::Change>,
    openings: Vec<OpeningsPage>,
}

/// A mailbox that was read and verified.
struct Conversation {
    place: Place,
    centre: VerifiedCentre,
    entries: Vec<IndexEntry>,
    answers: Vec<(u32, String)>,
    /// The keys of everything that opened, for the next code.
    carried: Vec<CarriedKey>,
    incomplete: bool,
    replaced: bool,
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
    words: Hash,
    epoch: u32,
    seq: u32,
    frame: Vec<u8>,
    body_hash: Hash,
}

/// What a page gives to be sealed as a message, as `web/src/box.ts` writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Draft {
    text: String,
    language: Language,
    /// What she typed as her safe word; empty for nothing.
    safe_word: String,
    files: Vec<FileEntry>,
}

impl Draft {
    fn parse(json: &str) -> Result<Self, Refused> {
        serde_json::from_str(json).map_err(|_| Refused::MALFORMED)
    }

    fn message(&self) -> MessageDraft<'_> {
        MessageDraft {
            text: &self.text,
            page_language: self.language.clone(),
            urgent: false,
            safe_word: code::given(&self.safe_word),
            files: self.files.clone(),
        }
    }

    /// A word that the centre asked for is a message too, and so is a file.
    fn check(&self) -> Result<(), Refused> {
        if self.safe_word.chars().count() > LONGEST_SAFE_WORD {
            return Err(Refused::SIZE);
        }
        let has_words = [&self.text, &self.safe_word].iter().any(|typed| code::given(typed).is_some());
        if has_words || !self.files.is_empty() { Ok(()) } else { Err(Refused::EMPTY) }
    }
}

/// What a page shows.
#[derive(Serialize)]
struct Contents<'a> {
    items: Vec<Shown<'a>>,
    incomplete: bool,
    /// Somebody who had this code took another one, and two members put this one back.
    replaced: bool,
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
            key: None,
            pages: Vec::new(),
            conversation: None,
            sealed: None,
            change: None,
            openings: Vec::new(),
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
        self.key = Some((code, receipt));
        Ok(words)
    }

    /// Whether `typed` is the last group of the code that was entered, in digits of any script.
    #[must_use]
    pub fn is_code(&self, typed: &str) -> bool {
        self.key.as_ref().is_some_and(|(code, _)| code::ends_with(code, typed))
    }

    /// The 32 bytes that work for a post to this mailbox is bound to: its id.
    ///
    /// # Errors
    /// `unknown` before a code.
    pub fn subject(&self) -> Result<Vec<u8>, Refused> {
        Ok(self.receipt()?.mailbox_id().as_bytes().to_vec())
    }

    /// The signed request for one page (164 bytes), with a fresh nonce of the server.
    ///
    /// # Errors
    /// `malformed` nonce, `unknown` before a code.
    pub fn request(&self, nonce: &[u8], page: u32) -> Result<Vec<u8>, Refused> {
        Ok(self.receipt()?.page_request(&Nonce::from_slice(nonce)?, page))
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

    /// Opens and verifies every answer against the members of its own epoch, those of former codes too; returns
    /// `{"items", "incomplete", "replaced", "may_write"}`.
    ///
    /// # Errors
    /// `certificate`, `clock`, `expired`, `malformed`.
    pub fn read(&mut self, bundle: &str, now: f64) -> Result<String, Refused> {
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

        let reading = keyring::mailbox::read(&read, self.receipt()?, &centre);
        let hers = |item: &&OpenedItem| place_of_header(item.clear()) == place;
        let answers = reading.answers().filter(hers).filter_map(text_of).collect();
        let incomplete = !reading.is_whole() || !reading.items().iter().all(|item| hers(&item));
        let (carried, replaced) = (reading.carried().to_vec(), reading.replaced_at().is_some());
        let entries = read.entries;
        self.conversation =
            Some(Conversation { place, centre, entries, answers, carried, incomplete, replaced });
        self.contents()
    }

    /// About how many more characters of a message fit; negative when it is too long.
    ///
    /// # Errors
    /// `malformed` for a draft that the page could not have made.
    pub fn room(&self, draft: &str) -> Result<i32, Refused> {
        let draft = Draft::parse(draft)?;
        Ok(papers::room(capacity::remaining_in_message(&draft.message()), &draft.text))
    }

    /// Seals a message at the end of the conversation; returns the frame to post. The same draft gives the same bytes until the
    /// conversation or the epoch changes.
    ///
    /// # Errors
    /// `empty`, `size`, `clock`, `expired`, `channel`, `certificate`, `malformed`, `unknown` before a verified answer.
    pub fn seal(&mut self, draft: &str, now: f64) -> Result<Vec<u8>, Refused> {
        let words = Hash::of(draft.as_bytes());
        let draft = Draft::parse(draft)?;
        draft.check()?;
        let receipt = self.receipt()?;
        let (recipient, place) = self.end(now)?;
        let repeat = self.sealed.as_ref().filter(|sealed| {
            sealed.words == words && sealed.seq == place.seq && sealed.epoch == recipient.epoch()
        });
        if let Some(sealed) = repeat {
            return Ok(sealed.frame.clone());
        }
        let item = seal_message(&recipient, receipt, &place, &draft.message(), &mut OsRng)?;
        let frame = item.bytes.clone();
        self.sealed = Some(Sealed {
            words,
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

    /// Forgets the codes, the answers and what was sealed; the epochs seen stay known.
    pub fn forget(&mut self) {
        self.key = None;
        self.pages.clear();
        self.conversation = None;
        self.sealed = None;
        self.change = None;
        self.openings.clear();
    }
}

impl Mailbox {
    fn receipt(&self) -> Result<&Receipt, Refused> {
        self.key.as_ref().map(|(_, receipt)| receipt).ok_or(Refused::UNKNOWN)
    }

    /// A conversation with a verified answer: only then is it known whom to seal to.
    fn answered(&self) -> Option<&Conversation> {
        self.conversation.as_ref().filter(|known| !known.answers.is_empty())
    }

    /// Whom to seal to now, and the place after the last item.
    fn end(&self, now: f64) -> Result<(EpochRecipient, item::Place), Refused> {
        let conversation = self.answered().ok_or(Refused::UNKNOWN)?;
        let last = conversation.entries.last().ok_or(Refused::UNKNOWN)?;
        let time = Time::of_device(now, self.built)?;
        let recipient = time.recipient(&conversation.centre, conversation.place.channel)?;
        let place = item::Place {
            case: conversation.place.case,
            seq: last.seq + 1,
            prev: Some(last.body_hash),
            seen: last.seq,
        };
        Ok((recipient, place))
    }

    fn contents(&self) -> Result<String, Refused> {
        let conversation = self.conversation.as_ref().ok_or(Refused::UNKNOWN)?;
        let mut items = Vec::new();
        for entry in &conversation.entries {
            let answer = conversation.answers.iter().find(|(seq, _)| *seq == entry.seq);
            let text = answer.map(|(_, text)| text.as_str());
            // An answer that did not open is not listed as if it were one of hers: `incomplete` tells of it.
            if text.is_some() || !entry.kind.is_answer() {
                items.push(Shown { seq: entry.seq, kind: entry.kind.name(), text });
            }
        }
        let contents = Contents {
            items,
            incomplete: conversation.incomplete,
            replaced: conversation.replaced,
            may_write: !conversation.answers.is_empty(),
        };
        serde_json::to_string(&contents).map_err(|_| Refused::UNKNOWN)
    }
}

fn place_of(frame: &Frame) -> Place {
    place_of_header(frame.clear())
}

fn place_of_header(clear: &ClearHeader) -> Place {
    Place { centre: clear.centre, channel: clear.channel, case: clear.case }
}

/// Number and text of an answer.
fn text_of(item: &OpenedItem) -> Option<(u32, String)> {
    let Content::Text(content) = item.content() else { return None };
    Some((item.clear().seq, content.text.clone()))
}
