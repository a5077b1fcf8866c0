//! The network's papers as a page receives them: the root file at its content address, a centre's bundle, and the time that counts.

use envelope::centre::{CentreBundle, EpochRecipient, SeenEpochs, VerifiedCentre, verify_centre};
use envelope::clock::Clock;
use envelope::duty::Channel;
use envelope::encoding::Hash;
use envelope::refusal::CentreRefusal;
use envelope::root::VerifiedRoot;
use envelope::signature::SignedDocument;
use envelope::validity::{Ended, last_end_named, last_end_of, why_ended};
use jiff::Timestamp;

use crate::refusal::Refused;

/// The time that counts (protocol section 3): the later of the device's and the build's, give or take 48 hours.
///
/// Papers that ran out are told as `clock` when the device says more than 48 hours before the build of the web code, and as
/// `clock-or-expired` when it says more than a year after everything that the papers promise: then its date is the likelier reason,
/// and the page says both ([`envelope::validity`]). Papers that hold are never refused for that.
#[derive(Debug, Clone, Copy)]
pub struct Time {
    device: Timestamp,
    built: Timestamp,
    clock: Clock,
}

impl Time {
    /// `device` is in milliseconds since 1970 as JavaScript gives it, `built` in seconds.
    ///
    /// # Errors
    /// [`Refused::CLOCK`] when the device's time is no time at all.
    pub fn of_device(device: f64, built: f64) -> Result<Self, Refused> {
        let (device, built) = (moment(device)?, moment(built * 1_000.0)?);
        Ok(Self { device, built, clock: Clock::of_device(device, built) })
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
        self.told(VerifiedRoot::verify(&document, self.clock), || None)
    }

    /// Verifies a root that came with a session, whose address nobody names.
    ///
    /// # Errors
    /// [`Refused::CERTIFICATE`], [`Refused::CLOCK`].
    #[cfg(feature = "console")]
    pub fn verify_own_root(self, document: &SignedDocument) -> Result<VerifiedRoot, Refused> {
        self.told(VerifiedRoot::verify(document, self.clock), || None)
    }

    /// Verifies a centre's bundle under the root.
    ///
    /// # Errors
    /// [`Refused::CERTIFICATE`], [`Refused::CLOCK`], [`Refused::EXPIRED`], [`Refused::CLOCK_OR_EXPIRED`], [`Refused::CHANNEL`].
    pub fn verify_centre(
        self,
        root: &VerifiedRoot,
        bundle: &CentreBundle,
        seen: Option<SeenEpochs>,
    ) -> Result<VerifiedCentre, Refused> {
        self.told(verify_centre(root, bundle, self.clock, seen), || last_end_named(bundle))
    }

    /// Whom to seal to now.
    ///
    /// # Errors
    /// [`Refused::CLOCK`], [`Refused::EXPIRED`], [`Refused::CLOCK_OR_EXPIRED`], [`Refused::CHANNEL`], [`Refused::CERTIFICATE`].
    pub fn recipient(self, centre: &VerifiedCentre, channel: Channel) -> Result<EpochRecipient, Refused> {
        self.told(centre.recipient(channel, self.clock), || Some(last_end_of(centre)))
    }

    fn told<T>(
        self,
        judged: Result<T, CentreRefusal>,
        last_end: impl FnOnce() -> Option<Timestamp>,
    ) -> Result<T, Refused> {
        judged.map_err(|refusal| match Refused::from(refusal) {
            Refused::EXPIRED => match why_ended(self.device, self.built, last_end()) {
                Ended::Papers => Refused::EXPIRED,
                Ended::Device => Refused::CLOCK,
                Ended::Either => Refused::CLOCK_OR_EXPIRED,
            },
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
        let year = 366.0 * 24.0;
        let end = Timestamp::from_second(1_763_000_000 + 100 * 24 * 3_600).unwrap();
        let told =
            |hours: f64, refusal| after_build(hours).told::<()>(Err(refusal), || Some(end)).unwrap_err();
        for hours in [-48.0, 0.0, 100.0 * 24.0, 100.0 * 24.0 + year] {
            assert_eq!(told(hours, CentreRefusal::Expired), Refused::EXPIRED, "{hours}");
            assert_eq!(told(hours, CentreRefusal::NoEpoch), Refused::EXPIRED, "{hours}");
        }
        let (before, after) = (-49.0, 100.0 * 24.0 + year + 1.0);
        for (hours, refused) in [(before, Refused::CLOCK), (after, Refused::CLOCK_OR_EXPIRED)] {
            assert_eq!(told(hours, CentreRefusal::Expired), refused, "{hours}");
            assert_eq!(told(hours, CentreRefusal::NoEpoch), refused, "{hours}");
            assert_eq!(told(hours, CentreRefusal::Signature), Refused::CERTIFICATE, "{hours}");
            assert_eq!(
                after_build(hours).told(Ok(7), || Some(end)),
                Ok(7),
                "papers that hold are used on any date"
            );
        }
    }
}
