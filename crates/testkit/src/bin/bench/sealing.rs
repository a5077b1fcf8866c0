//! Reports sealed beforehand, so that the time of sealing is not counted: it is spent in the browsers of those who write.

use std::fs;
use std::path::Path;

use envelope::centre::{CentreBundle, verify_centre};
use envelope::clock::Clock;
use envelope::header::Language;
use envelope::publication::{CERTIFICATE_FILE, ROOT_FILE, STATEMENTS_FILE};
use envelope::root::VerifiedRoot;
use keyring::item::{ReportDraft, seal_safe_report};
use keyring::receipt::Receipt;
use rand_core::RngCore as _;

use crate::{Outcome, machine};

/// About as long as a first message; it fills one frame of the smallest class.
const TEXT: &str = "Una segnalazione di prova, per misurare la velocità. Non riguarda nessuno.";

/// The centre of the demonstration that takes them.
const SLUG: &str = "livorno";

/// Sealed reports, each of a receipt of its own.
pub(crate) struct Sealed {
    /// The last part of the centre's address.
    pub(crate) slug: String,
    /// The organisation's name, for the table.
    pub(crate) centre: String,
    /// The frames.
    pub(crate) frames: Vec<Vec<u8>>,
}

/// Verifies the centre and seals reports to its safe channel. Receipts are made from random bytes instead of codes: nobody comes back
/// for an answer, and nobody waits for Argon2id a thousand times.
pub(crate) fn seal(public: &Path, count: usize) -> Outcome<Sealed> {
    let clock = Clock::exact(machine::now());
    let root = serde_json::from_slice(&fs::read(public.join(ROOT_FILE))?)?;
    let root = VerifiedRoot::verify(&root, clock)?;
    let folder = public.join(SLUG);
    let bundle = CentreBundle {
        certificate: serde_json::from_slice(&fs::read(folder.join(CERTIFICATE_FILE))?)?,
        statements: serde_json::from_slice(&fs::read(folder.join(STATEMENTS_FILE))?)?,
    };
    let centre = verify_centre(&root, &bundle, clock, None)?;
    let recipient = centre.safe_recipient(clock)?;
    let language = Language::parse("it")?;
    let draft = ReportDraft {
        text: TEXT,
        safe_contact: None,
        answer_language: language.clone(),
        page_language: language,
        urgent: false,
        safe_word: None,
        call_back: None,
        files: Vec::new(),
    };
    let mut random = testkit::seeded_random();
    let mut frames = Vec::with_capacity(count);
    for _ in 0..count {
        let mut seed = [0; 32];
        random.fill_bytes(&mut seed);
        let receipt = Receipt::from_random_bytes(&seed)?;
        frames.push(seal_safe_report(&recipient, None, &receipt, &draft, &mut random)?.bytes);
    }
    Ok(Sealed { slug: SLUG.to_owned(), centre: centre.certificate().organisation.clone(), frames })
}
