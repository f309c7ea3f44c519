//! HTTP/1.1 byte by byte, for what no client would send.

use reqwest::StatusCode;
use serde_json::Value;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// Far longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(60);
/// A server that says nothing for so long waits for more, or is busy.
const SILENCE: Duration = Duration::from_millis(700);

/// What the server said.
pub(super) struct Said(String);

/// Sends these bytes on a connection of their own; what the server says until it closes,
/// which it does where it is asked to, and where what it heard is no request.
pub(super) async fn say(address: SocketAddr, bytes: &[u8]) -> Said {
    let (said, is_closed) = say_for(address, bytes, PATIENCE).await;
    assert!(is_closed, "the connection stays open: {}", said.0);
    said
}

/// The same where the server may wait for the rest of a request; what it says late is not
/// heard.
pub(super) async fn say_and_stay(address: SocketAddr, bytes: &[u8]) -> Said {
    say_for(address, bytes, SILENCE).await.0
}

async fn say_for(address: SocketAddr, bytes: &[u8], silence: Duration) -> (Said, bool) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // An error says that the server has refused the rest.
    let _ = stream.write_all(bytes).await;
    let (mut said, mut piece) = (Vec::new(), vec![0; 16 * 1024]);
    let is_closed = loop {
        match tokio::time::timeout(silence, stream.read(&mut piece)).await {
            Ok(Ok(read @ 1..)) => said.extend_from_slice(&piece[..read]),
            Ok(_) => break true,
            Err(_) => break false,
        }
    };
    (Said(String::from_utf8_lossy(&said).into_owned()), is_closed)
}

impl Said {
    /// The status of the first answer; `None` when there was none.
    pub(super) fn status(&self) -> Option<StatusCode> {
        self.0.split(' ').nth(1)?.parse().ok()
    }

    /// How many requests were answered.
    pub(super) fn answers(&self) -> usize {
        self.0.matches("HTTP/1.1 ").count() + self.0.matches("HTTP/1.0 ").count()
    }

    /// The name of the code in the first answer.
    pub(super) fn code(&self) -> String {
        let body = self.0.split("\r\n\r\n").nth(1).unwrap_or_default();
        let mut values = serde_json::Deserializer::from_str(body).into_iter::<Value>();
        let error = values.next().and_then(Result::ok).unwrap_or_default();
        error["error"]["name"].as_str().unwrap_or_default().to_owned()
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }
}
