//! An epoch's private half cannot be sealed to a recipient that the chain does not name.
use envelope::recipient::Recipient;
use keyring::epoch::{EpochKey, seal_to};
use keyring::operator::OperatorIdentity;

fn share(recipient: &Recipient, key: &EpochKey, author: &OperatorIdentity) {
    let _ = seal_to(recipient, key, author);
}

fn main() {}
