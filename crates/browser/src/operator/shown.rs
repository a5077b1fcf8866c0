//! What a page shows of a case, as it crosses the border (`web/src/console-items.ts` is the other side).

use envelope::content::{CallBack, Content, FileEntry};
use envelope::header::{Chain, ClearHeader, ItemKind, Undone};
use keyring::item::OpenedItem;
use keyring::safe_word::SafeWord;
use serde::Serialize;

use super::Desk;

/// A case.
#[derive(Default, Serialize)]
pub(super) struct Shown {
    pub(super) items: Vec<ShownItem>,
    /// Something was left out, moved, altered or is not for her who wrote.
    pub(super) incomplete: bool,
    /// What it is: each once.
    pub(super) problems: Vec<Problem>,
    pub(super) ends: ShownEnds,
    /// She named this centre as the second, and it holds the case now.
    pub(super) taken_over: bool,
}

/// What the chain does not bear out; a page has a sentence for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Problem {
    /// An item of another case, channel or centre.
    Foreign,
    /// An item again, or after a later one.
    Order,
    /// Numbers are missing in between.
    Gap,
    /// An item does not open though its key is here, or does not follow the one before it.
    Altered,
    /// Something of hers by a code that did not count at its place: another's, or a change of code is withheld.
    Key,
    /// An answer to somebody else.
    Stranger,
    /// An answer to a code of hers that did not count any more.
    Former,
    /// Somebody saw more than is here.
    Tail,
    /// The chain as a whole does not hold.
    Whole,
    /// A change of her code does not open here, so nobody can tell here where to answer.
    RotationUnread,
}

/// The highest numbers of both chains.
#[derive(Default, Serialize)]
pub(super) struct ShownEnds {
    pub(super) conversation: u32,
    pub(super) notes: u32,
}

/// Why an item has no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Unreadable {
    /// She holds no key of its epoch.
    NoKey,
    /// It does not pass the checks.
    Altered,
}

#[derive(Serialize)]
pub(super) struct ShownItem {
    chain: Chain,
    kind: &'static str,
    seq: u32,
    /// `null` when the item did not open or does not belong here.
    text: Option<String>,
    unreadable: Option<Unreadable>,
    safe_contact: Option<String>,
    reason: Option<String>,
    author: Option<String>,
    word: Option<&'static str>,
    call_back: Option<ShownCallBack>,
    undoes: Option<Undone>,
    files: Vec<FileEntry>,
}

#[derive(Serialize)]
struct ShownCallBack {
    number: String,
    language: String,
    /// Moments in milliseconds since 1970.
    windows: Vec<(i64, i64)>,
    if_somebody_else_answers: String,
}

impl Shown {
    /// Notes a problem.
    pub(super) fn note(&mut self, problem: Problem) {
        self.incomplete |= problem != Problem::RotationUnread;
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

impl ShownItem {
    /// An item without its text.
    pub(super) fn without_text(clear: &ClearHeader, why: Unreadable) -> Self {
        Self {
            chain: clear.chain,
            kind: clear.kind.name(),
            seq: clear.seq,
            text: None,
            unreadable: Some(why),
            safe_contact: None,
            reason: None,
            author: None,
            word: None,
            call_back: None,
            undoes: None,
            files: Vec::new(),
        }
    }

    /// An item that passed. `chosen` is the safe word of the report: none when the report itself did not open.
    #[expect(
        clippy::option_option,
        reason = "outside: whether the report opened; inside: whether a word was chosen in it"
    )]
    pub(super) fn of(item: &OpenedItem, desk: &Desk, chosen: Option<Option<&str>>) -> Self {
        let (text, reason, typed) = match item.content() {
            Content::Report(report) => (report.text.clone(), None, None),
            Content::Text(content) => (content.text.clone(), None, content.safe_word.as_deref()),
            Content::Rotation(rotation) => (String::new(), None, rotation.safe_word.as_deref()),
            Content::Closing(closing) => (closing.note.clone(), Some(closing.reason.clone()), None),
            Content::Undo(undo) => (undo.reason.clone(), None, None),
        };
        let is_asked_for_a_word = matches!(item.clear().kind, ItemKind::Message | ItemKind::Rotation);
        let word = chosen.filter(|_| is_asked_for_a_word);
        let (safe_contact, call_back) = match item.content() {
            Content::Report(report) => (report.safe_contact.clone(), report.call_back.as_ref()),
            _ => (None, None),
        };
        Self {
            text: Some(text),
            unreadable: None,
            safe_contact,
            reason,
            author: item.member().and_then(|person| desk.name_of(person)),
            word: word.map(|chosen| SafeWord::verdict(chosen, typed).code()),
            call_back: call_back.map(ShownCallBack::of),
            undoes: item.clear().undoes,
            files: item.content().files().to_vec(),
            ..Self::without_text(item.clear(), Unreadable::Altered)
        }
    }
}

impl ShownCallBack {
    fn of(call: &CallBack) -> Self {
        Self {
            number: call.number.clone(),
            language: call.language.as_str().to_owned(),
            windows: call
                .windows
                .iter()
                .map(|window| (window.from.as_millisecond(), window.to.as_millisecond()))
                .collect(),
            if_somebody_else_answers: call.if_somebody_else_answers.clone(),
        }
    }
}
