//! The network's papers as a page receives them: the root file at its content address, a centre's bundle, and the time that counts.

use envelope::clock::Clock;
use envelope::encoding::Hash;
use envelope::root::VerifiedRoot;
use envelope::signature::SignedDocument;
use jiff::Timestamp;

use crate::refusal::Refused;

/// The time that counts (protocol section 3): the later of the device's and the build's, give or take 48 hours.
///
/// `device` is in milliseconds since 1970 as JavaScript gives it, `built` in seconds.
///
/// # Errors
/// [`Refused::CLOCK`] when the device's time is no time at all.
pub fn clock(device: f64, built: f64) -> Result<Clock, Refused> {
    Ok(Clock::of_device(moment(device)?, moment(built * 1_000.0)?))
}

/// A moment given in milliseconds since 1970.
///
/// # Errors
/// [`Refused::CLOCK`].
#[expect(
    clippy::cast_possible_truncation,
    reason = "the cast saturates, and `Timestamp` refuses what lies outside its range"
)]
pub fn moment(milliseconds: f64) -> Result<Timestamp, Refused> {
    Timestamp::from_millisecond(milliseconds as i64).map_err(|_| Refused::CLOCK)
}

/// Verifies the root file, and that it is the one its address names: `/network/<hash>.json` (protocol section 3).
///
/// # Errors
/// [`Refused::CERTIFICATE`], [`Refused::CLOCK`].
pub fn verify_root(address: &str, json: &str, clock: Clock) -> Result<VerifiedRoot, Refused> {
    let document = SignedDocument::parse(json.as_bytes())?;
    let name = address.rsplit('/').next().and_then(|file| file.strip_suffix(".json"));
    let named = name.and_then(|name| Hash::parse(name).ok()).ok_or(Refused::CERTIFICATE)?;
    if document.hash() != named {
        return Err(Refused::CERTIFICATE);
    }
    Ok(VerifiedRoot::verify(&document, clock)?)
}

/// About how many characters `left` bytes are, judged by the script of what is written so far; negative stays negative.
#[must_use]
pub fn room(left: isize, text: &str) -> i32 {
    let bytes_each = text.len().checked_div(text.chars().count()).unwrap_or(1);
    let characters = if left < 0 { left } else { left / isize::try_from(bytes_each.max(1)).unwrap_or(1) };
    i32::try_from(characters).unwrap_or(i32::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_at_another_address_is_refused() {
        let clock = clock(1_764_000_000_000.0, 1_763_000_000.0).unwrap();
        let document = r#"{"type":"approdo/root/v1","payload":"e30","signatures":[]}"#;
        let address = format!("/network/{}.json", Hash::of(b"another"));
        assert_eq!(verify_root(&address, document, clock).unwrap_err(), Refused::CERTIFICATE);
        assert_eq!(verify_root("/network/root.json", document, clock).unwrap_err(), Refused::CERTIFICATE);
    }

    #[test]
    fn room_is_told_in_characters_of_her_script() {
        assert_eq!(room(100, ""), 100);
        assert_eq!(room(100, "perché"), 100);
        assert_eq!(room(100, "سلام"), 50);
        assert_eq!(room(-3, "سلام"), -3);
    }

    #[test]
    fn the_later_of_device_and_build_counts() {
        let old_phone = clock(0.0, 1_763_000_000.0).unwrap();
        assert_eq!(old_phone.now(), Timestamp::from_second(1_763_000_000).unwrap());
        assert_eq!(clock(f64::INFINITY, 1_763_000_000.0).unwrap_err(), Refused::CLOCK);
    }
}
