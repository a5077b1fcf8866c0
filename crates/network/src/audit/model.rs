//! What is asked of the log, and its answers as types.

use envelope::audit::act::{ActKind, Opening};
use envelope::audit::week::Week;
use envelope::encoding::Hash;
use serde::Deserialize;
use uuid::Uuid;

/// A leaf with what opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The leaf.
    pub(super) leaf: Hash,
    /// When.
    pub(super) week: Week,
    /// Who did what.
    pub(super) opening: Opening,
    /// The checkpoint that took it in.
    pub(super) checkpoint: Option<u32>,
}

/// Which rows somebody wants to see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    /// Of one kind.
    pub(super) kind: Option<ActKind>,
    /// Of one week.
    pub(super) week: Option<Week>,
    /// By one person.
    pub(super) person: Option<Uuid>,
    /// Behind a row: its week and leaf.
    pub(super) after: Option<(Week, Hash)>,
}

/// The query of the page and of the exports. A field that is empty or unreadable chooses nothing: it comes from a form.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    week: String,
    #[serde(default)]
    person: String,
    #[serde(default)]
    after: String,
    /// `csv` or `json`, for an export.
    #[serde(default)]
    pub(super) format: String,
}

impl Asked {
    /// The week as it was typed.
    pub(super) fn week(&self) -> &str {
        self.week.trim()
    }

    /// What is asked for.
    pub(super) fn filter(&self) -> Filter {
        let after = self
            .after
            .split_once('.')
            .and_then(|(week, leaf)| Some((week.parse().ok()?, Hash::parse(leaf).ok()?)));
        Filter {
            kind: ActKind::from_word(&self.kind),
            week: self.week().parse().ok(),
            person: Uuid::try_parse(&self.person).ok(),
            after,
        }
    }
}

impl Filter {
    /// The same choice as a query, without the place.
    pub(super) fn to_query(&self) -> String {
        let mut parts = Vec::new();
        parts.extend(self.kind.map(|kind| format!("kind={}", kind.word())));
        parts.extend(self.week.map(|week| format!("week={week}")));
        parts.extend(self.person.map(|person| format!("person={person}")));
        parts.join("&")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Filter {
        let asked: Asked = serde_json::from_str(query).unwrap();
        asked.filter()
    }

    #[test]
    fn what_a_form_sends_chooses_and_what_cannot_be_read_chooses_nothing() {
        let person = Uuid::from_u128(7);
        let filter = asked(&format!(r#"{{"kind":"opened","week":"2026-W47","person":"{person}"}}"#));
        assert_eq!(filter.to_query(), format!("kind=opened&week=2026-W47&person={person}"));
        assert_eq!(
            asked(r#"{"kind":"","week":"soon","person":"x","after":"2026-W47.ff"}"#),
            Filter::default()
        );
        let leaf = Hash::of(b"leaf");
        let after = asked(&format!(r#"{{"after":"2026-W47.{leaf}"}}"#)).after;
        assert_eq!(after, Some(("2026-W47".parse().unwrap(), leaf)));
    }
}
