//! Choose a centre: the list and the page of one, with its channels, what it must report in plain words, and when somebody reads.
//!
//! Who may: everybody. Invariant: what a page says about duties is read from the certificate through [`ChannelCard`] alone, and the strictest
//! duty of the organisation and its readers decides (protocol §3); a channel without a current key offers no way to write.

pub mod phones;
#[cfg(test)]
mod tests;
pub mod words;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use envelope::certificate::Certificate;
use envelope::statement::{Statement, StatementBody};
use jiff::Timestamp;
use platform::texts::{Language, Texts};
use platform::web::{PlatformError, Shell, render};
use uuid::Uuid;

use super::hours::{Hours, Reading};
use super::{CentreCard, Channel, ChannelCard, Duty, Phone};
use crate::App;
use phones::PhoneLine;
use words::{date_in_words, languages_in_words, time_in_words};

/// One channel of a centre in words, for `channel.html`.
#[derive(Clone, Debug)]
pub struct ChannelWords {
    /// Last part of its address: `a` or `b`.
    pub door: &'static str,
    /// As frames and scripts name it: `safe` or `general`.
    pub tag: &'static str,
    /// Its name.
    pub name: &'static str,
    /// For whom it is.
    pub short: &'static str,
    /// The promise of the safe channel (protocol §1), word for word.
    pub promise: Option<&'static str>,
    /// The people who can open it, by name: the promise of the safe channel speaks of them.
    pub named: Option<String>,
    /// How many people can open it.
    pub readers: String,
    /// What must be reported, sentence by sentence.
    pub duties: Vec<&'static str>,
    /// Whether one of these sentences is a strong duty, which the page sets apart.
    pub strict: bool,
    /// Legal basis and date of review.
    pub basis: String,
    /// The text of the link that leads to writing.
    pub write: &'static str,
    /// Whether something can be sealed for it now.
    pub open: bool,
}

impl ChannelWords {
    /// Puts a channel into words at `now`.
    #[must_use]
    pub fn new(t: Texts, app: &App, centre: Uuid, card: &ChannelCard, now: Timestamp) -> Self {
        let names = reader_names(app, centre, card.channel);
        let safe = card.channel == Channel::Safe;
        let mut duties = vec![match card.duty.on_status {
            Duty::None => t.place_duty_status_none(),
            Duty::Contested => t.place_duty_status_contested(),
            Duty::Strong => t.place_duty_status_strong(),
        }];
        if card.duty.on_status == Duty::Contested && card.local_opinion {
            duties.push(t.place_duty_status_contested_opinion());
        }
        duties.push(match card.duty.on_crime {
            Duty::None => t.place_duty_crime_none(),
            Duty::Contested => t.place_duty_crime_contested(),
            Duty::Strong => t.place_duty_crime_strong(),
        });
        Self {
            door: card.door(),
            tag: if safe { "safe" } else { "general" },
            name: if safe { t.places_channel_safe() } else { t.places_channel_general() },
            short: if safe { t.places_channel_safe_short() } else { t.places_channel_general_short() },
            promise: safe.then(|| t.place_safe_promise()),
            named: (safe && !names.is_empty()).then(|| t.place_channel_named(names.join(", "))),
            readers: t.place_channel_readers(card.readers),
            duties,
            strict: card.duty.on_status == Duty::Strong || card.duty.on_crime == Duty::Strong,
            basis: t.place_channel_basis(card.legal_basis.as_str(), date_in_words(t, card.review_date)),
            write: if safe { t.place_write_safe() } else { t.place_write_general() },
            open: card.is_open(now),
        }
    }
}

/// The members who can open a channel, by name, in the order in which they joined. The chain was verified when it was taken into memory.
fn reader_names(app: &App, centre: Uuid, channel: Channel) -> Vec<String> {
    let Some(known) = app.centres.find(centre) else { return Vec::new() };
    let Ok(certificate) = serde_json::from_slice::<Certificate>(&known.bundle_value.certificate.payload.0)
    else {
        return Vec::new();
    };
    let mut members = certificate.founding_members.clone();
    for document in &known.bundle_value.statements {
        match serde_json::from_slice::<Statement>(&document.payload.0).map(|statement| statement.body) {
            Ok(StatementBody::Join { member }) => members.push(member),
            Ok(StatementBody::Leave { person }) => members.retain(|member| member.person != person),
            Ok(StatementBody::Epoch { .. }) | Err(_) => {}
        }
    }
    members
        .into_iter()
        .filter(|member| certificate.admits(member, channel))
        .map(|member| member.name)
        .collect()
}

/// A centre's own number in words, for `phone_list.html`.
#[derive(Clone, Debug)]
pub struct PhoneWords {
    /// What the line is.
    pub label: String,
    /// As people write it.
    pub number: String,
    /// For the link.
    pub tel: String,
    /// Where it was read, and when it was last checked.
    pub source: String,
}

impl PhoneWords {
    /// Puts the numbers of a centre into words.
    #[must_use]
    pub fn list(t: Texts, phones: &[Phone]) -> Vec<Self> {
        phones
            .iter()
            .map(|phone| Self {
                label: phone.label.get(t.language().code()).to_owned(),
                number: phone.number.clone(),
                tel: phone.tel(),
                source: t.place_phone_source(date_in_words(t, phone.checked), phone.source.as_str()),
            })
            .collect()
    }
}

/// When somebody reads next, in a sentence.
#[must_use]
pub fn reading_in_words(t: Texts, hours: &Hours, now: Timestamp) -> String {
    match hours.next_reading(now) {
        Reading::Now { until } => t.place_reads_now(time_in_words(until.time())),
        Reading::At(next) => t.place_reads_next(
            date_in_words(t, next.date()),
            time_in_words(next.time()),
            t.layout_weekday(next.date().weekday().to_monday_one_offset()),
        ),
        Reading::Unknown => t.place_reads_unknown().to_owned(),
    }
}

/// One day of the table of hours.
struct Day {
    day: String,
    periods: String,
}

/// A centre in words.
struct CentreWords {
    slug: String,
    name: String,
    about: String,
    place: String,
    address: Option<String>,
    languages: Option<String>,
    phones: Vec<PhoneWords>,
    channels: Vec<ChannelWords>,
    reading: String,
    /// Within how many days it reads what arrives.
    promise: String,
    hours: Vec<Day>,
}

impl CentreWords {
    fn new(t: Texts, app: &App, card: &CentreCard, now: Timestamp) -> Self {
        let language = t.language().code();
        Self {
            slug: card.slug.clone(),
            name: card.name.get(language).to_owned(),
            about: card.about.get(language).to_owned(),
            place: format!("{} ({}), {}", card.town, card.province, card.region),
            address: card.address.as_ref().map(|address| address.get(language).to_owned()),
            languages: languages_in_words(t, &card.languages).map(|names| t.phone_languages(names)),
            phones: PhoneWords::list(t, &card.phones),
            channels: card
                .channels
                .iter()
                .map(|channel| ChannelWords::new(t, app, card.id, channel, now))
                .collect(),
            reading: reading_in_words(t, &card.hours, now),
            promise: t.place_promise(card.promise_days),
            hours: days(t, &card.hours),
        }
    }
}

/// The days on which somebody reads.
fn days(t: Texts, hours: &Hours) -> Vec<Day> {
    hours
        .by_day()
        .into_iter()
        .filter(|(_, stretches)| !stretches.is_empty())
        .map(|(day, stretches)| {
            let periods: Vec<String> = stretches
                .into_iter()
                .map(|(from, to)| t.place_period(time_in_words(from), time_in_words(to)))
                .collect();
            Day { day: t.layout_weekday(day), periods: periods.join(", ") }
        })
        .collect()
}

#[derive(Template)]
#[template(path = "centres/templates/places.html")]
struct Places {
    shell: Shell,
    centres: Vec<CentreWords>,
    phones_for_everybody: Vec<PhoneLine>,
}

#[derive(Template)]
#[template(path = "centres/templates/place.html")]
struct Place {
    shell: Shell,
    centre: CentreWords,
}

/// The public routes of this slice (docs/http.md).
pub fn router() -> Router<App> {
    Router::new().route("/{lang}/places", get(places)).route("/{lang}/places/{slug}", get(place))
}

async fn places(State(app): State<App>, language: Language) -> Result<Response, PlatformError> {
    let shell = Shell::public(&app.platform, language, "/places");
    let now = app.platform.now();
    let centres = super::list(&app).iter().map(|card| CentreWords::new(shell.t, &app, card, now)).collect();
    let phones_for_everybody = phones::lines(shell.t)?;
    render(&Places { shell, centres, phones_for_everybody })
}

async fn place(
    State(app): State<App>,
    language: Language,
    Path((_, slug)): Path<(String, String)>,
) -> Result<Response, PlatformError> {
    let card = super::find_by_slug(&app, &slug).ok_or(PlatformError::NotFound)?;
    let shell = Shell::public(&app.platform, language, format!("/places/{}", card.slug));
    let centre = CentreWords::new(shell.t, &app, &card, app.platform.now());
    render(&Place { shell, centre })
}
