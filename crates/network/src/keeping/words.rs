//! Purposes, reasons, weeks and outcomes as the sentences of a page.

use std::collections::HashMap;

use platform::texts::Texts;

use super::model::{HoldReason, ShredReason};
use super::terms::Purpose;
use super::week::Week;
use crate::centres::public_pages::words::date_in_words;

/// A week inside a sentence, with the Monday by which it is found in a calendar.
pub(super) fn week(t: Texts, week: Week) -> String {
    t.keeping_week(date_in_words(t, week.first_day()), week.number())
}

/// The last day on which a case is kept.
pub(super) fn last_day(t: Texts, week: Week) -> String {
    date_in_words(t, week.last_day())
}

/// A purpose.
pub(super) fn purpose(t: Texts, purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Contact => t.keeping_purpose_contact(),
        Purpose::CaseFile => t.keeping_purpose_case_file(),
        Purpose::Claim => t.keeping_purpose_claim(),
        Purpose::Child => t.keeping_purpose_child(),
    }
}

/// Why a case is held.
pub(super) fn hold(t: Texts, reason: HoldReason) -> &'static str {
    match reason {
        HoldReason::Authority => t.keeping_hold_authority(),
        HoldReason::Proceedings => t.keeping_hold_proceedings(),
        HoldReason::Request => t.keeping_hold_request(),
        HoldReason::Doubt => t.keeping_hold_doubt(),
    }
}

/// Why a case should be shredded.
pub(super) fn shred(t: Texts, reason: ShredReason) -> &'static str {
    match reason {
        ShredReason::Junk => t.keeping_shred_junk(),
        ShredReason::Double => t.keeping_shred_double(),
        ShredReason::Request => t.keeping_shred_request(),
        ShredReason::NotNeeded => t.keeping_shred_not_needed(),
    }
}

/// What was done, as `?said=` tells it.
pub(super) fn said(t: Texts, query: &HashMap<String, String>) -> Option<&'static str> {
    match query.get("said").map(String::as_str) {
        Some("saved") => Some(t.keeping_said_saved()),
        Some("proposed") => Some(t.keeping_said_proposed()),
        Some("shredded") => Some(t.keeping_said_shredded()),
        _ => None,
    }
}

/// Why nothing was done, as `?refused=` tells it.
pub(super) fn refused(t: Texts, query: &HashMap<String, String>) -> Option<&'static str> {
    match query.get("refused").map(String::as_str) {
        Some("same-person") => Some(t.keeping_refused_same_person()),
        Some("held") => Some(t.keeping_refused_held()),
        Some("changed") => Some(t.keeping_refused_changed()),
        Some("malformed") => Some(t.keeping_refused_malformed()),
        _ => None,
    }
}
