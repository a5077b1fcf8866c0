//! The chains of a centre, from its first certificate to the one in force: kept, continued, and what a renewal takes away.
//!
//! Invariants: the chain that is here is the beginning of the one that comes, certificate by certificate and statement by statement; and
//! after a renewal nobody keeps a wrap of the safe channel whom the new certificate says to be bound (I2), nor one of a channel that
//! she no longer reads (I5).

use envelope::centre::{CentreBundle, VerifiedCentre};
use envelope::certificate::{Certificate, Member};
use envelope::duty::Channel;
use envelope::signature::SignedDocument;
use envelope::statement::{Statement, StatementBody};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::{ImportRefusal, keep, mismatch};
use crate::centres::readers::{self, PAPER, StoredChannel, StoredReader};
use crate::centres::store::{self, NewCertificate, StoredDocument, StoredEpoch};

/// All chains of a verified centre, the oldest first; the last is in force.
pub(super) struct Chains {
    earlier: Vec<Chain>,
    in_force: Chain,
    /// For each channel, who may keep wraps of earlier epochs.
    keepers: [(Channel, Vec<String>); 2],
}

struct Chain {
    certificate: NewCertificate,
    statements: Vec<StoredDocument>,
    channels: Vec<StoredChannel>,
    readers: Vec<StoredReader>,
}

impl Chains {
    /// The chains of a bundle that was verified as `centre`.
    pub(super) fn of(bundle: &CentreBundle, centre: &VerifiedCentre) -> Result<Self, ImportRefusal> {
        let earlier = bundle.earlier.iter().map(|chain| Chain::of(&chain.certificate, &chain.statements));
        let keepers = [Channel::Safe, Channel::General].map(|channel| {
            let may_keep = |member: &&Member| may_keep(centre.certificate(), member, channel);
            let people = centre.members().iter().filter(may_keep);
            let mut kept: Vec<String> = people.map(|member| member.person.uuid().to_string()).collect();
            kept.push(PAPER.to_owned());
            (channel, kept)
        });
        Ok(Self {
            earlier: earlier.collect::<Result<_, _>>()?,
            in_force: Chain::of(&bundle.certificate, &bundle.statements)?,
            keepers,
        })
    }

    /// The hash of the certificate in force.
    pub(super) fn in_force(&self) -> &str {
        &self.in_force.certificate.stored.hash
    }

    fn all(&self) -> impl Iterator<Item = &Chain> {
        self.earlier.iter().chain([&self.in_force])
    }

    /// Refuses what does not continue the chains that are here: an older publication, a fork, a certificate that names no or another head.
    pub(super) async fn check_continues(
        &self,
        connection: &impl ConnectionTrait,
        centre: Uuid,
    ) -> Result<(), ImportRefusal> {
        let Some((kept, not_before)) = store::find_certificate_in_force(connection, centre).await? else {
            return Ok(());
        };
        if !self.all().any(|chain| chain.certificate.stored.hash == kept) {
            return Err(ImportRefusal::Older(if not_before > self.in_force.certificate.not_before {
                "a centre's certificate is older than the one here"
            } else {
                "a centre's certificate does not follow the one here: it names another head of the chain before, or none"
            }));
        }
        for chain in self.all() {
            let kept = store::list_statements(connection, &chain.certificate.stored.hash).await?;
            let is_continued = kept.len() <= chain.statements.len()
                && kept.iter().zip(&chain.statements).all(|(kept, new)| kept.hash == new.hash);
            if !is_continued {
                return Err(ImportRefusal::Older("a centre's statements do not continue those here"));
            }
        }
        Ok(())
    }

    /// Refuses an epoch that would be sealed to somebody whom its own certificate, with its statements, does not name as a reader of its
    /// channel: keys go from hand to hand under one certificate and not into the next (protocol section 4.2).
    pub(super) fn check_stated(&self, folder: &str, epochs: &[StoredEpoch]) -> Result<(), ImportRefusal> {
        let is_stated = |epoch: &StoredEpoch, to: &str| {
            let chain = self.all().find(|chain| chain.certificate.stored.hash == epoch.certificate);
            let mut readers = chain.into_iter().flat_map(|chain| &chain.readers);
            readers.any(|reader| reader.channel == epoch.channel && reader.reader == to)
        };
        for epoch in epochs {
            let mut sealed_to = epoch.wraps.iter().flatten();
            if !sealed_to.all(|(to, _)| is_stated(epoch, to)) {
                return Err(mismatch(
                    folder,
                    "an epoch of an earlier certificate is sealed to somebody who was no reader of its channel under that certificate",
                ));
            }
        }
        Ok(())
    }

    /// Keeps certificates, statements, and who may be given the epochs of which channel. The caller has asked
    /// [`Chains::check_continues`].
    pub(super) async fn write(
        &self,
        connection: &impl ConnectionTrait,
        centre: Uuid,
    ) -> Result<(), ImportRefusal> {
        for chain in self.all() {
            store::keep_certificate(connection, centre, &chain.certificate).await?;
            for channel in &chain.channels {
                store::state_channel(connection, channel).await?;
            }
            for reader in &chain.readers {
                store::state_reader(connection, reader).await?;
            }
            let hash = &chain.certificate.stored.hash;
            let kept = store::list_statements(connection, hash).await?.len();
            for (seq, statement) in (1_i64..).zip(&chain.statements).skip(kept) {
                store::insert_statement(connection, hash, seq, statement).await?;
            }
        }
        Ok(())
    }

    /// Erases wraps of earlier epochs whose readers the certificate in force does not admit any more. Those of paper stay: they are what
    /// opens the cases of a channel that has lost its last reader (docs/adr/0022).
    pub(super) async fn erase_wraps_of_others(
        &self,
        connection: &impl ConnectionTrait,
    ) -> Result<(), ImportRefusal> {
        for chain in &self.earlier {
            for (channel, kept) in &self.keepers {
                let hash = &chain.certificate.stored.hash;
                store::erase_wraps_of_others(connection, hash, channel.name(), kept).await?;
            }
        }
        Ok(())
    }
}

impl Chain {
    fn of(document: &SignedDocument, statements: &[SignedDocument]) -> Result<Self, ImportRefusal> {
        let form = || ImportRefusal::Form("a chain".to_owned());
        let certificate: Certificate = serde_json::from_slice(&document.payload.0).map_err(|_| form())?;
        let hash = document.hash().to_string();
        let mut members = certificate.founding_members.clone();
        for statement in statements {
            let stated: Statement = serde_json::from_slice(&statement.payload.0).map_err(|_| form())?;
            if let StatementBody::Join { member } = stated.body {
                members.push(member);
            }
        }
        let people = members.iter().flat_map(|member| readers::of_member(&hash, &certificate, member));
        Ok(Self {
            certificate: NewCertificate {
                stored: keep(document)?,
                not_before: certificate.not_before.as_second(),
                not_after: certificate.not_after.as_second(),
            },
            statements: statements.iter().map(keep).collect::<Result<_, _>>()?,
            channels: readers::channels(&hash, &certificate),
            readers: readers::papers(&hash, &certificate).into_iter().chain(people).collect(),
        })
    }
}

/// Whether a member may keep wraps of a channel's earlier epochs. A channel that the certificate in force no longer offers is kept by
/// whom no duty forbids it.
fn may_keep(certificate: &Certificate, member: &Member, channel: Channel) -> bool {
    if certificate.offers(channel) {
        return certificate.admits(member, channel);
    }
    channel == Channel::General || certificate.may_hold_safe(member)
}
