//! The whole product behind its router, in process: no socket, a clock that stands still, seeded randomness.

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::header::{ACCEPT, CONTENT_TYPE, ORIGIN};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use network::App;
use platform::Platform;
use platform::assets::Assets;
use platform::clock::{Clock, MockTime};
use platform::config::{Config, MailSettings, SecondFactor, SessionSettings};
use platform::mail::Mailer;
use platform::web;
use tower::ServiceExt as _;

use crate::{Engine, TestDatabase, beginning, seeded_random};

/// The configuration of most stories: a demonstration, in which nobody needs a second factor. What the factor guards has stories of its own.
#[must_use]
pub fn demonstration() -> Config {
    let session = SessionSettings { second_factor: SecondFactor::Offered, ..SessionSettings::default() };
    Config { demo: true, session, ..Config::default() }
}

/// One installation with empty tables. It disappears with its value.
#[derive(Debug)]
pub struct TestApp {
    /// The product.
    pub app: App,
    /// What it stands on.
    pub platform: Platform,
    /// Moves the clock; it begins at [`beginning`].
    pub time: MockTime,
    /// The store and its place, to search its bytes.
    pub store: TestDatabase,
    router: Router,
}

impl TestApp {
    /// Starts on `engine`. `None` when PostgreSQL is absent and not required ([`Engine::open`]).
    ///
    /// # Panics
    /// When the product does not start.
    pub async fn start(engine: Engine) -> Option<Self> {
        Some(Self::on(engine.open().await?, demonstration()).await)
    }

    /// Starts in an empty store, with this configuration.
    ///
    /// # Panics
    /// When the product does not start.
    pub async fn on(store: TestDatabase, config: Config) -> Self {
        let (clock, time) = Clock::mock(beginning());
        let site = config.site(config.listen);
        let platform = Platform::new(
            store.database.clone(),
            clock,
            seeded_random(),
            Assets::unbuilt(),
            site,
            config.session,
        );
        let app = App::start(platform.clone()).await.expect("a product that starts");
        let router = web::wrap(network::router(app.clone()), &platform);
        Self { app, platform, time, store, router }
    }

    /// Ends the program and starts it again on the same store, with this mail server or none. What lived in memory alone is gone.
    ///
    /// # Panics
    /// When the product does not start, or the settings cannot be used.
    pub async fn restarted(self, mail: Option<MailSettings>) -> Self {
        let Self { platform: old, time, store, .. } = self;
        let site = platform::config::Site::clone(&old.site);
        let mut platform = Platform::new(
            store.database.clone(),
            old.clock,
            old.random,
            Assets::unbuilt(),
            site,
            old.session,
        );
        let mailer = |settings| Mailer::new(&settings, &platform.site.public, platform.random.clone());
        platform.mail = mail.map(|settings| mailer(settings).expect("settings that can be used"));
        let app = App::start(platform.clone()).await.expect("a product that starts");
        let router = web::wrap(network::router(app.clone()), &platform);
        Self { app, platform, time, store, router }
    }

    /// The value of `Origin` that the own pages send.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.platform.site.public.as_str()
    }

    /// What all requests go through, actors' as well.
    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    /// A request of a page of ours, with its `Origin`; further headers as pairs.
    ///
    /// # Panics
    /// When a header is not one.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header(ORIGIN, self.origin());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::of(self.router(), request.body(body.into()).expect("a request")).await
    }

    /// Opens a page as a person does, without a cookie.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[(ACCEPT.as_str(), "text/html")], Body::empty()).await
    }

    /// Posts bytes as a script does, without a cookie.
    pub async fn post(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.ask(Method::POST, path, &[(CONTENT_TYPE.as_str(), "application/octet-stream")], body).await
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl Answer {
    /// The answer of a router to a request.
    pub(crate) async fn of(router: Router, request: Request<Body>) -> Self {
        let Ok(response) = router.oneshot(request).await;
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("a body that ends");
        Self { status: parts.status, headers: parts.headers, body }
    }

    /// The body as text.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// The code of a refusal (docs/http.md); empty where there is none.
    #[must_use]
    pub fn code(&self) -> String {
        let json: Option<serde_json::Value> = serde_json::from_slice(&self.body).ok();
        json.and_then(|json| json.get("code")?.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// The value of a header; empty where there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
