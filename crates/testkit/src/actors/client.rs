//! A browser as far as HTTP goes: requests through the router in process, a cookie, the headers that browsers send.

use axum::Router;
use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE, COOKIE, SET_COOKIE};
use axum::http::{Method, Request};

use crate::{Answer, TestApp};

impl Answer {
    /// Status and code in one, for short comparisons.
    #[must_use]
    pub fn verdict(&self) -> (u16, String) {
        (self.status.as_u16(), self.code())
    }
}

/// Somebody without a session is a new client: this is also the actor "nobody".
#[derive(Clone, Debug)]
pub struct Client {
    router: Router,
    cookie: Option<String>,
    csrf: Option<String>,
    is_foreign: bool,
}

impl Client {
    /// A fresh browser.
    #[must_use]
    pub fn new(app: &TestApp) -> Self {
        Self { router: app.router(), cookie: None, csrf: None, is_foreign: false }
    }

    /// The same browser, on a page of another site.
    #[must_use]
    pub fn on_another_site(mut self) -> Self {
        self.is_foreign = true;
        self
    }

    /// The same browser, whose pages do not know the token for calls.
    #[must_use]
    pub fn without_csrf(mut self) -> Self {
        self.csrf = None;
        self
    }

    /// The token that calls will carry from now on.
    pub fn keep_csrf(&mut self, csrf: &str) {
        self.csrf = Some(csrf.to_owned());
    }

    /// The cookie, as the browser would send it.
    #[must_use]
    pub fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    /// Navigates to a page.
    pub async fn get(&self, path: &str) -> Answer {
        self.clone().send(Method::GET, path, &[(ACCEPT.as_str(), "text/html,*/*")], Vec::new()).await
    }

    /// Fetches something by script.
    pub async fn fetch(&self, path: &str) -> Answer {
        self.clone().send(Method::GET, path, &[], Vec::new()).await
    }

    /// Posts bytes by script.
    pub async fn post(&self, path: &str, body: Vec<u8>) -> Answer {
        self.clone()
            .send(Method::POST, path, &[(CONTENT_TYPE.as_str(), "application/octet-stream")], body)
            .await
    }

    /// Posts bytes by script, with the version that was seen.
    pub async fn post_if_match(&self, path: &str, version: i64, body: Vec<u8>) -> Answer {
        let version = version.to_string();
        let headers = [(CONTENT_TYPE.as_str(), "application/octet-stream"), ("if-match", version.as_str())];
        self.clone().send(Method::POST, path, &headers, body).await
    }

    /// Posts JSON by script; keeps a cookie that the answer gives.
    pub async fn post_json(&mut self, path: &str, body: &serde_json::Value) -> Answer {
        let body = serde_json::to_vec(body).expect("JSON");
        self.send(Method::POST, path, &[(CONTENT_TYPE.as_str(), "application/json")], body).await
    }

    /// Sends a plain form; keeps a cookie that the answer gives.
    pub async fn post_form(&mut self, path: &str, body: &str) -> Answer {
        let headers =
            [(CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded"), (ACCEPT.as_str(), "text/html")];
        self.send(Method::POST, path, &headers, body.as_bytes().to_vec()).await
    }

    async fn send(&mut self, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let mut request = Request::builder().method(&method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request =
            request.header("sec-fetch-site", if self.is_foreign { "cross-site" } else { "same-origin" });
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, cookie);
        }
        if let Some(csrf) = self.csrf.as_ref().filter(|_| method != Method::GET) {
            request = request.header("x-approdo-csrf", csrf);
        }
        let request = request.body(Body::from(body)).expect("a request");
        let answer = Answer::of(self.router.clone(), request).await;
        if let Some(given) = answer.headers.get(SET_COOKIE).and_then(|value| value.to_str().ok()) {
            let pair = given.split(';').next().unwrap_or_default().to_owned();
            self.cookie = (!pair.ends_with('=')).then_some(pair);
        }
        answer
    }
}
