//! Root, certificates and statements, replayed from their signatures (protocol sections 3 and 12.1).

use std::collections::{BTreeMap, BTreeSet};

use envelope::certificate::{Certificate, Member};
use envelope::duty::Channel;
use envelope::encoding::Hash;
use envelope::recipient::Recipient;
use envelope::root::Root;
use envelope::signature::{PublicKey, SignedDocument, SignedType};
use envelope::statement::{Statement, StatementBody};
use jiff::Timestamp;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::duties::{forbid_safe, reads};
use super::keys::{Keys, Owner};
use super::rows::{ask, id, number, text};
use super::{Unverified, Verified, Violation, Where};

/// Days of a certificate and of an epoch, at most (protocol section 3).
const CERTIFICATE_DAYS: i64 = 366;
const EPOCH_DAYS: i64 = 35;
/// Seconds from its statement that an epoch lasts at least, and the highest number that the first epoch has after a cut (section 12.1).
const EPOCH_SECONDS: i64 = 86_400;
const HIGHEST_FIRST: u32 = 100_000;

/// All centres, by id.
pub(super) type Papers = BTreeMap<Uuid, Centre>;

/// A centre: its chains from the first that is kept to the one in force.
pub(super) struct Centre {
    pub(super) chains: Vec<Chain>,
}

/// A certificate with what its statements made of it.
pub(super) struct Chain {
    pub(super) hash: String,
    pub(super) certificate: Certificate,
    pub(super) seats: Vec<Seat>,
    pub(super) epochs: Vec<Epoch>,
    head: Hash,
}

/// A membership: from a statement (0 is the certificate) until another.
pub(super) struct Seat {
    pub(super) member: Member,
    pub(super) from: u32,
    pub(super) until: Option<u32>,
}

/// An epoch that a statement made.
pub(super) struct Epoch {
    pub(super) channel: Channel,
    pub(super) number: u32,
    pub(super) recipient: Recipient,
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
    pub(super) seq: u32,
    /// The statement that ended it: a newer epoch, or the departure of somebody who read its channel.
    pub(super) ended: Option<u32>,
}

impl Centre {
    /// The chain in force.
    pub(super) fn in_force(&self) -> Option<&Chain> {
        self.chains.last()
    }

    /// An epoch of whichever chain, with it.
    pub(super) fn epoch(&self, channel: Channel, number: u32) -> Option<(&Chain, &Epoch)> {
        self.chains.iter().find_map(|chain| {
            let is_it = |epoch: &&Epoch| epoch.channel == channel && epoch.number == number;
            chain.epochs.iter().find(is_it).map(|epoch| (chain, epoch))
        })
    }

    /// Whether somebody who read an epoch's channel when it was stated, and so has its key, has been there ever since, through all renewals,
    /// and reads it still. Who came later may have been given no key of it, and the keys of whoever left go for good, also for one who
    /// comes back.
    pub(super) fn has_reader_since(&self, chain: &Chain, epoch: &Epoch) -> bool {
        let from_then_on = || self.chains.iter().skip_while(|later| later.hash != chain.hash);
        let mut seated = chain.seats.iter().filter(|seat| {
            seat.until.is_none()
                && seat.from < epoch.seq
                && reads(&chain.certificate, &seat.member, epoch.channel)
        });
        seated.any(|seat| {
            from_then_on().skip(1).all(|later| {
                later.seats.iter().any(|now| {
                    now.member.person == seat.member.person
                        && now.from == 0
                        && now.until.is_none()
                        && reads(&later.certificate, &now.member, epoch.channel)
                })
            })
        })
    }
}

impl Chain {
    /// Who reads a channel at the end of the chain.
    pub(super) fn readers_now(&self, channel: Channel) -> impl Iterator<Item = &Member> {
        let now = self.seats.iter().filter(|seat| seat.until.is_none()).map(|seat| &seat.member);
        now.filter(move |member| reads(&self.certificate, member, channel))
    }

    /// Whether a key is that of somebody who read the channel while the epoch went on: who had left before wrote nothing in it, and neither did
    /// who came after.
    pub(super) fn is_author(&self, epoch: &Epoch, key: &PublicKey) -> bool {
        self.seats.iter().any(|seat| {
            seat.member.signing_key == *key
                && seat.until.is_none_or(|left| left > epoch.seq)
                && epoch.ended.is_none_or(|ended| seat.from < ended)
                && reads(&self.certificate, &seat.member, epoch.channel)
        })
    }

    fn is_seated(&self, key: &PublicKey) -> Option<&Member> {
        let seat = self.seats.iter().find(|seat| seat.until.is_none() && seat.member.signing_key == *key);
        seat.map(|seat| &seat.member)
    }
}

/// Replays all papers.
pub(super) async fn replay(data: &impl ConnectionTrait, seen: &mut Verified) -> Result<Papers, Unverified> {
    let mut papers = Papers::new();
    let centres = ask(data, "SELECT id, certificate_hash FROM centre ORDER BY id", []).await?;
    let roots = ask(data, "SELECT hash, document FROM network_root", []).await?;
    let root = match roots.as_slice() {
        [] if centres.is_empty() => return Ok(papers),
        [row] => read_root(&text(row, "hash")?, &text(row, "document")?).ok_or(Violation::Root)?,
        _ => return Err(Violation::Root.into()),
    };
    for row in &centres {
        let centre = id(row, "id")?;
        papers
            .insert(centre, replay_centre(data, &root, centre, &text(row, "certificate_hash")?, seen).await?);
    }
    Ok(papers)
}

fn read_root(hash: &str, document: &str) -> Option<Root> {
    let document = SignedDocument::parse(document.as_bytes()).ok()?;
    let signers = document.signers(SignedType::Root).ok()?;
    let root: Root = serde_json::from_slice(&document.payload.0).ok()?;
    (document.hash().to_string() == hash && is_signed_by_governors(&root, &signers)).then_some(root)
}

/// At least two, and as many different ones as the root says; nobody else.
fn is_signed_by_governors(root: &Root, signers: &[PublicKey]) -> bool {
    let governors: BTreeSet<[u8; 32]> =
        root.governors.iter().map(|governor| *governor.key.as_bytes()).collect();
    let signed: BTreeSet<[u8; 32]> = signers.iter().map(|key| *key.as_bytes()).collect();
    root.threshold >= 2 && signed.len() >= usize::from(root.threshold) && signed.is_subset(&governors)
}

async fn replay_centre(
    data: &impl ConnectionTrait,
    root: &Root,
    centre: Uuid,
    in_force: &str,
    seen: &mut Verified,
) -> Result<Centre, Unverified> {
    let question =
        "SELECT hash, document, not_before, not_after FROM certificate WHERE centre_id = $1 ORDER BY hash";
    let mut found: BTreeMap<String, (SignedDocument, Certificate)> = BTreeMap::new();
    for row in ask(data, question, [centre.into()]).await? {
        let hash = text(&row, "hash")?;
        let dates = (number(&row, "not_before")?, number(&row, "not_after")?);
        let read = check_certificate(root, centre, &hash, &text(&row, "document")?, dates)?;
        seen.certificates += 1;
        found.insert(hash, read);
    }
    // From the one in force back: each names the head of the one before.
    let mut chains = Vec::new();
    let mut wanted = Some(in_force.to_owned());
    while let Some(hash) = wanted.take() {
        let at = Where::Certificate(hash.clone());
        let missing = Violation::Chain(at, "the certificate in force is not there");
        let (_, certificate) = found.remove(&hash).ok_or(missing)?;
        let previous = certificate.previous_chain;
        chains.push((hash, certificate));
        for candidate in found.keys() {
            if previous.is_some_and(|previous| previous.to_string() == *candidate)
                || is_last_statement(data, candidate, previous).await?
            {
                wanted = Some(candidate.clone());
                break;
            }
        }
    }
    if let Some(hash) = found.into_keys().next() {
        let reason = "the certificate in force does not go back to it";
        return Err(Violation::Chain(Where::Certificate(hash), reason).into());
    }
    let (mut centre, mut keys) = (Centre { chains: Vec::new() }, Keys::default());
    for (hash, certificate) in chains.into_iter().rev() {
        let chain = replay_chain(data, &centre, &mut keys, (hash, certificate), seen).await?;
        centre.chains.push(chain);
    }
    Ok(centre)
}

async fn is_last_statement(
    data: &impl ConnectionTrait,
    certificate: &str,
    head: Option<Hash>,
) -> Result<bool, Unverified> {
    let Some(head) = head else { return Ok(false) };
    let question = "SELECT hash FROM statement WHERE certificate_hash = $1 ORDER BY seq DESC LIMIT 1";
    let rows = ask(data, question, [certificate.into()]).await?;
    Ok(rows.first().map(|row| text(row, "hash")).transpose()?.is_some_and(|last| last == head.to_string()))
}

fn check_certificate(
    root: &Root,
    centre: Uuid,
    hash: &str,
    document: &str,
    dates: (i64, i64),
) -> Result<(SignedDocument, Certificate), Violation> {
    let at = || Where::Certificate(hash.to_owned());
    let document = SignedDocument::parse(document.as_bytes()).map_err(|_| Violation::Altered(at()))?;
    let signers = document.signers(SignedType::Certificate).map_err(|_| Violation::Governors(at()))?;
    if !is_signed_by_governors(root, &signers) {
        return Err(Violation::Governors(at()));
    }
    let certificate: Certificate =
        serde_json::from_slice(&document.payload.0).map_err(|_| Violation::Altered(at()))?;
    let is_in_place = document.hash().to_string() == hash
        && certificate.network == root.network
        && certificate.centre.uuid() == centre
        && (certificate.not_before.as_second(), certificate.not_after.as_second()) == dates;
    if !is_in_place {
        return Err(Violation::Altered(at()));
    }
    let channels: BTreeSet<Channel> = certificate.channels.iter().map(|offered| offered.channel).collect();
    if channels.is_empty() || channels.len() != certificate.channels.len() {
        return Err(Violation::Chain(at(), "it offers no channel, or one twice"));
    }
    let offers_safe = certificate.channels.iter().any(|offered| offered.channel == Channel::Safe);
    if offers_safe && forbid_safe(&certificate, None) {
        return Err(Violation::BoundBody(at()));
    }
    if days_between(certificate.not_before, certificate.not_after) > CERTIFICATE_DAYS {
        return Err(Violation::Chain(at(), "it lasts longer than twelve months"));
    }
    Ok((document, certificate))
}

/// Whole days, rounded up.
fn days_between(from: Timestamp, to: Timestamp) -> i64 {
    to.duration_since(from).as_secs().saturating_add(86_399) / 86_400
}

async fn replay_chain(
    data: &impl ConnectionTrait,
    centre: &Centre,
    keys: &mut Keys,
    (hash, certificate): (String, Certificate),
    seen: &mut Verified,
) -> Result<Chain, Unverified> {
    let own = Hash::parse(&hash).map_err(|_| Violation::Altered(Where::Certificate(hash.clone())))?;
    let founding = certificate.founding_members.clone();
    let mut chain = Chain { hash, certificate, seats: Vec::new(), epochs: Vec::new(), head: own };
    let at = Where::Certificate(chain.hash.clone());
    let begins =
        centre.in_force().map_or(chain.certificate.not_before, |before| before.certificate.not_before);
    if chain.certificate.not_before < begins {
        return Err(Violation::Chain(at, "it begins before the one that it follows").into());
    }
    if founding.len() < 2 {
        return Err(Violation::Chain(at, "it has fewer than two founding members").into());
    }
    let shared = |shared| Violation::SharedKey(at.clone(), shared);
    for offered in &chain.certificate.channels {
        keys.take(Owner::Paper(offered.channel), &offered.paper_recipient).map_err(shared)?;
    }
    for member in founding {
        chain.seat(keys, member, 0, &at)?;
    }
    let question = "SELECT seq, hash, document FROM statement WHERE certificate_hash = $1 ORDER BY seq";
    let mut last_at = chain.certificate.not_before;
    for (expected, row) in (1_u32..).zip(ask(data, question, [chain.hash.as_str().into()]).await?) {
        let (seq, stored) = (number(&row, "seq")?, text(&row, "hash")?);
        let at = Where::Statement(chain.hash.clone(), seq);
        let document = SignedDocument::parse(text(&row, "document")?.as_bytes());
        let document = document.map_err(|_| Violation::Altered(at.clone()))?;
        let stated: Statement =
            serde_json::from_slice(&document.payload.0).map_err(|_| Violation::Altered(at.clone()))?;
        if document.hash().to_string() != stored {
            return Err(Violation::Altered(at).into());
        }
        let is_next = seq == i64::from(expected)
            && stated.seq == expected
            && stated.prev == chain.head
            && stated.certificate == own
            && stated.centre == chain.certificate.centre;
        if !is_next {
            return Err(Violation::Chain(at, "it is not the next one").into());
        }
        if stated.at < last_at || stated.at > chain.certificate.not_after {
            return Err(Violation::Chain(at, "its time goes back or lies after the certificate's end").into());
        }
        last_at = stated.at;
        chain.take(centre, keys, &document, stated, &at)?;
        chain.head = document.hash();
        seen.statements += 1;
    }
    Ok(chain)
}

impl Chain {
    /// Seats a member whom nothing forbids the channels that the document names, and whose key is hers.
    fn seat(&mut self, keys: &mut Keys, member: Member, from: u32, at: &Where) -> Result<(), Violation> {
        let is_there = |seat: &Seat| {
            let (one, other) = (&seat.member, &member);
            seat.until.is_none()
                && (one.person == other.person
                    || one.signing_key == other.signing_key
                    || one.recipient == other.recipient
                    || one.name == other.name)
        };
        if self.seats.iter().any(is_there) {
            return Err(Violation::Chain(at.clone(), "somebody is a member twice"));
        }
        if member.channels.contains(&Channel::Safe) && forbid_safe(&self.certificate, Some(&member)) {
            return Err(Violation::BoundPerson(at.clone(), member.name));
        }
        let taken = keys.take(Owner::of(&member), &member.recipient);
        taken.map_err(|shared| Violation::SharedKey(at.clone(), shared))?;
        self.seats.push(Seat { member, from, until: None });
        Ok(())
    }

    /// Ends the epochs of these channels that go on.
    fn end(&mut self, ends: impl Fn(Channel) -> bool, seq: u32) {
        for epoch in self.epochs.iter_mut().filter(|epoch| epoch.ended.is_none() && ends(epoch.channel)) {
            epoch.ended = Some(seq);
        }
    }

    /// Whether a number follows the newest of its channel, over all chains. Where the first chain that is here follows another one, its first
    /// epochs may have any up to [`HIGHEST_FIRST`].
    fn is_next_number(&self, centre: &Centre, channel: Channel, number: u32) -> bool {
        let epochs = centre.chains.iter().flat_map(|chain| &chain.epochs).chain(&self.epochs);
        let newest = epochs.filter(|known| known.channel == channel).map(|known| known.number).max();
        let first = centre.chains.first().map_or(&self.certificate, |chain| &chain.certificate);
        newest.map_or_else(
            || number == 1 || ((2..=HIGHEST_FIRST).contains(&number) && first.previous_chain.is_some()),
            |newest| newest.checked_add(1) == Some(number),
        )
    }

    fn take(
        &mut self,
        centre: &Centre,
        keys: &mut Keys,
        document: &SignedDocument,
        stated: Statement,
        at: &Where,
    ) -> Result<(), Violation> {
        let broken = |reason| Violation::Chain(at.clone(), reason);
        let signers = document.signers(SignedType::Statement).map_err(|_| broken("a signature is wrong"))?;
        let signed: Vec<&Member> = signers.iter().filter_map(|key| self.is_seated(key)).collect();
        if signed.is_empty() || signed.len() != signers.len() {
            return Err(broken("somebody signed who was no member then"));
        }
        match stated.body {
            StatementBody::Join { member } => {
                let lets_in = |channel: &Channel| {
                    signed.iter().any(|signer| reads(&self.certificate, signer, *channel))
                };
                if signed.len() < 2 || !member.channels.iter().all(lets_in) {
                    return Err(broken(
                        "a newcomer needs two members, and for each channel one who reads it",
                    ));
                }
                self.seat(keys, member, stated.seq, at)
            }
            StatementBody::Leave { person } => {
                let mut seats = self.seats.iter_mut();
                let seat = seats.find(|seat| seat.until.is_none() && seat.member.person == person);
                let seat = seat.ok_or_else(|| broken("whoever leaves was no member"))?;
                seat.until = Some(stated.seq);
                let member = seat.member.clone();
                let read: Vec<Channel> = [Channel::Safe, Channel::General]
                    .into_iter()
                    .filter(|channel| reads(&self.certificate, &member, *channel))
                    .collect();
                self.end(|channel| read.contains(&channel), stated.seq);
                Ok(())
            }
            StatementBody::Epoch { channel, number, recipient, not_before, not_after } => {
                if !signed.iter().all(|signer| reads(&self.certificate, signer, channel)) {
                    return Err(broken("somebody signed an epoch of a channel that she may not read"));
                }
                let lasts = not_after.duration_since(stated.at).as_secs();
                if lasts < EPOCH_SECONDS || days_between(not_before, not_after) > EPOCH_DAYS {
                    return Err(broken("the epoch lasts longer than 35 days, or no whole day from then on"));
                }
                if not_before > stated.at || !self.is_next_number(centre, channel, number) {
                    return Err(broken(
                        "the epoch begins later than it was stated, or its number is not the next",
                    ));
                }
                let taken = keys.take(Owner::Epoch(channel, number), &recipient);
                taken.map_err(|shared| Violation::SharedKey(at.clone(), shared))?;
                self.end(|ended| ended == channel, stated.seq);
                self.epochs.push(Epoch {
                    channel,
                    number,
                    recipient,
                    not_before,
                    not_after,
                    seq: stated.seq,
                    ended: None,
                });
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::duties::tests::of;
    use envelope::duty::Duty;

    /// One member signs an epoch: a number that leaves none for those that follow would close the channel.
    #[test]
    fn after_a_cut_the_first_number_leaves_enough_for_those_that_follow() {
        let (certificate, _) = of(Duty::None, Duty::None, false, false);
        let head = Hash::of(b"head");
        let mut chain =
            Chain { hash: String::new(), certificate, seats: Vec::new(), epochs: Vec::new(), head };
        let centre = Centre { chains: Vec::new() };
        for (number, is_next, after_cut) in [
            (0, false, false),
            (1, true, true),
            (2, false, true),
            (HIGHEST_FIRST, false, true),
            (HIGHEST_FIRST + 1, false, false),
            (u32::MAX, false, false),
        ] {
            chain.certificate.previous_chain = None;
            assert_eq!(chain.is_next_number(&centre, Channel::Safe, number), is_next, "{number}");
            chain.certificate.previous_chain = Some(head);
            assert_eq!(
                chain.is_next_number(&centre, Channel::Safe, number),
                after_cut,
                "{number} after a cut"
            );
        }
    }

    /// An epoch from statement 2 to statement 5.
    #[test]
    fn an_author_sat_there_while_the_epoch_went_on() {
        let (certificate, member) = of(Duty::None, Duty::None, false, false);
        let (key, recipient) = (member.signing_key, member.recipient.clone());
        let mut chain = Chain {
            hash: String::new(),
            certificate,
            seats: vec![Seat { member, from: 0, until: None }],
            epochs: Vec::new(),
            head: Hash::of(b"head"),
        };
        let mut epoch = Epoch {
            channel: Channel::Safe,
            number: 1,
            recipient,
            not_before: Timestamp::UNIX_EPOCH,
            not_after: Timestamp::UNIX_EPOCH,
            seq: 2,
            ended: Some(5),
        };
        for (from, until, is_author) in [
            (0, None, true),
            (0, Some(1), false),
            (0, Some(3), true),
            (0, Some(5), true),
            (4, None, true),
            (5, None, false),
            (7, None, false),
            (7, Some(8), false),
        ] {
            (chain.seats[0].from, chain.seats[0].until) = (from, until);
            assert_eq!(chain.is_author(&epoch, &key), is_author, "from {from} until {until:?}");
        }
        // One that nothing ended takes in who joins.
        epoch.ended = None;
        (chain.seats[0].from, chain.seats[0].until) = (7, None);
        assert!(chain.is_author(&epoch, &key));
    }
}
