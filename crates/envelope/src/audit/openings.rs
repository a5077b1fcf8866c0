//! "Who opened my case" (protocol sections 9 and 12.11): the acts on one case, each with the way from its leaf to the newest checkpoint.
//!
//! Invariant I10: an answer has one length, and one for an id without an answer is filler from its first byte to its last.

use uuid::Uuid;

use super::act::{Act, ActKind, Leaf, Opening, SALT_LENGTH, channel_number};
use super::checkpoint::Checkpoint;
use super::proof::{MOST_HASHES, verify_inclusion};
use super::week::Week;
use crate::duty::Channel;
use crate::encoding::{Hash, Malformed, Reader};
use crate::index::PAGE_LENGTH;

/// The first bytes.
pub const MAGIC: &[u8; 8] = b"APPRODOA";
/// Bytes of an answer: as many as a page of the mailbox.
pub const OPENINGS_LENGTH: usize = PAGE_LENGTH;
/// Acts that one answer lists: they fit with the longest proofs.
pub const ACTS_PER_PAGE: usize = 24;
/// A case with more pages of acts than this is not shown: bounds what a hostile server can make a browser fetch.
pub const MOST_PAGES: u32 = 256;

/// Stands for the number of hashes where the act's week is not over, so that no checkpoint has taken it in.
const NOT_YET: u8 = 0xff;

/// Where a leaf stands in the tree of the newest checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its place, from 0.
    pub place: u64,
    /// The hashes beside its way to the root.
    pub proof: Vec<Hash>,
}

/// One act on the case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What was done.
    pub kind: ActKind,
    /// When.
    pub week: Week,
    /// Who did it.
    pub actor: Option<Uuid>,
    /// At which centre.
    pub centre: Uuid,
    /// The channel of the case.
    pub channel: Channel,
    /// Opens the commitment.
    pub salt: [u8; SALT_LENGTH],
    /// `None` until a checkpoint has taken it in.
    pub standing: Option<Standing>,
}

/// What becomes of an act when it is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// Its leaf is in the tree of the checkpoint.
    Holds,
    /// Its week is not over.
    NotYet,
    /// The log does not hold what was said.
    Fails,
}

impl Entry {
    /// The leaf of this act, if it was done to `case`.
    fn leaf(&self, case: Uuid) -> Hash {
        let act = Act::on_case(self.kind, self.actor, self.centre, case, self.channel);
        let commitment = Opening { act, salt: self.salt }.commitment();
        Leaf { kind: self.kind, week: self.week, commitment }.hash()
    }
}

/// One answer, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpeningsPage {
    /// Acts on the case.
    pub acts: u32,
    /// Which answer this is, from 0.
    pub page: u32,
    /// How many there are.
    pub pages: u32,
    /// The newest checkpoint; none before the first one.
    pub checkpoint: Option<Checkpoint>,
    /// The acts of this answer.
    pub entries: Vec<Entry>,
}

impl OpeningsPage {
    /// Writes an answer; `None` when it does not fit, which [`ACTS_PER_PAGE`] entries always do.
    #[must_use]
    pub fn assemble(&self) -> Option<Vec<u8>> {
        let mut bytes = Vec::with_capacity(OPENINGS_LENGTH);
        bytes.extend_from_slice(MAGIC);
        let here = u32::try_from(self.entries.len()).ok()?;
        for number in [self.acts, self.page, self.pages, here] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        write_checkpoint(&mut bytes, self.checkpoint.as_ref());
        for entry in &self.entries {
            write_entry(&mut bytes, entry)?;
        }
        (bytes.len() <= OPENINGS_LENGTH).then(|| {
            bytes.resize(OPENINGS_LENGTH, 0);
            bytes
        })
    }

    /// Reads an answer. Nothing in it is believed yet: [`Self::check`].
    ///
    /// # Errors
    /// [`Malformed`] for anything but the one form of section 12.11; filler, too.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        if bytes.len() != OPENINGS_LENGTH {
            return Err(Malformed);
        }
        let mut reader = Reader::new(bytes);
        if reader.array::<8>()? != *MAGIC {
            return Err(Malformed);
        }
        let (acts, page, pages) = (reader.u32()?, reader.u32()?, reader.u32()?);
        let here = usize::try_from(reader.u32()?).map_err(|_| Malformed)?;
        let checkpoint = read_checkpoint(&mut reader)?;
        let before = usize::try_from(page).ok().and_then(|page| page.checked_mul(ACTS_PER_PAGE));
        let in_all = usize::try_from(acts).map_err(|_| Malformed)?;
        let expected = before.and_then(|before| in_all.checked_sub(before)).ok_or(Malformed)?;
        let is_sound = pages <= MOST_PAGES
            && page_count(in_all) == pages
            && (page < pages || (page == 0 && pages == 0))
            && here == expected.min(ACTS_PER_PAGE);
        if !is_sound {
            return Err(Malformed);
        }
        let entries = (0..here).map(|_| read_entry(&mut reader)).collect::<Result<_, _>>()?;
        if reader.rest().iter().any(|byte| *byte != 0) {
            return Err(Malformed);
        }
        Ok(Self { acts, page, pages, checkpoint, entries })
    }

    /// What becomes of each act, if all of them were done to `case`.
    pub fn check(&self, case: Uuid) -> impl Iterator<Item = (&Entry, Checked)> {
        self.entries.iter().map(move |entry| {
            let checked = match (&entry.standing, &self.checkpoint) {
                (None, _) => Checked::NotYet,
                (Some(Standing { place, proof }), Some(checkpoint))
                    if verify_inclusion(
                        &entry.leaf(case),
                        *place,
                        checkpoint.size,
                        proof,
                        &checkpoint.root,
                    ) =>
                {
                    Checked::Holds
                }
                _ => Checked::Fails,
            };
            (entry, checked)
        })
    }
}

/// Answers that so many acts take.
#[must_use]
pub fn page_count(acts: usize) -> u32 {
    u32::try_from(acts.div_ceil(ACTS_PER_PAGE)).unwrap_or(u32::MAX)
}

/// Bytes of a checkpoint; all zero where there is none.
const CHECKPOINT_LENGTH: usize = 79;

fn write_checkpoint(bytes: &mut Vec<u8>, checkpoint: Option<&Checkpoint>) {
    let Some(Checkpoint { number, week, size, root, previous }) = checkpoint else {
        bytes.extend_from_slice(&[0; CHECKPOINT_LENGTH]);
        return;
    };
    bytes.extend_from_slice(&number.to_le_bytes());
    bytes.extend_from_slice(&week.to_bytes());
    bytes.extend_from_slice(&size.to_le_bytes());
    bytes.extend_from_slice(root.as_bytes());
    bytes.extend_from_slice(previous.as_bytes());
}

fn read_checkpoint(reader: &mut Reader<'_>) -> Result<Option<Checkpoint>, Malformed> {
    let bytes = reader.array::<CHECKPOINT_LENGTH>()?;
    if bytes == [0; CHECKPOINT_LENGTH] {
        return Ok(None);
    }
    let mut reader = Reader::new(&bytes);
    let number = reader.u32()?;
    let week = Week::read(&mut reader)?;
    let size = reader.u64()?;
    let root = Hash::from_bytes(reader.array()?);
    Ok(Some(Checkpoint { number, week, size, root, previous: Hash::from_bytes(reader.array()?) }))
}

fn write_entry(bytes: &mut Vec<u8>, entry: &Entry) -> Option<()> {
    bytes.push(entry.kind.number());
    bytes.extend_from_slice(&entry.week.to_bytes());
    bytes.extend_from_slice(entry.actor.unwrap_or(Uuid::nil()).as_bytes());
    bytes.extend_from_slice(entry.centre.as_bytes());
    bytes.push(channel_number(entry.channel));
    bytes.extend_from_slice(&entry.salt);
    let Some(Standing { place, proof }) = &entry.standing else {
        bytes.push(NOT_YET);
        return Some(());
    };
    let hashes = u8::try_from(proof.len()).ok().filter(|hashes| usize::from(*hashes) <= MOST_HASHES)?;
    bytes.push(hashes);
    bytes.extend_from_slice(&place.to_le_bytes());
    for hash in proof {
        bytes.extend_from_slice(hash.as_bytes());
    }
    Some(())
}

fn read_entry(reader: &mut Reader<'_>) -> Result<Entry, Malformed> {
    let kind = ActKind::from_number(reader.byte()?).ok_or(Malformed)?;
    let week = Week::read(reader)?;
    let actor = Some(Uuid::from_bytes(reader.array()?)).filter(|actor| !actor.is_nil());
    let centre = Uuid::from_bytes(reader.array()?);
    let channel = match reader.byte()? {
        1 => Channel::Safe,
        2 => Channel::General,
        _ => return Err(Malformed),
    };
    let salt = reader.array()?;
    let standing = match reader.byte()? {
        NOT_YET => None,
        hashes if usize::from(hashes) <= MOST_HASHES => {
            let place = reader.u64()?;
            let proof =
                (0..hashes).map(|_| reader.array().map(Hash::from_bytes)).collect::<Result<_, _>>()?;
            Some(Standing { place, proof })
        }
        _ => return Err(Malformed),
    };
    Ok(Entry { kind, week, actor, centre, channel, salt, standing })
}

#[cfg(test)]
mod tests {
    use super::super::checkpoint::beginning;
    use super::super::tree::Tree;
    use super::*;
    use proptest::prelude::*;

    const CASE: Uuid = Uuid::from_u128(3);

    fn entry(number: u8) -> Entry {
        Entry {
            kind: ActKind::Opened,
            week: Week::new(2026, 47).unwrap(),
            actor: Some(Uuid::from_u128(1)),
            centre: Uuid::from_u128(2),
            channel: Channel::Safe,
            salt: [number; 32],
            standing: None,
        }
    }

    /// Three acts of a case among the leaves of others; the last one's week is not over.
    fn page() -> OpeningsPage {
        let mut entries: Vec<Entry> = (0..3).map(entry).collect();
        let others = (0_u8..5).map(|number| Hash::of(&[number]));
        let tree = Tree::of(others.chain(entries[..2].iter().map(|entry| entry.leaf(CASE))));
        for (place, entry) in (5..).zip(&mut entries[..2]) {
            let proof = tree.prove_inclusion(place, 7).unwrap();
            entry.standing = Some(Standing { place, proof });
        }
        let root = tree.root_at(7).unwrap();
        let week = Week::new(2026, 47).unwrap();
        let checkpoint = Checkpoint { number: 1, week, size: 7, root, previous: beginning() };
        OpeningsPage { acts: 3, page: 0, pages: 1, checkpoint: Some(checkpoint), entries }
    }

    fn checked(page: &OpeningsPage, case: Uuid) -> Vec<Checked> {
        page.check(case).map(|(_, checked)| checked).collect()
    }

    #[test]
    fn acts_are_read_as_they_were_written_and_their_proofs_hold_for_their_case_alone() {
        let bytes = page().assemble().unwrap();
        assert_eq!(bytes.len(), OPENINGS_LENGTH);
        let read = OpeningsPage::parse(&bytes).unwrap();
        assert_eq!(read, page());
        assert_eq!(checked(&read, CASE), [Checked::Holds, Checked::Holds, Checked::NotYet]);
        assert_eq!(checked(&read, Uuid::from_u128(4)), [Checked::Fails, Checked::Fails, Checked::NotYet]);
    }

    #[test]
    fn any_byte_that_was_altered_in_an_entry_is_noticed() {
        let bytes = page().assemble().unwrap();
        let entries = 8 + 16 + CHECKPOINT_LENGTH;
        // Three hashes beside the sixth of seven leaves, two beside the seventh.
        let first_two = 2 * (4 + 16 + 16 + 1 + 32 + 1 + 8) + (3 + 2) * 32;
        for place in entries..entries + first_two {
            for bit in [0x01, 0x80] {
                let mut altered = bytes.clone();
                altered[place] ^= bit;
                let noticed = OpeningsPage::parse(&altered)
                    .map_or(true, |read| checked(&read, CASE).contains(&Checked::Fails));
                assert!(noticed, "byte {place}");
            }
        }
    }

    #[test]
    fn the_longest_proofs_fit() {
        let standing = Standing { place: 1, proof: vec![Hash::of(b""); MOST_HASHES] };
        let entries = vec![Entry { standing: Some(standing), ..entry(1) }; ACTS_PER_PAGE];
        let acts = u32::try_from(ACTS_PER_PAGE).unwrap();
        let page = OpeningsPage { acts, entries, ..page() };
        assert_eq!(OpeningsPage::parse(&page.assemble().unwrap()), Ok(page));
    }

    #[test]
    fn counts_that_contradict_each_other_are_refused() {
        let whole = page();
        for wrong in [
            OpeningsPage { acts: 4, ..whole.clone() },
            OpeningsPage { acts: 2, ..whole.clone() },
            OpeningsPage { pages: 2, ..whole.clone() },
            OpeningsPage { page: 1, ..whole.clone() },
            OpeningsPage { acts: 30, pages: 2, page: 1, ..whole },
        ] {
            assert_eq!(OpeningsPage::parse(&wrong.assemble().unwrap()), Err(Malformed), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut whole = page().assemble().unwrap();
            for (target, byte) in whole.iter_mut().skip(8).zip(&bytes) {
                *target = *byte;
            }
            if let Ok(read) = OpeningsPage::parse(&whole) {
                prop_assert_eq!(read.assemble().unwrap(), whole);
            }
        }
    }
}
