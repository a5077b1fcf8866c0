//! Why papers have ended (protocol section 3): because a centre let them, or because the device says a wrong date. Old phones do; the
//! sentence must not blame a centre for it, nor send somebody to her settings when the centre is closed.

use jiff::{SignedDuration, Timestamp};

use crate::centre::{CentreBundle, VerifiedCentre};
use crate::certificate::Certificate;
use crate::clock::DEVICE_TOLERANCE;
use crate::duty::Channel;
use crate::epoch::VerifiedEpoch;
use crate::statement::{NEXT_EPOCH_FROM, Statement, StatementBody};

/// How long after the end of all papers the device's date is the likelier reason: a year, and the day that leap years have more.
pub const LIKELY_DATE: SignedDuration = SignedDuration::from_hours(366 * 24);

/// What the page says when papers have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The centre's papers have ended: the page gives the phone.
    Papers,
    /// The date of the device is wrong: more than 48 hours before the web code was built.
    Device,
    /// More than a year after everything that the papers promise: the date is more likely wrong, and the page says both.
    Either,
}

/// Judges papers that were refused as ended, by the device's time, the time when the web code was built, and the latest end that the
/// papers name (`None` when they name none: then the build is the last known good moment).
#[must_use]
pub fn why_ended(device: Timestamp, bundle_build: Timestamp, last_end: Option<Timestamp>) -> Ended {
    let last_good = last_end.map_or(bundle_build, |end| end.max(bundle_build));
    if bundle_build.duration_since(device) > DEVICE_TOLERANCE {
        Ended::Device
    } else if device.duration_since(last_good) > LIKELY_DATE {
        Ended::Either
    } else {
        Ended::Papers
    }
}

/// The latest end that the papers of a centre name, of its certificate or of any epoch. Nothing is verified: good for the choice of a
/// sentence and for nothing else.
#[must_use]
pub fn last_end_named(bundle: &CentreBundle) -> Option<Timestamp> {
    let certificate: Option<Certificate> = serde_json::from_slice(&bundle.certificate.payload.0).ok();
    let epochs =
        bundle.statements.iter().filter_map(|statement| {
            match serde_json::from_slice::<Statement>(&statement.payload.0).ok()?.body {
                StatementBody::Epoch { not_after, .. } => Some(not_after),
                StatementBody::Join { .. } | StatementBody::Leave { .. } => None,
            }
        });
    certificate.map(|certificate| certificate.not_after).into_iter().chain(epochs).max()
}

/// The latest end of a verified centre: of its certificate or of the newest epochs.
#[must_use]
pub fn last_end_of(centre: &VerifiedCentre) -> Timestamp {
    [Channel::Safe, Channel::General]
        .into_iter()
        .filter_map(|channel| centre.latest_epoch(channel).map(VerifiedEpoch::not_after))
        .fold(centre.certificate().not_after, Timestamp::max)
}

/// Whether members should make the next key of a channel now (section 4.1): none can be sealed to, or the one that can has come to its
/// day 21.
#[must_use]
pub fn is_next_epoch_due(centre: &VerifiedCentre, channel: Channel, now: Timestamp) -> bool {
    let holds =
        |epoch: &&VerifiedEpoch| !epoch.is_ended() && epoch.not_before() <= now && now < epoch.not_after();
    let current = centre.latest_epoch(channel).filter(holds);
    current.is_none_or(|epoch| now.duration_since(epoch.not_before()) >= NEXT_EPOCH_FROM)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(days: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH.checked_add(SignedDuration::from_hours(24 * days)).unwrap()
    }

    #[test]
    fn a_centre_is_not_blamed_for_the_date_of_a_phone() {
        let (build, end) = (moment(1_000), Some(moment(1_100)));
        for (device, why) in [
            (0, Ended::Device),
            (997, Ended::Device),
            (998, Ended::Papers),
            (1_200, Ended::Papers),
            (1_466, Ended::Papers),
            (1_467, Ended::Either),
            (9_000, Ended::Either),
        ] {
            assert_eq!(why_ended(moment(device), build, end), why, "day {device}");
        }
    }

    #[test]
    fn papers_that_name_no_end_or_an_old_one_are_judged_by_the_build() {
        let build = moment(1_000);
        for end in [None, Some(moment(10))] {
            assert_eq!(why_ended(moment(1_366), build, end), Ended::Papers);
            assert_eq!(why_ended(moment(1_367), build, end), Ended::Either);
        }
    }
}
