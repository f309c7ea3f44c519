//! Invitations, as administrators make them and take them back.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

use super::actor::Administrator;
use crate::{
    domain::accounts::{InvitationTerms, InvitationView as Invitation},
    http::{Api, error::ApiError, json::JsonBody},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewInvitation {
    #[serde(default = "once")]
    uses: u32,
    #[serde(default = "a_week")]
    expires_in_s: u64,
}

fn once() -> u32 {
    1
}

fn a_week() -> u64 {
    7 * 24 * 60 * 60
}

#[derive(Serialize)]
struct InvitationView {
    id: String,
    /// The administrator's name; null is the operator.
    creator: Option<String>,
    created_ms: u64,
    expires_ms: u64,
    uses: u32,
    uses_max: u32,
}

impl From<Invitation> for InvitationView {
    fn from(Invitation { id, creator, invitation }: Invitation) -> Self {
        let rill_storage::model::Invitation { created_ms, expires_ms, uses, uses_max, .. } = invitation;
        Self { id, creator, created_ms, expires_ms, uses, uses_max }
    }
}

pub(super) async fn list(
    State(api): State<Arc<Api>>,
    Administrator(_): Administrator,
) -> Result<Json<Value>, ApiError> {
    let open = api.services.domain.accounts.invitations().await?;
    let views: Vec<InvitationView> = open.into_iter().map(InvitationView::from).collect();
    Ok(Json(json!({ "invitations": views })))
}

pub(super) async fn create(
    State(api): State<Arc<Api>>,
    Administrator(actor): Administrator,
    JsonBody(body): JsonBody<NewInvitation>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let terms = InvitationTerms { uses: body.uses, life_s: body.expires_in_s };
    let (text, made) = api.services.domain.accounts.invite(&actor, terms).await?;
    let mut view = json!(InvitationView::from(made));
    view["invitation"] = text.to_text().into();
    Ok((StatusCode::CREATED, Json(view)))
}

pub(super) async fn revoke(
    State(api): State<Arc<Api>>,
    Administrator(actor): Administrator,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    api.services.domain.accounts.revoke_invitation(&actor, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
