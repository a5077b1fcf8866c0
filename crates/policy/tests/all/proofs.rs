//! Proofs over **all** persons, centres, inboxes and reports, with Cedar's symbolic compiler and the solver cvc5: not samples. Each theorem has
//! mutants of the rules under which it must be refuted, so that a proof that proves nothing is noticed.
//!
//! What they do not say: that every path of the product asks the rules, that the facts it brings are true, people, law.

use std::str::FromStr as _;
use std::time::Instant;

use cedar_policy::{PolicySet, RequestEnv, Schema};
use cedar_policy_symcc::solver::LocalSolver;
use cedar_policy_symcc::{CedarSymCompiler, CompiledPolicy, CompiledPolicySet};

const SCHEMA: &str = include_str!("../../policies/schema.cedarschema");
const RULES: &str = concat!(
    include_str!("../../policies/firewall.cedar"),
    include_str!("../../policies/reports.cedar"),
    include_str!("../../policies/centre.cedar"),
);

/// A duty to report residence status that no opinion lifts, of the person or of her organisation.
const BOUND: &str = r#"(principal.on_status == Duty::"strong" || principal.centre.on_status == Duty::"strong" ||
    ((principal.on_status == Duty::"contested" || principal.centre.on_status == Duty::"contested") &&
     !(principal.named && principal.centre.opinion)))"#;

/// What nobody may, by what it is done to; `None`: the theorem says nothing of it.
struct Theorem {
    inbox: Option<String>,
    report: Option<String>,
    second: Option<String>,
}

fn schema() -> Schema {
    Schema::from_cedarschema_str(SCHEMA).expect("a schema").0
}

fn name_of(environment: &RequestEnv) -> (String, String) {
    (environment.action().id().unescaped().to_owned(), environment.resource().to_string())
}

/// Whether nobody is permitted what the theorem describes, under these rules; else the action that somebody is permitted.
async fn refutation(rules: &str, theorem: &Theorem) -> Option<String> {
    let schema = schema();
    let rules = PolicySet::from_str(rules).expect("rules");
    let mut compiler = CedarSymCompiler::new(LocalSolver::cvc5().expect("cvc5")).expect("a solver");
    let mut proved = 0;
    for environment in schema.request_envs() {
        let (action, resource) = name_of(&environment);
        let described = match (resource.as_str(), action.as_str()) {
            ("Inbox", _) => &theorem.inbox,
            ("Report", "see" | "take-over") => &theorem.second,
            ("Report", _) => &theorem.report,
            _ => &None,
        };
        let Some(described) = described else { continue };
        let described =
            PolicySet::from_str(&format!("permit (principal, action, resource) when {{ {described} }};"));
        let described = CompiledPolicySet::compile(&described.expect("a theorem"), &environment, &schema);
        let allowed =
            CompiledPolicySet::compile(&rules, &environment, &schema).expect("rules that fit the schema");
        let described = described.expect("a theorem that fits the schema");
        if !compiler.check_disjoint_opt(&allowed, &described).await.expect("an answer of the solver") {
            return Some(action);
        }
        proved += 1;
    }
    assert!(proved > 0, "a theorem about nothing");
    None
}

/// Proves a theorem, and that it does not hold under any of the mutants.
async fn holds(name: &str, theorem: &Theorem, mutants: &[(&str, &str)]) {
    #[expect(clippy::disallowed_methods, reason = "a proof is timed, no rule knows the time")]
    let begun = Instant::now();
    assert_eq!(refutation(RULES, theorem).await, None, "{name}");
    println!("{name}: proved in {} ms", begun.elapsed().as_millis());
    for (from, to) in mutants {
        let mutant = RULES.replace(from, to);
        assert_ne!(mutant, RULES, "{name}: the mutant {from:?} changes nothing");
        assert!(refutation(&mutant, theorem).await.is_some(), "{name}: not refuted with {to:?} for {from:?}");
    }
}

/// The rules without the one of this id.
fn without(id: &str) -> String {
    let start = RULES.find(&format!("@id(\"{id}\")")).expect("a rule of this id");
    let (before, rest) = RULES.split_at(start);
    let (_, after) = rest.split_once("};").expect("its end");
    format!("{before}{after}")
}

fn firewall() -> Theorem {
    let of = |channel: &str| Some(format!("{channel} == Channel::\"safe\" && {BOUND}"));
    Theorem {
        inbox: of("resource.channel"),
        report: of("resource.inbox.channel"),
        second: of("resource.inbox.channel"),
    }
}

#[tokio::test]
async fn nobody_who_must_report_status_does_anything_with_the_safe_channel() {
    holds("the firewall", &firewall(), &[]).await;
    for id in
        ["status-strong-list", "status-contested-list", "status-strong-report", "status-contested-report"]
    {
        assert!(refutation(&without(id), &firewall()).await.is_some(), "not refuted without {id}");
    }
    // Each of the two duties counts, and the opinion has to name the person and admit the organisation.
    let mutants = [
        (" || principal.centre.on_status == Duty::\"strong\"", ""),
        ("principal.on_status == Duty::\"strong\" || ", ""),
        ("!(principal.named && principal.centre.opinion)", "!principal.named"),
        ("!(principal.named && principal.centre.opinion)", "!principal.centre.opinion"),
        // Making a key of the channel is forbidden like reading.
        (", Action::\"make-key\"]", "]"),
    ];
    holds("the firewall, by its parts", &firewall(), &mutants).await;
}

#[tokio::test]
async fn without_the_role_of_who_works_with_reports_nobody_touches_one() {
    let nobody = "!principal.roles.containsAny([Role::\"operator\", Role::\"supervisor\"])";
    let theorem =
        Theorem { inbox: Some(nobody.into()), report: Some(nobody.into()), second: Some(nobody.into()) };
    let mutants = [
        (
            "containsAny([Role::\"operator\", Role::\"supervisor\"])",
            "containsAny([Role::\"operator\", Role::\"administrator\"])",
        ),
        (
            "principal.roles.containsAny([Role::\"operator\", Role::\"supervisor\"]) && resource.lapsed &&",
            "resource.lapsed &&",
        ),
    ];
    holds("an administrator reads no case", &theorem, &mutants).await;
}

#[tokio::test]
async fn nobody_reads_another_centres_reports_but_those_she_was_named_for() {
    let theorem = Theorem {
        inbox: Some("principal.centre != resource.centre".into()),
        report: Some("principal.centre != resource.inbox.centre".into()),
        second: Some(
            "principal.centre != resource.inbox.centre && !(resource has second && resource.second.centre == principal.centre)".into(),
        ),
    };
    let mutants = [
        ("principal.centre == resource.centre && principal.channels", "principal.channels"),
        ("principal.centre == resource.inbox.centre && principal.channels", "principal.channels"),
        ("resource has second && principal.centre == resource.second.centre &&", "resource has second &&"),
    ];
    holds("another centre's reports", &theorem, &mutants).await;
}

#[tokio::test]
async fn nobody_takes_over_before_the_promised_time() {
    // `see` does not wait for it, so only taking over is described: by what it alone demands.
    let theorem = Theorem {
        inbox: None,
        report: None,
        second: Some("action == Action::\"take-over\" && !resource.lapsed".into()),
    };
    holds("the promised time", &theorem, &[("resource.lapsed &&", "")]).await;
}

#[tokio::test]
async fn nobody_reads_a_channel_for_which_no_chain_vouches() {
    let theorem = Theorem {
        inbox: Some("!principal.channels.contains(resource.channel)".into()),
        report: Some("!principal.channels.contains(resource.inbox.channel)".into()),
        second: Some("!principal.channels.contains(resource.inbox.channel)".into()),
    };
    let mutants = [
        (" && principal.channels.contains(resource.channel)", ""),
        (" && principal.channels.contains(resource.inbox.channel)", ""),
        ("resource.second.channel == resource.inbox.channel && ", ""),
    ];
    holds("channels", &theorem, &mutants).await;
}

#[tokio::test]
async fn no_rule_fails_to_compute() {
    let schema = schema();
    let rules = PolicySet::from_str(RULES).expect("rules");
    let mut compiler = CedarSymCompiler::new(LocalSolver::cvc5().expect("cvc5")).expect("a solver");
    for environment in schema.request_envs() {
        for rule in rules.policies() {
            let single =
                CompiledPolicy::compile(rule, &environment, &schema).expect("a rule that fits the schema");
            assert!(compiler.check_never_errors_opt(&single).await.expect("an answer"), "{rule}");
        }
    }
}
