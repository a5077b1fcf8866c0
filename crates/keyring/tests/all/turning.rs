//! Changing the code, undoing it, and burning (protocol sections 7.4 and 12.7): what holds, and what somebody else could try.

use envelope::burn::{BURN_LENGTH, BurnRequest, BurnWord};
use envelope::content::CarriedKey;
use envelope::duty::Channel;
use envelope::encoding::Hash;
use envelope::frame::Frame;
use envelope::header::Undone;
use envelope::ids::{CaseId, ItemId};
use envelope::mailbox::{MailboxId, Nonce};
use keyring::burn::{open_burn_word, seal_burn};
use keyring::conversation::{
    Footing, check_conversation, check_notes, current_receipt_address, footings, rotations,
};
use keyring::epoch::EpochKey;
use keyring::item::{
    AnswerKind, OpenedItem, Place, ReportDraft, SealedItem, open_for_centre, open_with_carried_key,
    open_with_receipt, seal_answer, seal_message, seal_rotation, seal_safe_report, seal_undo,
};
use keyring::receipt::Receipt;
use keyring::refusal::{OpenRefusal, SealRefusal};
use keyring::safe_word::Verdict;
use proptest::prelude::*;

use crate::world::{World, at, italian, message, report};

const WORD: &str = "limone";

/// A report with a safe word, and what follows, one after the other.
struct Story {
    world: World,
    old: Receipt,
    new: Receipt,
    items: Vec<SealedItem>,
    notes: Vec<SealedItem>,
}

impl Story {
    fn new(seed: u64) -> Self {
        let mut world = World::new(seed);
        let (old, new) = (world.receipt(), world.receipt());
        let safe = world.centre().safe_recipient(at(0)).unwrap();
        let draft = ReportDraft { safe_word: Some(WORD), ..report("ciao") };
        let first = seal_safe_report(&safe, None, &old, &draft, &mut world.rng).unwrap();
        Self { world, old, new, items: vec![first], notes: Vec::new() }
    }

    /// Report, and the change to the new code with this word.
    fn changed(seed: u64, word: Option<&str>) -> Self {
        let mut story = Self::new(seed);
        let (old, new) = (story.old.clone(), story.new.clone());
        story.change(&old, &new, word).unwrap();
        story
    }

    fn next(&self) -> Place {
        let last = self.items.last().unwrap();
        Place { case: last.case, seq: last.seq + 1, prev: Some(last.body_hash), seen: last.seq }
    }

    fn change(&mut self, from: &Receipt, to: &Receipt, word: Option<&str>) -> Result<(), SealRefusal> {
        let (epoch, place) = (self.world.recipient(Channel::Safe), self.next());
        let item = seal_rotation(&epoch, from, to, &place, &[], word, &italian(), &mut self.world.rng)?;
        self.items.push(item);
        Ok(())
    }

    fn say(&mut self, by: &Receipt) {
        let (epoch, place) = (self.world.recipient(Channel::Safe), self.next());
        let item = seal_message(&epoch, by, &place, &message("sono io"), &mut self.world.rng).unwrap();
        self.items.push(item);
    }

    /// A member's note, who has seen so much of the conversation.
    fn undo(&mut self, member: usize, rotation: u32, seen: u32) {
        let prev = self.notes.last();
        let place = Place {
            case: self.items[0].case,
            seq: prev.map_or(1, |note| note.seq + 1),
            prev: prev.map(|note| note.body_hash),
            seen,
        };
        let (to, author) = (self.world.recipient(Channel::Safe), self.world.operators[member].clone());
        let undone = Undone::Rotation(rotation);
        let rng = &mut self.world.rng;
        let note =
            seal_undo(&to, &author, &place, undone, Verdict::Wrong, "a voce", &italian(), rng).unwrap();
        self.notes.push(note);
    }

    fn key(&self) -> &EpochKey {
        self.world.key(Channel::Safe)
    }

    fn open(&self, item: &SealedItem) -> Result<OpenedItem, OpenRefusal> {
        open_for_centre(&item.bytes, self.key(), &self.world.centre())
    }

    fn opened(&self) -> (Vec<OpenedItem>, Vec<OpenedItem>) {
        let open = |items: &[SealedItem]| items.iter().map(|item| self.open(item).unwrap()).collect();
        (open(&self.items), open(&self.notes))
    }

    /// The mailbox that counts now.
    fn counts(&self) -> MailboxId {
        let (items, notes) = self.opened();
        check_notes(&notes, &items[0]).unwrap();
        current_receipt_address(&items, &notes).unwrap().mailbox()
    }
}

#[test]
fn a_change_of_the_code_opens_with_the_new_one_only_and_hands_the_case_over() {
    let mut story = Story::changed(80, Some(WORD));
    let centre = story.world.centre();
    let change = story.items[1].bytes.clone();
    assert!(open_with_receipt(&change, &story.new, &centre).is_ok());
    assert_eq!(open_with_receipt(&change, &story.old, &centre), Err(OpenRefusal::Key));
    let stranger = story.world.receipt();
    assert_eq!(open_with_receipt(&change, &stranger, &centre), Err(OpenRefusal::Key));
    assert_eq!(story.counts(), story.new.mailbox_id());
    // What the old code says from now on is by somebody else; what the new one says is hers.
    let (old, new) = (story.old.clone(), story.new.clone());
    story.say(&new);
    let (items, notes) = story.opened();
    check_conversation(&items, &notes).unwrap();
    story.say(&old);
    let (items, notes) = story.opened();
    assert_eq!(check_conversation(&items, &notes), Err(OpenRefusal::Author));
}

#[test]
fn a_change_to_the_same_code_or_before_the_report_is_not_sealed() {
    let mut story = Story::new(81);
    let (old, new) = (story.old.clone(), story.new.clone());
    assert_eq!(story.change(&old, &old, None), Err(SealRefusal::Place));
    let to = story.world.recipient(Channel::Safe);
    let place = Place { case: story.items[0].case, seq: 1, prev: None, seen: 0 };
    let sealed = seal_rotation(&to, &old, &new, &place, &[], None, &italian(), &mut story.world.rng);
    assert_eq!(sealed, Err(SealRefusal::Place));
}

#[test]
fn a_change_by_a_stranger_or_a_second_one_by_the_old_code_hands_nothing_over() {
    let mut story = Story::new(82);
    let (stranger, old, new) = (story.world.receipt(), story.old.clone(), story.new.clone());
    story.change(&stranger, &new, None).unwrap();
    assert_eq!(story.counts(), old.mailbox_id());
    let (items, notes) = story.opened();
    assert_eq!(check_conversation(&items, &notes), Err(OpenRefusal::Author));

    let mut story = Story::changed(83, None);
    let (thief, old) = (story.world.receipt(), story.old.clone());
    story.change(&old, &thief, None).unwrap();
    assert_eq!(story.counts(), story.new.mailbox_id());
    let (items, notes) = story.opened();
    assert_eq!(footings(&items, &notes), [Footing::Sound, Footing::Sound, Footing::ByAnother]);
}

/// I11: a change of another case, or one put elsewhere in its own.
#[test]
fn a_change_that_was_moved_is_refused() {
    let (story, other) = (Story::changed(84, None), Story::changed(84, None));
    let (items, _) = story.opened();
    let (foreign, _) = other.opened();
    let moved = [items[0].clone(), foreign[1].clone()];
    assert_eq!(check_conversation(&moved, &[]), Err(OpenRefusal::Place));
    let twice = [items[0].clone(), items[1].clone(), items[1].clone()];
    assert_eq!(check_conversation(&twice, &[]), Err(OpenRefusal::Place));
    assert_eq!(check_conversation(&items[1..], &[]), Err(OpenRefusal::Place));
}

/// The key that a header hands over to must have signed for this mailbox, case and number itself.
#[test]
fn a_change_with_another_key_in_its_header_is_refused() {
    let (story, other) = (Story::changed(85, None), Story::changed(86, None));
    let parts = |story: &Story| Frame::parse(&story.items[1].bytes).unwrap().into_parts();
    let (mut mixed, foreign) = (parts(&story), parts(&other));
    let clear = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap();
    let mut header = clear(&mixed.clear);
    header["next"] = clear(&foreign.clear)["next"].clone();
    mixed.clear = serde_json::to_vec(&header).unwrap();
    let frame = Frame::from_parts(mixed).unwrap();
    assert!(frame.verify_signature().is_err());
    let next = frame.clear().next.unwrap();
    assert_eq!(next.signing_key, other.new.public_key());
    assert!(!frame.clear().next_verifies());
}

#[test]
fn a_carried_key_opens_its_own_item_and_nothing_else() {
    let mut story = Story::new(87);
    let (items, _) = story.opened();
    let address = items[0].receipt_address().unwrap();
    let (to, place) = (story.world.recipient(Channel::Safe), story.next());
    let author = story.world.operators[1].clone();
    let rng = &mut story.world.rng;
    let answer =
        seal_answer(AnswerKind::Answer, &to, &address, &author, &place, "qui", &italian(), rng).unwrap();
    let centre = story.world.centre();
    let foreign = story.world.operators[0].identity().to_secret_string();
    let secret = secrecy::ExposeSecret::expose_secret(&foreign).to_owned();
    for (item, secret, refusal) in [
        (answer.item, secret.clone(), OpenRefusal::Key),
        (answer.item, "AGE-SECRET-KEY-1".to_owned(), OpenRefusal::Malformed),
        (ItemId::from_random_bytes([1; 16]), secret, OpenRefusal::Place),
    ] {
        let key = CarriedKey { item, secret };
        assert_eq!(open_with_carried_key(&answer.bytes, &key, &centre), Err(refusal));
    }
}

#[test]
fn two_different_members_put_the_old_code_back() {
    let mut story = Story::changed(88, Some("mela"));
    let (old, new) = (story.old.clone(), story.new.clone());
    story.undo(0, 2, 2);
    assert_eq!(story.counts(), new.mailbox_id(), "one is not enough");
    story.undo(0, 2, 2);
    assert_eq!(story.counts(), new.mailbox_id(), "nor is one twice");
    story.undo(1, 3, 3);
    assert_eq!(story.counts(), new.mailbox_id(), "nor the note about another change");
    story.undo(1, 2, 1);
    assert_eq!(story.counts(), new.mailbox_id(), "nor one by somebody who had not seen the change");
    story.undo(1, 2, 2);
    assert_eq!(story.counts(), old.mailbox_id());
    story.say(&old);
    let (items, notes) = story.opened();
    check_conversation(&items, &notes).unwrap();
    let [rotated] = rotations(&items, &notes).try_into().unwrap();
    assert!(rotated.is_undone && rotated.undone_by.len() == 2 && rotated.word == Verdict::Wrong);
    story.say(&new);
    let (items, notes) = story.opened();
    assert_eq!(check_conversation(&items, &notes), Err(OpenRefusal::Author));
}

#[test]
fn what_came_with_the_right_word_is_never_undone() {
    let mut story = Story::changed(89, Some(" LIMONE "));
    for member in 0..2 {
        // Their browsers would refuse to seal it; programs of their own would not.
        story.undo(member, 2, 2);
    }
    assert_eq!(story.counts(), story.new.mailbox_id());
    let (items, notes) = story.opened();
    assert!(!rotations(&items, &notes)[0].is_undone);
    let (to, author) = (story.world.recipient(Channel::Safe), story.world.operators[0].clone());
    let place = Place { case: story.items[0].case, seq: 1, prev: None, seen: 2 };
    let rng = &mut story.world.rng;
    let sealed = seal_undo(&to, &author, &place, Undone::Burn, Verdict::Right, "x", &italian(), rng);
    assert_eq!(sealed, Err(SealRefusal::Place));
}

#[test]
fn a_note_by_somebody_who_may_not_read_the_channel_is_refused() {
    let mut story = Story::changed(90, None);
    // Member 2 reads general support only.
    story.undo(2, 2, 2);
    assert_eq!(story.open(&story.notes[0]), Err(OpenRefusal::Author));
}

fn nonce() -> Nonce {
    Nonce::assemble(1_800_000_000, &[4; 16], &[5; 32])
}

/// A burn of the story's case by this code, with what was typed.
fn burn(story: &Story, by: &Receipt, case: CaseId, typed: Option<&str>) -> Vec<u8> {
    seal_burn(by, &nonce(), Some((&story.world.recipient(Channel::Safe), case, typed))).unwrap()
}

fn word_in(request: &[u8], story: &Story, key: &EpochKey) -> Result<BurnWord, OpenRefusal> {
    let request = BurnRequest::parse(request).unwrap();
    request.verify_signature().unwrap();
    let (items, notes) = story.opened();
    open_burn_word(request.word().unwrap(), key, &current_receipt_address(&items, &notes).unwrap())
}

#[test]
fn the_word_of_a_burn_is_believed_only_by_its_case_epoch_and_code() {
    let story = Story::new(91);
    let case = story.items[0].case;
    let typed =
        |typed| word_in(&burn(&story, &story.old, case, typed), &story, story.key()).unwrap().safe_word;
    assert_eq!(typed(Some(WORD)).as_deref(), Some(WORD));
    assert_eq!(typed(None), None);
    let elsewhere = burn(&story, &story.old, CaseId::from_random_bytes([9; 16]), Some(WORD));
    assert_eq!(word_in(&elsewhere, &story, story.key()).err(), Some(OpenRefusal::Place));
    let stranger = burn(&story, &story.new, case, Some(WORD));
    assert_eq!(word_in(&stranger, &story, story.key()).err(), Some(OpenRefusal::Author));
    let hers = burn(&story, &story.old, case, Some(WORD));
    let other_epoch = story.world.key(Channel::General);
    assert_eq!(word_in(&hers, &story, other_epoch).err(), Some(OpenRefusal::Key));
    // After a change of the code, the old one's word counts for nothing.
    let mut changed = story;
    let (old, new) = (changed.old.clone(), changed.new.clone());
    changed.change(&old, &new, None).unwrap();
    assert_eq!(word_in(&hers, &changed, changed.key()).err(), Some(OpenRefusal::Author));
}

/// A server that holds two requests cannot give one the word of the other and keep the signature.
#[test]
fn a_word_put_into_another_request_breaks_its_signature() {
    let story = Story::new(92);
    let case = story.items[0].case;
    let [with, without] = [Some(WORD), None].map(|typed| burn(&story, &story.old, case, typed));
    let word = BurnRequest::parse(&with).unwrap().word().unwrap().to_vec();
    let target = BurnRequest::parse(&without).unwrap();
    let mut mixed = BurnRequest::signed_payload(&nonce(), target.key(), Some(&word)).unwrap();
    mixed.extend_from_slice(&without[BURN_LENGTH - 64..]);
    assert!(BurnRequest::parse(&mixed).unwrap().verify_signature().is_err());
}

#[test]
fn a_burn_says_nothing_by_its_length() {
    let story = Story::new(93);
    let case = story.items[0].case;
    let longest = "è".repeat(100);
    let lengths = [None, Some(""), Some(WORD), Some(longest.as_str())].map(|typed| {
        let request = burn(&story, &story.old, case, typed);
        assert_eq!(request.len(), BURN_LENGTH);
        // Random grease in the header of an age file is all that differs.
        BurnRequest::parse(&request).unwrap().word().unwrap().len()
    });
    assert!(lengths.iter().all(|length| length.abs_diff(lengths[0]) < 350), "{lengths:?}");
    assert_eq!(seal_burn(&story.old, &nonce(), None).unwrap().len(), BURN_LENGTH);
    let too_long = "è".repeat(101);
    let to = story.world.recipient(Channel::Safe);
    let sealed = seal_burn(&story.old, &nonce(), Some((&to, case, Some(&too_long))));
    assert_eq!(sealed, Err(SealRefusal::TooLong));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// I11: no altered bit of a change or of a note goes unnoticed, and no cut.
    #[test]
    fn an_altered_change_or_note_is_refused(place in 0_usize..4_096, mask in 1_u8..=255, cut in 0_usize..4_096) {
        let mut story = Story::changed(94, Some("mela"));
        story.undo(0, 2, 2);
        for item in [&story.items[1], &story.notes[0]] {
            let mut altered = item.clone();
            altered.bytes[place] ^= mask;
            prop_assert!(story.open(&altered).is_err());
            let cut = SealedItem { bytes: item.bytes[..cut].to_vec(), body_hash: Hash::of(b""), ..item.clone() };
            prop_assert!(story.open(&cut).is_err());
        }
    }

    #[test]
    fn an_altered_burn_is_refused(place in 0..BURN_LENGTH, mask in 1_u8..=255, cut in 0..BURN_LENGTH) {
        let story = Story::new(95);
        let mut request = burn(&story, &story.old, story.items[0].case, Some(WORD));
        prop_assert!(BurnRequest::parse(&request[..cut]).is_err());
        request[place] ^= mask;
        prop_assert!(BurnRequest::parse(&request).is_err() || BurnRequest::parse(&request).unwrap().verify_signature().is_err());
    }
}
