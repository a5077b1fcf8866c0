//! Reports, their items and what is left of those that were shredded (protocol sections 2, 4, 7 and 9).

use std::collections::{BTreeMap, BTreeSet};

use envelope::duty::Channel;
use envelope::encoding::Hash;
use envelope::frame::{Frame, FrameParts, Wrap, WrapKind};
use envelope::header::{ClearHeader, Role};
use envelope::ids::CentreId;
use envelope::signature::PublicKey;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::papers::Papers;
use super::rows::{ask, bytes, id, number, text};
use super::seals::Sealed;
use super::{Source, Unverified, Verified, Violation, Where};

/// Reports that are read at once.
const PAGE: u64 = 200;

/// A report as its row says it.
struct Report {
    id: Uuid,
    centre: Uuid,
    channel: Channel,
    epoch: u32,
    second: Option<(Uuid, u32)>,
    mailbox: Vec<u8>,
    items: [(&'static str, i64); 2],
}

/// An item as its row says it.
struct Item {
    id: Uuid,
    chain: String,
    seq: i64,
    kind: String,
    length: i64,
    body_hash: Vec<u8>,
    frame_hash: Vec<u8>,
    parts: FrameParts,
}

/// What is being or was shredded.
struct Gone {
    hashes: BTreeSet<Vec<u8>>,
    decided: BTreeSet<Uuid>,
}

/// Checks every case.
pub(super) async fn check<C: ConnectionTrait>(
    source: Source<'_, C>,
    papers: &Papers,
    sealed: Option<&Sealed>,
    seen: &mut Verified,
) -> Result<(), Unverified> {
    let gone = read_gone(source.data, seen).await?;
    let mut after = Uuid::nil();
    loop {
        let question = format!(
            "SELECT id, centre_id, channel, epoch, second_centre_id, second_epoch, mailbox, conversation_items, notes_items \
             FROM report WHERE id > $1 ORDER BY id LIMIT {PAGE}"
        );
        let rows = ask(source.data, &question, [after.into()]).await?;
        let Some(last) = rows.last() else { break };
        after = id(last, "id")?;
        for row in &rows {
            let case = id(row, "id")?;
            let report = read_report(row, case)?.ok_or(Violation::NoEpoch(Where::Case(case)))?;
            check_report(source, papers, sealed, &gone, &report, seen).await?;
            seen.reports += 1;
        }
    }
    check_files(source.data, &gone).await
}

async fn read_gone(data: &impl ConnectionTrait, seen: &mut Verified) -> Result<Gone, Unverified> {
    let hashes = ask(data, "SELECT case_hash FROM shredded", []).await?;
    let decided = ask(data, "SELECT case_id FROM shredding", []).await?;
    let gone = Gone {
        hashes: hashes.iter().map(|row| bytes(row, "case_hash")).collect::<Result<_, _>>()?,
        decided: decided.iter().map(|row| id(row, "case_id")).collect::<Result<_, _>>()?,
    };
    seen.shredded = u64::try_from(gone.hashes.len()).unwrap_or(u64::MAX);
    Ok(gone)
}

impl Gone {
    fn has(&self, case: Uuid) -> bool {
        self.hashes.contains(Hash::of(case.as_bytes()).as_bytes().as_slice())
    }
}

/// `None` for a channel or a number that nothing can have.
fn read_report(row: &sea_orm::QueryResult, case: Uuid) -> Result<Option<Report>, sea_orm::DbErr> {
    let second: Option<Uuid> = row.try_get("", "second_centre_id")?;
    let second_epoch: Option<i64> = row.try_get("", "second_epoch")?;
    let narrow = |number: i64| u32::try_from(number).ok();
    let (Ok(channel), Some(epoch)) = (text(row, "channel")?.parse(), narrow(number(row, "epoch")?)) else {
        return Ok(None);
    };
    let second = match (second, second_epoch.map(narrow)) {
        (None, None) => None,
        (Some(centre), Some(Some(epoch))) => Some((centre, epoch)),
        _ => return Ok(None),
    };
    Ok(Some(Report {
        id: case,
        centre: id(row, "centre_id")?,
        channel,
        epoch,
        second,
        mailbox: bytes(row, "mailbox")?,
        items: [("conversation", number(row, "conversation_items")?), ("notes", number(row, "notes_items")?)],
    }))
}

async fn check_report<C: ConnectionTrait>(
    source: Source<'_, C>,
    papers: &Papers,
    sealed: Option<&Sealed>,
    gone: &Gone,
    report: &Report,
    seen: &mut Verified,
) -> Result<(), Unverified> {
    let at = || Where::Case(report.id);
    let is_decided = gone.decided.contains(&report.id);
    if gone.has(report.id) && !is_decided {
        return Err(Violation::Shredded(at(), "its row").into());
    }
    for (centre, epoch) in [(report.centre, report.epoch)].into_iter().chain(report.second) {
        if papers.get(&centre).and_then(|centre| centre.epoch(report.channel, epoch)).is_none() {
            return Err(Violation::NoEpoch(at()).into());
        }
    }
    let question = "SELECT mailbox FROM mailbox_tombstone WHERE mailbox = $1";
    if !ask(source.data, question, [report.mailbox.clone().into()]).await?.is_empty() {
        return Err(Violation::MailboxTombstone(at()).into());
    }
    let items = list_items(source, report.id).await?;
    if gone.has(report.id) && items.iter().any(|item| !item.parts.wraps.is_empty()) {
        return Err(Violation::Shredded(at(), "a wrap of it").into());
    }
    for (chain, expected) in report.items {
        let places = items.iter().filter(|item| item.chain == chain).map(|item| item.seq);
        if !is_decided && !places.eq(1..=expected) {
            return Err(Violation::Gap(at(), chain).into());
        }
    }
    let mut codes: Vec<PublicKey> = Vec::new();
    for item in &items {
        let at = Where::Item(report.id, item.chain.clone(), item.seq);
        if source.wraps.is_none() {
            seen.unverified += 1;
            continue;
        }
        if is_decided && item.parts.wraps.is_empty() {
            seen.without_wraps += 1;
            continue;
        }
        let frame = check_frame(report, item, &at)?;
        check_author(papers, frame.clear(), &mut codes, &at)?;
        if let Some(sealed) = sealed {
            check_openable(papers, sealed, report, frame.clear(), &at, seen)?;
        }
        seen.items += 1;
    }
    let leads = |key: &PublicKey| Hash::of(key.as_bytes()).as_bytes().as_slice() == report.mailbox;
    if !codes.is_empty() && !codes.iter().any(leads) {
        return Err(Violation::Mailbox(at()).into());
    }
    Ok(())
}

/// The items of a case, the conversation before the notes, each with its wraps.
async fn list_items<C: ConnectionTrait>(source: Source<'_, C>, case: Uuid) -> Result<Vec<Item>, Unverified> {
    let question = "SELECT id, chain, seq, kind, CAST(length AS BIGINT) AS length, clear, body, body_hash, signature, frame_hash \
        FROM report_item WHERE case_id = $1 ORDER BY chain, seq";
    let rows = ask(source.data, question, [case.into()]).await?;
    let ids = rows.iter().map(|row| id(row, "id")).collect::<Result<Vec<_>, _>>()?;
    let mut wraps: BTreeMap<Uuid, Vec<Wrap>> = BTreeMap::new();
    if let (Some(kept), false) = (source.wraps, ids.is_empty()) {
        let places: Vec<String> = (1..=ids.len()).map(|place| format!("${place}")).collect();
        let question = format!(
            "SELECT item_id, CAST(kind AS BIGINT) AS kind, wrap FROM report_wrap WHERE item_id IN ({}) ORDER BY item_id, position",
            places.join(", ")
        );
        for row in ask(kept, &question, ids.into_iter().map(Into::into)).await? {
            // A kind that nothing has makes a frame that nobody signed.
            let kind = u8::try_from(number(&row, "kind")?).ok().and_then(WrapKind::of_byte);
            let kind = kind.unwrap_or(WrapKind::Second);
            wraps.entry(id(&row, "item_id")?).or_default().push(Wrap { kind, sealed: bytes(&row, "wrap")? });
        }
    }
    let item = |row: &sea_orm::QueryResult| -> Result<Item, Unverified> {
        let own = id(row, "id")?;
        let (chain, seq) = (text(row, "chain")?, number(row, "seq")?);
        let signature = bytes(row, "signature")?.try_into();
        Ok(Item {
            id: own,
            kind: text(row, "kind")?,
            length: number(row, "length")?,
            body_hash: bytes(row, "body_hash")?,
            frame_hash: bytes(row, "frame_hash")?,
            parts: FrameParts {
                clear: bytes(row, "clear")?,
                wraps: wraps.remove(&own).unwrap_or_default(),
                body: bytes(row, "body")?,
                signature: signature.map_err(|_| Violation::Frame(Where::Item(case, chain.clone(), seq)))?,
            },
            chain,
            seq,
        })
    };
    rows.iter().map(item).collect()
}

/// The frame of an item that is what its author signed, in the place that it names.
fn check_frame(report: &Report, item: &Item, at: &Where) -> Result<Frame, Violation> {
    let altered = || Violation::Frame(at.clone());
    let frame = Frame::from_parts(item.parts.clone()).map_err(|_| altered())?;
    let whole = frame.to_bytes();
    let is_whole = frame.body_hash().as_bytes().as_slice() == item.body_hash
        && Hash::of(&whole).as_bytes().as_slice() == item.frame_hash
        && i64::try_from(whole.len()).ok() == Some(item.length)
        && frame.verify_signature().is_ok();
    if !is_whole {
        return Err(altered());
    }
    let clear = frame.clear();
    let misplaced = |reason| Err(Violation::Misplaced(at.clone(), reason));
    let names = (clear.item.uuid(), clear.case.uuid(), clear.kind.name(), i64::from(clear.seq));
    let is_conversation = item.chain == "conversation";
    if names != (item.id, report.id, item.kind.as_str(), item.seq)
        || is_conversation != (clear.kind.chain() == envelope::header::Chain::Conversation)
    {
        return misplaced("it names another case, item, kind or place");
    }
    if clear.channel != report.channel {
        return misplaced("it was sealed for the other channel");
    }
    let of = |centre: CentreId| centre.uuid();
    let places: Vec<Uuid> =
        [Some(report.centre), report.second.map(|(second, _)| second)].into_iter().flatten().collect();
    let is_first = is_conversation && item.seq == 1;
    let seconds = clear.second.map(|second| of(second.centre));
    if !places.contains(&of(clear.centre)) || seconds.is_some_and(|second| !places.contains(&second)) {
        return misplaced("it was sealed for another centre");
    }
    let epochs: BTreeSet<(Uuid, u32)> = [(of(clear.centre), clear.epoch)]
        .into_iter()
        .chain(clear.second.map(|second| (of(second.centre), second.epoch)))
        .collect();
    let stored: BTreeSet<(Uuid, u32)> =
        [(report.centre, report.epoch)].into_iter().chain(report.second).collect();
    if is_first && epochs != stored {
        return misplaced("the report's row names other epochs than the report");
    }
    Ok(frame)
}

/// Her items are by a code of the case, the centre's by somebody who read the channel while that epoch went on.
fn check_author(
    papers: &Papers,
    clear: &ClearHeader,
    codes: &mut Vec<PublicKey>,
    at: &Where,
) -> Result<(), Violation> {
    let refused = |reason| Err(Violation::Author(at.clone(), reason));
    let found = papers.get(&clear.centre.uuid()).and_then(|centre| centre.epoch(clear.channel, clear.epoch));
    let Some((chain, epoch)) = found else { return Err(Violation::NoEpoch(at.clone())) };
    if clear.kind.role() == Role::Operator {
        return if chain.is_author(epoch, &clear.author) {
            Ok(())
        } else {
            refused("no member who read that channel in that epoch")
        };
    }
    if codes.is_empty() {
        codes.push(clear.author);
    }
    if !codes.contains(&clear.author) {
        return refused("no code that the case had");
    }
    codes.extend(clear.next.as_ref().map(|next| next.signing_key));
    Ok(())
}

/// Somebody who works there and the paper identity can open what the centre holds (what of I6 exists).
fn check_openable(
    papers: &Papers,
    sealed: &Sealed,
    report: &Report,
    clear: &ClearHeader,
    at: &Where,
    seen: &mut Verified,
) -> Result<(), Violation> {
    let second = clear.second.filter(|second| second.centre.uuid() == report.centre);
    let number = match second {
        Some(second) => second.epoch,
        None if clear.centre.uuid() == report.centre => clear.epoch,
        None => return Err(Violation::Unopenable(at.clone(), "the centre that holds its case")),
    };
    let centre = papers.get(&report.centre);
    let found =
        centre.and_then(|centre| Some((centre, centre.in_force()?, centre.epoch(clear.channel, number)?)));
    let Some((centre, in_force, (chain, epoch))) = found else { return Err(Violation::NoEpoch(at.clone())) };
    let nobody = BTreeSet::new();
    let to = sealed.get(&(chain.hash.clone(), clear.channel, number)).unwrap_or(&nobody);
    if !to.contains("paper") {
        return Err(Violation::Unopenable(at.clone(), "the paper identity of its epoch"));
    }
    if !in_force.certificate.channels.iter().any(|offered| offered.channel == clear.channel) {
        seen.paper_alone += 1;
        return Ok(());
    }
    let mut readers = in_force.readers_now(clear.channel);
    if readers.any(|member| to.contains(&member.person.uuid().to_string())) {
        return Ok(());
    }
    if centre.has_reader_since(chain, epoch) {
        return Err(Violation::Unopenable(at.clone(), "anybody who reads its channel now"));
    }
    seen.readers_left += 1;
    Ok(())
}

/// No file is left of a case that was shredded.
async fn check_files(data: &impl ConnectionTrait, gone: &Gone) -> Result<(), Unverified> {
    for table in ["file", "mailbox_past", "report_keeping", "report_hold", "shred_proposal"] {
        let question = format!("SELECT DISTINCT case_id FROM {table} WHERE case_id IS NOT NULL");
        for row in ask(data, &question, []).await? {
            let case = id(&row, "case_id")?;
            if gone.has(case) && !gone.decided.contains(&case) {
                return Err(Violation::Shredded(Where::Case(case), "something about it").into());
            }
        }
    }
    Ok(())
}
