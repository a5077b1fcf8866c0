//! What an operator's browser seals: answers to her, notes of the centre.

use envelope::content::ClosingContent;
use envelope::encoding::Hash;
use envelope::header::ItemKind;
use keyring::capacity;
use keyring::item::{AnswerKind, Place, SealedItem, seal_answer, seal_closing, seal_undo};
use rand_core::OsRng;
use wasm_bindgen::prelude::wasm_bindgen;

use super::{OpenCase, Operator, Sealed};
use crate::papers::{self, Time};
use crate::refusal::Refused;

#[wasm_bindgen]
impl Operator {
    /// About how many more characters of an answer fit; negative when it is too long.
    #[must_use]
    pub fn room(&self, text: &str) -> i32 {
        let Some(language) = self.case.as_ref().map(|case| &case.language) else { return 0 };
        papers::room(capacity::remaining_in_text(ItemKind::Answer, text, language), text)
    }

    /// Seals an `answer` or `acknowledgement` at the end of the conversation that was read, to the centre and to the code of hers that
    /// counts now; returns the frame. The same words at the same place give the same bytes.
    ///
    /// # Errors
    /// `empty`, `size`, `clock`, `expired`, `channel`, `malformed`, `unknown` before a report was read, `address` when it cannot be told
    /// which code counts.
    pub fn answer(&mut self, kind: &str, text: &str, now: f64) -> Result<Vec<u8>, Refused> {
        if text.trim().is_empty() {
            return Err(Refused::EMPTY);
        }
        let answer_kind = match kind {
            "answer" => AnswerKind::Answer,
            "acknowledgement" => AnswerKind::Acknowledgement,
            _ => return Err(Refused::MALFORMED),
        };
        self.seal(&[kind, text], now, |operator, case, to| {
            let address = case.address.as_ref().ok_or(Refused::ADDRESS)?;
            let place = Place {
                case: case.case,
                seq: case.ends.conversation.seq.saturating_add(1),
                prev: case.ends.conversation.hash,
                seen: case.ends.conversation.seq,
            };
            let language = &case.language;
            Ok(seal_answer(answer_kind, to, address, &operator.identity, &place, text, language, &mut OsRng)?)
        })
    }

    /// Seals the closing of the case, a note that only the centre can read; returns the frame.
    ///
    /// # Errors
    /// `size`, `clock`, `expired`, `channel`, `unknown` before a report was read.
    pub fn close(&mut self, reason: &str, note: &str, now: f64) -> Result<Vec<u8>, Refused> {
        self.seal(&["closing", reason, note], now, |operator, case, to| {
            let closing = ClosingContent { reason: reason.to_owned(), note: note.to_owned() };
            let place = case.next_note();
            Ok(seal_closing(to, &operator.identity, &place, &closing, &case.language, &mut OsRng)?)
        })
    }

    /// Seals her part in taking back what `what` names: `burn`, or `rotation-` and its number; returns the frame. The second of two
    /// members takes it back (section 7.4).
    ///
    /// # Errors
    /// `right-word` after a right word: that is never taken back. `empty` without a reason, `unknown` for what was not shown as something
    /// that can be taken back; `size`, `clock`, `expired`, `channel`, `malformed`.
    pub fn undo(&mut self, what: &str, reason: &str, now: f64) -> Result<Vec<u8>, Refused> {
        if reason.trim().is_empty() {
            return Err(Refused::EMPTY);
        }
        self.seal(&["undo", what, reason], now, |operator, case, to| {
            let (undone, verdict) = case.undoable(what)?;
            let (place, language) = (case.next_note(), &case.language);
            Ok(seal_undo(to, &operator.identity, &place, undone, verdict, reason, language, &mut OsRng)?)
        })
    }
}

impl Operator {
    /// Seals something for the case that was read; the same `words` at the same place give the same bytes (section 7.5).
    fn seal(
        &mut self,
        words: &[&str],
        now: f64,
        seal: impl FnOnce(&Self, &OpenCase, &envelope::centre::EpochRecipient) -> Result<SealedItem, Refused>,
    ) -> Result<Vec<u8>, Refused> {
        let desk = self.desk.as_ref().ok_or(Refused::UNKNOWN)?;
        let case = self.case.as_ref().ok_or(Refused::UNKNOWN)?;
        let to = Time::of_device(now, desk.built)?.recipient(&desk.centre, case.channel)?;
        let place = (case.case, case.ends.conversation.seq, case.ends.notes.seq, to.epoch());
        let words = Hash::of(serde_json::json!([words, place]).to_string().as_bytes());
        if let Some(sealed) = self.sealed.as_ref().filter(|sealed| sealed.words == words) {
            return Ok(sealed.frame.clone());
        }
        let frame = seal(self, case, &to)?.bytes;
        self.sealed = Some(Sealed { words, frame: frame.clone() });
        Ok(frame)
    }
}

impl OpenCase {
    fn next_note(&self) -> Place {
        Place {
            case: self.case,
            seq: self.ends.notes.seq.saturating_add(1),
            prev: self.ends.notes.hash,
            seen: self.ends.conversation.seq,
        }
    }
}
