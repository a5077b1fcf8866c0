//! Operators' passphrases (protocol section 6): six words of a list of 2,048, so 66 bits, generated and never chosen.
//!
//! Both lists hold only the letters a to z. For such words NFKD, lower case and single spaces come down to what
//! [`Passphrase::parse`] does, without carrying Unicode's decomposition tables to every phone (`docs/adr/0003-sealing.md`).

use bip39::Language;
use rand_core::CryptoRngCore;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::refusal::SecretRefusal;

/// Words of a generated passphrase: 6 × 11 bits.
pub const WORDS: usize = 6;

/// The list that a passphrase is drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordList {
    /// English words.
    English,
    /// Italian words.
    Italian,
}

impl WordList {
    /// Its 2,048 words.
    #[must_use]
    pub fn words(self) -> &'static [&'static str; 2048] {
        match self {
            Self::English => Language::English.word_list(),
            Self::Italian => Language::Italian.word_list(),
        }
    }
}

/// A normalised passphrase. Wiped when dropped; has no debug form.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Passphrase(String);

impl Passphrase {
    /// Six words of `rng`.
    #[must_use]
    pub fn generate(list: WordList, rng: &mut impl CryptoRngCore) -> Self {
        let mut text = String::with_capacity(WORDS * 10);
        for _ in 0..WORDS {
            let index = usize::try_from(rng.next_u32() % 2_048).unwrap_or_default();
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(list.words().get(index).copied().unwrap_or_default());
        }
        Self(text)
    }

    /// Normalises what a person typed: lower case, full-width letters and accents folded to plain letters, marks of direction
    /// dropped, any run of spaces one space, none at the ends.
    ///
    /// # Errors
    /// [`SecretRefusal::Malformed`] when nothing is left, [`SecretRefusal::Memory`] for more than 1,024 characters.
    pub fn parse(typed: &str) -> Result<Self, SecretRefusal> {
        if typed.len() > 1_024 {
            return Err(SecretRefusal::Memory);
        }
        let mut passphrase = Self(String::with_capacity(2 * typed.len()));
        for word in typed.split(|character: char| character.is_whitespace()) {
            let before = passphrase.0.len();
            for character in word.chars().filter_map(fold) {
                if before > 0 && passphrase.0.len() == before {
                    passphrase.0.push(' ');
                }
                // The lower case of `İ` is an i and an accent.
                passphrase.0.extend(character.to_lowercase().filter_map(fold));
            }
        }
        if passphrase.0.is_empty() { Err(SecretRefusal::Malformed) } else { Ok(passphrase) }
    }

    /// The words with single spaces: shown once, when the operator is made.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One typed character without what keyboards add to the letters a to z; `None` where nothing is left of it.
fn fold(character: char) -> Option<char> {
    match character {
        '\u{300}'..='\u{36F}'
        | '\u{61C}'
        | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'
        | '\u{2066}'..='\u{2069}'
        | '\u{FEFF}' => None,
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(character) - 0xFEE0),
        'à' | 'á' | 'â' | 'ä' | 'À' | 'Á' | 'Â' | 'Ä' => Some('a'),
        'è' | 'é' | 'ê' | 'ë' | 'È' | 'É' | 'Ê' | 'Ë' => Some('e'),
        'ì' | 'í' | 'î' | 'ï' | 'Ì' | 'Í' | 'Î' | 'Ï' => Some('i'),
        'ò' | 'ó' | 'ô' | 'ö' | 'Ò' | 'Ó' | 'Ô' | 'Ö' => Some('o'),
        'ù' | 'ú' | 'û' | 'ü' | 'Ù' | 'Ú' | 'Û' | 'Ü' => Some('u'),
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Found by fuzzing: what is normalised stays as it is.
    #[test]
    fn an_accent_that_only_the_lower_case_has_is_folded_too() {
        for typed in ["İdn", "i\u{307}dn", " IDN"] {
            assert_eq!(Passphrase::parse(typed).unwrap().as_str(), "idn", "{typed}");
        }
    }
}
