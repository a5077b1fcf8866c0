//! The public facts of a centre as the offline tool publishes them (`centre.json`, protocol section 12.6).
//!
//! Invariant: a value of these types was checked; unknown fields are refused, so nothing unexpected becomes public.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::hours::{ClosedDay, Exception, Hours, WeeklyPeriod, ZONE};

/// The longest time in which a centre may promise to read, in days: the arrival day of a report is kept no longer.
pub(super) const LONGEST_PROMISE: u8 = 7;

/// A text in the languages of the site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Translated {
    /// Italian.
    pub it: String,
    /// English.
    pub en: String,
}

impl Translated {
    /// The text in a language, by its tag; Italian where there is no other.
    #[must_use]
    pub fn get(&self, language: &str) -> &str {
        if language == "en" { &self.en } else { &self.it }
    }
}

/// A telephone line, as data: where the number was read and when it was last checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phone {
    /// As people write it, spaces included.
    pub number: String,
    /// What the line is.
    pub label: Translated,
    /// Document or address where the number was read.
    pub source: String,
    /// Date of the last check.
    pub checked: Date,
}

impl Phone {
    /// The number for a `tel:` link: digits and a leading plus sign.
    #[must_use]
    pub fn tel(&self) -> String {
        self.number
            .chars()
            .enumerate()
            .filter(|(place, sign)| sign.is_ascii_digit() || (*place == 0 && *sign == '+'))
            .map(|(_, sign)| sign)
            .collect()
    }
}

/// `centre.json`, field by field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedFacts {
    /// The centre of the certificate.
    pub centre: Uuid,
    /// Address on the site: lower-case letters, digits and hyphens.
    pub slug: String,
    /// Whether it is an illustrative centre of the demonstration network.
    pub demonstration: bool,
    /// Name.
    pub name: Translated,
    /// Two plain sentences.
    pub about: Translated,
    /// Town.
    pub town: String,
    /// Two-letter province.
    pub province: String,
    /// Region.
    pub region: String,
    /// Street address, when it may be public.
    pub address: Option<Translated>,
    /// Telephone lines.
    pub phones: Vec<Phone>,
    /// Languages that are read there.
    pub languages: Vec<String>,
    /// Always `Europe/Rome`.
    pub time_zone: String,
    /// Weekly hours.
    pub reading_hours: Vec<WeeklyPeriod>,
    /// Days of the year on which nobody reads.
    pub closed: Vec<ClosedDay>,
    /// Days within which it promises to read what arrives: 1 to 7 (protocol section 7.7).
    pub promise_days: u8,
    /// Single dates that differ.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<Exception>,
}

/// Why facts are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FactsRefusal {
    /// Not JSON of this form.
    #[error("centre.json does not have the published form: {0}")]
    Form(String),
    /// A field that cannot be true.
    #[error("centre.json: {0}")]
    Field(&'static str),
}

impl PublishedFacts {
    /// Parses and checks `centre.json`.
    ///
    /// # Errors
    /// [`FactsRefusal`] names the first field that is wrong.
    pub fn parse(json: &str) -> Result<(Self, Hours), FactsRefusal> {
        let facts: Self =
            serde_json::from_str(json).map_err(|error| FactsRefusal::Form(error.to_string()))?;
        let slug_holds = (1..=64).contains(&facts.slug.len())
            && facts
                .slug
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !facts.slug.starts_with('-');
        if !slug_holds {
            return Err(FactsRefusal::Field("slug"));
        }
        if facts.time_zone != ZONE {
            return Err(FactsRefusal::Field("time_zone must be Europe/Rome"));
        }
        if !(1..=LONGEST_PROMISE).contains(&facts.promise_days) {
            return Err(FactsRefusal::Field("promise_days: 1 to 7"));
        }
        let phones_hold =
            facts.phones.iter().all(|phone| !phone.tel().is_empty() && !phone.source.is_empty());
        if !phones_hold {
            return Err(FactsRefusal::Field("phones: a number and its source are needed"));
        }
        if facts.name.it.is_empty() || facts.name.en.is_empty() {
            return Err(FactsRefusal::Field("name"));
        }
        let hours = Hours::new(facts.reading_hours.clone(), facts.closed.clone(), facts.exceptions.clone())
            .map_err(|_| FactsRefusal::Field("reading_hours, closed or exceptions"))?;
        Ok((facts, hours))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = r#"{"centre":"6f1d7f0e-5f0e-4a7b-9a44-0d2f6a2b1c01","slug":"porto","demonstration":true,
      "name":{"it":"Porto","en":"Harbour"},"about":{"it":"Uno.","en":"One."},"town":"Livorno","province":"LI","region":"Toscana",
      "address":null,"phones":[{"number":"+39 0586 000000","label":{"it":"Linea","en":"Line"},"source":"esempio","checked":"2026-11-22"}],
      "languages":["it"],"time_zone":"Europe/Rome","reading_hours":[{"weekday":1,"from":"09:00","to":"17:00"}],"closed":[{"month":12,"day":25}],"promise_days":2}"#;

    #[test]
    fn facts_are_read_and_written_back_alike() {
        let (facts, hours) = PublishedFacts::parse(SAMPLE).unwrap();
        assert_eq!(facts.phones[0].tel(), "+390586000000");
        assert_eq!(hours.by_day()[0].1.len(), 1);
        let again = serde_json::to_string(&facts).unwrap();
        assert_eq!(PublishedFacts::parse(&again).unwrap().0, facts);
    }

    #[test]
    fn unknown_fields_and_false_ones_are_refused() {
        let cases = [
            SAMPLE.replace("\"town\"", "\"secret\":1,\"town\""),
            SAMPLE.replace("\"porto\"", "\"../etc\""),
            SAMPLE.replace("Europe/Rome", "Europe/Paris"),
            SAMPLE.replace("\"09:00\"", "\"19:00\""),
            SAMPLE.replace("\"esempio\"", "\"\""),
            SAMPLE.replace("\"Harbour\"", "\"\""),
            SAMPLE.replace("\"month\":12", "\"month\":13"),
            SAMPLE.replace("\"promise_days\":2", "\"promise_days\":0"),
            SAMPLE.replace("\"promise_days\":2", "\"promise_days\":8"),
            SAMPLE.replace(",\"promise_days\":2", ""),
        ];
        for case in cases {
            assert!(PublishedFacts::parse(&case).is_err(), "{case}");
        }
    }
}
