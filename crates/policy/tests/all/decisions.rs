//! What the rules say of single people, and that what is decided on an inbox is what would be decided on each of its reports.

use std::collections::BTreeSet;

use envelope::duty::{Channel, Duty};
use policy::verb::{CentreVerb, InboxVerb, ReportVerb, Verb as _};
use policy::{Organisation, Person, Policy, Report, Role};
use proptest::prelude::*;
use uuid::Uuid;

use crate::facts::{ELSEWHERE, HERE, inbox, person, report};

fn rules() -> &'static Policy {
    Policy::current()
}

#[test]
fn the_rules_that_are_compiled_in_hold() {
    assert!(Policy::load().is_ok());
}

#[test]
fn an_operator_works_with_the_reports_of_her_centre_and_with_no_others() {
    let operator = person(&[Role::Operator]);
    for channel in [Channel::Safe, Channel::General] {
        let own = report(inbox(HERE, channel));
        let foreign = report(inbox(ELSEWHERE, channel));
        for verb in [ReportVerb::See, ReportVerb::Open, ReportVerb::Write, ReportVerb::Keep, ReportVerb::Undo]
        {
            assert!(rules().may_report(&operator, verb, &own), "{verb:?}");
            assert!(!rules().may_report(&operator, verb, &foreign), "{verb:?}");
        }
        assert!(!rules().may_report(&operator, ReportVerb::TakeOver, &own), "it is hers already");
    }
}

#[test]
fn the_centre_that_was_named_sees_and_takes_over_when_the_time_has_passed() {
    let operator = person(&[Role::Operator]);
    let waiting = Report { second: Some(HERE), ..report(inbox(ELSEWHERE, Channel::Safe)) };
    let lapsed = Report { lapsed: true, ..waiting };
    assert!(rules().may_report(&operator, ReportVerb::See, &waiting));
    assert!(!rules().may_report(&operator, ReportVerb::TakeOver, &waiting));
    assert!(rules().may_report(&operator, ReportVerb::TakeOver, &lapsed));
    assert!(!rules().may_report(&operator, ReportVerb::Open, &lapsed), "not before she has taken it over");
}

#[test]
fn whoever_must_report_status_sees_nothing_of_the_safe_channel() {
    let operator = person(&[Role::Operator, Role::Supervisor]);
    let bound = [
        Person { on_status: Duty::Strong, ..operator.clone() },
        Person { on_status: Duty::Contested, ..operator.clone() },
        Person { on_status: Duty::Contested, named: true, ..operator.clone() },
        Person {
            organisation: Organisation { on_status: Duty::Strong, ..operator.organisation },
            ..operator.clone()
        },
    ];
    for person in bound {
        let scope = rules().scope(&person, InboxVerb::List);
        assert_eq!(scope.channels().collect::<Vec<_>>(), [Channel::General]);
        assert!(!rules().may_report(&person, ReportVerb::See, &report(inbox(HERE, Channel::Safe))));
    }
    let admitted = Person {
        on_status: Duty::Contested,
        named: true,
        organisation: Organisation { opinion: true, ..operator.organisation },
        ..operator
    };
    assert!(rules().may_inbox(&admitted, InboxVerb::List, inbox(HERE, Channel::Safe)));
}

#[test]
fn an_administrator_gives_roles_and_reads_no_case() {
    let administrator = person(&[Role::Administrator]);
    assert!(rules().may_centre(&administrator, CentreVerb::ChangeRoles, HERE));
    assert!(!rules().may_centre(&administrator, CentreVerb::ChangeRoles, ELSEWHERE));
    assert!(rules().scope(&administrator, InboxVerb::Count).is_empty());
    for verb in ReportVerb::ALL {
        assert!(!rules().may_report(&administrator, *verb, &report(inbox(HERE, Channel::General))));
    }
}

#[test]
fn an_auditor_reads_the_log_and_nothing_else() {
    let auditor = person(&[Role::Auditor]);
    assert!(rules().may_centre(&auditor, CentreVerb::ExportLog, HERE));
    assert!(!rules().may_centre(&auditor, CentreVerb::ReadLog, ELSEWHERE));
    assert!(rules().scope(&auditor, InboxVerb::List).is_empty());
    assert!(!rules().may_centre(&auditor, CentreVerb::ChangeTerms, HERE));
}

#[test]
fn whoever_has_no_role_may_nothing_anywhere() {
    let nobody = person(&[]);
    for verb in CentreVerb::ALL {
        assert!(!rules().may_centre(&nobody, *verb, HERE), "{verb:?}");
    }
    assert!(rules().scope(&nobody, InboxVerb::List).is_empty());
}

fn any_duty() -> impl Strategy<Value = Duty> {
    prop_oneof![Just(Duty::None), Just(Duty::Contested), Just(Duty::Strong)]
}

fn any_centre() -> impl Strategy<Value = Uuid> {
    prop_oneof![Just(HERE), Just(ELSEWHERE), Just(Uuid::from_u128(3))]
}

fn any_channel() -> impl Strategy<Value = Channel> {
    prop_oneof![Just(Channel::Safe), Just(Channel::General)]
}

fn any_person() -> impl Strategy<Value = Person> {
    let roles = proptest::sample::subsequence(Role::ALL.to_vec(), 0..=4);
    let channels = proptest::sample::subsequence(vec![Channel::Safe, Channel::General], 0..=2);
    (any_centre(), any_duty(), any::<bool>(), roles, channels, any_duty(), any::<bool>()).prop_map(
        |(centre, organisation_duty, opinion, roles, channels, on_status, named)| Person {
            id: Uuid::from_u128(10),
            organisation: Organisation { centre, on_status: organisation_duty, opinion },
            roles: roles.into_iter().collect::<BTreeSet<_>>(),
            channels,
            on_status,
            named,
        },
    )
}

fn any_report() -> impl Strategy<Value = Report> {
    (any_centre(), any_channel(), proptest::option::of(any_centre()), any::<bool>()).prop_map(
        |(centre, channel, second, lapsed)| Report { second, lapsed, ..report(inbox(centre, channel)) },
    )
}

proptest! {
    /// Deciding on the container is deciding on each row: a report is seen as one's own, opened, answered and kept exactly when its inbox is
    /// in the scope; and a list, a search and a count never differ.
    #[test]
    fn a_scope_is_what_each_row_would_say(person in any_person(), reports in proptest::collection::vec(any_report(), 1..12)) {
        let scope = rules().scope(&person, InboxVerb::List);
        for verb in [InboxVerb::Search, InboxVerb::Count] {
            prop_assert_eq!(&rules().scope(&person, verb), &scope);
        }
        for report in &reports {
            let is_in = scope.contains(report.inbox);
            for verb in [ReportVerb::Open, ReportVerb::Write, ReportVerb::Keep, ReportVerb::Undo] {
                prop_assert_eq!(rules().may_report(&person, verb, report), is_in, "{:?} {:?}", verb, report);
            }
            let is_named = report.second == Some(person.organisation.centre)
                && report.inbox.centre != person.organisation.centre;
            let sees = rules().may_report(&person, ReportVerb::See, report);
            prop_assert!(!is_in || sees);
            prop_assert!(is_in || is_named || !sees);
            prop_assert!(sees || !rules().may_report(&person, ReportVerb::TakeOver, report));
        }
    }
}
