//! The HTTP ports: page, JSON API, WebSocket upgrade. Thin: every handler is a domain
//! call and a conversion.

mod access;
mod accounts;
mod admin;
mod auth;
mod coded;
mod conditional;
mod description;
mod error;
mod files;
mod forwarded;
mod guard;
mod headers;
mod host;
mod idempotency;
mod json;
pub mod listen;
mod messages;
mod operating;
pub mod origin;
mod pace;
mod page;
mod paging;
mod pictures;
mod range;
mod rate;
mod readers;
mod redirect;
mod reports;
mod rooms;
mod server_info;
mod sessions;
mod throttle;
mod turned_away;
mod upgrade;

use axum::{
    Extension, Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{delete, get, post, put},
};
use rill_protocol::version::WEBSOCKET_PATH;
use std::{net::SocketAddr, sync::Arc};

use crate::{
    app::HeldStore,
    http::{error::ApiError, origin::Origins},
    session::Services,
    transport::{Permit, Serve, limits::REQUEST_BODY_BYTES_MAX},
};
use rill_protocol::Code;

/// HTTP among the doors at which refusals are counted.
const DOOR: &str = "http";

/// What the handlers share.
pub struct Api {
    pub services: Arc<Services>,
    pub origins: Arc<Origins>,
    pub info: server_info::ServerInfo,
    pub readers: Readers,
    pub senders: Senders,
}

pub use admin::OperatorKey;
pub use operating::Operating;
pub use pictures::Senders;
pub use readers::Readers;
pub use server_info::{ServerInfo, WebTransportInfo, http3_on};

/// Which door a request came in by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Door {
    /// Plain HTTP on a loopback address: for browsers and programs of this machine.
    Loopback,
    /// HTTPS over TCP.
    Tls,
    /// HTTPS over QUIC.
    Http3,
    /// Encrypted up to a trusted proxy, and from there over plain HTTP.
    Proxied,
    /// Plain HTTP from elsewhere: it only points to HTTPS.
    Redirect,
    /// Plain HTTP from elsewhere that the operator has asked for in so many words.
    Insecure,
    /// The loopback port of `rill admin`, behind a token that only the operator can read.
    Operator,
}

impl Door {
    /// Whether what passes it is encrypted.
    pub const fn is_secure(self) -> bool {
        matches!(self, Self::Tls | Self::Http3 | Self::Proxied)
    }
}

/// Where a request came from; set by the listener.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    pub address: SocketAddr,
    pub door: Door,
}

/// A connection's place among those that may be open; what outlives the connection as
/// HTTP, a WebSocket, takes it along.
#[derive(Clone, Debug)]
pub(crate) struct Place(#[allow(dead_code)] Arc<Permit>); // held, never read

impl Place {
    pub(crate) fn new(permit: Permit) -> Self {
        Self(Arc::new(permit))
    }
}

/// All routes; `serve` runs the connections that are upgraded to WebSocket.
pub fn router<S: Serve>(api: Arc<Api>, operating: Operating, serve: S) -> Router {
    let v1 = Router::new()
        .route("/server", get(server_info::get))
        .route("/openapi.yaml", get(description::get))
        .route("/usernames/{name}", get(accounts::availability))
        .route("/register", post(accounts::register))
        .route("/login", post(accounts::login))
        .route("/logout", post(accounts::logout))
        .route("/me", get(accounts::me))
        .route("/me/avatar", put(pictures::set_own).delete(pictures::remove_own))
        .route("/users/{user}/avatar", get(pictures::of_user))
        .route("/users/{user}/avatar/{size}", get(pictures::of_user))
        .route("/emoji", get(pictures::list_emoji))
        .route("/emoji/{name}", get(pictures::emoji).put(pictures::add_emoji).delete(pictures::remove_emoji))
        .route("/password", post(accounts::change_password))
        .route("/sessions", get(sessions::list).delete(sessions::end_others))
        .route("/sessions/{session}", delete(sessions::end))
        .nest("/admin", admin::routes())
        .route("/tickets", post(accounts::tickets))
        .route("/rooms", get(rooms::list).post(rooms::create))
        .route("/rooms/{room}/join", post(rooms::join))
        .route("/rooms/{room}/leave", post(rooms::leave))
        .route("/rooms/{room}/members", get(rooms::members))
        .route("/rooms/{room}/messages", get(messages::page).post(messages::post))
        .route("/reports", post(reports::create))
        .route("/rooms/{room}/messages/{seq}", delete(messages::remove))
        .route("/rooms/{room}/files", get(messages::files))
        .route("/rooms/{room}/files/{seq}", get(files::original))
        .route("/rooms/{room}/files/{seq}/{variant}", get(files::variant))
        .route(
            "/rooms/{room}/avatar",
            get(pictures::of_room).put(pictures::set_of_room).delete(pictures::remove_of_room),
        )
        .route("/rooms/{room}/avatar/{size}", get(pictures::of_room))
        .fallback(|| async { ApiError::from(Code::NotFound) })
        .method_not_allowed_fallback(|| async { ApiError::from(Code::MethodNotAllowed) })
        .layer(middleware::from_fn(coded::refusals))
        .layer(middleware::from_fn(headers::no_store));
    Router::new()
        .nest("/api/v1", v1)
        .merge(operating::routes(operating))
        .route(
            WEBSOCKET_PATH,
            get(move |api, peer, place, upgrade| upgrade::websocket(api, peer, place, upgrade, serve)),
        )
        .fallback(page::asset)
        .layer(DefaultBodyLimit::max(REQUEST_BODY_BYTES_MAX))
        // The outermost comes last: also a refusal has its headers.
        .layer(middleware::from_fn_with_state(api.clone(), guard::check))
        .layer(middleware::from_fn_with_state(api.clone(), redirect::check))
        .layer(middleware::from_fn_with_state(api.clone(), rate::check))
        .layer(middleware::from_fn_with_state(api.clone(), headers::security))
        .layer(middleware::from_fn_with_state(api.clone(), access::log))
        .layer(middleware::from_fn_with_state(api.clone(), forwarded::check))
        .with_state(api)
}

/// What the operator's door serves: the API of administrators and backups of the store,
/// to whoever has the key.
pub fn operator_router(api: Arc<Api>, key: OperatorKey, store: HeldStore) -> Router {
    Router::new()
        .nest("/api/v1/admin", admin::operator_routes())
        .fallback(|| async { ApiError::from(Code::NotFound) })
        .layer(middleware::from_fn(coded::refusals))
        .layer(middleware::from_fn(headers::no_store))
        .layer(DefaultBodyLimit::max(REQUEST_BODY_BYTES_MAX))
        .layer(Extension(key))
        .layer(Extension(store))
        .layer(middleware::from_fn_with_state(api.clone(), guard::check))
        .layer(middleware::from_fn_with_state(api.clone(), access::log))
        .with_state(api)
}
