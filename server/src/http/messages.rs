//! Posting and reading over HTTP.

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
};
use rill_protocol::{
    Code, U53, limits,
    message::{FileOutcome, MessageFile, MessageKind},
};
use rill_storage::model::{Anchor, Replay};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{collections::HashMap, sync::Arc};

use super::{Api, auth::Authenticated, error::ApiError, idempotency::Key, json::JsonBody, rooms::room_id};
use crate::{
    domain::{messages::Page, removing::Remover},
    wire::history,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PageQuery {
    before: Option<u64>,
    after: Option<u64>,
    limit: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FilesQuery {
    before: Option<u64>,
    limit: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewMessage {
    text: String,
}

/// A page of history: the newest without an anchor.
pub(super) async fn page(
    State(api): State<Arc<Api>>,
    Authenticated(identity): Authenticated,
    Path(room): Path<String>,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Json<Value>, ApiError> {
    let Query(query) = query.map_err(|error| ApiError::new(Code::BadRequest, error.body_text()))?;
    let anchor = match (query.before, query.after) {
        (None, None) => Anchor::Before(U53::MAX.get()),
        (Some(before), None) => Anchor::Before(before.min(U53::MAX.get())),
        (None, Some(after)) => Anchor::After(after.min(U53::MAX.get())),
        (Some(_), Some(_)) => return Err(ApiError::new(Code::BadRequest, "give before or after, not both")),
    };
    let limit = query.limit.unwrap_or(limits::HISTORY_PAGE_MAX);
    let read = api.services.domain.messages.page(identity.user, room_id(&room)?, anchor, limit).await?;
    Ok(shown(read))
}

/// The newest messages with files, before a seq.
pub(super) async fn files(
    State(api): State<Arc<Api>>,
    Authenticated(identity): Authenticated,
    Path(room): Path<String>,
    query: Result<Query<FilesQuery>, QueryRejection>,
) -> Result<Json<Value>, ApiError> {
    let Query(query) = query.map_err(|error| ApiError::new(Code::BadRequest, error.body_text()))?;
    let before = query.before.unwrap_or(U53::MAX.get()).min(U53::MAX.get());
    let limit = query.limit.unwrap_or(limits::HISTORY_PAGE_MAX);
    Ok(shown(api.services.domain.messages.files(identity.user, room_id(&room)?, before, limit).await?))
}

fn shown(page: Page) -> Json<Value> {
    let (files, page) = history::page(0, page);
    let files: HashMap<U53, MessageFile> = files.into_iter().map(|file| (file.seq, file)).collect();
    let messages: Vec<Value> = page
        .messages
        .into_iter()
        .map(|message| {
            let mut shown = json!({
                "seq": message.seq,
                "at_ms": message.at_ms,
                "author": message.author,
                "client_id": message.client_id,
                "kind": kind(message.kind),
                "text": message.text,
                "edits": message.edits,
            });
            if let Some(file) = files.get(&message.seq) {
                shown["file"] = attached(file);
            }
            shown
        })
        .collect();
    Json(json!({ "epoch": page.epoch, "as_of": page.as_of, "messages": messages, "next": page.next }))
}

/// A file as a message has it.
fn attached(MessageFile { file, state, .. }: &MessageFile) -> Value {
    json!({
        "transfer": file.transfer,
        "name": file.name,
        "size": state.size,
        "media_type": state.media_type,
        "state": outcome(state.outcome),
        "code": Code::from_number(state.code).filter(|code| *code != Code::Normal).map(Code::name),
        "voice": file.voice.as_ref().map(|voice| json!({
            "duration_ms": voice.duration_ms,
            "waveform": voice.waveform.iter().collect::<Vec<_>>(),
        })),
        "image": state.image,
    })
}

fn outcome(outcome: FileOutcome) -> &'static str {
    match outcome {
        FileOutcome::Pending => "pending",
        FileOutcome::Complete => "complete",
        FileOutcome::Failed => "failed",
        FileOutcome::Other(_) => "other",
    }
}

fn kind(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Text => "text",
        MessageKind::Created => "created",
        MessageKind::Joined => "joined",
        MessageKind::Left => "left",
        MessageKind::Erased => "erased",
        MessageKind::File => "file",
        MessageKind::Avatar => "avatar",
        MessageKind::RoomChange => "room_change",
        MessageKind::MemberChange => "member_change",
        MessageKind::Other(_) => "other",
    }
}

/// Removes a message. Text that is no number names none.
pub(super) async fn remove(
    State(api): State<Arc<Api>>,
    Authenticated(identity): Authenticated,
    Path((room, seq)): Path<(String, String)>,
    Key(key): Key,
) -> Result<StatusCode, ApiError> {
    let at = (room_id(&room)?, message_seq(&seq)?);
    api.services.remove_message(Remover::Member(identity.user, key), at).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) fn message_seq(text: &str) -> Result<u64, ApiError> {
    let seq = text.parse().ok().and_then(U53::new);
    seq.map(U53::get).ok_or_else(|| ApiError::from(Code::NoSuchMessage))
}

pub(super) async fn post(
    State(api): State<Arc<Api>>,
    Authenticated(identity): Authenticated,
    Path(room): Path<String>,
    Key(key): Key,
    JsonBody(body): JsonBody<NewMessage>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let appended = api.services.domain.messages.post(identity.user, room_id(&room)?, key, &body.text).await?;
    let (status, replay) = match appended.replay {
        Replay::First => (StatusCode::CREATED, "first"),
        Replay::Same => (StatusCode::OK, "same"),
        Replay::Different => (StatusCode::OK, "different"),
    };
    let entry = &appended.entry;
    let answer = json!({ "epoch": appended.epoch, "seq": entry.seq, "at_ms": entry.at_ms, "replay": replay });
    Ok((status, Json(answer)))
}
