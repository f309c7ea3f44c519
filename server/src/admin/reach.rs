//! How the store is reached: through the server that runs, or directly where none does.

use axum::{
    body::{Body, to_bytes},
    http::{
        Method, Request, Response, StatusCode,
        header::{AUTHORIZATION, CONTENT_TYPE, HOST},
    },
};
use rill_storage::StoreError;
use serde_json::Value;

use super::{AdminError, offline::Offline, online::Online};
use crate::config::Config;

/// Of one answer: a page of accounts is far below.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// See the module.
pub(super) enum Reach {
    Running(Online),
    Stopped(Box<Offline>),
}

impl Reach {
    /// `may_begin`: a store that is not there is made.
    ///
    /// The lock is asked first. What a killed server has left behind may name a port that
    /// is somebody else's by now, who would be told passwords and would answer with some.
    pub(super) async fn find(config: &Config, may_begin: bool) -> Result<Self, AdminError> {
        match Offline::open(config, may_begin).await {
            Ok(offline) => Ok(Self::Stopped(Box::new(offline))),
            Err(AdminError::Store(StoreError::Locked { path, pid })) => {
                let online = Online::find(&config.data).await?;
                online.map(Self::Running).ok_or(AdminError::Unanswered { path, pid })
            }
            Err(error) => Err(error),
        }
    }

    /// One call of the API of administrators; `path` is below its root.
    pub(super) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, AdminError> {
        let token = match self {
            Self::Running(online) => online.token(),
            Self::Stopped(offline) => offline.token(),
        };
        let request = request(method, path, body, token)?;
        let response = match self {
            Self::Running(online) => online.send(request).await?,
            Self::Stopped(offline) => offline.send(request).await,
        };
        read(response).await
    }

    pub(super) async fn close(self) -> Result<(), AdminError> {
        match self {
            Self::Running(_) => Ok(()),
            Self::Stopped(offline) => offline.close().await,
        }
    }
}

pub(crate) fn request(
    method: Method,
    path: &str,
    body: Option<Value>,
    token: &str,
) -> Result<Request<Body>, AdminError> {
    let builder = Request::builder()
        .method(method)
        .uri(format!("/api/v1/admin/{path}"))
        .header(HOST, "localhost")
        .header(AUTHORIZATION, format!("Bearer {token}"));
    let request = match body {
        Some(body) => builder.header(CONTENT_TYPE, "application/json").body(body.to_string().into()),
        None => builder.body(Body::empty()),
    };
    request.map_err(|error| AdminError::Refused(error.to_string()))
}

/// The answer, or why it is none.
pub(crate) async fn read(response: Response<Body>) -> Result<Value, AdminError> {
    let status = response.status();
    let bytes = to_bytes(response.into_body(), ANSWER_BYTES_MAX).await;
    let bytes = bytes.map_err(|error| AdminError::Cut(error.to_string()))?;
    let body: Value = match bytes.is_empty() {
        true => Value::Null,
        false => serde_json::from_slice(&bytes).map_err(|error| AdminError::Cut(error.to_string()))?,
    };
    if status.is_success() {
        return Ok(body);
    }
    let detail = body["error"]["detail"].as_str().unwrap_or(status.canonical_reason().unwrap_or("refused"));
    Err(AdminError::Refused(detail.to_owned()))
}

/// Whether an answer is a server's of ours that takes the token.
pub(super) fn is_ours(status: StatusCode, body: &Value) -> bool {
    status == StatusCode::OK && body["users"].is_array()
}
