//! The WebSocket upgrade.

use axum::{
    extract::{Extension, State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use rill_protocol::{Code, version::WEBSOCKET_SUBPROTOCOL};
use std::sync::Arc;

use super::{Api, Peer, Place, error::ApiError};
use crate::transport::{Connection, Serve, websocket};

pub(super) async fn websocket<S: Serve>(
    State(api): State<Arc<Api>>,
    Extension(peer): Extension<Peer>,
    place: Option<Extension<Place>>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    serve: S,
) -> Response {
    // The guard has judged the origin, with the Host beside it: the transport, which
    // knows the list alone, is not asked again.
    let judged = HeaderMap::new();
    let tasks = &api.services.tasks;
    let serve = Placed { serve, _place: place.map(|Extension(place)| place) };
    match upgrade.map(|upgrade| websocket::upgrade(upgrade, &judged, peer.address, serve, tasks)) {
        Ok(Ok(response)) => response,
        Ok(Err(Code::Unsupported)) => {
            ApiError::new(Code::Unsupported, format!("offer the subprotocol {WEBSOCKET_SUBPROTOCOL}")).into_response()
        }
        Ok(Err(code)) => ApiError::from(code).into_response(),
        Err(error) => ApiError::new(Code::BadRequest, error.body_text()).into_response(),
    }
}

/// Keeps the connection's place as long as what it became.
#[derive(Clone)]
struct Placed<S> {
    serve: S,
    _place: Option<Place>,
}

impl<S: Serve> Serve for Placed<S> {
    async fn serve<C: Connection>(&self, connection: C) {
        self.serve.serve(connection).await;
    }

    fn origin_allowed(&self, origin: Option<&str>) -> bool {
        self.serve.origin_allowed(origin)
    }
}
