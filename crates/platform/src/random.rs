//! Randomness as a parameter. Invariant: the operating system's generator is reached from here alone.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rand_core::{CryptoRng, CryptoRngCore, Error, OsRng, RngCore};
use uuid::Uuid;

/// A shared handle to a cryptographic generator, cheap to clone; each clone draws from the same stream.
#[derive(Clone)]
pub struct Random(Source);

#[derive(Clone)]
enum Source {
    System,
    Given(Arc<Mutex<dyn CryptoRngCore + Send>>),
}

impl Random {
    /// The operating system's generator.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A given generator, seeded in tests so that a failure can be repeated.
    #[must_use]
    pub fn from_generator(generator: impl CryptoRngCore + Send + 'static) -> Self {
        Self(Source::Given(Arc::new(Mutex::new(generator))))
    }

    /// A random identifier (UUID version 4: version 7 would carry the millisecond; protocol §2).
    #[must_use]
    pub fn uuid(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }

    /// `N` random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.clone().fill_bytes(&mut bytes);
        bytes
    }

    fn draw<T>(&self, from: impl FnOnce(&mut dyn RngCore) -> T) -> T {
        match &self.0 {
            Source::System => from(&mut OsRng),
            Source::Given(generator) => {
                let mut generator = generator.lock().unwrap_or_else(PoisonError::into_inner);
                from(generator.as_rngcore())
            }
        }
    }
}

impl RngCore for Random {
    fn next_u32(&mut self) -> u32 {
        self.draw(|generator| generator.next_u32())
    }

    fn next_u64(&mut self) -> u64 {
        self.draw(|generator| generator.next_u64())
    }

    fn fill_bytes(&mut self, destination: &mut [u8]) {
        self.draw(|generator| generator.fill_bytes(destination));
    }

    fn try_fill_bytes(&mut self, destination: &mut [u8]) -> Result<(), Error> {
        self.draw(|generator| generator.try_fill_bytes(destination))
    }
}

// Both sources are cryptographic: the type of `Given` demands it.
impl CryptoRng for Random {}

impl fmt::Debug for Random {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Random")
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_ids_and_clones_share_the_stream() {
        let draw = || {
            let random = Random::from_generator(ChaCha20Rng::seed_from_u64(7));
            (random.uuid(), random.clone().uuid())
        };
        let (first, second) = draw();
        assert_eq!((first, second), draw());
        assert_ne!(first, second);
        assert_eq!(first.get_version_num(), 4);
    }

    #[test]
    fn the_system_generator_does_not_repeat() {
        let random = Random::system();
        assert_ne!(random.bytes::<32>(), random.bytes::<32>());
    }
}
