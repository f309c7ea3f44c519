//! Accounts: register, log in, log out, change the password, who am I, tickets.

use axum::{
    Json,
    extract::{Extension, Path, Query, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode, header::SET_COOKIE},
    response::{IntoResponse, Response},
};
use rill_protocol::{Code, SessionId, UserId, limits};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::{
    Api, Peer,
    access::Asker,
    auth::{Authenticated, clear_cookie, set_cookie},
    error::ApiError,
    json::JsonBody,
    throttle::{self, Attempt},
};
use crate::domain::{
    DomainError,
    accounts::{Availability, Identity, Login},
};

/// Tickets of one request: one for each transport of a race, and some to spare.
const TICKETS_MAX: usize = 4;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Credentials {
    username: String,
    password: String,
    /// What the device calls itself.
    #[serde(default)]
    client: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCredentials {
    username: String,
    password: String,
    #[serde(default)]
    client: String,
    invitation: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InvitationQuery {
    invitation: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordChange {
    current: String,
    new: String,
}

#[derive(Serialize)]
struct UserView {
    id: UserId,
    name: String,
}

#[derive(Serialize)]
pub(super) struct Me {
    user: UserView,
    session: SessionId,
    administrator: bool,
}

#[derive(Serialize)]
pub(super) struct AvailabilityView {
    name: String,
    available: bool,
    code: Option<&'static str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TicketRequest {
    #[serde(default = "one")]
    count: usize,
}

fn one() -> usize {
    1
}

pub(super) async fn availability(
    State(api): State<Arc<Api>>,
    Extension(peer): Extension<Peer>,
    Path(name): Path<String>,
    query: Result<Query<InvitationQuery>, QueryRejection>,
) -> Result<Json<AvailabilityView>, ApiError> {
    let Query(query) = query.map_err(|error| ApiError::new(Code::BadRequest, error.body_text()))?;
    throttle::name(&api, peer)?;
    let view = |name: &str, code: Option<Code>| AvailabilityView {
        name: name.to_owned(),
        available: code.is_none(),
        code: code.map(Code::name),
    };
    Ok(Json(match api.services.domain.accounts.availability(&name, query.invitation.as_deref()).await {
        Ok(Availability::Free(name)) => view(name.shown(), None),
        Ok(Availability::Taken(name)) => view(name.shown(), Some(Code::UsernameTaken)),
        Err(DomainError::BadUsername(_)) => view(&name, Some(Code::BadUsername)),
        Err(error) => return Err(error.into()),
    }))
}

pub(super) async fn register(
    State(api): State<Arc<Api>>,
    Extension(peer): Extension<Peer>,
    Extension(asker): Extension<Asker>,
    headers: HeaderMap,
    JsonBody(body): JsonBody<NewCredentials>,
) -> Result<Response, ApiError> {
    let NewCredentials { username, password, client, invitation } = body;
    let registration = throttle::Registration::begin(&api, peer, &headers).await?;
    let accounts = &api.services.domain.accounts;
    let made = accounts.register(&username, &password, invitation.as_deref(), &client).await;
    let (login, keep) = registration.ended(made).await?;
    asker.is(login.user.id);
    Ok(logged_in(StatusCode::CREATED, login, peer, keep))
}

pub(super) async fn login(
    State(api): State<Arc<Api>>,
    Extension(peer): Extension<Peer>,
    Extension(asker): Extension<Asker>,
    headers: HeaderMap,
    JsonBody(body): JsonBody<Credentials>,
) -> Result<Response, ApiError> {
    let attempt = Attempt::login(&api, peer, &headers, &body.username).await?;
    let outcome = api.services.domain.accounts.login(&body.username, &body.password, &body.client).await;
    let (login, keep) = attempt.login_ended(outcome).await?;
    asker.is(login.user.id);
    Ok(logged_in(StatusCode::OK, login, peer, keep))
}

fn logged_in(status: StatusCode, login: Login, peer: Peer, keep: HeaderMap) -> Response {
    let mut cookies: HeaderMap =
        set_cookie(&login.token, peer.door).into_iter().map(|cookie| (SET_COOKIE, cookie)).collect();
    for (name, value) in &keep {
        cookies.append(name, value.clone());
    }
    let body = serde_json::json!({
        "user": UserView { id: login.user.id, name: login.user.name },
        "session": login.session,
        "token": login.token.to_text(),
    });
    (status, cookies, Json(body)).into_response()
}

pub(super) async fn logout(
    State(api): State<Arc<Api>>,
    Extension(peer): Extension<Peer>,
    Authenticated(identity): Authenticated,
) -> Result<Response, ApiError> {
    api.services.domain.accounts.logout(&identity).await?;
    api.services.logins_ended(&[identity.session], Code::SessionRevoked);
    Ok(logged_out(peer))
}

/// The browser forgets the login.
pub(super) fn logged_out(peer: Peer) -> Response {
    let cookie: HeaderMap = clear_cookie(peer.door).into_iter().map(|cookie| (SET_COOKIE, cookie)).collect();
    (StatusCode::NO_CONTENT, cookie).into_response()
}

pub(super) async fn change_password(
    State(api): State<Arc<Api>>,
    Extension(peer): Extension<Peer>,
    Authenticated(identity): Authenticated,
    JsonBody(body): JsonBody<PasswordChange>,
) -> Result<StatusCode, ApiError> {
    let attempt = Attempt::confirm(&api, peer, &identity.name).await?;
    let outcome = api.services.domain.accounts.change_password(&identity, &body.current, &body.new).await;
    let ended = attempt.confirm_ended(outcome).await?;
    api.services.logins_ended(&ended, Code::SessionRevoked);
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn me(Authenticated(identity): Authenticated) -> Json<Me> {
    let Identity { user, name, session, administrator } = identity;
    Json(Me { user: UserView { id: user, name }, session, administrator })
}

pub(super) async fn tickets(
    State(api): State<Arc<Api>>,
    Authenticated(identity): Authenticated,
    JsonBody(body): JsonBody<TicketRequest>,
) -> Result<Json<serde_json::Value>, ApiError> {
    if !(1..=TICKETS_MAX).contains(&body.count) {
        return Err(ApiError::new(Code::TooMany, format!("count is 1 to {TICKETS_MAX}")));
    }
    let tickets = api.services.domain.accounts.issue_tickets(&identity, body.count).await?;
    Ok(Json(serde_json::json!({ "tickets": tickets, "life_ms": limits::TICKET_LIFE_MS })))
}
