//! Centres: what the offline tool publishes about them, verified; their channels, duties and reading hours (protocol section 3).
//!
//! Who may: everybody may read what is public; `approdo network import` writes that, and
//! what members sign (`statements.rs`); the administrator of a centre says what her
//! colleagues do there (`people.rs`, docs/roles.md). Invariants: nothing is stored or shown that was
//! not verified under the root; a channel is open only while a certificate and an epoch hold. See `docs/walkthroughs/import.md`.

mod access;
mod api;
mod cards;
mod channels;
#[expect(unreachable_pub, reason = "the derive macro demands public names; the module itself is private")]
mod entities;
mod facts;
pub mod hours;
mod import;
mod lasting;
mod leavers;
mod people;
pub mod public_pages;
mod readers;
mod snapshot;
mod statements;
mod store;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use jiff::Timestamp;
use platform::web::compressed;
use uuid::Uuid;

pub use cards::{CentreCard, ChannelCard, DutyCard};
pub(crate) use channels::lines;
pub use envelope::duty::{Channel, Duty};
pub use facts::{FactsRefusal, Phone, PublishedFacts, Translated};
pub use hours::{Hours, Reading};
pub use import::{ImportRefusal, Imported, Publication, PublishedCentre, import};
pub use lasting::{Lasting, list_lasting};
pub use snapshot::{Centres, NotReceiving, RootFile};

use crate::App;

/// The addresses of this slice (docs/http.md).
pub fn router() -> Router<App> {
    let public = Router::new()
        .route("/network/{file}", get(api::root))
        .route("/network/centres.json", get(api::bundles))
        .route("/network/centres/{file}", get(api::bundle))
        .merge(public_pages::router());
    compressed(public)
        .route("/console/keys", get(api::keys))
        .route("/{lang}/console/people", get(people::people))
        .route("/console/people/{person}/roles", post(people::roles))
        .route("/console/people/{person}/suspend", post(people::suspend))
        .route("/console/people/{person}/return", post(people::come_back))
        .route("/{lang}/console/people/{person}/leave", get(channels::leave))
        .route("/console/people/{person}/leave", post(statements::leave))
        .route("/{lang}/console/channels", get(channels::channels))
        .route("/console/epochs", post(statements::make_epoch))
}

/// All centres by name, from memory.
#[must_use]
pub fn list(app: &App) -> Arc<[Arc<CentreCard>]> {
    app.centres.list()
}

/// A centre by the last part of its address.
#[must_use]
pub fn find_by_slug(app: &App, slug: &str) -> Option<Arc<CentreCard>> {
    app.centres.list().iter().find(|card| card.slug == slug).map(Arc::clone)
}

/// The centres that a person who writes to `first` may choose as second one (protocol section 7.7): others whose same channel is open.
#[must_use]
pub fn seconds(app: &App, first: Uuid, channel: Channel, now: Timestamp) -> Vec<Arc<CentreCard>> {
    let is_open = |card: &CentreCard| card.open_channels(now).any(|open| open.channel == channel);
    app.centres.list().iter().filter(|card| card.id != first && is_open(card)).map(Arc::clone).collect()
}

/// The root that browsers verify everything under; `None` before the first import.
#[must_use]
pub fn root_file(app: &App) -> Option<RootFile> {
    app.centres.root_file()
}

/// Whether the imported network is a demonstration; `None` before the first import.
#[must_use]
pub fn is_demonstration(app: &App) -> Option<bool> {
    root_file(app).map(|root| root.demonstration)
}
