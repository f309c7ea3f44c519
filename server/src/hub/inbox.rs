//! What one attached session waits for: its subscriptions and the rooms that are dirty, in the turns of
//! its lanes, and its [`news`]. Its writers take from here.

mod news;

pub use news::{Slot, UserLogNews};

use parking_lot::Mutex;
use rill_protocol::{RoomId, UserId, limits::RESUME_ENTRIES_MAX};
use std::collections::VecDeque;
use tokio::sync::Notify;

use self::news::News;
use super::subscription::Subscription;

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
    /// The device is not in use.
    is_idle: bool,
    news: News,
    /// Nothing is followed any more.
    is_gone: bool,
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
            state.news.turn_to(room);
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

    /// Whether a room is on the screen, and followed, as it is not yet while that is on its way.
    pub(super) fn looks_at(&self, room: RoomId) -> Option<IsFollowed> {
        let state = self.state.lock();
        let is_there = state.in_view == Some(room) && !state.is_gone;
        is_there.then_some(IsFollowed(state.in_view_handle.is_some()))
    }

    /// Whether the device is in use; returns whether that is news.
    pub(super) fn set_idle(&self, is_idle: bool) -> bool {
        std::mem::replace(&mut self.state.lock().is_idle, is_idle) != is_idle
    }

    pub(super) fn is_idle(&self) -> bool {
        self.state.lock().is_idle
    }
}
