//! The file that a partner centre keeps (protocol section 12.11): all checkpoints that it was given, a line each.

use core::fmt::Write as _;

use super::checkpoint::{Checkpoint, beginning};
use crate::encoding::{Hash, Malformed};

/// The first line.
const TITLE: &str = "approdo audit checkpoints v1";

/// Checkpoints as text: a title, then `number week size root hash` a line.
#[must_use]
pub fn to_text(checkpoints: &[Checkpoint]) -> String {
    let mut text = format!("{TITLE}\n");
    for checkpoint in checkpoints {
        let Checkpoint { number, week, size, root, .. } = checkpoint;
        // Writing into a text cannot fail.
        let _ = writeln!(text, "{number} {week} {size} {root} {}", checkpoint.hash());
    }
    text
}

/// Reads such a text. What comes back is one chain from its beginning, each hash recomputed.
///
/// # Errors
/// [`Malformed`] for another title, a line of another form, a gap, or a hash that is not that of its line and those before it.
pub fn parse(text: &str) -> Result<Vec<Checkpoint>, Malformed> {
    let mut lines = text.lines();
    if lines.next() != Some(TITLE) {
        return Err(Malformed);
    }
    let mut chain: Vec<Checkpoint> = Vec::new();
    for line in lines {
        let mut fields = line.split(' ');
        let mut field = || fields.next().ok_or(Malformed);
        let checkpoint = Checkpoint {
            number: number(field()?)?,
            week: field()?.parse()?,
            size: number(field()?)?,
            root: Hash::parse(field()?)?,
            previous: chain.last().map_or_else(beginning, Checkpoint::hash),
        };
        let said = Hash::parse(field()?)?;
        let is_whole = field().is_err() && said == checkpoint.hash();
        if !is_whole || !checkpoint.follows(chain.last()) {
            return Err(Malformed);
        }
        chain.push(checkpoint);
    }
    Ok(chain)
}

/// A number in its one spelling.
fn number<T: core::str::FromStr>(text: &str) -> Result<T, Malformed> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    if is_plain { text.parse().map_err(|_| Malformed) } else { Err(Malformed) }
}

#[cfg(test)]
mod tests {
    use super::super::week::Week;
    use super::*;

    fn chain(length: u32) -> Vec<Checkpoint> {
        let mut chain: Vec<Checkpoint> = Vec::new();
        for number in 1..=length {
            chain.push(Checkpoint {
                number,
                week: Week::new(2026, 40 + u8::try_from(number).unwrap()).unwrap(),
                size: u64::from(number) * 3,
                root: Hash::of(&[u8::try_from(number).unwrap()]),
                previous: chain.last().map_or_else(beginning, Checkpoint::hash),
            });
        }
        chain
    }

    #[test]
    fn what_was_written_is_read_and_any_other_byte_is_refused() {
        let text = to_text(&chain(3));
        assert_eq!(parse(&text), Ok(chain(3)));
        assert_eq!(parse(&to_text(&[])), Ok(Vec::new()));
        for place in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[place] ^= 1;
            if let Ok(altered) = core::str::from_utf8(&bytes) {
                assert_eq!(parse(altered), Err(Malformed), "byte {place}");
            }
        }
    }

    #[test]
    fn a_chain_with_a_gap_or_another_order_is_refused() {
        let whole = chain(3);
        for wrong in
            [vec![whole[1]], vec![whole[0], whole[2]], vec![whole[1], whole[0]], vec![whole[0], whole[0]]]
        {
            assert_eq!(parse(&to_text(&wrong)), Err(Malformed));
        }
        let stands_still = Checkpoint { size: whole[0].size, ..whole[1] };
        assert_eq!(parse(&to_text(&[whole[0], stands_still])), Err(Malformed));
    }
}
