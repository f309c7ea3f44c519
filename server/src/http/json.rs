//! JSON bodies, refused with a code. Only `application/json` is read: a form of a
//! foreign page cannot send it.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::header::{CONTENT_LENGTH, CONTENT_TYPE},
};
use rill_protocol::Code;
use serde::de::DeserializeOwned;
use std::time::Duration;

use super::error::ApiError;
use crate::transport::limits::REQUEST_BODY_BYTES_MAX;

/// For a body to come in whole.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// A body as `T`.
pub(super) struct JsonBody<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if kind.split(';').next().map(str::trim) != Some("application/json") {
            return Err(ApiError::new(Code::BadRequest, "send the body as Content-Type: application/json"));
        }
        // What is announced as too long is not waited for.
        let length = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if length.is_some_and(|length| length > REQUEST_BODY_BYTES_MAX as u64) {
            return Err(ApiError::new(
                Code::FrameTooLong,
                format!("a body has at most {REQUEST_BODY_BYTES_MAX} bytes"),
            ));
        }
        let bytes = tokio::time::timeout(BODY_TIMEOUT, Bytes::from_request(request, state))
            .await
            .map_err(|_| ApiError::from(Code::Timeout))?
            .map_err(|error| ApiError::new(Code::FrameTooLong, error.body_text()))?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| ApiError::new(Code::BadRequest, error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{body::Body, response::IntoResponse};
    use futures_util::stream;
    use serde_json::Value;
    use std::convert::Infallible;

    async fn status(body: Body) -> u16 {
        let request = Request::post("/").header(CONTENT_TYPE, "application/json").body(body).unwrap();
        match JsonBody::<Value>::from_request(request, &()).await {
            Ok(_) => 200,
            Err(error) => error.into_response().status().as_u16(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_not_waited_for() {
        assert_eq!(status(Body::from_stream(stream::pending::<Result<Bytes, Infallible>>())).await, 408);
        let endless = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
        let request = Request::post("/").header(CONTENT_TYPE, "application/json").header(CONTENT_LENGTH, 1 << 30);
        let refused = JsonBody::<Value>::from_request(request.body(endless).unwrap(), &()).await.err().unwrap();
        assert_eq!(refused.into_response().status().as_u16(), 413, "and at once");
        assert_eq!(status(Body::from("[1]")).await, 200);
        assert_eq!(status(Body::from("[1")).await, 400);
    }
}
