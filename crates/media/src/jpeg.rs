//! JPEG, segment by segment (ITU-T T.81, annex B).
//!
//! | segment | stays |
//! |---|---|
//! | tables (DQT, DHT, DAC), frames (SOF), scans (SOS), DRI, DNL, DHP, EXP, restart markers, compressed data | as it is |
//! | APP0 `JFIF` | written anew: version 1.1, no density, no thumbnail |
//! | APP14 `Adobe` | written anew with the colour transform alone, without which colours would be wrong |
//! | APP1 `Exif` | the orientation alone, written anew |
//! | every other `APPn`: XMP, IPTC (Photoshop), MPF, makers' own; COM | nothing |
//! | APP2 `ICC_PROFILE` | nothing: a profile names its maker, device and day, and one that was measured is unique; colours of wide-gamut cameras look paler, and the original is there for whoever needs them |
//! | what follows EOI: second pictures, depth, the film of a "motion photo", makers' trailers | nothing |
//!
//! Anything else is refused.

use crate::Unreadable;
use crate::exif::{MINIMAL_LENGTH, Orientation};
use crate::take::{Held, split};

/// Start of the picture.
const SOI: [u8; 2] = [0xff, 0xd8];
/// Its end.
const EOI: u8 = 0xd9;
/// Start of a scan.
const SOS: u8 = 0xda;
/// Bytes of the EXIF segment that holds an orientation, without its marker.
const EXIF_LENGTH: u8 = 2 + 6 + MINIMAL_LENGTH.to_le_bytes()[0];
/// The whole JFIF segment: version 1.1, square pixels, no thumbnail.
const JFIF: [u8; 18] = *b"\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0";

#[derive(Clone, Copy)]
enum Step {
    /// Nothing was read.
    Start,
    /// A marker has to begin.
    Marker,
    /// 0xFF was read between segments.
    Code,
    /// The length of the segment comes.
    Length { marker: u8 },
    /// The whole segment is needed to judge it.
    Whole { marker: u8, length: usize },
    /// So much of a segment stays.
    Pass { marker: u8, left: u64 },
    /// So much of a segment goes.
    Drop { left: u64 },
    /// Compressed data.
    Scan,
    /// 0xFF was read in compressed data.
    ScanCode,
    /// The picture is whole.
    End,
}

/// One reading of a JPEG file.
pub struct Walk {
    step: Step,
    held: Held,
    shown: Shown,
    written: Written,
    orientation: Option<Orientation>,
}

/// How far the picture itself is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Shown {
    Nothing,
    Frame,
    Scan,
}

/// Segments that are written anew, once.
#[derive(Default)]
struct Written {
    jfif: bool,
    adobe: bool,
}

impl Default for Walk {
    fn default() -> Self {
        Self {
            step: Step::Start,
            held: Held::default(),
            shown: Shown::Nothing,
            written: Written::default(),
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

    /// One piece further; takes at least one byte of `input`.
    fn step(&mut self, input: &mut &[u8], out: &mut Vec<u8>) -> Result<(), Unreadable> {
        match self.step {
            Step::Start => {
                let Some(first) = self.held.take_array::<2>(input) else { return Ok(()) };
                if first != SOI {
                    return Err(Unreadable);
                }
                out.extend_from_slice(&SOI);
                self.step = Step::Marker;
            }
            Step::Marker => {
                if split(input, 1) != [0xff] {
                    return Err(Unreadable);
                }
                self.step = Step::Code;
            }
            Step::Code => match split(input, 1) {
                // Padding before a marker.
                [0xff] => {}
                [code] => self.marker(*code, out)?,
                _ => return Err(Unreadable),
            },
            Step::Length { marker } => {
                let Some(length) = self.held.take_array::<2>(input) else { return Ok(()) };
                let left = u16::from_be_bytes(length).checked_sub(2).ok_or(Unreadable)?;
                self.step = match marker {
                    0xe0 | 0xe1 | 0xee => Step::Whole { marker, length: usize::from(left) },
                    0xe2..=0xed | 0xef | 0xfe => Step::Drop { left: u64::from(left) },
                    _ => {
                        out.extend_from_slice(&[0xff, marker]);
                        out.extend_from_slice(&length);
                        Step::Pass { marker, left: u64::from(left) }
                    }
                };
                self.end_empty_segment(out);
            }
            Step::Whole { marker, length } => {
                let Some(segment) = self.held.take(input, length) else { return Ok(()) };
                self.application(marker, &segment, out);
                self.step = Step::Marker;
            }
            Step::Pass { marker, left } => {
                let part = split(input, left);
                out.extend_from_slice(part);
                self.step = Step::Pass { marker, left: left.saturating_sub(part.len() as u64) };
                self.end_empty_segment(out);
            }
            Step::Drop { left } => {
                let part = split(input, left);
                self.step = Step::Drop { left: left.saturating_sub(part.len() as u64) };
                self.end_empty_segment(out);
            }
            Step::Scan => {
                let end = input.iter().position(|byte| *byte == 0xff).unwrap_or(input.len());
                out.extend_from_slice(split(input, end as u64));
                if split(input, 1) == [0xff] {
                    self.step = Step::ScanCode;
                }
            }
            Step::ScanCode => match split(input, 1) {
                [0xff] => {}
                [code @ (0 | 0xd0..=0xd7)] => {
                    out.extend_from_slice(&[0xff, *code]);
                    self.step = Step::Scan;
                }
                [code] => self.marker(*code, out)?,
                _ => return Err(Unreadable),
            },
            Step::End => *input = &[],
        }
        Ok(())
    }

    /// A segment of which nothing is left ends; nothing more has to come for that.
    fn end_empty_segment(&mut self, out: &mut Vec<u8>) {
        match self.step {
            Step::Pass { marker: SOS, left: 0 } => self.step = Step::Scan,
            Step::Pass { left: 0, .. } | Step::Drop { left: 0 } => self.step = Step::Marker,
            Step::Whole { marker, length: 0 } => {
                self.application(marker, &[], out);
                self.step = Step::Marker;
            }
            _ => {}
        }
    }

    fn marker(&mut self, code: u8, out: &mut Vec<u8>) -> Result<(), Unreadable> {
        match code {
            EOI if self.shown == Shown::Scan => {
                out.extend_from_slice(&[0xff, EOI]);
                self.step = Step::End;
                return Ok(());
            }
            SOS if self.shown >= Shown::Frame => self.shown = Shown::Scan,
            // Frames: all but DHT, JPG and DAC, whose numbers lie between.
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                self.shown = self.shown.max(Shown::Frame);
            }
            // Tables, restart interval, number of lines, hierarchy, applications, comment.
            0xc4 | 0xcc | 0xdb..=0xdf | 0xe0..=0xef | 0xfe => {}
            _ => return Err(Unreadable),
        }
        self.step = Step::Length { marker: code };
        Ok(())
    }

    /// What stays of an application segment, each at most once.
    fn application(&mut self, marker: u8, segment: &[u8], out: &mut Vec<u8>) {
        match marker {
            0xe0 if !self.written.jfif && segment.starts_with(b"JFIF\0") => {
                self.written.jfif = true;
                out.extend_from_slice(&JFIF);
            }
            0xe1 if self.orientation.is_none() && segment.starts_with(b"Exif\0\0") => {
                self.orientation = Orientation::of_exif(segment);
                if let Some(orientation) = self.orientation {
                    out.extend_from_slice(&[0xff, 0xe1, 0, EXIF_LENGTH]);
                    out.extend_from_slice(b"Exif\0\0");
                    out.extend_from_slice(&orientation.minimal_tiff());
                }
            }
            0xee if !self.written.adobe && segment.starts_with(b"Adobe") => {
                if let Some(transform) = segment.get(11) {
                    self.written.adobe = true;
                    out.extend_from_slice(b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0");
                    out.push(*transform);
                }
            }
            _ => {}
        }
    }
}
