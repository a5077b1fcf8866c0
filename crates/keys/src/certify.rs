//! `certify`: governors vouch for a centre (protocol section 3). A certificate is written only when it verifies under the root:
//! too few governors, a duty that the safe channel does not admit, or dates that are too long are refused here as a browser
//! would refuse them.

use std::fs;
use std::path::{Path, PathBuf};

use envelope::centre::{CentreBundle, EarlierChain, VerifiedCentre, verify_centre};
use envelope::certificate::Certificate;
use envelope::clock::Clock;
use envelope::encoding::Hash;
use envelope::ids::CentreId;
use envelope::publication::{CERTIFICATE_FILE, EARLIER_FILE};
use envelope::refusal::CentreRefusal;
use jiff::Timestamp;
use keyring::documents;
use keyring::signing::SigningKey;
use rand_core::CryptoRngCore;

use crate::cli::Certify;
use crate::failure::Failure;
use crate::files;
use crate::formats::{CertificateRequest, MemberFile};
use crate::names;
use crate::network::{GovernorKey, random_bytes, read_governor};
use crate::publication::{CENTRE_FILES, CentreFiles, Publication};

/// Runs `certify`: the first certificate of a centre, or the next one of a centre that is published already.
///
/// # Errors
/// When the request, the keys or the certificate they make are refused; nothing is written then.
pub(crate) fn certify(
    arguments: &Certify,
    now: Timestamp,
    rng: &mut impl CryptoRngCore,
) -> Result<Vec<String>, Failure> {
    let publication = Publication::open(&arguments.publication, now)?;
    let request: CertificateRequest = files::read_json(&arguments.request)?;
    names::check(&request.facts.slug)?;
    if request.facts.centre.is_some() {
        return Err(Failure::Refused(
            "a request does not name the centre's id: the tool draws it, or finds it published".to_owned(),
        ));
    }
    let beside = arguments.request.parent().unwrap_or(Path::new("."));
    let members: Vec<MemberFile> = request
        .founding_members
        .iter()
        .map(|path| files::read_json(&beside.join(path)))
        .collect::<Result<_, _>>()?;
    let governors: Vec<GovernorKey> =
        arguments.governor_keys.iter().map(|path| read_governor(path)).collect::<Result<_, _>>()?;

    let published = publication.find_centre(&request.facts.slug)?;
    let before = match &published {
        Some(files) => Some(files.verify_as_last_valid(&publication, now)?),
        None => None,
    };
    let centre = before
        .as_ref()
        .map_or_else(|| CentreId::from_random_bytes(random_bytes(rng)), VerifiedCentre::centre);
    let certificate = Certificate {
        network: publication.root.network(),
        centre,
        organisation: request.organisation,
        channels: request.channels,
        duty: request.duty,
        legal_basis: request.legal_basis,
        local_opinion: request.local_opinion,
        named_persons: request.named_persons,
        review_date: request.review_date,
        not_before: request.not_before.unwrap_or(now),
        not_after: request.not_after,
        founding_members: members.iter().map(MemberFile::member).collect(),
        previous_chain: before.as_ref().map(|centre| centre.next_statement().1),
    };
    let earlier = published.as_ref().map(|files| chains_of(&files.bundle)).unwrap_or_default();
    let at = certificate.not_before.max(now);
    let (bundle, centre_now) = sign(&publication, &certificate, earlier, &governors, at)?;
    let mut facts = request.facts;
    facts.centre = Some(centre);
    let mut said = Vec::new();
    if published.is_some() {
        let archive = arguments.archive.as_ref().ok_or_else(|| {
            Failure::Refused(format!(
                "'{}' is published already; name a folder for its present papers and sealed epoch keys with --archive",
                facts.slug
            ))
        })?;
        let kept = archive_centre(&publication, &facts.slug, archive)?;
        said.push(format!("kept: {}, the papers and sealed keys as they were before", kept.display()));
    }
    let epochs = published.map(|files| files.epochs).unwrap_or_default();
    let members_now = members.iter().map(MemberFile::record).collect();
    let mut files = CentreFiles { facts, bundle: bundle.clone(), members: members_now, epochs };
    files.renew(bundle, &centre_now);
    publication.write_centre(&files, rng)?;
    let signers: Vec<&str> = governors.iter().map(|governor| governor.name.as_str()).collect();
    said.extend([
        format!("certified: {} ({centre}), until {}", certificate.organisation, certificate.not_after),
        format!("signed by: {}", signers.join(", ")),
        format!("written: {}", publication.centre_folder(&files.facts.slug).display()),
        "Next: an epoch for each channel (approdo-keys epoch).".to_owned(),
    ]);
    Ok(said)
}

/// Copies a centre's files away before the next certificate begins a new chain: the sealed keys of the old one's epochs are the
/// only way to what was written under it (section 4: old epoch keys are kept).
///
/// # Errors
/// [`Failure::Read`], [`Failure::Write`].
pub(crate) fn archive_centre(
    publication: &Publication,
    slug: &str,
    archive: &Path,
) -> Result<PathBuf, Failure> {
    let from = publication.centre_folder(slug);
    let certificate = Hash::of(&files::read(&from.join(CERTIFICATE_FILE))?).to_string();
    let to = archive.join(format!("{slug}-{}", certificate.get(..16).unwrap_or(&certificate)));
    files::public_folder(&to)?;
    for name in CENTRE_FILES {
        let path = to.join(name);
        if name == EARLIER_FILE && !from.join(name).exists() {
            continue;
        }
        fs::copy(from.join(name), &path).map_err(|error| Failure::Write(path, error))?;
    }
    Ok(to)
}

/// The chains of a centre as those before its next certificate.
pub(crate) fn chains_of(bundle: &CentreBundle) -> Vec<EarlierChain> {
    let mut chains = bundle.earlier.clone();
    chains.push(EarlierChain {
        certificate: bundle.certificate.clone(),
        statements: bundle.statements.clone(),
    });
    chains
}

/// Signs a certificate and verifies the result, with the chains before it, as a browser would at `at`.
///
/// # Errors
/// [`Failure::Refused`] with the rule that does not hold.
pub(crate) fn sign(
    publication: &Publication,
    certificate: &Certificate,
    earlier: Vec<EarlierChain>,
    governors: &[GovernorKey],
    at: Timestamp,
) -> Result<(CentreBundle, VerifiedCentre), Failure> {
    let signers: Vec<&SigningKey> = governors.iter().map(|governor| &governor.key).collect();
    let document = documents::sign_certificate(certificate, &signers)
        .map_err(|error| Failure::Sealing("no certificate was made", error.to_string()))?;
    let bundle = CentreBundle { certificate: document, statements: Vec::new(), earlier };
    let centre = verify_centre(&publication.root, &bundle, Clock::exact(at), None)
        .map_err(|refusal| Failure::Refused(format!("no certificate was written: {}", explain(refusal))))?;
    Ok((bundle, centre))
}

/// Says what to mend.
fn explain(refusal: CentreRefusal) -> String {
    match refusal {
        CentreRefusal::Signature => {
            "it needs the keys of as many different governors of this root as its threshold says, and of nobody else".to_owned()
        }
        CentreRefusal::Duty => {
            "the safe channel admits only bodies and people without a duty to report residence status, or with a contested one, \
             a local legal opinion and the person named in it"
                .to_owned()
        }
        CentreRefusal::TooLong => "it would hold for more than twelve months".to_owned(),
        CentreRefusal::Expired => "its end or its review date has passed".to_owned(),
        CentreRefusal::Malformed => {
            "it needs at least one channel, each once, two different founding members with names, keys and channels of their \
             own, and an end after its beginning"
                .to_owned()
        }
        other => other.to_string(),
    }
}
