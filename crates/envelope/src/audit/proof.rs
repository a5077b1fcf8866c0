//! Proofs about the tree, checked by whoever does not believe the server (RFC 9162, sections 2.1.3.2 and 2.1.4.2).
//!
//! Invariant: a proof holds only in its one form: a hash too many, one too few or one bit changed, and it does not.

use super::tree::{leaf_hash, node_hash};
use crate::encoding::Hash;

/// Hashes of the longest proof that is read: a tree of 2⁴⁰ leaves.
pub const MOST_HASHES: usize = 40;

/// Whether a leaf stands at `place` in the tree of `size` leaves with this root.
#[must_use]
pub fn verify_inclusion(leaf: &Hash, place: u64, size: u64, proof: &[Hash], root: &Hash) -> bool {
    if place >= size {
        return false;
    }
    let (mut here, mut last) = (place, size - 1);
    let mut hash = leaf_hash(leaf);
    for beside in proof {
        if last == 0 {
            return false;
        }
        if here % 2 == 1 || here == last {
            hash = node_hash(beside, &hash);
            // On the right edge subtrees that are not complete have no place of their own.
            while here.is_multiple_of(2) && here != 0 {
                here /= 2;
                last /= 2;
            }
        } else {
            hash = node_hash(&hash, beside);
        }
        here /= 2;
        last /= 2;
    }
    last == 0 && hash == *root
}

/// Whether the tree of `new` leaves begins with the one of `old` leaves (invariant I14).
#[must_use]
pub fn verify_consistency(old: u64, new: u64, proof: &[Hash], old_root: &Hash, new_root: &Hash) -> bool {
    if old > new {
        return false;
    }
    if old == new {
        return proof.is_empty() && old_root == new_root;
    }
    if old == 0 {
        return proof.is_empty() && *old_root == super::tree::empty_root();
    }
    let mut rest = proof.iter();
    let first = if old.is_power_of_two() { Some(old_root) } else { rest.next() };
    let Some(first) = first else { return false };
    let (mut here, mut last) = (old - 1, new - 1);
    while here % 2 == 1 {
        here /= 2;
        last /= 2;
    }
    let (mut of_old, mut of_new) = (*first, *first);
    for beside in rest {
        if last == 0 {
            return false;
        }
        if here % 2 == 1 || here == last {
            of_old = node_hash(beside, &of_old);
            of_new = node_hash(beside, &of_new);
            while here.is_multiple_of(2) && here != 0 {
                here /= 2;
                last /= 2;
            }
        } else {
            of_new = node_hash(&of_new, beside);
        }
        here /= 2;
        last /= 2;
    }
    last == 0 && of_old == *old_root && of_new == *new_root
}

#[cfg(test)]
mod tests {
    use super::super::tree::Tree;
    use super::*;
    use proptest::prelude::*;

    fn leaf(number: u64) -> Hash {
        Hash::of(&number.to_le_bytes())
    }

    fn tree(size: u64) -> Tree {
        Tree::of((0..size).map(leaf))
    }

    /// Every way in which a proof can be something else than it is.
    fn alterations(proof: &[Hash]) -> Vec<Vec<Hash>> {
        let mut all: Vec<Vec<Hash>> = Vec::new();
        for place in 0..proof.len() {
            let mut altered = proof.to_vec();
            let mut bytes = *altered[place].as_bytes();
            bytes[place % 32] ^= 1;
            altered[place] = Hash::from_bytes(bytes);
            all.push(altered);
            let mut shorter = proof.to_vec();
            shorter.remove(place);
            all.push(shorter);
        }
        all.push([proof, &[leaf(7)]].concat());
        all.push([&[leaf(7)], proof].concat());
        all
    }

    #[test]
    fn every_leaf_of_every_tree_up_to_a_hundred_is_proved_and_every_other_is_not() {
        let tree = tree(100);
        for size in 1..=100 {
            let root = tree.root_at(size).unwrap();
            for place in 0..size {
                let proof = tree.prove_inclusion(place, size).unwrap();
                assert!(verify_inclusion(&leaf(place), place, size, &proof, &root), "{place} of {size}");
                assert!(!verify_inclusion(&leaf(place + 1), place, size, &proof, &root));
                assert!(!verify_inclusion(&leaf(place), size, size, &proof, &root));
                for altered in alterations(&proof) {
                    assert!(!verify_inclusion(&leaf(place), place, size, &altered, &root));
                }
            }
        }
    }

    #[test]
    fn every_pair_of_sizes_up_to_a_hundred_is_consistent_and_no_altered_proof_is() {
        let tree = tree(100);
        let roots: Vec<(u64, Hash)> = (0..=100).map(|size| (size, tree.root_at(size).unwrap())).collect();
        for (place, (new, new_root)) in roots.iter().copied().enumerate() {
            for (old, old_root) in roots[..=place].iter().copied() {
                let proof = tree.prove_consistency(old, new).unwrap();
                assert!(verify_consistency(old, new, &proof, &old_root, &new_root), "{old} of {new}");
                assert!(!verify_consistency(old, new, &proof, &leaf(1), &new_root), "{old} of {new}");
                if old != 0 {
                    assert!(!verify_consistency(old, new, &proof, &old_root, &leaf(1)), "{old} of {new}");
                    assert_eq!(verify_consistency(new, old, &proof, &new_root, &old_root), old == new);
                }
                for altered in alterations(&proof) {
                    assert!(!verify_consistency(old, new, &altered, &old_root, &new_root), "{old} of {new}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_history_that_was_changed_is_not_consistent_with_the_one_before(
            old in 1_u64..200,
            more in 0_u64..200,
            at in any::<u64>(),
        ) {
            let (new, changed) = (old + more, at % old);
            let honest = tree(old);
            let other = Tree::of((0..new).map(|number| leaf(if number == changed { 1_000 } else { number })));
            let proof = other.prove_consistency(old, new).unwrap();
            let (old_root, new_root) = (honest.root_at(old).unwrap(), other.root_at(new).unwrap());
            prop_assert!(!verify_consistency(old, new, &proof, &old_root, &new_root));
        }

        #[test]
        fn any_proof_at_all_is_decided(
            place in any::<u64>(), size in any::<u64>(), bytes in prop::collection::vec(any::<[u8; 32]>(), 0..70),
        ) {
            let proof: Vec<Hash> = bytes.into_iter().map(Hash::from_bytes).collect();
            prop_assert!(!verify_inclusion(&leaf(0), place, size, &proof, &leaf(1)));
            prop_assert!(place == size || !verify_consistency(place, size, &proof, &leaf(1), &leaf(2)));
        }
    }
}
