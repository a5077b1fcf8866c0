//! Which epochs the paper identity opens, and who counted as a member then: root → certificates → statements → epochs (protocol section 3), all of
//! it out of the backup, each certificate judged as of the last moment at which it held.

use std::collections::{BTreeMap, BTreeSet};

use envelope::centre::{CentreBundle, VerifiedCentre, verify_centre};
use envelope::certificate::Certificate;
use envelope::clock::Clock;
use envelope::duty::Channel;
use envelope::encoding::Hash;
use envelope::frame::Frame;
use envelope::ids::{CentreId, PersonId};
use envelope::root::VerifiedRoot;
use envelope::signature::SignedDocument;
use envelope::statement::{Statement, StatementBody};
use jiff::Timestamp;
use keyring::epoch::{self, EpochKey};
use keyring::item::{self, OpenedItem};
use keyring::paper::PaperIdentity;
use keyring::refusal::OpenRefusal;

use super::rows::Rows;
use crate::failure::Failure;
use crate::publication::last_good_moment;

/// Everything that the paper identity opens of the keys, with the chains that vouch for them.
pub(super) struct Trust {
    /// The network's root, as the backup has it.
    pub(super) root: VerifiedRoot,
    /// The one centre of the paper identity.
    pub(super) centre: CentreId,
    /// Its name in the newest certificate.
    pub(super) organisation: String,
    /// The one channel of the paper identity.
    pub(super) channel: Channel,
    /// What was opened, the oldest certificate first.
    pub(super) chains: Vec<Chain>,
    /// What does not hold.
    pub(super) findings: Vec<String>,
    names: BTreeMap<PersonId, String>,
}

/// A certificate, its statements, and the epoch keys under it.
pub(super) struct Chain {
    pub(super) certificate: Hash,
    pub(super) keys: Vec<EpochKey>,
    centre: VerifiedCentre,
    names: Vec<(PersonId, String)>,
}

impl Trust {
    /// Opens every epoch that the paper identity opens. `expected` is the root that the reader knows from elsewhere, if any.
    ///
    /// # Errors
    /// When the root does not verify or is another than expected, and when the paper identity opens nothing, or more than one channel of one
    /// centre: then it is not what the protocol calls one.
    pub(super) fn establish(
        data: &Rows,
        wraps: &Rows,
        paper: &PaperIdentity,
        expected: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let root = verify_root(&data.root()?, expected, now)?;
        let certificates = data.certificates();
        let mut findings = certificates.findings("certificates");
        let mut chains = Vec::new();
        for (hash, document) in &certificates.rows {
            let Some((document, certificate)) = parse_certificate(*hash, document) else {
                findings.push(format!("the certificate {} is not what its hash says", short(*hash)));
                continue;
            };
            let is_mine = |recipient: &_| recipient == paper.recipient();
            let Some(offered) = certificate.channels.iter().find(|offered| is_mine(&offered.paper_recipient))
            else {
                continue;
            };
            let moment = last_good_moment(&certificate, now);
            let centre = match verify_chain(data, &root, *hash, document, moment, &mut findings) {
                Ok(centre) => centre,
                Err(why) => {
                    findings.push(format!("the certificate {} does not verify: {why}", short(*hash)));
                    continue;
                }
            };
            let channel = offered.channel;
            let keys = open_epochs(wraps, paper, &centre.0, *hash, channel, &mut findings);
            chains.push((channel, Chain { certificate: *hash, keys, centre: centre.0, names: centre.1 }));
        }
        Self::of(root, chains, findings, paper)
    }

    fn of(
        root: VerifiedRoot,
        chains: Vec<(Channel, Chain)>,
        findings: Vec<String>,
        paper: &PaperIdentity,
    ) -> Result<Self, Failure> {
        if chains.is_empty() {
            return Err(Failure::Refused(told_with(
                format!("no certificate in this backup names this paper identity ({})", paper.recipient()),
                &findings,
            )));
        }
        let chains: Vec<(Channel, Chain)> =
            chains.into_iter().filter(|(_, chain)| !chain.keys.is_empty()).collect();
        let Some((channel, newest)) = chains.last() else {
            return Err(Failure::Refused(told_with(
                "the paper identity opens no epoch of this backup; nothing was written".to_owned(),
                &findings,
            )));
        };
        let (channel, centre) = (*channel, newest.centre.centre());
        let organisation = newest.centre.certificate().organisation.clone();
        let places: BTreeSet<(CentreId, Channel)> =
            chains.iter().map(|(channel, chain)| (chain.centre.centre(), *channel)).collect();
        if places.len() > 1 {
            return Err(Failure::Refused(
                "this paper identity opens more than one channel or centre, which no sound certificate allows; nothing was written".to_owned(),
            ));
        }
        let chains: Vec<Chain> = chains.into_iter().map(|(_, chain)| chain).collect();
        let names = chains.iter().flat_map(|chain| chain.names.iter().cloned()).collect();
        Ok(Self { root, centre, organisation, channel, chains, findings, names })
    }

    /// Opens an item of this centre with whichever epoch key fits.
    ///
    /// # Errors
    /// In words, why it is not opened.
    pub(super) fn open_item(&self, frame: &Frame) -> Result<OpenedItem, String> {
        let clear = frame.clear();
        let second = clear.second.filter(|second| second.centre == self.centre);
        let number = second.map_or(clear.epoch, |second| second.epoch);
        let bytes = frame.to_bytes();
        let mut refused = None;
        for chain in self.chains.iter().rev() {
            for key in chain.keys.iter().filter(|key| key.number() == number) {
                match item::open_for_centre(&bytes, key, &chain.centre) {
                    Ok(opened) => return Ok(opened),
                    // Another certificate's epoch of the same number, or an altered wrap: which of the two shows when none fits.
                    Err(OpenRefusal::Key) => {
                        refused.get_or_insert(OpenRefusal::Key);
                    }
                    Err(refusal) => refused = Some(refusal),
                }
            }
        }
        Err(refused.map_or_else(
            || format!("it is sealed to epoch {number}, which this paper does not open; perhaps another paper of the centre does"),
            explain,
        ))
    }

    /// The name of a member, as a certificate or a join says it.
    pub(super) fn name_of(&self, person: PersonId) -> &str {
        self.names.get(&person).map_or("a member without a name", String::as_str)
    }
}

/// Why an item was not opened, for somebody who does not know the words of the code.
fn explain(refusal: OpenRefusal) -> String {
    match refusal {
        OpenRefusal::Malformed => "it does not have the form of an item",
        OpenRefusal::Suite => "it is sealed in another way than this tool opens",
        OpenRefusal::Key => "it was altered, or is not sealed to this centre",
        OpenRefusal::Signature => "its signature does not verify: it was altered",
        OpenRefusal::Place => "it does not belong where it stands: it was moved or exchanged",
        OpenRefusal::Author => "it is not by somebody who was a member then",
    }
    .to_owned()
}

fn verify_root(document: &str, expected: Option<&[u8]>, now: Timestamp) -> Result<VerifiedRoot, Failure> {
    let parsed = SignedDocument::parse(document.as_bytes());
    let root = parsed.and_then(|document| VerifiedRoot::verify(&document, Clock::exact(now)));
    let root = root
        .map_err(|refusal| Failure::Refused(format!("the root in the backup does not verify: {refusal}")))?;
    let expected = expected.map(|bytes| SignedDocument::parse(bytes).map(|document| document.hash()));
    match expected {
        None => Ok(root),
        Some(Ok(hash)) if hash == root.hash() => Ok(root),
        Some(Ok(_)) => Err(Failure::Refused(
            "the backup has another root than the file given with --root: it is of another network, or forged".to_owned(),
        )),
        Some(Err(_)) => Err(Failure::Refused("the file given with --root is not a root.json".to_owned())),
    }
}

fn parse_certificate(hash: Hash, document: &str) -> Option<(SignedDocument, Certificate)> {
    let document = SignedDocument::parse(document.as_bytes()).ok()?;
    let certificate = serde_json::from_slice(&document.payload.0).ok()?;
    (document.hash() == hash).then_some((document, certificate))
}

/// Verifies a certificate with as many of its statements, from the first on, as verify. Also who its members were, those who left included.
fn verify_chain(
    data: &Rows,
    root: &VerifiedRoot,
    hash: Hash,
    certificate: SignedDocument,
    moment: Timestamp,
    findings: &mut Vec<String>,
) -> Result<(VerifiedCentre, Vec<(PersonId, String)>), String> {
    let stored = data.statements(hash);
    findings.extend(stored.findings(&format!("statements under the certificate {}", short(hash))));
    let parsed = stored.rows.iter().map_while(|document| SignedDocument::parse(document.as_bytes()).ok());
    let mut bundle = CentreBundle { certificate, statements: parsed.collect(), earlier: Vec::new() };
    let clock = Clock::exact(moment);
    loop {
        match verify_centre(root, &bundle, clock, None) {
            Ok(centre) => {
                let sound = bundle.statements.len();
                if sound < stored.rows.len() {
                    findings.push(format!(
                        "under the certificate {} only the first {sound} of {} statements verify; epochs after them are not opened",
                        short(hash),
                        stored.rows.len()
                    ));
                }
                let names = names_of(&centre, &bundle.statements);
                return Ok((centre, names));
            }
            Err(refusal) => {
                if bundle.statements.pop().is_none() {
                    return Err(refusal.to_string());
                }
            }
        }
    }
}

/// Everybody who was ever a member, by founding or by joining.
fn names_of(centre: &VerifiedCentre, statements: &[SignedDocument]) -> Vec<(PersonId, String)> {
    let founders =
        centre.certificate().founding_members.iter().map(|member| (member.person, member.name.clone()));
    let joined = statements.iter().filter_map(|document| {
        match serde_json::from_slice::<Statement>(&document.payload.0).ok()?.body {
            StatementBody::Join { member } => Some((member.person, member.name)),
            StatementBody::Leave { .. } | StatementBody::Epoch { .. } => None,
        }
    });
    founders.chain(joined).collect()
}

fn open_epochs(
    wraps: &Rows,
    paper: &PaperIdentity,
    centre: &VerifiedCentre,
    hash: Hash,
    channel: Channel,
    findings: &mut Vec<String>,
) -> Vec<EpochKey> {
    let sealed = wraps.paper_wraps(hash, channel);
    findings.extend(sealed.findings("epoch keys sealed to paper"));
    let mut keys = Vec::new();
    for (number, wrap) in &sealed.rows {
        match epoch::open(wrap, paper.identity(), centre, channel, *number) {
            Ok(key) => keys.push(key),
            Err(refusal) => findings.push(format!(
                "epoch {number} under the certificate {} does not open with this paper: {refusal}",
                short(hash)
            )),
        }
    }
    let announced = centre.epochs().iter().filter(|epoch| epoch.channel() == channel);
    for epoch in announced.filter(|epoch| !sealed.rows.iter().any(|(number, _)| *number == epoch.number())) {
        findings.push(format!(
            "epoch {} under the certificate {} is not sealed to paper in this backup",
            epoch.number(),
            short(hash)
        ));
    }
    keys
}

/// The beginning of a hash: enough to tell papers apart.
pub(super) fn short(hash: Hash) -> String {
    hash.to_string().chars().take(16).collect()
}

fn told_with(sentence: String, findings: &[String]) -> String {
    let findings: Vec<String> = findings.iter().map(|finding| format!("\n  {finding}")).collect();
    sentence + &findings.concat()
}
