//! PNG, chunk by chunk (W3C Portable Network Graphics, third edition).
//!
//! | chunk | stays |
//! |---|---|
//! | IHDR, PLTE, IDAT, IEND | as it is |
//! | tRNS, gAMA, sRGB, cICP, sBIT, bKGD: a few bytes that say how colours are meant | as it is, if no longer than it may be |
//! | acTL, fcTL, fdAT: the further pictures of an animation | as it is |
//! | eXIf | the orientation alone, written anew |
//! | iCCP, cHRM: a measured profile is unique (see `jpeg`); pHYs: tells the screen of a screenshot; tEXt, zTXt, iTXt, tIME, all others | nothing |
//! | what follows IEND: among others what careless programs leave of the uncropped picture | nothing |
//!
//! A critical chunk that the standard does not know, a wrong check sum of what stays, and a file cut short are refused.

use crate::Unreadable;
use crate::exif::{LONGEST, MINIMAL_LENGTH, Orientation};
use crate::take::{Held, split};

/// The first eight bytes of every PNG file.
pub const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";
/// No chunk is longer.
const LONGEST_CHUNK: u32 = 0x7fff_ffff;

#[derive(Clone, Copy)]
enum Step {
    Signature,
    /// Length and type of a chunk come.
    Head,
    /// So much of a chunk stays.
    Pass {
        last: bool,
        left: u64,
    },
    /// The check sum of what stayed comes.
    Sum {
        last: bool,
    },
    /// So much goes, the check sum included.
    Drop {
        left: u64,
    },
    /// The whole of EXIF is needed to find the orientation.
    Exif {
        length: usize,
    },
    End,
}

/// One reading of a PNG file.
pub struct Walk {
    step: Step,
    held: Held,
    sum: Sum,
    has_header: bool,
    has_data: bool,
    orientation: Option<Orientation>,
}

impl Default for Walk {
    fn default() -> Self {
        Self {
            step: Step::Signature,
            held: Held::default(),
            sum: Sum::default(),
            has_header: false,
            has_data: false,
            orientation: None,
        }
    }
}

impl Walk {
    pub(crate) fn push(&mut self, mut input: &[u8], out: &mut Vec<u8>) -> Result<(), Unreadable> {
        while !input.is_empty() {
            self.step(&mut input, out)?;
        }
        Ok(())
    }

    pub(crate) fn finish(&self) -> Result<Option<Orientation>, Unreadable> {
        if matches!(self.step, Step::End) { Ok(self.orientation) } else { Err(Unreadable) }
    }

    fn step(&mut self, input: &mut &[u8], out: &mut Vec<u8>) -> Result<(), Unreadable> {
        match self.step {
            Step::Signature => {
                let Some(signature) = self.held.take_array::<8>(input) else { return Ok(()) };
                if signature != SIGNATURE {
                    return Err(Unreadable);
                }
                out.extend_from_slice(&SIGNATURE);
                self.step = Step::Head;
            }
            Step::Head => {
                let Some(head) = self.held.take_array::<8>(input) else { return Ok(()) };
                let [a, b, c, d, kind @ ..] = head;
                let length = u32::from_be_bytes([a, b, c, d]);
                self.step = self.chunk(kind, length)?;
                if let Step::Pass { .. } = self.step {
                    out.extend_from_slice(&head);
                    self.sum = Sum::default();
                    self.sum.add(&kind);
                }
                self.end_empty_chunk();
            }
            Step::Pass { last, left } => {
                let part = split(input, left);
                self.sum.add(part);
                out.extend_from_slice(part);
                self.step = Step::Pass { last, left: left.saturating_sub(part.len() as u64) };
                self.end_empty_chunk();
            }
            Step::Sum { last } => {
                let Some(sum) = self.held.take_array::<4>(input) else { return Ok(()) };
                if sum != self.sum.value() {
                    return Err(Unreadable);
                }
                out.extend_from_slice(&sum);
                self.step = if last { Step::End } else { Step::Head };
            }
            Step::Drop { left } => {
                let part = split(input, left);
                let left = left.saturating_sub(part.len() as u64);
                self.step = if left == 0 { Step::Head } else { Step::Drop { left } };
            }
            Step::Exif { length } => {
                let Some(exif) = self.held.take(input, length) else { return Ok(()) };
                self.orientation = Orientation::of_exif(&exif);
                if let Some(orientation) = self.orientation {
                    write_exif(orientation, out);
                }
                self.step = Step::Drop { left: 4 };
            }
            Step::End => *input = &[],
        }
        Ok(())
    }

    /// What happens to a chunk.
    fn chunk(&mut self, kind: [u8; 4], length: u32) -> Result<Step, Unreadable> {
        if length > LONGEST_CHUNK || self.has_header == (&kind == b"IHDR") {
            return Err(Unreadable);
        }
        let pass = Step::Pass { last: &kind == b"IEND", left: u64::from(length) };
        let drop = Step::Drop { left: u64::from(length) + 4 };
        let stays_up_to = |longest: u32| if length <= longest { pass } else { drop };
        let step = match &kind {
            b"IHDR" if length == 13 => {
                self.has_header = true;
                pass
            }
            b"PLTE" if length <= 768 => pass,
            b"IDAT" => {
                self.has_data = true;
                pass
            }
            b"IEND" if length == 0 && self.has_data => pass,
            b"tRNS" => stays_up_to(256),
            b"gAMA" | b"sBIT" | b"cICP" => stays_up_to(4),
            b"bKGD" => stays_up_to(6),
            b"sRGB" => stays_up_to(1),
            b"acTL" => stays_up_to(8),
            b"fcTL" => stays_up_to(26),
            b"fdAT" => pass,
            b"eXIf" if self.orientation.is_none() && (1..=LONGEST).contains(&u64::from(length)) => {
                Step::Exif { length: usize::try_from(length).map_err(|_| Unreadable)? }
            }
            // The case of the first letter says that a viewer may leave the chunk out.
            [first, ..] if first.is_ascii_lowercase() => drop,
            _ => return Err(Unreadable),
        };
        Ok(step)
    }

    fn end_empty_chunk(&mut self) {
        if let Step::Pass { last, left: 0 } = self.step {
            self.step = Step::Sum { last };
        }
    }
}

fn write_exif(orientation: Orientation, out: &mut Vec<u8>) {
    let tiff = orientation.minimal_tiff();
    let mut sum = Sum::default();
    sum.add(b"eXIf");
    sum.add(&tiff);
    out.extend_from_slice(&[0, 0, 0, MINIMAL_LENGTH.to_le_bytes()[0]]);
    out.extend_from_slice(b"eXIf");
    out.extend_from_slice(&tiff);
    out.extend_from_slice(&sum.value());
}

/// The check sum of a chunk (CRC-32 of ISO 3309).
struct Sum(u32);

impl Default for Sum {
    fn default() -> Self {
        Self(u32::MAX)
    }
}

/// Remainders of the sixteen half bytes: a small table, since this travels to phones.
const REMAINDERS: [u32; 16] = remainders();

const fn remainders() -> [u32; 16] {
    let mut table = [0; 16];
    let mut rest: &mut [u32] = &mut table;
    let mut index = 0_u32;
    while let [entry, others @ ..] = rest {
        let mut value = index;
        let mut bit = 0;
        while bit < 4 {
            value = if value & 1 == 1 { 0xedb8_8320 ^ (value >> 1) } else { value >> 1 };
            bit += 1;
        }
        *entry = value;
        rest = others;
        index += 1;
    }
    table
}

impl Sum {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 ^= u32::from(*byte);
            for _ in 0..2 {
                let [low, ..] = self.0.to_le_bytes();
                let remainder = REMAINDERS.get(usize::from(low & 0x0f)).copied().unwrap_or_default();
                self.0 = remainder ^ (self.0 >> 4);
            }
        }
    }

    fn value(&self) -> [u8; 4] {
        (!self.0).to_be_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_sum_is_the_one_of_the_standard() {
        let mut sum = Sum::default();
        sum.add(b"123456789");
        assert_eq!(sum.value(), [0xcb, 0xf4, 0x39, 0x26]);
    }
}
