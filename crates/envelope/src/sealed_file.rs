//! The text header of an age v1 file, read far enough to know its suite (protocol section 2): exactly one X25519 stanza, and the
//! random "grease" stanza that writers add so that readers stay tolerant. Anything else (a passphrase, SSH, post-quantum, plugins,
//! a second recipient) is another suite and refused, because mixed suites are only as strong as their weakest.

use crate::refusal::FrameRefusal;

/// More stanzas than any writer of ours makes; bounds the work on hostile input.
const MOST_STANZAS: usize = 4;
/// A nonce of 16 bytes and an authentication tag of 16 follow the header at least.
const LEAST_PAYLOAD: usize = 32;

/// Checks that `file` is an age v1 file for exactly one X25519 recipient.
///
/// # Errors
/// [`FrameRefusal::Malformed`] when it is no age v1 file, [`FrameRefusal::Suite`] when it holds other or more recipients.
pub fn check_suite(file: &[u8]) -> Result<(), FrameRefusal> {
    let (first, mut rest) = line(file)?;
    if first != b"age-encryption.org/v1" {
        return Err(FrameRefusal::Malformed);
    }
    let mut x25519_stanzas = 0_usize;
    let mut stanzas = 0_usize;
    loop {
        let (text, after) = line(rest)?;
        rest = after;
        if let Some(mac) = text.strip_prefix(b"--- ") {
            let is_whole =
                mac.len() == 43 && mac.iter().copied().all(is_base64) && rest.len() >= LEAST_PAYLOAD;
            return match (is_whole, x25519_stanzas) {
                (false, _) => Err(FrameRefusal::Malformed),
                (true, 1) => Ok(()),
                (true, _) => Err(FrameRefusal::Suite),
            };
        }
        let arguments = text.strip_prefix(b"-> ").ok_or(FrameRefusal::Malformed)?;
        stanzas += 1;
        if stanzas > MOST_STANZAS {
            return Err(FrameRefusal::Suite);
        }
        let tag = arguments.split(|byte| *byte == b' ').next().unwrap_or_default();
        if tag == b"X25519" {
            x25519_stanzas += 1;
        } else if !tag.ends_with(b"-grease") {
            return Err(FrameRefusal::Suite);
        }
        rest = after_stanza_body(rest)?;
    }
}

fn line(bytes: &[u8]) -> Result<(&[u8], &[u8]), FrameRefusal> {
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or(FrameRefusal::Malformed)?;
    let (text, rest) = bytes.split_at(end);
    Ok((text, rest.get(1..).unwrap_or_default()))
}

/// A body is lines of 64 characters and a last shorter one.
fn after_stanza_body(mut rest: &[u8]) -> Result<&[u8], FrameRefusal> {
    loop {
        let (text, after) = line(rest)?;
        if text.len() > 64 || !text.iter().copied().all(is_base64) {
            return Err(FrameRefusal::Malformed);
        }
        rest = after;
        if text.len() < 64 {
            return Ok(rest);
        }
    }
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/'
}
