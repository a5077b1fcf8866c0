//! What we promise in words is checked here, over every language.

use super::*;

/// Words that promise more than holds (protocol §1), whole words, lower case. A word counts in every language, because texts borrow.
const fn promises(language: Language) -> &'static [&'static str] {
    match language {
        Language::Italian => ITALIAN_PROMISES,
        Language::English => ENGLISH_PROMISES,
    }
}

const ENGLISH_PROMISES: &[&str] =
    &["proven", "guaranteed", "anonymous", "anonymously", "anonymity", "untraceable"];

const ITALIAN_PROMISES: &[&str] = &[
    "garantito",
    "garantita",
    "garantiti",
    "garantite",
    "anonimo",
    "anonima",
    "anonimi",
    "anonime",
    "anonimamente",
    "anonimato",
    "anonimità",
    "provato",
    "provata",
    "provati",
    "provate",
    "dimostrato",
    "dimostrata",
    "dimostrati",
    "dimostrate",
    "irrintracciabile",
    "irrintracciabili",
];

fn promise(words: &str) -> Option<String> {
    let words = words.to_lowercase();
    if words.contains("100%") || words.contains("100 %") {
        return Some("100%".to_owned());
    }
    let all: Vec<&str> = Language::ALL.into_iter().flat_map(promises).copied().collect();
    words.split(|c: char| !c.is_alphabetic()).find(|word| all.contains(word)).map(str::to_owned)
}

#[test]
fn no_text_promises_more_than_holds() {
    let found: Vec<String> = WORDS
        .iter()
        .filter(|(_, _, _, limits)| !limits)
        .filter_map(|(language, id, words, _)| promise(words).map(|word| format!("{language}: {id}: {word}")))
        .collect();
    assert!(
        found.is_empty(),
        "name the limits in a comment `# limits: …` or choose another word: {found:#?}"
    );
}

#[test]
fn the_search_for_promises_finds_them() {
    for words in ["You stay ANONYMOUS.", "è garantita", "100% safe", "dimostrato,", "anonimamente"] {
        assert!(promise(words).is_some(), "{words}");
    }
    for words in ["You have tried before", "una prova", "in garanzia", "improven"] {
        assert_eq!(promise(words), None, "{words}");
    }
}

#[test]
fn every_message_formats_in_every_language() {
    assert!(!messages().is_empty());
    for language in Language::ALL {
        let texts = Texts::new(language);
        for message in messages() {
            let arguments: FluentArgs<'_> =
                message.variables.iter().map(|name| (*name, FluentValue::from(3))).collect();
            let mut problems = Vec::new();
            let pattern =
                texts.catalogue.bundle.get_message(message.id).and_then(|found| found.value()).unwrap();
            let text = texts.catalogue.bundle.format_pattern(pattern, Some(&arguments), &mut problems);
            assert!(problems.is_empty(), "{language:?} {}: {problems:?}", message.id);
            assert!(!text.trim().is_empty(), "{language:?} {}", message.id);
        }
    }
}

#[test]
fn every_language_has_every_file_with_a_reviewer() {
    let names = |language: Language| {
        let mut names: Vec<&str> =
            files().iter().filter(|file| file.language == language.code()).map(|file| file.file).collect();
        names.sort_unstable();
        names
    };
    for language in Language::ALL {
        assert_eq!(names(language), names(Language::default()));
    }
    assert!(files().iter().all(|file| !file.reviewed_by.is_empty()));
}

#[test]
fn variables_are_isolated_against_turning_the_sentence() {
    let text = Texts::new(Language::English).error_reference("ABCD2345");
    assert!(text.contains("\u{2068}ABCD2345\u{2069}"), "{text:?}");
}

#[test]
fn languages_differ() {
    assert_ne!(Texts::new(Language::Italian).error_title(), Texts::new(Language::English).error_title());
}
