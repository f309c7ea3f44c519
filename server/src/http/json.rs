//! JSON bodies, refused with a code. Only `application/json` is read: a form of a
//! foreign page cannot send it.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::header::CONTENT_TYPE,
};
use rill_protocol::Code;
use serde::de::DeserializeOwned;

use super::error::ApiError;

/// A body as `T`.
pub(super) struct JsonBody<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if kind.split(';').next().map(str::trim) != Some("application/json") {
            return Err(ApiError::new(Code::BadRequest, "send the body as Content-Type: application/json"));
        }
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|error| ApiError::new(Code::FrameTooLong, error.body_text()))?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| ApiError::new(Code::BadRequest, error.to_string()))
    }
}
