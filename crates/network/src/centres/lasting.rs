//! How long what the centres have published still holds, for whoever watches over the service. All of it is public.

use envelope::centre::VerifiedCentre;
use envelope::duty::Channel;
use jiff::Timestamp;

use super::cards::current_epoch;
use crate::App;

/// What is left of a centre's papers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lasting {
    /// The last part of the centre's address.
    pub slug: String,
    /// Whole days until its certificate ends or its review date has passed; negative after that.
    pub certificate_days: i64,
    /// The channels that its certificate offers, each with the whole days left of its epoch: 0 where none can be sealed to.
    pub epochs: Vec<(Channel, i64)>,
}

/// What is left of every centre's papers, by the centre's name.
#[must_use]
pub fn list_lasting(app: &App, now: Timestamp) -> Vec<Lasting> {
    let centres = app.centres.list();
    let known = centres.iter().filter_map(|card| Some((card.slug.clone(), app.centres.find(card.id)?)));
    known.map(|(slug, known)| lasting(slug, known.verified(), now)).collect()
}

fn lasting(slug: String, verified: &VerifiedCentre, now: Timestamp) -> Lasting {
    let certificate = verified.certificate();
    let end = certificate.ends().unwrap_or(certificate.not_after);
    let epochs = [Channel::Safe, Channel::General]
        .into_iter()
        .filter(|channel| certificate.offers(*channel))
        .map(|channel| (channel, epoch_days(verified, channel, now)))
        .collect();
    Lasting { slug, certificate_days: days_until(end, now), epochs }
}

fn epoch_days(verified: &VerifiedCentre, channel: Channel, now: Timestamp) -> i64 {
    let current = current_epoch(verified, channel, now).and_then(|number| verified.epoch(channel, number));
    current.map_or(0, |epoch| days_until(epoch.not_after(), now))
}

fn days_until(end: Timestamp, now: Timestamp) -> i64 {
    end.duration_since(now).as_secs().div_euclid(86_400)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_whole_and_go_below_nothing() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        for (end, days) in [
            ("2026-11-25T12:00:00Z", 1),
            ("2026-11-25T11:59:59Z", 0),
            ("2026-11-24T12:00:00Z", 0),
            ("2026-11-24T11:00:00Z", -1),
        ] {
            assert_eq!(days_until(end.parse().unwrap(), now), days, "{end}");
        }
    }
}
