//! The safe word (protocol section 7.4): chosen in the first report, sealed to the centre alone, typed again before anything that
//! cannot be taken back. The centre's browser compares; nobody else can.

use crate::passphrase::Passphrase;

/// What a typed word says about who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The word she chose.
    Right,
    /// Another word.
    Wrong,
    /// A word was chosen, and none was typed.
    Missing,
    /// No word was chosen: nothing can be said.
    NotChosen,
}

impl Verdict {
    /// The stable code by which pages choose their sentence.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Wrong => "wrong",
            Self::Missing => "missing",
            Self::NotChosen => "not-chosen",
        }
    }
}

/// Comparison of safe words as people type them: case, accents, full-width letters and spaces count for nothing, as in
/// passphrases (section 12.5).
#[derive(Debug, Clone, Copy)]
pub struct SafeWord;

impl SafeWord {
    /// Whether `typed` is the word that was chosen. Nothing matches a word without a single letter.
    #[must_use]
    pub fn matches(chosen: &str, typed: &str) -> bool {
        match (Passphrase::parse(chosen), Passphrase::parse(typed)) {
            (Ok(chosen), Ok(typed)) => chosen.as_str() == typed.as_str(),
            _ => false,
        }
    }

    /// What the word typed now says, given the one chosen in the report. A field left empty, or with spaces only, is none.
    #[must_use]
    pub fn verdict(chosen: Option<&str>, typed: Option<&str>) -> Verdict {
        let given = |word: &&str| Passphrase::parse(word).is_ok();
        match (chosen.filter(given), typed.filter(given)) {
            (None, _) => Verdict::NotChosen,
            (Some(_), None) => Verdict::Missing,
            (Some(chosen), Some(typed)) if Self::matches(chosen, typed) => Verdict::Right,
            (Some(_), Some(_)) => Verdict::Wrong,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_compared_as_people_type_it() {
        for typed in ["perché no", " PERCHE  NO ", "Perche\u{301} no", "ｐｅｒｃｈｅ\u{200F} no"] {
            assert!(SafeWord::matches("Perché no", typed), "{typed}");
        }
        for typed in ["", "perché", "perchéno", "perché no!"] {
            assert!(!SafeWord::matches("Perché no", typed), "{typed}");
        }
        assert!(SafeWord::matches("ЛИМОН", "лимон"), "scripts without accents are folded in case");
    }

    #[test]
    fn a_verdict_names_what_is_missing() {
        assert_eq!(SafeWord::verdict(Some("limone"), Some("Limone")), Verdict::Right);
        assert_eq!(SafeWord::verdict(Some("limone"), Some("mela")), Verdict::Wrong);
        assert_eq!(SafeWord::verdict(Some("limone"), Some(" \u{200E}")), Verdict::Missing);
        assert_eq!(SafeWord::verdict(Some("limone"), None), Verdict::Missing);
        assert_eq!(SafeWord::verdict(Some("  "), Some("mela")), Verdict::NotChosen);
        assert_eq!(SafeWord::verdict(None, Some("mela")), Verdict::NotChosen);
    }
}
