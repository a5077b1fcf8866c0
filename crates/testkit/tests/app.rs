//! What holds for every answer of the whole product, on both engines.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use testkit::TestApp;

testkit::on_both_engines!(
    every_answer_carries_the_headers_and_no_public_one_a_cookie,
    errors_are_pages_for_people_and_codes_for_scripts,
    posts_come_from_our_own_pages,
);

const PUBLIC: [&str; 10] = [
    "/",
    "/it/",
    "/en/",
    "/it/first",
    "/en/places",
    "/it/box",
    "/en/guide",
    "/it/young",
    "/en/privacy",
    "/it/about",
];

async fn every_answer_carries_the_headers_and_no_public_one_a_cookie(app: TestApp) {
    for path in PUBLIC.into_iter().chain([
        "/health",
        "/it/absent",
        "/absent",
        "/static/absent.js",
        "/it/console/sign-in",
    ]) {
        let answer = app.get(path).await;
        assert!(answer.header("content-security-policy").contains("trusted-types approdo"), "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("set-cookie"), "", "{path}");
    }
    for path in PUBLIC {
        let answer = app.get(path).await;
        assert!(
            answer.status.is_success() || answer.status == StatusCode::SEE_OTHER,
            "{path}: {}",
            answer.status
        );
    }
}

async fn errors_are_pages_for_people_and_codes_for_scripts(app: TestApp) {
    let page = app.get("/en/absent").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.text().contains("<h1>There is no page here</h1>"), "{}", page.text());
    assert_eq!(app.get("/de/first").await.status, StatusCode::NOT_FOUND);

    let refusal = app.ask(Method::GET, "/reports", &[], Body::empty()).await;
    assert_eq!((refusal.status, refusal.code().as_str()), (StatusCode::METHOD_NOT_ALLOWED, "method"));
    let refusal = app.post("/reports", vec![0; platform::web::LARGEST_BODY + 1]).await;
    assert_eq!((refusal.status, refusal.code().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "size"));
}

async fn posts_come_from_our_own_pages(app: TestApp) {
    // Well-formed ones, because size and form are looked at first (protocol 7.6); sealed posts have stories of their own.
    let challenge = r#"{"account":"nobody"}"#.as_bytes().to_vec();
    for (path, body) in [("/mailbox/nonce", Vec::new()), ("/console/sign-in/challenge", challenge)] {
        for foreign in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
            let headers = [foreign, ("content-type", "application/json")];
            let refused = app.ask(Method::POST, path, &headers, body.clone()).await;
            assert_eq!(
                (refused.status, refused.code().as_str()),
                (StatusCode::FORBIDDEN, "origin"),
                "{path} {foreign:?}"
            );
        }
    }
    let own = app.post("/mailbox/nonce", Body::empty()).await;
    assert_eq!((own.status, own.body.len()), (StatusCode::OK, 56));
}
