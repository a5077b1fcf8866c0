//! A recipient of the safe channel cannot be put together from a string.
use envelope::centre::SafeRecipient;
use envelope::recipient::Recipient;

fn made_up(recipient: Recipient) -> SafeRecipient {
    SafeRecipient(recipient)
}

fn main() {}
