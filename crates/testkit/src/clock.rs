//! The time and randomness of a story: fixed, so that a failure can be repeated.

use jiff::Timestamp;
use platform::random::Random;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

/// When every story begins: a Monday at 10:00 in Rome, when centres read.
#[must_use]
pub fn beginning() -> Timestamp {
    // 2026-11-23T09:00:00Z; constant, hence valid.
    Timestamp::constant(1_795_424_400, 0)
}

/// The randomness of a story.
#[must_use]
pub fn seeded_random() -> Random {
    Random::from_generator(ChaCha20Rng::seed_from_u64(0x4150_5052_4f44_4f00))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stories_begin_on_a_monday_morning_in_rome() {
        let beginning = beginning().in_tz("Europe/Rome").unwrap();
        assert_eq!(beginning.weekday(), jiff::civil::Weekday::Monday);
        assert_eq!(beginning.hour(), 10);
    }
}
