//! Telephone numbers for everybody, as data (`data/phones.json`): what a line is, where we read it and when somebody last checked it.
//!
//! Invariant: a number that nobody verified is not in the file, and what is not known about a line is said to be unknown. To add one: a
//! record in the file with its source and the date, and a variant of [`What`] with its text where it is of a new kind.

use std::sync::LazyLock;

use jiff::civil::Date;
use platform::texts::Texts;
use platform::web::PlatformError;
use serde::Deserialize;

use super::words::{date_in_words, languages_in_words};

/// What a line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// Police, ambulance, fire brigade.
    Emergency,
    /// Help against violence and stalking.
    Violence,
}

/// When somebody answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answered {
    /// Every day, day and night.
    Always,
}

/// What a call costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cost {
    /// Nothing.
    Free,
}

/// One line of `data/phones.json`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phone {
    /// As it is dialled, digits only.
    pub number: String,
    /// What it is for.
    pub what: What,
    /// When somebody answers.
    pub hours: Answered,
    /// What a call costs.
    pub cost: Cost,
    /// Languages spoken, by their codes; empty where nobody checked.
    pub languages: Vec<String>,
    /// Where the facts were read, `https://…`.
    pub source: String,
    /// When somebody last compared them with the source.
    pub checked: Date,
    /// Whether a call stays on the bill; `None` where it is not known.
    pub on_the_bill: Option<bool>,
}

/// The file of numbers cannot be read, which the tests exclude.
#[derive(Debug, thiserror::Error)]
#[error("data/phones.json cannot be read: {0}")]
pub struct Unreadable(String);

static PHONES: LazyLock<Result<Vec<Phone>, String>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../../../data/phones.json")).map_err(|error| error.to_string())
});

/// All lines, in the order in which they are shown.
///
/// # Errors
/// [`Unreadable`] when the file that was built in is not of this form.
pub fn list() -> Result<&'static [Phone], Unreadable> {
    PHONES.as_ref().map(Vec::as_slice).map_err(|error| Unreadable(error.clone()))
}

/// One line in words, for `phones.html`.
#[derive(Clone, Debug)]
pub struct PhoneLine {
    /// Digits.
    pub number: &'static str,
    /// What it is for.
    pub what: &'static str,
    /// When somebody answers.
    pub hours: &'static str,
    /// What a call costs.
    pub cost: &'static str,
    /// Languages, where they are known.
    pub languages: Option<String>,
    /// Whether it stays on the bill.
    pub bill: &'static str,
    /// Source and date.
    pub source: String,
}

/// All lines in words.
///
/// # Errors
/// [`PlatformError::Internal`] over [`Unreadable`].
pub fn lines(t: Texts) -> Result<Vec<PhoneLine>, PlatformError> {
    Ok(list().map_err(PlatformError::internal)?.iter().map(|phone| in_words(t, phone)).collect())
}

fn in_words(t: Texts, phone: &'static Phone) -> PhoneLine {
    PhoneLine {
        number: &phone.number,
        what: match phone.what {
            What::Emergency => t.phone_emergency(),
            What::Violence => t.phone_violence(),
        },
        hours: match phone.hours {
            Answered::Always => t.phone_hours_always(),
        },
        cost: match phone.cost {
            Cost::Free => t.phone_cost_free(),
        },
        languages: languages_in_words(t, &phone.languages).map(|names| t.phone_languages(names)),
        bill: match phone.on_the_bill {
            Some(true) => t.phone_bill_yes(),
            Some(false) => t.phone_bill_no(),
            None => t.phone_bill_unknown(),
        },
        source: t.phone_source(date_in_words(t, phone.checked), host(&phone.source)),
    }
}

/// The site of an address, without scheme and path: pages name it and do not link to it, because a click would tell it where she comes from
/// and put its name into the list of visited sites.
fn host(address: &str) -> &str {
    address.strip_prefix("https://").unwrap_or(address).split('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_holds_verified_lines_only() {
        let lines = list().unwrap();
        let numbers: Vec<&str> = lines.iter().map(|phone| phone.number.as_str()).collect();
        // 116 006 stays off until somebody has verified who answers it in Italy.
        assert_eq!(numbers, ["112", "1522"]);
        for phone in lines {
            assert!(phone.number.bytes().all(|byte| byte.is_ascii_digit()), "{phone:?}");
            assert!(phone.source.starts_with("https://"), "{phone:?}");
        }
    }

    #[test]
    fn what_is_not_known_is_said_to_be_unknown() {
        for language in platform::texts::Language::ALL {
            let t = Texts::new(language);
            let mut phone = list().unwrap()[0].clone();
            phone.on_the_bill = None;
            let line = in_words(t, Box::leak(Box::new(phone)));
            assert_eq!(line.bill, t.phone_bill_unknown());
            assert_eq!(line.languages, None, "nobody checked the languages of 112");
        }
    }

    #[test]
    fn only_the_site_of_a_source_is_shown() {
        assert_eq!(host("https://www.1522.eu/page/?lang=en"), "www.1522.eu");
        assert_eq!(host("a leaflet"), "a leaflet");
    }
}
