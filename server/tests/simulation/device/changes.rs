//! What a device wants changed: posts and memberships, each under its client id until
//! it is known to be done.

use rill_protocol::{
    ClientId, Code, Frame, RoomId,
    code::Action,
    message::{Accepted, AcceptedBatch, BatchPost, JoinRoom, LeaveRoom, Post, PostBatch, Replay},
};
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};
use tokio::time::Instant;

use super::{Device, Purpose};
use crate::{dice::Dice, groups};

/// Answered posts that a device may send again.
const REMEMBERED_MAX: usize = 32;

#[derive(Clone)]
struct Draft {
    client_id: ClientId,
    text: String,
    /// Those behind it that are posted with it, or not at all.
    followers: usize,
}

#[derive(Default)]
struct Wishes {
    posts: VecDeque<Draft>,
    /// To join, or to leave.
    change: Option<(ClientId, bool)>,
    post_under_way: bool,
    change_under_way: bool,
    not_before: Option<Instant>,
}

pub(super) struct Outbox {
    dice: Dice,
    rooms: BTreeMap<RoomId, Wishes>,
    answered: VecDeque<(RoomId, Draft)>,
}

impl Outbox {
    pub(super) fn new(dice: Dice) -> Self {
        Self { dice, rooms: BTreeMap::new(), answered: VecDeque::new() }
    }

    pub(super) fn post(&mut self, room: RoomId, text: String) {
        let client_id = ClientId(self.dice.bytes());
        self.rooms.entry(room).or_default().posts.push_back(Draft { client_id, text, followers: 0 });
    }

    /// Several in one request.
    pub(super) fn post_batch(&mut self, room: RoomId, texts: Vec<String>) {
        let drafts = (0..texts.len()).rev().zip(texts);
        for (followers, text) in drafts {
            let client_id = ClientId(self.dice.bytes());
            self.rooms.entry(room).or_default().posts.push_back(Draft { client_id, text, followers });
        }
    }

    /// One change of a room at a time.
    pub(super) fn change(&mut self, room: RoomId, join: bool) {
        let client_id = ClientId(self.dice.bytes());
        self.rooms.entry(room).or_default().change.get_or_insert((client_id, join));
    }

    /// Posts and changes that are not done, but for posts to rooms that it is not in.
    pub(super) fn wants(&self, is_in: impl Fn(RoomId) -> bool) -> usize {
        let wants = |(room, wishes): (&RoomId, &Wishes)| {
            usize::from(wishes.change.is_some()) + if is_in(*room) { wishes.posts.len() } else { 0 }
        };
        self.rooms.iter().map(wants).sum()
    }

    pub(super) fn due(&self) -> Option<Instant> {
        self.rooms.values().filter_map(|wishes| wishes.not_before).min()
    }

    pub(super) fn disconnected(&mut self) {
        for wishes in self.rooms.values_mut() {
            (wishes.post_under_way, wishes.change_under_way, wishes.not_before) = (false, false, None);
        }
    }

    fn later(&mut self, room: RoomId) {
        let pause = Duration::from_millis(self.dice.between(50, 800));
        self.rooms.entry(room).or_default().not_before = Some(Instant::now() + pause);
    }

    /// A post is answered for good.
    fn settle_post(&mut self, room: RoomId, client_id: ClientId) {
        let Some(wishes) = self.rooms.get_mut(&room) else { return };
        if wishes.posts.front().is_some_and(|draft| draft.client_id == client_id)
            && let Some(draft) = wishes.posts.pop_front()
        {
            wishes.post_under_way = false;
            self.answered.push_back((room, draft));
            if self.answered.len() > REMEMBERED_MAX {
                self.answered.pop_front();
            }
        }
    }
}

impl Device {
    /// Sends what waits and may be sent: one post and one change of a room at a time.
    pub(super) async fn pump(&mut self) {
        if !self.is_online() {
            return;
        }
        let now = Instant::now();
        let rooms: Vec<RoomId> = self.outbox.rooms.keys().copied().collect();
        for room in rooms {
            let Some(wishes) = self.outbox.rooms.get_mut(&room) else { continue };
            if wishes.not_before.is_some_and(|at| at > now) {
                continue;
            }
            wishes.not_before = None;
            let has_post = !wishes.posts.is_empty() && !wishes.post_under_way;
            wishes.post_under_way |= has_post;
            let change = wishes.change.filter(|_| !wishes.change_under_way);
            wishes.change_under_way |= change.is_some();
            if has_post {
                self.send_first(room).await;
            }
            if let Some((client_id, join)) = change {
                self.send_change(room, client_id, join).await;
            }
        }
    }

    /// Sends the first of the posts that wait, with those that go with it.
    async fn send_first(&mut self, room: RoomId) {
        let Some(wishes) = self.outbox.rooms.get(&room) else { return };
        let Some(first) = wishes.posts.front().cloned() else { return };
        if first.followers == 0 {
            return self.send_post(room, &first, true).await;
        }
        let drafts: Vec<Draft> = wishes.posts.iter().take(first.followers + 1).cloned().collect();
        for draft in &drafts {
            self.world.witness.sends((room, self.person.id, draft.client_id), &draft.text);
        }
        let purpose = Purpose::Batch(room, drafts.iter().map(|draft| draft.client_id).collect());
        let post = |draft: Draft| BatchPost { client_id: draft.client_id, text: draft.text };
        let posts = drafts.into_iter().map(post).collect();
        let Some((connection, request)) = self.request(purpose) else { return };
        connection.control.send(&PostBatch { request, room, posts }).await;
    }

    async fn send_post(&mut self, room: RoomId, draft: &Draft, is_first_answer: bool) {
        self.world.witness.sends((room, self.person.id, draft.client_id), &draft.text);
        let purpose = match is_first_answer {
            true => Purpose::Post(room, draft.client_id),
            false => Purpose::Repeat(room, draft.client_id),
        };
        let (text, client_id) = (draft.text.clone(), draft.client_id);
        let Some((connection, request)) = self.request(purpose) else { return };
        connection.control.send(&Post { request, room, client_id, text }).await;
    }

    async fn send_change(&mut self, room: RoomId, client_id: ClientId, join: bool) {
        let Some((connection, request)) = self.request(Purpose::Change(room, client_id)) else { return };
        match join {
            true => connection.control.send(&JoinRoom { request, client_id, room }).await,
            false => connection.control.send(&LeaveRoom { request, client_id, room }).await,
        }
    }

    /// Sends an answered post again, or another one under its client id.
    pub(super) async fn repeat(&mut self, same: bool) {
        if !self.is_online() || self.outbox.answered.is_empty() {
            return;
        }
        let at = self.dice.below(self.outbox.answered.len() as u64) as usize;
        let (room, mut draft) = self.outbox.answered[at].clone();
        if !same {
            draft.text.push_str(" otherwise");
        }
        self.send_post(room, &draft, false).await;
    }

    /// Sends a post that is under way a second time.
    pub(super) async fn hurry(&mut self) {
        let under_way = self.outbox.rooms.iter().filter(|(_, wishes)| wishes.post_under_way);
        let drafts: Vec<_> =
            under_way.filter_map(|(room, wishes)| Some((*room, wishes.posts.front()?.clone()))).collect();
        for (room, draft) in drafts {
            self.send_post(room, &draft, true).await;
        }
    }

    pub(super) fn accepted(&mut self, frame: &Frame) {
        let Ok(answer) = frame.decode::<Accepted>() else { return self.broken(frame) };
        let (room, client_id) = match self.purpose(answer.request) {
            Some(Purpose::Post(room, client_id) | Purpose::Repeat(room, client_id)) => (room, client_id),
            _ => return self.broken(frame),
        };
        let key = (room, self.person.id, client_id);
        self.world.tell(format_args!("{} is told {client_id} is {}", self.name, answer.seq.get()));
        self.world.witness.accepted(key, answer.seq.get(), answer.replay == Replay::First);
        self.outbox.settle_post(room, client_id);
    }

    pub(super) fn accepted_batch(&mut self, frame: &Frame) {
        let Ok(answer) = frame.decode::<AcceptedBatch>() else { return self.broken(frame) };
        let Some(Purpose::Batch(room, ids)) = self.purpose(answer.request) else { return self.broken(frame) };
        if ids.len() != answer.posts.len() {
            return self.broken(frame);
        }
        let seqs: Vec<u64> = answer.posts.iter().map(|post| post.seq.get()).collect();
        self.world.tell(format_args!("{} is told that a batch is {seqs:?}", self.name));
        if seqs.windows(2).any(|pair| pair[0] + 1 != pair[1]) {
            self.world.witness.violated(format!("the posts of a batch are apart: {seqs:?}"));
        }
        for (client_id, post) in ids.into_iter().zip(answer.posts) {
            let key = (room, self.person.id, client_id);
            self.world.witness.accepted(key, post.seq.get(), post.replay == Replay::First);
            self.outbox.settle_post(room, client_id);
        }
    }

    /// A join or a leave is done.
    pub(super) fn changed(&mut self, frame: &Frame, request: u32) {
        match self.purpose(request) {
            Some(Purpose::Change(room, client_id)) => self.settle_change(room, client_id),
            Some(Purpose::Watch) => {}
            _ => self.broken(frame),
        }
    }

    fn settle_change(&mut self, room: RoomId, client_id: ClientId) {
        let Some(wishes) = self.outbox.rooms.get_mut(&room) else { return };
        if wishes.change.is_some_and(|(id, _)| id == client_id) {
            (wishes.change, wishes.change_under_way) = (None, false);
        }
    }

    /// A request was refused: what may be tried again is.
    pub(super) async fn refused(&mut self, request: u32, code: u32, detail: &str) {
        let code = Code::from_number(code);
        let again = code.is_some_and(|code| matches!(code.action(), Action::Retry | Action::Resume));
        let purpose = self.purpose(request);
        let expected = again
            || matches!(code, Some(Code::NotAMember | Code::TooManyRooms | Code::OwnerStays))
            || self.world.has_groups && code.is_some_and(|code| groups::REFUSALS.contains(&code))
            || code.is_some_and(|code| self.may_be_refused(purpose.as_ref(), code));
        if !expected {
            self.world.witness.violated(format!("{} is refused with {code:?} {detail}", self.name));
        }
        match purpose {
            Some(Purpose::Post(room, client_id)) => self.post_refused(room, client_id, again),
            Some(Purpose::Batch(room, ids)) => self.post_refused(room, ids[0], again),
            Some(Purpose::Change(room, client_id)) => {
                if again {
                    if let Some(wishes) = self.outbox.rooms.get_mut(&room) {
                        wishes.change_under_way = false;
                    }
                    self.outbox.later(room);
                } else {
                    self.settle_change(room, client_id);
                }
            }
            // To begin again is always allowed.
            Some(Purpose::Resume(_) | Purpose::Attach) => self.lost(super::Over::Gone),
            Some(Purpose::Watch | Purpose::Repeat(..) | Purpose::Page(..)) | None => {}
        }
    }

    fn post_refused(&mut self, room: RoomId, client_id: ClientId, again: bool) {
        let Some(wishes) = self.outbox.rooms.get_mut(&room) else { return };
        let Some(first) = wishes.posts.front().filter(|draft| draft.client_id == client_id) else { return };
        let together = first.followers + 1;
        wishes.post_under_way = false;
        if again {
            self.outbox.later(room);
        } else {
            wishes.posts.drain(..together);
        }
    }
}
