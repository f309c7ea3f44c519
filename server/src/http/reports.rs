//! Reports over HTTP, from whoever makes them.

use axum::{extract::State, http::StatusCode};
use rill_protocol::{Code, U53};
use serde::Deserialize;
use std::sync::Arc;

use super::{Api, auth::Authenticated, error::ApiError, idempotency::Key, json::JsonBody, rooms::room_id};
use crate::domain::reports::Complaint;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewReport {
    user: String,
    message: Option<Message>,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Message {
    room: String,
    seq: U53,
}

pub(super) async fn create(
    State(api): State<Arc<Api>>,
    Authenticated(identity): Authenticated,
    Key(key): Key,
    JsonBody(body): JsonBody<NewReport>,
) -> Result<StatusCode, ApiError> {
    let user = body.user.parse().map_err(|_| ApiError::from(Code::NoSuchUser))?;
    let message = match body.message {
        Some(Message { room, seq }) => Some((room_id(&room)?, seq.get())),
        None => None,
    };
    let complaint = Complaint { user, message, reason: &body.reason };
    api.services.domain.reports.report(identity.user, key, &complaint).await?;
    Ok(StatusCode::NO_CONTENT)
}
