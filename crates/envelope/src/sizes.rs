//! The three lengths of a frame, and the one length of a wrap (protocol sections 5 and 12).

use serde::{Deserialize, Serialize};

/// Bytes of every wrap, exactly. Measured in `docs/adr/0003-sealing.md`.
pub const WRAP_LENGTH: usize = 832;

/// Bytes of one cell of a mailbox page: the smallest frame.
pub const CELL_LENGTH: usize = 4_096;

/// Bytes of a signature.
pub const SIGNATURE_LENGTH: usize = 64;

/// Files that one report or message can carry.
pub const MOST_FILES: usize = 8;

/// Bytes of a chunk of a sealed file as it is uploaded; the last one is shorter or as long.
pub const FILE_CHUNK_LENGTH: usize = 262_144;

/// Bytes of the longest file, before it is padded and sealed: 50 MiB.
pub const LONGEST_FILE: u64 = 50 * 1_024 * 1_024;

/// Chunks of the longest sealed file: 50 MiB sealed and padded are 51 MiB.
pub const MOST_FILE_CHUNKS: u32 = 204;

/// Padmé: the next length that has as few significant bits as the logarithm of its logarithm asks for. At most 12 % more, and
/// all files up to 64 MiB have about 500 lengths (Nikitin and others, *Reducing Metadata Leakage from Encrypted Files and
/// Communication with PURBs*, PETS 2019, section 4).
#[must_use]
pub const fn padme(length: u64) -> u64 {
    if length < 2 {
        return length;
    }
    let exponent = length.ilog2();
    let significant = exponent.ilog2() + 1;
    let mask = (1_u64 << (exponent - significant)) - 1;
    length.saturating_add(mask) & !mask
}

/// One of the three lengths that a frame can have: all that an observer learns about how much was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SizeClass {
    /// 4,096 bytes.
    Small,
    /// 16,384 bytes.
    Medium,
    /// 65,536 bytes.
    Large,
}

impl SizeClass {
    /// From the smallest to the largest.
    pub const ALL: [Self; 3] = [Self::Small, Self::Medium, Self::Large];

    /// Bytes of a frame of this class.
    #[must_use]
    pub const fn length(self) -> usize {
        match self {
            Self::Small => 4_096,
            Self::Medium => 16_384,
            Self::Large => 65_536,
        }
    }

    /// Mailbox cells that a frame of this class fills: 1, 4 or 16.
    #[must_use]
    pub const fn cells(self) -> u8 {
        match self {
            Self::Small => 1,
            Self::Medium => 4,
            Self::Large => 16,
        }
    }

    /// The class of exactly this many bytes.
    #[must_use]
    pub fn of_length(length: usize) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.length() == length)
    }

    /// The class of exactly this many cells.
    #[must_use]
    pub fn of_cells(cells: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.cells() == cells)
    }
}
