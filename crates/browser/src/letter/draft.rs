//! What a page gives to be sealed as a report: words, and what may go with them.

use envelope::content::{CallBack, FileEntry, LONGEST_SAFE_WORD};
use envelope::header::Language;
use envelope::ids::CentreId;
use keyring::item::ReportDraft;
use serde::Deserialize;

use crate::code::given;
use crate::refusal::Refused;

/// Digits of the shortest number that can be dialled: a local one without its area.
const FEWEST_DIGITS: usize = 5;

/// Everything typed into a form, as `web/src/letter.ts` writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Draft {
    /// What she tells; empty for a call.
    pub(super) text: String,
    /// A safe way to reach her; empty for none.
    safe_contact: String,
    /// Her one mark for "this cannot wait".
    urgent: bool,
    /// The language of the page, which is the one of the answer.
    language: Language,
    /// A word only she knows; empty for none.
    safe_word: String,
    /// The second centre she chose.
    pub(super) second: Option<CentreId>,
    /// How and when to phone, if she asks for it.
    call_back: Option<CallBack>,
    /// The files that were uploaded before.
    files: Vec<FileEntry>,
}

impl Draft {
    /// # Errors
    /// `malformed` when the page could not have made it.
    pub(super) fn parse(json: &str) -> Result<Self, Refused> {
        serde_json::from_str(json).map_err(|_| Refused::MALFORMED)
    }

    /// Whether there is something to send. A safe way to be reached is a report too ("please phone me on Monday"), and so is a file.
    ///
    /// # Errors
    /// `empty`, `number`, `windows`, `size`.
    pub(super) fn check(&self) -> Result<(), Refused> {
        if let Some(call) = &self.call_back {
            if call.number.chars().filter(|letter| letter.is_numeric()).count() < FEWEST_DIGITS {
                return Err(Refused::NUMBER);
            }
            if !call.is_consistent() {
                return Err(Refused::WINDOWS);
            }
            return Ok(());
        }
        if self.safe_word.chars().count() > LONGEST_SAFE_WORD {
            return Err(Refused::SIZE);
        }
        let is_empty =
            given(&self.text).is_none() && given(&self.safe_contact).is_none() && self.files.is_empty();
        if is_empty { Err(Refused::EMPTY) } else { Ok(()) }
    }

    /// As the sealing core takes it.
    pub(super) fn report(&self) -> ReportDraft<'_> {
        ReportDraft {
            text: &self.text,
            safe_contact: given(&self.safe_contact),
            answer_language: self.language.clone(),
            page_language: self.language.clone(),
            urgent: self.urgent,
            safe_word: given(&self.safe_word),
            call_back: self.call_back.clone(),
            files: self.files.clone(),
        }
    }
}
