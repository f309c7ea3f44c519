//! The API of administrators: accounts, their logins, invitations, reports, the log of
//! what they do. The operator of the
//! machine has it too, through a door and with a key of their own.

mod actor;
mod desk;
mod invitations;
mod sessions;
mod store;
mod users;

use axum::{
    Router,
    routing::{delete, get, post},
};
use std::sync::Arc;

use super::Api;

pub use actor::OperatorKey;

pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new()
        .route("/users", get(users::list).post(users::create))
        .route("/users/{name}/disable", post(users::disable))
        .route("/users/{name}/enable", post(users::enable))
        .route("/users/{name}/reset-password", post(users::reset_password))
        .route("/users/{name}/role", post(users::set_role))
        .route("/users/{name}/avatar", delete(users::remove_avatar))
        .route("/users/{name}/sessions", get(sessions::list).delete(sessions::end_all))
        .route("/users/{name}/sessions/{session}", delete(sessions::end))
        .route("/invitations", get(invitations::list).post(invitations::create))
        .route("/invitations/{id}", delete(invitations::revoke))
        .route("/reports", get(desk::reports))
        .route("/reports/{number}/close", post(desk::close))
        .route("/audit", get(desk::audit))
        .route("/rooms/{room}", delete(desk::delete_room))
        .route("/rooms/{room}/messages/{seq}", delete(desk::remove_message))
}

/// What the operator may beside that.
pub(super) fn operator_routes() -> Router<Arc<Api>> {
    routes().route("/store/backup", get(store::backup))
}
