//! Chains under earlier certificates (protocol sections 3 and 12.1): what was sealed and signed under them is judged by them.
//!
//! Invariant: each certificate names the head of the chain before it, so the newest, which the governors signed and which holds now, fixes all
//! of them. Epochs go on: their numbers rise over the whole life of a centre, and a key that somebody ever held begins none.

use serde::{Deserialize, Serialize};

use super::VerifiedCentre;
use crate::certificate::{Certificate, VerifiedCertificate};
use crate::clock::Clock;
use crate::duty::Channel;
use crate::ids::PersonId;
use crate::recipient::Recipient;
use crate::refusal::CentreRefusal;
use crate::root::VerifiedRoot;
use crate::signature::SignedDocument;

/// `{certificate, statements}` of a certificate that a later one has followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlierChain {
    /// The certificate.
    pub certificate: SignedDocument,
    /// All of its statements, in order.
    pub statements: Vec<SignedDocument>,
}

/// Whose a recipient is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// The paper identity of a channel.
    Paper(Channel),
    /// A person who is or was a member.
    Person(PersonId),
}

impl VerifiedCentre {
    /// The centre as it stood at the end of its earlier chains. The first of them may itself follow one that is not there any more: a
    /// chain may be cut at its beginning, never in between.
    pub(super) fn of_earlier(
        root: &VerifiedRoot,
        earlier: &[EarlierChain],
        clock: Clock,
    ) -> Result<Option<Self>, CentreRefusal> {
        let mut before = None;
        for chain in earlier {
            let certificate = VerifiedCertificate::verify_past(root, &chain.certificate, clock)?;
            let mut centre = Self::begin(certificate, before)?;
            for document in &chain.statements {
                centre.apply(document, clock)?;
            }
            before = Some(centre);
        }
        Ok(before)
    }

    /// Begins the chain of a certificate: the first, or the one that follows `before`.
    pub(super) fn begin(
        certificate: VerifiedCertificate,
        before: Option<Self>,
    ) -> Result<Self, CentreRefusal> {
        let stated = certificate.certificate();
        let (mut epochs, mut owned, mut last_at) = (Vec::new(), Vec::new(), stated.not_before);
        let mut is_cut = stated.previous_chain.is_some();
        if let Some(before) = before {
            if stated.centre != before.centre() {
                return Err(CentreRefusal::Place);
            }
            let follows = stated.previous_chain == Some(before.head);
            if !follows || stated.not_before < before.certificate().not_before {
                return Err(CentreRefusal::Chain);
            }
            if owned_in(stated).any(|(owner, recipient)| !before.is_free(owner, recipient)) {
                return Err(CentreRefusal::Chain);
            }
            last_at = last_at.max(before.last_at);
            (epochs, owned, is_cut) = (before.epochs, before.owned, before.is_cut);
            // What is sealed from now on is sealed to an epoch of the certificate in force.
            for epoch in &mut epochs {
                epoch.ended = true;
            }
        }
        owned.extend(owned_in(stated).map(|(owner, recipient)| (owner, recipient.clone())));
        Ok(Self {
            members: stated.founding_members.clone(),
            epochs,
            owned,
            head: certificate.hash(),
            length: 0,
            last_at,
            is_cut,
            certificate,
        })
    }

    /// Whether nobody but `owner` holds or held this key: an epoch's, or another's, would let in whoever has it (I2).
    pub(super) fn is_free(&self, owner: Owner, recipient: &Recipient) -> bool {
        !self.epochs.iter().any(|epoch| epoch.recipient == *recipient)
            && self.owned.iter().all(|(known, key)| key != recipient || *known == owner)
    }
}

/// The keys that a certificate names, with whose they are.
fn owned_in(certificate: &Certificate) -> impl Iterator<Item = (Owner, &Recipient)> {
    let papers =
        certificate.channels.iter().map(|offered| (Owner::Paper(offered.channel), &offered.paper_recipient));
    let members =
        certificate.founding_members.iter().map(|member| (Owner::Person(member.person), &member.recipient));
    papers.chain(members)
}
