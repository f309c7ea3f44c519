//! Requests about people, and their presence.

use bytes::Bytes;
use rill_protocol::{
    Code, RoomId, codec, limits,
    message::{
        Activity, Done, FindPeople, FoundPerson, GetProfile, GetUsers, PeoplePage, Presence, PresenceSlot,
        PresenceState, RoomOnline, SetActivity, SetBlock, SetProfile, SetStatus, UserInfo, Users, WatchPresence,
    },
};
use rill_storage::model::{Card, Status};
use std::sync::Arc;

use super::{Session, dispatch::failed, pictures};
use crate::{
    domain::{DomainError, finding::Found},
    wire::{number, profile},
};

/// Slots in one `Presence` frame.
const SLOTS_PER_FRAME: usize = limits::PRESENCE_WATCH_MAX;

pub(super) async fn users(session: Arc<Session>, body: GetUsers) -> Bytes {
    if body.users.len() > limits::USERS_PER_REQUEST_MAX {
        return failed(body.request, Code::TooMany);
    }
    let mut users = Vec::with_capacity(body.users.len());
    let mut avatars = Vec::new();
    for id in body.users {
        match session.services.domain.people.profile(id).await {
            Ok(Some(profile)) => {
                avatars.push((id, profile.avatar));
                users.push(UserInfo { id, name: profile.name.clone() });
            }
            Ok(None) => {}
            Err(error) => return failed(body.request, error),
        }
    }
    pictures::before(pictures::of_users(avatars.into_iter()), codec::frame(&Users { request: body.request, users }))
}

pub(super) fn watch(session: &Arc<Session>, body: WatchPresence) -> Bytes {
    if body.users.len() > limits::PRESENCE_WATCH_MAX {
        return failed(body.request, Code::TooMany);
    }
    let mut users = body.users;
    users.sort_unstable();
    users.dedup();
    users.iter().for_each(|user| session.inbox.show_avatar(*user));
    session.services.hub.presence.watch(&session.inbox, users);
    codec::frame(&Done { request: body.request })
}

pub(super) fn set_activity(session: &Arc<Session>, body: &SetActivity) -> Bytes {
    let is_idle = match body.activity {
        Activity::Active => false,
        Activity::Idle => true,
        Activity::Other(_) => return failed(body.request, Code::Unsupported),
    };
    session.services.hub.presence.set_idle(&session.inbox, is_idle);
    codec::frame(&Done { request: body.request })
}

pub(super) async fn set_status(session: Arc<Session>, body: SetStatus) -> Bytes {
    let SetStatus { request, do_not_disturb, emoji, text, until_ms } = body;
    let until_ms = Some(until_ms.get()).filter(|until_ms| *until_ms > 0);
    let status = Status { do_not_disturb, emoji, text, until_ms };
    match session.services.domain.profiles.set_status(session.identity.user, status).await {
        Ok(()) => codec::frame(&Done { request }),
        Err(error) => failed(request, error),
    }
}

pub(super) async fn set_profile(session: Arc<Session>, body: SetProfile) -> Bytes {
    let SetProfile { request, chosen_name, language, time_zone, is_listed, shows_seen } = body;
    let (is_unlisted, hides_seen) = (!is_listed, !shows_seen);
    let card = Card { name: chosen_name, language, time_zone, is_unlisted, hides_seen };
    let (domain, user) = (&session.services.domain, session.identity.user);
    match domain.profiles.set_card(&domain.accounts, user, card).await {
        Ok(()) => profile(session, GetProfile { request, user }).await,
        Err(error) => failed(request, error),
    }
}

pub(super) async fn profile(session: Arc<Session>, body: GetProfile) -> Bytes {
    let (services, GetProfile { request, user }) = (&session.services, body);
    match services.domain.people.profile(user).await {
        Ok(Some(found)) => {
            let avatar = pictures::of_users([(user, found.avatar)].into_iter());
            let blocked = match user == session.identity.user {
                true => services.domain.blocks.of(user).await.map(Some),
                false => Ok(None),
            };
            match blocked {
                Ok(blocked) => pictures::before(avatar, codec::frame(&profile::answer(request, user, &found, blocked))),
                Err(error) => failed(request, error),
            }
        }
        Ok(None) => failed(request, Code::NoSuchUser),
        Err(error) => failed(request, error),
    }
}

pub(super) async fn set_block(session: Arc<Session>, body: SetBlock) -> Bytes {
    let SetBlock { request, user, is_blocked } = body;
    match session.services.domain.blocks.set(session.identity.user, user, is_blocked).await {
        Ok(()) => codec::frame(&Done { request }),
        Err(error) => failed(request, error),
    }
}

pub(super) async fn find(session: Arc<Session>, body: FindPeople) -> Bytes {
    let FindPeople { request, text, after, limit } = body;
    let domain = &session.services.domain;
    match domain.finding.find(session.identity.user, &text, after, limit as usize).await {
        Ok(part) => {
            let avatars = pictures::of_users(part.items.iter().map(|found| (found.user, found.avatar)));
            let person = |found: Found| FoundPerson { user: found.user, username: found.username, name: found.name };
            let people = part.items.into_iter().map(person).collect();
            pictures::before(avatars, codec::frame(&PeoplePage { request, people, more: part.more }))
        }
        Err(error) => failed(request, error),
    }
}

/// The room that has come into view is large: its members are counted, if its user is one.
pub(super) async fn count_online(session: &Session, room: RoomId) -> Result<(), DomainError> {
    if session.services.domain.rooms.is_crowd(session.identity.user, room).await? {
        session.services.hub.view_crowd(&session.inbox, room);
        if let Some(cluster) = &session.services.cluster {
            cluster.ask_for_crowd(room);
        }
    }
    Ok(())
}

/// How many are online in the room in view, if that is news.
pub(super) fn online_frame(session: &Session) -> Option<Bytes> {
    session.inbox.take_online().map(|(room, online)| codec::frame(&RoomOnline { room, online }))
}

/// Every slot that changed since the last call.
pub(super) fn presence_frames(session: &Session) -> Vec<Bytes> {
    let changed = session.inbox.take_presence();
    let frame = |slots: &[_]| {
        let slots = slots.iter().map(|(user, slot): &(_, crate::hub::inbox::Slot)| PresenceSlot {
            user: *user,
            version: number(slot.version),
            state: if slot.online { PresenceState::Online } else { PresenceState::Offline },
        });
        codec::frame(&Presence { slots: slots.collect() })
    };
    changed.chunks(SLOTS_PER_FRAME).map(frame).collect()
}
