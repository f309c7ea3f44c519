//! Peers that take their time, over a clock that runs ahead when nothing else happens.

use super::{Browser, Stream};
use crate::host::Event;
use quinn::ConnectionError;
use rill_server::transport::limits::{
    CONNECT_TIMEOUT_MS, HTTP3_ANSWER_TIMEOUT_MS, HTTP3_IDLE_TIMEOUT_MS, HTTP3_STALL_TIMEOUT_MS,
};
use std::time::Duration;
use tokio::time::{Instant, pause, timeout};

/// How long the server keeps a connection on which nothing is asked, from now on.
async fn kept(browser: &Browser) -> Duration {
    pause();
    let begun = Instant::now();
    match timeout(Duration::from_secs(300), browser.quic.closed()).await.expect("the server ends it") {
        ConnectionError::ApplicationClosed(close) => assert_eq!(close.error_code.into_inner(), 0x100),
        other => panic!("{other}"),
    }
    begun.elapsed()
}

fn about(ms: u64, seen: Duration) {
    let expected = Duration::from_millis(ms);
    assert!(seen + Duration::from_secs(1) > expected && seen < expected + Duration::from_secs(4), "{seen:?}");
}

#[tokio::test]
async fn a_connection_on_which_nothing_is_asked_ends() {
    let browser = Browser::start().await;
    about(CONNECT_TIMEOUT_MS, kept(&browser).await);
}

#[tokio::test]
async fn a_connection_on_which_nothing_more_is_asked_ends() {
    let mut browser = Browser::start().await;
    let mut stream = browser.send("GET", None, "/make?3", None).await;
    assert_eq!(super::status(&mut stream).await, 200);
    while stream.recv_data().await.unwrap().is_some() {}
    about(HTTP3_IDLE_TIMEOUT_MS, kept(&browser).await);
}

#[tokio::test]
async fn an_answer_that_is_not_taken_is_given_up() {
    let mut browser = Browser::start().await;
    let mut stream = browser.send("GET", None, "/make?50000000", None).await;
    assert_eq!(super::status(&mut stream).await, 200);
    // Until the windows are full.
    tokio::time::sleep(Duration::from_millis(500)).await;
    pause();
    tokio::time::sleep(Duration::from_millis(2 * HTTP3_STALL_TIMEOUT_MS)).await;
    assert!(is_cancelled(&mut stream).await);
}

/// Whether the answer breaks off, and not because it ends.
async fn is_cancelled(stream: &mut Stream) -> bool {
    loop {
        match stream.recv_data().await {
            Ok(Some(_)) => {}
            Ok(None) => return false,
            Err(h3::error::StreamError::RemoteTerminate { code }) => return code.value() == 0x10C,
            Err(other) => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn a_request_that_is_never_answered_is_told_so() {
    let mut browser = Browser::start().await;
    let mut stream = browser.send("GET", None, "/wait", None).await;
    assert_eq!(browser.events.next().await, Event::Asked);
    pause();
    let begun = Instant::now();
    assert_eq!(stream.recv_response().await.unwrap().status(), 408);
    about(HTTP3_ANSWER_TIMEOUT_MS, begun.elapsed());
    assert_eq!(browser.events.any().await, Some(Event::GivenUp));
}

#[tokio::test]
async fn a_body_that_never_ends_is_not_waited_for() {
    let mut browser = Browser::start().await;
    let mut stream = browser.send("POST", None, "/count", None).await;
    stream.send_data("begun".into()).await.unwrap();
    pause();
    assert_eq!(stream.recv_response().await.unwrap().status(), 408);
}
