//! Requests about people, and their presence.

use bytes::Bytes;
use rill_protocol::{
    Code, codec, limits,
    message::{Done, GetUsers, Presence, PresenceSlot, PresenceState, UserInfo, Users, WatchPresence},
};
use std::sync::Arc;

use super::{Session, dispatch::failed, pictures};
use crate::wire::number;

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
