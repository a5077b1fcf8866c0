//! `TestApp`, actors, mock clock, both engines: what every story test stands on.
//!
//! Invariant: a story goes through the router, in process, with a fixed clock and seeded randomness, and sees no other
//! story's data. A story file lists its stories once and each becomes two tests:
//!
//! ```text
//! testkit::on_both_engines!(a_centre_answers);
//!
//! async fn a_centre_answers(app: testkit::TestApp) { … }
//! ```

// A test kit may fail loudly: whatever it cannot set up is a failed test.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a test that cannot be set up must fail"
)]

pub mod actors;
mod app;
mod clock;
mod engine;
pub mod load;
mod mail_server;

pub use app::{Answer, TestApp, demonstration};
pub use clock::{beginning, seeded_random};
pub use engine::{ADMINISTRATOR, Engine, REQUIRED, TestDatabase};
pub use mail_server::{MailServer, ReceivedLetter};
