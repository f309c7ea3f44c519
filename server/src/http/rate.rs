//! Requests by address, before anything is done about them. Those of a user are counted
//! where they say who they are (`auth`).

use axum::{
    extract::{Extension, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::sync::Arc;

use super::{Api, Door, Peer, error::ApiError};

pub(super) async fn check(
    State(api): State<Arc<Api>>,
    Extension(peer): Extension<Peer>,
    request: Request,
    next: Next,
) -> Response {
    // Only who can read the operator's token is there.
    if peer.door == Door::Operator {
        return next.run(request).await;
    }
    match api.services.gate.http_request(peer.address.ip()) {
        Ok(()) => next.run(request).await,
        Err(wait) => ApiError::rate_limited(wait).into_response(),
    }
}
