//! Reading a stream piece by piece.

/// Holds the beginning of a piece until the rest of it has come.
#[derive(Default)]
pub(crate) struct Held(Vec<u8>);

impl Held {
    /// Moves bytes from `input` until `length` are held, and gives them; `None` while some are missing.
    pub(crate) fn take(&mut self, input: &mut &[u8], length: usize) -> Option<Vec<u8>> {
        let missing = length.saturating_sub(self.0.len());
        self.0.extend_from_slice(split(input, missing as u64));
        (self.0.len() >= length).then(|| std::mem::take(&mut self.0))
    }

    /// The same for a piece of fixed length.
    pub(crate) fn take_array<const LENGTH: usize>(&mut self, input: &mut &[u8]) -> Option<[u8; LENGTH]> {
        self.take(input, LENGTH).and_then(|bytes| bytes.try_into().ok())
    }
}

/// Splits at most `length` bytes off the front.
pub(crate) fn split<'a>(input: &mut &'a [u8], length: u64) -> &'a [u8] {
    let length = usize::try_from(length).unwrap_or(usize::MAX).min(input.len());
    let (front, rest) = input.split_at(length);
    *input = rest;
    front
}
