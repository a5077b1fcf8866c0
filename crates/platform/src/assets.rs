//! Scripts, styles, icons and WebAssembly from `web/dist`: hashed and compressed at build time, served from memory.
//!
//! Invariant: pages name an asset by its logical name (`site.css`); `manifest.json` maps it to the file whose name carries
//! the hash of its bytes, so it may be kept for ever. Nothing is read from the disk after start.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue, Response};
use rust_embed::RustEmbed;
use thiserror::Error;

/// Where hashed files live.
pub const STATIC_PATH: &str = "/static/";

const MANIFEST: &str = "manifest.json";

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../web/dist"]
#[allow_missing = true]
struct Dist;

/// Why the assets cannot be served.
#[derive(Debug, Error)]
pub enum AssetsError {
    /// Nobody has built them.
    #[error("the scripts and styles are not built; run `make web` first")]
    Missing,
    /// The manifest is not a JSON object of names.
    #[error("web/dist/manifest.json cannot be read; run `make web` again")]
    Manifest(#[source] serde_json::Error),
    /// The manifest names a file that is not there.
    #[error("web/dist/manifest.json names {0}, which is not there; run `make web` again")]
    Absent(String),
}

/// A page asked for a name that the manifest does not have.
#[derive(Debug, Error)]
#[error("no asset is called {0}")]
pub struct UnknownAsset(String);

/// All assets, in memory; cheap to clone.
#[derive(Clone)]
pub struct Assets(Arc<Inner>);

struct Inner {
    /// Logical name → URL; `None` in tests, where every name has a URL.
    urls: Option<HashMap<String, String>>,
    files: HashMap<String, File>,
}

struct File {
    content_type: &'static str,
    identity: Bytes,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
}

impl Assets {
    /// Loads `web/dist`: from the disk in a debug build, from the binary in a release build.
    ///
    /// # Errors
    /// [`AssetsError`], whose text says what to run.
    pub fn load() -> Result<Self, AssetsError> {
        let files = Dist::iter()
            .filter_map(|name| Dist::get(&name).map(|file| (name.into_owned(), file.data)))
            .collect();
        Self::from_files(files)
    }

    /// Assets for commands without pages, and for tests that look at pages only: every name has a URL, no file exists.
    #[must_use]
    pub fn unbuilt() -> Self {
        Self(Arc::new(Inner { urls: None, files: HashMap::new() }))
    }

    fn from_files(mut files: BTreeMap<String, Cow<'static, [u8]>>) -> Result<Self, AssetsError> {
        let manifest = files.remove(MANIFEST).ok_or(AssetsError::Missing)?;
        let names: HashMap<String, String> =
            serde_json::from_slice(&manifest).map_err(AssetsError::Manifest)?;
        let bytes = |name: &str| files.get(name).map(|data| Bytes::copy_from_slice(data));
        let mut inner = Inner { urls: None, files: HashMap::new() };
        let mut urls = HashMap::new();
        for (name, file) in names {
            let file = file.trim_start_matches(STATIC_PATH).trim_start_matches('/').to_owned();
            let identity = bytes(&file).ok_or_else(|| AssetsError::Absent(file.clone()))?;
            let entry = File {
                content_type: content_type(&file),
                identity,
                brotli: bytes(&format!("{file}.br")),
                gzip: bytes(&format!("{file}.gz")),
            };
            urls.insert(name, format!("{STATIC_PATH}{file}"));
            inner.files.insert(file, entry);
        }
        inner.urls = Some(urls);
        Ok(Self(Arc::new(inner)))
    }

    /// The URL of the asset with this logical name.
    ///
    /// # Errors
    /// [`UnknownAsset`]; a page that asks for one does not render.
    pub fn url(&self, name: &str) -> Result<Cow<'_, str>, UnknownAsset> {
        match &self.0.urls {
            None => Ok(Cow::Owned(format!("{STATIC_PATH}{name}"))),
            Some(urls) => urls
                .get(name)
                .map(|url| Cow::Borrowed(url.as_str()))
                .ok_or_else(|| UnknownAsset(name.to_owned())),
        }
    }

    /// The answer to `GET /static/{file}`, in the best encoding that the browser takes; `None` where there is no such file.
    #[must_use]
    pub fn response(&self, file: &str, headers: &HeaderMap) -> Option<Response<Body>> {
        let file = self.0.files.get(file)?;
        let (bytes, encoding) = if let Some(bytes) = file.brotli.as_ref().filter(|_| accepts(headers, "br")) {
            (bytes, Some("br"))
        } else if let Some(bytes) = file.gzip.as_ref().filter(|_| accepts(headers, "gzip")) {
            (bytes, Some("gzip"))
        } else {
            (&file.identity, None)
        };
        let mut response = Response::new(Body::from(bytes.clone()));
        let answer = response.headers_mut();
        answer.insert(CONTENT_TYPE, HeaderValue::from_static(file.content_type));
        answer.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
        answer.insert(VARY, HeaderValue::from_static("accept-encoding"));
        if let Some(encoding) = encoding {
            answer.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        Some(response)
    }
}

impl std::fmt::Debug for Assets {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Assets({} files)", self.0.files.len())
    }
}

/// Whether `Accept-Encoding` names `encoding` with a weight above zero.
pub(crate) fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|wish| {
        let (name, weight) = wish.split_once(';').unwrap_or((wish, ""));
        let refused =
            weight.trim().strip_prefix("q=").is_some_and(|q| q.trim().parse::<f32>().is_ok_and(|q| q <= 0.0));
        name.trim().eq_ignore_ascii_case(encoding) && !refused
    })
}

fn content_type(file: &str) -> &'static str {
    match file.rsplit('.').next().unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "json" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assets() -> Assets {
        let mut files: BTreeMap<String, Cow<'static, [u8]>> = BTreeMap::new();
        let mut add = |name: &str, bytes: &'static [u8]| files.insert(name.to_owned(), Cow::Borrowed(bytes));
        add(MANIFEST, br#"{"site.css": "site.0a1b.css", "core.wasm": "core.77.wasm"}"#);
        add("site.0a1b.css", b"body{}");
        add("site.0a1b.css.br", b"BR");
        add("site.0a1b.css.gz", b"GZ");
        add("core.77.wasm", b"\0asm");
        Assets::from_files(files).unwrap()
    }

    fn headers(accept: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(accept))])
    }

    #[test]
    fn a_logical_name_leads_to_the_hashed_file() {
        assert_eq!(assets().url("site.css").unwrap(), "/static/site.0a1b.css");
        assert!(assets().url("other.css").is_err());
    }

    #[test]
    fn the_browsers_best_encoding_is_served_and_kept_for_ever() {
        let encoding = |accept| {
            let response = assets().response("site.0a1b.css", &headers(accept)).unwrap();
            assert_eq!(response.headers()[CACHE_CONTROL], "public, max-age=31536000, immutable");
            assert_eq!(response.headers()[CONTENT_TYPE], "text/css; charset=utf-8");
            response.headers().get(CONTENT_ENCODING).map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(encoding("gzip, deflate, br"), Some("br".to_owned()));
        assert_eq!(encoding("gzip, br;q=0"), Some("gzip".to_owned()));
        assert_eq!(encoding("identity"), None);
        let wasm = assets().response("core.77.wasm", &headers("br")).unwrap();
        assert_eq!(wasm.headers()[CONTENT_TYPE], "application/wasm");
        assert!(wasm.headers().get(CONTENT_ENCODING).is_none());
    }

    #[test]
    fn only_files_of_the_manifest_are_served() {
        for file in ["manifest.json", "site.0a1b.css.br", "../Cargo.toml", ""] {
            assert!(assets().response(file, &HeaderMap::new()).is_none(), "{file}");
        }
    }

    #[test]
    fn what_is_not_built_says_what_to_run() {
        let nothing = Assets::from_files(BTreeMap::new()).unwrap_err();
        assert!(nothing.to_string().contains("make web"));
        let broken: BTreeMap<_, Cow<'static, [u8]>> =
            [(MANIFEST.to_owned(), Cow::Borrowed(&br#"{"a.js": "a.1.js"}"#[..]))].into();
        assert!(matches!(Assets::from_files(broken), Err(AssetsError::Absent(file)) if file == "a.1.js"));
    }
}
