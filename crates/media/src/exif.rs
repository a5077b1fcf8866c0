//! The one thing of EXIF that a viewer needs: how to turn the picture (TIFF 6.0, tag 274). Everything else is not even read.

/// The tag of the orientation.
const ORIENTATION: u16 = 0x0112;
/// The type of a 16-bit number.
const SHORT: u16 = 3;
/// More entries than any camera writes into the first directory; bounds the work on hostile input.
const MOST_ENTRIES: u16 = 1_000;

/// Bytes of the shortest TIFF that says an orientation.
pub(crate) const MINIMAL_LENGTH: usize = 26;
/// Longer EXIF is not searched: nothing of it is kept then, not even the orientation.
pub(crate) const LONGEST: u64 = 131_072;

/// How a picture has to be turned to stand upright: 2 to 8 (1, upright already, is the same as nothing said).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Orientation(u8);

impl Orientation {
    /// The number as in TIFF.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// The orientation in a TIFF structure, with or without the six bytes that EXIF has before it.
    pub(crate) fn of_exif(bytes: &[u8]) -> Option<Self> {
        let tiff = bytes.strip_prefix(b"Exif\0\0").unwrap_or(bytes);
        let is_little = match tiff.get(..4)? {
            b"II*\0" => true,
            b"MM\0*" => false,
            _ => return None,
        };
        let short = |place: usize| -> Option<u16> {
            let bytes: [u8; 2] = tiff.get(place..place.checked_add(2)?)?.try_into().ok()?;
            Some(if is_little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
        };
        let long = |place: usize| -> Option<u32> {
            let bytes: [u8; 4] = tiff.get(place..place.checked_add(4)?)?.try_into().ok()?;
            Some(if is_little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
        };
        let directory = usize::try_from(long(4)?).ok()?;
        let entries = short(directory)?.min(MOST_ENTRIES);
        for entry in 0..usize::from(entries) {
            let place = directory.checked_add(2)?.checked_add(entry * 12)?;
            if short(place)? == ORIENTATION && short(place + 2)? == SHORT && long(place + 4)? == 1 {
                let number = u8::try_from(short(place + 8)?).ok()?;
                return (2..=8).contains(&number).then_some(Self(number));
            }
        }
        None
    }

    /// A TIFF structure that says this and nothing else.
    pub(crate) const fn minimal_tiff(self) -> [u8; MINIMAL_LENGTH] {
        [
            b'I', b'I', b'*', 0, 8, 0, 0, 0, // little-endian; the directory is at 8
            1, 0, // one entry
            0x12, 0x01, 3, 0, 1, 0, 0, 0, self.0, 0, 0, 0, // orientation, one short
            0, 0, 0, 0, // no further directory
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minimal_structure_says_what_it_was_made_of() {
        for number in 2..=8 {
            let orientation = Orientation(number);
            assert_eq!(Orientation::of_exif(&orientation.minimal_tiff()), Some(orientation));
            let with_prefix = [b"Exif\0\0".as_slice(), &orientation.minimal_tiff()].concat();
            assert_eq!(Orientation::of_exif(&with_prefix), Some(orientation));
        }
    }

    #[test]
    fn big_endian_is_read_and_upright_is_nothing() {
        let tiff = |number: u8| {
            let mut bytes = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0".to_vec();
            bytes[19] = number;
            bytes
        };
        assert_eq!(Orientation::of_exif(&tiff(6)).unwrap().number(), 6);
        for number in [0, 1, 9, 255] {
            assert_eq!(Orientation::of_exif(&tiff(number)), None);
        }
        assert_eq!(Orientation::of_exif(b"II*\0\xff\xff\xff\xff"), None);
    }
}
