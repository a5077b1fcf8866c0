//! The plaintext of a body (protocol section 12.2):
//! `u64 header length ‖ header ‖ u64 content length ‖ content ‖ 64 bytes inner signature ‖ zero bytes`.

use crate::content::Content;
use crate::encoding::{Malformed, Reader};
use crate::header::InnerHeader;
use crate::signature::{Signature, SignedType};

/// An opened body whose inner signature was verified. That its header matches the place is asked of
/// [`InnerHeader::matches`] by the opener, who knows the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// The inner header.
    pub header: InnerHeader,
    /// What was written.
    pub content: Content,
}

impl Body {
    /// Reads an opened body and verifies its inner signature.
    ///
    /// # Errors
    /// [`Malformed`] for another format, padding that is not zero, a content that does not fit the kind, or a wrong signature.
    pub fn parse(plaintext: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(plaintext);
        let header_json = reader.counted_u64()?;
        let content_json = reader.counted_u64()?;
        let signed = plaintext.get(..plaintext.len() - reader.remaining()).ok_or(Malformed)?;
        let signature = Signature::from_bytes(reader.array()?);
        if reader.rest().iter().any(|byte| *byte != 0) {
            return Err(Malformed);
        }
        let header: InnerHeader = serde_json::from_slice(header_json).map_err(|_| Malformed)?;
        if !header.author.verifies(SignedType::ItemInner, signed, &signature) {
            return Err(Malformed);
        }
        let content = Content::parse(header.kind, content_json)?;
        Ok(Self { header, content })
    }

    /// `u64 header length ‖ header ‖ u64 content length ‖ content`: what the inner signature covers.
    #[must_use]
    pub fn signed_payload(header_json: &[u8], content_json: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(16 + header_json.len() + content_json.len());
        for part in [header_json, content_json] {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part);
        }
        bytes
    }
}
