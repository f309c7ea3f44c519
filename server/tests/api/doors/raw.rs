//! HTTP/1.1 byte by byte, for what no client would send.

use reqwest::StatusCode;
use serde_json::Value;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// Everything that the server said until it closed, or fell silent.
pub(super) struct Said(String);

/// Sends these bytes on a connection of their own.
pub(super) async fn say(address: SocketAddr, bytes: &[u8]) -> Said {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // An error says that the server has refused the rest.
    let _ = stream.write_all(bytes).await;
    let (mut said, mut piece) = (Vec::new(), vec![0; 16 * 1024]);
    // A server that keeps the connection is waiting for the next request.
    while let Ok(Ok(read @ 1..)) = tokio::time::timeout(Duration::from_millis(700), stream.read(&mut piece)).await {
        said.extend_from_slice(&piece[..read]);
    }
    Said(String::from_utf8_lossy(&said).into_owned())
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
