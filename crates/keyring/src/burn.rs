//! Burning a mailbox (protocol sections 7.4 and 12.7): a request that the code alone signs, and in it, if she could read her mailbox,
//! the safe word for the centre.

use envelope::burn::{BURN_LENGTH, BurnRequest, BurnWord};
use envelope::centre::EpochRecipient;
use envelope::content::LONGEST_SAFE_WORD;
use envelope::header::Suite;
use envelope::ids::CaseId;
use envelope::mailbox::{MailboxId, Nonce};
use envelope::signature::{Signature, SignedType};
use envelope::sizes::SIGNATURE_LENGTH;
use zeroize::Zeroizing;

use crate::age_file;
use crate::epoch::EpochKey;
use crate::item::ReceiptAddress;
use crate::receipt::Receipt;
use crate::refusal::{OpenRefusal, SealRefusal};

/// Seals a request to burn the mailbox of this code: 4,096 bytes, with or without a word. `word` is where the case lies and what she
/// typed (nothing typed counts too); `None` when she has not opened the mailbox and so knows neither centre nor case.
///
/// # Errors
/// [`SealRefusal::TooLong`] for a word above [`LONGEST_SAFE_WORD`] characters.
pub fn seal_burn(
    receipt: &Receipt,
    nonce: &Nonce,
    word: Option<(&EpochRecipient, CaseId, Option<&str>)>,
) -> Result<Vec<u8>, SealRefusal> {
    let word = word.map(|(to, case, typed)| seal_word(receipt, to, case, typed)).transpose()?;
    let mut bytes = BurnRequest::signed_payload(nonce, &receipt.public_key(), word.as_deref())
        .ok_or(SealRefusal::TooLong)?;
    let signature = receipt.signing_key().sign(SignedType::Burn, &bytes);
    bytes.extend_from_slice(signature.as_bytes());
    if bytes.len() == BURN_LENGTH { Ok(bytes) } else { Err(SealRefusal::Internal) }
}

/// JSON, zero bytes, and the code's signature over both: the centre keeps the word without the request around it.
fn seal_word(
    receipt: &Receipt,
    to: &EpochRecipient,
    case: CaseId,
    typed: Option<&str>,
) -> Result<Vec<u8>, SealRefusal> {
    if typed.is_some_and(|typed| typed.chars().count() > LONGEST_SAFE_WORD) {
        return Err(SealRefusal::TooLong);
    }
    let word = BurnWord {
        suite: Suite::Approdo1,
        centre: to.centre(),
        channel: to.channel(),
        case,
        epoch: to.epoch(),
        author: receipt.public_key(),
        safe_word: typed.map(str::to_owned),
    };
    let mut plaintext = Zeroizing::new(Vec::with_capacity(BurnWord::PLAINTEXT_LENGTH));
    serde_json::to_writer(&mut *plaintext, &word).map_err(|_| SealRefusal::Internal)?;
    let signed = BurnWord::PLAINTEXT_LENGTH - SIGNATURE_LENGTH;
    if plaintext.len() > signed {
        return Err(SealRefusal::TooLong);
    }
    plaintext.resize(signed, 0);
    let signature = receipt.signing_key().sign(SignedType::BurnWord, &plaintext);
    plaintext.extend_from_slice(signature.as_bytes());
    age_file::seal(to.recipient(), &plaintext)
}

/// Opens the word of a burn for the centre. `address` is the receipt that counts
/// ([`crate::conversation::current_receipt_address`]): the word must be of its case, and signed by its code.
///
/// # Errors
/// [`OpenRefusal::Place`] for another case or epoch, [`OpenRefusal::Author`] for another code, [`OpenRefusal::Signature`],
/// [`OpenRefusal::Key`], [`OpenRefusal::Malformed`].
pub fn open_burn_word(
    sealed: &[u8],
    key: &EpochKey,
    address: &ReceiptAddress,
) -> Result<BurnWord, OpenRefusal> {
    let plaintext = age_file::open(key.identity(), sealed)?;
    let (signed, signature) =
        plaintext.split_last_chunk::<SIGNATURE_LENGTH>().ok_or(OpenRefusal::Malformed)?;
    let word = BurnWord::parse(signed).map_err(|_| OpenRefusal::Malformed)?;
    let is_in_place = (word.centre, word.channel, word.epoch) == (key.centre(), key.channel(), key.number())
        && word.case == address.case();
    if !is_in_place {
        return Err(OpenRefusal::Place);
    }
    if MailboxId::of_key(&word.author) != address.mailbox() {
        return Err(OpenRefusal::Author);
    }
    if !word.author.verifies(SignedType::BurnWord, signed, &Signature::from_bytes(*signature)) {
        return Err(OpenRefusal::Signature);
    }
    Ok(word)
}
