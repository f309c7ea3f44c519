//! Reports, the audit log, and messages and rooms that administrators remove.

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
};
use rill_protocol::Code;
use rill_storage::model::{Act, ActOutcome, ReportOutcome, ReportsOf};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

use super::actor::Administrator;
use crate::{
    domain::{DomainError, audit::AuditView, reports::ReportView},
    http::{Api, error::ApiError, json::JsonBody, messages::message_seq, rooms::room_id},
};

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ReportState {
    #[default]
    Open,
    Closed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReportsQuery {
    #[serde(default)]
    state: ReportState,
    /// The number that the page before ended with.
    after: Option<u64>,
    limit: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditQuery {
    before: Option<u64>,
    limit: Option<usize>,
}

/// What was done about a report.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Nothing,
    MessageRemoved,
    AccountDisabled,
    Other,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Closing {
    outcome: Outcome,
    #[serde(default)]
    note: String,
}

impl From<Outcome> for ReportOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Nothing => Self::Nothing,
            Outcome::MessageRemoved => Self::MessageRemoved,
            Outcome::AccountDisabled => Self::AccountDisabled,
            Outcome::Other => Self::Other,
        }
    }
}

impl From<ReportOutcome> for Outcome {
    fn from(outcome: ReportOutcome) -> Self {
        match outcome {
            ReportOutcome::Nothing => Self::Nothing,
            ReportOutcome::MessageRemoved => Self::MessageRemoved,
            ReportOutcome::AccountDisabled => Self::AccountDisabled,
            ReportOutcome::Other => Self::Other,
        }
    }
}

fn limited<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, ApiError> {
    query.map(|Query(query)| query).map_err(|error| ApiError::new(Code::BadRequest, error.body_text()))
}

fn report(view: ReportView) -> Value {
    let ReportView { report, reporter_name, user_name, room_name, closed_by_name } = view;
    json!({
        "number": report.number,
        "at_ms": report.at_ms,
        "reporter": { "id": report.reporter, "name": reporter_name },
        "user": { "id": report.user, "name": user_name },
        "message": report.message.map(|(room, seq)| json!({ "room": room, "room_name": room_name, "seq": seq })),
        "reason": report.reason,
        "quote": report.quote.map(|quote| json!({ "text": quote.text, "file": quote.file })),
        "closed": report.closed.map(|closed| json!({
            "by": closed_by_name,
            "at_ms": closed.at_ms,
            "outcome": Outcome::from(closed.outcome),
            "note": closed.note,
        })),
    })
}

fn entry(AuditView { entry, by_name, user_name }: AuditView) -> Value {
    let act = entry.act;
    let (room, report) = match act.act {
        Act::ReportClosed => (None, act.number),
        _ => (act.room, None),
    };
    json!({
        "seq": entry.seq,
        "at_ms": act.at_ms,
        "by": by_name.map(|name| json!({ "id": act.by, "name": name })),
        "act": name(act.act),
        "user": act.user.map(|id| json!({ "id": id, "name": user_name })),
        "room": room,
        "message": room.and(act.number),
        "report": report,
        "detail": act.detail,
        "outcome": match entry.outcome {
            ActOutcome::Begun => "begun",
            ActOutcome::Done => "done",
            ActOutcome::Failed => "failed",
        },
    })
}

fn name(act: Act) -> &'static str {
    match act {
        Act::AccountMade => "account_made",
        Act::AccountDisabled => "account_disabled",
        Act::AccountEnabled => "account_enabled",
        Act::PasswordReset => "password_reset",
        Act::RoleGiven => "role_given",
        Act::RoleTaken => "role_taken",
        Act::LoginsEnded => "logins_ended",
        Act::InvitationMade => "invitation_made",
        Act::InvitationRevoked => "invitation_revoked",
        Act::AvatarRemoved => "avatar_removed",
        Act::MessageRemoved => "message_removed",
        Act::RoomDeleted => "room_deleted",
        Act::ReportClosed => "report_closed",
    }
}

pub(super) async fn reports(
    State(api): State<Arc<Api>>,
    Administrator(_): Administrator,
    query: Result<Query<ReportsQuery>, QueryRejection>,
) -> Result<Json<Value>, ApiError> {
    let ReportsQuery { state, after, limit } = limited(query)?;
    let of = match state {
        ReportState::Open => ReportsOf::Open { after: after.unwrap_or_default() },
        ReportState::Closed => ReportsOf::Closed { before: after.unwrap_or(u64::MAX) },
    };
    let part = api.services.domain.reports.page(of, limit.unwrap_or(usize::MAX)).await?;
    let reports: Vec<_> = part.items.into_iter().map(report).collect();
    Ok(Json(json!({ "reports": reports, "more": part.more })))
}

pub(super) async fn close(
    State(api): State<Arc<Api>>,
    Administrator(actor): Administrator,
    Path(number): Path<String>,
    JsonBody(body): JsonBody<Closing>,
) -> Result<Json<Value>, ApiError> {
    let number = number.parse().map_err(|_| ApiError::from(Code::NotFound))?;
    let how = (body.outcome.into(), body.note.as_str());
    Ok(Json(report(api.services.domain.reports.close(&actor, number, how).await?)))
}

pub(super) async fn audit(
    State(api): State<Arc<Api>>,
    Administrator(_): Administrator,
    query: Result<Query<AuditQuery>, QueryRejection>,
) -> Result<Json<Value>, ApiError> {
    let AuditQuery { before, limit } = limited(query)?;
    let part = api.services.domain.audit.page(before, limit.unwrap_or(usize::MAX)).await?;
    let entries: Vec<_> = part.items.into_iter().map(entry).collect();
    Ok(Json(json!({ "entries": entries, "more": part.more })))
}

pub(super) async fn remove_message(
    State(api): State<Arc<Api>>,
    Administrator(actor): Administrator,
    Path((room, seq)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let at = (room_id(&room)?, message_seq(&seq)?);
    api.services.moderate(actor, at).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn delete_room(
    State(api): State<Arc<Api>>,
    Administrator(actor): Administrator,
    Path(room): Path<String>,
) -> Result<StatusCode, ApiError> {
    match api.services.delete_room_as(actor, room_id(&room)?).await {
        Ok(()) | Err(DomainError::RoomDeleted) => Ok(StatusCode::NO_CONTENT),
        Err(error) => Err(error.into()),
    }
}
