//! What the control stream has not told a session yet. Of each thing only the latest is told: it can
//! grow no longer than there are things to tell of.

use rill_protocol::{RoomId, UserId};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::Inbox;
use crate::{
    hub::marks_news::{InView, MarksNews},
    limits::TYPING_WAITING_MAX,
};

/// Somebody's state as it is to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    pub version: u64,
    pub online: bool,
    /// Online, and no device of theirs is in use.
    pub is_idle: bool,
}

/// What a session has not been told yet of its user's log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UserLogNews {
    #[default]
    None,
    Grown,
    /// It goes on in another epoch.
    Restarted,
}

/// See the module.
#[derive(Default)]
pub(super) struct News {
    presence: BTreeMap<UserId, Slot>,
    user_log: UserLogNews,
    /// Whose avatars may be others.
    avatars: BTreeSet<UserId>,
    is_emoji_new: bool,
    /// Who shows this user nothing of themselves.
    hidden: Arc<BTreeSet<UserId>>,
    /// Who writes where, or has stopped.
    typing: BTreeMap<(RoomId, UserId), bool>,
    marks: MarksNews,
    /// How many are online in the room in view.
    online: Option<u32>,
}

impl News {
    /// Another room is on the screen, or none.
    pub(super) fn turn_to(&mut self, room: Option<RoomId>) {
        self.marks.in_view = room.map_or(InView::Nobodys, InView::All);
        self.online = None;
    }
}

impl Inbox {
    pub(in crate::hub) fn user_log_grew(&self) {
        let mut state = self.state.lock();
        if state.news.user_log == UserLogNews::None {
            state.news.user_log = UserLogNews::Grown;
        }
        drop(state);
        self.control.notify_one();
    }

    pub(in crate::hub) fn user_log_restarted(&self) {
        self.state.lock().news.user_log = UserLogNews::Restarted;
        self.control.notify_one();
    }

    /// Somebody's mark in a room that is followed has moved, or a post names them; without a
    /// user everybody.
    pub(in crate::hub) fn show_mark(&self, room: RoomId, user: Option<UserId>) {
        let mut state = self.state.lock();
        let is_in_view = state.in_view == Some(room);
        let news = match user {
            Some(user) if user != self.user => {
                if !is_in_view {
                    return;
                }
                MarksNews { in_view: InView::These(room, [user].into()), ..MarksNews::default() }
            }
            _ => MarksNews { own: [room].into(), ..MarksNews::default() },
        };
        state.news.marks.add(news);
        drop(state);
        self.control.notify_one();
    }

    /// More of a private chat may have arrived at the other one, or it was closed or opened.
    pub fn show_chat(&self, room: RoomId, is_closing: bool) {
        let mut state = self.state.lock();
        let rooms = if is_closing { &mut state.news.marks.closings } else { &mut state.news.marks.arrivals };
        rooms.insert(room);
        drop(state);
        self.control.notify_one();
    }

    /// Marks since the last call.
    pub fn take_marks(&self) -> MarksNews {
        std::mem::take(&mut self.state.lock().news.marks)
    }

    pub(in crate::hub) fn show_presence(&self, user: UserId, slot: Slot) {
        self.state.lock().news.presence.insert(user, slot);
        self.control.notify_one();
    }

    /// How many are online in a room, if it is still the one on the screen.
    pub(in crate::hub) fn show_online(&self, room: RoomId, online: u32) {
        let mut state = self.state.lock();
        if state.in_view == Some(room) {
            state.news.online = Some(online);
            drop(state);
            self.control.notify_one();
        }
    }

    /// How many are online in the room on the screen, if that is news. Who does not follow it, or not
    /// any more, is not told.
    pub fn take_online(&self) -> Option<(RoomId, u32)> {
        let mut state = self.state.lock();
        state.in_view_handle?;
        Some((state.in_view?, state.news.online.take()?))
    }

    /// Who shows this user nothing of themselves from now on; returns of whom that is news.
    pub fn set_hidden(&self, hidden: Arc<BTreeSet<UserId>>) -> Vec<UserId> {
        let before = std::mem::replace(&mut self.state.lock().news.hidden, hidden.clone());
        before.symmetric_difference(&hidden).copied().collect()
    }

    /// Whether somebody shows this user nothing of themselves.
    pub fn hides(&self, user: UserId) -> bool {
        self.state.lock().news.hidden.contains(&user)
    }

    /// Somebody writes, or has stopped.
    pub(in crate::hub) fn show_typing(&self, room: RoomId, user: UserId, is_typing: bool) {
        let mut state = self.state.lock();
        if state.news.typing.len() >= TYPING_WAITING_MAX && !state.news.typing.contains_key(&(room, user)) {
            return;
        }
        state.news.typing.insert((room, user), is_typing);
        drop(state);
        self.typing.notify_one();
    }

    /// Resolves when there is somebody to tell of.
    pub async fn typing_woken(&self) {
        self.typing.notified().await;
    }

    /// Who writes, or has stopped, since the last call.
    pub fn take_typing(&self) -> Vec<(RoomId, UserId, bool)> {
        let typing = std::mem::take(&mut self.state.lock().news.typing);
        typing.into_iter().map(|((room, user), is_typing)| (room, user, is_typing)).collect()
    }

    /// Somebody's avatar may be another, or is shown from now on.
    pub fn show_avatar(&self, user: UserId) {
        self.state.lock().news.avatars.insert(user);
        self.control.notify_one();
    }

    pub(in crate::hub) fn show_emoji(&self) {
        self.state.lock().news.is_emoji_new = true;
        self.control.notify_one();
    }

    /// Whose avatars may be others since the last call, and whether the emoji may.
    pub fn take_pictures(&self) -> (BTreeSet<UserId>, bool) {
        let mut state = self.state.lock();
        (std::mem::take(&mut state.news.avatars), std::mem::take(&mut state.news.is_emoji_new))
    }

    pub(in crate::hub) fn forget_presence(&self) {
        self.state.lock().news.presence.clear();
    }

    /// Resolves when the control stream may have something to write.
    pub async fn control_woken(&self) {
        self.control.notified().await;
    }

    /// What became of the user's log since the last call.
    pub fn take_user_log_news(&self) -> UserLogNews {
        std::mem::take(&mut self.state.lock().news.user_log)
    }

    /// Presence slots that changed since the last call, at most one a user.
    pub fn take_presence(&self) -> Vec<(UserId, Slot)> {
        let mut state = self.state.lock();
        let presence = std::mem::take(&mut state.news.presence);
        let shown = |(user, slot): (UserId, Slot)| {
            let is_hidden = state.news.hidden.contains(&user);
            (user, Slot { online: slot.online && !is_hidden, is_idle: slot.is_idle && !is_hidden, ..slot })
        };
        presence.into_iter().map(shown).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: RoomId = RoomId([1; 16]);
    const OTHER: RoomId = RoomId([2; 16]);

    fn user(number: u8) -> UserId {
        UserId([number; 16])
    }

    #[test]
    fn marks_of_others_are_told_of_the_room_in_view_alone() {
        let inbox = Inbox::new(user(1));
        let check = |own: &[RoomId], in_view: InView| {
            let news = inbox.take_marks();
            assert!(news.own.iter().eq(own) && news.in_view == in_view, "{news:?}");
        };
        inbox.show_mark(ROOM, Some(user(2)));
        check(&[], InView::Nobodys);
        inbox.show_mark(ROOM, Some(user(1)));
        inbox.show_mark(OTHER, None);
        check(&[ROOM, OTHER], InView::Nobodys);
        inbox.view(Some(ROOM), None, 0);
        inbox.show_mark(ROOM, Some(user(2)));
        check(&[], InView::All(ROOM));
        inbox.view(Some(ROOM), None, 7);
        check(&[], InView::Nobodys);
        inbox.show_mark(ROOM, Some(user(2)));
        inbox.show_mark(ROOM, Some(user(3)));
        inbox.show_mark(OTHER, Some(user(3)));
        check(&[], InView::These(ROOM, [user(2), user(3)].into()));
        inbox.show_mark(ROOM, Some(user(2)));
        inbox.view(Some(OTHER), None, 0);
        check(&[], InView::All(OTHER));
        inbox.view(None, None, 0);
        check(&[], InView::Nobodys);
    }
}
