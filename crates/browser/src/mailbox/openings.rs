//! "Who opened my case" (protocol sections 9 and 12.11): the acts on the case, each proved or not, with the names of the verified chain.
//!
//! Nothing of what the server says is believed: the case is that of the answers that opened, commitment and leaf are computed here, and
//! an answer without an act that sent it shows that acts were left out.

use envelope::audit::act::ActKind;
use envelope::audit::openings::{Checked, Entry, OpeningsPage};
use envelope::header::ItemKind;
use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;

use super::{Conversation, Mailbox};
use crate::refusal::Refused;

/// What a page shows.
#[derive(Serialize)]
struct Openings<'a> {
    acts: Vec<ShownAct<'a>>,
    /// An act is not in the log, or the answers of the server contradict each other.
    altered: bool,
    /// Answers came that nobody is said to have sent, or that nobody is said to have opened the case for.
    missing: bool,
    /// The fingerprint of the newest checkpoint, to compare with what a partner centre kept.
    checkpoint: Option<String>,
}

#[derive(Serialize)]
struct ShownAct<'a> {
    kind: &'static str,
    /// Year and number of its ISO week: a calendar would be as heavy as all the rest of this.
    week: (u16, u8),
    /// Null for nobody, and for somebody whom the centre's statements do not name any more.
    who: Option<&'a str>,
    /// Null for another centre than the one that answered.
    centre: Option<&'a str>,
    /// Whether its week is not over, so that the log cannot prove it yet.
    waits: bool,
}

#[wasm_bindgen]
impl Mailbox {
    /// Takes the answer to the request for `page`, from 0; returns how many there are to fetch.
    ///
    /// # Errors
    /// `malformed`, also for filler; `unknown` before a verified answer.
    pub fn accept_openings(&mut self, answer: &[u8], page: u32) -> Result<u32, Refused> {
        self.answered().ok_or(Refused::UNKNOWN)?;
        if page == 0 {
            self.openings.clear();
        }
        let read = OpeningsPage::parse(answer).map_err(|_| Refused::MALFORMED)?;
        if read.page != page || usize::try_from(page) != Ok(self.openings.len()) {
            return Err(Refused::MALFORMED);
        }
        let pages = read.pages;
        self.openings.push(read);
        Ok(pages)
    }

    /// Checks everything that came; returns `{"acts", "altered", "missing", "checkpoint"}`.
    ///
    /// # Errors
    /// `unknown` before a verified answer.
    pub fn openings(&self) -> Result<String, Refused> {
        let known = self.answered().ok_or(Refused::UNKNOWN)?;
        let case = known.place.case.uuid();
        let checked: Vec<(&Entry, Checked)> =
            self.openings.iter().flat_map(|page| page.check(case)).collect();
        let first = self.openings.first();
        let is_one = self.openings.iter().all(|page| {
            first.is_some_and(|first| (first.acts, first.checkpoint) == (page.acts, page.checkpoint))
        });
        let is_whole = first.is_some_and(|first| usize::try_from(first.acts) == Ok(checked.len()));
        let fails = checked
            .iter()
            .any(|(entry, checked)| *checked == Checked::Fails || entry.channel != known.place.channel);
        let openings = Openings {
            altered: fails || !is_one || !is_whole,
            missing: is_missing(known, &checked),
            checkpoint: first.and_then(|first| first.checkpoint).map(|newest| newest.hash().to_string()),
            acts: checked.into_iter().map(|(entry, checked)| shown(known, entry, checked)).collect(),
        };
        serde_json::to_string(&openings).map_err(|_| Refused::UNKNOWN)
    }
}

/// Whether there are answers in the mailbox that the acts do not account for.
fn is_missing(known: &Conversation, checked: &[(&Entry, Checked)]) -> bool {
    let acts = |kind: ActKind| checked.iter().filter(|(entry, _)| entry.kind == kind).count();
    let items = |kind: ItemKind| known.entries.iter().filter(|entry| entry.kind == kind).count();
    acts(ActKind::Answered) < items(ItemKind::Answer)
        || acts(ActKind::Acknowledged) < items(ItemKind::Acknowledgement)
        || acts(ActKind::Opened) + acts(ActKind::TakenOver) == 0
}

fn shown<'a>(known: &'a Conversation, entry: &Entry, checked: Checked) -> ShownAct<'a> {
    let members = known.centre.members();
    let is_here = entry.centre == known.place.centre.uuid();
    let who = members.iter().find(|member| is_here && Some(member.person.uuid()) == entry.actor);
    ShownAct {
        kind: entry.kind.word(),
        week: (entry.week.year(), entry.week.number()),
        who: who.map(|member| member.name.as_str()),
        centre: is_here.then(|| known.centre.certificate().organisation.as_str()),
        waits: checked == Checked::NotYet,
    }
}
