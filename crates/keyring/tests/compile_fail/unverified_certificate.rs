//! A certificate that nobody verified gives no recipient.
use envelope::certificate::Certificate;
use envelope::clock::Clock;

fn recipient(certificate: &Certificate, clock: Clock) {
    let _ = certificate.safe_recipient(clock);
}

fn main() {}
