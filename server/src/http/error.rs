//! A refusal as JSON, with the wire's code and what the client should do.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use rill_protocol::Code;
use serde_json::json;

use crate::{domain::DomainError, wire::code::Failure};

/// See the module.
#[derive(Debug)]
pub(super) struct ApiError(Failure);

impl ApiError {
    pub(super) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self(Failure { code, detail: detail.into() })
    }
}

impl From<Code> for ApiError {
    fn from(code: Code) -> Self {
        Self(code.into())
    }
}

impl From<DomainError> for ApiError {
    fn from(error: DomainError) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Failure { code, detail } = self.0;
        let status = StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let detail = if detail.is_empty() { code.sentence().to_owned() } else { detail };
        let body = json!({ "error": {
            "code": code.number(),
            "name": code.name(),
            "action": code.action().as_str(),
            "detail": detail,
        }});
        (status, Json(body)).into_response()
    }
}
