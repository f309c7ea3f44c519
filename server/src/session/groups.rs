//! Requests of those who run a group, or come into one; and what rooms are, before the answers
//! that name them.

use bytes::Bytes;
use rill_protocol::{
    UserId, codec,
    message::{
        ChangeMember, ChangeRoom, CreateGroup, DeclineInvitation, Done, ListOutside, ListRoomLinks, MakeRoomLink,
        MemberRole, MemberRoles, OpenRoomLink, OutsideList, OutsidePage, RevokeRoomLink, RoomDetail, RoomDetails,
        RoomLinkMade, RoomLinks,
    },
};
use rill_storage::model::RoomRole;
use std::sync::Arc;

use super::{Session, dispatch::failed, pictures, rooms::room_answer};
use crate::{
    domain::{
        DomainError,
        rooms::{LinkTerms, MemberView, NewGroup, OutsideKind, Part, RoomView, Rooms},
    },
    wire::{code::Failure, group},
};

/// The frame of what these rooms are.
pub(super) fn details<'a>(user: UserId, rooms: impl Iterator<Item = &'a RoomView>) -> Bytes {
    of_these(rooms.map(|view| group::detail(user, view)).collect())
}

/// At most as many as a `Resume` has cursors.
pub(super) fn of_these(rooms: Vec<RoomDetail>) -> Bytes {
    if rooms.is_empty() { Bytes::new() } else { codec::frame(&RoomDetails { rooms }) }
}

/// The frame of those who are more than members; nothing where nobody is.
pub(super) fn roles(members: &[MemberView]) -> Bytes {
    let more = members.iter().filter(|view| view.role > RoomRole::Member);
    let roles: Vec<_> = more.map(|view| MemberRole { user: view.user, role: group::role(Some(view.role)) }).collect();
    if roles.is_empty() { Bytes::new() } else { codec::frame(&MemberRoles { roles }) }
}

fn rooms(session: &Session) -> (&Rooms, UserId) {
    (&session.services.domain.rooms, session.identity.user)
}

fn done(request: u32, outcome: Result<(), Failure>) -> Bytes {
    match outcome {
        Ok(()) => codec::frame(&Done { request }),
        Err(failure) => failed(request, failure),
    }
}

fn listed<T>(request: u32, part: Result<T, DomainError>, page: impl FnOnce(T) -> Bytes) -> Bytes {
    part.map_or_else(|error| failed(request, error), page)
}

pub(super) async fn create(session: Arc<Session>, body: CreateGroup) -> Bytes {
    let (rooms, user) = rooms(&session);
    let CreateGroup { request, client_id, name, topic, access, history } = body;
    let (access, history) = match (group::access(access), group::history(history)) {
        (Ok(access), Ok(history)) => (access, history),
        (Err(failure), _) | (_, Err(failure)) => return failed(request, failure),
    };
    let new = NewGroup { name: &name, topic: &topic, access, history };
    room_answer(user, request, rooms.create_group(user, client_id, &new).await)
}

pub(super) async fn change(session: Arc<Session>, body: ChangeRoom) -> Bytes {
    let (rooms, user) = rooms(&session);
    let ChangeRoom { request, client_id, room, change } = body;
    let outcome: Result<(), Failure> = async {
        let setting = group::setting(change)?;
        Ok(rooms.set(user, client_id, room, setting).await?)
    }
    .await;
    done(request, outcome)
}

pub(super) async fn change_member(session: Arc<Session>, body: ChangeMember) -> Bytes {
    let (rooms, user) = rooms(&session);
    let ChangeMember { request, client_id, room, user: target, action } = body;
    let outcome: Result<(), Failure> = async {
        let act = group::act(action)?;
        Ok(rooms.change_member(user, client_id, room, (target, act)).await?)
    }
    .await;
    done(request, outcome)
}

pub(super) async fn decline(session: Arc<Session>, body: DeclineInvitation) -> Bytes {
    let (rooms, user) = rooms(&session);
    done(body.request, rooms.decline(user, body.client_id, body.room).await.map_err(Failure::from))
}

pub(super) async fn outside(session: Arc<Session>, body: ListOutside) -> Bytes {
    let (rooms, user) = rooms(&session);
    let ListOutside { request, room, list, after, limit } = body;
    let kind = match list {
        OutsideList::Invited => OutsideKind::Invited,
        OutsideList::Banned => OutsideKind::Banned,
        OutsideList::Other(_) => return failed(request, rill_protocol::Code::Unsupported),
    };
    let part = rooms.outside(user, room, kind, after, limit as usize).await;
    listed(request, part, |Part { items, more }| {
        codec::frame(&OutsidePage { request, people: items.into_iter().map(group::outsider).collect(), more })
    })
}

pub(super) async fn make_link(session: Arc<Session>, body: MakeRoomLink) -> Bytes {
    let (rooms, user) = rooms(&session);
    let MakeRoomLink { request, client_id, room, life_s, uses_max } = body;
    let terms = LinkTerms { uses: uses_max, life_s: life_s.into() };
    let made = rooms.make_link(user, client_id, room, terms).await;
    listed(request, made, |(text, view)| {
        codec::frame(&RoomLinkMade { request, link: group::link(view), text: text.to_string() })
    })
}

pub(super) async fn links(session: Arc<Session>, body: ListRoomLinks) -> Bytes {
    let (rooms, user) = rooms(&session);
    let request = body.request;
    listed(request, rooms.links(user, body.room).await, |links| {
        codec::frame(&RoomLinks { request, links: links.into_iter().map(group::link).collect() })
    })
}

pub(super) async fn revoke_link(session: Arc<Session>, body: RevokeRoomLink) -> Bytes {
    let (rooms, user) = rooms(&session);
    let RevokeRoomLink { request, client_id, room, link } = body;
    done(request, rooms.revoke_link(user, client_id, room, &link).await.map_err(Failure::from))
}

pub(super) async fn open_link(session: Arc<Session>, body: OpenRoomLink) -> Bytes {
    let (rooms, user) = rooms(&session);
    let OpenRoomLink { request, client_id, text, join } = body;
    let found = match join {
        true => rooms.join_by_link(user, client_id, &text).await,
        false => rooms.look(user, &text).await,
    };
    room_answer(user, request, found)
}

/// What stands before an answer that names rooms.
pub(super) fn before_rooms(user: UserId, rooms: &[RoomView]) -> Bytes {
    pictures::before(details(user, rooms.iter()), pictures::of_rooms(rooms.iter()))
}
