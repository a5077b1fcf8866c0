//! `network init`: the root ceremony (protocol section 3). Every governor's key is drawn and kept in a file of its own, and all
//! of them sign the root, so that each has shown that the key works.

use std::path::{Path, PathBuf};

use envelope::ids::NetworkId;
use envelope::publication::ROOT_FILE;
use envelope::root::{Governor, Root};
use envelope::signature::SignedDocument;
use jiff::Timestamp;
use keyring::documents;
use keyring::refusal::SecretRefusal;
use keyring::signing::SigningKey;
use rand_core::{CryptoRngCore, RngCore};

use crate::cli::NetworkInit;
use crate::failure::Failure;
use crate::files;
use crate::formats::{GovernorKeyFile, Secret};
use crate::names;

/// A governor with the key, in memory for the length of one command.
pub(crate) struct GovernorKey {
    /// The governor's name.
    pub(crate) name: String,
    /// The key.
    pub(crate) key: SigningKey,
}

/// What a root is made from.
pub(crate) struct RootPlan<'a> {
    /// Name of the network.
    pub(crate) name: &'a str,
    /// The governors' names.
    pub(crate) governors: &'a [String],
    /// How many must sign.
    pub(crate) threshold: u32,
    /// Whether it is a demonstration.
    pub(crate) demonstration: bool,
    /// From when it holds.
    pub(crate) not_before: Timestamp,
}

/// Runs `network init`.
///
/// # Errors
/// When the plan is refused, a root or a key file is there already, or a file cannot be written.
pub(crate) fn init(
    arguments: &NetworkInit,
    now: Timestamp,
    rng: &mut impl CryptoRngCore,
) -> Result<Vec<String>, Failure> {
    let root_path = arguments.publication.join(ROOT_FILE);
    if root_path.exists() {
        return Err(Failure::Exists(root_path));
    }
    let plan = RootPlan {
        name: &arguments.name,
        governors: &arguments.governors,
        threshold: arguments.threshold,
        demonstration: arguments.demonstration,
        not_before: now,
    };
    let (document, governors) = create(&plan, rng)?;
    let paths = write_governors(&arguments.keys, &governors, rng)?;
    files::public_folder(&arguments.publication)?;
    files::write_public(&root_path, &document, rng)?;
    let mut said = vec![format!("root: {} (hash {})", root_path.display(), document.hash())];
    said.extend(paths.iter().map(|path| format!("governor's key: {}", path.display())));
    said.push("Give each governor one key file, on a medium of its own, and erase it here.".to_owned());
    Ok(said)
}

/// Draws the governors' keys and signs the root with all of them.
///
/// # Errors
/// [`Failure::Refused`] for fewer than two signatures out of the governors, or governors without names.
pub(crate) fn create(
    plan: &RootPlan<'_>,
    rng: &mut impl CryptoRngCore,
) -> Result<(SignedDocument, Vec<GovernorKey>), Failure> {
    let threshold = u8::try_from(plan.threshold).unwrap_or(u8::MAX);
    if threshold < envelope::root::LEAST_THRESHOLD || usize::from(threshold) > plan.governors.len() {
        return Err(Failure::Refused(format!(
            "the threshold must be at least {} and at most the number of governors ({}), not {}",
            envelope::root::LEAST_THRESHOLD,
            plan.governors.len(),
            plan.threshold
        )));
    }
    let is_named = plan.governors.iter().all(|name| !name.trim().is_empty());
    let is_distinct = plan
        .governors
        .iter()
        .enumerate()
        .all(|(place, name)| !plan.governors.iter().skip(place + 1).any(|other| other == name));
    if !is_named || !is_distinct || plan.name.trim().is_empty() {
        return Err(Failure::Refused(
            "the network and every governor need a name, each governor another one".to_owned(),
        ));
    }
    let governors: Vec<GovernorKey> = plan
        .governors
        .iter()
        .map(|name| Ok(GovernorKey { name: name.clone(), key: SigningKey::generate(rng)? }))
        .collect::<Result<_, SecretRefusal>>()
        .map_err(|error| Failure::Sealing("no key was made", error.to_string()))?;
    let root = Root {
        network: NetworkId::from_random_bytes(random_bytes(rng)),
        name: plan.name.to_owned(),
        demonstration: plan.demonstration,
        threshold,
        governors: governors
            .iter()
            .map(|governor| Governor { name: governor.name.clone(), key: governor.key.public() })
            .collect(),
        not_before: plan.not_before,
    };
    let signers: Vec<&SigningKey> = governors.iter().map(|governor| &governor.key).collect();
    let document = documents::sign_root(&root, &signers)
        .map_err(|error| Failure::Sealing("no root was made", error.to_string()))?;
    Ok((document, governors))
}

/// Writes one secret file a governor.
///
/// # Errors
/// [`Failure::Exists`] when one is there already, [`Failure::Write`].
pub(crate) fn write_governors(
    folder: &Path,
    governors: &[GovernorKey],
    rng: &mut impl RngCore,
) -> Result<Vec<PathBuf>, Failure> {
    files::secret_folder(folder)?;
    let paths: Vec<PathBuf> = governors
        .iter()
        .enumerate()
        .map(|(place, governor)| {
            folder.join(format!("{}-{}.json", place + 1, names::file_name(&governor.name)))
        })
        .collect();
    // Looked at first, so that no half of a set is written beside an older one.
    if let Some(taken) = paths.iter().find(|path| path.exists()) {
        return Err(Failure::Exists(taken.clone()));
    }
    for (governor, path) in governors.iter().zip(&paths) {
        let file = GovernorKeyFile {
            name: governor.name.clone(),
            key: governor.key.public(),
            secret_key: Secret(governor.key.seed_base64().to_string()),
        };
        files::write_secret_json(path, &file, rng)?;
    }
    Ok(paths)
}

/// Reads a governor's key file.
///
/// # Errors
/// When it cannot be read, others may read it, or its two halves do not belong together.
pub(crate) fn read_governor(path: &Path) -> Result<GovernorKey, Failure> {
    let file: GovernorKeyFile = files::read_secret_json(path)?;
    let key = SigningKey::parse_seed(&file.secret_key.0)
        .map_err(|_| Failure::Format(path.into(), "the secret key is not 32 bytes in base64".to_owned()))?;
    if key.public() != file.key {
        return Err(Failure::Format(
            path.into(),
            "the secret key does not belong to the public one".to_owned(),
        ));
    }
    Ok(GovernorKey { name: file.name.clone(), key })
}

/// Sixteen random bytes, for an id.
pub(crate) fn random_bytes(rng: &mut impl RngCore) -> [u8; 16] {
    let mut bytes = [0; 16];
    rng.fill_bytes(&mut bytes);
    bytes
}
