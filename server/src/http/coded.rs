//! axum refuses by itself, in plain text, what it cannot take apart: a path that is no
//! UTF-8, say. Here such an answer gets a code, like every other refusal of the API.

use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    middleware::Next,
    response::{IntoResponse, Response},
};
use rill_protocol::Code;

use super::error::ApiError;

pub(super) async fn refusals(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let json = HeaderValue::from_static("application/json");
    if response.status() == StatusCode::BAD_REQUEST && response.headers().get(CONTENT_TYPE) != Some(&json) {
        return ApiError::from(Code::BadRequest).into_response();
    }
    response
}
