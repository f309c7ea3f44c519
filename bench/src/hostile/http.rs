//! HTTP/1.1 by hand, so that every byte can be chosen.

use rill_protocol::Code;
use serde_json::Value;
use std::{fmt::Write as _, net::IpAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};

use super::{
    answer::Answer,
    attacker::PATIENCE,
    ground::Ground,
    tcp::{self, Door, Pipe},
};

/// An answer that is longer is none of the API's.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What the server said.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// As it came.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// An error with its code, or `Served`.
    pub(crate) fn answer(&self) -> Answer {
        if self.status < 400 {
            return Answer::Served;
        }
        let code =
            self.json().and_then(|body| body["error"]["code"].as_u64()).and_then(|code| u32::try_from(code).ok());
        Answer::Http(self.status, code)
    }
}

/// A request that is well formed, for the host of its door.
pub(crate) fn request(method: &str, path: &str, host: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    for (name, value) in headers {
        // Writing into a String does not fail.
        let _ = write!(text, "{name}: {value}\r\n");
    }
    if !body.is_empty() {
        let _ = write!(text, "Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    }
    text.push_str("\r\n");
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// Sends bytes through a door and reads what comes back, up to the end.
pub(crate) async fn exchange(from: IpAddr, door: Door, ground: &Ground, bytes: &[u8]) -> Result<Reply, Answer> {
    let mut pipe = tcp::through(from, door, ground, &[b"http/1.1"]).await?;
    // A server may answer and close before it has read all.
    let _ = pipe.write_all(bytes).await;
    let _ = pipe.flush().await;
    reply(&mut *pipe, PATIENCE).await
}

/// Reads one answer, to the end that its head names.
pub(crate) async fn reply(pipe: &mut (dyn Pipe + '_), patience: Duration) -> Result<Reply, Answer> {
    let mut bytes = Vec::new();
    let reading = async {
        let mut piece = vec![0; 16 * 1024];
        loop {
            match pipe.read(&mut piece).await {
                Ok(0) | Err(_) => return,
                Ok(count) => bytes.extend_from_slice(&piece[..count]),
            }
            if bytes.len() > ANSWER_BYTES_MAX || is_whole(&bytes) {
                return;
            }
        }
    };
    let in_time = timeout(patience, reading).await.is_ok();
    match parse(&bytes) {
        Some(reply) => Ok(reply),
        None if !in_time => Err(Answer::Silent),
        None => Err(Answer::Cut),
    }
}

fn split(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some((std::str::from_utf8(&bytes[..end]).ok()?, &bytes[end + 4..]))
}

fn is_whole(bytes: &[u8]) -> bool {
    let Some((head, body)) = split(bytes) else { return false };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    length.is_some_and(|length| body.len() >= length)
}

fn parse(bytes: &[u8]) -> Option<Reply> {
    let (head, body) = split(bytes)?;
    let status = head.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()?;
    Some(Reply { status, head: head.to_owned(), body: body.to_vec() })
}

/// What a door answers to bytes that must be refused with one of `codes`.
pub(crate) async fn refused(from: IpAddr, door: Door, ground: &Ground, bytes: &[u8], codes: &[Code]) -> Answer {
    match exchange(from, door, ground, bytes).await {
        Ok(reply) => reply.answer().expected(codes),
        Err(answer) => answer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_taken_apart() {
        let bytes = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 21\r\n\r\n{\"error\":{\"code\":45}}";
        let reply = parse(bytes).unwrap();
        assert_eq!((reply.status, reply.answer()), (403, Answer::Http(403, Some(45))));
        assert!(is_whole(bytes) && !is_whole(&bytes[..bytes.len() - 1]));
        assert!(parse(b"HTTP/1.1 200 OK\r\n").is_none());
        assert_eq!(parse(b"HTTP/1.0 200 OK\r\n\r\n").unwrap().answer(), Answer::Served);
    }
}
