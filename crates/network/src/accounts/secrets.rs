//! What signing in needs beside the database: the secret of this installation and the nonces that were used.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use envelope::mailbox::NONCE_LENGTH;
use hmac::{Hmac, Mac as _};
use jiff::{SignedDuration, Timestamp};
use platform::Platform;
use platform::database::DatabaseError;
use platform::web::sessions::SessionId;
use sha2::Sha256;
use uuid::Uuid;

use super::store;

/// Bytes of an Argon2id salt (protocol section 12.5).
const SALT_LENGTH: usize = 16;

/// How long a used nonce is remembered: a little longer than it is good.
const REMEMBERED: SignedDuration = SignedDuration::from_secs(120);

/// Used nonces that are kept at most: beyond that, signing in is refused as busy instead of forgetting one.
const MOST_NONCES: usize = 100_000;

/// 32 random bytes, the same for the life of an installation: unknown accounts get the same salt after a restart as before it, as
/// known ones do.
#[derive(Clone)]
pub struct InstallationSecret(Arc<Vec<u8>>);

impl InstallationSecret {
    /// Reads the secret, or draws it at the first start.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn load(platform: &Platform) -> Result<Self, DatabaseError> {
        let fresh: [u8; 32] = platform.random.bytes();
        let secret = platform
            .database
            .write(|transaction| async move {
                store::keep_installation_secret(&transaction, &fresh).await?;
                store::find_installation_secret(&transaction).await
            })
            .await?;
        Ok(Self(Arc::new(secret.unwrap_or_else(|| fresh.to_vec()))))
    }

    /// The salt of an account that does not exist: a keyed function of its name (protocol section 6).
    #[must_use]
    pub fn salt_for(&self, account: &str) -> [u8; SALT_LENGTH] {
        self.keyed(&[b"approdo/unknown-account/v1|", account.as_bytes()])
    }

    /// The secret that a session offers to its person as a second factor, in place of `current` (docs/adr/0023): it is the same until one is
    /// confirmed, and nothing is stored meanwhile.
    #[must_use]
    pub(super) fn offered_factor(&self, session: &SessionId, person: Uuid, current: &[u8]) -> [u8; 20] {
        self.keyed(&[b"approdo/offered-factor/v1|", session, person.as_bytes(), current])
    }

    /// The first bytes of HMAC-SHA-256 under this secret, at most 32.
    fn keyed<const N: usize>(&self, parts: &[&[u8]]) -> [u8; N] {
        // A key shorter than the block is padded with zeros, which is what HMAC does by itself (RFC 2104).
        let mut block = [0_u8; 64];
        for (to, from) in block.iter_mut().zip(self.0.iter()) {
            *to = *from;
        }
        let mut code = Hmac::<Sha256>::new(&block.into());
        for part in parts {
            code.update(part);
        }
        let mut first = [0; N];
        for (to, from) in first.iter_mut().zip(code.finalize().into_bytes()) {
            *to = from;
        }
        first
    }
}

impl fmt::Debug for InstallationSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("InstallationSecret")
    }
}

/// The sign-in nonces of the last minutes, so that each is used once. In memory only; cheap to clone, all clones are one.
#[derive(Clone, Debug, Default)]
pub struct UsedNonces(Arc<Mutex<HashMap<[u8; NONCE_LENGTH], Timestamp>>>);

/// Whether a nonce may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// For the first time.
    First,
    /// It was used before.
    Again,
    /// Too many nonces are remembered already.
    Full,
}

impl UsedNonces {
    /// Notes the use of a nonce.
    #[must_use]
    pub fn take(&self, nonce: [u8; NONCE_LENGTH], now: Timestamp) -> Use {
        let mut used = self.lock();
        if used.len() >= MOST_NONCES {
            forget(&mut used, now);
        }
        if used.contains_key(&nonce) {
            Use::Again
        } else if used.len() >= MOST_NONCES {
            Use::Full
        } else {
            used.insert(nonce, now);
            Use::First
        }
    }

    /// Forgets nonces that have ended anyway.
    pub fn sweep(&self, now: Timestamp) {
        forget(&mut self.lock(), now);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; NONCE_LENGTH], Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn forget(used: &mut HashMap<[u8; NONCE_LENGTH], Timestamp>, now: Timestamp) {
    used.retain(|_, at| now.duration_since(*at) <= REMEMBERED);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_used_once_and_forgotten_when_it_has_ended() {
        let now: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
        let used = UsedNonces::default();
        assert_eq!(used.take([1; NONCE_LENGTH], now), Use::First);
        assert_eq!(used.clone().take([1; NONCE_LENGTH], now), Use::Again);
        assert_eq!(used.take([2; NONCE_LENGTH], now), Use::First);
        used.sweep(now + SignedDuration::from_secs(121));
        assert!(used.lock().is_empty());
    }

    #[test]
    fn salts_of_unknown_accounts_are_stable_and_differ() {
        let secret = InstallationSecret(Arc::new(vec![7; 32]));
        let other = InstallationSecret(Arc::new(vec![8; 32]));
        assert_eq!(secret.salt_for("anna"), secret.salt_for("anna"));
        assert_ne!(secret.salt_for("anna"), secret.salt_for("anne"));
        assert_ne!(secret.salt_for("anna"), other.salt_for("anna"));
        assert_eq!(format!("{secret:?}"), "InstallationSecret");
    }
}
