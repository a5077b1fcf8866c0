//! The stateless nonce and the filler of protocol 12.4.
//!
//! Invariant: both keys are drawn at start and live in memory only, so that neither a backup nor a seizure
//! can tell filler from content or mint a nonce.

use std::fmt;

use hmac::{Hmac, Mac};
use jiff::Timestamp;
use rand_core::CryptoRngCore;
use sha2::Sha256;
use thiserror::Error;
use zeroize::Zeroizing;

type HmacSha256 = Hmac<Sha256>;

/// Bytes of a nonce: issue time, randomness, authentication (protocol 12.4).
pub const NONCE_LENGTH: usize = 56;

/// How long a nonce is good, in seconds (protocol 12.4).
pub const NONCE_SECONDS: u64 = 60;

const CLEAR_LENGTH: usize = 24;

/// Why a nonce was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NonceError {
    /// Not issued by this server since its start, or for another route, or altered.
    #[error("the nonce was not issued here for this route")]
    Forged,
    /// Issued more than 60 s ago, or in the future.
    #[error("the nonce is too old")]
    Expired,
}

/// Issues and checks nonces `u64 issue time ‖ 16 random bytes ‖ HMAC-SHA256(key, label ‖ all before)`.
pub struct Nonces {
    key: Zeroizing<[u8; 32]>,
}

impl Nonces {
    /// Draws the key.
    #[must_use]
    pub fn random(rng: &mut impl CryptoRngCore) -> Self {
        Self { key: random_key(rng) }
    }

    /// A nonce for the route `label` (`mailbox`, `sign-in`), issued at `now`.
    #[must_use]
    pub fn issue(&self, label: &str, now: Timestamp, rng: &mut impl CryptoRngCore) -> [u8; NONCE_LENGTH] {
        let mut clear = [0; CLEAR_LENGTH];
        let (time, noise) = clear.split_at_mut(8);
        time.copy_from_slice(&seconds(now).to_le_bytes());
        rng.fill_bytes(noise);
        let mut nonce = [0; NONCE_LENGTH];
        let (start, end) = nonce.split_at_mut(CLEAR_LENGTH);
        start.copy_from_slice(&clear);
        end.copy_from_slice(&self.code(label, &clear).finalize().into_bytes());
        nonce
    }

    /// Checks that `nonce` was issued here for `label` within the last 60 s.
    ///
    /// A nonce can be used again within that time: nothing is stored (protocol 7.2).
    ///
    /// # Errors
    /// [`NonceError::Forged`] before [`NonceError::Expired`], so that the answer tells a forger nothing about time.
    pub fn check(&self, label: &str, nonce: &[u8; NONCE_LENGTH], now: Timestamp) -> Result<(), NonceError> {
        let (clear, code) = nonce.split_at(CLEAR_LENGTH);
        self.code(label, clear).verify_slice(code).map_err(|_| NonceError::Forged)?;
        let issued = clear.first_chunk().map_or(0, |time| u64::from_le_bytes(*time));
        match seconds(now).checked_sub(issued) {
            Some(age) if age <= NONCE_SECONDS => Ok(()),
            _ => Err(NonceError::Expired),
        }
    }

    fn code(&self, label: &str, clear: &[u8]) -> HmacSha256 {
        keyed(&self.key).chain_update(label.as_bytes()).chain_update(clear)
    }
}

impl fmt::Debug for Nonces {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Nonces")
    }
}

/// Fills cells that have no content: HMAC-SHA256 in counter mode over (id, page, cell) (protocol 12.4).
pub struct Filler {
    key: Zeroizing<[u8; 32]>,
}

impl Filler {
    /// Draws the key.
    #[must_use]
    pub fn random(rng: &mut impl CryptoRngCore) -> Self {
        Self { key: random_key(rng) }
    }

    /// Fills `cell_bytes` for the mailbox `id`; the same (id, page, cell) always gives the same bytes until the next
    /// start. `cell` 0 is the index cell, 1 to 8 the frame cells.
    pub fn fill(&self, id: &[u8; 32], page: u32, cell: u32, cell_bytes: &mut [u8]) {
        let start = keyed(&self.key)
            .chain_update(id)
            .chain_update(page.to_le_bytes())
            .chain_update(cell.to_le_bytes());
        for (counter, block) in (0_u32..).zip(cell_bytes.chunks_mut(32)) {
            let bytes = start.clone().chain_update(counter.to_le_bytes()).finalize().into_bytes();
            for (to, from) in block.iter_mut().zip(bytes) {
                *to = from;
            }
        }
    }
}

impl fmt::Debug for Filler {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Filler")
    }
}

fn random_key(rng: &mut impl CryptoRngCore) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    rng.fill_bytes(&mut *key);
    key
}

fn keyed(key: &[u8; 32]) -> HmacSha256 {
    // HMAC takes a key of any length; the fixed-size constructor wants a whole block, so the key is padded as
    // RFC 2104 says.
    let mut block = Zeroizing::new([0_u8; 64]);
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    HmacSha256::new((&*block).into())
}

fn seconds(at: Timestamp) -> u64 {
    u64::try_from(at.as_second()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-22T09:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_nonce_is_good_for_sixty_seconds_and_for_its_route_only() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let nonces = Nonces::random(&mut rng);
        let nonce = nonces.issue("mailbox", now(), &mut rng);
        let at = |seconds| now() + SignedDuration::from_secs(seconds);
        assert_eq!(nonces.check("mailbox", &nonce, at(0)), Ok(()));
        assert_eq!(nonces.check("mailbox", &nonce, at(60)), Ok(()));
        assert_eq!(nonces.check("mailbox", &nonce, at(61)), Err(NonceError::Expired));
        assert_eq!(nonces.check("mailbox", &nonce, at(-1)), Err(NonceError::Expired));
        assert_eq!(nonces.check("sign-in", &nonce, at(0)), Err(NonceError::Forged));
        assert_eq!(Nonces::random(&mut rng).check("mailbox", &nonce, at(0)), Err(NonceError::Forged));
    }

    #[test]
    fn every_altered_bit_is_refused() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let nonces = Nonces::random(&mut rng);
        let nonce = nonces.issue("mailbox", now(), &mut rng);
        for bit in 0..NONCE_LENGTH * 8 {
            let mut altered = nonce;
            altered[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(nonces.check("mailbox", &altered, now()), Err(NonceError::Forged), "bit {bit}");
        }
    }

    #[test]
    fn the_code_is_plain_hmac_sha256() {
        // RFC 4231, test case 1 with its 20-byte key padded to 32 by zero bytes, which HMAC itself would do.
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        let code = keyed(&key).chain_update(b"Hi There").finalize().into_bytes();
        assert_eq!(
            base16ct::lower::encode_string(&code),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
    }

    #[test]
    fn filler_is_stable_and_differs_by_mailbox_page_cell_and_server() {
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let filler = Filler::random(&mut rng);
        let cell = |filler: &Filler, id: u8, page, cell| {
            let mut bytes = vec![0; 4096];
            filler.fill(&[id; 32], page, cell, &mut bytes);
            bytes
        };
        let first = cell(&filler, 1, 0, 0);
        assert_eq!(first, cell(&filler, 1, 0, 0));
        for other in [
            cell(&filler, 2, 0, 0),
            cell(&filler, 1, 1, 0),
            cell(&filler, 1, 0, 1),
            cell(&Filler::random(&mut rng), 1, 0, 0),
        ] {
            assert_ne!(first, other);
        }
        assert_ne!(first[..32], first[32..64]);
    }
}
