//! Codes from the time (RFC 6238), as every authenticator shows them: SHA-1, six digits, steps of thirty seconds.
//!
//! Invariant: a code counts in its own step and one step to either side, and never in a step up to the last one that was taken.

use hmac::{Hmac, Mac as _};
use jiff::Timestamp;
use sha1::Sha1;

/// Bytes of a secret: the length that RFC 4226 (section 4, R6) recommends.
pub(super) const SECRET_LENGTH: usize = 20;

/// Seconds of a step.
const STEP: i64 = 30;

/// How many steps the clock of a telephone may be away.
const DRIFT: i64 = 1;

/// Ten to the number of digits.
const CODES: u32 = 1_000_000;

/// The step of which `given` is the code now; `None` for a wrong code, and for one of a step that was taken, or comes before it.
pub(super) fn accepted(secret: &[u8], given: u32, now: Timestamp, taken: Option<i64>) -> Option<i64> {
    let step = now.as_second().div_euclid(STEP);
    (step.saturating_sub(DRIFT)..=step.saturating_add(DRIFT))
        .filter(|step| taken.is_none_or(|taken| *step > taken))
        .find(|step| code_of(secret, *step) == given)
}

/// The code of a step.
fn code_of(secret: &[u8], step: i64) -> u32 {
    // A key shorter than the block is padded with zeros, which is what HMAC does by itself (RFC 2104).
    let mut block = [0_u8; 64];
    for (to, from) in block.iter_mut().zip(secret) {
        *to = *from;
    }
    let code = Hmac::<Sha1>::new(&block.into()).chain_update(step.to_be_bytes()).finalize().into_bytes();
    // The last four bits say from which byte 31 bits are taken (RFC 4226, section 5.3).
    let offset = usize::from(code.last().copied().unwrap_or_default() & 0x0f);
    let number = code.iter().skip(offset).take(4).fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    (number & 0x7fff_ffff) % CODES
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, for SHA-1: its eight digits end in these six.
    #[test]
    fn the_codes_are_those_of_the_standard() {
        let secret = b"12345678901234567890";
        for (seconds, code) in [
            (59, 287_082),
            (1_111_111_109, 81_804),
            (1_111_111_111, 50_471),
            (1_234_567_890, 5_924),
            (2_000_000_000, 279_037),
            (20_000_000_000, 353_130),
        ] {
            let now = Timestamp::from_second(seconds).unwrap();
            assert_eq!(accepted(secret, code, now, None), Some(seconds / 30), "{seconds}");
        }
    }

    #[test]
    fn a_code_counts_one_step_to_either_side_and_once() {
        let secret = b"12345678901234567890";
        let at = |step: i64| Timestamp::from_second(step * 30 + 7).unwrap();
        let code = code_of(secret, 1_000);
        for (step, is_right) in [(998, false), (999, true), (1_000, true), (1_001, true), (1_002, false)] {
            assert_eq!(accepted(secret, code, at(step), None), is_right.then_some(1_000), "{step}");
        }
        assert_eq!(accepted(secret, code, at(1_000), Some(1_000)), None, "taken");
        assert_eq!(accepted(secret, code, at(1_000), Some(1_001)), None, "a later one was taken");
        assert_eq!(accepted(secret, code, at(1_000), Some(999)), Some(1_000));
    }
}
