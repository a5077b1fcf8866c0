//! What somebody types as a second factor, and secrets as people read them: base32 (RFC 4648) in groups of four.
//!
//! Invariant: [`Code::parse`] is total, and forgives what does not change the code: spaces, dashes, small letters, 0 for O and 1 for I.

use sha2::{Digest as _, Sha256};

/// Bytes of a backup code: nobody guesses 80 bits.
pub(super) const BACKUP_LENGTH: usize = 10;

/// Signs of a backup code.
const BACKUP_SIGNS: usize = 16;

/// Digits of a code from the authenticator.
const DIGITS: usize = 6;

/// A code as it was typed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    /// Six digits of the authenticator.
    Timed(u32),
    /// One of the ten that were handed out at enrolment.
    Backup([u8; BACKUP_LENGTH]),
}

impl Code {
    /// Reads what was typed; `None` for what can be neither.
    pub(super) fn parse(typed: &str) -> Option<Self> {
        let signs = typed.chars().filter(|sign| !sign.is_whitespace() && *sign != '-');
        let signs: String = signs.take(BACKUP_SIGNS + 1).collect();
        if signs.len() == DIGITS && signs.bytes().all(|sign| sign.is_ascii_digit()) {
            return signs.parse().ok().map(Self::Timed);
        }
        let values: Option<Vec<u8>> = signs.chars().map(value_of).collect();
        let values = values.filter(|values| values.len() == BACKUP_SIGNS)?;
        let mut bytes = [0; BACKUP_LENGTH];
        let groups = values.chunks(8).flat_map(|group| {
            let number = group.iter().fold(0_u64, |number, value| number << 5 | u64::from(*value));
            number.to_be_bytes().into_iter().skip(3)
        });
        for (to, from) in bytes.iter_mut().zip(groups) {
            *to = from;
        }
        Some(Self::Backup(bytes))
    }
}

/// The value of a sign, also of one that is easily taken for it.
fn value_of(sign: char) -> Option<u8> {
    let sign = u8::try_from(sign.to_ascii_uppercase()).ok()?;
    match sign {
        b'A'..=b'Z' => Some(sign - b'A'),
        b'2'..=b'7' => Some(sign - b'2' + 26),
        b'0' => value_of('O'),
        b'1' => value_of('I'),
        _ => None,
    }
}

/// Base32 of bytes whose number is a multiple of five, as all of ours are: without padding.
pub(super) fn to_base32(bytes: &[u8]) -> String {
    let signs = bytes.chunks(5).flat_map(|group| {
        let number = group.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        (0..8).rev().map(move |place| {
            let value = u8::try_from(number >> (5 * place) & 31).unwrap_or_default();
            char::from(if value < 26 { b'A' + value } else { b'2' + value - 26 })
        })
    });
    signs.collect()
}

/// The same in groups of four, to be read and typed.
pub(super) fn in_groups(bytes: &[u8]) -> String {
    let signs: Vec<char> = to_base32(bytes).chars().collect();
    let groups: Vec<String> = signs.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}

/// What is stored of a backup code.
pub(super) fn hash(code: &[u8; BACKUP_LENGTH]) -> Vec<u8> {
    Sha256::new().chain_update(b"approdo/backup-code/v1|").chain_update(code).finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn base32_is_that_of_the_standard() {
        // RFC 4648, section 10.
        assert_eq!(to_base32(b"fooba"), "MZXW6YTB");
        assert_eq!(in_groups(b"fooba"), "MZXW 6YTB");
    }

    #[test]
    fn what_is_typed_is_forgiven_and_nothing_else() {
        let code = *b"foobafooba";
        let is_backup = |typed: &str| matches!(Code::parse(typed), Some(Code::Backup(read)) if read == code);
        assert!(is_backup("MZXW6YTBMZXW6YTB") && is_backup(" mzxw-6ytb mzxw 6ytb\n"));
        assert!(
            matches!(Code::parse("OIOI OIOI OIOI OIOI"), read if read == Code::parse("0101-0101-0101-0101"))
        );
        assert!(matches!(Code::parse(" 012 345 "), Some(Code::Timed(12_345))));
        for wrong in [
            "",
            "12345",
            "1234567",
            "１２３４５６",
            "MZXW6YTBMZXW6YT",
            "MZXW6YTBMZXW6YTBA",
            "MZXW6YTBMZXW6YT8",
        ] {
            assert!(Code::parse(wrong).is_none(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(typed in "\\PC*") {
            let _ = Code::parse(&typed);
        }

        #[test]
        fn a_backup_code_is_read_as_it_was_written(code in any::<[u8; BACKUP_LENGTH]>()) {
            prop_assert!(matches!(Code::parse(&in_groups(&code)), Some(Code::Backup(read)) if read == code));
        }
    }
}
