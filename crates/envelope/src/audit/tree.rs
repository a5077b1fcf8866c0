//! A Merkle tree over leaves in a fixed order, and the proofs that are made from it (RFC 9162, section 2.1, as in RFC 6962).
//!
//! Invariant: a leaf is hashed behind the byte 0 and two subtrees behind the byte 1, so that neither can be taken for the other.

use crate::encoding::Hash;

/// The root of a tree without leaves: SHA-256 of nothing.
#[must_use]
pub fn empty_root() -> Hash {
    Hash::of(&[])
}

/// A leaf as the tree holds it.
pub(super) fn leaf_hash(leaf: &Hash) -> Hash {
    Hash::of(&[&[0], leaf.as_bytes().as_slice()].concat())
}

/// Two subtrees side by side.
pub(super) fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash::of(&[&[1], left.as_bytes().as_slice(), right.as_bytes()].concat())
}

/// All complete subtrees of a growing list of leaves: about 64 bytes a leaf in memory, and every question takes as many steps as the tree
/// is deep.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    /// `levels[h][i]` is the root of the leaves `i · 2^h` to `(i + 1) · 2^h`, kept once all of them are there.
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// A tree of leaves in their order.
    #[must_use]
    pub fn of(leaves: impl IntoIterator<Item = Hash>) -> Self {
        let mut tree = Self::default();
        for leaf in leaves {
            tree.push(leaf);
        }
        tree
    }

    /// Adds the next leaf.
    pub fn push(&mut self, leaf: Hash) {
        self.push_hashed(leaf_hash(&leaf));
    }

    fn push_hashed(&mut self, hash: Hash) {
        let mut hash = hash;
        let mut height = 0;
        loop {
            if self.levels.len() <= height {
                self.levels.push(Vec::new());
            }
            let Some(level) = self.levels.get_mut(height) else { return };
            level.push(hash);
            // A second child completes the subtree above.
            match level.as_slice() {
                [.., left, right] if level.len().is_multiple_of(2) => hash = node_hash(left, right),
                _ => return,
            }
            height += 1;
        }
    }

    /// Leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| u64::try_from(leaves.len()).unwrap_or(u64::MAX))
    }

    /// The root as it was with the first `size` leaves; `None` for more than there are.
    #[must_use]
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        if size == 0 { Some(empty_root()) } else { self.range(0, size) }
    }

    /// The hashes beside the way from a leaf to the root of the first `size` leaves.
    #[must_use]
    pub fn prove_inclusion(&self, place: u64, size: u64) -> Option<Vec<Hash>> {
        if place >= size || size > self.size() {
            return None;
        }
        let (mut begin, mut end) = (0, size);
        let mut from_the_top = Vec::new();
        while end - begin > 1 {
            let middle = begin + split(end - begin);
            if place < middle {
                from_the_top.push(self.range(middle, end)?);
                end = middle;
            } else {
                from_the_top.push(self.range(begin, middle)?);
                begin = middle;
            }
        }
        from_the_top.reverse();
        Some(from_the_top)
    }

    /// The hashes that show that the first `old` leaves are the beginning of the first `new` ones.
    #[must_use]
    pub fn prove_consistency(&self, old: u64, new: u64) -> Option<Vec<Hash>> {
        if old > new || new > self.size() {
            return None;
        }
        if old == 0 || old == new {
            return Some(Vec::new());
        }
        let (mut begin, mut end) = (0, new);
        let mut from_the_top = Vec::new();
        while end != old {
            let middle = begin + split(end - begin);
            if old <= middle {
                from_the_top.push(self.range(middle, end)?);
                end = middle;
            } else {
                from_the_top.push(self.range(begin, middle)?);
                begin = middle;
            }
        }
        // Whoever asks knows the old root already where it is a subtree by itself.
        if begin != 0 {
            from_the_top.push(self.range(begin, end)?);
        }
        from_the_top.reverse();
        Some(from_the_top)
    }

    /// The root of the leaves `begin` to `end`, a subtree of the way that [`split`] divides.
    fn range(&self, begin: u64, end: u64) -> Option<Hash> {
        let length = end.checked_sub(begin).filter(|length| *length > 0)?;
        if length.is_power_of_two() {
            let level = self.levels.get(usize::try_from(length.trailing_zeros()).ok()?)?;
            return level.get(usize::try_from(begin / length).ok()?).copied();
        }
        let middle = begin + split(length);
        Some(node_hash(&self.range(begin, middle)?, &self.range(middle, end)?))
    }
}

/// The largest power of two below `length`, which is at least 2.
fn split(length: u64) -> u64 {
    let below = length.saturating_sub(1);
    if below == 0 { 0 } else { 1 << below.ilog2() }
}

#[cfg(test)]
pub(super) mod vectors {
    use super::*;

    /// The leaves of the reference vectors of Certificate Transparency (RFC 6962).
    const INPUTS: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];

    /// Their roots, by number of leaves.
    pub(in super::super) const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    /// The tree of these leaves, which are not 32 bytes long and so go in already hashed.
    pub(in super::super) fn tree() -> Tree {
        let mut tree = Tree::default();
        for input in INPUTS {
            tree.push_hashed(Hash::of(&[&[0], input].concat()));
        }
        tree
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(proof: Option<Vec<Hash>>) -> Vec<String> {
        proof.unwrap().iter().map(Hash::to_string).collect()
    }

    #[test]
    fn roots_and_proofs_are_those_of_the_reference_vectors() {
        let tree = vectors::tree();
        for (size, root) in (0_u64..).zip(vectors::ROOTS) {
            assert_eq!(tree.root_at(size).unwrap().to_string(), root, "{size}");
        }
        assert_eq!(
            texts(tree.prove_inclusion(0, 8)),
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ]
        );
        assert_eq!(
            texts(tree.prove_inclusion(5, 8)),
            [
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ]
        );
        assert_eq!(
            texts(tree.prove_consistency(6, 8)),
            [
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ]
        );
        assert_eq!(
            texts(tree.prove_consistency(2, 5)),
            [
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ]
        );
    }

    #[test]
    fn what_is_not_in_the_tree_has_no_proof() {
        let tree = vectors::tree();
        assert_eq!(tree.prove_inclusion(8, 8), None);
        assert_eq!(tree.prove_inclusion(3, 3), None);
        assert_eq!(tree.prove_inclusion(0, 9), None);
        assert_eq!(tree.prove_consistency(3, 2), None);
        assert_eq!(tree.prove_consistency(3, 9), None);
        assert_eq!(tree.root_at(9), None);
        assert_eq!(Tree::default().root_at(0), Some(empty_root()));
    }
}
