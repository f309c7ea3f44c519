//! One's own logins: see them, end them.

use axum::{
    Json,
    extract::{Extension, Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use rill_protocol::{Code, SessionId};
use rill_storage::model::Session;
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;

use super::{Api, Peer, accounts::logged_out, auth::Authenticated, error::ApiError};

/// A login as its owner, or an administrator, sees it.
#[derive(Serialize)]
pub(super) struct SessionView {
    id: SessionId,
    client: String,
    created_ms: u64,
    used_ms: u64,
    /// It is the one that asks.
    current: bool,
}

impl SessionView {
    pub(super) fn new(session: Session, asking: Option<SessionId>) -> Self {
        let Session { id, client, created_ms, used_ms, .. } = session;
        Self { id, client, created_ms, used_ms, current: Some(id) == asking }
    }
}

/// The login of a path. Text that is no id names none.
pub(super) fn session_id(text: &str) -> Result<SessionId, ApiError> {
    text.parse().map_err(|_| ApiError::from(Code::NotFound))
}

pub(super) async fn list(
    State(api): State<Arc<Api>>,
    Authenticated(identity): Authenticated,
) -> Result<Json<Value>, ApiError> {
    let sessions = api.services.domain.accounts.sessions(identity.user).await?;
    let views: Vec<_> = sessions.into_iter().map(|session| SessionView::new(session, Some(identity.session))).collect();
    Ok(Json(json!({ "sessions": views })))
}

pub(super) async fn end(
    State(api): State<Arc<Api>>,
    Extension(peer): Extension<Peer>,
    Authenticated(identity): Authenticated,
    Path(session): Path<String>,
) -> Result<Response, ApiError> {
    let session = session_id(&session)?;
    api.services.domain.accounts.end_session(identity.user, session).await?;
    api.services.logins_ended(&[session], Code::SessionRevoked);
    Ok(if session == identity.session { logged_out(peer) } else { StatusCode::NO_CONTENT.into_response() })
}

pub(super) async fn end_others(
    State(api): State<Arc<Api>>,
    Authenticated(identity): Authenticated,
) -> Result<Json<Value>, ApiError> {
    let ended = api.services.domain.accounts.end_sessions(identity.user, Some(identity.session)).await?;
    api.services.logins_ended(&ended, Code::SessionRevoked);
    Ok(Json(json!({ "ended": ended.len() })))
}
