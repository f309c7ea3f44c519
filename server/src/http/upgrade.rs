//! The WebSocket upgrade.

use axum::{
    extract::{Extension, State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use rill_protocol::{Code, version::WEBSOCKET_SUBPROTOCOL};
use std::sync::Arc;

use super::{Api, Peer, error::ApiError};
use crate::transport::{Serve, websocket};

pub(super) async fn websocket<S: Serve>(
    State(api): State<Arc<Api>>,
    Extension(peer): Extension<Peer>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    serve: S,
) -> Response {
    // The guard has judged the origin, with the Host beside it: the transport, which
    // knows the list alone, is not asked again.
    let judged = HeaderMap::new();
    let tasks = &api.services.tasks;
    match upgrade.map(|upgrade| websocket::upgrade(upgrade, &judged, peer.address, serve, tasks)) {
        Ok(Ok(response)) => response,
        Ok(Err(Code::Unsupported)) => {
            ApiError::new(Code::Unsupported, format!("offer the subprotocol {WEBSOCKET_SUBPROTOCOL}")).into_response()
        }
        Ok(Err(code)) => ApiError::from(code).into_response(),
        Err(error) => ApiError::new(Code::BadRequest, error.body_text()).into_response(),
    }
}
