//! A connection that may not come in, on a port without encryption: it hears why, in
//! passing. Over TLS to say so would cost the handshake that was to be spared.

use rill_protocol::Code;
use serde_json::json;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// Connections that are told so at once; the others are just closed.
pub(super) const AT_ONCE_MAX: usize = 32;
/// For the whole of it.
const PATIENCE: Duration = Duration::from_secs(1);
/// When to try again.
const RETRY_AFTER_S: u64 = 10;
/// Of a request that nobody will look at; to close on unread bytes resets the connection
/// and may take the answer along.
const READ_BYTES_MAX: usize = 4 * 1024;

/// Tells, and closes.
pub(super) async fn tell(mut stream: TcpStream) {
    let telling = async {
        let mut unread = vec![0; READ_BYTES_MAX];
        if stream.read(&mut unread).await? == 0 {
            return Ok(0);
        }
        stream.write_all(answer().as_bytes()).await?;
        stream.shutdown().await?;
        stream.read(&mut unread).await
    };
    // An error says that the peer did not wait.
    let _ = timeout(PATIENCE, telling).await;
}

fn answer() -> String {
    let code = Code::RateLimited;
    let body = json!({ "error": {
        "code": code.number(),
        "name": code.name(),
        "action": code.action().as_str(),
        "detail": "too many connections of this address: close some, or wait",
    }})
    .to_string();
    format!(
        "HTTP/1.1 {} Too Many Requests\r\nRetry-After: {RETRY_AFTER_S}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        code.http_status(),
        body.len(),
    )
}
