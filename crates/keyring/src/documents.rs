//! Signing roots, certificates and statements (protocol sections 3 and 12.1): offline for governors, in the console for members.

use envelope::centre::VerifiedCentre;
use envelope::certificate::{Certificate, Member};
use envelope::encoding::Base64;
use envelope::ids::PersonId;
use envelope::root::Root;
use envelope::signature::{KeyedSignature, SignedDocument, SignedType};
use envelope::statement::{Statement, StatementBody};
use jiff::Timestamp;
use serde::Serialize;

use crate::refusal::SealRefusal;
use crate::signing::SigningKey;

/// Signs a root with its governors' keys.
///
/// # Errors
/// [`SealRefusal::Internal`] never for these types.
pub fn sign_root(root: &Root, governors: &[&SigningKey]) -> Result<SignedDocument, SealRefusal> {
    sign(SignedType::Root, root, governors)
}

/// Signs a certificate with governors' keys. What it says is checked where it is verified.
///
/// # Errors
/// [`SealRefusal::Internal`] never for these types.
pub fn sign_certificate(
    certificate: &Certificate,
    governors: &[&SigningKey],
) -> Result<SignedDocument, SealRefusal> {
    sign(SignedType::Certificate, certificate, governors)
}

/// Two members let a person join.
///
/// # Errors
/// [`SealRefusal::Internal`] never for these types.
pub fn sign_join(
    centre: &VerifiedCentre,
    member: Member,
    signers: [&SigningKey; 2],
    at: Timestamp,
) -> Result<SignedDocument, SealRefusal> {
    sign_statement(centre, StatementBody::Join { member }, at, &signers)
}

/// A member states that a person has left.
///
/// # Errors
/// [`SealRefusal::Internal`] never for these types.
pub fn sign_leave(
    centre: &VerifiedCentre,
    person: PersonId,
    signer: &SigningKey,
    at: Timestamp,
) -> Result<SignedDocument, SealRefusal> {
    sign_statement(centre, StatementBody::Leave { person }, at, &[signer])
}

/// Signs the next statement of a verified chain.
///
/// # Errors
/// [`SealRefusal::Internal`] never for these types.
pub fn sign_statement(
    centre: &VerifiedCentre,
    body: StatementBody,
    at: Timestamp,
    signers: &[&SigningKey],
) -> Result<SignedDocument, SealRefusal> {
    let (seq, prev) = centre.next_statement();
    let statement =
        Statement { centre: centre.centre(), certificate: centre.certificate_hash(), seq, prev, at, body };
    sign(SignedType::Statement, &statement, signers)
}

/// One more signature on a document of an offline ceremony.
pub fn countersign(document: &mut SignedDocument, signer: &SigningKey) {
    let signature = signer.sign(document.signed_type, &document.payload.0);
    document.signatures.push(KeyedSignature { key: signer.public(), signature });
}

fn sign<T: Serialize>(
    signed_type: SignedType,
    payload: &T,
    signers: &[&SigningKey],
) -> Result<SignedDocument, SealRefusal> {
    let payload = serde_json::to_vec(payload).map_err(|_| SealRefusal::Internal)?;
    let mut document = SignedDocument { signed_type, payload: Base64(payload), signatures: Vec::new() };
    for signer in signers {
        countersign(&mut document, signer);
    }
    Ok(document)
}
