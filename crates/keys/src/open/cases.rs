//! A case as the paper identity opens it: every place of both chains, opened, closed with its reason, or missing; and what the chain as a whole says.

use std::collections::BTreeMap;

use envelope::frame::{Frame, FrameParts, Wrap, WrapKind};
use envelope::header::Chain;
use keyring::conversation::{self, Footing, Rotated};
use keyring::item::OpenedItem;

use super::backup::Backup;
use super::rows::{CaseRow, ItemRow, Rows};
use super::trust::Trust;
use crate::failure::Failure;

/// A server's count of items is believed up to here: a damaged number must not become a million sentences.
const MOST_MISSING: u32 = 10_000;

/// The cases that are opened, and those that are not.
pub(super) struct Cases {
    /// By week and id.
    pub(super) rows: Vec<CaseRow>,
    /// Cases that whoever wrote has withdrawn: they wait for their end (protocol section 7.4).
    pub(super) withdrawn: usize,
    /// Cases that a list names as shredded, or whose shredding had begun.
    pub(super) shredded: usize,
    /// What is told of the reading.
    pub(super) findings: Vec<String>,
}

/// One place of a chain.
pub(super) enum Place {
    /// Opened and verified.
    Opened {
        /// The week in which it came.
        week: String,
        /// The item, boxed because it is large.
        item: Box<OpenedItem>,
        /// How it stands between her and the centre; none for notes, and where no report opens the case.
        footing: Option<Footing>,
    },
    /// There, and not opened.
    Closed {
        /// The week in which it came.
        week: String,
        /// Why.
        why: String,
    },
    /// Not there.
    Missing,
}

/// A case.
pub(super) struct OpenedCase {
    pub(super) row: CaseRow,
    /// The conversation by place.
    pub(super) conversation: BTreeMap<u32, Place>,
    /// The centre's notes by place.
    pub(super) notes: BTreeMap<u32, Place>,
    /// Changes of her code.
    pub(super) rotations: Vec<Rotated>,
    /// The safe word that she chose.
    pub(super) chosen_word: Option<String>,
    /// What is not as it should be.
    pub(super) findings: Vec<String>,
}

/// The cases of the centre and channel of the paper identity, without those that are withdrawn or shredded.
///
/// # Errors
/// [`Failure::Format`] when none can be read because the file is damaged.
pub(super) fn list(data: &Rows, trust: &Trust, backup: &Backup) -> Result<Cases, Failure> {
    let listed = data.cases(trust.centre, trust.channel);
    if let (true, Some(why)) = (listed.rows.is_empty(), &listed.cut) {
        return Err(Failure::Format(backup.data.clone(), why.clone()));
    }
    let mut cases = Cases { rows: Vec::new(), withdrawn: 0, shredded: 0, findings: listed.findings("cases") };
    for row in listed.rows {
        if row.is_being_shredded || backup.is_shredded(row.case) {
            cases.shredded += 1;
        } else if row.state == "withdrawn" {
            cases.withdrawn += 1;
        } else {
            cases.rows.push(row);
        }
    }
    Ok(cases)
}

/// Opens a case. What does not open is told in it.
pub(super) fn open(data: &Rows, wraps: &Rows, trust: &Trust, row: &CaseRow) -> OpenedCase {
    let items = data.items(row.case);
    let mut findings = items.findings("items");
    let (mut conversation, mut notes) = (BTreeMap::new(), BTreeMap::new());
    for item in &items.rows {
        let place = match read(wraps, trust, row, item) {
            Ok(opened) => Place::Opened { week: item.week.clone(), item: Box::new(opened), footing: None },
            Err(why) => {
                findings.push(format!("{} of the {} is not opened: {why}", item.seq, named(&item.chain)));
                Place::Closed { week: item.week.clone(), why }
            }
        };
        let chain = if item.chain == "notes" { &mut notes } else { &mut conversation };
        chain.insert(item.seq, place);
    }
    add_missing(&mut conversation, row.conversation_items, "conversation", &mut findings);
    add_missing(&mut notes, row.notes_items, "notes", &mut findings);
    let mut case = OpenedCase {
        row: row.clone(),
        conversation,
        notes,
        rotations: Vec::new(),
        chosen_word: None,
        findings,
    };
    judge(&mut case);
    case
}

/// Puts a frame together and opens it, at the place where it lies and nowhere else.
fn read(wraps: &Rows, trust: &Trust, row: &CaseRow, item: &ItemRow) -> Result<OpenedItem, String> {
    let stored = wraps.wraps(item.item);
    if stored.rows.is_empty() {
        return Err("what opens it is not in the backup".to_owned());
    }
    let altered = || "it does not have the form of an item: it was altered".to_owned();
    let sealed =
        stored.rows.into_iter().map(|(kind, sealed)| Some(Wrap { kind: WrapKind::of_byte(kind)?, sealed }));
    let parts = FrameParts {
        clear: item.clear.clone(),
        wraps: sealed.collect::<Option<_>>().ok_or_else(altered)?,
        body: item.body.clone(),
        signature: item.signature.as_slice().try_into().map_err(|_| altered())?,
    };
    let frame = Frame::from_parts(parts).map_err(|_| altered())?;
    let clear = frame.clear();
    let chain = if item.chain == "notes" { Chain::Notes } else { Chain::Conversation };
    let is_in_place =
        clear.case == row.case && clear.item == item.item && clear.chain == chain && clear.seq == item.seq;
    if !is_in_place {
        return Err("it was put in another place than its author named".to_owned());
    }
    trust.open_item(&frame)
}

fn add_missing(chain: &mut BTreeMap<u32, Place>, count: u32, name: &str, findings: &mut Vec<String>) {
    for seq in 1..=count.min(MOST_MISSING) {
        chain.entry(seq).or_insert_with(|| {
            findings.push(format!("{seq} of the {name} is missing from the backup"));
            Place::Missing
        });
    }
}

/// What the chain says as a whole: order, a tail that was cut off, whose words they are.
fn judge(case: &mut OpenedCase) {
    let (conversation, notes) = (opened(&case.conversation), opened(&case.notes));
    let is_whole = conversation.len() == case.conversation.len() && notes.len() == case.notes.len();
    case.findings.extend(broken_links(&case.conversation, "conversation"));
    case.findings.extend(broken_links(&case.notes, "notes"));
    let last = case.conversation.keys().last().copied().unwrap_or_default();
    let all: Vec<OpenedItem> = conversation.iter().chain(&notes).cloned().collect();
    let seen = conversation::highest_seen(&all);
    if seen > last {
        case.findings.push(format!(
            "the conversation ends at {last}, but somebody has seen its number {seen}: its end was cut off"
        ));
    }
    let starts_with_report =
        case.conversation.first_key_value().is_some_and(|(seq, place)| *seq == 1 && place.item().is_some());
    if starts_with_report {
        let footings = conversation::footings(&conversation, &notes);
        let places = case.conversation.values_mut().filter(|place| place.item().is_some());
        for (place, judged) in places.zip(footings) {
            if let Place::Opened { footing, .. } = place {
                *footing = Some(judged);
            }
        }
        case.rotations = conversation::rotations(&conversation, &notes);
        case.chosen_word = conversation::chosen_word(&conversation);
    }
    // The rules for whole chains, once more and as the console asks them.
    if is_whole && case.findings.is_empty() {
        let verdict = conversation::check_conversation(&conversation, &notes);
        let verdict = verdict.and_then(|()| match conversation.first() {
            Some(report) => conversation::check_notes(&notes, report),
            None => Ok(()),
        });
        if let Err(refusal) = verdict {
            case.findings
                .push(format!("the chain as a whole does not hold ({refusal}): see the marks at its items"));
        }
    }
}

/// Neighbours that are both opened and do not name each other.
fn broken_links(chain: &BTreeMap<u32, Place>, name: &str) -> Vec<String> {
    let mut broken = Vec::new();
    for ((before_seq, before), (seq, item)) in chain.iter().zip(chain.iter().skip(1)) {
        let (Some(before), Some(item)) = (before.item(), item.item()) else { continue };
        if before_seq.checked_add(1) == Some(*seq) && item.header().prev != Some(before.body_hash()) {
            broken.push(format!(
                "{seq} of the {name} does not follow on {before_seq}: one of them was exchanged"
            ));
        }
    }
    broken
}

fn opened(chain: &BTreeMap<u32, Place>) -> Vec<OpenedItem> {
    chain.values().filter_map(Place::item).cloned().collect()
}

fn named(chain: &str) -> &'static str {
    if chain == "notes" { "notes" } else { "conversation" }
}

impl Place {
    /// The item, where it was opened.
    pub(super) fn item(&self) -> Option<&OpenedItem> {
        match self {
            Self::Opened { item, .. } => Some(item),
            Self::Closed { .. } | Self::Missing => None,
        }
    }
}
