//! Dates, times and languages as people write them, for the public pages of every slice.

use jiff::civil::{Date, Time};
use platform::texts::Texts;

/// A date: `22 November 2026`.
#[must_use]
pub fn date_in_words(t: Texts, date: Date) -> String {
    t.layout_date(date.day(), date.month(), date.year())
}

/// A time of day: `9:00`.
#[must_use]
pub fn time_in_words(time: Time) -> String {
    time.strftime("%-H:%M").to_string()
}

/// The names of languages given by their codes, joined by commas; `None` for none.
#[must_use]
pub fn languages_in_words(t: Texts, codes: &[String]) -> Option<String> {
    let names: Vec<String> = codes.iter().map(|code| t.layout_spoken(code.as_str())).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};
    use platform::texts::Language;

    /// Without the marks that keep variables from turning a sentence around.
    fn plain(text: &str) -> String {
        text.replace(['\u{2068}', '\u{2069}'], "")
    }

    #[test]
    fn dates_and_times_read_as_people_write_them() {
        let day = date(2026, 11, 2);
        assert_eq!(plain(&date_in_words(Texts::new(Language::English), day)), "2 November 2026");
        assert_eq!(plain(&date_in_words(Texts::new(Language::Italian), day)), "2 novembre 2026");
        assert_eq!(time_in_words(time(9, 0, 0, 0)), "9:00");
    }

    #[test]
    fn a_language_without_a_name_keeps_its_code() {
        let codes = ["fr".to_owned(), "tlh".to_owned()];
        let names = languages_in_words(Texts::new(Language::English), &codes).unwrap();
        assert_eq!(plain(&names), "French, tlh");
        assert_eq!(languages_in_words(Texts::new(Language::English), &[]), None);
    }
}
