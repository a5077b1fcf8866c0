//! Epochs, the tables of gate 3, and the wraps: for whom the private half of each epoch is sealed (protocol sections 3, 4 and 8).

use std::collections::{BTreeMap, BTreeSet};

use envelope::duty::Channel;
use envelope::sealed_file;
use envelope::sizes::WRAP_LENGTH;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::duties::{forbid_safe, reads};
use super::papers::{Centre, Chain, Epoch, Papers};
use super::rows::{ask, bytes, id, number, text};
use super::{Source, Unverified, Verified, Violation, Where};

/// In the place of a person.
const PAPER: &str = "paper";

/// For whom each epoch is sealed: by certificate, channel and number.
pub(super) type Sealed = BTreeMap<(String, Channel, u32), BTreeSet<String>>;

/// Checks everything about epochs. `None` without wraps.
pub(super) async fn check<C: ConnectionTrait>(
    source: Source<'_, C>,
    papers: &Papers,
    seen: &mut Verified,
) -> Result<Option<Sealed>, Unverified> {
    check_stated(source.data, papers).await?;
    check_epochs(source.data, papers, seen).await?;
    match source.wraps {
        Some(wraps) => Ok(Some(check_wraps(wraps, papers, seen).await?)),
        None => Ok(None),
    }
}

/// The centre and the chain of a certificate.
fn chain_of<'a>(papers: &'a Papers, hash: &str) -> Option<(Uuid, &'a Centre, &'a Chain)> {
    papers.iter().find_map(|(id, centre)| {
        let chain = centre.chains.iter().find(|chain| chain.hash == hash)?;
        Some((*id, centre, chain))
    })
}

/// What the tables say of duties is what was signed: constraints over a lie would hold nothing.
async fn check_stated(data: &impl ConnectionTrait, papers: &Papers) -> Result<(), Unverified> {
    let question = "SELECT certificate_hash, channel, on_status, opinion FROM certified_channel \
        ORDER BY certificate_hash, channel";
    for row in ask(data, question, []).await? {
        let (hash, channel) = (text(&row, "certificate_hash")?, text(&row, "channel")?);
        let stated = (text(&row, "on_status")?, row.try_get::<bool>("", "opinion")?);
        let is_true = chain_of(papers, &hash).is_some_and(|(_, _, chain)| {
            let certificate = &chain.certificate;
            let signed = (certificate.duty.on_status.name().to_owned(), certificate.local_opinion.is_some());
            certificate.channels.iter().any(|offered| offered.channel.name() == channel) && stated == signed
        });
        if !is_true {
            let at = Where::Channel(hash, channel);
            return Err(Violation::StatedDuty(at, "the organisation's".to_owned()).into());
        }
    }
    let question = "SELECT certificate_hash, channel, reader, on_status, named FROM channel_reader \
        ORDER BY certificate_hash, channel, reader";
    for row in ask(data, question, []).await? {
        let (hash, channel, reader) =
            (text(&row, "certificate_hash")?, text(&row, "channel")?, text(&row, "reader")?);
        let (on_status, named) = (text(&row, "on_status")?, row.try_get::<bool>("", "named")?);
        let is_true = chain_of(papers, &hash).is_some_and(|(_, _, chain)| {
            let certificate = &chain.certificate;
            if reader == PAPER {
                return on_status == certificate.duty.on_status.name();
            }
            chain.seats.iter().map(|seat| &seat.member).any(|member| {
                member.person.uuid().to_string() == reader
                    && member.channels.iter().any(|of_member| of_member.name() == channel)
                    && member.duty.on_status.name() == on_status
                    && (!named || certificate.named_persons.contains(&member.name))
            })
        });
        if !is_true {
            return Err(Violation::StatedDuty(Where::Channel(hash, channel), name_of(papers, &reader)).into());
        }
    }
    Ok(())
}

/// Every stored epoch is one that a statement made, at its own centre.
async fn check_epochs(
    data: &impl ConnectionTrait,
    papers: &Papers,
    seen: &mut Verified,
) -> Result<(), Unverified> {
    let question = "SELECT certificate_hash, centre_id, channel, number, recipient, not_before, not_after FROM epoch \
        ORDER BY certificate_hash, channel, number";
    for row in ask(data, question, []).await? {
        let (hash, channel, at_number) =
            (text(&row, "certificate_hash")?, text(&row, "channel")?, number(&row, "number")?);
        let centre = id(&row, "centre_id")?;
        let (recipient, from, to) =
            (text(&row, "recipient")?, number(&row, "not_before")?, number(&row, "not_after")?);
        let is_true = chain_of(papers, &hash).is_some_and(|(of, _, chain)| {
            of == centre
                && chain.epochs.iter().any(|epoch| {
                    is_of(epoch, &channel, at_number)
                        && epoch.recipient.to_string() == recipient
                        && (epoch.not_before.as_second(), epoch.not_after.as_second()) == (from, to)
                })
        });
        if !is_true {
            return Err(Violation::Epoch(Where::Epoch(hash, channel, at_number)).into());
        }
        seen.epochs += 1;
    }
    Ok(())
}

async fn check_wraps(
    wraps: &impl ConnectionTrait,
    papers: &Papers,
    seen: &mut Verified,
) -> Result<Sealed, Unverified> {
    let mut sealed = Sealed::new();
    let question = "SELECT certificate_hash, channel, number, sealed_to, wrap FROM epoch_wrap \
        ORDER BY certificate_hash, channel, number, sealed_to";
    for row in ask(wraps, question, []).await? {
        let (hash, channel, at_number) =
            (text(&row, "certificate_hash")?, text(&row, "channel")?, number(&row, "number")?);
        let (to, wrap) = (text(&row, "sealed_to")?, bytes(&row, "wrap")?);
        let at = Where::Epoch(hash.clone(), channel.clone(), at_number);
        let found = chain_of(papers, &hash).and_then(|(_, centre, chain)| {
            let epoch = chain.epochs.iter().find(|epoch| is_of(epoch, &channel, at_number))?;
            Some((centre, chain, epoch))
        });
        let Some((centre, chain, epoch)) = found else { return Err(Violation::Epoch(at).into()) };
        if let Some(reason) = why_not(centre, chain, epoch, &to) {
            return Err(Violation::Sealed(at, name_of(papers, &to), reason).into());
        }
        if wrap.len() != WRAP_LENGTH || sealed_file::check_suite(&wrap).is_err() {
            return Err(Violation::Wrap(at, name_of(papers, &to)).into());
        }
        sealed.entry((hash, epoch.channel, epoch.number)).or_default().insert(to);
        seen.epoch_wraps += 1;
    }
    Ok(sealed)
}

/// Why an epoch may not be sealed to somebody; `None` when it may.
fn why_not(centre: &Centre, chain: &Chain, epoch: &Epoch, to: &str) -> Option<&'static str> {
    if to == PAPER {
        let is_bound = epoch.channel == Channel::Safe && forbid_safe(&chain.certificate, None);
        return is_bound.then_some("the paper of an organisation whose duty does not allow the safe channel");
    }
    let is_person = |seat: &&super::papers::Seat| seat.member.person.uuid().to_string() == to;
    let seats: Vec<_> = chain.seats.iter().filter(is_person).collect();
    let Some(in_force) = centre.in_force() else { return Some("of a centre without a certificate") };
    if in_force.hash != chain.hash {
        let now: Vec<_> = in_force.seats.iter().filter(is_person).map(|seat| &seat.member).collect();
        let is_offered = in_force.certificate.channels.iter().any(|offered| offered.channel == epoch.channel);
        let may_keep = now.iter().any(|member| {
            if is_offered {
                reads(&in_force.certificate, member, epoch.channel)
            } else {
                epoch.channel == Channel::General || !forbid_safe(&in_force.certificate, Some(member))
            }
        });
        if !may_keep {
            return Some("whom the certificate in force does not let read that channel");
        }
    }
    if seats.is_empty() {
        return Some("who is no member");
    }
    if !seats.iter().any(|seat| reads(&chain.certificate, &seat.member, epoch.channel)) {
        let is_bound = epoch.channel == Channel::Safe
            && seats.iter().any(|seat| forbid_safe(&chain.certificate, Some(&seat.member)));
        return Some(if is_bound {
            "whose duty to report residence status does not allow the safe channel"
        } else {
            "who may not read that channel"
        });
    }
    let had_left = |seat: &&super::papers::Seat| seat.until.is_some_and(|left| left < epoch.seq);
    seats.iter().all(had_left).then_some("who had left before the epoch began")
}

fn is_of(epoch: &Epoch, channel: &str, number: i64) -> bool {
    epoch.channel.name() == channel && i64::from(epoch.number) == number
}

/// A person by name, as any signed paper says it.
fn name_of(papers: &Papers, reader: &str) -> String {
    if reader == PAPER {
        return "the paper identity".to_owned();
    }
    let mut seats = papers.values().flat_map(|centre| &centre.chains).flat_map(|chain| &chain.seats);
    let found = seats.find(|seat| seat.member.person.uuid().to_string() == reader);
    found.map_or_else(|| format!("somebody unknown ({reader})"), |seat| seat.member.name.clone())
}
