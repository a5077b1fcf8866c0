//! The work before a post, done in her browser while she types (protocol section 7.6).

use envelope::frame::Frame;
use envelope::work::{Challenge, Solver};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::refusal::Refused;

/// One challenge being solved, a little at a time: between two steps the worker answers what the page asks.
#[wasm_bindgen]
pub struct Work {
    solver: Solver,
}

#[wasm_bindgen]
impl Work {
    /// Begins with what `POST /work` gave (60 bytes), for a mailbox or a file (32 bytes).
    ///
    /// # Errors
    /// `malformed` for other lengths, and for a challenge that asks for more than any phone should do.
    #[wasm_bindgen(constructor)]
    pub fn new(challenge: &[u8], subject: &[u8]) -> Result<Self, Refused> {
        let challenge = Challenge::parse(challenge)?;
        let subject: &[u8; 32] = subject.try_into().map_err(|_| Refused::MALFORMED)?;
        Ok(Self { solver: Solver::new(challenge, subject) })
    }

    /// Makes at most `tries` tries; the value of the header `X-Approdo-Work` once it is solved.
    pub fn step(&mut self, tries: u32) -> Option<String> {
        self.solver.step(tries).map(|token| token.to_header())
    }
}

/// The mailbox id (32 bytes) of a sealed frame of hers: the subject of the work for it.
///
/// # Errors
/// `malformed` or `size` for bytes that are no frame.
#[wasm_bindgen]
pub fn subject_of_frame(frame: &[u8]) -> Result<Vec<u8>, Refused> {
    Ok(Frame::parse(frame)?.mailbox_id().as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use envelope::work::Token;

    use super::*;

    #[test]
    fn work_is_done_in_steps_and_good_for_its_subject() {
        let challenge = Challenge::assemble(&Challenge::clear(1, 40, &[1; 16]), &[2; 32]);
        let mut work = Work::new(challenge.as_bytes(), &[3; 32]).unwrap();
        let header = (0..1_000).find_map(|_| work.step(100)).unwrap();
        assert!(Token::parse_header(&header).unwrap().is_solved_for(&[3; 32]));
    }

    #[test]
    fn what_is_no_challenge_is_refused() {
        assert!(Work::new(&[0; 60], &[0; 32]).is_err(), "it asks for nothing");
        assert!(Work::new(&[1; 59], &[0; 32]).is_err() && Work::new(&[1; 60], &[0; 31]).is_err());
        assert_eq!(subject_of_frame(&[0; 4_096]), Err(Refused::MALFORMED));
    }
}
