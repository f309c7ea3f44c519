//! The server that runs, at its operator's door.

use axum::{
    body::{Body, to_bytes},
    http::{Method, Request, Response},
};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::{io, path::Path, time::Duration};
use tokio::net::TcpStream;

use super::{
    AdminError,
    reach::{is_ours, request},
};
use crate::{app::operator::OperatorFile, runtime::Tasks};

/// For a call: the longest waits for password hashes of others.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// For the call that asks whether it answers: it may be about to start or to end.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
/// Of the answer to it.
const PROBE_BYTES_MAX: usize = 64 * 1024;

/// See the module.
pub(crate) struct Online {
    file: OperatorFile,
    tasks: Tasks,
}

impl Online {
    /// The server of a data directory that is locked, if it answers.
    pub(crate) async fn find(data: &Path) -> Result<Option<Self>, AdminError> {
        let path = OperatorFile::path(data);
        let file = match OperatorFile::read(&path) {
            Ok(Some(file)) => file,
            Ok(None) => return Ok(None),
            Err(error) => return Err(AdminError::OperatorFile { path, error }),
        };
        let online = Self { file, tasks: Tasks::default() };
        let answers = tokio::time::timeout(PROBE_TIMEOUT, online.is_ours()).await;
        Ok(answers.unwrap_or_default().then_some(online))
    }

    pub(crate) fn token(&self) -> &str {
        &self.file.token
    }

    async fn is_ours(&self) -> bool {
        let Ok(request) = request(Method::GET, "users?limit=1", None, self.token()) else { return false };
        let Ok(response) = self.exchange(request).await else { return false };
        let status = response.status();
        let Ok(bytes) = to_bytes(response.into_body(), PROBE_BYTES_MAX).await else { return false };
        serde_json::from_slice(&bytes).is_ok_and(|body| is_ours(status, &body))
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Result<Response<Body>, AdminError> {
        let answer = tokio::time::timeout(CALL_TIMEOUT, self.exchange(request)).await;
        let answer = answer.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        answer.map_err(|error| AdminError::Cut(error.to_string()))
    }

    /// As [`Self::send`], for an answer that takes its time.
    pub(crate) async fn exchange(&self, request: Request<Body>) -> io::Result<Response<Body>> {
        let stream = TcpStream::connect(self.file.address).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        // Ends with the sender or the server, whichever goes first.
        self.tasks.spawn(async move { connection.await.is_ok() });
        let response = sender.send_request(request).await.map_err(io::Error::other)?;
        Ok(response.map(Body::new))
    }
}
