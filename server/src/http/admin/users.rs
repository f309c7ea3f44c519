//! Accounts, as administrators see and change them.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use rill_protocol::{Code, UserId};
use rill_storage::model::{Act, Role, User};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

use super::actor::Administrator;
use crate::{
    domain::{accounts::NewAccount, audit::Draft},
    http::{
        Api,
        error::ApiError,
        json::JsonBody,
        paging::{Paging, paging},
    },
    wire::code::Failure,
};

const PAGE: usize = 100;

#[derive(Serialize)]
struct UserView {
    id: UserId,
    name: String,
    administrator: bool,
    created_ms: u64,
    /// Since when, if it is.
    disabled_ms: Option<u64>,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        let User { id, name, created_ms, role, disabled_ms, .. } = user;
        Self { id, name, administrator: role == Role::Administrator, created_ms, disabled_ms }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewUser {
    username: String,
    /// Without one it is made.
    password: Option<String>,
    #[serde(default)]
    administrator: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewRole {
    administrator: bool,
}

fn role(administrator: bool) -> Role {
    if administrator { Role::Administrator } else { Role::Member }
}

pub(super) async fn list(
    State(api): State<Arc<Api>>,
    Administrator(_): Administrator,
    query: Paging,
) -> Result<Json<Value>, ApiError> {
    let (after, limit) = paging(query)?;
    let part = api.services.domain.accounts.list(after, limit.unwrap_or(PAGE)).await?;
    let users: Vec<UserView> = part.items.into_iter().map(UserView::from).collect();
    Ok(Json(json!({ "users": users, "more": part.more })))
}

pub(super) async fn create(
    State(api): State<Arc<Api>>,
    Administrator(actor): Administrator,
    JsonBody(body): JsonBody<NewUser>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let new = NewAccount { name: &body.username, password: body.password.as_deref(), role: role(body.administrator) };
    let made = api.services.domain.accounts.create_for(&actor, new).await?;
    Ok((StatusCode::CREATED, Json(json!({ "user": UserView::from(made.user), "password": made.password }))))
}

pub(super) async fn disable(
    State(api): State<Arc<Api>>,
    Administrator(actor): Administrator,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    let ended = api.services.domain.accounts.disable(&actor, &name).await?;
    api.services.logins_ended(&ended, Code::AccountDisabled);
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn enable(
    State(api): State<Arc<Api>>,
    Administrator(actor): Administrator,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    api.services.domain.accounts.enable(&actor, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn reset_password(
    State(api): State<Arc<Api>>,
    Administrator(actor): Administrator,
    Path(name): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let (password, ended) = api.services.domain.accounts.reset_password(&actor, &name).await?;
    api.services.logins_ended(&ended, Code::SessionRevoked);
    Ok(Json(json!({ "password": password })))
}

pub(super) async fn remove_avatar(
    State(api): State<Arc<Api>>,
    Administrator(actor): Administrator,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    let files = api.services.files.as_ref().ok_or(Code::Unsupported)?;
    let user = api.services.domain.accounts.id_of(&name).await?;
    // In a place of its own: it is long.
    let removing = Box::pin(files.set_user_avatar(user, None));
    let removing = async { removing.await.map_err(|error| ApiError::from(Failure::from(error))) };
    let draft = Draft::on(Act::AvatarRemoved, user, &name);
    api.services.domain.audit.noted(&actor, draft, removing).await?;
    tracing::info!(by = %actor, %user, "somebody's avatar was taken away");
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn set_role(
    State(api): State<Arc<Api>>,
    Administrator(actor): Administrator,
    Path(name): Path<String>,
    JsonBody(body): JsonBody<NewRole>,
) -> Result<StatusCode, ApiError> {
    api.services.domain.accounts.set_role(&actor, &name, role(body.administrator)).await?;
    Ok(StatusCode::NO_CONTENT)
}
