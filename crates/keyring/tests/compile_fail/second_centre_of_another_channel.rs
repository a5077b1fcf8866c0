//! A second centre of general support is none for a report of the safe channel.
use envelope::centre::{GeneralRecipient, SafeRecipient};
use keyring::item::{ReportDraft, seal_safe_report};
use keyring::receipt::Receipt;
use rand_chacha::ChaCha20Rng;

fn seal(
    to: &SafeRecipient,
    second: &GeneralRecipient,
    receipt: &Receipt,
    draft: &ReportDraft<'_>,
    rng: &mut ChaCha20Rng,
) {
    let _ = seal_safe_report(to, Some(second), receipt, draft, rng);
}

fn main() {}
