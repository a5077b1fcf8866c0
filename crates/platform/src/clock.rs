//! Time as a parameter. Invariant: [`SystemTime`] holds the only call that reads the machine's clock.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Something that knows the time.
pub trait TimeSource: Send + Sync {
    /// The current time, in UTC.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
struct SystemTime;

impl TimeSource for SystemTime {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the clock; everybody else gets a Clock"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The zone in which everybody of the network works and reads.
pub const ZONE: &str = "Europe/Rome";

/// A handle to the time, cheap to clone.
#[derive(Clone)]
pub struct Clock(Arc<dyn TimeSource>);

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Arc::new(SystemTime))
    }

    /// A clock that stands still at `at` until its [`MockTime`] is moved. For tests.
    #[must_use]
    pub fn mock(at: Timestamp) -> (Self, MockTime) {
        let time = MockTime(Arc::new(Mutex::new(at)));
        (Self(Arc::new(time.clone())), time)
    }

    /// The current time, in UTC.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.now()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Clock")
    }
}

/// Moves a mock [`Clock`].
#[derive(Clone, Debug)]
pub struct MockTime(Arc<Mutex<Timestamp>>);

impl MockTime {
    /// Jumps to `at`, forwards or backwards.
    pub fn set(&self, at: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }

    /// Moves by `by`; stays where it is when that would leave the calendar.
    pub fn advance(&self, by: SignedDuration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.checked_add(by).unwrap_or(*now);
    }
}

impl TimeSource for MockTime {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mock_clock_moves_only_when_told() {
        let start: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
        let (clock, time) = Clock::mock(start);
        let copy = clock.clone();
        assert_eq!(copy.now(), start);
        time.advance(SignedDuration::from_secs(61));
        assert_eq!(copy.now(), start + SignedDuration::from_secs(61));
        time.set(start);
        assert_eq!(clock.now(), start);
    }

    #[test]
    fn the_system_clock_does_not_stand_at_the_epoch() {
        assert!(Clock::system().now() > "2026-01-01T00:00:00Z".parse().unwrap());
    }
}
