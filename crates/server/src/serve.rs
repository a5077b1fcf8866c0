//! `approdo serve`: puts the parts together, answers until it is told to stop, and lets what has begun end.

use std::future::IntoFuture as _;
use std::time::Duration;

use axum::serve::ListenerExt as _;
use network::{App, centres};
use platform::assets::Assets;
use platform::clock::Clock;
use platform::config::Config;
use platform::random::Random;
use platform::{Platform, log, web};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::command::{Failure, connect, not_opened, say};

/// How long requests that have begun may take to end after the signal.
const DRAIN: Duration = Duration::from_secs(10);

/// Between two rounds of regular work.
const HOUR: Duration = Duration::from_hours(1);

pub(crate) async fn run(config: &Config) -> Result<(), Failure> {
    let assets = Assets::load()?;
    let clock = Clock::system();
    log::start(config.log.level, clock.clone());
    let database = connect(config).await?;
    database.inspect().await.map_err(|error| not_opened(config, &error))?;
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| Failure::new(format!("cannot listen on {}: {error}", config.listen)))?;
    let site = config.site(listener.local_addr()?);
    let public = site.public.as_str().to_owned();
    let platform = Platform::new(database.clone(), clock, Random::system(), assets, site, config.session);
    let app = App::start(platform.clone()).await?;
    check_demonstration(centres::is_demonstration(&app), config.demo)?;

    if config.operator.is_none() && !config.demo {
        tracing::warn!("the imprint is missing: set [operator], see docs/configuration.md");
    }
    if centres::is_demonstration(&app).is_none() {
        tracing::warn!(
            "no network has been imported yet, so there is no centre to write to: approdo network import FOLDER"
        );
    }

    let (stop, stopping) = watch::channel(false);
    let stopped = |mut stopping: watch::Receiver<bool>| async move {
        // An error means that the sender is gone, which is a stop as well.
        drop(stopping.wait_for(|stop| *stop).await);
    };
    let routes = web::wrap(network::router(app.clone()), &platform);
    // Without this, small answers wait for the browser's delayed acknowledgement.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let serving =
        axum::serve(listener, routes).with_graceful_shutdown(stopped(stopping.clone())).into_future();
    let serving = tokio::spawn(serving);
    let working = tokio::spawn(work_regularly(app, config.demo));

    tracing::info!("ready");
    say(&format!("Approdo is ready: {public}/\n"))?;

    let abort = working.abort_handle();
    let outcome = tokio::select! {
        signalled = signal() => signalled.map_err(Failure::from),
        refused = working => refused.unwrap_or_else(|error| Err(error.into())),
    };
    abort.abort();
    tracing::info!("stopping");
    stop.send_replace(true);
    // Requests that have begun may end; after that they are cut off.
    if let Ok(served) = tokio::time::timeout(DRAIN, serving).await {
        served??;
    } else {
        tracing::warn!("requests were cut off");
    }
    database.close().await?;
    tracing::info!("stopped");
    outcome
}

/// Erases what may not be kept and reads the centres anew, every hour. Ends only when a demonstration network has
/// been imported beside a server that must not serve one.
async fn work_regularly(app: App, demo: bool) -> Result<(), Failure> {
    let mut hours = tokio::time::interval(HOUR);
    hours.tick().await;
    loop {
        hours.tick().await;
        if let Err(error) = app.housekeeping().await {
            let causes = log::chain(&error);
            tracing::error!(causes, "the regular work failed");
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
