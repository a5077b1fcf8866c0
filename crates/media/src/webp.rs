//! WebP, chunk by chunk (RFC 9649).
//!
//! | chunk | stays |
//! |---|---|
//! | VP8, VP8L, ALPH, ANIM, ANMF with those inside | as it is |
//! | VP8X | the size, and of its flags those that are still true |
//! | EXIF | the orientation alone, written anew |
//! | ICCP (see `jpeg`), XMP, all others; what follows the length that RIFF names | nothing |
//!
//! A frame of an animation with anything else inside is refused, and so is a file whose lengths do not fit into each other.

use crate::Unreadable;
use crate::exif::{LONGEST, MINIMAL_LENGTH, Orientation};
use crate::take::{Held, split};

/// Flags of VP8X.
const HAS_ALPHA: u8 = 0x10;
const HAS_EXIF: u8 = 0x08;
const IS_ANIMATION: u8 = 0x02;
/// Bytes of a frame before the chunks inside it.
const FRAME_HEAD: u32 = 16;
/// Bytes of a chunk before its content.
const CHUNK_HEAD: u64 = 8;

/// What the headers say about what comes after them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Announced {
    /// Bytes of the whole clean file.
    pub(crate) length: u64,
    /// Whether an orientation follows.
    pub(crate) has_orientation: bool,
}

#[derive(Clone, Copy)]
enum Step {
    /// `RIFF`, length, `WEBP`.
    Start,
    /// Type and length of a chunk come.
    Head,
    /// VP8X.
    Extended,
    /// The head of a frame of an animation.
    Frame {
        length: u32,
    },
    /// So much of a chunk stays, then a byte of padding where the length is odd.
    Pass {
        left: u64,
        is_odd: bool,
    },
    Padding,
    /// So much goes, padding included.
    Drop {
        left: u64,
    },
    /// The whole of EXIF is needed to find the orientation.
    Exif {
        length: usize,
        is_odd: bool,
    },
    End,
}

/// One reading of a WebP file.
pub struct Walk {
    step: Step,
    held: Held,
    announced: Announced,
    /// Bytes until the end that RIFF names.
    left: u64,
    /// Bytes until the end of the frame of an animation.
    left_in_frame: u64,
    is_first: bool,
    has_image: bool,
    orientation: Option<Orientation>,
}

impl Walk {
    pub(crate) fn new(announced: Announced) -> Self {
        Self {
            step: Step::Start,
            held: Held::default(),
            announced,
            left: 0,
            left_in_frame: 0,
            is_first: true,
            has_image: false,
            orientation: None,
        }
    }

    pub(crate) fn push(&mut self, mut input: &[u8], out: &mut Vec<u8>) -> Result<(), Unreadable> {
        while !input.is_empty() {
            self.step(&mut input, out)?;
            // Between two chunks, and nothing is left: the picture is whole.
            if matches!(self.step, Step::Head) && self.left == 0 && self.left_in_frame == 0 {
                self.step = Step::End;
            }
        }
        Ok(())
    }

    pub(crate) fn finish(&self) -> Result<Option<Orientation>, Unreadable> {
        let is_whole = matches!(self.step, Step::End) && self.has_image && self.left_in_frame == 0;
        if is_whole { Ok(self.orientation) } else { Err(Unreadable) }
    }

    fn step(&mut self, input: &mut &[u8], out: &mut Vec<u8>) -> Result<(), Unreadable> {
        match self.step {
            Step::Start => {
                let Some(start) = self.held.take_array::<12>(input) else { return Ok(()) };
                let [b'R', b'I', b'F', b'F', a, b, c, d, b'W', b'E', b'B', b'P'] = start else {
                    return Err(Unreadable);
                };
                self.left = u64::from(u32::from_le_bytes([a, b, c, d])).checked_sub(4).ok_or(Unreadable)?;
                // The first reading does not know it yet.
                let length = u32::try_from(self.announced.length.saturating_sub(CHUNK_HEAD));
                out.extend_from_slice(b"RIFF");
                out.extend_from_slice(&length.map_err(|_| Unreadable)?.to_le_bytes());
                out.extend_from_slice(b"WEBP");
                self.step = Step::Head;
            }
            Step::Head => {
                let Some(head) = self.held.take_array::<8>(input) else { return Ok(()) };
                let [k, i, n, d, length @ ..] = head;
                let length = u32::from_le_bytes(length);
                let is_in_frame = self.left_in_frame > 0;
                self.count(CHUNK_HEAD + padded(length))?;
                self.chunk([k, i, n, d], length, is_in_frame)?;
                self.is_first = false;
                if matches!(self.step, Step::Extended | Step::Frame { .. } | Step::Pass { .. }) {
                    out.extend_from_slice(&head);
                }
                self.end_empty_chunk();
            }
            Step::Extended => {
                let Some(extended) = self.held.take_array::<10>(input) else { return Ok(()) };
                let [flags, _, _, _, size @ ..] = extended;
                let exif = if self.announced.has_orientation { HAS_EXIF } else { 0 };
                out.extend_from_slice(&[flags & (HAS_ALPHA | IS_ANIMATION) | exif, 0, 0, 0]);
                out.extend_from_slice(&size);
                self.step = Step::Head;
            }
            Step::Frame { length } => {
                let Some(head) = self.held.take_array::<16>(input) else { return Ok(()) };
                out.extend_from_slice(&head);
                // What is inside is read as chunks of its own; it was counted with the frame.
                self.left_in_frame = padded(length).saturating_sub(u64::from(FRAME_HEAD));
                self.step = Step::Head;
            }
            Step::Pass { left, is_odd } => {
                let part = split(input, left);
                out.extend_from_slice(part);
                self.step = Step::Pass { left: left.saturating_sub(part.len() as u64), is_odd };
                self.end_empty_chunk();
            }
            Step::Padding => {
                split(input, 1);
                out.push(0);
                self.step = Step::Head;
            }
            Step::Drop { left } => {
                let part = split(input, left);
                self.step = Step::Drop { left: left.saturating_sub(part.len() as u64) };
                self.end_empty_chunk();
            }
            Step::Exif { length, is_odd } => {
                let Some(exif) = self.held.take(input, length) else { return Ok(()) };
                self.orientation = Orientation::of_exif(&exif);
                if let Some(orientation) = self.orientation {
                    out.extend_from_slice(b"EXIF");
                    out.extend_from_slice(&[MINIMAL_LENGTH.to_le_bytes()[0], 0, 0, 0]);
                    out.extend_from_slice(&orientation.minimal_tiff());
                }
                self.step = Step::Drop { left: u64::from(is_odd) };
                self.end_empty_chunk();
            }
            Step::End => *input = &[],
        }
        Ok(())
    }

    /// A chunk of so many bytes fits into what is around it.
    fn count(&mut self, bytes: u64) -> Result<(), Unreadable> {
        let around = if self.left_in_frame > 0 { &mut self.left_in_frame } else { &mut self.left };
        *around = around.checked_sub(bytes).ok_or(Unreadable)?;
        Ok(())
    }

    fn chunk(&mut self, kind: [u8; 4], length: u32, is_in_frame: bool) -> Result<(), Unreadable> {
        let is_odd = length % 2 == 1;
        let pass = Step::Pass { left: u64::from(length), is_odd };
        self.step = match &kind {
            b"VP8X" if self.is_first && length == 10 => Step::Extended,
            b"VP8 " | b"VP8L" => {
                self.has_image = true;
                pass
            }
            b"ALPH" => pass,
            _ if is_in_frame => return Err(Unreadable),
            b"ANIM" if length == 6 => pass,
            b"ANMF" if length > FRAME_HEAD && !is_odd => Step::Frame { length },
            b"VP8X" | b"ANIM" | b"ANMF" => return Err(Unreadable),
            b"EXIF" if self.orientation.is_none() && (1..=LONGEST).contains(&u64::from(length)) => {
                Step::Exif { length: usize::try_from(length).map_err(|_| Unreadable)?, is_odd }
            }
            _ => Step::Drop { left: padded(length) },
        };
        Ok(())
    }

    fn end_empty_chunk(&mut self) {
        match self.step {
            Step::Pass { left: 0, is_odd: true } => self.step = Step::Padding,
            Step::Pass { left: 0, is_odd: false } | Step::Drop { left: 0 } => self.step = Step::Head,
            _ => {}
        }
    }
}

/// A chunk's bytes with the padding that makes them even.
const fn padded(length: u32) -> u64 {
    let length = length as u64;
    length + length % 2
}
