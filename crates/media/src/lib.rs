//! Takes out of a picture file what is not the picture: place, time, device, names, earlier versions (protocol section 5).
//!
//! The picture itself is not decoded: its compressed bytes are copied as they are, so every pixel stays. Kept is what a viewer needs to
//! show it, named kind by kind in [`jpeg`], [`png`] and [`webp`]; everything else goes, known or not. Of EXIF only the orientation
//! stays, written anew, or the picture would lie on its side. What a camera leaves in the pixels themselves (noise, the tables of its
//! compression) stays too, and what the picture shows.
//!
//! Invariants: total, and a file is either cleaned or refused, never passed as it is. It streams: whatever the length of the file, no
//! more than one segment is held, so that 50 MiB pass through a small memory in a browser. What comes out does not depend on
//! how the input was cut into parts, and cleaning it again changes nothing.
//!
//! A file is read twice. The first reading, [`Cleaner::survey`], says whether it can be cleaned and how long it will be; the
//! second, [`Cleaner::of`], gives the bytes.

mod exif;
pub mod jpeg;
pub mod png;
mod take;
pub mod webp;

pub use exif::Orientation;

/// The file is not one that can be cleaned: broken, cut short, or of a form nobody here knows. It may still be sent as it is, by
/// explicit choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unreadable")]
pub struct Unreadable;

/// The kinds of picture files that can be cleaned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// JPEG (ITU-T T.81).
    Jpeg,
    /// PNG (W3C, third edition), animated too.
    Png,
    /// WebP (RFC 9649), animated too.
    Webp,
}

/// Bytes that [`Kind::of`] wants to see.
pub const KIND_LENGTH: usize = 12;

impl Kind {
    /// The kind of a file by its first [`KIND_LENGTH`] bytes, whatever its name says; `None` for all others.
    #[must_use]
    pub fn of(first: &[u8]) -> Option<Self> {
        if first.starts_with(&[0xff, 0xd8, 0xff]) {
            return Some(Self::Jpeg);
        }
        if first.starts_with(&png::SIGNATURE) {
            return Some(Self::Png);
        }
        let is_webp = first.starts_with(b"RIFF") && first.get(8..12) == Some(b"WEBP".as_slice());
        is_webp.then_some(Self::Webp)
    }

    /// Its media type (RFC 6838).
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }
}

/// What the first reading found: enough for the second one to write headers that come before what they speak of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Survey {
    kind: Kind,
    orientation: Option<Orientation>,
    length: u64,
}

impl Survey {
    /// The kind of the file.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// How the picture has to be turned, if the file said so.
    #[must_use]
    pub const fn orientation(&self) -> Option<Orientation> {
        self.orientation
    }

    /// Bytes of the clean file, exactly.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.length
    }
}

enum Walk {
    Jpeg(jpeg::Walk),
    Png(png::Walk),
    Webp(webp::Walk),
}

/// One reading of one file, part by part.
pub struct Cleaner {
    kind: Kind,
    walk: Walk,
    length: u64,
}

impl Cleaner {
    /// The first reading: what it writes has the right length, not yet the right bytes.
    #[must_use]
    pub fn survey(kind: Kind) -> Self {
        Self::new(kind, webp::Announced::default())
    }

    /// The second reading: what it writes is the clean file.
    #[must_use]
    pub fn of(survey: &Survey) -> Self {
        let announced =
            webp::Announced { length: survey.length, has_orientation: survey.orientation.is_some() };
        Self::new(survey.kind, announced)
    }

    fn new(kind: Kind, announced: webp::Announced) -> Self {
        let walk = match kind {
            Kind::Jpeg => Walk::Jpeg(jpeg::Walk::default()),
            Kind::Png => Walk::Png(png::Walk::default()),
            Kind::Webp => Walk::Webp(webp::Walk::new(announced)),
        };
        Self { kind, walk, length: 0 }
    }

    /// Takes the next part of the file and appends what stays of it to `out`.
    ///
    /// # Errors
    /// [`Unreadable`]; what was appended so far is worth nothing then.
    pub fn push(&mut self, part: &[u8], out: &mut Vec<u8>) -> Result<(), Unreadable> {
        let before = out.len();
        match &mut self.walk {
            Walk::Jpeg(walk) => walk.push(part, out)?,
            Walk::Png(walk) => walk.push(part, out)?,
            Walk::Webp(walk) => walk.push(part, out)?,
        }
        self.length += out.len().saturating_sub(before) as u64;
        Ok(())
    }

    /// The file has ended.
    ///
    /// # Errors
    /// [`Unreadable`] when it ended before the picture did, or holds none.
    pub fn finish(self) -> Result<Survey, Unreadable> {
        let orientation = match &self.walk {
            Walk::Jpeg(walk) => walk.finish()?,
            Walk::Png(walk) => walk.finish()?,
            Walk::Webp(walk) => walk.finish()?,
        };
        Ok(Survey { kind: self.kind, orientation, length: self.length })
    }
}

/// Cleans a file that is in memory as a whole: both readings at once.
///
/// # Errors
/// [`Unreadable`], also for files of other kinds.
pub fn clean(file: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let kind = Kind::of(file).ok_or(Unreadable)?;
    let mut out = Vec::new();
    let mut first = Cleaner::survey(kind);
    first.push(file, &mut out)?;
    let survey = first.finish()?;
    out.clear();
    let mut second = Cleaner::of(&survey);
    second.push(file, &mut out)?;
    second.finish()?;
    Ok(out)
}
