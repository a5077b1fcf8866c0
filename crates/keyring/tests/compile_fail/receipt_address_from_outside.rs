//! Where an answer goes comes only out of an opened report, never from a server.
use envelope::recipient::Recipient;
use keyring::item::ReceiptAddress;

fn made_up(recipient: Recipient) -> ReceiptAddress {
    ReceiptAddress { recipient }
}

fn main() {}
