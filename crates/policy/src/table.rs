//! `docs/roles.md`: what each role may, found out by asking the rules.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use cedar_policy::PolicyId;
use envelope::duty::{Channel, Duty};
use uuid::Uuid;

use crate::decide::{FILES, Policy};
use crate::facts::{Inbox, Organisation, Person, Report};
use crate::role::Role;
use crate::verb::{CentreVerb, InboxVerb, ReportVerb, Verb};

const HEAD: &str = "# Who may do what

Generated from the rules in `crates/policy/policies`; do not edit. `APPRODO_WRITE_ROLES=1 cargo test -p policy` writes it anew, a test compares it.

A role is of one centre. What the table says holds there, for reports of the channels for which the verified chain vouches for the person's
keys (protocol §3); at other centres nobody may anything, but what a second centre may that the victim herself named. Whoever must report
residence status, or whose organisation must, has nothing of the safe channel, whatever the role: that is forbidden, not merely not permitted.
A role without a mark has no right in this version; its rights come with what it works on.

";

/// The document, from the rules.
///
/// # Errors
/// [`std::fmt::Error`], which a text in memory never gives.
pub fn roles_table(policy: &Policy) -> Result<String, std::fmt::Error> {
    let mut out = HEAD.to_owned();
    out.push_str("| role |");
    let names = names();
    for name in &names {
        write!(out, " {name} |")?;
    }
    out.push_str("\n|---|");
    out.push_str(&"---|".repeat(names.len()));
    out.push('\n');
    for role in Role::ALL {
        write!(out, "| {} |", role.name())?;
        for may in row(policy, role) {
            out.push_str(if may { " yes |" } else { " |" });
        }
        out.push('\n');
    }
    out.push_str("\n`see` and `take-over` of a second centre are the same roles' there.\n\n## Why\n| rule | file | says | source |\n|---|---|---|---|\n");
    for (file, text) in FILES {
        for id in rules_of(text) {
            let said = |what| policy.rules().policy(&PolicyId::new(id))?.annotation(what);
            let (reason, article) = (said("reason").unwrap_or_default(), said("article").unwrap_or_default());
            writeln!(out, "| {id} | {file} | {reason} | {article} |")?;
        }
    }
    Ok(out)
}

fn names() -> Vec<&'static str> {
    let inbox = InboxVerb::ALL.iter().map(|verb| verb.name());
    let report = ReportVerb::ALL.iter().map(|verb| verb.name());
    let centre = CentreVerb::ALL.iter().map(|verb| verb.name());
    inbox.chain(report).chain(centre).collect()
}

/// What somebody with this one role may at her centre, who is bound to nothing and has both channels.
fn row(policy: &Policy, role: Role) -> Vec<bool> {
    let centre = Uuid::from_u128(1);
    let person = Person {
        id: Uuid::from_u128(2),
        organisation: Organisation { centre, on_status: Duty::None, opinion: false },
        roles: BTreeSet::from([role]),
        channels: vec![Channel::Safe, Channel::General],
        on_status: Duty::None,
        named: false,
    };
    let inbox = Inbox { centre, channel: Channel::Safe };
    let own = Report { case: Uuid::from_u128(3), inbox, second: None, lapsed: false };
    // Taking over is what a second centre does: the report lies at another one.
    let elsewhere = Inbox { centre: Uuid::from_u128(4), channel: Channel::Safe };
    let lapsed = Report { inbox: elsewhere, second: Some(centre), lapsed: true, ..own };
    let report = |verb: &ReportVerb| {
        let report = if *verb == ReportVerb::TakeOver { &lapsed } else { &own };
        policy.may_report(&person, *verb, report)
    };
    let mut row: Vec<bool> =
        InboxVerb::ALL.iter().map(|verb| policy.may_inbox(&person, *verb, inbox)).collect();
    row.extend(ReportVerb::ALL.iter().map(report));
    row.extend(CentreVerb::ALL.iter().map(|verb| policy.may_centre(&person, *verb, centre)));
    row
}

/// The ids of the rules of a file, in its order.
fn rules_of(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| line.strip_prefix("@id(\"")?.strip_suffix("\")"))
}
