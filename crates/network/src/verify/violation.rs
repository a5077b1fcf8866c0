//! What can be wrong, each as one sentence: what, where, and the section that says why.

use thiserror::Error;
use uuid::Uuid;

/// Where something is wrong, for the sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Where {
    /// The certificate of this hash.
    Certificate(String),
    /// A statement under a certificate.
    Statement(String, i64),
    /// A channel under a certificate.
    Channel(String, String),
    /// An epoch: the certificate, the channel, the number.
    Epoch(String, String, i64),
    /// A case, by the number that the console shows: the beginning of its random id.
    Case(Uuid),
    /// A place in a chain of a case.
    Item(Uuid, String, i64),
}

impl std::fmt::Display for Where {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let short = |hash: &str| hash.chars().take(16).collect::<String>();
        let case = |id: &Uuid| id.simple().to_string().chars().take(8).collect::<String>();
        match self {
            Self::Certificate(hash) => write!(to, "certificate {}", short(hash)),
            Self::Statement(hash, seq) => write!(to, "statement {seq} under certificate {}", short(hash)),
            Self::Channel(hash, channel) => {
                write!(to, "the {channel} channel of certificate {}", short(hash))
            }
            Self::Epoch(hash, channel, number) => {
                write!(to, "epoch {number} of the {channel} channel under certificate {}", short(hash))
            }
            Self::Case(id) => write!(to, "case {}", case(id)),
            Self::Item(id, chain, seq) => write!(to, "item {seq} of the {chain} of case {}", case(id)),
        }
    }
}

/// The first thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Violation {
    /// No root, or one that its governors did not sign.
    #[error("the root is not one that its own governors signed (protocol sections 3 and 12.1)")]
    Root,
    /// A document that is not what its row says.
    #[error("{0} is not the document that its row names: it was altered or moved (protocol section 12.1)")]
    Altered(Where),
    /// Too few governors, or somebody else.
    #[error(
        "{0} is not signed by as many governors as the root demands, and by nobody else (protocol section 3)"
    )]
    Governors(Where),
    /// The safe channel for a body that is bound.
    #[error(
        "{0} is given to an organisation whose duty to report residence status does not allow the safe channel (protocol sections 3 and 8)"
    )]
    BoundBody(Where),
    /// The safe channel for a person who is bound.
    #[error(
        "{0} gives the safe channel to {1}, whose duty to report residence status does not allow it (protocol sections 3 and 8)"
    )]
    BoundPerson(Where, String),
    /// A key in two places: somebody's in the place of the paper, or of an epoch.
    #[error(
        "{0} names a key that has another place already: {1} (protocol sections 3 and 12.1, invariant I2)"
    )]
    SharedKey(Where, String),
    /// A chain that does not hold together.
    #[error("{0} does not continue the chain: {1} (protocol sections 3 and 12.1)")]
    Chain(Where, &'static str),
    /// What the tables say of duties is not what was signed.
    #[error(
        "{0}: the tables state another duty or reader than the signed documents: {1} (protocol section 8)"
    )]
    StatedDuty(Where, String),
    /// An epoch that no statement made, or another one.
    #[error("{0} is not what a member's statement made of it (protocol sections 3 and 4)")]
    Epoch(Where),
    /// An epoch sealed to somebody who may not have it.
    #[error("{0} is sealed to {1}, {2} (protocol sections 3, 4.3 and 8)")]
    Sealed(Where, String, &'static str),
    /// A wrap that is none.
    #[error("{0}: the wrap for {1} is not one (protocol section 12.3)")]
    Wrap(Where, String),
    /// A report to an epoch that never was.
    #[error("{0} names an epoch of a channel that its centre never had (protocol sections 4.1 and 8)")]
    NoEpoch(Where),
    /// An item in the wrong place, channel or centre.
    #[error("{0} does not belong where it stands: {1} (protocol sections 2 and 12.2)")]
    Misplaced(Where, &'static str),
    /// An item that was altered.
    #[error("{0} is not what its author signed (protocol section 12.2)")]
    Frame(Where),
    /// An item by somebody who may not write it.
    #[error("{0} is by nobody who could write it then: {1} (protocol sections 2 and 12.2)")]
    Author(Where, &'static str),
    /// A gap in a chain.
    #[error(
        "{0} has a gap in its {1}, or another number of items than its row says (protocol sections 2 and 7.3)"
    )]
    Gap(Where, &'static str),
    /// A mailbox that leads to a case without a reason.
    #[error("the mailbox of {0} is that of no code of the case (protocol sections 7.4 and 12.2)")]
    Mailbox(Where),
    /// An item that nobody can open.
    #[error("{0} cannot be opened by {1} (protocol sections 4 and 6, invariant I6)")]
    Unopenable(Where, &'static str),
    /// Something of a shredded case.
    #[error("{0} was shredded, and {1} is there again or still (protocol section 9, invariant I7)")]
    Shredded(Where, &'static str),
    /// A mailbox that was buried leads somewhere.
    #[error("the mailbox of {0} is a tombstone, which leads nowhere (protocol section 7.5)")]
    MailboxTombstone(Where),
}
