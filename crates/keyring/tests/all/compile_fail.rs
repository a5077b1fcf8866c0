//! Gate 1 of the firewall is the type system: these programs must not compile (protocol section 8).

#[test]
fn recipients_cannot_be_made_up() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
