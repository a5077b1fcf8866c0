//! What a duty forbids, worked out a second time (protocol section 3): the strictest of all duties decides.

use envelope::certificate::{Certificate, Member};
use envelope::duty::{Channel, Duty};

/// Whether the safe channel is closed to this organisation, or to this person of it.
pub(super) fn forbid_safe(certificate: &Certificate, person: Option<&Member>) -> bool {
    let strictest = person
        .map(|member| member.duty.on_status)
        .into_iter()
        .chain([certificate.duty.on_status])
        .max_by_key(|duty| match duty {
            Duty::None => 0_u8,
            Duty::Contested => 1,
            Duty::Strong => 2,
        });
    match strictest {
        Some(Duty::None) => false,
        Some(Duty::Contested) => {
            let is_named = person.map_or(!certificate.named_persons.is_empty(), |member| {
                certificate.named_persons.contains(&member.name)
            });
            certificate.local_opinion.is_none() || !is_named
        }
        Some(Duty::Strong) | None => true,
    }
}

/// Whether a person was chosen for a channel that the certificate offers, and nothing forbids it.
pub(super) fn reads(certificate: &Certificate, member: &Member, channel: Channel) -> bool {
    let is_offered = certificate.channels.iter().any(|offered| offered.channel == channel);
    is_offered
        && member.channels.contains(&channel)
        && (channel == Channel::General || !forbid_safe(certificate, Some(member)))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The same table as the other gates', written down once more: organisation, person, opinion, named.
    #[test]
    fn the_strictest_duty_decides() {
        use Duty::{Contested, None, Strong};
        for (body, person, opinion, named, is_open) in [
            (None, None, false, false, true),
            (None, Contested, false, false, false),
            (None, Contested, true, false, false),
            (None, Contested, false, true, false),
            (None, Contested, true, true, true),
            (Contested, None, true, true, true),
            (Contested, None, true, false, false),
            (Contested, Contested, true, true, true),
            (Strong, None, true, true, false),
            (None, Strong, true, true, false),
            (Contested, Strong, true, true, false),
        ] {
            let (certificate, member) = of(body, person, opinion, named);
            assert_eq!(
                !forbid_safe(&certificate, Some(&member)),
                is_open,
                "{body:?} {person:?} {opinion} {named}"
            );
            assert_eq!(reads(&certificate, &member, Channel::Safe), is_open);
            assert!(!reads(&certificate, &member, Channel::General), "a channel that is not offered");
        }
    }

    pub(in crate::verify) fn of(
        body: Duty,
        person: Duty,
        opinion: bool,
        named: bool,
    ) -> (Certificate, Member) {
        // The public key of the first test of RFC 8032.
        let key = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let json = serde_json::json!({
            "network": "6f1d7f0e-5f0e-4a7b-9a44-0d2f6a2b1c01", "centre": "6f1d7f0e-5f0e-4a7b-9a44-0d2f6a2b1c02", "organisation": "A",
            "channels": [], "duty": {"on_status": body}, "legal_basis": "", "local_opinion": opinion.then(|| "00".repeat(32)),
            "named_persons": if named { vec!["Ada"] } else { Vec::new() }, "review_date": "2027-01-01",
            "not_before": "2026-01-01T00:00:00Z", "not_after": "2026-12-01T00:00:00Z", "founding_members": [], "previous_chain": null,
        });
        let mut certificate: Certificate = serde_json::from_value(json).unwrap();
        let recipient = envelope::recipient::Recipient::parse(
            "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
        )
        .unwrap();
        let member = Member {
            person: envelope::ids::PersonId::from_random_bytes([1; 16]),
            name: "Ada".to_owned(),
            signing_key: envelope::signature::PublicKey::parse(key).unwrap(),
            recipient: recipient.clone(),
            duty: envelope::duty::Duties { on_status: person, on_crime: Duty::None },
            channels: vec![Channel::Safe],
        };
        certificate.channels.push(envelope::certificate::CertifiedChannel {
            channel: Channel::Safe,
            paper_recipient: recipient,
        });
        (certificate, member)
    }
}
