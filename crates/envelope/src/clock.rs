//! Which time counts (protocol section 3): the clocks of old phones are wrong, so the device's time is never taken alone.

use jiff::{SignedDuration, Timestamp};

use crate::refusal::CentreRefusal;

/// How far a device's clock may be off before the page says "check the date of this device".
pub const DEVICE_TOLERANCE: SignedDuration = SignedDuration::from_hours(48);

/// The moment against which validity is judged, with its tolerance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    now: Timestamp,
    tolerance: SignedDuration,
}

impl Clock {
    /// For a browser: the later of the device's time and the time when the web code was built, give or take 48 hours.
    #[must_use]
    pub fn of_device(device: Timestamp, bundle_build: Timestamp) -> Self {
        Self { now: device.max(bundle_build), tolerance: DEVICE_TOLERANCE }
    }

    /// For a server or the offline tool, whose clock is set: no tolerance.
    #[must_use]
    pub fn exact(now: Timestamp) -> Self {
        Self { now, tolerance: SignedDuration::ZERO }
    }

    /// The moment itself.
    #[must_use]
    pub fn now(self) -> Timestamp {
        self.now
    }

    /// Whether `beginning` has come.
    ///
    /// # Errors
    /// [`CentreRefusal::NotYetValid`].
    pub fn check_begun(self, beginning: Timestamp) -> Result<(), CentreRefusal> {
        if beginning.duration_since(self.now) > self.tolerance {
            return Err(CentreRefusal::NotYetValid);
        }
        Ok(())
    }

    /// Whether `end` is still to come.
    ///
    /// # Errors
    /// [`CentreRefusal::Expired`].
    pub fn check_not_ended(self, end: Timestamp) -> Result<(), CentreRefusal> {
        if self.now.duration_since(end) >= self.tolerance {
            return Err(CentreRefusal::Expired);
        }
        Ok(())
    }
}
