//! The frame of an item (protocol section 12.2): exactly 4,096, 16,384 or 65,536 bytes.
//!
//! ```text
//! "APPRODO1" ‖ u32 clear length ‖ clear ‖ u8 number of wraps ‖ { u8 kind ‖ WRAP_LENGTH bytes }… ‖ u32 body length ‖ body ‖ signature
//! ```

use serde::{Deserialize, Serialize};

use crate::encoding::{Hash, Malformed, Reader};
use crate::header::{ClearHeader, ItemKind};
use crate::mailbox::MailboxId;
use crate::refusal::FrameRefusal;
use crate::sealed_file;
use crate::signature::{Signature, SignedType};
use crate::sizes::{SIGNATURE_LENGTH, SizeClass, WRAP_LENGTH};

/// The first bytes of every frame.
pub const MAGIC: &[u8; 8] = b"APPRODO1";

/// For whom a wrap is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WrapKind {
    /// For the centre's epoch.
    Epoch,
    /// For her receipt; in a rotation for the new one.
    Receipt,
    /// For the epoch of a second centre (section 7.7).
    Second,
}

impl WrapKind {
    /// The byte on the wire.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Epoch => 1,
            Self::Receipt => 2,
            Self::Second => 3,
        }
    }

    /// The kind of a byte on the wire; `None` for any other byte.
    #[must_use]
    pub const fn of_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Epoch),
            2 => Some(Self::Receipt),
            3 => Some(Self::Second),
            _ => None,
        }
    }

    /// The wraps that a frame of this kind carries, in this order and no others. Only a report can be for a second centre.
    #[must_use]
    pub const fn expected(kind: ItemKind, has_second: bool) -> &'static [Self] {
        match (kind.is_for_receipt(), has_second) {
            (true, _) => &[Self::Epoch, Self::Receipt],
            (false, true) => &[Self::Epoch, Self::Second],
            (false, false) => &[Self::Epoch],
        }
    }

    /// The wraps that a frame with this header carries.
    #[must_use]
    pub const fn expected_of(clear: &ClearHeader) -> &'static [Self] {
        Self::expected(clear.kind, clear.second.is_some())
    }
}

/// One wrap: the item's key sealed to one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrap {
    /// For whom.
    pub kind: WrapKind,
    /// The age file, [`WRAP_LENGTH`] bytes.
    pub sealed: Vec<u8>,
}

/// The parts of a frame as they are stored: wraps in a table of their own, so that shredding can delete them (section 9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameParts {
    /// The exact bytes of the clear header.
    pub clear: Vec<u8>,
    /// In the order of the frame.
    pub wraps: Vec<Wrap>,
    /// The age file sealed to the item's key.
    pub body: Vec<u8>,
    /// The author's, over all before it.
    pub signature: [u8; SIGNATURE_LENGTH],
}

/// A well-formed frame. Its signature has **not** been verified yet: see [`Frame::verify_signature`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    clear: ClearHeader,
    parts: FrameParts,
    size: SizeClass,
}

impl Frame {
    /// Reads a frame. Total: any input gives a frame or a refusal.
    ///
    /// # Errors
    /// [`FrameRefusal::Size`] for any other length than the three, [`FrameRefusal::Suite`] for a sealed part of another suite,
    /// [`FrameRefusal::Malformed`] for everything else that section 12.2 does not describe.
    pub fn parse(bytes: &[u8]) -> Result<Self, FrameRefusal> {
        if SizeClass::of_length(bytes.len()).is_none() {
            return Err(FrameRefusal::Size);
        }
        let parts = read_parts(bytes).map_err(|Malformed| FrameRefusal::Malformed)?;
        Self::from_parts(parts)
    }

    /// A frame from its stored parts.
    ///
    /// # Errors
    /// As [`Frame::parse`]: stored parts are checked like received ones.
    pub fn from_parts(parts: FrameParts) -> Result<Self, FrameRefusal> {
        let size = SizeClass::of_length(length_of(&parts)).ok_or(FrameRefusal::Size)?;
        let clear: ClearHeader = serde_json::from_slice(&parts.clear).map_err(|_| FrameRefusal::Malformed)?;
        let kinds: Vec<WrapKind> = parts.wraps.iter().map(|wrap| wrap.kind).collect();
        if !clear.is_consistent() || kinds != WrapKind::expected_of(&clear) {
            return Err(FrameRefusal::Malformed);
        }
        for wrap in &parts.wraps {
            if wrap.sealed.len() != WRAP_LENGTH {
                return Err(FrameRefusal::Malformed);
            }
            sealed_file::check_suite(&wrap.sealed)?;
        }
        sealed_file::check_suite(&parts.body)?;
        Ok(Self { clear, parts, size })
    }

    /// Verifies the author's signature over every byte before it, and in a rotation that of the new key too. It proves that the
    /// holder of `author` made these bytes (and that the holder of the new key took part); whether that key may write here is asked
    /// elsewhere (mailbox id, or membership in the epoch).
    ///
    /// # Errors
    /// [`FrameRefusal::Signature`].
    pub fn verify_signature(&self) -> Result<(), FrameRefusal> {
        let signed = signed_payload(&self.parts.clear, &self.parts.wraps, &self.parts.body);
        let signature = Signature::from_bytes(self.parts.signature);
        if self.clear.author.verifies(SignedType::Item, &signed, &signature) && self.clear.next_verifies() {
            Ok(())
        } else {
            Err(FrameRefusal::Signature)
        }
    }

    /// The clear header.
    #[must_use]
    pub fn clear(&self) -> &ClearHeader {
        &self.clear
    }

    /// The exact bytes of the clear header.
    #[must_use]
    pub fn clear_bytes(&self) -> &[u8] {
        &self.parts.clear
    }

    /// The wraps, in the order of the frame.
    #[must_use]
    pub fn wraps(&self) -> &[Wrap] {
        &self.parts.wraps
    }

    /// The wrap of this kind, if the frame has one.
    #[must_use]
    pub fn wrap(&self, kind: WrapKind) -> Option<&[u8]> {
        self.parts.wraps.iter().find(|wrap| wrap.kind == kind).map(|wrap| wrap.sealed.as_slice())
    }

    /// The sealed body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.parts.body
    }

    /// SHA-256 of the sealed body: the `prev` of the next item, and what the mailbox index lists.
    #[must_use]
    pub fn body_hash(&self) -> Hash {
        Hash::of(&self.parts.body)
    }

    /// The author's signature.
    #[must_use]
    pub fn signature(&self) -> &[u8; SIGNATURE_LENGTH] {
        &self.parts.signature
    }

    /// Which of the three lengths it has.
    #[must_use]
    pub fn size(&self) -> SizeClass {
        self.size
    }

    /// The mailbox of the author's key: hers, when she is the author.
    #[must_use]
    pub fn mailbox_id(&self) -> MailboxId {
        self.clear.mailbox_id()
    }

    /// The parts as they are stored.
    #[must_use]
    pub fn into_parts(self) -> FrameParts {
        self.parts
    }

    /// The frame's bytes, identical to those that were parsed.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = signed_payload(&self.parts.clear, &self.parts.wraps, &self.parts.body);
        bytes.extend_from_slice(&self.parts.signature);
        bytes
    }
}

/// Every byte of a frame before its signature: what the author signs.
#[must_use]
pub fn signed_payload(clear: &[u8], wraps: &[Wrap], body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(SizeClass::Large.length());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&wire_length(clear).to_le_bytes());
    bytes.extend_from_slice(clear);
    bytes.push(u8::try_from(wraps.len()).unwrap_or(u8::MAX));
    for wrap in wraps {
        bytes.push(wrap.kind.byte());
        bytes.extend_from_slice(&wrap.sealed);
    }
    bytes.extend_from_slice(&wire_length(body).to_le_bytes());
    bytes.extend_from_slice(body);
    bytes
}

/// Bytes of a frame around its clear header and body.
#[must_use]
pub const fn overhead(wraps: usize) -> usize {
    MAGIC.len() + 4 + 1 + wraps * (1 + WRAP_LENGTH) + 4 + SIGNATURE_LENGTH
}

/// A length as the wire carries it. No part of a frame can reach the limit: frames are at most 65,536 bytes.
fn wire_length(part: &[u8]) -> u32 {
    u32::try_from(part.len()).unwrap_or(u32::MAX)
}

fn length_of(parts: &FrameParts) -> usize {
    let wraps: usize = parts.wraps.iter().map(|wrap| 1 + wrap.sealed.len()).sum();
    overhead(0) + parts.clear.len() + wraps + parts.body.len()
}

fn read_parts(bytes: &[u8]) -> Result<FrameParts, Malformed> {
    let mut reader = Reader::new(bytes);
    if &reader.array::<8>()? != MAGIC {
        return Err(Malformed);
    }
    let clear = reader.counted_u32()?.to_vec();
    let count = reader.byte()?;
    if !(1..=2).contains(&count) {
        return Err(Malformed);
    }
    let mut wraps = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        let kind = WrapKind::of_byte(reader.byte()?).ok_or(Malformed)?;
        wraps.push(Wrap { kind, sealed: reader.take(WRAP_LENGTH)?.to_vec() });
    }
    let body = reader.counted_u32()?.to_vec();
    let signature = reader.array()?;
    if reader.remaining() != 0 {
        return Err(Malformed);
    }
    Ok(FrameParts { clear, wraps, body, signature })
}
