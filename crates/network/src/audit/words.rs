//! Kinds and weeks as the words of a page.

use envelope::audit::act::ActKind;
use envelope::audit::week::Week;
use jiff::civil::{ISOWeekDate, Weekday};
use platform::texts::Texts;

use crate::centres::public_pages::words::date_in_words;

/// What was done.
pub(super) fn kind(t: Texts, kind: ActKind) -> &'static str {
    match kind {
        ActKind::Opened => t.audit_kind_opened(),
        ActKind::TakenOver => t.audit_kind_taken_over(),
        ActKind::Answered => t.audit_kind_answered(),
        ActKind::Acknowledged => t.audit_kind_acknowledged(),
        ActKind::Closed => t.audit_kind_closed(),
        ActKind::UndoAsked => t.audit_kind_undo_asked(),
        ActKind::Undone => t.audit_kind_undone(),
        ActKind::HoldPlaced => t.audit_kind_hold_placed(),
        ActKind::HoldLifted => t.audit_kind_hold_lifted(),
        ActKind::ShredProposed => t.audit_kind_shred_proposed(),
        ActKind::ShredWithdrawn => t.audit_kind_shred_withdrawn(),
        ActKind::ShredConfirmed => t.audit_kind_shred_confirmed(),
        ActKind::ShredDue => t.audit_kind_shred_due(),
        ActKind::Erased => t.audit_kind_erased(),
        ActKind::SignedIn => t.audit_kind_signed_in(),
        ActKind::RoleGiven => t.audit_kind_role_given(),
        ActKind::RoleChanged => t.audit_kind_role_changed(),
        ActKind::RoleEnded => t.audit_kind_role_ended(),
        ActKind::Imported => t.audit_kind_imported(),
        ActKind::Suspended => t.audit_kind_suspended(),
        ActKind::Returned => t.audit_kind_returned(),
        ActKind::KeyMade => t.audit_kind_key_made(),
        ActKind::Left => t.audit_kind_left(),
        ActKind::FactorEnrolled => t.audit_kind_factor_enrolled(),
        ActKind::FactorReplaced => t.audit_kind_factor_replaced(),
        ActKind::FactorForgotten => t.audit_kind_factor_forgotten(),
        ActKind::BackupCodeUsed => t.audit_kind_backup_code_used(),
        ActKind::BackupCodesDrawn => t.audit_kind_backup_codes_drawn(),
    }
}

/// A week by its Monday.
pub(super) fn week(t: Texts, week: Week) -> String {
    let day = i16::try_from(week.year()).ok().zip(i8::try_from(week.number()).ok());
    let day = day.and_then(|(year, number)| ISOWeekDate::new(year, number, Weekday::Monday).ok());
    day.map_or_else(|| week.to_string(), |day| t.audit_week(date_in_words(t, day.date()), week.number()))
}
