//! The `Idempotency-Key` header: the client id of a request over HTTP.

use axum::{extract::FromRequestParts, http::request::Parts};
use rill_protocol::{ClientId, Code, Ticket};

use super::error::ApiError;

const HEADER: &str = "idempotency-key";

/// The client id of a request that changes something.
pub(super) struct Key(pub(super) ClientId);

impl<S: Send + Sync> FromRequestParts<S> for Key {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let text = parts.headers.get(HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
        parse(text.trim()).map(Self).ok_or_else(|| {
            ApiError::new(
                Code::BadRequest,
                "send an Idempotency-Key: a UUID, or 26 characters of Crockford base32; the same on every retry",
            )
        })
    }
}

/// An id in this project's text form, or a UUID's 32 digits with or without hyphens.
fn parse(text: &str) -> Option<ClientId> {
    if let Ok(id) = text.parse() {
        return Some(id);
    }
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    // A ticket's text is 64 digits: two of these.
    let doubled: Ticket = format!("{digits}{digits}").parse().ok()?;
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&doubled.0[..16]);
    Some(ClientId(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_in_both_forms() {
        let uuid = parse("01890a5d-ac96-774b-bcce-b302099a8057").unwrap();
        assert_eq!(uuid.0[..4], [0x01, 0x89, 0x0A, 0x5D]);
        assert_eq!(parse(&uuid.to_string()), Some(uuid));
        for wrong in ["", "1", "01890a5d-ac96-774b-bcce-b302099a805", "g1890a5d-ac96-774b-bcce-b302099a8057"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
