//! `approdo serve`: puts the parts together, answers until it is told to stop, and lets what has begun end.

use std::net::SocketAddr;
use std::time::Duration;

use network::{App, centres, notices};
use platform::assets::Assets;
use platform::clock::Clock;
use platform::config::{Config, DatabaseUrl};
use platform::random::Random;
use platform::{Platform, log, web};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::command::{Failure, connect, not_opened, say};
use crate::connections::{self, Rules};
use crate::metrics::{self, LastSuccess, Sources};
use crate::notices::mailer;
use crate::open_files;

/// How long requests that have begun may take to end after the signal.
const DRAIN: Duration = Duration::from_secs(10);

/// Bytes of bodies that are kept at once: of some hundreds of requests that arrive at the same moment.
const BODIES: usize = 64 << 20;

/// Connections of those who read the figures.
const WATCHERS: usize = 16;

/// Between two rounds of regular work.
const HOUR: Duration = Duration::from_hours(1);

pub(crate) async fn run(config: &Config) -> Result<(), Failure> {
    let assets = Assets::load()?;
    let clock = Clock::system();
    log::start(config.log.level, clock.clone());
    let started = clock.now();
    let database = connect(config).await?;
    database.inspect().await.map_err(|error| not_opened(config, &error))?;
    let listener = listen(config.listen).await?;
    let watched = match config.metrics.listen {
        Some(address) => Some(listen(address).await?),
        None => None,
    };
    let site = config.site(listener.local_addr()?);
    let public = site.public.as_str().to_owned();
    let random = Random::system();
    let mail = mailer(config, &site, &random)?;
    let mut platform = Platform::new(database.clone(), clock, random, assets, site, config.session);
    platform.tombstones.clone_from(&config.tombstones);
    platform.mail = mail;
    let app = App::start(platform.clone()).await?;
    check_demonstration(centres::is_demonstration(&app), config.demo)?;

    if config.operator.is_none() && !config.demo {
        tracing::warn!("the imprint is missing: set [operator], see docs/configuration.md");
    }
    if config.tombstones.is_none() && matches!(config.database, DatabaseUrl::Postgres(_)) {
        tracing::warn!(
            "after a restore nothing but the backups will say what was shredded: set `tombstones`, see docs/backup.md"
        );
    }
    if centres::is_demonstration(&app).is_none() {
        tracing::warn!(
            "no network has been imported yet, so there is no centre to write to: approdo network import FOLDER"
        );
    }

    let (stop, stopping) = watch::channel(false);
    let routes = web::wrap(network::router(app.clone()), &platform);
    let rules = rules(config);
    let serving = tokio::spawn(connections::serve(listener, routes, rules, stopping.clone()));
    let worked = LastSuccess::new(started);
    if let Some(listener) = watched {
        let database = config.database.clone();
        let figures =
            metrics::router(Sources { app: app.clone(), database, started, worked: worked.clone() });
        let rules = Rules { most: WATCHERS, leaving: WATCHERS, bytes: BODIES, proxies: Vec::new() };
        // Nobody waits for it at the end: what it answers can be asked again.
        tokio::spawn(connections::serve(listener, figures, rules, stopping));
    }
    let telling = tokio::spawn(notices::work(app.clone()));
    let working = tokio::spawn(work_regularly(app, config.demo, worked));

    tracing::info!("ready");
    say(&format!("Approdo is ready: {public}/\n"))?;

    let abort = working.abort_handle();
    let outcome = tokio::select! {
        signalled = signal() => signalled.map_err(Failure::from),
        refused = working => refused.unwrap_or_else(|error| Err(error.into())),
    };
    abort.abort();
    telling.abort();
    tracing::info!("stopping");
    stop.send_replace(true);
    // Requests that have begun may end; after that they are cut off.
    if let Ok(served) = tokio::time::timeout(DRAIN, serving).await {
        served?;
    } else {
        tracing::warn!("requests were cut off");
    }
    database.close().await?;
    tracing::info!("stopped");
    outcome
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|error| Failure::new(format!("cannot listen on {address}: {error}")))
}

/// What the configuration allows, as far as the system does.
fn rules(config: &Config) -> Rules {
    let wanted = usize::from(config.door.connections);
    let most = open_files::make_room_for(wanted);
    if most < wanted {
        tracing::warn!(
            most,
            wanted,
            "the system allows fewer open files than door.connections needs: see docs/configuration.md"
        );
    }
    Rules { most, leaving: open_files::leaving(most), bytes: BODIES, proxies: config.trusted_proxies.clone() }
}

/// Erases what may not be kept and reads the centres anew, every hour. Ends only when a demonstration network has
/// been imported beside a server that must not serve one.
async fn work_regularly(app: App, demo: bool, worked: LastSuccess) -> Result<(), Failure> {
    let mut hours = tokio::time::interval(HOUR);
    hours.tick().await;
    loop {
        hours.tick().await;
        match app.housekeeping().await {
            Ok(()) => worked.note(app.platform.now()),
            Err(error) => {
                let causes = log::chain(&error);
                tracing::error!(causes, "the regular work failed");
            }
        }
        check_demonstration(centres::is_demonstration(&app), demo)?;
    }
}

/// A demonstration is served only when asked for, and what is asked for as one must be one (protocol §3).
pub(crate) fn check_demonstration(imported: Option<bool>, demo: bool) -> Result<(), Failure> {
    match (imported, demo) {
        (Some(true), false) => Err(Failure::new(
            "this database holds a demonstration network, whose keys are not kept apart: serve it with --demo, or import a real one",
        )),
        (Some(false), true) => Err(Failure::new(
            "this database holds a real network: serve it without --demo, which would call it a demonstration",
        )),
        _ => Ok(()),
    }
}

/// Resolves when the program is told to stop: Ctrl-C or SIGTERM.
#[cfg(unix)]
async fn signal() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
