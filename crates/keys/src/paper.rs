//! `paper new`: the identity that lies in a safe and opens a channel's data when every passphrase is lost (protocol section 6). The
//! file is an ordinary age identity file: the stock command opens with it what this software sealed.

use keyring::paper::PaperIdentity;
use rand_core::CryptoRngCore;

use crate::cli::PaperNew;
use crate::failure::Failure;
use crate::files;

/// Runs `paper new`.
///
/// # Errors
/// [`Failure::Exists`] when the file is there already, [`Failure::Write`].
pub(crate) fn new(arguments: &PaperNew, rng: &mut impl CryptoRngCore) -> Result<Vec<String>, Failure> {
    let paper = PaperIdentity::generate(rng)
        .map_err(|error| Failure::Sealing("no paper identity was made", error.to_string()))?;
    files::write_secret(&arguments.out, paper.to_file().as_bytes(), rng)?;
    Ok(vec![
        format!("paper recipient: {}", paper.recipient()),
        format!("Print {}, put the paper into the safe, and erase the file.", arguments.out.display()),
    ])
}
