//! The network root (protocol sections 3 and 12.1): who the governors are, and how many of them must sign.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::encoding::Hash;
use crate::ids::NetworkId;
use crate::refusal::CentreRefusal;
use crate::signature::{PublicKey, SignedDocument, SignedType};

/// Fewer governors than this could sign alone, and one stolen key would be the whole network.
pub const LEAST_THRESHOLD: u8 = 2;

/// A governor: a person who holds one of the keys of the root, offline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Governor {
    /// The person's name.
    pub name: String,
    /// The person's Ed25519 key.
    pub key: PublicKey,
}

/// The payload of a root document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Root {
    /// The network, for life.
    pub network: NetworkId,
    /// Its name.
    pub name: String,
    /// Whether it is a demonstration: `serve` refuses it without `--demo`.
    pub demonstration: bool,
    /// How many governors must sign a certificate.
    pub threshold: u8,
    /// The governors.
    pub governors: Vec<Governor>,
    /// From when it holds.
    #[serde(with = "crate::encoding::moment")]
    pub not_before: Timestamp,
}

/// A root whose rules were checked. A first visit trusts the server for which root it is (section 3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedRoot {
    root: Root,
    hash: Hash,
}

impl VerifiedRoot {
    /// Verifies a root document: signed by its own threshold of distinct governors, and begun.
    ///
    /// # Errors
    /// [`CentreRefusal::Malformed`], [`CentreRefusal::Signature`], [`CentreRefusal::NotYetValid`], [`CentreRefusal::Place`] for a
    /// document of another type.
    pub fn verify(document: &SignedDocument, clock: Clock) -> Result<Self, CentreRefusal> {
        let signers = document.signers(SignedType::Root)?;
        let root: Root = serde_json::from_slice(&document.payload.0).map_err(|_| CentreRefusal::Malformed)?;
        let keys: Vec<PublicKey> = root.governors.iter().map(|governor| governor.key).collect();
        let is_distinct = keys
            .iter()
            .enumerate()
            .all(|(place, key)| !keys.iter().skip(place + 1).any(|other| other == key));
        if root.threshold < LEAST_THRESHOLD || usize::from(root.threshold) > keys.len() || !is_distinct {
            return Err(CentreRefusal::Malformed);
        }
        let verified = Self { root, hash: document.hash() };
        verified.check_threshold(&signers)?;
        clock.check_begun(verified.root.not_before)?;
        Ok(verified)
    }

    /// Whether enough governors are among `signers`, and nobody else.
    ///
    /// # Errors
    /// [`CentreRefusal::Signature`].
    pub fn check_threshold(&self, signers: &[PublicKey]) -> Result<(), CentreRefusal> {
        let is_governor = |key: &PublicKey| self.root.governors.iter().any(|governor| governor.key == *key);
        if signers.len() < usize::from(self.root.threshold) || !signers.iter().all(is_governor) {
            return Err(CentreRefusal::Signature);
        }
        Ok(())
    }

    /// The network.
    #[must_use]
    pub fn network(&self) -> NetworkId {
        self.root.network
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.root.name
    }

    /// Whether it is a demonstration network.
    #[must_use]
    pub fn is_demonstration(&self) -> bool {
        self.root.demonstration
    }

    /// The governors.
    #[must_use]
    pub fn governors(&self) -> &[Governor] {
        &self.root.governors
    }

    /// SHA-256 of the payload.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.hash
    }
}
