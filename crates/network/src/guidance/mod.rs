//! What everybody may read before and after writing: the start, how to stay safe, rights, under 18, and the pages that the law asks for.
//!
//! Who may: everybody, without cookie or script. Invariant: these pages know nothing of who reads them; every sentence comes from
//! `translations/<language>/guidance.ftl`, every telephone number from `data/phones.json` ([`phones`]).
//!
//! To add a page: a template, a struct by [`page!`], a route, its texts in every language, a line in docs/http.md.

#[cfg(test)]
pub(crate) mod tests;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use platform::config::Imprint;
use platform::texts::Language;
use platform::web::{PlatformError, Shell, compressed, constant, render};

use crate::App;
use crate::centres::public_pages::phones::{self, PhoneLine};
use crate::centres::public_pages::words::date_in_words;

/// The day on which the accessibility statement was last gone through.
const STATEMENT_PREPARED: Date = date(2026, 11, 22);

/// After how many days whoever reads security.txt should fetch it again (RFC 9116, 2.5.5).
const SECURITY_DAYS: i64 = 180;

/// A page that needs nothing but its texts, and its handler.
macro_rules! page {
    ($handler:ident, $page:ident, $template:literal, $path:literal) => {
        #[derive(Template)]
        #[template(path = $template)]
        struct $page {
            shell: Shell,
        }

        async fn $handler(State(app): State<App>, language: Language) -> Result<Response, PlatformError> {
            render(&$page { shell: Shell::public(&app.platform, language, $path) })
        }
    };
}

page!(first, First, "guidance/templates/first.html", "/first");
page!(guide, Guide, "guidance/templates/guide.html", "/guide");

/// What the law wants said about the site, by whoever runs this copy.
#[derive(Template)]
#[template(path = "guidance/templates/privacy.html")]
struct Privacy<'a> {
    shell: Shell,
    operator: Option<&'a Imprint>,
}

/// The imprint.
#[derive(Template)]
#[template(path = "guidance/templates/about.html")]
struct About<'a> {
    shell: Shell,
    operator: Option<&'a Imprint>,
}

#[derive(Template)]
#[template(path = "guidance/templates/start.html")]
struct Start {
    shell: Shell,
    phones: Vec<PhoneLine>,
}

#[derive(Template)]
#[template(path = "guidance/templates/young.html")]
struct Young {
    shell: Shell,
    phones: Vec<PhoneLine>,
}

#[derive(Template)]
#[template(path = "guidance/templates/accessibility.html")]
struct Accessibility {
    shell: Shell,
    prepared: String,
}

/// The routes of this slice (docs/http.md).
pub fn router() -> Router<App> {
    // Their texts, the settings and the telephone numbers stay as they are while the program runs.
    let pages = Router::new()
        .route("/{lang}/", get(start))
        .route("/{lang}/first", get(first))
        .route("/{lang}/guide", get(guide))
        .route("/{lang}/young", get(young))
        .route("/{lang}/privacy", get(privacy))
        .route("/{lang}/accessibility", get(accessibility))
        .route("/{lang}/about", get(about));
    let others = Router::new()
        .route("/", get(choose_language))
        .route("/{lang}", get(add_slash))
        .route("/.well-known/security.txt", get(security));
    constant(pages).merge(compressed(others))
}

/// `/` leads to the start page in the reader's language.
async fn choose_language(language: Language) -> Redirect {
    Redirect::to(&format!("/{}/", language.code()))
}

/// `/it` is what somebody types who heard the address; the page stands at `/it/`.
async fn add_slash(language: Language) -> Redirect {
    Redirect::to(&format!("/{}/", language.code()))
}

async fn start(State(app): State<App>, language: Language) -> Result<Response, PlatformError> {
    let shell = Shell::public(&app.platform, language, "/");
    let phones = phones::lines(shell.t)?;
    render(&Start { shell, phones })
}

async fn young(State(app): State<App>, language: Language) -> Result<Response, PlatformError> {
    let shell = Shell::public(&app.platform, language, "/young");
    let phones = phones::lines(shell.t)?;
    render(&Young { shell, phones })
}

async fn privacy(State(app): State<App>, language: Language) -> Result<Response, PlatformError> {
    let shell = Shell::public(&app.platform, language, "/privacy");
    render(&Privacy { shell, operator: app.platform.site.operator.as_ref() })
}

async fn about(State(app): State<App>, language: Language) -> Result<Response, PlatformError> {
    let shell = Shell::public(&app.platform, language, "/about");
    render(&About { shell, operator: app.platform.site.operator.as_ref() })
}

async fn accessibility(State(app): State<App>, language: Language) -> Result<Response, PlatformError> {
    let shell = Shell::public(&app.platform, language, "/accessibility");
    let prepared = shell.t.accessibility_date(date_in_words(shell.t, STATEMENT_PREPARED));
    render(&Accessibility { shell, prepared })
}

/// Whom to tell about a weak point (RFC 9116). Until that is configured, the page that says who runs this copy.
async fn security(State(app): State<App>) -> Result<Response, PlatformError> {
    let expires =
        app.platform.now().checked_add((SECURITY_DAYS * 24).hours()).map_err(PlatformError::internal)?;
    let expires = expires.strftime("%Y-%m-%dT00:00:00Z");
    let site = app.platform.site.public.as_str();
    let contact = app
        .platform
        .site
        .operator
        .as_ref()
        .map_or_else(|| format!("{site}/{}/about", Language::default().code()), Imprint::security_uri);
    let languages: Vec<&str> = Language::ALL.into_iter().map(Language::code).collect();
    let text = format!(
        "Contact: {contact}\nExpires: {expires}\nPreferred-Languages: {}\nCanonical: {site}/.well-known/security.txt\n",
        languages.join(", ")
    );
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}
