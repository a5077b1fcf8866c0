//! An ISO week as the log writes it: `2026-W47` in texts, three bytes in what is hashed.

use core::fmt;
use core::str::FromStr;

use crate::encoding::{Malformed, Reader};

/// A year and the number of a week in it, 1 to 53. Later weeks are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Week {
    year: u16,
    number: u8,
}

impl Week {
    /// A week; `None` for a number that no year has, and for years that texts do not write with four digits.
    #[must_use]
    pub const fn new(year: u16, number: u8) -> Option<Self> {
        if year <= 9999 && number >= 1 && number <= 53 { Some(Self { year, number }) } else { None }
    }

    /// The year.
    #[must_use]
    pub const fn year(self) -> u16 {
        self.year
    }

    /// The number in the year.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.number
    }

    /// `u16 year ‖ u8 number`.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 3] {
        let [low, high] = self.year.to_le_bytes();
        [low, high, self.number]
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let year = u16::from_le_bytes(reader.array()?);
        Self::new(year, reader.byte()?).ok_or(Malformed)
    }
}

impl fmt::Display for Week {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-W{:02}", self.year, self.number)
    }
}

impl FromStr for Week {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let (year, number) = text.split_once("-W").ok_or(Malformed)?;
        let digits =
            |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
        if !(digits(year, 4) && digits(number, 2)) {
            return Err(Malformed);
        }
        let year = year.parse().map_err(|_| Malformed)?;
        Self::new(year, number.parse().map_err(|_| Malformed)?).ok_or(Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_is_read_as_it_was_written_and_nothing_else_is() {
        for text in ["2026-W47", "2026-W01", "0001-W53"] {
            assert_eq!(text.parse::<Week>().unwrap().to_string(), text);
        }
        for wrong in
            ["", "2026", "2026-W", "2026-W54", "2026-W00", "26-W47", "2026-W4", "+026-W47", "2026-W+7"]
        {
            assert_eq!(wrong.parse::<Week>(), Err(Malformed), "{wrong}");
        }
        let week = Week::new(2026, 47).unwrap();
        assert_eq!(Week::read(&mut Reader::new(&week.to_bytes())), Ok(week));
        assert_eq!(Week::read(&mut Reader::new(&[0xea, 0x07, 0])), Err(Malformed));
    }
}
