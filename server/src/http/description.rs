//! The page that describes the API to programs (OpenAPI 3.1).

use axum::{http::header::CONTENT_TYPE, response::IntoResponse};

const PAGE: &str = include_str!("../../../docs/openapi.yaml");

/// RFC 9512 names the type.
pub(super) async fn get() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/yaml")], PAGE)
}
