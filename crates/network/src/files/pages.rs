//! The viewer: a page of an origin of its own, that shows pictures and plays sound and can do nothing else (docs/adr/0011-files.md).
//!
//! It holds no secret and asks for none: what it shows is handed over by the page around it. So it needs no session.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use platform::Platform;
use platform::texts::Language;
use platform::web::{Allowance, PlatformError, render};

#[derive(Template)]
#[template(path = "files/templates/viewer.html")]
struct ViewerPage {
    language: &'static str,
}

/// `GET /console/viewer`: the page inside the frame.
pub(super) async fn viewer(language: Language) -> Result<Response, PlatformError> {
    let mut response = render(&ViewerPage { language: language.code() })?;
    response.extensions_mut().insert(Allowance::Viewer);
    Ok(response)
}

/// `GET /console/viewer/script`: its script. An origin of its own may load it, which no other asset of ours is.
pub(super) async fn viewer_script(
    State(platform): State<Platform>,
    headers: HeaderMap,
) -> Result<Response, PlatformError> {
    let address = platform.assets.url("viewer.js").map_err(|_| PlatformError::NotFound)?;
    let file = address.rsplit('/').next().unwrap_or_default();
    let mut response = platform.assets.response(file, &headers).ok_or(PlatformError::NotFound)?;
    response.extensions_mut().insert(Allowance::ViewerScript);
    Ok(response)
}
