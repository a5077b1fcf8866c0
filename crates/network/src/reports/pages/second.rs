//! What the other centre that she named is told of a report (protocol section 7.7): that one waits, where, and from when on it may open it.

use platform::texts::{Language, Texts};
use uuid::Uuid;

use super::super::second_centre::{SecondLine, SecondSide};
use super::{centre_name, reference};
use crate::App;
use crate::centres::public_pages::words::date_in_words;

/// Lines of such reports on the page of the inbox.
pub(super) const MOST_SECOND: u64 = 25;

/// One line of the inbox.
pub(super) struct SecondRow {
    pub(super) case: Uuid,
    pub(super) reference: String,
    pub(super) text: String,
    pub(super) urgent: bool,
    pub(super) may_open: bool,
}

impl SecondRow {
    pub(super) fn new(app: &App, t: Texts, line: &SecondLine, language: Language) -> Self {
        Self {
            case: line.case,
            reference: reference(line.case),
            text: second_text(app, t, line, language),
            urgent: line.urgent,
            may_open: line.side == SecondSide::MayOpen,
        }
    }
}

/// Where it waits, and what the reader's centre may do.
pub(super) fn second_text(app: &App, t: Texts, line: &SecondLine, language: Language) -> String {
    let centre = centre_name(app, line.centre, language);
    match (line.side, line.released_on) {
        (SecondSide::TakenBy(_), _) => t.console_second_taken(centre),
        (SecondSide::NotYet, Some(day)) => t.console_second_not_yet(centre, date_in_words(t, day)),
        // An erased day is more than seven days ago, and no promise is longer: then it may be opened.
        (SecondSide::MayOpen, _) | (SecondSide::NotYet, None) => t.console_second_may_open(centre),
    }
}
