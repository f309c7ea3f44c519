//! Rooms over HTTP.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use rill_protocol::{Code, RoomId, UserId, limits};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

use super::{
    Api,
    auth::Authenticated,
    error::ApiError,
    idempotency::Key,
    json::JsonBody,
    paging::{Paging, paging},
};
use crate::wire::room;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewRoom {
    name: String,
}

/// The room of a path. Text that is no id names no room.
pub(super) fn room_id(text: &str) -> Result<RoomId, ApiError> {
    text.parse().map_err(|_| ApiError::from(Code::NoSuchRoom))
}

pub(super) async fn list(
    State(api): State<Arc<Api>>,
    Authenticated(identity): Authenticated,
    query: Paging,
) -> Result<Json<Value>, ApiError> {
    let (after, limit) = paging(query)?;
    let part = api.services.domain.rooms.list(identity.user, after, limit.unwrap_or(limits::ROOM_PAGE_MAX)).await?;
    let rooms: Vec<_> = part.items.into_iter().map(room::info).collect();
    Ok(Json(json!({ "rooms": rooms, "more": part.more })))
}

pub(super) async fn create(
    State(api): State<Arc<Api>>,
    Authenticated(identity): Authenticated,
    Key(key): Key,
    JsonBody(body): JsonBody<NewRoom>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let view = api.services.domain.rooms.create(identity.user, key, &body.name).await?;
    Ok((StatusCode::CREATED, Json(json!({ "room": room::info(view) }))))
}

pub(super) async fn join(
    State(api): State<Arc<Api>>,
    Authenticated(identity): Authenticated,
    Path(room): Path<String>,
    Key(key): Key,
) -> Result<Json<Value>, ApiError> {
    let view = api.services.domain.rooms.join(identity.user, key, room_id(&room)?).await?;
    Ok(Json(json!({ "room": room::info(view) })))
}

pub(super) async fn leave(
    State(api): State<Arc<Api>>,
    Authenticated(identity): Authenticated,
    Path(room): Path<String>,
    Key(key): Key,
) -> Result<StatusCode, ApiError> {
    api.services.domain.rooms.leave(identity.user, key, room_id(&room)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn members(
    State(api): State<Arc<Api>>,
    Authenticated(identity): Authenticated,
    Path(room): Path<String>,
    query: Paging,
) -> Result<Json<Value>, ApiError> {
    let (after, limit): (Option<UserId>, _) = paging(query)?;
    let limit = limit.unwrap_or(limits::MEMBER_PAGE_MAX);
    let part = api.services.domain.rooms.members(identity.user, room_id(&room)?, after, limit).await?;
    let members = api.services.members(identity.user, part.items).await?;
    Ok(Json(json!({ "members": members, "more": part.more })))
}
