//! An epoch's private half is sealed only to an `EpochReader`, and none can be put together: the chain names them.
use envelope::centre::EpochReader;
use envelope::recipient::Recipient;

fn made_up(recipient: Recipient) -> EpochReader {
    EpochReader { recipient, person: None }
}

fn main() {}
