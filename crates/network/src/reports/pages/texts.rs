//! The sentences that the script of a report's page needs, by the names that it knows them by (`web/src/console-items.ts`,
//! `console-call.ts`, `console-lives.ts`): it has none of its own.

use platform::texts::Texts;

/// Name of the data attribute, sentence; `{…}` is filled in by the script.
pub(super) fn texts(t: Texts) -> Vec<(&'static str, String)> {
    let plain = [
        ("kind-rotation", t.console_kind_rotation()),
        ("kind-undo", t.console_kind_undo()),
        ("rotated", t.console_rotated()),
        ("item-no-key", t.console_item_no_key()),
        ("item-altered", t.console_item_unreadable()),
        ("word-right", t.console_word_right()),
        ("word-wrong", t.console_word_wrong()),
        ("word-missing", t.console_word_missing()),
        ("word-not-chosen", t.console_word_not_chosen()),
        ("word-now-wrong", t.console_word_now_wrong()),
        ("word-now-missing", t.console_word_now_missing()),
        ("burn-word-right", t.console_burn_word_right()),
        ("burn-word-wrong", t.console_burn_word_wrong()),
        ("burn-word-missing", t.console_burn_word_missing()),
        ("burn-word-not-chosen", t.console_burn_word_not_chosen()),
        ("burn-word-none-sent", t.console_burn_word_none_sent()),
        ("burn-word-altered", t.console_burn_word_altered()),
        ("undo-burn", t.console_undo_burn()),
        ("undo-rotation", t.console_undo_rotation()),
        ("undo-right-word", t.console_undo_right_word()),
        ("undo-first", t.console_undo_first()),
        ("undo-second", t.console_undo_second()),
        ("undo-sign-first", t.console_undo_sign_first()),
        ("undo-sign-second", t.console_undo_sign_second()),
        ("sent-undo", t.console_sent_undo()),
        ("error-undo-reason", t.console_error_undo_reason()),
        ("problem-foreign", t.console_problem_foreign()),
        ("problem-order", t.console_problem_order()),
        ("problem-gap", t.console_problem_gap()),
        ("problem-altered", t.console_problem_altered()),
        ("problem-key", t.console_problem_key()),
        ("problem-stranger", t.console_problem_stranger()),
        ("problem-former", t.console_problem_former()),
        ("problem-tail", t.console_problem_tail()),
        ("problem-whole", t.console_problem_whole()),
        ("problem-older", t.console_problem_older()),
        ("problem-rotation-unread", t.console_problem_rotation_unread()),
        ("call-over", t.console_call_over()),
        ("call-else-none", t.console_call_else_none()),
        ("language-it", t.console_language_it()),
        ("language-en", t.console_language_en()),
    ];
    let filled = [
        ("call-safe", t.console_call_safe("{until}")),
        ("call-later", t.console_call_later("{when}")),
        ("call-window", t.console_call_window("{day}", "{from}", "{to}")),
        ("undo-until", t.console_undo_until("{week}")),
        ("undo-signed", t.console_undo_signed("{names}")),
        ("undo-signed-mine", t.console_undo_signed_mine("{names}")),
    ];
    plain.map(|(name, text)| (name, text.to_owned())).into_iter().chain(filled).collect()
}
