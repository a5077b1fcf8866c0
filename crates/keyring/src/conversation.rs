//! A case's chain as a whole (protocol section 7.3): opened items in order, each naming the one before it. Catches what no single
//! item can show: one left out, put elsewhere, or taken from another case (invariant I11).
//!
//! It also follows who she is (section 7.4): a rotation hands the case from one code to the next, and two members' notes put it
//! back. Operators answer to the code that counts now, [`current_receipt_address`], which no server can name.

use envelope::content::Content;
use envelope::header::{Chain, ItemKind, Role, Undone};
use envelope::ids::{CentreId, PersonId};
use envelope::index::IndexEntry;
use envelope::mailbox::MailboxId;
use envelope::signature::PublicKey;

use crate::item::{OpenedItem, ReceiptAddress};
use crate::refusal::OpenRefusal;
use crate::safe_word::{SafeWord, Verdict};

/// Members whose notes undo a rotation or a burn.
pub const MEMBERS_TO_UNDO: usize = 2;

/// Whether an item stands between her and the centre.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Footing {
    /// By the code that counted at its place, or to it.
    Sound,
    /// Said to be hers, but signed by another key than the one that counted.
    ByAnother,
    /// An answer sealed to a code of hers that did not count any more, or not again.
    ToFormerCode,
    /// An answer sealed to somebody else.
    ToStranger,
}

/// One rotation, as the centre sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// Its place in the conversation.
    pub seq: u32,
    /// What the safe word typed with it says.
    pub word: Verdict,
    /// The mailbox that it hands over to.
    pub mailbox: MailboxId,
    /// The members who asked to undo it, each once, in order.
    pub undone_by: Vec<PersonId>,
    /// Whether it is undone.
    pub is_undone: bool,
}

/// Checks the conversation of one case as the centre opened it: from the report on, without a gap, every item naming the body of
/// the one before, hers all by the key that counted at their place, answers all wrapped to the receipt that counted (sections 4.1
/// and 7.4). `notes` are all notes of the case: they undo rotations.
///
/// # Errors
/// [`OpenRefusal::Place`] for another order, a gap, another case or an answer that names another receipt, [`OpenRefusal::Author`]
/// for an item of hers by another key.
pub fn check_conversation(items: &[OpenedItem], notes: &[OpenedItem]) -> Result<(), OpenRefusal> {
    let Some(report) = items.first().filter(|first| first.clear().kind == ItemKind::Report) else {
        return Err(OpenRefusal::Place);
    };
    check_chain(items, Chain::Conversation, report)?;
    for footing in footings(items, notes) {
        match footing {
            Footing::Sound => {}
            Footing::ByAnother => return Err(OpenRefusal::Author),
            Footing::ToFormerCode | Footing::ToStranger => return Err(OpenRefusal::Place),
        }
    }
    Ok(())
}

/// Checks the notes of one case, possibly none.
///
/// # Errors
/// [`OpenRefusal::Place`] for another order, a gap or another case than the report's.
pub fn check_notes(items: &[OpenedItem], report: &OpenedItem) -> Result<(), OpenRefusal> {
    check_chain(items, Chain::Notes, report)
}

fn check_chain(items: &[OpenedItem], chain: Chain, report: &OpenedItem) -> Result<(), OpenRefusal> {
    let mut prev = None;
    let mut holder: Option<CentreId> = None;
    for (seq, item) in (1_u32..).zip(items) {
        let clear = item.clear();
        // One of the centres that she chose holds the case, and the same one all the time.
        let is_with_its_centre = clear.kind == ItemKind::Report
            || (report.clear().centres().contains(&clear.centre)
                && *holder.get_or_insert(clear.centre) == clear.centre);
        let is_of_case = clear.case == report.clear().case
            && clear.channel == report.clear().channel
            && is_with_its_centre;
        let is_next = clear.chain == chain && clear.seq == seq && item.header().prev == prev;
        let has_seen_the_past = chain == Chain::Notes || item.header().seen < seq;
        if !is_of_case || !is_next || !has_seen_the_past {
            return Err(OpenRefusal::Place);
        }
        prev = Some(item.body_hash());
    }
    Ok(())
}

/// The highest number of the conversation that any item says its author has seen. Higher than the conversation is long: its tail
/// was cut off, and the page says so.
#[must_use]
pub fn highest_seen(items: &[OpenedItem]) -> u32 {
    items.iter().map(|item| item.header().seen).max().unwrap_or_default()
}

/// Checks what she opened against the index of her mailbox: its number, its own hash, and the hash of the item before.
///
/// # Errors
/// [`OpenRefusal::Place`].
pub fn check_against_index(item: &OpenedItem, entries: &[IndexEntry]) -> Result<(), OpenRefusal> {
    let seq = item.clear().seq;
    let hash_of = |seq: u32| entries.iter().find(|entry| entry.seq == seq).map(|entry| entry.body_hash);
    let before = seq.checked_sub(1).and_then(hash_of);
    if hash_of(seq) == Some(item.body_hash()) && before.is_some() && item.header().prev == before {
        return Ok(());
    }
    Err(OpenRefusal::Place)
}

/// Where to answer now: the receipt of the report, replaced by each valid rotation, put back by the notes of two different members
/// that undo it. `None` without an opened report at the beginning.
#[must_use]
pub fn current_receipt_address(conversation: &[OpenedItem], notes: &[OpenedItem]) -> Option<ReceiptAddress> {
    let mut thread = Thread::begin(conversation, notes)?;
    for item in conversation {
        thread.judge(item);
    }
    thread.undo_before(u32::MAX);
    thread.held.last().map(|held| held.address.clone())
}

/// How each item of the conversation stands between her and the centre, in order. Works on what could be opened: items may be
/// missing, and then those after a rotation that is missing are [`Footing::ByAnother`]. Empty without an opened report at the
/// beginning.
#[must_use]
pub fn footings(conversation: &[OpenedItem], notes: &[OpenedItem]) -> Vec<Footing> {
    let Some(mut thread) = Thread::begin(conversation, notes) else { return Vec::new() };
    conversation.iter().map(|item| thread.judge(item)).collect()
}

/// Every rotation of the conversation, in order, with what its safe word says and who has asked to undo it.
#[must_use]
pub fn rotations(conversation: &[OpenedItem], notes: &[OpenedItem]) -> Vec<Rotated> {
    let chosen = chosen_word(conversation);
    let rotated = |item: &OpenedItem| {
        let Content::Rotation(rotation) = item.content() else { return None };
        let (seq, word) =
            (item.clear().seq, SafeWord::verdict(chosen.as_deref(), rotation.safe_word.as_deref()));
        let undone_by = members_who_undo(notes, Undone::Rotation(seq));
        Some(Rotated {
            seq,
            word,
            mailbox: MailboxId::of_key(&rotation.receipt.signing_key),
            is_undone: word != Verdict::Right && undone_by.len() >= MEMBERS_TO_UNDO,
            undone_by,
        })
    };
    conversation.iter().filter_map(rotated).collect()
}

/// The safe word she chose in her report, if it was opened and has one.
#[must_use]
pub fn chosen_word(conversation: &[OpenedItem]) -> Option<String> {
    conversation.iter().find_map(|item| match item.content() {
        Content::Report(report) => report.safe_word.clone(),
        _ => None,
    })
}

/// The members whose notes undo this, each once, in order.
#[must_use]
pub fn members_who_undo(notes: &[OpenedItem], undone: Undone) -> Vec<PersonId> {
    undoing(notes, undone).map(|(member, _)| member).fold(Vec::new(), |mut members, member| {
        if !members.contains(&member) {
            members.push(member);
        }
        members
    })
}

/// The notes that undo this: their member, and the highest number of the conversation that they had seen.
fn undoing(notes: &[OpenedItem], undone: Undone) -> impl Iterator<Item = (PersonId, u32)> {
    let has_seen_it = move |seen: u32| match undone {
        Undone::Rotation(seq) => seen >= seq,
        Undone::Burn => true,
    };
    notes
        .iter()
        .filter(move |note| note.clear().undoes == Some(undone))
        .filter_map(|note| note.member().map(|member| (member, note.header().seen)))
        .filter(move |(_, seen)| has_seen_it(*seen))
}

/// Who holds the case, from the report on.
struct Thread {
    /// From the report's code to the one that counts.
    held: Vec<Held>,
    /// Every code that ever held it.
    known: Vec<ReceiptAddress>,
    /// Rotations that are undone: after which number of the conversation, and which.
    undone: Vec<(u32, u32)>,
}

/// One code: by which rotation it came (0: by the report), its key, and where to answer it.
struct Held {
    since: u32,
    author: PublicKey,
    address: ReceiptAddress,
}

impl Thread {
    fn begin(conversation: &[OpenedItem], notes: &[OpenedItem]) -> Option<Self> {
        let report = conversation.first()?;
        let address = report.receipt_address()?;
        let chosen = chosen_word(conversation);
        let mut undone = Vec::new();
        for item in conversation {
            let Content::Rotation(rotation) = item.content() else { continue };
            let seq = item.clear().seq;
            if SafeWord::verdict(chosen.as_deref(), rotation.safe_word.as_deref()) != Verdict::Right {
                undone.extend(undone_after(notes, seq).map(|after| (after, seq)));
            }
        }
        undone.sort_unstable();
        let held = Held { since: 0, author: report.clear().author, address: address.clone() };
        Some(Self { held: vec![held], known: vec![address], undone })
    }

    /// Puts back what was undone before this number of the conversation was written.
    fn undo_before(&mut self, seq: u32) {
        while let Some((after, rotation)) = self.undone.first().copied().filter(|(after, _)| *after < seq) {
            self.undone.retain(|undone| *undone != (after, rotation));
            if let Some(place) = self.held.iter().position(|held| held.since == rotation) {
                self.held.truncate(place);
            }
        }
    }

    fn judge(&mut self, item: &OpenedItem) -> Footing {
        let clear = item.clear();
        self.undo_before(clear.seq);
        let Some(now) = self.held.last() else { return Footing::ByAnother };
        if clear.kind.role() == Role::Operator {
            return if now.address.is_named_in(item) {
                Footing::Sound
            } else if self.known.iter().any(|known| known.is_named_in(item)) {
                Footing::ToFormerCode
            } else {
                Footing::ToStranger
            };
        }
        if clear.author != now.author {
            return Footing::ByAnother;
        }
        if let Content::Rotation(rotation) = item.content() {
            let address = now.address.moved_to(&rotation.receipt);
            self.known.push(address.clone());
            self.held.push(Held { since: clear.seq, author: rotation.receipt.signing_key, address });
        }
        Footing::Sound
    }
}

/// After which number of the conversation a rotation is undone: what the second of two different members had seen.
fn undone_after(notes: &[OpenedItem], seq: u32) -> Option<u32> {
    let mut members: Vec<PersonId> = Vec::new();
    undoing(notes, Undone::Rotation(seq)).find_map(|(member, seen)| {
        if !members.contains(&member) {
            members.push(member);
        }
        (members.len() >= MEMBERS_TO_UNDO).then_some(seen)
    })
}
