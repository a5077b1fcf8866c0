//! Who may do what (protocol section 8, gate 2): Cedar rules, one readable file a subject in `policies`, each with a reason and an article.
//!
//! Pure: no I/O, no clock. The product asks [`Policy::current`] with facts that it has verified, and makes witnesses of the answers, which
//! its stores demand (`crates/network/src/*/access.rs`). Lists, searches and counts are decided on the inbox, whose answer is a [`Scope`]
//! that becomes the WHERE clause. `docs/roles.md` is generated from the rules; `tests/all/proofs.rs` proves the firewall over all
//! entities with Cedar's symbolic compiler. What that does not prove: that every path asks (stories per route do), people, law.
//!
//! To add a right: the action in `schema.cedarschema` and in [`verb`], the rule with `@id`, `@reason` and `@article` in the file of its
//! subject, then `APPRODO_WRITE_ROLES=1 cargo test -p policy` for the table.

mod decide;
mod facts;
mod role;
mod table;
pub mod verb;

pub use decide::{Policy, PolicyError, Scope};
pub use facts::{Inbox, Organisation, Person, Report};
pub use role::{Role, Roles};
pub use table::roles_table;
