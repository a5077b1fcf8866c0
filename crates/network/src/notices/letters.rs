//! What a letter says: one neutral sentence a matter, and where to sign in. Nothing else (protocol section 11).
//!
//! Invariant: no function here is given a case, a centre, a channel or a number.

use jiff::Timestamp;
use platform::config::PublicUrl;
use platform::mail::{Address, Letter};
use platform::texts::{Language, Texts};

use super::model::Code;

/// What somebody is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Matter {
    /// A message waits.
    Waiting,
    /// Something has waited longer than promised.
    Overdue,
    /// Something is near the end of its term.
    Near,
}

impl Matter {
    fn sentence(self, t: Texts) -> &'static str {
        match self {
            Self::Waiting => t.notices_mail_waiting(),
            Self::Overdue => t.notices_mail_overdue(),
            Self::Near => t.notices_mail_near(),
        }
    }
}

/// One letter about some matters, the first of them as its subject.
pub(super) fn notice(
    to: &Address,
    language: Language,
    matters: &[Matter],
    public: &PublicUrl,
    date: Timestamp,
) -> Letter {
    let t = Texts::new(language);
    let sentences: Vec<&str> = matters.iter().map(|matter| matter.sentence(t)).collect();
    let subject = sentences.first().copied().unwrap_or_default().trim_end_matches('.').to_owned();
    let address = format!("{}/{}/console/sign-in", public.as_str(), language.code());
    Letter { to: to.clone(), subject, text: format!("{}\n\n{address}", sentences.join("\n")), date }
}

/// The letter with the code that confirms an address. It names neither this service nor a person.
pub(super) fn confirmation(to: &Address, language: Language, code: &Code, date: Timestamp) -> Letter {
    let t = Texts::new(language);
    let text =
        format!("{}\n\n{}\n\n{}", t.notices_mail_code(), code.in_groups(), t.notices_mail_code_explains());
    Letter {
        to: to.clone(),
        subject: t.notices_mail_code().trim_end_matches([':', '.']).to_owned(),
        text,
        date,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address() -> Address {
        Address::parse("anna@example.org").unwrap()
    }

    #[test]
    fn a_letter_says_that_a_message_waits_and_where_to_sign_in() {
        let public = PublicUrl::parse("https://approdo.example").unwrap();
        let date = Timestamp::UNIX_EPOCH;
        let english = notice(&address(), Language::English, &[Matter::Waiting], &public, date);
        assert_eq!(english.subject, "A message is waiting");
        assert_eq!(english.text, "A message is waiting.\n\nhttps://approdo.example/en/console/sign-in");
        let italian = notice(&address(), Language::Italian, &[Matter::Overdue, Matter::Near], &public, date);
        assert_eq!(italian.text.lines().count(), 4);
        assert!(italian.text.starts_with(&italian.subject));
    }

    #[test]
    fn no_sentence_of_a_letter_hurries_or_names_anything() {
        for language in Language::ALL {
            let t = Texts::new(language);
            for sentence in [t.notices_mail_waiting(), t.notices_mail_overdue(), t.notices_mail_near()] {
                let words = sentence.to_lowercase();
                for word in [
                    "urgen", "approdo", "caso", "case", "centr", "report", "segnala", "subito", "now",
                    "victim", "vittim",
                ] {
                    assert!(!words.contains(word), "{language:?}: {sentence}");
                }
                assert!(!words.chars().any(|sign| sign.is_ascii_digit()), "{sentence}");
            }
        }
    }
}
