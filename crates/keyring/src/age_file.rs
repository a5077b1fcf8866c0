//! The one place that calls `age`: files for exactly one X25519 recipient, of any length or of an exact one (protocol section 5).

use std::cell::Cell;
use std::io::{Read, Write};
use std::iter;
use std::rc::Rc;

use age::{Decryptor, Encryptor};
use envelope::recipient::Recipient;
use envelope::sealed_file;
use zeroize::Zeroizing;

use crate::identity::Identity;
use crate::refusal::{OpenRefusal, SealRefusal};

/// Bytes of the longest age header that age 0.12 writes for one X25519 recipient: 168 and at most 190 of grease
/// (`docs/adr/0003-sealing.md`).
pub(crate) const LONGEST_HEADER: usize = 358;
/// Bytes of the nonce after the header.
const NONCE: usize = 16;
/// Bytes of the tag of the only chunk: every plaintext sealed to an exact length is shorter than a chunk of 64 KiB.
const TAG: usize = 16;
/// Bytes that an age file adds to its plaintext, at most.
pub(crate) const LONGEST_OVERHEAD: usize = LONGEST_HEADER + NONCE + TAG;

/// Counts what passes, so that the header's length is known before the plaintext is padded.
struct Counted {
    bytes: Vec<u8>,
    length: Rc<Cell<usize>>,
}

impl Write for Counted {
    fn write(&mut self, part: &[u8]) -> std::io::Result<usize> {
        self.bytes.extend_from_slice(part);
        self.length.set(self.bytes.len());
        Ok(part.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Seals to one recipient; `plaintext` is told how many bytes `age` has written so far (header and nonce) and gives the rest.
fn seal_with(
    recipient: &Recipient,
    plaintext: impl FnOnce(usize) -> Option<Zeroizing<Vec<u8>>>,
) -> Result<Vec<u8>, SealRefusal> {
    let recipient: age::x25519::Recipient = recipient.as_str().parse().map_err(|_| SealRefusal::Internal)?;
    let encryptor = Encryptor::with_recipients(iter::once(&recipient as &dyn age::Recipient))
        .map_err(|_| SealRefusal::Internal)?;
    let length = Rc::new(Cell::new(0));
    let counted = Counted { bytes: Vec::new(), length: Rc::clone(&length) };
    let mut writer = encryptor.wrap_output(counted).map_err(|_| SealRefusal::Internal)?;
    let plaintext = plaintext(length.get()).ok_or(SealRefusal::TooLong)?;
    writer.write_all(&plaintext).map_err(|_| SealRefusal::Internal)?;
    Ok(writer.finish().map_err(|_| SealRefusal::Internal)?.bytes)
}

/// Seals `plaintext` as it is.
pub(crate) fn seal(recipient: &Recipient, plaintext: &[u8]) -> Result<Vec<u8>, SealRefusal> {
    seal_with(recipient, |_| Some(Zeroizing::new(plaintext.to_vec())))
}

/// Seals so that the whole file has exactly `total` bytes; `plaintext` is told how long it has to be, and gives `None` when its
/// content does not fit.
pub(crate) fn seal_exactly(
    recipient: &Recipient,
    total: usize,
    plaintext: impl FnOnce(usize) -> Option<Zeroizing<Vec<u8>>>,
) -> Result<Vec<u8>, SealRefusal> {
    let sealed = seal_with(recipient, |written| {
        let wanted = total.checked_sub(written)?.checked_sub(TAG)?;
        plaintext(wanted).filter(|plaintext| plaintext.len() == wanted)
    })?;
    if sealed.len() == total { Ok(sealed) } else { Err(SealRefusal::Internal) }
}

/// Opens a file that is sealed to exactly one X25519 recipient: this one.
pub(crate) fn open(identity: &Identity, file: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenRefusal> {
    sealed_file::check_suite(file)?;
    let decryptor = Decryptor::new_buffered(file).map_err(|_| OpenRefusal::Malformed)?;
    let mut reader =
        decryptor.decrypt(iter::once(identity.age() as &dyn age::Identity)).map_err(|_| OpenRefusal::Key)?;
    // Room for everything at once: a vector that grows would leave copies of the plaintext behind.
    let mut plaintext = Zeroizing::new(Vec::with_capacity(file.len()));
    reader.read_to_end(&mut plaintext).map_err(|_| OpenRefusal::Key)?;
    Ok(plaintext)
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    fn identity() -> Identity {
        Identity::generate(&mut ChaCha20Rng::seed_from_u64(1)).unwrap()
    }

    /// The bound on which the size classes stand. The grease is random: two thousand files come within a few bytes of it.
    #[test]
    fn no_header_is_longer_than_the_longest() {
        let identity = identity();
        let lengths: Vec<usize> = (0..2_000)
            .map(|_| {
                let file = seal(identity.recipient(), b"").unwrap();
                let mac = file.windows(5).position(|window| window == b"\n--- ").unwrap();
                mac + 5 + 43 + 1
            })
            .collect();
        let longest = lengths.iter().max().copied().unwrap();
        assert!(longest <= LONGEST_HEADER, "{longest}");
        assert!(longest + 40 > LONGEST_HEADER, "the bound is far from the {longest} measured");
    }

    #[test]
    fn an_exact_length_is_exact_or_refused() {
        let identity = identity();
        for total in [500, 832, 4_000] {
            let file =
                seal_exactly(identity.recipient(), total, |wanted| Some(Zeroizing::new(vec![7; wanted])))
                    .unwrap();
            assert_eq!(file.len(), total);
            assert!(open(&identity, &file).unwrap().iter().all(|byte| *byte == 7));
        }
        let too_short =
            seal_exactly(identity.recipient(), 100, |wanted| Some(Zeroizing::new(vec![7; wanted])));
        assert_eq!(too_short, Err(SealRefusal::TooLong));
        let wrong =
            seal_exactly(identity.recipient(), 832, |wanted| Some(Zeroizing::new(vec![7; wanted + 1])));
        assert_eq!(wrong, Err(SealRefusal::TooLong));
    }
}
