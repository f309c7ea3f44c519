//! The page, embedded in the binary. Files with a hash in their name are kept by
//! browsers for ever, `index.html` is asked for every time.

use axum::{
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use rill_protocol::Code;
use rust_embed::{EmbeddedFile, RustEmbed};

use super::{conditional::is_known, error::ApiError};

// A build without the page (a test of one crate) is a server without a page, not an error.
#[derive(RustEmbed)]
#[folder = "../web-client/dist"]
#[allow_missing = true]
struct Dist;

/// The folder whose files have a hash in their name.
const HASHED: &str = "assets/";
const INDEX: &str = "index.html";

pub(super) async fn asset(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path.starts_with("api/") || path.starts_with("rill/") || !matches!(method, Method::GET | Method::HEAD) {
        return ApiError::from(Code::NotFound).into_response();
    }
    let file = Dist::get(path).filter(|_| !path.is_empty());
    match file {
        Some(file) => serve(path, file, &headers),
        // A path inside the page (`/rooms/…`); what looks like a file is none.
        None if !path.rsplit('/').next().unwrap_or_default().contains('.') => match Dist::get(INDEX) {
            Some(index) => serve(INDEX, index, &headers),
            None => {
                (StatusCode::NOT_FOUND, "This server was built without its page: run `make run`.\n").into_response()
            }
        },
        None => ApiError::from(Code::NotFound).into_response(),
    }
}

fn serve(path: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let hash: String = file.metadata.sha256_hash()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{hash}\"");
    let cache = if path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut answer = HeaderMap::new();
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answer.insert(header::ETAG, tag);
    }
    if is_known(headers, &tag) {
        return (StatusCode::NOT_MODIFIED, answer).into_response();
    }
    if let Ok(kind) = HeaderValue::from_str(file.metadata.mimetype()) {
        answer.insert(header::CONTENT_TYPE, kind);
    }
    (answer, file.data).into_response()
}
