//! A browser as far as HTTP goes: requests through the router in process, a cookie, the headers that browsers send.

use axum::Router;
use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE, COOKIE, HOST, SET_COOKIE};
use axum::http::{Method, Request};
use envelope::encoding::{Hash, from_base64};
use envelope::frame::Frame;
use envelope::ids::FileId;
use envelope::work::{Challenge, HEADER, Solver, subject_of_file};
use platform::door::Peer;

use crate::{Answer, TestApp};

/// How often the door may ask for more work before a story has failed.
const ROUNDS: usize = 8;

impl Answer {
    /// What the door asks to be solved first, if it does.
    #[must_use]
    pub fn challenge(&self) -> Option<Challenge> {
        let json: serde_json::Value = serde_json::from_slice(&self.body).ok()?;
        Challenge::parse(&from_base64(json.get("challenge")?.as_str()?).ok()?).ok()
    }

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
    peer: Peer,
    host: Option<String>,
}

impl Client {
    /// A fresh browser.
    #[must_use]
    pub fn new(app: &TestApp) -> Self {
        Self {
            router: app.router(),
            cookie: None,
            csrf: None,
            is_foreign: false,
            peer: peer("127.0.0.1"),
            host: None,
        }
    }

    /// The same browser, on a page of another site.
    #[must_use]
    pub fn on_another_site(mut self) -> Self {
        self.is_foreign = true;
        self
    }

    /// The same browser, whose connections come from this address.
    #[must_use]
    pub fn from_address(mut self, address: &str) -> Self {
        self.peer = peer(address);
        self
    }

    /// The same browser, which asks for the service by this name.
    #[must_use]
    pub fn by_host(mut self, host: &str) -> Self {
        self.host = Some(host.to_owned());
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

    /// The token that calls and forms carry.
    #[must_use]
    pub fn csrf(&self) -> Option<&str> {
        self.csrf.as_deref()
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

    /// Posts bytes by script, and does the work that the server asks for, as the pages do.
    pub async fn post(&self, path: &str, body: Vec<u8>) -> Answer {
        let mut answer = self.post_once(path, body.clone(), None).await;
        for _ in 0..ROUNDS {
            let Some(challenge) = answer.challenge() else { break };
            let Some(subject) = subject_of(path, &body) else { break };
            let token = Solver::new(challenge, &subject).finish().to_header();
            answer = self.post_once(path, body.clone(), Some(&token)).await;
        }
        answer
    }

    /// Posts bytes by script once, with this token or none.
    pub async fn post_once(&self, path: &str, body: Vec<u8>, token: Option<&str>) -> Answer {
        let mut headers = vec![(CONTENT_TYPE.as_str(), "application/octet-stream")];
        headers.extend(token.map(|token| (HEADER, token)));
        self.clone().send(Method::POST, path, &headers, body).await
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
        if let Some(host) = &self.host {
            request = request.header(HOST, host);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, cookie);
        }
        if let Some(csrf) = self.csrf.as_ref().filter(|_| method != Method::GET) {
            request = request.header("x-approdo-csrf", csrf);
        }
        let request = request.extension(self.peer).body(Body::from(body)).expect("a request");
        let answer = Answer::of(self.router.clone(), request).await;
        if let Some(given) = answer.headers.get(SET_COOKIE).and_then(|value| value.to_str().ok()) {
            let pair = given.split(';').next().unwrap_or_default().to_owned();
            self.cookie = (!pair.ends_with('=')).then_some(pair);
        }
        answer
    }
}

fn peer(address: &str) -> Peer {
    Peer((address.parse::<std::net::IpAddr>().expect("an address"), 1).into())
}

/// What the work for a post is bound to: the mailbox of the key in it, or the file in its path.
fn subject_of(path: &str, body: &[u8]) -> Option<[u8; 32]> {
    let of_key = |from: usize| body.get(from..from + 32).map(|key| *Hash::of(key).as_bytes());
    match path {
        "/mailbox/page" => of_key(56),
        "/mailbox/burn" => of_key(64),
        _ => match path.strip_prefix("/files/") {
            Some(file) => {
                let id = FileId::parse(file.split('/').next()?).ok()?;
                Some(subject_of_file(id.as_bytes()))
            }
            None => Frame::parse(body).ok().map(|frame| *frame.mailbox_id().as_bytes()),
        },
    }
}
