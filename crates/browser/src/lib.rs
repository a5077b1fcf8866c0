//! The WebAssembly face of `envelope` and `keyring`: the only cryptography in the browser (protocol section 2).
//!
//! Four handles, one for each thing a page does: [`letter::Letter`] writes a report, [`mailbox::Mailbox`] reads and continues a
//! conversation with a code, [`sign_in::SignIn`] turns a passphrase into a signature, [`operator::Operator`] opens and answers
//! reports. They live in a worker (`web/src/worker.ts` and `console-worker.ts`); pages hold none of them. The last two are compiled
//! only with the feature `console`: somebody who writes a report does not download what only operators need.
//!
//! Invariants: no key leaves a handle; what crosses the border is text to show, sealed bytes, counts and the codes of
//! [`refusal::Refused`]; time is a parameter, randomness is the browser's; every rule is in `envelope` and `keyring`.
//!
//! To add a question that a page can ask: a method here, one line in its worker, and a test that asks it natively.

pub mod code;
pub mod files;
pub mod letter;
pub mod mailbox;
#[cfg(feature = "console")]
pub mod operator;
pub mod papers;
pub mod refusal;
#[cfg(feature = "console")]
pub mod sign_in;
#[cfg(feature = "vectors")]
pub mod vectors;
pub mod work;
