//! The languages of the interface and how a request chooses one.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::request::Parts;
use unic_langid::LanguageIdentifier;

use crate::web::PlatformError;

/// A language of the interface. As an axum extractor it is the one named by the path (`/{lang}/…`, another one is a
/// page that does not exist), and without such a path the best of `Accept-Language`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Language {
    /// Italian, the default.
    #[default]
    Italian,
    /// English.
    English,
}

/// In which direction a language is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// As in Italian.
    LeftToRight,
    /// As in Arabic.
    RightToLeft,
}

impl Direction {
    /// The value of the HTML attribute `dir`.
    #[must_use]
    pub fn attribute(self) -> &'static str {
        match self {
            Self::LeftToRight => "ltr",
            Self::RightToLeft => "rtl",
        }
    }
}

impl Language {
    /// All languages, the default first.
    pub const ALL: [Self; 2] = [Self::Italian, Self::English];

    /// The code that stands in paths, in `lang` attributes and in folder names: `it`, `en`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Italian => "it",
            Self::English => "en",
        }
    }

    /// The language with this code.
    #[must_use]
    pub fn find(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    /// In which direction it is written.
    #[must_use]
    pub fn direction(self) -> Direction {
        match self {
            Self::Italian | Self::English => Direction::LeftToRight,
        }
    }

    /// The value of the HTML attribute `dir`.
    #[must_use]
    pub fn dir(self) -> &'static str {
        self.direction().attribute()
    }

    /// The language of a path `/{lang}/…`, if it names one.
    #[must_use]
    pub fn of_path(path: &str) -> Option<Self> {
        path.strip_prefix('/').and_then(|rest| rest.split('/').next()).and_then(Self::find)
    }

    /// The best language for an `Accept-Language` header; the default where none fits.
    #[must_use]
    pub fn negotiate(headers: &HeaderMap) -> Self {
        let mut best: Option<(Self, u16)> = None;
        let wishes = headers.get_all(ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
        for wish in wishes.flat_map(|value| value.split(',')) {
            let (range, weight) = wish.split_once(';').unwrap_or((wish, ""));
            let primary = range.trim().split('-').next().unwrap_or_default().to_ascii_lowercase();
            let Some(language) = Self::find(&primary) else { continue };
            let weight = quality(weight);
            // The first of equals wins, as the reader's browser lists them.
            if weight > 0 && best.is_none_or(|(_, other)| weight > other) {
                best = Some((language, weight));
            }
        }
        best.map_or(Self::default(), |(language, _)| language)
    }

    pub(super) fn identifier(self) -> LanguageIdentifier {
        // The test below reads every code; a wrong one would only cost plural rules.
        self.code().parse().unwrap_or_default()
    }
}

/// `q=0.8` as thousandths (RFC 9110, 12.4.2); 1 where it is absent, 0 where it cannot be read.
fn quality(parameter: &str) -> u16 {
    let Some(value) = parameter.trim().strip_prefix("q=") else { return 1000 };
    let (whole, fraction) = value.trim().split_once('.').unwrap_or((value.trim(), ""));
    let thousandths = format!("{fraction:0<3}").get(..3).and_then(|digits| digits.parse::<u16>().ok());
    match (whole, thousandths) {
        ("1", Some(0)) => 1000,
        ("0", Some(part)) => part,
        _ => 0,
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Language {
    type Rejection = PlatformError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let named = RawPathParams::from_request_parts(parts, state).await.ok().and_then(|parameters| {
            parameters.iter().find(|(name, _)| *name == "lang").map(|(_, code)| code.to_owned())
        });
        match named {
            Some(code) => Self::find(&code).ok_or(PlatformError::NotFound),
            None => Ok(Self::negotiate(&parts.headers)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn negotiated(header: &str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, header.parse().unwrap());
        Language::negotiate(&headers)
    }

    #[test]
    fn the_readers_weights_decide() {
        assert_eq!(negotiated("en-GB,en;q=0.9,it;q=0.8"), Language::English);
        assert_eq!(negotiated("it;q=0.8, en;q=0.9"), Language::English);
        assert_eq!(negotiated("ar, it-IT;q=0.7, en;q=0.3"), Language::Italian);
        assert_eq!(negotiated("en;q=0, it;q=0.1"), Language::Italian);
        assert_eq!(negotiated("EN"), Language::English);
    }

    #[test]
    fn nonsense_falls_back_to_the_default() {
        for header in ["", ";;;,,,", "*", "en;q=x", "en;q=1.5", "xx", "q=1", "en;q=0.é"] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_LANGUAGE, axum::http::HeaderValue::from_bytes(header.as_bytes()).unwrap());
            assert_eq!(Language::negotiate(&headers), Language::Italian, "{header}");
        }
        assert_eq!(Language::negotiate(&HeaderMap::new()), Language::Italian);
    }

    #[test]
    fn every_code_is_a_language_identifier_with_its_own_path() {
        for language in Language::ALL {
            assert_eq!(language.identifier().language.as_str(), language.code());
            assert_eq!(Language::find(language.code()), Some(language));
        }
    }

    #[test]
    fn a_path_names_its_language() {
        assert_eq!(Language::of_path("/en/first"), Some(Language::English));
        assert_eq!(Language::of_path("/it"), Some(Language::Italian));
        assert_eq!(Language::of_path("/english"), None);
        assert_eq!(Language::of_path("/"), None);
    }
}
