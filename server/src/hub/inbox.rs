//! What one attached session waits for: its subscriptions, the rooms that are dirty,
//! and the latest-wins slots of the control stream. Its writers take from here.

use parking_lot::Mutex;
use rill_protocol::{RoomId, UserId, limits::RESUME_ENTRIES_MAX};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};
use tokio::sync::Notify;

use super::{
    marks_news::{InView, MarksNews},
    subscription::Subscription,
};
use crate::limits::TYPING_WAITING_MAX;

/// The two lanes of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneIndex {
    InView = 0,
    Others = 1,
}

/// Where a subscription starts.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    pub cursor: u64,
    /// See [`Subscription::visible_from`].
    pub visible_from: u64,
}

/// The right of a lane's latest writer to take turns.
#[derive(Clone, Copy, Debug)]
pub struct LanePass {
    pub lane: LaneIndex,
    opening: u32,
}

/// One room's turn on a lane.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    pub handle: u32,
    pub cursor: u64,
    pub visible_from: u64,
    /// Whether the lane must first be told the handle.
    pub announce: bool,
    restarts: u32,
}

impl Turn {
    /// Goes on behind what an earlier turn of the same write has read: the cursor moves only when
    /// that is written. One that was restarted in between stays where it was put, because whoever
    /// did that lacks what is behind it.
    pub fn go_on(&mut self, earlier: &Self, read: u64) {
        self.announce = false;
        if self.restarts == earlier.restarts {
            self.cursor = read;
        }
    }
}

/// Somebody's state as it is to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    pub version: u64,
    pub online: bool,
    /// Online, and no device of theirs is in use.
    pub is_idle: bool,
}

/// Whether a room on the screen is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct IsFollowed(pub(super) bool);

/// See the module.
pub struct Inbox {
    pub user: UserId,
    state: Mutex<State>,
    lanes: [Notify; 2],
    /// The user's log has grown, or a presence slot has changed.
    control: Notify,
    typing: Notify,
}

#[derive(Default)]
struct State {
    /// In the order of their handles.
    subscriptions: Vec<Subscription>,
    dirty: [VecDeque<u32>; 2],
    /// The room on the client's screen, also before it is followed.
    in_view: Option<RoomId>,
    in_view_handle: Option<u32>,
    /// Counts the openings of each lane: only the writer of the latest takes turns.
    lane_openings: [u32; 2],
    /// Counts restarts of cursors: a write that was under way across one does not move
    /// a cursor.
    restarts: u32,
    presence: BTreeMap<UserId, Slot>,
    user_log: UserLogNews,
    /// Whose avatars may be others.
    avatars: BTreeSet<UserId>,
    is_emoji_new: bool,
    /// Who shows this user nothing of themselves.
    hidden: Arc<BTreeSet<UserId>>,
    /// Who writes where, or has stopped; not yet told.
    typing: BTreeMap<(RoomId, UserId), bool>,
    /// The device is not in use.
    is_idle: bool,
    marks: MarksNews,
    /// How many are online in the room in view.
    online: Option<u32>,
    /// Nothing is followed any more.
    is_gone: bool,
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

impl State {
    fn find(&mut self, handle: u32) -> Option<&mut Subscription> {
        let at = self.subscriptions.binary_search_by_key(&handle, |sub| sub.handle).ok()?;
        self.subscriptions.get_mut(at)
    }

    /// Puts a room into its lane's list; returns the lane to wake.
    fn mark(&mut self, handle: u32) -> Option<LaneIndex> {
        let sub = self.find(handle)?;
        if sub.is_dirty() {
            return None;
        }
        sub.set_dirty(true);
        let lane = sub.lane();
        self.dirty[lane as usize].push_back(handle);
        Some(lane)
    }

    fn move_to(&mut self, handle: u32, lane: LaneIndex) {
        let Some(sub) = self.find(handle) else { return };
        let from = sub.lane();
        sub.set_lane(lane);
        if sub.is_dirty() && from != lane {
            self.dirty[from as usize].retain(|other| *other != handle);
            self.dirty[lane as usize].push_back(handle);
        }
    }
}

impl Inbox {
    /// An inbox without subscriptions.
    pub fn new(user: UserId) -> Self {
        Self {
            user,
            state: Mutex::default(),
            lanes: [Notify::new(), Notify::new()],
            control: Notify::new(),
            typing: Notify::new(),
        }
    }

    /// `false` if the session is gone.
    pub(super) fn insert(&self, room: RoomId, handle: u32, slot: u32, start: Start) -> bool {
        let mut state = self.state.lock();
        if state.is_gone {
            return false;
        }
        let mut sub = Subscription::new(handle, slot, start.cursor, start.visible_from);
        if state.in_view == Some(room) {
            state.in_view_handle = Some(handle);
            sub.set_lane(LaneIndex::InView);
            // It may wait already how many are online there.
            self.control.notify_one();
        }
        let at = state.subscriptions.partition_point(|other| other.handle < handle);
        state.subscriptions.insert(at, sub);
        true
    }

    /// Moves the cursor of a subscription that is there, forward or back.
    pub(super) fn restart(&self, handle: u32, start: Start) -> bool {
        let mut state = self.state.lock();
        let Some(sub) = state.find(handle) else { return false };
        sub.cursor = start.cursor;
        sub.visible_from = start.visible_from;
        state.restarts = state.restarts.wrapping_add(1);
        true
    }

    /// Ends the subscription that a turn has read to its end, and returns its slot. One
    /// that was restarted meanwhile goes on from there.
    pub(super) fn remove(&self, turn: &Turn) -> Option<u32> {
        let mut state = self.state.lock();
        if state.restarts != turn.restarts {
            let lane = state.mark(turn.handle);
            drop(state);
            self.wake(lane);
            return None;
        }
        let at = state.subscriptions.binary_search_by_key(&turn.handle, |sub| sub.handle).ok()?;
        let sub = state.subscriptions.remove(at);
        if sub.is_dirty() {
            state.dirty[sub.lane() as usize].retain(|other| *other != turn.handle);
        }
        if state.in_view_handle == Some(turn.handle) {
            state.in_view_handle = None;
        }
        Some(sub.slot())
    }

    /// Ends a subscription whose room is no more; whether it was there.
    pub(super) fn end(&self, handle: u32) -> bool {
        let mut state = self.state.lock();
        let Ok(at) = state.subscriptions.binary_search_by_key(&handle, |sub| sub.handle) else { return false };
        let sub = state.subscriptions.remove(at);
        state.dirty[sub.lane() as usize].retain(|other| *other != handle);
        if state.in_view_handle == Some(handle) {
            state.in_view_handle = None;
        }
        true
    }

    /// Ends every subscription, for good; returns their handles and slots.
    pub(super) fn clear(&self) -> Vec<(u32, u32)> {
        let mut state = self.state.lock();
        state.is_gone = true;
        state.dirty.iter_mut().for_each(VecDeque::clear);
        state.in_view_handle = None;
        let subscriptions = std::mem::take(&mut state.subscriptions);
        subscriptions.into_iter().map(|sub| (sub.handle, sub.slot())).collect()
    }

    /// Whether a room is followed.
    pub fn follows(&self, handle: u32) -> bool {
        self.state.lock().find(handle).is_some()
    }

    /// How many rooms are followed.
    pub fn followed(&self) -> usize {
        self.state.lock().subscriptions.len()
    }

    /// A room has something to read.
    pub(super) fn mark(&self, handle: u32) {
        let lane = self.state.lock().mark(handle);
        self.wake(lane);
    }

    fn wake(&self, lane: Option<LaneIndex>) {
        if let Some(lane) = lane {
            self.lanes[lane as usize].notify_one();
        }
    }

    /// Puts another room in view: if it is followed (it has a handle) it restarts behind
    /// `have_seq` on that lane, and the one before it goes back to the other. A cursor
    /// only goes back here: one that a client moves ahead could step over the user's own
    /// departure, which ends the drain. Nor does it go back further than a `Resume`
    /// would: a client that has less was given a new base, or is about to be.
    pub fn view(&self, room: Option<RoomId>, handle: Option<u32>, have_seq: u64) {
        let mut state = self.state.lock();
        if state.in_view != room {
            state.marks.in_view = room.map_or(InView::Nobodys, InView::All);
            state.online = None;
            self.control.notify_one();
        }
        if let Some(old) = state.in_view_handle.take()
            && Some(old) != handle
        {
            state.move_to(old, LaneIndex::Others);
            // A turn of it may be under way on a lane that does not live to finish it.
            state.mark(old);
        }
        state.in_view = room;
        if let Some(handle) = handle {
            state.move_to(handle, LaneIndex::InView);
            if let Some(sub) = state.find(handle) {
                if sub.cursor.saturating_sub(have_seq) <= RESUME_ENTRIES_MAX {
                    sub.cursor = sub.cursor.min(have_seq);
                }
                state.in_view_handle = Some(handle);
            }
            state.mark(handle);
        }
        state.restarts = state.restarts.wrapping_add(1);
        drop(state);
        self.lanes.iter().for_each(Notify::notify_one);
    }

    /// A lane was opened (again): handles are told anew on it. Returns its writer's pass.
    pub fn lane_opened(&self, lane: LaneIndex) -> LanePass {
        let mut state = self.state.lock();
        state.subscriptions.iter_mut().for_each(|sub| sub.set_announced(lane, false));
        state.restarts = state.restarts.wrapping_add(1);
        let opening = &mut state.lane_openings[lane as usize];
        *opening = opening.wrapping_add(1);
        let pass = LanePass { lane, opening: *opening };
        drop(state);
        self.lanes[lane as usize].notify_one();
        pass
    }

    /// Resolves when a lane may have something to write; with `false` for the writer of
    /// a lane that was opened again since, which has nothing more to do.
    pub async fn lane_woken(&self, pass: LanePass) -> bool {
        let wake = &self.lanes[pass.lane as usize];
        wake.notified().await;
        let is_latest = self.state.lock().lane_openings[pass.lane as usize] == pass.opening;
        if !is_latest {
            // It was meant for the one that took the place.
            wake.notify_one();
        }
        is_latest
    }

    /// The next dirty room of a lane; it is clean from now on. None for the writer of a
    /// lane that was opened again since.
    pub fn take_turn(&self, pass: LanePass) -> Option<Turn> {
        let lane = pass.lane;
        let mut state = self.state.lock();
        if state.lane_openings[lane as usize] != pass.opening {
            return None;
        }
        let restarts = state.restarts;
        loop {
            let handle = state.dirty[lane as usize].pop_front()?;
            if let Some(sub) = state.find(handle) {
                sub.set_dirty(false);
                return Some(Turn {
                    handle,
                    cursor: sub.cursor,
                    visible_from: sub.visible_from,
                    announce: !sub.is_announced(lane),
                    restarts,
                });
            }
        }
    }

    /// What a turn read has been written to the lane: its cursor moves, unless it was
    /// restarted meanwhile (then the client gets some entries twice, and ignores them).
    /// A turn that passed the user's departure and return brings another `visible_from`.
    pub fn finish_turn(&self, pass: LanePass, turn: &Turn, cursor: u64, more: bool) {
        let lane = pass.lane;
        let mut state = self.state.lock();
        let undisturbed = state.restarts == turn.restarts;
        let Some(sub) = state.find(turn.handle) else { return };
        if undisturbed {
            sub.cursor = cursor;
            sub.visible_from = turn.visible_from;
            sub.set_announced(lane, true);
        }
        if more || !undisturbed {
            let lane = state.mark(turn.handle);
            drop(state);
            self.wake(lane);
        }
    }

    pub(super) fn user_log_grew(&self) {
        let mut state = self.state.lock();
        if state.user_log == UserLogNews::None {
            state.user_log = UserLogNews::Grown;
        }
        drop(state);
        self.control.notify_one();
    }

    pub(super) fn user_log_restarted(&self) {
        self.state.lock().user_log = UserLogNews::Restarted;
        self.control.notify_one();
    }

    /// Somebody's mark in a room that is followed has moved, or a post names them; without a
    /// user everybody.
    pub(super) fn show_mark(&self, room: RoomId, user: Option<UserId>) {
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
        state.marks.add(news);
        drop(state);
        self.control.notify_one();
    }

    /// More of a private chat may have arrived at the other one, or it was closed or opened.
    pub fn show_chat(&self, room: RoomId, is_closing: bool) {
        let mut state = self.state.lock();
        let rooms = if is_closing { &mut state.marks.closings } else { &mut state.marks.arrivals };
        rooms.insert(room);
        drop(state);
        self.control.notify_one();
    }

    /// Marks since the last call.
    pub fn take_marks(&self) -> MarksNews {
        std::mem::take(&mut self.state.lock().marks)
    }

    pub(super) fn show_presence(&self, user: UserId, slot: Slot) {
        self.state.lock().presence.insert(user, slot);
        self.control.notify_one();
    }

    /// Whether a room is on the screen, and followed, as it is not yet while that is on its way.
    pub(super) fn looks_at(&self, room: RoomId) -> Option<IsFollowed> {
        let state = self.state.lock();
        let is_there = state.in_view == Some(room) && !state.is_gone;
        is_there.then_some(IsFollowed(state.in_view_handle.is_some()))
    }

    /// How many are online in a room, if it is still the one on the screen.
    pub(super) fn show_online(&self, room: RoomId, online: u32) {
        let mut state = self.state.lock();
        if state.in_view == Some(room) {
            state.online = Some(online);
            drop(state);
            self.control.notify_one();
        }
    }

    /// How many are online in the room on the screen, if that is news. Who does not follow it, or not
    /// any more, is not told.
    pub fn take_online(&self) -> Option<(RoomId, u32)> {
        let mut state = self.state.lock();
        state.in_view_handle?;
        Some((state.in_view?, state.online.take()?))
    }

    /// Whether the device is in use; returns whether that is news.
    pub(super) fn set_idle(&self, is_idle: bool) -> bool {
        std::mem::replace(&mut self.state.lock().is_idle, is_idle) != is_idle
    }

    pub(super) fn is_idle(&self) -> bool {
        self.state.lock().is_idle
    }

    /// Who shows this user nothing of themselves from now on; returns of whom that is news.
    pub fn set_hidden(&self, hidden: Arc<BTreeSet<UserId>>) -> Vec<UserId> {
        let before = std::mem::replace(&mut self.state.lock().hidden, hidden.clone());
        before.symmetric_difference(&hidden).copied().collect()
    }

    /// Whether somebody shows this user nothing of themselves.
    pub fn hides(&self, user: UserId) -> bool {
        self.state.lock().hidden.contains(&user)
    }

    /// Somebody writes, or has stopped.
    pub(super) fn show_typing(&self, room: RoomId, user: UserId, is_typing: bool) {
        let mut state = self.state.lock();
        if state.typing.len() >= TYPING_WAITING_MAX && !state.typing.contains_key(&(room, user)) {
            return;
        }
        state.typing.insert((room, user), is_typing);
        drop(state);
        self.typing.notify_one();
    }

    /// Resolves when there is somebody to tell of.
    pub async fn typing_woken(&self) {
        self.typing.notified().await;
    }

    /// Who writes, or has stopped, since the last call.
    pub fn take_typing(&self) -> Vec<(RoomId, UserId, bool)> {
        let typing = std::mem::take(&mut self.state.lock().typing);
        typing.into_iter().map(|((room, user), is_typing)| (room, user, is_typing)).collect()
    }

    /// Somebody's avatar may be another, or is shown from now on.
    pub fn show_avatar(&self, user: UserId) {
        self.state.lock().avatars.insert(user);
        self.control.notify_one();
    }

    pub(super) fn show_emoji(&self) {
        self.state.lock().is_emoji_new = true;
        self.control.notify_one();
    }

    /// Whose avatars may be others since the last call, and whether the emoji may.
    pub fn take_pictures(&self) -> (BTreeSet<UserId>, bool) {
        let mut state = self.state.lock();
        (std::mem::take(&mut state.avatars), std::mem::take(&mut state.is_emoji_new))
    }

    pub(super) fn forget_presence(&self) {
        self.state.lock().presence.clear();
    }

    /// Resolves when the control stream may have something to write.
    pub async fn control_woken(&self) {
        self.control.notified().await;
    }

    /// What became of the user's log since the last call.
    pub fn take_user_log_news(&self) -> UserLogNews {
        std::mem::take(&mut self.state.lock().user_log)
    }

    /// Presence slots that changed since the last call, at most one a user.
    pub fn take_presence(&self) -> Vec<(UserId, Slot)> {
        let mut state = self.state.lock();
        let presence = std::mem::take(&mut state.presence);
        let shown = |(user, slot): (UserId, Slot)| {
            let is_hidden = state.hidden.contains(&user);
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
