//! How long the rules take to decide (crates/policy): one report, with everything that the decision is made of, and the scope of an inbox.

use std::collections::BTreeSet;

use envelope::duty::{Channel, Duty};
use policy::verb::{InboxVerb, ReportVerb};
use policy::{Inbox, Organisation, Person, Policy, Report, Role};
use testkit::load::{Outcome, instant};
use uuid::Uuid;

use crate::progress;
use crate::results::{Line, Results, quantile};

/// Decisions that count; as many before them warm up.
const DECISIONS: u32 = 20_000;

pub(crate) fn measure(results: &mut Results) -> Outcome<()> {
    progress("decisions of the rules");
    let centre = Uuid::from_u128(1);
    let person = Person {
        id: Uuid::from_u128(2),
        organisation: Organisation { centre, on_status: Duty::None, opinion: false },
        roles: BTreeSet::from([Role::Operator, Role::Administrator]),
        channels: vec![Channel::Safe, Channel::General],
        on_status: Duty::None,
        named: false,
    };
    let inbox = Inbox { centre, channel: Channel::Safe };
    let second = Some(Uuid::from_u128(3));
    let report = Report { case: Uuid::from_u128(4), inbox, second, lapsed: false };
    let rules = Policy::current();
    let decision = times(|| rules.may_report(&person, ReportVerb::Open, &report))?;
    let scope = times(|| !rules.scope(&person, InboxVerb::List).is_empty())?;
    for (what, times) in [
        ("a decision of the rules on one report, its entities included, p99", decision),
        ("the scope of an inbox (two decisions), p99", scope),
    ] {
        results.keep(what, "µs", &times);
        let (usual, worst) = (quantile(&times, 0.5), quantile(&times, 0.99));
        let ours = format!("{worst:.0} µs (median {usual:.0})");
        results.tell(Line::new(what, ours, "≤ 250 µs", worst <= 250.0));
    }
    Ok(())
}

/// Millionths of a second of each decision, all of which must be yes.
fn times(decide: impl Fn() -> bool) -> Outcome<Vec<f64>> {
    let one = || {
        let begun = instant();
        let may = decide();
        (begun.elapsed().as_secs_f64() * 1e6, may)
    };
    let all: Vec<(f64, bool)> = (0..2 * DECISIONS).map(|_| one()).collect();
    if !all.iter().all(|(_, may)| *may) {
        return Err("a decision that must be yes was no".into());
    }
    Ok(all.into_iter().skip(DECISIONS as usize).map(|(time, _)| time).collect())
}
