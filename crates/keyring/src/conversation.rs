//! A case's chain as a whole (protocol section 7.3): opened items in order, each naming the one before it. Catches what no single
//! item can show: one left out, put elsewhere, or taken from another case (invariant I11).

use envelope::header::{Chain, ItemKind, Role};
use envelope::index::IndexEntry;

use crate::item::OpenedItem;
use crate::refusal::OpenRefusal;

/// Checks the conversation of one case as the centre opened it: from the report on, without a gap, every item naming the body of
/// the one before, hers all by the report's key, answers all wrapped to the receipt in her first item (section 4.1).
///
/// # Errors
/// [`OpenRefusal::Place`] for another order, a gap, another case or an answer that names another receipt, [`OpenRefusal::Author`]
/// for an item of hers by another key.
pub fn check_conversation(items: &[OpenedItem]) -> Result<(), OpenRefusal> {
    let Some(report) = items.first().filter(|first| first.clear().kind == ItemKind::Report) else {
        return Err(OpenRefusal::Place);
    };
    check_chain(items, Chain::Conversation, report)?;
    let is_hers = |item: &&OpenedItem| item.clear().kind.role() == Role::Victim;
    if items.iter().filter(is_hers).any(|item| item.clear().author != report.clear().author) {
        return Err(OpenRefusal::Author);
    }
    let address = report.receipt_address().ok_or(OpenRefusal::Place)?;
    if items.iter().any(|item| item.clear().kind.is_for_receipt() && !address.is_named_in(item)) {
        return Err(OpenRefusal::Place);
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
    for (seq, item) in (1_u32..).zip(items) {
        let clear = item.clear();
        let is_of_case = clear.case == report.clear().case
            && clear.channel == report.clear().channel
            && clear.centre == report.clear().centre;
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

/// Checks an answer that she opened against the index of her mailbox: its number, its own hash, and the hash of the item before.
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
