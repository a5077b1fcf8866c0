//! The network's papers as a page receives them: the root file at its content address, a centre's bundle, and the time that counts.

use envelope::centre::{CentreBundle, EpochRecipient, SeenEpochs, VerifiedCentre, verify_centre};
use envelope::clock::{Clock, DEVICE_TOLERANCE};
use envelope::duty::Channel;
use envelope::encoding::Hash;
use envelope::refusal::CentreRefusal;
use envelope::root::VerifiedRoot;
use envelope::signature::SignedDocument;
use envelope::statement::LONGEST_EPOCH;
use jiff::Timestamp;

use crate::refusal::Refused;

/// The time that counts (protocol section 3): the later of the device's and the build's, give or take 48 hours.
///
/// Papers that ran out are told as `clock` when the device's date is the likelier reason: more than the longest epoch after the
/// build of the web code, or more than 48 hours before it. Papers that hold are never refused for that.
#[derive(Debug, Clone, Copy)]
pub struct Time {
    clock: Clock,
    is_doubtful: bool,
}

impl Time {
    /// `device` is in milliseconds since 1970 as JavaScript gives it, `built` in seconds.
    ///
    /// # Errors
    /// [`Refused::CLOCK`] when the device's time is no time at all.
    pub fn of_device(device: f64, built: f64) -> Result<Self, Refused> {
        let (device, built) = (moment(device)?, moment(built * 1_000.0)?);
        let age = device.duration_since(built);
        Ok(Self {
            clock: Clock::of_device(device, built),
            is_doubtful: age > LONGEST_EPOCH || age < -DEVICE_TOLERANCE,
        })
    }

    /// Verifies the root file, and that it is the one its address names: `/network/<hash>.json` (protocol section 3).
    ///
    /// # Errors
    /// [`Refused::CERTIFICATE`], [`Refused::CLOCK`].
    pub fn verify_root(self, address: &str, json: &str) -> Result<VerifiedRoot, Refused> {
        let document = SignedDocument::parse(json.as_bytes())?;
        let name = address.rsplit('/').next().and_then(|file| file.strip_suffix(".json"));
        let named = name.and_then(|name| Hash::parse(name).ok()).ok_or(Refused::CERTIFICATE)?;
        if document.hash() != named {
            return Err(Refused::CERTIFICATE);
        }
        self.told(VerifiedRoot::verify(&document, self.clock))
    }

    /// Verifies a root that came with a session, whose address nobody names.
    ///
    /// # Errors
    /// [`Refused::CERTIFICATE`], [`Refused::CLOCK`].
    #[cfg(feature = "console")]
    pub fn verify_own_root(self, document: &SignedDocument) -> Result<VerifiedRoot, Refused> {
        self.told(VerifiedRoot::verify(document, self.clock))
    }

    /// Verifies a centre's bundle under the root.
    ///
    /// # Errors
    /// [`Refused::CERTIFICATE`], [`Refused::CLOCK`], [`Refused::EXPIRED`], [`Refused::CHANNEL`].
    pub fn verify_centre(
        self,
        root: &VerifiedRoot,
        bundle: &CentreBundle,
        seen: Option<SeenEpochs>,
    ) -> Result<VerifiedCentre, Refused> {
        self.told(verify_centre(root, bundle, self.clock, seen))
    }

    /// Whom to seal to now.
    ///
    /// # Errors
    /// [`Refused::CLOCK`], [`Refused::EXPIRED`], [`Refused::CHANNEL`], [`Refused::CERTIFICATE`].
    pub fn recipient(self, centre: &VerifiedCentre, channel: Channel) -> Result<EpochRecipient, Refused> {
        self.told(centre.recipient(channel, self.clock))
    }

    fn told<T>(self, judged: Result<T, CentreRefusal>) -> Result<T, Refused> {
        judged.map_err(|refusal| match Refused::from(refusal) {
            Refused::EXPIRED if self.is_doubtful => Refused::CLOCK,
            refused => refused,
        })
    }
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

    const BUILT: f64 = 1_763_000_000.0;
    const HOUR: f64 = 3_600_000.0;

    fn after_build(hours: f64) -> Time {
        Time::of_device(BUILT.mul_add(1_000.0, hours * HOUR), BUILT).unwrap()
    }

    #[test]
    fn a_root_at_another_address_is_refused() {
        let time = after_build(1.0);
        let document = r#"{"type":"approdo/root/v1","payload":"e30","signatures":[]}"#;
        let address = format!("/network/{}.json", Hash::of(b"another"));
        assert_eq!(time.verify_root(&address, document).unwrap_err(), Refused::CERTIFICATE);
        assert_eq!(time.verify_root("/network/root.json", document).unwrap_err(), Refused::CERTIFICATE);
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
        let old_phone = Time::of_device(0.0, BUILT).unwrap();
        assert_eq!(old_phone.clock.now(), Timestamp::from_second(1_763_000_000).unwrap());
        assert_eq!(Time::of_device(f64::INFINITY, BUILT).unwrap_err(), Refused::CLOCK);
    }

    #[test]
    fn papers_that_ran_out_on_an_unlikely_date_are_a_question_of_the_clock() {
        let told = |hours: f64, refusal| after_build(hours).told::<()>(Err(refusal)).unwrap_err();
        for hours in [-48.0, 0.0, 35.0 * 24.0] {
            assert_eq!(told(hours, CentreRefusal::Expired), Refused::EXPIRED, "{hours}");
            assert_eq!(told(hours, CentreRefusal::NoEpoch), Refused::EXPIRED, "{hours}");
        }
        for hours in [-49.0, 35.0 * 24.0 + 1.0, 400.0 * 24.0] {
            assert_eq!(told(hours, CentreRefusal::Expired), Refused::CLOCK, "{hours}");
            assert_eq!(told(hours, CentreRefusal::NoEpoch), Refused::CLOCK, "{hours}");
            assert_eq!(told(hours, CentreRefusal::Signature), Refused::CERTIFICATE, "{hours}");
            assert_eq!(after_build(hours).told(Ok(7)), Ok(7), "papers that hold are used on any date");
        }
    }
}
