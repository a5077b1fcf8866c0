//! A real nginx in front of the real program, both with the files of `deploy`: what a visitor meets, what nobody writes down.
//!
//! Nothing is changed in `deploy/nginx.conf` but the lines that it marks with "test:", the name and the certificate, so that what is tried
//! here is what is installed there.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod furnished;
#[path = "proxy/nginx.rs"]
mod nginx;

use std::time::Duration;

use envelope::work::{Challenge, HEADER, Solver};
use nginx::{Site, exchange, status_of};
use testkit::load::{Letter, instant};

/// Sends a request through TLS as a page of ours does, from this address of this machine, and gives back the answer.
fn ask(site: &Site, from: &str, line: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "{line} HTTP/1.1\r\nhost: {host}\r\norigin: {origin}\r\nsec-fetch-site: same-origin\r\nconnection: close\r\n\
         user-agent: canary-agent\r\n{headers}content-length: {length}\r\n\r\n",
        host = nginx::NAME,
        origin = site.origin(),
        length = body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    exchange(site.tls, from, &request)
}

fn body_of(answer: &[u8]) -> &[u8] {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    answer.get(end + 4..).unwrap()
}

/// Asks for a challenge and says how many tries it takes: what the door thinks of the network that this request comes from.
fn tries(site: &Site, from: &str, headers: &str) -> (Challenge, u32) {
    let answer = ask(site, from, "POST /work", headers, b"");
    let challenge = Challenge::parse(body_of(&answer)).unwrap();
    let tries = challenge.tries();
    (challenge, tries)
}

/// Posts a report through the proxy.
fn post(site: &Site, from: &str, headers: &str, letter: &Letter) -> Vec<u8> {
    let (challenge, _) = tries(site, from, headers);
    let token = Solver::new(challenge, &letter.mailbox).finish().to_header();
    let headers = format!("{headers}content-type: application/octet-stream\r\n{HEADER}: {token}\r\n");
    ask(site, from, "POST /reports", &headers, &letter.frame)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_goes_through_tls_and_an_address_that_somebody_claims_is_not_believed() {
    let site = Site::start(8).await;
    let [first, rest @ ..] = site.letters() else { panic!("letters") };
    let answer = post(&site, "127.0.5.1", "", first);
    assert_eq!(status_of(&answer), "201", "{}", String::from_utf8_lossy(&answer));
    let head = String::from_utf8_lossy(&answer).to_ascii_lowercase();
    // Its own headers come through, once.
    assert_eq!(head.matches("strict-transport-security:").count(), 1, "{head}");
    assert!(!head.contains("nginx/"), "{head}");

    // From here on each network is soon told to work harder. Two visitors behind one line are one network, whatever they claim.
    let claims = [
        "x-forwarded-for: 198.51.100.1\r\n",
        "x-forwarded-for: 203.0.113.77, 127.0.0.1\r\n",
        "forwarded: for=198.51.100.3\r\n",
        "x-forwarded-for: 192.0.2.9\r\nforwarded: for=192.0.2.9\r\nx-real-ip: 192.0.2.9\r\n",
    ];
    let (_, idle) = tries(&site, "127.0.6.1", "");
    for (letter, claim) in rest.iter().zip(claims) {
        let answer = post(&site, "127.0.5.1", claim, letter);
        assert_eq!(status_of(&answer), "201", "{}", String::from_utf8_lossy(&answer));
    }
    for claim in claims {
        let (_, tries) = tries(&site, "127.0.5.2", claim);
        assert!(tries > 2 * idle, "{claim:?} gets {tries} tries, as if it came from elsewhere");
    }
    // And somebody else is not blamed, though she is said to come from there.
    let (_, other) = tries(&site, "127.0.6.1", "x-forwarded-for: 127.0.5.1\r\n");
    assert_eq!(other, idle);
    site.expect_silent_logs();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_http_is_sent_to_https_and_other_names_get_nothing() {
    let site = Site::start(0).await;
    let answer =
        site.plain("GET /it/canary-path?canary-query HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    assert_eq!(status_of(&answer), "308");
    assert!(String::from_utf8_lossy(&answer).contains(&format!("ocation: https://{}/it/", nginx::NAME)));
    let answer = ask(&site, "127.0.5.1", "GET /it/", "accept: text/html\r\n", b"");
    assert_eq!(status_of(&answer), "200");
    // What is too large is refused before it is there.
    let large = ask(&site, "127.0.5.1", "POST /reports", "", &vec![7; 262_245]);
    assert_eq!(status_of(&large), "413");
    assert!(exchange_with_name(&site, "other.example.org").is_empty(), "another name is answered");
    site.expect_silent_logs();
}

fn exchange_with_name(site: &Site, name: &str) -> Vec<u8> {
    nginx::exchange_as(name, site.tls, "127.0.5.1", b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_heads_and_bodies_are_cut_off_by_the_proxy() {
    let site = Site::start(0).await;
    let head = format!("POST /reports HTTP/1.1\r\nhost: {}\r\n", nginx::NAME);
    let slow = [
        (head.clone() + "x-slow: ", "a"),
        // Of a body the pause between two bytes counts: this one stops.
        (head + "content-length: 4096\r\n\r\nabc", ""),
    ];
    let tasks = slow.map(|(first, again)| {
        let tls = site.tls;
        tokio::task::spawn_blocking(move || {
            let begun = instant();
            nginx::send_slowly(tls, &first, again, Duration::from_millis(500), Duration::from_secs(40));
            begun.elapsed()
        })
    });
    for task in tasks {
        let took = task.await.unwrap();
        assert!((5.0..25.0).contains(&took.as_secs_f64()), "{took:?}");
    }
    site.expect_silent_logs();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_wrong_is_written_down_without_an_address() {
    let mut site = Site::start(0).await;
    // No TLS at all, half a handshake, and a hello that is none.
    for noise in [
        b"GET /canary-path HTTP/1.1\r\n\r\n".as_slice(),
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03aaaa",
        &[0x80; 300],
    ] {
        site.raw(noise);
    }
    assert_eq!(status_of(&ask(&site, "127.0.5.1", "GET /it/canary-path", "", b"")), "404");
    site.stop_the_program().await;
    let answer = ask(&site, "127.0.5.1", "GET /it/canary-path?canary-query", "", b"");
    assert_eq!(status_of(&answer), "502", "{}", String::from_utf8_lossy(&answer));
    site.expect_silent_logs();
}
