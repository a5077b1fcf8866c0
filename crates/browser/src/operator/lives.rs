//! What became of her code (protocol section 7.4): the word of a burn, and what two members can still take back.

use envelope::encoding::Base64;
use envelope::header::Undone;
use keyring::burn::open_burn_word;
use keyring::conversation::{chosen_word, members_who_undo, rotations};
use keyring::safe_word::{SafeWord, Verdict};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::wasm_bindgen;

use super::{Desk, OpenCase, Operator};
use crate::refusal::Refused;

/// What the server tells beside the frames.
#[derive(Deserialize)]
struct Told {
    withdrawn: Option<Withdrawn>,
    undoable: Vec<Undone>,
    /// Notes of the case when the burn came: only later ones can undo it.
    #[serde(default)]
    notes_before_burn: u32,
}

#[derive(Deserialize)]
struct Withdrawn {
    word: Option<Base64>,
}

/// What the page shows of it.
#[derive(Serialize)]
struct Lives {
    withdrawn: Option<Word>,
    undos: Vec<ShownUndo>,
}

#[derive(Serialize)]
struct ShownUndo {
    undoes: Undone,
    word: Word,
    signed: Vec<Signed>,
}

#[derive(Serialize)]
struct Signed {
    name: String,
    mine: bool,
}

/// What a safe word says, or why there is none to judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Word {
    Right,
    Wrong,
    Missing,
    NotChosen,
    /// Whoever burned had not opened the mailbox, so no word could be sealed.
    NoneSent,
    /// What came does not open or is not by this code.
    Altered,
}

/// Something that two members can take back, and what its word says.
pub(super) struct Undoing {
    undone: Undone,
    word: Word,
}

impl From<Verdict> for Word {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Right => Self::Right,
            Verdict::Wrong => Self::Wrong,
            Verdict::Missing => Self::Missing,
            Verdict::NotChosen => Self::NotChosen,
        }
    }
}

impl Word {
    /// As keyring takes it: what says nothing about who typed it counts as a word that is missing.
    fn verdict(self) -> Verdict {
        match self {
            Self::Right => Verdict::Right,
            Self::Wrong => Verdict::Wrong,
            Self::NotChosen => Verdict::NotChosen,
            Self::Missing | Self::NoneSent | Self::Altered => Verdict::Missing,
        }
    }
}

#[wasm_bindgen]
impl Operator {
    /// Judges what the server tells of her code beside the frames that were read: `{"withdrawn": {"word": base64|null}|null, "undoable":
    /// ["burn"|{"rotation"}], "notes_before_burn"}`. Returns `{"withdrawn": word|null, "undos": [{"undoes", "word", "signed": [{"name",
    /// "mine"}]}]}`.
    ///
    /// # Errors
    /// `malformed`, `unknown` before a report was read.
    pub fn lives(&mut self, told: &str) -> Result<String, Refused> {
        let told: Told = serde_json::from_slice(told.as_bytes()).map_err(|_| Refused::MALFORMED)?;
        let desk = self.desk.as_ref().ok_or(Refused::UNKNOWN)?;
        let case = self.case.as_mut().ok_or(Refused::UNKNOWN)?;
        let me = desk.centre.member_by_key(&self.identity.public_key()).map(|member| member.person);
        let withdrawn = told.withdrawn.as_ref().map(|withdrawn| burn_word(desk, case, withdrawn));
        let mut undos = Vec::new();
        case.undoing.clear();
        for undone in told.undoable {
            let word = match undone {
                Undone::Burn => withdrawn,
                Undone::Rotation(seq) => rotations(&case.conversation, &case.notes)
                    .into_iter()
                    .find(|rotated| rotated.seq == seq)
                    .map(|rotated| rotated.word.into()),
            };
            // What this browser does not see it cannot judge, and nobody signs it here.
            let Some(word) = word else { continue };
            let first_note = if undone == Undone::Burn { told.notes_before_burn } else { 0 };
            let after = case.notes.iter().position(|note| note.clear().seq > first_note);
            let notes = after.and_then(|place| case.notes.get(place..)).unwrap_or_default();
            let signed = members_who_undo(notes, undone).into_iter().map(|person| Signed {
                name: desk.name_of(person).unwrap_or_default(),
                mine: Some(person) == me,
            });
            undos.push(ShownUndo { undoes: undone, word, signed: signed.collect() });
            case.undoing.push(Undoing { undone, word });
        }
        serde_json::to_string(&Lives { withdrawn, undos }).map_err(|_| Refused::UNKNOWN)
    }
}

impl OpenCase {
    /// What `burn` or `rotation-3` names, with what its word says, if it was shown as something that can be taken back.
    ///
    /// # Errors
    /// [`Refused::RIGHT_WORD`] when the word was right: that is never taken back; [`Refused::UNKNOWN`].
    pub(super) fn undoable(&self, name: &str) -> Result<(Undone, Verdict), Refused> {
        let undone = match name.strip_prefix("rotation-") {
            Some(seq) => Undone::Rotation(seq.parse().map_err(|_| Refused::MALFORMED)?),
            None if name == "burn" => Undone::Burn,
            None => return Err(Refused::MALFORMED),
        };
        let known = self.undoing.iter().find(|undoing| undoing.undone == undone).ok_or(Refused::UNKNOWN)?;
        match known.word.verdict() {
            Verdict::Right => Err(Refused::RIGHT_WORD),
            verdict => Ok((undone, verdict)),
        }
    }
}

fn burn_word(desk: &Desk, case: &OpenCase, withdrawn: &Withdrawn) -> Word {
    let Some(sealed) = &withdrawn.word else { return Word::NoneSent };
    let Some(address) = &case.address else { return Word::Altered };
    let keys = desk.keys.iter().filter(|key| key.channel() == case.channel);
    let opened = keys.into_iter().find_map(|key| open_burn_word(&sealed.0, key, address).ok());
    opened.map_or(Word::Altered, |word| {
        let chosen = chosen_word(&case.conversation);
        SafeWord::verdict(chosen.as_deref(), word.safe_word.as_deref()).into()
    })
}
