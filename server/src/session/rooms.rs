//! Requests about rooms.

use bytes::Bytes;
use rill_protocol::{
    Code, Epoch, UserId, codec,
    message::{
        Accepted, AcceptedBatch, CreateRoom, Done, JoinRoom, LeaveRoom, ListMembers, ListRooms, MemberPage, PlacedPost,
        Post, PostBatch, Replay, RoomAnswer, RoomPage,
    },
};
use rill_storage::model::{self, Appended};
use std::{future::Future, sync::Arc};

use super::{Session, dispatch::failed, groups, pictures};
use crate::{
    domain::{DomainError, rooms::RoomView},
    wire::{number, room},
};

/// Queues the append at once; the future only waits for it.
pub(super) fn post(session: &Arc<Session>, post: &Post) -> impl Future<Output = Bytes> + Send + use<> {
    let request = post.request;
    let messages = &session.services.domain.messages;
    let posted = messages.post_in(&session.posting, (session.identity.user, post.room), post.client_id, &post.text);
    async move {
        match posted.await {
            Ok(appended) => {
                let epoch = appended.epoch;
                let PlacedPost { seq, at_ms, replay } = placed(&appended);
                codec::frame(&Accepted { request, epoch, seq, at_ms, replay })
            }
            Err(error) => failed(request, error),
        }
    }
}

/// The same for several at once. Each counts as a request.
pub(super) fn post_batch(session: &Arc<Session>, body: &PostBatch) -> impl Future<Output = Bytes> + Send + use<> {
    let request = body.request;
    let allowed = session.may_also(body.posts.len().saturating_sub(1));
    let posted = allowed.map(|()| {
        let posts: Vec<_> = body.posts.iter().map(|post| (post.client_id, post.text.as_str())).collect();
        session.services.domain.messages.post_batch(&session.posting, (session.identity.user, body.room), &posts)
    });
    async move {
        let Ok(posted) = posted else { return failed(request, Code::RateLimited) };
        match posted.await {
            Ok(made) => {
                // A batch has one message at least.
                let epoch = made.first().map_or_else(Epoch::default, |appended| appended.epoch);
                codec::frame(&AcceptedBatch { request, epoch, posts: made.iter().map(placed).collect() })
            }
            Err(error) => failed(request, error),
        }
    }
}

fn placed(appended: &Appended) -> PlacedPost {
    PlacedPost {
        seq: number(appended.entry.seq),
        at_ms: number(appended.entry.at_ms),
        replay: match appended.replay {
            model::Replay::First => Replay::First,
            model::Replay::Same => Replay::Same,
            model::Replay::Different => Replay::Different,
        },
    }
}

pub(super) async fn create(session: Arc<Session>, body: CreateRoom) -> Bytes {
    let (rooms, user) = (&session.services.domain.rooms, session.identity.user);
    room_answer(user, body.request, rooms.create(user, body.client_id, &body.name).await)
}

pub(super) async fn join(session: Arc<Session>, body: JoinRoom) -> Bytes {
    let (rooms, user) = (&session.services.domain.rooms, session.identity.user);
    room_answer(user, body.request, rooms.join(user, body.client_id, body.room).await)
}

pub(super) fn room_answer(user: UserId, request: u32, view: Result<RoomView, DomainError>) -> Bytes {
    match view {
        Ok(view) => {
            let beside = groups::before_rooms(user, std::slice::from_ref(&view));
            pictures::before(beside, codec::frame(&RoomAnswer { request, room: room::info(view) }))
        }
        Err(error) => failed(request, error),
    }
}

pub(super) async fn leave(session: Arc<Session>, body: LeaveRoom) -> Bytes {
    match session.services.domain.rooms.leave(session.identity.user, body.client_id, body.room).await {
        Ok(()) => codec::frame(&Done { request: body.request }),
        Err(error) => failed(body.request, error),
    }
}

pub(super) async fn list(session: Arc<Session>, body: ListRooms) -> Bytes {
    let rooms = &session.services.domain.rooms;
    match rooms.list(session.identity.user, body.after, body.limit as usize).await {
        Ok(part) => {
            let beside = groups::before_rooms(session.identity.user, &part.items);
            let rooms = part.items.into_iter().map(room::info).collect();
            pictures::before(beside, codec::frame(&RoomPage { request: body.request, rooms, more: part.more }))
        }
        Err(error) => failed(body.request, error),
    }
}

pub(super) async fn members(session: Arc<Session>, body: ListMembers) -> Bytes {
    let rooms = &session.services.domain.rooms;
    match rooms.members(session.identity.user, body.room, body.after, body.limit as usize).await {
        Ok(part) => {
            let avatars = pictures::of_users(part.items.iter().map(|view| (view.user, view.avatar)));
            let beside = pictures::before(groups::roles(&part.items), avatars);
            match session.services.members(session.identity.user, part.items).await {
                Ok(members) => {
                    let page = MemberPage { request: body.request, members, more: part.more };
                    pictures::before(beside, codec::frame(&page))
                }
                Err(error) => failed(body.request, error),
            }
        }
        Err(error) => failed(body.request, error),
    }
}
