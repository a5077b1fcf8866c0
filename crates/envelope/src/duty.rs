//! The duties to report that decide who may receive on the safe channel (protocol section 3).

use serde::{Deserialize, Serialize};

/// How far a body or a person is bound to report. What is not stated counts as `strong`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Duty {
    /// No duty.
    None,
    /// Lawyers disagree: admitted on the safe channel only with a local legal opinion and the persons named.
    Contested,
    /// Bound to report.
    #[default]
    Strong,
}

impl Duty {
    /// The name on the wire and in the tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Contested => "contested",
            Self::Strong => "strong",
        }
    }
}

/// The two duties that the protocol tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Duties {
    /// To report somebody's residence status.
    #[serde(default)]
    pub on_status: Duty,
    /// To report a crime.
    #[serde(default)]
    pub on_crime: Duty,
}

/// One of the two channels of a centre.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// For people whom a report of their residence status would harm.
    Safe,
    /// For everybody else; what its readers must report is said before she writes.
    General,
}

impl Channel {
    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::General => "general",
        }
    }
}

impl core::fmt::Display for Channel {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str(self.name())
    }
}

impl core::str::FromStr for Channel {
    type Err = crate::encoding::Malformed;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "safe" => Ok(Self::Safe),
            "general" => Ok(Self::General),
            _ => Err(crate::encoding::Malformed),
        }
    }
}
