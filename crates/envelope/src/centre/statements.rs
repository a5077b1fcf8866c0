//! Statements of a centre's members, taken onto its chain one after the other (protocol sections 3 and 12.1).

use jiff::Timestamp;

use super::VerifiedCentre;
use super::earlier::Owner;
use crate::certificate::{Member, is_same_person};
use crate::clock::Clock;
use crate::duty::Channel;
use crate::epoch::VerifiedEpoch;
use crate::ids::PersonId;
use crate::refusal::CentreRefusal;
use crate::signature::{PublicKey, SignedDocument, SignedType};
use crate::statement::{HIGHEST_FIRST_EPOCH, LONGEST_EPOCH, SHORTEST_EPOCH, Statement, StatementBody};

impl VerifiedCentre {
    /// Takes one more statement onto the chain.
    pub(super) fn apply(&mut self, document: &SignedDocument, clock: Clock) -> Result<(), CentreRefusal> {
        let signers = document.signers(SignedType::Statement)?;
        let statement: Statement =
            serde_json::from_slice(&document.payload.0).map_err(|_| CentreRefusal::Malformed)?;
        if statement.centre != self.centre() || statement.certificate != self.certificate.hash() {
            return Err(CentreRefusal::Place);
        }
        if Some(statement.seq) != self.length.checked_add(1) || statement.prev != self.head {
            return Err(CentreRefusal::Chain);
        }
        if statement.at < self.last_at || statement.at > self.certificate().not_after {
            return Err(CentreRefusal::Chain);
        }
        clock.check_begun(statement.at)?;
        if !signers.iter().all(|key| self.member_by_key(key).is_some()) {
            return Err(CentreRefusal::Signature);
        }
        match statement.body {
            StatementBody::Join { member } => self.join(member, &signers)?,
            StatementBody::Leave { person } => self.leave(person, &signers)?,
            StatementBody::Epoch { channel, number, recipient, not_before, not_after } => {
                let epoch = VerifiedEpoch {
                    certificate: self.certificate.hash(),
                    channel,
                    number,
                    recipient,
                    not_before,
                    not_after,
                    ended: false,
                    authors: Vec::new(),
                };
                self.begin_epoch(epoch, statement.at, &signers)?;
            }
        }
        self.head = document.hash();
        self.length = statement.seq;
        self.last_at = statement.at;
        Ok(())
    }

    fn join(&mut self, member: Member, signers: &[PublicKey]) -> Result<(), CentreRefusal> {
        if signers.len() < 2 {
            return Err(CentreRefusal::Signature);
        }
        self.certificate().check_member(&member)?;
        let certificate = self.certificate.certificate();
        // Whoever is let into a channel is let in by somebody who reads it: people bound to report cannot send one of theirs (I2).
        let is_let_in = |channel: &Channel| {
            signers
                .iter()
                .filter_map(|key| self.member_by_key(key))
                .any(|signer| certificate.admits(signer, *channel))
        };
        if !member.channels.iter().all(is_let_in) {
            return Err(CentreRefusal::Signature);
        }
        if !self.is_free(Owner::Person(member.person), &member.recipient)
            || self.members.iter().any(|known| is_same_person(known, &member))
        {
            return Err(CentreRefusal::Chain);
        }
        for epoch in &mut self.epochs {
            if !epoch.ended && certificate.admits(&member, epoch.channel) {
                epoch.authors.push((member.person, member.signing_key));
            }
        }
        self.owned.push((Owner::Person(member.person), member.recipient.clone()));
        self.members.push(member);
        Ok(())
    }

    /// Who leaves knows the keys of the current epochs: they end at once, so that nothing newer is sealed to them (I5).
    fn leave(&mut self, person: PersonId, signers: &[PublicKey]) -> Result<(), CentreRefusal> {
        if signers.is_empty() {
            return Err(CentreRefusal::Signature);
        }
        let place =
            self.members.iter().position(|member| member.person == person).ok_or(CentreRefusal::Chain)?;
        let member = self.members.remove(place);
        let certificate = self.certificate.certificate();
        for epoch in &mut self.epochs {
            if certificate.admits(&member, epoch.channel) {
                epoch.ended = true;
            }
        }
        Ok(())
    }

    fn begin_epoch(
        &mut self,
        mut epoch: VerifiedEpoch,
        stated: Timestamp,
        signers: &[PublicKey],
    ) -> Result<(), CentreRefusal> {
        let certificate = self.certificate.certificate();
        if !certificate.offers(epoch.channel) {
            return Err(CentreRefusal::Channel);
        }
        let may_sign = |key: &PublicKey| {
            self.member_by_key(key).is_some_and(|member| certificate.admits(member, epoch.channel))
        };
        if signers.is_empty() || !signers.iter().all(may_sign) {
            return Err(CentreRefusal::Signature);
        }
        // The one before ends when this one is stated: were this one over by then, a single member would have closed the channel.
        if epoch.not_after.duration_since(stated) < SHORTEST_EPOCH {
            return Err(CentreRefusal::Malformed);
        }
        if epoch.not_after.duration_since(epoch.not_before) > LONGEST_EPOCH {
            return Err(CentreRefusal::TooLong);
        }
        // It takes the place of the one before, so it begins when it is stated and not at some later time, until when nobody could write.
        if epoch.not_before > stated {
            return Err(CentreRefusal::NotYetValid);
        }
        // A key that somebody holds already would be read by that person, eligible or not (I2).
        let is_reused = self.epochs.iter().any(|known| known.recipient == epoch.recipient)
            || self.owned.iter().any(|(_, owned)| *owned == epoch.recipient);
        if !self.is_next_number(epoch.channel, epoch.number) || is_reused {
            return Err(CentreRefusal::Chain);
        }
        epoch.authors = self
            .members
            .iter()
            .filter(|member| certificate.admits(member, epoch.channel))
            .map(|member| (member.person, member.signing_key))
            .collect();
        for known in &mut self.epochs {
            known.ended |= known.channel == epoch.channel;
        }
        self.epochs.push(epoch);
        Ok(())
    }

    /// One more than the newest, so that nobody uses numbers up: a single member signs an epoch, and after the highest number none could follow.
    fn is_next_number(&self, channel: Channel, number: u32) -> bool {
        match self.latest_epoch(channel).map(VerifiedEpoch::number) {
            Some(newest) => newest.checked_add(1) == Some(number),
            None => number == 1 || (self.is_cut && (1..=HIGHEST_FIRST_EPOCH).contains(&number)),
        }
    }
}
