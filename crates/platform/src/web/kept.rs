//! Public pages as bytes that are made once: rendered when nothing in them can change, compressed when they have changed, and not for
//! every visitor.
//!
//! Invariants: an answer from here is what its handler gave, in the encoding that was asked for; nothing is kept but whole answers with
//! 200 that everybody gets alike; what is kept is bounded.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};

use super::Allowance;
use crate::assets::accepts;

/// Shorter bodies fit into one packet as they are.
const SHORTEST: usize = 256;

/// Longer bodies, in bytes, are sent as they are: no page of ours is.
const LONGEST: usize = 4 << 20;

/// From this length on, in bytes, compressing well would keep others waiting.
const LONG: usize = 128 << 10;

/// Bytes of bodies whose compressed form is remembered.
const REMEMBERED: usize = 8 << 20;

/// Pages that are kept by their address: more than there are.
const MOST_PAGES: usize = 256;

/// Compresses the answers of public pages, which count on a slow line. Only for routes whose answers hold no secret: the length of a
/// compressed answer tells something of what is in it, and mailbox pages must all have one length (protocol §7.2).
///
/// The same body is compressed once, whoever asks for it.
pub fn compressed<S: Clone + Send + Sync + 'static>(routes: Router<S>) -> Router<S> {
    routes.layer(from_fn_with_state(Arc::<Bodies>::default(), compress))
}

/// For routes whose pages depend on their path alone, and on nothing that changes while the program runs: each is rendered once.
pub fn constant<S: Clone + Send + Sync + 'static>(routes: Router<S>) -> Router<S> {
    routes.layer(from_fn_with_state(Arc::<Pages>::default(), keep))
}

/// How an answer travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Plain,
    Gzip,
    Brotli,
}

impl Encoding {
    /// The shortest that the browser takes.
    fn wanted(headers: &HeaderMap) -> Self {
        if accepts(headers, "br") {
            Self::Brotli
        } else if accepts(headers, "gzip") {
            Self::Gzip
        } else {
            Self::Plain
        }
    }
}

/// A body, and what it was compressed to.
#[derive(Debug)]
struct Kept {
    plain: Bytes,
    brotli: OnceLock<Option<Bytes>>,
    gzip: OnceLock<Option<Bytes>>,
}

impl Kept {
    fn new(plain: Bytes) -> Self {
        Self { plain, brotli: OnceLock::new(), gzip: OnceLock::new() }
    }

    /// Puts the body into an answer that has all its other headers.
    fn put(&self, encoding: Encoding, headers: &mut HeaderMap) -> Body {
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        headers.remove(CONTENT_LENGTH);
        let (name, bytes) = match encoding {
            Encoding::Brotli => ("br", self.brotli.get_or_init(|| brotli(&self.plain)).as_ref()),
            Encoding::Gzip => ("gzip", self.gzip.get_or_init(|| gzip(&self.plain)).as_ref()),
            Encoding::Plain => ("", None),
        };
        match bytes {
            Some(bytes) => {
                headers.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
                Body::from(bytes.clone())
            }
            None => Body::from(self.plain.clone()),
        }
    }
}

/// Bodies by their bytes.
#[derive(Default)]
struct Bodies(Mutex<(HashMap<Bytes, Arc<Kept>>, usize)>);

impl Bodies {
    fn find(&self, plain: Bytes) -> Arc<Kept> {
        let mut bodies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, held) = &mut *bodies;
        if let Some(kept) = known.get(&plain) {
            return Arc::clone(kept);
        }
        *held += plain.len();
        // Pages change a few times a day: what was forgotten with the others is soon known again.
        if *held > REMEMBERED {
            known.clear();
            *held = plain.len();
        }
        let kept = Arc::new(Kept::new(plain.clone()));
        known.insert(plain, Arc::clone(&kept));
        kept
    }
}

async fn compress(State(bodies): State<Arc<Bodies>>, request: Request, next: Next) -> Response {
    let encoding = Encoding::wanted(request.headers());
    match take(next.run(request).await).await {
        Ok((mut head, plain)) => {
            let body = bodies.find(plain).put(encoding, head.headers_mut());
            head.map(|()| body)
        }
        Err(other) => other,
    }
}

/// Whole answers by their path.
#[derive(Default)]
struct Pages(RwLock<HashMap<String, Arc<(HeaderMap, Kept)>>>);

async fn keep(State(pages): State<Arc<Pages>>, request: Request, next: Next) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    let encoding = Encoding::wanted(request.headers());
    let known =
        pages.0.read().unwrap_or_else(PoisonError::into_inner).get(request.uri().path()).map(Arc::clone);
    let page = if let Some(page) = known {
        page
    } else {
        let path = request.uri().path().to_owned();
        let (head, plain) = match take(next.run(request).await).await {
            Ok(taken) => taken,
            Err(other) => return other,
        };
        let page = Arc::new((head.headers().clone(), Kept::new(plain)));
        let mut pages = pages.0.write().unwrap_or_else(PoisonError::into_inner);
        if pages.len() < MOST_PAGES && head.extensions().get::<Allowance>().is_none() {
            pages.insert(path, Arc::clone(&page));
        }
        page
    };
    let mut response = Response::new(());
    response.headers_mut().clone_from(&page.0);
    let body = page.1.put(encoding, response.headers_mut());
    response.map(|()| body)
}

/// Takes the body out of an answer that can be compressed; any other comes back as it is.
async fn take(response: Response) -> Result<(Response<()>, Bytes), Response> {
    let length = response.body().size_hint().exact().and_then(|length| usize::try_from(length).ok());
    let fits = length.is_some_and(|length| (SHORTEST..=LONGEST).contains(&length));
    let headers = response.headers();
    if response.status() != StatusCode::OK
        || !fits
        || !is_text(headers)
        || headers.contains_key(CONTENT_ENCODING)
    {
        return Err(response);
    }
    let (head, body) = response.into_parts();
    match to_bytes(body, LONGEST).await {
        Ok(plain) => Ok((Response::from_parts(head, ()), plain)),
        // It was whole already, so reading it cannot fail.
        Err(_) => Err(StatusCode::INTERNAL_SERVER_ERROR.into_response()),
    }
}

fn is_text(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    kind.starts_with(b"text/") || kind.starts_with(b"application/json")
}

/// `None` where it fails, which writing to memory does not.
fn brotli(plain: &[u8]) -> Option<Bytes> {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: if plain.len() < LONG { 9 } else { 4 },
        size_hint: plain.len(),
        ..Default::default()
    };
    let mut shorter = Vec::new();
    brotli::BrotliCompress(&mut &*plain, &mut shorter, &parameters).ok()?;
    Some(shorter.into())
}

/// As [`brotli`].
fn gzip(plain: &[u8]) -> Option<Bytes> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(plain).ok()?;
    Some(encoder.finish().ok()?.into())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::response::Html;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    /// A page that says how often it was rendered.
    fn counting() -> Router {
        let times = Arc::new(AtomicUsize::new(0));
        let page = move || {
            let time = times.fetch_add(1, Ordering::Relaxed);
            async move { Html(format!("<p>{time}</p>").repeat(100)) }
        };
        Router::new().route("/page", get(page))
    }

    async fn ask(routes: &Router, method: Method, path: &str, encodings: &str) -> (HeaderMap, Vec<u8>) {
        let request = Request::builder().method(method).uri(path).header("accept-encoding", encodings);
        let response = routes.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let headers = response.headers().clone();
        let body = to_bytes(response.into_body(), LONGEST).await.unwrap();
        (headers, body.to_vec())
    }

    async fn read(routes: &Router, path: &str, encodings: &str) -> (String, String) {
        let (headers, body) = ask(routes, Method::GET, path, encodings).await;
        assert_eq!(headers[VARY], "accept-encoding");
        let encoding = headers.get(CONTENT_ENCODING).map_or("", |value| value.to_str().unwrap()).to_owned();
        let mut text = String::new();
        match encoding.as_str() {
            "br" => brotli::Decompressor::new(&*body, 4_096).read_to_string(&mut text),
            "gzip" => flate2::read::GzDecoder::new(&*body).read_to_string(&mut text),
            _ => (&*body).read_to_string(&mut text),
        }
        .unwrap();
        (encoding, text)
    }

    #[tokio::test]
    async fn a_page_comes_as_the_browser_asks_and_changes_when_it_changes() {
        let routes = compressed(counting());
        for (time, (encodings, expected)) in
            [("gzip, deflate, br", "br"), ("gzip, br;q=0", "gzip"), ("", ""), ("br", "br")]
                .into_iter()
                .enumerate()
        {
            let (encoding, text) = read(&routes, "/page", encodings).await;
            assert_eq!(encoding, expected);
            assert_eq!(text, format!("<p>{time}</p>").repeat(100));
        }
    }

    #[tokio::test]
    async fn a_constant_page_is_rendered_once() {
        let routes = constant(counting());
        for encodings in ["br", "gzip", "", "br"] {
            assert_eq!(read(&routes, "/page", encodings).await.1, "<p>0</p>".repeat(100));
        }
        let (headers, body) = ask(&routes, Method::HEAD, "/page", "br").await;
        assert!(body.is_empty());
        assert_eq!(headers[CONTENT_TYPE], "text/html; charset=utf-8");
    }

    #[tokio::test]
    async fn what_is_no_whole_text_is_neither_kept_nor_compressed() {
        let times = Arc::new(AtomicUsize::new(0));
        let refusal = move || {
            let time = times.fetch_add(1, Ordering::Relaxed);
            async move { (StatusCode::CONFLICT, format!("{time}").repeat(1_000)) }
        };
        let routes = constant(
            Router::new().route("/refused", get(refusal)).route("/bytes", get(|| async { vec![0; 1_000] })),
        );
        for time in ["0", "1"] {
            let (headers, body) = ask(&routes, Method::GET, "/refused", "br").await;
            assert_eq!(body, time.repeat(1_000).into_bytes());
            assert!(!headers.contains_key(CONTENT_ENCODING));
        }
        let (headers, body) = ask(&routes, Method::GET, "/bytes", "br").await;
        assert!(!headers.contains_key(CONTENT_ENCODING));
        assert_eq!(body.len(), 1_000);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let bodies = Bodies::default();
        for number in 0..40_u8 {
            bodies.find(Bytes::from(vec![number; 1 << 20]));
        }
        let remembered = bodies.0.lock().unwrap();
        assert!(remembered.0.keys().map(Bytes::len).sum::<usize>() <= REMEMBERED);
        assert!(remembered.0.contains_key(&vec![39; 1 << 20][..]));
    }
}
