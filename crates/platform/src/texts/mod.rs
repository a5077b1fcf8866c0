//! Every sentence a person sees, as typed methods over `translations/<language>/*.ftl`.
//!
//! Invariant: a message that lacks a language, or takes other variables there, does not compile (`build.rs`). The message
//! `start-title` is `texts.start_title()`; its variables become parameters in alphabetical order. Variables
//! are wrapped in Unicode isolation marks, so that an Arabic name cannot turn a Latin sentence around.
//!
//! To add a message: write it into the same file of every language. To add a language: see ARCHITECTURE.md.

mod language;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

pub use language::{Direction, Language};

include!(concat!(env!("OUT_DIR"), "/texts.rs"));

/// What is known of one message at build time.
#[derive(Clone, Copy, Debug)]
pub struct MessageFacts {
    /// Its name, lower-kebab-case, beginning with the slice's prefix.
    pub id: &'static str,
    /// The file it stands in, in every language.
    pub file: &'static str,
    /// The variables it takes, in alphabetical order.
    pub variables: &'static [&'static str],
}

/// One file of one language.
#[derive(Clone, Copy, Debug)]
pub struct SourceFile {
    /// Language code, as `it`.
    pub language: &'static str,
    /// File name without the folder.
    pub file: &'static str,
    /// Who read it as a native speaker, or `unreviewed`.
    pub reviewed_by: &'static str,
    source: &'static str,
}

/// All messages; they exist in every language.
#[must_use]
pub fn messages() -> &'static [MessageFacts] {
    MESSAGES
}

/// Every file with the person who reviewed it.
#[must_use]
pub fn files() -> &'static [SourceFile] {
    SOURCES
}

/// The texts of one language. Copying it is free.
#[derive(Clone, Copy)]
pub struct Texts {
    catalogue: &'static Catalogue,
}

struct Catalogue {
    language: Language,
    bundle: FluentBundle<FluentResource>,
    /// Messages without variables, formatted once; the position is that in [`MESSAGES`].
    fixed: Vec<String>,
}

static ITALIAN: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::load(Language::Italian));
static ENGLISH: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::load(Language::English));

impl Texts {
    /// The texts in `language`.
    #[must_use]
    pub fn new(language: Language) -> Self {
        let catalogue = match language {
            Language::Italian => &*ITALIAN,
            Language::English => &*ENGLISH,
        };
        Self { catalogue }
    }

    /// The language of these texts.
    #[must_use]
    pub fn language(&self) -> Language {
        self.catalogue.language
    }

    fn fixed(self, position: usize) -> &'static str {
        self.catalogue.fixed.get(position).map_or("", String::as_str)
    }

    fn filled<'a, const N: usize>(self, id: &str, values: [(&'a str, FluentValue<'a>); N]) -> String {
        self.catalogue.format(id, Some(&values.into_iter().collect())).into_owned()
    }
}

impl std::fmt::Debug for Texts {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Texts").field(&self.catalogue.language).finish()
    }
}

impl Catalogue {
    fn load(language: Language) -> Self {
        let mut bundle = FluentBundle::new_concurrent(vec![language.identifier()]);
        for file in SOURCES.iter().filter(|file| file.language == language.code()) {
            // `build.rs` has parsed the same bytes and refused duplicates, so nothing is left to fail here.
            let resource =
                FluentResource::try_new(file.source.to_owned()).unwrap_or_else(|(resource, _)| resource);
            bundle.add_resource_overriding(resource);
        }
        let mut catalogue = Self { language, bundle, fixed: Vec::new() };
        catalogue.fixed =
            MESSAGES.iter().map(|message| catalogue.format(message.id, None).into_owned()).collect();
        catalogue
    }

    fn format<'a>(&'a self, id: &str, values: Option<&'a FluentArgs<'a>>) -> Cow<'a, str> {
        let Some(pattern) = self.bundle.get_message(id).and_then(|message| message.value()) else {
            return Cow::Borrowed("");
        };
        // Problems are missing variables, which the generated signatures exclude.
        self.bundle.format_pattern(pattern, values, &mut Vec::new())
    }
}
