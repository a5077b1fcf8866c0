//! Who may be given the epochs of a channel, as the tables state it for gate 3 (protocol section 8).
//!
//! Invariant: duties are carried over from the signed documents as they stand there, and nothing is decided here: the constraints of the
//! tables decide, whatever the code that verified the documents did.

use envelope::certificate::{Certificate, Member};
use envelope::duty::Duty;

/// In the place of a person: the paper identity of the channel.
pub(crate) const PAPER: &str = "paper";

/// A channel of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredChannel {
    pub(crate) certificate: String,
    pub(crate) channel: String,
    pub(crate) on_status: &'static str,
    pub(crate) opinion: bool,
}

/// A reader of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredReader {
    pub(crate) certificate: String,
    pub(crate) channel: String,
    /// A person's id, or [`PAPER`].
    pub(crate) reader: String,
    pub(crate) body_on_status: &'static str,
    pub(crate) on_status: &'static str,
    pub(crate) named: bool,
}

/// The channels that a certificate offers.
pub(crate) fn channels(hash: &str, certificate: &Certificate) -> Vec<StoredChannel> {
    let channel = |channel: &envelope::certificate::CertifiedChannel| StoredChannel {
        certificate: hash.to_owned(),
        channel: channel.channel.name().to_owned(),
        on_status: word_of(certificate.duty.on_status),
        opinion: certificate.local_opinion.is_some(),
    };
    certificate.channels.iter().map(channel).collect()
}

/// The papers of all channels of a certificate.
pub(crate) fn papers(hash: &str, certificate: &Certificate) -> Vec<StoredReader> {
    let body = word_of(certificate.duty.on_status);
    let paper = |channel: &envelope::certificate::CertifiedChannel| StoredReader {
        certificate: hash.to_owned(),
        channel: channel.channel.name().to_owned(),
        reader: PAPER.to_owned(),
        body_on_status: body,
        on_status: body,
        named: false,
    };
    certificate.channels.iter().map(paper).collect()
}

/// A founding member, or one who joined, in each channel that she names.
pub(crate) fn of_member(hash: &str, certificate: &Certificate, member: &Member) -> Vec<StoredReader> {
    let named = certificate.local_opinion.is_some() && certificate.named_persons.contains(&member.name);
    let reader = |channel: &envelope::duty::Channel| StoredReader {
        certificate: hash.to_owned(),
        channel: channel.name().to_owned(),
        reader: member.person.uuid().to_string(),
        body_on_status: word_of(certificate.duty.on_status),
        on_status: word_of(member.duty.on_status),
        named,
    };
    member.channels.iter().map(reader).collect()
}

const fn word_of(duty: Duty) -> &'static str {
    match duty {
        Duty::None => "none",
        Duty::Contested => "contested",
        Duty::Strong => "strong",
    }
}
