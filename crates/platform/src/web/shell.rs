//! What every page hands to `layout.html`, and how a page becomes an answer.

use std::borrow::Cow;

use askama::Template;
use axum::response::{Html, IntoResponse, Response};

use crate::Platform;
use crate::assets::{Assets, UnknownAsset};
use crate::texts::{Language, Texts};
use crate::web::PlatformError;

/// For whom a page is; the layout shows the exit button on public ones and the session's end on console ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageKind {
    /// For everybody, no cookie.
    Public,
    /// For operators.
    Console,
}

impl PageKind {
    /// For whom the page at a path `/{lang}/…` is.
    pub(super) fn of_path(path: &str) -> Self {
        let mut parts = path.split('/').filter(|part| !part.is_empty());
        if parts.nth(1) == Some("console") { Self::Console } else { Self::Public }
    }
}

/// The same page in another language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative {
    /// The language.
    pub language: Language,
    /// Its name in itself, `English`.
    pub name: &'static str,
    /// Its address, `/en/places`.
    pub href: String,
    /// Whether it is the page being shown.
    pub current: bool,
}

/// Everything `layout.html` needs. Page structs carry it as the field `shell`.
#[derive(Clone, Debug)]
pub struct Shell {
    /// The language of the page.
    pub language: Language,
    /// Its texts: `{{ shell.t.start_title() }}`.
    pub t: Texts,
    /// For whom it is.
    pub kind: PageKind,
    /// The path after `/{lang}`, beginning with `/`: `/places`.
    pub path: String,
    /// The token for forms (`csrf`) and for the header `X-Approdo-Csrf`; console pages only.
    pub csrf: Option<String>,
    /// Whether to say that this is a demonstration.
    pub demo: bool,
    assets: Assets,
}

impl Shell {
    /// The shell of a public page; `path` is what follows `/{lang}`, such as `/` or `/places`.
    #[must_use]
    pub fn public(platform: &Platform, language: Language, path: impl Into<String>) -> Self {
        Self {
            language,
            t: Texts::new(language),
            kind: PageKind::Public,
            path: path.into(),
            csrf: None,
            demo: platform.site.demo,
            assets: platform.assets.clone(),
        }
    }

    /// The shell of a console page. `csrf` is missing on the sign-in page, where nobody has a session yet.
    #[must_use]
    pub fn console(
        platform: &Platform,
        language: Language,
        path: impl Into<String>,
        csrf: Option<String>,
    ) -> Self {
        Self { kind: PageKind::Console, csrf, ..Self::public(platform, language, path) }
    }

    /// Whether this is a page of the console.
    #[must_use]
    pub fn is_console(&self) -> bool {
        self.kind == PageKind::Console
    }

    /// The URL of an asset by its logical name, `site.css`.
    ///
    /// # Errors
    /// [`UnknownAsset`], so that a page that names a missing file does not render.
    pub fn asset(&self, name: &str) -> Result<Cow<'_, str>, UnknownAsset> {
        self.assets.url(name)
    }

    /// The language code, for `lang` attributes and addresses.
    #[must_use]
    pub fn lang(&self) -> &'static str {
        self.language.code()
    }

    /// The value of the attribute `dir`.
    #[must_use]
    pub fn dir(&self) -> &'static str {
        self.language.dir()
    }

    /// The address of a path in the language of the page: `href("/places")` is `/it/places`.
    #[must_use]
    pub fn href(&self, path: &str) -> String {
        format!("/{}{path}", self.language.code())
    }

    /// This page in every language, in the fixed order of [`Language::ALL`].
    #[must_use]
    pub fn alternatives(&self) -> Vec<Alternative> {
        Language::ALL
            .into_iter()
            .map(|language| Alternative {
                language,
                name: Texts::new(language).layout_language_name(),
                href: format!("/{}{}", language.code(), self.path),
                current: language == self.language,
            })
            .collect()
    }
}

/// Renders a page.
///
/// # Errors
/// [`PlatformError::Internal`] when the template fails, for example over an unknown asset.
pub fn render(page: &impl Template) -> Result<Response, PlatformError> {
    Ok(Html(page.render()?).into_response())
}
