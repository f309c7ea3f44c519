//! Avatars and custom emoji: their bytes, for everybody who is logged in, and how they are set.
//!
//! An address that carries the version is kept by browsers for good: another picture has
//! another version. What is sent is held whole while it is made smaller, so few are at a time.

use axum::{
    Json,
    body::{Body, Bytes},
    extract::{Path, Query, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::StreamExt as _;
use parking_lot::Mutex;
use rill_protocol::{
    Code, UserId,
    limits::{AVATAR_FILE_BYTES_MAX, EMOJI_FILE_BYTES_MAX},
};
use rill_storage::model::{Avatar, Emoji};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::{Api, auth::Authenticated, conditional::is_known, error::ApiError, idempotency::Key, rooms::room_id};
use crate::{
    domain::DomainError,
    files::service::{FileError, Files, PictureBytes},
    limits::{PICTURE_BODIES_MAX, PICTURE_BODY_MS, PICTURE_HEARD_BYTES_MAX, PICTURE_WAIT_MS},
    wire::{avatar::avatar, code::Failure, number},
};

/// Whoever opens it by its address gets an origin of its own, in which nothing runs or loads.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");
const KEEP: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");
const ASK_EACH_TIME: HeaderValue = HeaderValue::from_static("private, no-cache");

/// Places for images that are being received or wait to be looked at, of all users; and one of
/// each, so that nobody who sends slowly has those of others.
pub struct Senders {
    all: Arc<Semaphore>,
    of_users: Mutex<HashMap<UserId, Arc<Semaphore>>>,
}

impl Default for Senders {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(PICTURE_BODIES_MAX)), of_users: Mutex::default() }
    }
}

impl Senders {
    /// A place of this user, as soon as there is one.
    async fn take(&self, user: UserId) -> Option<Place> {
        let own = self.of(user).acquire_owned().await.ok()?;
        let among_all = self.all.clone().acquire_owned().await.ok()?;
        Some(Place { _own: own, _among_all: among_all })
    }

    fn of(&self, user: UserId) -> Arc<Semaphore> {
        let mut of_users = self.of_users.lock();
        // Whoever has a place or waits for one holds theirs.
        of_users.retain(|_, places| Arc::strong_count(places) > 1);
        of_users.entry(user).or_insert_with(|| Arc::new(Semaphore::new(1))).clone()
    }
}

/// One of them, until this is dropped.
struct Place {
    _own: OwnedSemaphorePermit,
    _among_all: OwnedSemaphorePermit,
}

/// An image has its place for as long as anybody holds its bytes: whoever has sent it may be gone
/// while it waits to be looked at.
struct Placed {
    bytes: Vec<u8>,
    _place: Place,
}

impl AsRef<[u8]> for Placed {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[derive(Deserialize)]
pub(super) struct Version {
    v: Option<String>,
}

fn files(api: &Api) -> Result<&Arc<Files>, ApiError> {
    api.services.files.as_ref().ok_or_else(|| Code::Unsupported.into())
}

fn refused(error: FileError) -> ApiError {
    Failure::from(error).into()
}

/// The image that is sent, once there is a place for it.
async fn image(api: &Api, user: UserId, request: Request, bytes_max: usize) -> Result<Bytes, ApiError> {
    let too_large = || ApiError::new(Code::FileTooLarge, format!("an image has at most {bytes_max} bytes here"));
    let length =
        request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > PICTURE_HEARD_BYTES_MAX as u64) {
        return Err(too_large());
    }
    let free = timeout(Duration::from_millis(PICTURE_WAIT_MS), api.senders.take(user)).await;
    let place = free.ok().flatten().ok_or(Code::Busy)?;
    let mut body = request.into_body().into_data_stream();
    let received = async {
        let length = length.and_then(|length| length.try_into().ok()).filter(|length| *length <= bytes_max);
        let (mut image, mut heard) = (Vec::with_capacity(length.unwrap_or_default()), 0);
        while let Some(piece) = body.next().await {
            let piece =
                piece.map_err(|error| ApiError::new(Code::BadRequest, format!("the image broke off: {error}")))?;
            heard += piece.len();
            // What is too long is heard to its end, and thrown away: over HTTP/1.1 who is answered in
            // the middle of sending sees a connection that breaks, and not why.
            match heard {
                ..=PICTURE_HEARD_BYTES_MAX if heard > bytes_max => image = Vec::new(),
                ..=PICTURE_HEARD_BYTES_MAX => image.extend_from_slice(&piece),
                _ => return Err(too_large()),
            }
        }
        if heard > bytes_max {
            return Err(too_large());
        }
        Ok(Bytes::from_owner(Placed { bytes: image, _place: place }))
    };
    timeout(Duration::from_millis(PICTURE_BODY_MS), received).await.map_err(|_| ApiError::from(Code::Timeout))?
}

fn told(now: &Avatar) -> Json<Value> {
    Json(json!({ "avatar": avatar(now) }))
}

pub(super) async fn set_own(
    State(api): State<Arc<Api>>,
    Authenticated(identity): Authenticated,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    let files = files(&api)?;
    let image = image(&api, identity.user, request, AVATAR_FILE_BYTES_MAX).await?;
    Ok(told(&files.set_user_avatar(identity.user, Some(image)).await.map_err(refused)?))
}

pub(super) async fn remove_own(
    State(api): State<Arc<Api>>,
    Authenticated(identity): Authenticated,
) -> Result<Json<Value>, ApiError> {
    Ok(told(&files(&api)?.set_user_avatar(identity.user, None).await.map_err(refused)?))
}

pub(super) async fn set_of_room(
    State(api): State<Arc<Api>>,
    Authenticated(identity): Authenticated,
    Path(room): Path<String>,
    Key(key): Key,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    let (files, room) = (files(&api)?, room_id(&room)?);
    // Before a byte is taken; and again when it is done.
    files.may_set_room_avatar((identity.user, identity.administrator), room).await.map_err(refused)?;
    let image = image(&api, identity.user, request, AVATAR_FILE_BYTES_MAX).await?;
    let who = (identity.user, identity.administrator);
    Ok(told(&files.set_room_avatar(who, room, key, Some(image)).await.map_err(refused)?))
}

pub(super) async fn remove_of_room(
    State(api): State<Arc<Api>>,
    Authenticated(identity): Authenticated,
    Path(room): Path<String>,
    Key(key): Key,
) -> Result<Json<Value>, ApiError> {
    let who = (identity.user, identity.administrator);
    let now = files(&api)?.set_room_avatar(who, room_id(&room)?, key, None).await.map_err(refused)?;
    Ok(told(&now))
}

/// What an address names: whose avatar, and behind it nothing or `small`.
#[derive(Deserialize)]
pub(super) struct Named {
    #[serde(alias = "user", alias = "room")]
    of: String,
    size: Option<String>,
}

impl Named {
    fn is_small(&self) -> Result<bool, ApiError> {
        match self.size.as_deref() {
            None => Ok(false),
            Some("small") => Ok(true),
            Some(_) => Err(Code::NotFound.into()),
        }
    }
}

/// How a picture is asked for.
type Asked = (Method, HeaderMap, Query<Version>);

pub(super) async fn of_user(
    State(api): State<Arc<Api>>,
    _: Authenticated,
    Path(named): Path<Named>,
    asked: Asked,
) -> Result<Response, ApiError> {
    let is_small = named.is_small()?;
    let user: UserId = named.of.parse().map_err(|_| ApiError::from(Code::NotFound))?;
    let profile = api.services.domain.people.profile(user).await?.ok_or(Code::NotFound)?;
    avatar_answer(&api, asked, &profile.avatar, is_small).await
}

pub(super) async fn of_room(
    State(api): State<Arc<Api>>,
    Authenticated(identity): Authenticated,
    Path(named): Path<Named>,
    asked: Asked,
) -> Result<Response, ApiError> {
    let is_small = named.is_small()?;
    let avatar = api.services.domain.rooms.avatar(identity.user, room_id(&named.of)?).await?;
    avatar_answer(&api, asked, &avatar, is_small).await
}

async fn avatar_answer(api: &Api, asked: Asked, avatar: &Avatar, is_small: bool) -> Result<Response, ApiError> {
    let files = api.services.files.as_ref().ok_or(Code::NotFound)?;
    if avatar.picture.is_none() {
        return Err(Code::NotFound.into());
    }
    let size = if is_small { "-small" } else { "" };
    answer(asked, (avatar.version, size), async || {
        files.read_avatar(avatar, is_small).await?.ok_or_else(|| DomainError::NoSuchUser.into())
    })
    .await
}

/// The picture, or that the client has it.
async fn answer(
    (method, headers, Query(Version { v })): Asked,
    (version, size): (u64, &str),
    read: impl AsyncFnOnce() -> Result<PictureBytes, FileError>,
) -> Result<Response, ApiError> {
    let tag = format!("\"{version}{size}\"");
    let is_present = v.and_then(|v| v.parse().ok()) == Some(version);
    let described: [(HeaderName, HeaderValue); 3] = [
        (header::ETAG, HeaderValue::try_from(&tag).unwrap_or(HeaderValue::from_static(""))),
        (header::CACHE_CONTROL, if is_present { KEEP } else { ASK_EACH_TIME }),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    let mut fields: HeaderMap = described.into_iter().collect();
    if is_known(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, fields).into_response());
    }
    let picture = read().await.map_err(refused)?;
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(picture.media_type));
    fields.insert(header::CONTENT_LENGTH, picture.bytes.len().into());
    let body = if method == Method::HEAD { Body::empty() } else { picture.bytes.into() };
    Ok((fields, body).into_response())
}

fn emoji_told(emoji: &Emoji) -> Value {
    json!({
        "name": emoji.name,
        "width": emoji.width,
        "height": emoji.height,
        "animated": emoji.animated,
        "added_by": emoji.added_by,
        "added_ms": emoji.added_ms,
        "version": number(emoji.version),
    })
}

pub(super) async fn list_emoji(
    State(api): State<Arc<Api>>,
    Authenticated(identity): Authenticated,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let set = api.services.domain.people.emoji().await?;
    let may_add = api.services.files.as_ref().is_some_and(|files| files.may_add_emoji(identity.administrator));
    let tag = format!("\"{}{}\"", set.version, if may_add { "+" } else { "" });
    let fields: HeaderMap = [
        (header::ETAG, HeaderValue::try_from(&tag).unwrap_or(HeaderValue::from_static(""))),
        (header::CACHE_CONTROL, ASK_EACH_TIME),
    ]
    .into_iter()
    .collect();
    if is_known(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, fields).into_response());
    }
    let mut emoji: Vec<_> = set.emoji.iter().collect();
    emoji.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    let emoji: Vec<_> = emoji.into_iter().map(emoji_told).collect();
    let body = json!({ "version": number(set.version), "may_add": may_add, "emoji": emoji });
    Ok((fields, Json(body)).into_response())
}

pub(super) async fn emoji(
    State(api): State<Arc<Api>>,
    _: Authenticated,
    Path(name): Path<String>,
    asked: Asked,
) -> Result<Response, ApiError> {
    let set = api.services.domain.people.emoji().await?;
    let emoji = set.emoji.iter().find(|emoji| emoji.name == name).ok_or(Code::NotFound)?;
    let files = api.services.files.as_ref().ok_or(Code::NotFound)?;
    answer(asked, (emoji.version, ""), async || files.read_emoji(emoji).await).await
}

pub(super) async fn add_emoji(
    State(api): State<Arc<Api>>,
    Authenticated(identity): Authenticated,
    Path(name): Path<String>,
    request: Request,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let files = files(&api)?;
    let who = (identity.user, identity.administrator);
    // Before a byte is taken.
    files.may_add_emoji_named(who.1, &name).map_err(refused)?;
    let image = image(&api, identity.user, request, EMOJI_FILE_BYTES_MAX).await?;
    let (emoji, is_new) = files.add_emoji(who, &name, image).await.map_err(refused)?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(json!({ "emoji": emoji_told(&emoji) }))))
}

pub(super) async fn remove_emoji(
    State(api): State<Arc<Api>>,
    Authenticated(identity): Authenticated,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    let who = (identity.user, identity.administrator);
    files(&api)?.remove_emoji(who, &name).await.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    #[tokio::test]
    async fn one_user_leaves_places_to_others_and_an_image_keeps_its_own() {
        let (senders, ann) = (Senders::default(), UserId([1; 16]));
        let place = senders.take(ann).await.unwrap();
        let image = Bytes::from_owner(Placed { bytes: vec![1], _place: place });
        let copy = image.clone();
        drop(image);
        assert!(senders.take(ann).now_or_never().is_none(), "somebody holds its bytes");
        let others: Vec<_> =
            (2..).map_while(|user| senders.take(UserId([user; 16])).now_or_never()).flatten().collect();
        assert_eq!(others.len(), PICTURE_BODIES_MAX - 1);
        drop(copy);
        assert!(senders.take(ann).now_or_never().flatten().is_some());
        drop(others);
        drop(senders.take(ann).await);
        assert_eq!(senders.of_users.lock().len(), 1, "who has no place is forgotten");
    }
}
