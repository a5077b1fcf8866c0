//! A recipient of general support is not one of the safe channel.
use envelope::centre::GeneralRecipient;
use keyring::item::{ReportDraft, seal_safe_report};
use keyring::receipt::Receipt;
use rand_chacha::ChaCha20Rng;

fn seal(to: &GeneralRecipient, receipt: &Receipt, draft: &ReportDraft<'_>, rng: &mut ChaCha20Rng) {
    let _ = seal_safe_report(to, None, receipt, draft, rng);
}

fn main() {}
