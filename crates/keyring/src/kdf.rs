//! From what a person types to keys (protocol sections 7.1 and 12.5): Argon2id once, then HKDF-SHA256 with a label per key.

use argon2::{Algorithm, Argon2, Params, Version};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::refusal::SecretRefusal;

/// What one guess costs. The client pins it: no server can ask for less (section 6).
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    memory_kibibytes: u32,
    passes: u32,
    lanes: u32,
}

impl Cost {
    /// 64 MiB, three passes, one lane, natively and in WebAssembly.
    pub(crate) const PRODUCTION: Self = Self { memory_kibibytes: 65_536, passes: 3, lanes: 1 };
}

/// Keys derived from one typed secret.
pub(crate) struct Derived {
    key: Zeroizing<[u8; 32]>,
}

impl Derived {
    /// Runs Argon2id.
    ///
    /// # Errors
    /// [`SecretRefusal::Memory`] when the device cannot.
    pub(crate) fn stretch(cost: Cost, secret: &[u8], salt: &[u8; 16]) -> Result<Self, SecretRefusal> {
        let mut key = Zeroizing::new([0; 32]);
        let params = Params::new(cost.memory_kibibytes, cost.passes, cost.lanes, Some(key.len()))
            .map_err(|_| SecretRefusal::Memory)?;
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(secret, salt, &mut *key)
            .map_err(|_| SecretRefusal::Memory)?;
        Ok(Self { key })
    }

    /// Keys derived from 32 bytes that are random already.
    pub(crate) fn from_random(key: &[u8; 32]) -> Self {
        Self { key: Zeroizing::new(*key) }
    }

    /// `N` bytes for one label.
    pub(crate) fn expand<const N: usize>(&self, label: &str) -> Result<Zeroizing<[u8; N]>, SecretRefusal> {
        let mut output = Zeroizing::new([0; N]);
        Hkdf::<Sha256>::new(None, &*self.key)
            .expand(label.as_bytes(), &mut *output)
            .map_err(|_| SecretRefusal::Malformed)?;
        Ok(output)
    }
}
