//! Approdo's wire form, version 1 (`docs/protocol.md`, sections 3, 5 and 12): what a sealed item, a signed document, a mailbox
//! page and a published folder look like, and who may receive.
//!
//! Invariants: this crate parses and verifies, and holds no private key and no cipher, so the server can link it; every parser is
//! total (no input makes it panic); a value of a `Verified…` or `…Recipient` type exists only if its rules were checked, because
//! its fields are private and its one constructor checks them.
//!
//! To add a format: describe it in `docs/protocol.md` section 12, parse it here, write it in `keyring`, and commit a vector.

pub mod audit;
pub mod body;
pub mod burn;
pub mod centre;
pub mod certificate;
pub mod clock;
pub mod content;
pub mod duty;
pub mod encoding;
pub mod epoch;
pub mod file;
pub mod frame;
pub mod header;
pub mod ids;
pub mod index;
pub mod mailbox;
pub mod publication;
pub mod recipient;
pub mod refusal;
pub mod root;
pub mod sealed_file;
pub mod signature;
pub mod sizes;
pub mod statement;
pub mod validity;
pub mod work;
