//! What is written for a person to read: one text a case. What others wrote stands indented, so that no message can look like a heading of ours, and
//! holds no character that moves the cursor or turns the line around.

use std::fmt::Write as _;

use envelope::content::{CallBack, Content};
use envelope::header::{ItemKind, Undone};
use keyring::conversation::Footing;
use keyring::item::OpenedItem;
use keyring::safe_word::{SafeWord, Verdict};

use super::cases::{OpenedCase, Place};
use super::trust::Trust;

/// The file that lists the cases.
pub(super) const INDEX: &str = "index.txt";
/// The file of a case.
pub(super) const CASE: &str = "case.txt";
/// Longest name of a file that is written, in bytes, without its number.
const LONGEST_NAME: usize = 80;

/// The text of a case. `files` are the lines about its files, by place of the conversation.
pub(super) fn case_text(
    case: &OpenedCase,
    trust: &Trust,
    files: &[(u32, String)],
    findings: &[String],
) -> String {
    let row = &case.row;
    let mut text = format!(
        "Case {}\nChannel: {}\nFirst written in week {}\nState when the backup was made: {}\n",
        row.case,
        trust.channel,
        week(&row.week),
        state(&row.state)
    );
    if row.urgent {
        text.push_str("Marked as urgent by the person who wrote\n");
    }
    if row.is_second {
        text.push_str("Written to another centre first, which had not opened it; this centre was named as the second one. Agree with the other before answering.\n");
    }
    if !findings.is_empty() {
        text.push_str("\nNOT AS IT SHOULD BE\n");
        for finding in findings {
            push(&mut text, &format!("- {finding}\n"));
        }
    }
    text.push_str("\nCONVERSATION\n");
    for (seq, place) in &case.conversation {
        push_place(&mut text, *seq, place, case, trust);
        for (_, line) in files.iter().filter(|(of, _)| of == seq) {
            push(&mut text, &format!("  File: {line}\n"));
        }
    }
    if !case.notes.is_empty() {
        text.push_str("\nNOTES OF THE CENTRE (never shown to the person who wrote)\n");
        for (seq, place) in &case.notes {
            push_place(&mut text, *seq, place, case, trust);
        }
    }
    text
}

fn push_place(text: &mut String, seq: u32, place: &Place, case: &OpenedCase, trust: &Trust) {
    match place {
        Place::Missing => push(text, &format!("\n{seq}. MISSING from the backup\n")),
        Place::Closed { week: arrived, why } => {
            push(text, &format!("\n{seq}. NOT OPENED · {} · {why}\n", week(arrived)));
        }
        Place::Opened { week: arrived, item, footing } => {
            let clear = item.clear();
            let who = match item.member() {
                Some(person) => format!("by {}", line(trust.name_of(person))),
                None => "by the person who wrote".to_owned(),
            };
            let urgent = if clear.urgent { " · urgent" } else { "" };
            push(text, &format!("\n{seq}. {} · {} · {who}{urgent}\n", kind(clear.kind), week(arrived)));
            if let Some(warning) = footing.and_then(warning) {
                push(text, &format!("  ATTENTION: {warning}\n"));
            }
            push_content(text, item, case);
        }
    }
}

fn push_content(text: &mut String, item: &OpenedItem, case: &OpenedCase) {
    match item.content() {
        Content::Report(report) => {
            push_words(text, &report.text);
            if let Some(contact) = &report.safe_contact {
                push_labelled(text, "How to reach the person without danger", contact);
            }
            push_labelled(text, "Language of the answer", report.language.as_str());
            if let Some(word) = &report.safe_word {
                push_labelled(text, "Safe word (ask for it before anything sensitive)", word);
            }
            if let Some(call) = &report.call_back {
                push_call(text, call);
            }
        }
        Content::Text(words) => {
            push_words(text, &words.text);
            if item.clear().kind == ItemKind::Message {
                let verdict = SafeWord::verdict(case.chosen_word.as_deref(), words.safe_word.as_deref());
                push(text, &format!("  Safe word: {}\n", verdict_text(verdict)));
            }
        }
        Content::Rotation(_) => {
            text.push_str("  A new code. The one before opens nothing any more.\n");
            let rotated = case.rotations.iter().find(|rotated| rotated.seq == item.clear().seq);
            if let Some(rotated) = rotated {
                push(text, &format!("  Safe word: {}\n", verdict_text(rotated.word)));
                if rotated.is_undone {
                    text.push_str("  Taken back by two members: the code before counts again.\n");
                }
            }
        }
        Content::Closing(closing) => {
            push_labelled(text, "Closed, reason", &closing.reason);
            push_words(text, &closing.note);
        }
        Content::Undo(undo) => {
            let what = match item.clear().undoes {
                Some(Undone::Rotation(seq)) => format!("the new code of number {seq}"),
                Some(Undone::Burn) => "the withdrawal".to_owned(),
                None => "nothing".to_owned(),
            };
            push(text, &format!("  Asks to take back {what}. How the person asked for it:\n"));
            push_words(text, &undo.reason);
        }
    }
}

fn push_call(text: &mut String, call: &CallBack) {
    push_labelled(text, "Asks for a call, number", &call.number);
    push_labelled(text, "Language of the call", call.language.as_str());
    for window in &call.windows {
        push(text, &format!("  Safe from {} to {} (universal time)\n", window.from, window.to));
    }
    push_labelled(text, "If somebody else answers", &call.if_somebody_else_answers);
}

fn push(text: &mut String, more: &str) {
    text.push_str(more);
}

/// Words of others: every line indented by four spaces.
fn push_words(text: &mut String, words: &str) {
    for words in words.lines() {
        // Writing into a text cannot fail.
        let _ = writeln!(text, "    {}", visible(words));
    }
}

fn push_labelled(text: &mut String, label: &str, words: &str) {
    push(text, &format!("  {label}:\n"));
    push_words(text, words);
}

fn warning(footing: Footing) -> Option<&'static str> {
    match footing {
        Footing::Sound => None,
        Footing::ByAnother => {
            Some("signed by another code than the one that counted here; perhaps not the same person")
        }
        Footing::ToFormerCode => {
            Some("sealed to a code that did not count any more; whoever had that code could read it")
        }
        Footing::ToStranger => Some("sealed to somebody else than the person who wrote"),
    }
}

fn verdict_text(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Right => "right",
        Verdict::Wrong => "WRONG",
        Verdict::Missing => "left empty",
        Verdict::NotChosen => "none was chosen in the report",
    }
}

fn kind(kind: ItemKind) -> &'static str {
    match kind {
        ItemKind::Report => "Report",
        ItemKind::Message => "Message",
        ItemKind::Answer => "Answer",
        ItemKind::Acknowledgement => "Acknowledgement",
        ItemKind::Rotation => "Change of code",
        ItemKind::Closing => "Closing",
        ItemKind::Undo => "Taking back",
    }
}

/// A state in words; what the server said is shown only where it is one of its words.
pub(super) fn state(word: &str) -> &'static str {
    match word {
        "arrived" => "something waits to be opened",
        "opened" => "opened",
        "answered" => "answered",
        "waiting" => "waiting",
        "closed" => "closed",
        _ => "unknown",
    }
}

/// An ISO week as the server wrote it; anything else is not repeated.
pub(super) fn week(text: &str) -> &str {
    let is_week = text.len() == 8
        && text.bytes().enumerate().all(|(place, byte)| match place {
            4 => byte == b'-',
            5 => byte == b'W',
            _ => byte.is_ascii_digit(),
        });
    if is_week { text } else { "unknown week" }
}

/// One line of others: no line breaks, nothing invisible.
pub(super) fn line(text: &str) -> String {
    visible(text)
}

/// Text in which nothing moves the cursor of a terminal, turns the order of a line around, or begins a line where `lines` sees none.
fn visible(text: &str) -> String {
    let is_turning = |character: char| matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let shown = |character: char| {
        let is_hidden = (character.is_control() && character != '\t') || is_turning(character);
        if is_hidden { char::REPLACEMENT_CHARACTER } else { character }
    };
    text.chars().map(shown).collect()
}

/// A name that every file system takes, and that leads nowhere: letters, digits, dots, dashes.
pub(super) fn safe_name(name: &str) -> String {
    let safe = |character: char| {
        let is_safe = character.is_ascii_alphanumeric() || matches!(character, '.' | '-');
        if is_safe { character } else { '_' }
    };
    let safe: String = name.chars().map(safe).collect();
    let from = safe.len().saturating_sub(LONGEST_NAME);
    // The end stays, because the kind of a file stands there. All characters are one byte.
    let kept = safe.get(from..).unwrap_or_default().trim_start_matches('.');
    if kept.is_empty() { "file".to_owned() } else { kept.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_name_is_a_plain_name_in_its_folder(name in any::<String>()) {
            let safe = safe_name(&name);
            prop_assert!(!safe.is_empty() && safe.len() <= LONGEST_NAME && !safe.starts_with('.'));
            prop_assert!(safe.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte)));
        }

        #[test]
        fn no_words_look_like_a_heading(words in any::<String>()) {
            let mut text = String::new();
            push_words(&mut text, &words);
            prop_assert!(text.lines().all(|line| line.starts_with("    ")));
            let is_hidden = |character: char| (character.is_control() && character != '\n' && character != '\t') || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202e}');
            let hidden = text.chars().filter(|character| is_hidden(*character)).count();
            prop_assert_eq!(hidden, 0);
        }
    }

    #[test]
    fn a_line_separator_begins_no_line() {
        let mut text = String::new();
        push_words(&mut text, "prima\u{2028}7. Answer\u{2029}8. Answer\u{200f}");
        assert!(!text.contains(['\u{2028}', '\u{2029}', '\u{200f}']), "{text:?}");
    }

    #[test]
    fn names_keep_their_kind_and_weeks_their_form() {
        assert_eq!(safe_name("../../etc/passwd"), "_.._etc_passwd");
        assert_eq!(safe_name("foto di casa.jpg"), "foto_di_casa.jpg");
        assert!(safe_name(&format!("{}.jpg", "a".repeat(300))).ends_with("a.jpg"));
        assert_eq!(
            (week("2026-W47"), week("2026-W4\n"), state("arrived\u{1b}")),
            ("2026-W47", "unknown week", "unknown")
        );
    }
}
