//! `approdo notices send`, and the mail server of the configuration.

use network::App;
use network::notices::{self, Sent};
use platform::assets::Assets;
use platform::clock::Clock;
use platform::config::{Config, Site};
use platform::mail::Mailer;
use platform::random::Random;
use platform::{Platform, log};

use crate::command::{Failure, connect, say};

/// The mail server of the configuration; a setting that cannot be used stops the start, not the first notice.
pub(crate) fn mailer(config: &Config, site: &Site, random: &Random) -> Result<Option<Mailer>, Failure> {
    let ready = config.mail.as_ref().map(|settings| Mailer::new(settings, &site.public, random.clone()));
    Ok(ready.transpose()?)
}

/// Sends one notice to everybody for whom something waits now.
pub(crate) async fn send(config: &Config) -> Result<(), Failure> {
    let clock = Clock::system();
    log::start(config.log.level, clock.clone());
    let (site, random) = (config.site(config.listen), Random::system());
    let mail = mailer(config, &site, &random)?;
    if mail.is_none() {
        return Err(Failure::new("there is no mail server: set [mail], see docs/notices.md"));
    }
    let database = connect(config).await?;
    let mut platform =
        Platform::new(database.clone(), clock, random, Assets::unbuilt(), site, config.session);
    platform.mail = mail;
    let app = App::open(platform).await?;
    let sent = notices::send_now(&app).await?.unwrap_or_default();
    database.close().await?;
    let Sent { sent, refused, failed } = sent;
    say(&format!("{sent} sent, {refused} refused, {failed} not sent\n"))?;
    if refused + failed > 0 {
        return Err(Failure::new("not every notice was sent; the lines above say why"));
    }
    Ok(())
}
