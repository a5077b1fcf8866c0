//! Seals many reports for `make bench`: `sealed_reports PUBLIC COUNT OUT` verifies the published network in PUBLIC, takes the first centre
//! that offers general support, writes COUNT frames to OUT, each a report of its own, and prints the centre's slug.
//!
//! The receipts are made from random bytes instead of codes: no code leads to them, and nobody waits for Argon2id a thousand times.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use envelope::centre::{CentreBundle, GeneralRecipient, verify_centre};
use envelope::clock::Clock;
use envelope::header::Language;
use envelope::root::VerifiedRoot;
use envelope::signature::SignedDocument;
use keyring::item::{ReportDraft, seal_general_report};
use keyring::receipt::Receipt;
use rand_core::RngCore as _;

/// What every report says: about as long as a first message, so that it fills one frame of the smallest class.
const TEXT: &str = "Questa è una segnalazione di prova per misurare la velocità. Non riguarda nessuno.";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let mut next = |name: &str| {
        arguments.next().ok_or_else(|| format!("usage: sealed_reports PUBLIC COUNT OUT; no {name}"))
    };
    let public = PathBuf::from(next("PUBLIC")?);
    let count: u32 = next("COUNT")?.to_string_lossy().parse()?;
    let out = PathBuf::from(next("OUT")?);

    let clock = Clock::exact(platform::clock::Clock::system().now());
    let root: SignedDocument = serde_json::from_slice(&fs::read(public.join("root.json"))?)?;
    let root = VerifiedRoot::verify(&root, clock)?;
    let (slug, recipient) = find_centre(&public, &root, clock)?;

    let language = Language::parse("it")?;
    let draft = ReportDraft {
        text: TEXT,
        safe_contact: None,
        answer_language: language.clone(),
        page_language: language,
        urgent: false,
    };
    let mut random = testkit::seeded_random();
    fs::create_dir_all(&out)?;
    for number in 0..count {
        let mut seed = [0; 32];
        random.fill_bytes(&mut seed);
        let sealed =
            seal_general_report(&recipient, &Receipt::from_random_bytes(&seed)?, &draft, &mut random)?;
        fs::write(out.join(format!("{number:06}.frame")), sealed.bytes)?;
    }
    #[expect(clippy::print_stdout, reason = "the answer to who called")]
    {
        println!("{slug}");
    }
    Ok(())
}

/// The first centre, by the name of its folder, that receives on the general channel.
fn find_centre(
    public: &Path,
    root: &VerifiedRoot,
    clock: Clock,
) -> Result<(String, GeneralRecipient), Box<dyn Error>> {
    let mut folders =
        fs::read_dir(public)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    folders.retain(|path| path.is_dir());
    folders.sort();
    for folder in folders {
        let bundle = CentreBundle {
            certificate: serde_json::from_slice(&fs::read(folder.join("certificate.json"))?)?,
            statements: serde_json::from_slice(&fs::read(folder.join("statements.json"))?)?,
        };
        if let Ok(recipient) = verify_centre(root, &bundle, clock, None)?.general_recipient(clock) {
            let facts: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("centre.json"))?)?;
            let slug =
                facts.get("slug").and_then(serde_json::Value::as_str).ok_or("centre.json has no slug")?;
            return Ok((slug.to_owned(), recipient));
        }
    }
    Err("no centre offers general support".into())
}
