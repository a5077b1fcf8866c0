//! The transitions, by an exhaustive table and by runs of commands (protocol invariant I17).

use super::*;
use jiff::civil::date;
use proptest::prelude::*;

/// Standings that can exist: what was answered was opened, and only what nobody has opened may lie there unopened.
fn standings() -> impl Strategy<Value = Standing> {
    let state = (0_usize..State::ALL.len()).prop_map(|index| State::ALL[index]);
    (state, any::<bool>(), any::<bool>(), any::<bool>(), 1_u32..1000, 0_u32..1000).prop_map(
        |(state, day, opened, answered, conversation, notes)| {
            let opened = opened || answered || !matches!(state, State::Arrived | State::Withdrawn);
            let answered = answered || state == State::Answered;
            let day = (day && !opened).then(|| date(2026, 11, 20));
            Standing::stored(state, day, opened, answered, conversation, notes)
        },
    )
}

/// I17 by the table: every state with every command, written out once more and independently, for a report that was opened and
/// answered before.
#[test]
fn every_pair_of_state_and_command_is_decided() {
    // One row a command: what becomes of arrived, opened, answered, waiting, closed, withdrawn; `-` is refused.
    let table = [
        (Command::Open, ["opened", "opened", "answered", "waiting", "closed", "withdrawn"]),
        (Command::Answer, ["-", "answered", "answered", "answered", "-", "-"]),
        (Command::Wait, ["-", "waiting", "waiting", "-", "-", "-"]),
        (Command::Close, ["-", "closed", "closed", "closed", "-", "-"]),
        (Command::Message, ["arrived", "arrived", "arrived", "arrived", "arrived", "-"]),
        (Command::Rotate, ["arrived", "arrived", "arrived", "arrived", "arrived", "-"]),
        (Command::Burn, ["withdrawn", "withdrawn", "withdrawn", "withdrawn", "withdrawn", "-"]),
        (Command::TakeOver, ["-", "-", "-", "-", "-", "-"]),
        (Command::UndoRotation, ["-", "opened", "answered", "waiting", "closed", "-"]),
        (Command::AskToUndoBurn, ["-", "-", "-", "-", "-", "withdrawn"]),
        (Command::UndoBurn, ["-", "-", "-", "-", "-", "arrived"]),
    ];
    assert_eq!(table.map(|(command, _)| command), Command::ALL);
    for (command, row) in table {
        for (before, after) in State::ALL.into_iter().zip(row) {
            let standing = Standing::stored(before, None, true, true, 3, 1);
            let result = standing.apply(command).map_or("-", |next| next.state().word());
            assert_eq!(result, after, "{before:?} {command:?}");
        }
    }
}

/// The same for what nobody has opened yet: it lies there, or was burned unopened.
#[test]
fn every_command_is_decided_for_what_was_never_opened() {
    let table = [
        (Command::Open, ["opened", "withdrawn"]),
        (Command::Answer, ["-", "-"]),
        (Command::Wait, ["-", "-"]),
        (Command::Close, ["-", "-"]),
        (Command::Message, ["-", "-"]),
        (Command::Rotate, ["-", "-"]),
        (Command::Burn, ["withdrawn", "-"]),
        (Command::TakeOver, ["opened", "-"]),
        (Command::UndoRotation, ["-", "-"]),
        (Command::AskToUndoBurn, ["-", "-"]),
        (Command::UndoBurn, ["-", "-"]),
    ];
    assert_eq!(table.map(|(command, _)| command), Command::ALL);
    for (command, row) in table {
        for (before, after) in [State::Arrived, State::Withdrawn].into_iter().zip(row) {
            let standing = Standing::stored(before, Some(date(2026, 11, 20)), false, false, 1, 0);
            let result = standing.apply(command).map_or("-", |next| next.state().word());
            assert_eq!(result, after, "{before:?} {command:?}");
        }
    }
}

proptest! {
    /// I17: whatever comes in whatever order, the rules that the protocol states hold after every step.
    #[test]
    fn no_run_of_commands_breaks_a_rule(start in standings(), commands in proptest::collection::vec(0_usize..Command::ALL.len(), 0..40)) {
        let mut standing = start;
        for index in commands {
            let command = Command::ALL[index];
            let before = standing;
            let Ok(after) = standing.apply(command) else { continue };
            // Chains only grow, by one, and only by the command that writes.
            let conversation = after.conversation_items() - before.conversation_items();
            let notes = after.notes_items() - before.notes_items();
            let writes = matches!(command, Command::Answer | Command::Message | Command::Rotate);
            let notes_down = matches!(
                command,
                Command::Close | Command::UndoRotation | Command::AskToUndoBurn | Command::UndoBurn
            );
            prop_assert_eq!((conversation, notes), (u32::from(writes), u32::from(notes_down)));
            // What was once answered or opened stays so; only an answer, only handing out the wraps makes it so.
            prop_assert!(after.answered() == (before.answered() || command == Command::Answer));
            let opens = matches!(command, Command::Open | Command::TakeOver);
            prop_assert_eq!(after.is_opened(), before.is_opened() || opens);
            prop_assert!(after.is_opened() || !after.answered());
            // Nothing unopened is answered, waited for, closed or undone.
            if before.state() == State::Arrived {
                prop_assert!(matches!(
                    command,
                    Command::Open | Command::TakeOver | Command::Message | Command::Rotate | Command::Burn
                ));
            }
            // Only a burn withdraws, and only two members bring back; a withdrawn report takes nothing of hers.
            if before.state() == State::Withdrawn {
                let stays = matches!(command, Command::Open | Command::AskToUndoBurn);
                prop_assert!(stays || command == Command::UndoBurn);
                prop_assert_eq!(after.state() == State::Withdrawn, stays);
            } else {
                prop_assert_eq!(after.state() == State::Withdrawn, command == Command::Burn);
            }
            // The second centre takes over nothing that the first has opened.
            prop_assert!(command != Command::TakeOver || !before.is_opened());
            // The day never comes back.
            prop_assert!(after.arrived_on().is_none() || after.arrived_on() == before.arrived_on());
            standing = after;
        }
    }

    #[test]
    fn an_unanswered_report_takes_neither_message_nor_rotation(start in standings()) {
        let takes = start.answered() && start.state() != State::Withdrawn;
        prop_assert_eq!((start.message().is_ok(), start.rotate().is_ok()), (takes, takes));
    }

    #[test]
    fn opening_erases_the_day(start in standings()) {
        prop_assert_eq!(start.open().arrived_on(), None);
    }

    /// Whatever was opened never lapses, whatever lies long enough always does.
    #[test]
    fn only_what_lies_unopened_lapses(start in standings(), promise in 1_u8..=7, days in 0_i32..20) {
        let today = date(2026, 11, 20).saturating_add(days.days());
        let lies = start.state() == State::Arrived && !start.is_opened();
        let is_late = start.arrived_on().is_none() || days > i32::from(promise);
        prop_assert_eq!(start.is_lapsed(promise, today), lies && is_late);
    }

    /// Fourteen days have passed whenever week numbers say so, and after 21 they always say so.
    #[test]
    fn what_is_final_is_at_least_fourteen_days_old(start in 1_600_000_000_i64..4_000_000_000, days in 0_i64..40) {
        let done = Timestamp::from_second(start).unwrap();
        let now = Timestamp::from_second(start + days * 86_400).unwrap();
        if !can_be_undone(&week_of(done), now) {
            prop_assert!(days >= 14);
        }
        prop_assert!(days < 22 || !can_be_undone(&week_of(done), now));
    }
}

#[test]
fn weeks_are_counted_over_the_end_of_a_year() {
    assert_eq!(last_final_week("2026-W48").as_deref(), Some("2026-W45"));
    assert_eq!(last_final_week("2027-W02").as_deref(), Some("2026-W52"), "2026 has 53 weeks");
    for wrong in ["", "2026", "2026-W54", "2026-W00", "year-W01"] {
        assert_eq!(last_final_week(wrong), None, "{wrong}");
    }
}

#[test]
fn ages_are_no_finer_than_what_is_kept() {
    // Sunday 22 November 2026, shortly after midnight in Rome.
    let now: Timestamp = "2026-11-21T23:30:00Z".parse().unwrap();
    assert_eq!(week_of(now), "2026-W47");
    assert_eq!(day_of(now), date(2026, 11, 22));
    assert_eq!(first_kept_day(now), date(2026, 11, 15));
    assert_eq!(Age::of("2026-W47", Some(date(2026, 11, 22)), now), Age::Today);
    assert_eq!(Age::of("2026-W47", Some(date(2026, 11, 21)), now), Age::Yesterday);
    assert_eq!(Age::of("2026-W47", None, now), Age::ThisWeek);
    assert_eq!(Age::of("2026-W46", None, now), Age::Older);
}
