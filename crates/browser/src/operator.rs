//! An operator's browser: opens the epoch keys that are hers, reads a case, answers and closes it (protocol sections 4, 6, 7.3).

use envelope::centre::{CentreBundle, SeenEpochs, VerifiedCentre};
use envelope::content::{ClosingContent, Content};
use envelope::duty::Channel;
use envelope::encoding::{Base64, Hash, from_base64, to_base64};
use envelope::frame::Frame;
use envelope::header::{Chain, ClearHeader, ItemKind, Language, Role};
use envelope::ids::{CaseId, CentreId, PersonId};
use envelope::signature::SignedDocument;
use keyring::capacity;
use keyring::conversation;
use keyring::epoch::EpochKey;
use keyring::item::{
    AnswerKind, OpenedItem, Place, ReceiptAddress, open_for_centre, seal_answer, seal_closing,
};
use keyring::operator::OperatorIdentity;
use rand_core::OsRng;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::papers::{self, Time};
use crate::refusal::Refused;

/// An unlocked operator.
#[wasm_bindgen]
pub struct Operator {
    identity: OperatorIdentity,
    desk: Option<Desk>,
    case: Option<OpenCase>,
    sealed: Option<Sealed>,
}

/// Her centre, verified, and the epoch keys that opened.
struct Desk {
    built: f64,
    centre: VerifiedCentre,
    keys: Vec<EpochKey>,
}

/// The case on the screen, as far as it was read.
struct OpenCase {
    channel: Channel,
    case: CaseId,
    address: Option<ReceiptAddress>,
    language: Language,
    conversation: Tail,
    notes: Tail,
}

/// The end of a chain.
#[derive(Clone, Copy, Default)]
struct Tail {
    seq: u32,
    hash: Option<Hash>,
}

/// The item sealed last, for a repeat of the same bytes (section 7.5).
struct Sealed {
    words: Hash,
    frame: Vec<u8>,
}

/// What `GET /console/keys` gives.
#[derive(Deserialize)]
struct Keys {
    root: SignedDocument,
    centre: CentreId,
    bundle: CentreBundle,
    epochs: Vec<SealedEpoch>,
}

#[derive(Deserialize)]
struct SealedEpoch {
    channel: Channel,
    number: u32,
    wrap: Base64,
}

/// What a page shows of a case.
#[derive(Serialize)]
struct Shown {
    items: Vec<ShownItem>,
    /// Something was left out, moved, altered or is not for her who wrote.
    incomplete: bool,
}

#[derive(Serialize)]
struct ShownItem {
    chain: Chain,
    kind: &'static str,
    /// `null` when the item did not open or does not belong here.
    text: Option<String>,
    safe_contact: Option<String>,
    reason: Option<String>,
}

impl Operator {
    /// An operator whose slot was opened.
    #[must_use]
    pub fn of(identity: OperatorIdentity) -> Self {
        Self { identity, desk: None, case: None, sealed: None }
    }
}

#[wasm_bindgen]
impl Operator {
    /// The identity sealed under the 32 bytes that only the server's memory holds, in base64: all that the browser keeps between
    /// two pages (protocol section 6).
    ///
    /// # Errors
    /// `malformed` for a key of another length.
    pub fn park(&self, session_key: &[u8]) -> Result<String, Refused> {
        Ok(to_base64(&keyring::session::seal(&self.identity, &key_of(session_key)?)?))
    }

    /// The inverse of [`Operator::park`], on the next page.
    ///
    /// # Errors
    /// `slot` when the key is another session's, `malformed`.
    pub fn resume(parked: &str, session_key: &[u8]) -> Result<Operator, Refused> {
        let sealed = from_base64(parked)?;
        keyring::session::open(&sealed, &key_of(session_key)?).map(Self::of).map_err(|_| Refused::SLOT)
    }

    /// Verifies root, centre and statements, that `person` is a member with this very identity, and opens her epoch keys. `keys` is
    /// the answer of `GET /console/keys`. An epoch older than one already seen is refused.
    ///
    /// # Errors
    /// `certificate`, `clock`, `expired`, `malformed`; `keys` when she is no member.
    pub fn keys(&mut self, keys: &str, person: &str, now: f64, built: f64) -> Result<(), Refused> {
        let keys: Keys = serde_json::from_slice(keys.as_bytes()).map_err(|_| Refused::MALFORMED)?;
        let time = Time::of_device(now, built)?;
        let root = time.verify_own_root(&keys.root)?;
        let seen: Option<SeenEpochs> = self.desk.as_ref().map(|desk| desk.centre.seen_epochs());
        let centre = time.verify_centre(&root, &keys.bundle, seen)?;
        if centre.centre() != keys.centre {
            return Err(Refused::CERTIFICATE);
        }
        let person = PersonId::parse(person)?;
        let member = centre.member_by_key(&self.identity.public_key()).ok_or(Refused::KEYS)?;
        if member.person != person || member.recipient != *self.identity.recipient() {
            return Err(Refused::KEYS);
        }
        // A wrap that does not open leaves its epoch's items unreadable, and only those: the page says so for each.
        let keys = keys
            .epochs
            .iter()
            .filter_map(|epoch| {
                keyring::epoch::open(
                    &epoch.wrap.0,
                    self.identity.identity(),
                    &centre,
                    epoch.channel,
                    epoch.number,
                )
                .ok()
            })
            .collect();
        self.desk = Some(Desk { built, centre, keys });
        Ok(())
    }

    /// Opens the frames of a case (a JSON array of base64: the conversation in order, then the notes). An item that was moved from
    /// another place, is out of order, answers somebody else or does not open is listed without its text; `incomplete` tells of anything
    /// that the chain as a whole does not bear out (section 7.3). Returns `{"items", "incomplete"}`.
    ///
    /// # Errors
    /// `malformed`; `keys` when she holds no key of this channel.
    pub fn read(&mut self, centre: &str, channel: &str, case: &str, frames: &str) -> Result<String, Refused> {
        let desk = self.desk.as_ref().ok_or(Refused::UNKNOWN)?;
        let channel: Channel = channel.parse().map_err(|_| Refused::CHANNEL)?;
        let case = CaseId::parse(case)?;
        if desk.centre.centre() != CentreId::parse(centre)? {
            return Err(Refused::CERTIFICATE);
        }
        if !desk.keys.iter().any(|key| key.channel() == channel) {
            return Err(Refused::KEYS);
        }
        let frames: Vec<Base64> =
            serde_json::from_slice(frames.as_bytes()).map_err(|_| Refused::MALFORMED)?;
        let mut reading = Reading::new(channel, case, Language::parse("it")?);
        for bytes in &frames {
            reading.take(desk, &bytes.0)?;
        }
        let (open, shown) = reading.finish();
        self.case = Some(open);
        serde_json::to_string(&shown).map_err(|_| Refused::UNKNOWN)
    }

    /// About how many more characters of an answer fit; negative when it is too long.
    #[must_use]
    pub fn room(&self, text: &str) -> i32 {
        let Some(language) = self.case.as_ref().map(|case| &case.language) else { return 0 };
        papers::room(capacity::remaining_in_text(ItemKind::Answer, text, language), text)
    }

    /// Seals an `answer` or `acknowledgement` at the end of the conversation that was read, to the centre and to her receipt; returns
    /// the frame. The same words at the same place give the same bytes.
    ///
    /// # Errors
    /// `empty`, `size`, `clock`, `expired`, `channel`, `malformed`, `unknown` before a report was read.
    pub fn answer(&mut self, kind: &str, text: &str, now: f64) -> Result<Vec<u8>, Refused> {
        if text.trim().is_empty() {
            return Err(Refused::EMPTY);
        }
        let answer_kind = match kind {
            "answer" => AnswerKind::Answer,
            "acknowledgement" => AnswerKind::Acknowledgement,
            _ => return Err(Refused::MALFORMED),
        };
        let desk = self.desk.as_ref().ok_or(Refused::UNKNOWN)?;
        let case = self.case.as_ref().ok_or(Refused::UNKNOWN)?;
        let recipient = Time::of_device(now, desk.built)?.recipient(&desk.centre, case.channel)?;
        let words = words_hash(kind, text, "", case, recipient.epoch());
        if let Some(sealed) = self.sealed.as_ref().filter(|sealed| sealed.words == words) {
            return Ok(sealed.frame.clone());
        }
        let address = case.address.as_ref().ok_or(Refused::UNKNOWN)?;
        let place = Place {
            case: case.case,
            seq: case.conversation.seq + 1,
            prev: case.conversation.hash,
            seen: case.conversation.seq,
        };
        let item = seal_answer(
            answer_kind,
            &recipient,
            address,
            &self.identity,
            &place,
            text,
            &case.language,
            &mut OsRng,
        )?;
        self.sealed = Some(Sealed { words, frame: item.bytes.clone() });
        Ok(item.bytes)
    }

    /// Seals the closing of the case, a note that only the centre can read; returns the frame.
    ///
    /// # Errors
    /// `size`, `clock`, `expired`, `channel`, `unknown` before a report was read.
    pub fn close(&mut self, reason: &str, note: &str, now: f64) -> Result<Vec<u8>, Refused> {
        let desk = self.desk.as_ref().ok_or(Refused::UNKNOWN)?;
        let case = self.case.as_ref().ok_or(Refused::UNKNOWN)?;
        let recipient = Time::of_device(now, desk.built)?.recipient(&desk.centre, case.channel)?;
        let words = words_hash("closing", reason, note, case, recipient.epoch());
        if let Some(sealed) = self.sealed.as_ref().filter(|sealed| sealed.words == words) {
            return Ok(sealed.frame.clone());
        }
        let place = Place {
            case: case.case,
            seq: case.notes.seq + 1,
            prev: case.notes.hash,
            seen: case.conversation.seq,
        };
        let closing = ClosingContent { reason: reason.to_owned(), note: note.to_owned() };
        let item = seal_closing(&recipient, &self.identity, &place, &closing, &case.language, &mut OsRng)?;
        self.sealed = Some(Sealed { words, frame: item.bytes.clone() });
        Ok(item.bytes)
    }

    /// A draft sealed to her own key, in base64, before the lock drops the identity (protocol section 6).
    ///
    /// # Errors
    /// `unknown` never happens for a draft that fits into memory.
    pub fn seal_draft(&self, draft: &str) -> Result<String, Refused> {
        Ok(to_base64(&keyring::draft::seal(&self.identity, draft.as_bytes())?))
    }

    /// Opens a draft of her own.
    ///
    /// # Errors
    /// `slot` when it is somebody else's, `malformed`.
    pub fn open_draft(&self, sealed: &str) -> Result<String, Refused> {
        let opened =
            keyring::draft::open(&self.identity, &from_base64(sealed)?).map_err(|_| Refused::SLOT)?;
        core::str::from_utf8(&opened).map(str::to_owned).map_err(|_| Refused::MALFORMED)
    }
}

/// A case while its frames are taken in order.
struct Reading {
    open: OpenCase,
    conversation: Vec<OpenedItem>,
    notes: Vec<OpenedItem>,
    shown: Shown,
}

impl Reading {
    fn new(channel: Channel, case: CaseId, language: Language) -> Self {
        let open = OpenCase {
            channel,
            case,
            address: None,
            language,
            conversation: Tail::default(),
            notes: Tail::default(),
        };
        let shown = Shown { items: Vec::new(), incomplete: false };
        Self { open, conversation: Vec::new(), notes: Vec::new(), shown }
    }

    /// Opens one frame, which must belong to this centre, channel and case and follow the last one of its chain in number and hash.
    /// A gap in the numbers is told (section 7.3: something is withheld), and what comes after it still shown.
    fn take(&mut self, desk: &Desk, bytes: &[u8]) -> Result<(), Refused> {
        let frame = Frame::parse(bytes)?;
        let clear = frame.clear();
        let tail = match clear.chain {
            Chain::Conversation => &mut self.open.conversation,
            Chain::Notes => &mut self.open.notes,
        };
        let before = *tail;
        let is_after = clear.seq > before.seq;
        let is_next = clear.seq == before.seq + 1;
        if is_after {
            *tail = Tail { seq: clear.seq, hash: Some(frame.body_hash()) };
        }
        let belongs = clear.centre == desk.centre.centre()
            && clear.channel == self.open.channel
            && clear.case == self.open.case;
        self.shown.incomplete |= !belongs || !is_next;
        let item = Some(bytes)
            .filter(|_| belongs && is_after)
            .and_then(|bytes| open_item(desk, clear, bytes))
            .filter(|item| !is_next || item.header().prev == before.hash)
            .filter(|item| self.is_between_her_and_the_centre(item));
        let Some(item) = item else {
            // Without the key of its epoch an item is unreadable to her and nothing is wrong with the case.
            self.shown.incomplete |= keys_of(desk, clear).next().is_some();
            self.shown.items.push(unreadable(clear));
            return Ok(());
        };
        if let Content::Report(report) = item.content() {
            self.open.language = report.language.clone();
            self.open.address = item.receipt_address();
        }
        self.shown.items.push(shown(&item));
        match item.clear().chain {
            Chain::Conversation => self.conversation.push(item),
            Chain::Notes => self.notes.push(item),
        }
        Ok(())
    }

    /// Items of hers must all be by the key of the report, and answers wrapped to the receipt in it; that those of the centre are by
    /// its members was checked when they were opened.
    fn is_between_her_and_the_centre(&self, item: &OpenedItem) -> bool {
        let clear = item.clear();
        let report = self.conversation.iter().find(|opened| opened.clear().kind == ItemKind::Report);
        let is_hers = clear.kind.role() == Role::Victim;
        let is_by_another = is_hers && report.is_some_and(|report| report.clear().author != clear.author);
        let address = self.open.address.as_ref().filter(|_| clear.kind.is_for_receipt());
        !is_by_another && address.is_none_or(|address| address.is_named_in(item))
    }

    /// The end of the list: what no single item shows. Somebody who saw more of the conversation than was given here shows that its
    /// tail was cut; where every item opened, keyring judges the chains as a whole.
    fn finish(mut self) -> (OpenCase, Shown) {
        let seen =
            conversation::highest_seen(&self.conversation).max(conversation::highest_seen(&self.notes));
        let all_opened = self.shown.items.len() == self.conversation.len() + self.notes.len();
        self.shown.incomplete |= seen > self.open.conversation.seq || (all_opened && !self.is_whole());
        (self.open, self.shown)
    }

    fn is_whole(&self) -> bool {
        conversation::check_conversation(&self.conversation).is_ok()
            && self
                .conversation
                .first()
                .is_some_and(|report| conversation::check_notes(&self.notes, report).is_ok())
    }
}

fn keys_of<'a>(desk: &'a Desk, clear: &'a ClearHeader) -> impl Iterator<Item = &'a EpochKey> {
    desk.keys.iter().filter(|key| key.channel() == clear.channel && key.number() == clear.epoch)
}

fn open_item(desk: &Desk, clear: &ClearHeader, bytes: &[u8]) -> Option<OpenedItem> {
    keys_of(desk, clear).find_map(|key| open_for_centre(bytes, key, &desk.centre).ok())
}

fn unreadable(clear: &ClearHeader) -> ShownItem {
    ShownItem { chain: clear.chain, kind: clear.kind.name(), text: None, safe_contact: None, reason: None }
}

fn shown(item: &OpenedItem) -> ShownItem {
    let (text, safe_contact, reason) = match item.content() {
        Content::Report(report) => (report.text.clone(), report.safe_contact.clone(), None),
        Content::Text(content) => (content.text.clone(), None, None),
        Content::Closing(closing) => (closing.note.clone(), None, Some(closing.reason.clone())),
    };
    ShownItem {
        chain: item.clear().chain,
        kind: item.clear().kind.name(),
        text: Some(text),
        safe_contact,
        reason,
    }
}

fn key_of(session_key: &[u8]) -> Result<[u8; 32], Refused> {
    session_key.try_into().map_err(|_| Refused::MALFORMED)
}

fn words_hash(kind: &str, first: &str, second: &str, case: &OpenCase, epoch: u32) -> Hash {
    let place = (case.case, case.conversation.seq, case.notes.seq, epoch);
    Hash::of(serde_json::json!([kind, first, second, place]).to_string().as_bytes())
}
