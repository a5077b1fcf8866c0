//! Who may be given the epochs of a channel, as the tables state it for gate 3 (protocol section 8).
//!
//! Invariant: duties are carried over from the signed documents as they stand there, and nothing is decided here: the constraints of the
//! tables decide, whatever the code that verified the documents did.

use envelope::certificate::{Certificate, Member};

/// In the place of a person: the paper identity of the channel.
pub(super) const PAPER: &str = "paper";

/// A channel of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StoredChannel {
    pub(super) certificate: String,
    pub(super) channel: String,
    pub(super) on_status: &'static str,
    pub(super) opinion: bool,
}

/// A reader of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StoredReader {
    pub(super) certificate: String,
    pub(super) channel: String,
    /// A person's id, or [`PAPER`].
    pub(super) reader: String,
    pub(super) body_on_status: &'static str,
    pub(super) on_status: &'static str,
    pub(super) named: bool,
}

/// The channels that a certificate offers.
pub(super) fn channels(hash: &str, certificate: &Certificate) -> Vec<StoredChannel> {
    let channel = |channel: &envelope::certificate::CertifiedChannel| StoredChannel {
        certificate: hash.to_owned(),
        channel: channel.channel.name().to_owned(),
        on_status: certificate.duty.on_status.name(),
        opinion: certificate.local_opinion.is_some(),
    };
    certificate.channels.iter().map(channel).collect()
}

/// The papers of all channels of a certificate.
pub(super) fn papers(hash: &str, certificate: &Certificate) -> Vec<StoredReader> {
    let body = certificate.duty.on_status.name();
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
pub(super) fn of_member(hash: &str, certificate: &Certificate, member: &Member) -> Vec<StoredReader> {
    let named = certificate.local_opinion.is_some() && certificate.named_persons.contains(&member.name);
    let reader = |channel: &envelope::duty::Channel| StoredReader {
        certificate: hash.to_owned(),
        channel: channel.name().to_owned(),
        reader: member.person.uuid().to_string(),
        body_on_status: certificate.duty.on_status.name(),
        on_status: member.duty.on_status.name(),
        named,
    };
    member.channels.iter().map(reader).collect()
}
