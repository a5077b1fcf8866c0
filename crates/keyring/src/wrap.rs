//! Wraps (protocol section 12.3): one secret key, sealed to one recipient, always [`envelope::sizes::WRAP_LENGTH`] bytes.
//!
//! The plaintext is an age identity file, so whoever can open it with the stock command has a key file that the stock command
//! takes. Header and signature are comments in it: the signature says who made the wrap, the header for what and for whom, and
//! opening fails when either is wrong.

use envelope::duty::Channel;
use envelope::header::Suite;
use envelope::ids::{CaseId, CentreId, ItemId};
use envelope::recipient::{Fingerprint, Recipient};
use envelope::signature::{PublicKey, Signature, SignedType};
use envelope::sizes::WRAP_LENGTH;
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::age_file;
use crate::identity::Identity;
use crate::refusal::{OpenRefusal, SealRefusal};
use crate::signing::SigningKey;

const FIRST_LINE: &str = "# approdo wrap v1";
/// Bytes of the longest padding line, its newline included.
const PADDING_LINE: usize = 64;

/// The header of the wrap of an item's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemWrapHeader {
    /// Always `approdo-1`.
    pub suite: Suite,
    /// The case.
    pub case: CaseId,
    /// The item.
    pub item: ItemId,
    /// For whom.
    pub to: Fingerprint,
    /// Who made the wrap.
    pub author: PublicKey,
}

/// The header of the wrap of an epoch's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochWrapHeader {
    /// Always `approdo-1`.
    pub suite: Suite,
    /// The centre.
    pub centre: CentreId,
    /// The channel.
    pub channel: Channel,
    /// The number of the epoch.
    pub epoch: u32,
    /// For whom.
    pub to: Fingerprint,
    /// Who made the wrap.
    pub author: PublicKey,
}

/// Seals a secret key to one recipient.
pub(crate) fn seal<H: Serialize>(
    recipient: &Recipient,
    header: &H,
    secret: &Identity,
    author: &SigningKey,
) -> Result<Vec<u8>, SealRefusal> {
    let header = serde_json::to_string(header).map_err(|_| SealRefusal::Internal)?;
    let secret = secret.to_secret_string();
    let signature = author.sign(SignedType::Wrap, &signed_payload(&header, secret.expose_secret()));
    let signature = envelope::encoding::to_base64(signature.as_bytes());
    age_file::seal_exactly(recipient, WRAP_LENGTH, |wanted| {
        let mut text = Zeroizing::new(String::with_capacity(WRAP_LENGTH));
        for line in [FIRST_LINE, "\n# ", &header, "\n# ", &signature, "\n"] {
            text.push_str(line);
        }
        let padding = wanted.checked_sub(text.len() + secret.expose_secret().len() + 1)?;
        push_padding(&mut text, padding)?;
        text.push_str(secret.expose_secret());
        text.push('\n');
        Some(Zeroizing::new(core::mem::take(&mut *text).into_bytes()))
    })
}

/// Opens a wrap and verifies its signature under `author`; the caller compares the header with the place.
pub(crate) fn open<H: DeserializeOwned>(
    identity: &Identity,
    sealed: &[u8],
    author: impl FnOnce(&H) -> PublicKey,
) -> Result<(H, Identity), OpenRefusal> {
    if sealed.len() != WRAP_LENGTH {
        return Err(OpenRefusal::Malformed);
    }
    let plaintext = age_file::open(identity, sealed)?;
    let (header, signature, secret) = read(&plaintext).ok_or(OpenRefusal::Malformed)?;
    let signature = Signature::parse(signature).map_err(|_| OpenRefusal::Malformed)?;
    let payload = signed_payload(header, secret);
    let header: H = serde_json::from_str(header).map_err(|_| OpenRefusal::Malformed)?;
    if !author(&header).verifies(SignedType::Wrap, &payload, &signature) {
        return Err(OpenRefusal::Signature);
    }
    let secret = Identity::parse(secret).map_err(|_| OpenRefusal::Malformed)?;
    Ok((header, secret))
}

/// `header JSON ‖ 0x0A ‖ secret key line`. It holds the secret, so it is wiped.
fn signed_payload(header: &str, secret: &str) -> Zeroizing<Vec<u8>> {
    Zeroizing::new([header.as_bytes(), b"\n", secret.as_bytes()].concat())
}

/// Fills `length` bytes with comment lines. One byte alone cannot be a line; `WRAP_LENGTH` leaves room for more than that.
fn push_padding(text: &mut String, length: usize) -> Option<()> {
    let mut left = length;
    while left > 0 {
        let mut line = left.min(PADDING_LINE);
        if left - line == 1 {
            line -= 1;
        }
        let marks = line.checked_sub(1).filter(|marks| *marks > 0)?;
        text.extend(core::iter::repeat_n('#', marks));
        text.push('\n');
        left -= line;
    }
    Some(())
}

/// Header, signature and secret key line of an identity file of ours.
fn read(plaintext: &[u8]) -> Option<(&str, &str, &str)> {
    let text = core::str::from_utf8(plaintext).ok()?.strip_suffix('\n')?;
    let mut lines = text.split('\n');
    if lines.next()? != FIRST_LINE {
        return None;
    }
    let header = lines.next()?.strip_prefix("# ")?;
    let signature = lines.next()?.strip_prefix("# ")?;
    let secret = lines.next_back()?;
    lines
        .all(|line| !line.is_empty() && line.bytes().all(|byte| byte == b'#'))
        .then_some((header, signature, secret))
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    /// The longest header that exists fits, whatever `age` draws; 300 wraps have one length.
    #[test]
    fn every_wrap_has_the_same_length() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let [to, secret] = [0, 1].map(|_| Identity::generate(&mut rng).unwrap());
        let author = SigningKey::generate(&mut rng).unwrap();
        for epoch in core::iter::repeat_n([1, u32::MAX], 150).flatten() {
            let header = EpochWrapHeader {
                suite: Suite::Approdo1,
                centre: CentreId::from_random_bytes([1; 16]),
                channel: Channel::General,
                epoch,
                to: to.recipient().fingerprint(),
                author: author.public(),
            };
            let sealed = seal(to.recipient(), &header, &secret, &author).unwrap();
            assert_eq!(sealed.len(), WRAP_LENGTH);
            let (opened, key) = open(&to, &sealed, |header: &EpochWrapHeader| header.author).unwrap();
            assert_eq!(opened, header);
            assert_eq!(key.recipient(), secret.recipient());
        }
    }

    #[test]
    fn padding_has_every_length_but_one() {
        for length in (0..400).filter(|length| *length != 1) {
            let mut text = String::new();
            push_padding(&mut text, length).unwrap();
            assert_eq!(text.len(), length);
            assert!(text.lines().all(|line| line.starts_with('#')), "{length}");
        }
        assert_eq!(push_padding(&mut String::new(), 1), None);
    }

    #[test]
    fn a_wrap_signed_by_another_than_its_header_says_is_refused() {
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let [to, secret] = [0, 1].map(|_| Identity::generate(&mut rng).unwrap());
        let [author, other] = [0, 1].map(|_| SigningKey::generate(&mut rng).unwrap());
        let header = ItemWrapHeader {
            suite: Suite::Approdo1,
            case: CaseId::from_random_bytes([1; 16]),
            item: ItemId::from_random_bytes([2; 16]),
            to: to.recipient().fingerprint(),
            author: author.public(),
        };
        let sealed = seal(to.recipient(), &header, &secret, &other).unwrap();
        let opened = open(&to, &sealed, |header: &ItemWrapHeader| header.author);
        assert_eq!(opened.err(), Some(OpenRefusal::Signature));
    }
}
