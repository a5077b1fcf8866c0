//! Proof of work before a post (protocol section 7.6; docs/adr/0009-the-door.md): what makes a flood dear and costs a person nothing she notices.
//!
//! A challenge is stateless and authenticated by whoever issued it. Its solution is bound to one subject, the mailbox id of the post, and
//! consists of [`PUZZLES`] small puzzles instead of one large one, so that the time hardly varies: with one puzzle every fiftieth
//! person would wait four times as long as the average.
//!
//! Invariants: everything here is pure and total; checking a token that is wrong costs two hashes on average, a right one
//! [`PUZZLES`] and one; the work depends on nothing but the number in the challenge.

use sha2::{Digest, Sha256};

use crate::encoding::{Malformed, Reader, from_base64, to_base64};

/// The header that carries a token in base64.
pub const HEADER: &str = "x-approdo-work";

/// Bytes of a challenge: `u64 issue time in seconds ‖ u32 tries ‖ 16 random bytes ‖ 32 bytes HMAC-SHA256 over what stands before`.
pub const CHALLENGE_LENGTH: usize = CLEAR_LENGTH + 32;

/// Bytes of a challenge that its code authenticates.
pub const CLEAR_LENGTH: usize = 28;

/// How many puzzles make one token. The time to solve all varies by one part in √32 around its mean.
pub const PUZZLES: usize = 32;

/// Bytes of a token: the challenge and one u32 a puzzle.
pub const TOKEN_LENGTH: usize = CHALLENGE_LENGTH + 4 * PUZZLES;

/// More tries a puzzle than any server may ask for: a phone would work for minutes.
pub const MOST_TRIES: u32 = 1 << 20;

/// What a server asks for. Only its issuer can tell whether it is genuine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Challenge([u8; CHALLENGE_LENGTH]);

impl Challenge {
    /// What the issuer's key authenticates.
    #[must_use]
    pub fn clear(issued_seconds: u64, tries: u32, noise: &[u8; 16]) -> [u8; CLEAR_LENGTH] {
        let mut clear = [0; CLEAR_LENGTH];
        let source = issued_seconds.to_le_bytes().into_iter().chain(tries.to_le_bytes()).chain(*noise);
        for (target, byte) in clear.iter_mut().zip(source) {
            *target = byte;
        }
        clear
    }

    /// Puts a challenge together.
    #[must_use]
    pub fn assemble(clear: &[u8; CLEAR_LENGTH], code: &[u8; 32]) -> Self {
        let mut bytes = [0; CHALLENGE_LENGTH];
        for (target, byte) in bytes.iter_mut().zip(clear.iter().chain(code)) {
            *target = *byte;
        }
        Self(bytes)
    }

    /// Reads a challenge of exactly 60 bytes.
    ///
    /// # Errors
    /// [`Malformed`] for another length, and where it asks for nothing or for more than [`MOST_TRIES`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let challenge = Self(bytes.try_into().map_err(|_| Malformed)?);
        if (1..=MOST_TRIES).contains(&challenge.tries()) { Ok(challenge) } else { Err(Malformed) }
    }

    /// Its 60 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; CHALLENGE_LENGTH] {
        &self.0
    }

    /// What is authenticated, and the code.
    #[must_use]
    pub fn parts(&self) -> ([u8; CLEAR_LENGTH], [u8; 32]) {
        let mut reader = Reader::new(&self.0);
        // Neither read can fail: the length is fixed.
        (reader.array().unwrap_or([0; CLEAR_LENGTH]), reader.array().unwrap_or([0; 32]))
    }

    /// When it was issued, in seconds since 1970.
    #[must_use]
    pub fn issued_seconds(&self) -> u64 {
        Reader::new(&self.0).u64().unwrap_or(0)
    }

    /// The mean number of tries that one puzzle takes.
    #[must_use]
    pub fn tries(&self) -> u32 {
        let mut reader = Reader::new(&self.0);
        reader.u64().and_then(|_| reader.u32()).unwrap_or(0)
    }

    /// The random bytes: no two challenges share them.
    #[must_use]
    pub fn noise(&self) -> [u8; 16] {
        let mut reader = Reader::new(&self.0);
        reader.take(12).and_then(|_| reader.array()).unwrap_or([0; 16])
    }

    /// What every puzzle starts from: nothing can be computed before challenge and subject are both known.
    fn seed(&self, subject: &[u8; 32]) -> [u8; 32] {
        let hash = Sha256::new().chain_update(b"approdo/work/v1|").chain_update(self.0);
        hash.chain_update(subject).finalize().into()
    }

    /// Below this, the first eight bytes of a try's hash count as solved.
    fn bound(&self) -> u64 {
        u64::MAX / u64::from(self.tries().max(1))
    }
}

/// A challenge with its solution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    challenge: Challenge,
    solutions: [u32; PUZZLES],
}

impl Token {
    /// Reads a token of exactly 188 bytes. Whether it is solved is asked of [`Token::is_solved_for`].
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        if bytes.len() != TOKEN_LENGTH {
            return Err(Malformed);
        }
        let mut reader = Reader::new(bytes);
        let challenge = Challenge::parse(reader.take(CHALLENGE_LENGTH)?)?;
        let mut solutions = [0; PUZZLES];
        for solution in &mut solutions {
            *solution = reader.u32()?;
        }
        Ok(Self { challenge, solutions })
    }

    /// Reads the value of the header [`HEADER`].
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn parse_header(value: &str) -> Result<Self, Malformed> {
        // Looked at before it is decoded: a header may be as long as the server lets it be.
        if value.len() > TOKEN_LENGTH * 2 {
            return Err(Malformed);
        }
        Self::parse(&from_base64(value)?)
    }

    /// The value of the header [`HEADER`].
    #[must_use]
    pub fn to_header(&self) -> String {
        let solutions = self.solutions.iter().flat_map(|solution| solution.to_le_bytes());
        let bytes: Vec<u8> = self.challenge.0.iter().copied().chain(solutions).collect();
        to_base64(&bytes)
    }

    /// What was solved.
    #[must_use]
    pub fn challenge(&self) -> &Challenge {
        &self.challenge
    }

    /// Whether every puzzle is solved for this subject.
    #[must_use]
    pub fn is_solved_for(&self, subject: &[u8; 32]) -> bool {
        let (seed, bound) = (self.challenge.seed(subject), self.challenge.bound());
        (0_u8..).zip(&self.solutions).all(|(puzzle, solution)| value(&seed, puzzle, *solution) <= bound)
    }
}

/// Solves a challenge a little at a time, so that whoever drives it can do other things between.
#[derive(Debug, Clone)]
pub struct Solver {
    challenge: Challenge,
    seed: [u8; 32],
    bound: u64,
    next: u32,
    solved: u8,
    solutions: [u32; PUZZLES],
}

impl Solver {
    /// Begins.
    #[must_use]
    pub fn new(challenge: Challenge, subject: &[u8; 32]) -> Self {
        let (seed, bound) = (challenge.seed(subject), challenge.bound());
        Self { challenge, seed, bound, next: 0, solved: 0, solutions: [0; PUZZLES] }
    }

    /// Makes at most `tries` tries; the token once all puzzles are solved.
    pub fn step(&mut self, tries: u32) -> Option<Token> {
        for _ in 0..tries {
            let Some(slot) = self.solutions.get_mut(usize::from(self.solved)) else { break };
            if value(&self.seed, self.solved, self.next) <= self.bound {
                *slot = self.next;
                self.solved += 1;
                self.next = 0;
            } else {
                self.next = self.next.wrapping_add(1);
            }
        }
        let is_done = usize::from(self.solved) == PUZZLES;
        is_done.then_some(Token { challenge: self.challenge, solutions: self.solutions })
    }

    /// Works until it is solved.
    #[must_use]
    pub fn finish(mut self) -> Token {
        loop {
            if let Some(token) = self.step(1 << 16) {
                return token;
            }
        }
    }
}

/// The subject of a file's first chunk: its id, filled up with zeros (protocol section 7.6).
#[must_use]
pub fn subject_of_file(id: &[u8; 16]) -> [u8; 32] {
    let mut subject = [0; 32];
    for (target, byte) in subject.iter_mut().zip(id) {
        *target = *byte;
    }
    subject
}

/// The first eight bytes of one try's hash. 37 bytes go in: one block of SHA-256.
fn value(seed: &[u8; 32], puzzle: u8, solution: u32) -> u64 {
    let hash = Sha256::new().chain_update(seed).chain_update([puzzle]).chain_update(solution.to_le_bytes());
    let hash: [u8; 32] = hash.finalize().into();
    hash.first_chunk().map_or(u64::MAX, |first| u64::from_be_bytes(*first))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge(tries: u32, noise: u8) -> Challenge {
        let clear = Challenge::clear(1_800_000_000, tries, &[noise; 16]);
        Challenge::parse(Challenge::assemble(&clear, &[7; 32]).as_bytes()).unwrap()
    }

    #[test]
    fn what_was_asked_for_can_be_read_back() {
        let challenge = challenge(500, 3);
        assert_eq!(challenge.issued_seconds(), 1_800_000_000);
        assert_eq!((challenge.tries(), challenge.noise()), (500, [3; 16]));
        assert_eq!(challenge.parts(), (Challenge::clear(1_800_000_000, 500, &[3; 16]), [7; 32]));
    }

    #[test]
    fn a_challenge_that_asks_for_nothing_or_far_too_much_is_none() {
        for (tries, good) in [(0, false), (1, true), (MOST_TRIES, true), (MOST_TRIES + 1, false)] {
            let bytes = Challenge::assemble(&Challenge::clear(1, tries, &[0; 16]), &[0; 32]);
            assert_eq!(Challenge::parse(bytes.as_bytes()).is_ok(), good, "{tries}");
        }
        assert!(Challenge::parse(&[1; 59]).is_err() && Challenge::parse(&[1; 61]).is_err());
    }

    #[test]
    fn a_token_is_good_for_its_subject_only_and_survives_the_header() {
        let token = Solver::new(challenge(200, 1), &[1; 32]).finish();
        assert!(token.is_solved_for(&[1; 32]));
        assert!(!token.is_solved_for(&[2; 32]));
        assert_eq!(Token::parse_header(&token.to_header()), Ok(token.clone()));
        let other = Token { challenge: challenge(200, 2), ..token };
        assert!(!other.is_solved_for(&[1; 32]), "solutions of another challenge");
    }

    #[test]
    fn work_in_small_steps_is_the_same_work() {
        let mut slow = Solver::new(challenge(50, 9), &[4; 32]);
        let mut steps = 0;
        let token = loop {
            steps += 1;
            if let Some(token) = slow.step(10) {
                break token;
            }
        };
        assert!(steps > 20, "{steps}");
        assert_eq!(token, Solver::new(challenge(50, 9), &[4; 32]).finish());
    }

    #[test]
    fn the_time_hardly_varies() {
        let tries_of = |noise: u8| {
            let mut solver = Solver::new(challenge(100, noise), &[0; 32]);
            (1_u32..100_000).find(|_| solver.step(1).is_some()).unwrap()
        };
        let mean = 100 * u32::try_from(PUZZLES).unwrap();
        let all: Vec<u32> = (0..200).map(tries_of).collect();
        let average = all.iter().sum::<u32>() / 200;
        assert!((mean * 9 / 10..mean * 11 / 10).contains(&average), "{average}");
        // 200 draws of a sum of 32 stay within twice the mean; 200 of one single puzzle would reach five times.
        assert!(all.iter().all(|tries| *tries < 2 * mean), "{:?}", all.iter().max());
    }
}
