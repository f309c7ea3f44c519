//! Somebody's logins, as administrators see and end them.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use rill_protocol::Code;
use serde_json::{Value, json};
use std::sync::Arc;

use super::actor::Administrator;
use crate::{
    domain::accounts::Actor,
    http::{
        Api,
        error::ApiError,
        sessions::{SessionView, session_id},
    },
};

pub(super) async fn list(
    State(api): State<Arc<Api>>,
    Administrator(actor): Administrator,
    Path(name): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let asking = match actor {
        Actor::Operator => None,
        Actor::Administrator(identity) => Some(identity.session),
    };
    let sessions = api.services.domain.accounts.sessions_of(&name).await?;
    let views: Vec<_> = sessions.into_iter().map(|session| SessionView::new(session, asking)).collect();
    Ok(Json(json!({ "sessions": views })))
}

pub(super) async fn end(
    State(api): State<Arc<Api>>,
    Administrator(actor): Administrator,
    Path((name, session)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let session = session_id(&session)?;
    let ended = api.services.domain.accounts.end_sessions_of(&actor, &name, Some(session)).await?;
    api.services.logins_ended(&ended, Code::SessionRevoked);
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn end_all(
    State(api): State<Arc<Api>>,
    Administrator(actor): Administrator,
    Path(name): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let ended = api.services.domain.accounts.end_sessions_of(&actor, &name, None).await?;
    api.services.logins_ended(&ended, Code::SessionRevoked);
    Ok(Json(json!({ "ended": ended.len() })))
}
