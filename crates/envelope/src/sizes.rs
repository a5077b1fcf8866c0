//! The three lengths of a frame, and the one length of a wrap (protocol sections 5 and 12).

use serde::{Deserialize, Serialize};

/// Bytes of every wrap, exactly. Measured in `docs/adr/0003-sealing.md`.
pub const WRAP_LENGTH: usize = 832;

/// Bytes of one cell of a mailbox page: the smallest frame.
pub const CELL_LENGTH: usize = 4_096;

/// Bytes of a signature.
pub const SIGNATURE_LENGTH: usize = 64;

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
