//! A refusal as JSON, with the wire's code and what the client should do.

use axum::{
    Json,
    http::{HeaderMap, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use rill_protocol::Code;
use serde_json::json;

use crate::{admission::Wait, domain::DomainError, wire::code::Failure};

/// See the module.
#[derive(Debug)]
pub(super) struct ApiError {
    failure: Failure,
    retry_after: Option<Wait>,
}

impl ApiError {
    pub(super) fn new(code: Code, detail: impl Into<String>) -> Self {
        Failure { code, detail: detail.into() }.into()
    }

    /// With the time after which it may be tried again.
    pub(super) fn rate_limited(wait: Wait) -> Self {
        Self { retry_after: Some(wait), ..Self::from(Code::RateLimited) }
    }
}

impl From<Code> for ApiError {
    fn from(code: Code) -> Self {
        Failure::from(code).into()
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        Self { failure, retry_after: None }
    }
}

impl From<DomainError> for ApiError {
    fn from(error: DomainError) -> Self {
        Failure::from(error).into()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Failure { code, detail } = self.failure;
        let status = StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let detail = if detail.is_empty() { code.sentence().to_owned() } else { detail };
        let body = json!({ "error": {
            "code": code.number(),
            "name": code.name(),
            "action": code.action().as_str(),
            "detail": detail,
        }});
        // A code that asks for a pause names one.
        let retry_after = self.retry_after.map(Wait::seconds).or((code == Code::RateLimited).then_some(1));
        let retry_after: HeaderMap = retry_after.map(|seconds| (RETRY_AFTER, seconds.into())).into_iter().collect();
        let mut response = (status, retry_after, Json(body)).into_response();
        // For the log and the counts.
        response.extensions_mut().insert(code);
        response
    }
}
