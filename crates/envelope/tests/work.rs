//! The proof of work for any input (protocol section 7.6).

use envelope::work::{
    CHALLENGE_LENGTH, Challenge, MOST_TRIES, PUZZLES, Solver, TOKEN_LENGTH, Token, subject_of_file,
};
use proptest::prelude::*;

fn challenge(tries: u32, noise: [u8; 16]) -> Challenge {
    Challenge::assemble(&Challenge::clear(1_700_000_000, tries, &noise), &[5; 32])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Total: no bytes make a parser panic, and what parses says the same bytes again.
    #[test]
    fn any_bytes_are_a_token_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..2 * TOKEN_LENGTH), text in ".*") {
        let parsed = Token::parse(&bytes);
        prop_assert!(parsed.is_err() || bytes.len() == TOKEN_LENGTH);
        prop_assert!(Challenge::parse(&bytes).is_err() || bytes.len() == CHALLENGE_LENGTH);
        drop(Token::parse_header(&text));
    }

    #[test]
    fn what_has_the_form_reads_back(mut bytes in proptest::collection::vec(any::<u8>(), TOKEN_LENGTH..=TOKEN_LENGTH), tries in 1..=MOST_TRIES, subject: [u8; 32]) {
        bytes[8..12].copy_from_slice(&tries.to_le_bytes());
        let token = Token::parse(&bytes).unwrap();
        prop_assert_eq!(token.challenge().tries(), tries);
        prop_assert_eq!(Token::parse_header(&token.to_header()), Ok(token.clone()));
        // Asking costs nothing and answers, whatever the bytes are.
        let solved = token.is_solved_for(&subject);
        prop_assert!(!solved || tries < 4, "thirty-two puzzles solved by chance");
    }

    #[test]
    fn a_solution_holds_for_its_subject_and_challenge_alone(tries in 16_u32..200, noise: [u8; 16], subject: [u8; 32], bit in 0_usize..256, place in 0..PUZZLES) {
        let token = Solver::new(challenge(tries, noise), &subject).finish();
        prop_assert!(token.is_solved_for(&subject));
        let mut other = subject;
        other[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!token.is_solved_for(&other));
        // Another solution of one puzzle is worth nothing, but for the chance that a try has by itself: then it is a solution.
        let mut bytes: Vec<u8> = token.challenge().as_bytes().to_vec();
        let whole = Token::parse_header(&token.to_header()).unwrap();
        prop_assert_eq!(&whole, &token);
        bytes.extend((0..PUZZLES).flat_map(|number| if number == place { [0xff; 4] } else { [0; 4] }));
        let made_up = Token::parse(&bytes).unwrap();
        prop_assert!(!made_up.is_solved_for(&subject));
    }
}

#[test]
fn the_subject_of_a_file_is_its_id_and_zeros() {
    let subject = subject_of_file(&[9; 16]);
    assert_eq!((&subject[..16], &subject[16..]), (&[9; 16][..], &[0; 16][..]));
}
