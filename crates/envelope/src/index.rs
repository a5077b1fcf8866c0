//! Mailbox pages (protocol sections 7.2 and 12.4): one index cell and eight frame cells of 4,096 bytes, alike for every id.
//!
//! Invariant I10: an unknown mailbox and a known one without an answer are served by the same function with the same input, so
//! their pages cannot differ.

use crate::encoding::{Hash, Malformed, Reader};
use crate::frame::Frame;
use crate::header::ItemKind;
use crate::mailbox::MailboxId;
use crate::refusal::MailboxRefusal;
use crate::sizes::{CELL_LENGTH, SizeClass};

/// The first bytes of an index cell.
pub const MAGIC: &[u8; 8] = b"APPRODOX";
/// Frame cells of a page.
pub const FRAME_CELLS: usize = 8;
/// Bytes of a page.
pub const PAGE_LENGTH: usize = CELL_LENGTH * (1 + FRAME_CELLS);
/// Items that one index cell lists.
pub const ENTRIES_PER_PAGE: usize = 100;
/// A case with more pages than this is not shown: bounds what a hostile server can make a browser fetch.
pub const MOST_PAGES: u32 = 256;

/// One item of the conversation, as the index lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexEntry {
    /// Its place in the conversation, from 1.
    pub seq: u32,
    /// What it is; never a note.
    pub kind: ItemKind,
    /// The class of its frame, for an item to her; `None` for her own, which is never sent back.
    pub size: Option<SizeClass>,
    /// SHA-256 of its sealed body.
    pub body_hash: Hash,
}

impl IndexEntry {
    /// The entry of a frame of the conversation; `None` for a frame of the notes, which no mailbox lists.
    #[must_use]
    pub fn of_frame(frame: &Frame) -> Option<Self> {
        let kind = frame.clear().kind;
        kind_byte(kind)?;
        let size = kind.is_for_receipt().then(|| frame.size());
        Some(Self { seq: frame.clear().seq, kind, size, body_hash: frame.body_hash() })
    }

    fn cells(&self) -> usize {
        self.size.map_or(0, |size| usize::from(size.cells()))
    }
}

/// Which filler cell is asked for: `cell` 0 is the index, 1 to 8 are frame cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FillerPlace<'a> {
    /// The mailbox asked for, known or not.
    pub mailbox: &'a MailboxId,
    /// The page, from 0.
    pub page: u32,
    /// The cell of the page, from 0.
    pub cell: u32,
}

/// One page of a mailbox: always [`PAGE_LENGTH`] bytes.
///
/// `entries` are all items of the conversation in order, `frames` the bytes of all frames to her in the same order; both are empty
/// for an unknown mailbox. Until an item to her exists, every cell is filler (section 7.2). `filler` is the server's keyed function
/// `HMAC-SHA256` in counter mode over the place (it holds the key; this crate holds none).
#[must_use]
pub fn assemble_page(
    mailbox: &MailboxId,
    page: u32,
    entries: &[IndexEntry],
    frames: &[Vec<u8>],
    filler: impl Fn(FillerPlace<'_>) -> [u8; CELL_LENGTH],
) -> Vec<u8> {
    let cells: Vec<&[u8]> = frames.iter().flat_map(|frame| frame.chunks(CELL_LENGTH)).collect();
    let index = if cells.is_empty() { None } else { index_cell(page, entries, cells.len()) };
    let first_cell = usize::try_from(page).unwrap_or(usize::MAX).saturating_mul(FRAME_CELLS);
    let mut bytes = Vec::with_capacity(PAGE_LENGTH);
    for cell in 0_u32..=8 {
        // The filler is computed for every cell, used or not, so that a page takes the same time whatever it holds.
        let empty = filler(FillerPlace { mailbox, page, cell });
        let content = match usize::try_from(cell).unwrap_or(usize::MAX).checked_sub(1) {
            None => index.as_deref(),
            Some(offset) => cells.get(first_cell.saturating_add(offset)).copied(),
        };
        bytes.extend_from_slice(content.filter(|content| content.len() == CELL_LENGTH).unwrap_or(&empty));
    }
    bytes
}

/// The index cell of `page`, or `None` for a page past the last.
fn index_cell(page: u32, entries: &[IndexEntry], cells: usize) -> Option<Vec<u8>> {
    let pages = page_count(entries.len(), cells);
    if page >= pages {
        return None;
    }
    let first = usize::try_from(page).ok()?.checked_mul(ENTRIES_PER_PAGE)?;
    let here: Vec<&IndexEntry> = entries.iter().skip(first).take(ENTRIES_PER_PAGE).collect();
    let mut cell = Vec::with_capacity(CELL_LENGTH);
    cell.extend_from_slice(MAGIC);
    for number in [u32::try_from(entries.len()).ok()?, page, pages, u32::try_from(here.len()).ok()?] {
        cell.extend_from_slice(&number.to_le_bytes());
    }
    for entry in here {
        cell.extend_from_slice(&entry.seq.to_le_bytes());
        cell.push(kind_byte(entry.kind)?);
        cell.push(entry.size.map_or(0, SizeClass::cells));
        cell.extend_from_slice(entry.body_hash.as_bytes());
    }
    cell.resize(CELL_LENGTH, 0);
    Some(cell)
}

fn page_count(entries: usize, cells: usize) -> u32 {
    let pages = entries.div_ceil(ENTRIES_PER_PAGE).max(cells.div_ceil(FRAME_CELLS));
    u32::try_from(pages).unwrap_or(u32::MAX)
}

const fn kind_byte(kind: ItemKind) -> Option<u8> {
    match kind {
        ItemKind::Report => Some(1),
        ItemKind::Message => Some(2),
        ItemKind::Answer => Some(3),
        ItemKind::Acknowledgement => Some(4),
        ItemKind::Rotation => Some(5),
        ItemKind::Closing | ItemKind::Undo => None,
    }
}

const fn kind_of_byte(byte: u8) -> Option<ItemKind> {
    match byte {
        1 => Some(ItemKind::Report),
        2 => Some(ItemKind::Message),
        3 => Some(ItemKind::Answer),
        4 => Some(ItemKind::Acknowledgement),
        5 => Some(ItemKind::Rotation),
        _ => None,
    }
}

/// The index part of one page.
struct IndexCell {
    items: u32,
    page: u32,
    pages: u32,
    entries: Vec<IndexEntry>,
}

/// How many pages the mailbox has, said by any of its pages.
///
/// # Errors
/// [`MailboxRefusal::Empty`] when the page is filler: no answer yet, or no such mailbox; [`MailboxRefusal::Malformed`].
pub fn pages_of(page: &[u8]) -> Result<u32, MailboxRefusal> {
    read_index(page).map(|index| index.pages)
}

/// A whole mailbox, read from all its pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// Every item of the conversation, hers included, in order.
    pub entries: Vec<IndexEntry>,
    /// The frames of the items to her, in order, signatures verified. Whether an author is a member of the centre is asked of
    /// [`crate::centre::VerifiedCentre::author`].
    pub frames: Vec<Frame>,
}

impl Mailbox {
    /// Reads all pages, in order from 0.
    ///
    /// # Errors
    /// [`MailboxRefusal::Empty`] for filler, [`MailboxRefusal::Malformed`] when pages are missing or contradict each other,
    /// [`MailboxRefusal::Mismatch`] when a frame is not the one that the index names, [`MailboxRefusal::Signature`].
    pub fn read<P: AsRef<[u8]>>(pages: &[P]) -> Result<Self, MailboxRefusal> {
        let mut entries = Vec::new();
        let mut cells = Vec::new();
        let mut items = 0;
        for (number, page) in pages.iter().enumerate() {
            let index = read_index(page.as_ref())?;
            if usize::try_from(index.page) != Ok(number) || usize::try_from(index.pages) != Ok(pages.len()) {
                return Err(MailboxRefusal::Malformed);
            }
            items = index.items;
            entries.extend(index.entries);
            cells.extend_from_slice(page.as_ref().get(CELL_LENGTH..).unwrap_or_default());
        }
        if pages.is_empty() || usize::try_from(items) != Ok(entries.len()) || !is_in_order(&entries) {
            return Err(MailboxRefusal::Malformed);
        }
        let frames = read_frames(&entries, &cells)?;
        Ok(Self { entries, frames })
    }

    /// The highest place in the conversation.
    #[must_use]
    pub fn highest_seq(&self) -> u32 {
        self.entries.last().map_or(0, |entry| entry.seq)
    }

    /// The hash that the next item of the conversation names as `prev`.
    #[must_use]
    pub fn last_hash(&self) -> Option<Hash> {
        self.entries.last().map(|entry| entry.body_hash)
    }
}

/// The conversation is numbered 1, 2, 3, … without a gap, starting with the report.
fn is_in_order(entries: &[IndexEntry]) -> bool {
    let numbered = (1_u32..).zip(entries).all(|(seq, entry)| entry.seq == seq);
    numbered && entries.iter().all(|entry| (entry.kind == ItemKind::Report) == (entry.seq == 1))
}

fn read_frames(entries: &[IndexEntry], cells: &[u8]) -> Result<Vec<Frame>, MailboxRefusal> {
    let mut frames: Vec<Frame> = Vec::new();
    let mut reader = Reader::new(cells);
    for entry in entries.iter().filter(|entry| entry.cells() > 0) {
        let bytes =
            reader.take(entry.cells() * CELL_LENGTH).map_err(|Malformed| MailboxRefusal::Malformed)?;
        let frame = Frame::parse(bytes).map_err(|_| MailboxRefusal::Mismatch)?;
        if IndexEntry::of_frame(&frame) != Some(*entry) {
            return Err(MailboxRefusal::Mismatch);
        }
        // One case has one centre and one channel: her next words go where all of these came from.
        let place = |frame: &Frame| (frame.clear().case, frame.clear().centre, frame.clear().channel);
        if frames.first().is_some_and(|first| place(first) != place(&frame)) {
            return Err(MailboxRefusal::Mismatch);
        }
        frame.verify_signature().map_err(|_| MailboxRefusal::Signature)?;
        frames.push(frame);
    }
    Ok(frames)
}

fn read_index(page: &[u8]) -> Result<IndexCell, MailboxRefusal> {
    if page.len() != PAGE_LENGTH {
        return Err(MailboxRefusal::Malformed);
    }
    let cell = page.get(..CELL_LENGTH).ok_or(MailboxRefusal::Malformed)?;
    if !cell.starts_with(MAGIC) {
        return Err(MailboxRefusal::Empty);
    }
    read_index_cell(cell).map_err(|Malformed| MailboxRefusal::Malformed)
}

fn read_index_cell(cell: &[u8]) -> Result<IndexCell, Malformed> {
    let mut reader = Reader::new(cell);
    reader.array::<8>()?;
    let (items, page, pages, here) = (reader.u32()?, reader.u32()?, reader.u32()?, reader.u32()?);
    let here = usize::try_from(here).map_err(|_| Malformed)?;
    if here > ENTRIES_PER_PAGE || page >= pages || pages > MOST_PAGES {
        return Err(Malformed);
    }
    let mut entries = Vec::with_capacity(here);
    for _ in 0..here {
        let seq = reader.u32()?;
        let kind = kind_of_byte(reader.byte()?).ok_or(Malformed)?;
        let size = match reader.byte()? {
            0 => None,
            cells => Some(SizeClass::of_cells(cells).ok_or(Malformed)?),
        };
        if size.is_some() != kind.is_for_receipt() {
            return Err(Malformed);
        }
        entries.push(IndexEntry { seq, kind, size, body_hash: Hash::from_bytes(reader.array()?) });
    }
    if reader.rest().iter().any(|byte| *byte != 0) {
        return Err(Malformed);
    }
    Ok(IndexCell { items, page, pages, entries })
}
