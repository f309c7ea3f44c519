//! What is known of talks while they go on: who blocks whom, which messages were removed, and what
//! was reported. What is not known, because an answer is missing or was overtaken, is not held
//! against anybody.

use rill_protocol::{RoomId, UserId};
use std::collections::{BTreeMap, BTreeSet};

use super::Lived;
use crate::witness::PostKey;

/// What happened before what: everything has another.
pub(crate) type Moment = u64;

/// Whether somebody blocks another, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Block {
    /// Since when it was answered.
    is: Option<(bool, Moment)>,
    under_way: usize,
    newest: Moment,
}

impl Default for Block {
    fn default() -> Self {
        Self { is: Some((false, 0)), under_way: 0, newest: 0 }
    }
}

/// How a chat stood when a post was first sent to it.
struct Sent {
    stands: [Block; 2],
    /// Whether somebody was answered that it is there. Until then it takes nothing.
    is_opened: bool,
}

/// A report that somebody made, or tried to.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) reporter: UserId,
    pub(super) user: UserId,
    pub(super) at: (RoomId, u64),
    /// What the message said.
    pub(super) text: String,
    pub(super) is_acked: bool,
    pub(super) may_be_closed: bool,
}

#[derive(Default)]
pub(crate) struct Facts {
    moments: Moment,
    pub(super) chats: BTreeMap<RoomId, [UserId; 2]>,
    /// Chats that were answered to be there.
    pub(super) opened: BTreeSet<RoomId>,
    blocks: BTreeMap<(UserId, UserId), Block>,
    sent: BTreeMap<PostKey, Sent>,
    /// Messages that may be removed, and when it was answered that they are.
    removals: BTreeMap<(RoomId, u64), Option<Moment>>,
    /// By their reasons.
    pub(super) reports: BTreeMap<String, Told>,
    /// Whether everybody has done what they do at last.
    pub(super) is_last: bool,
    pub(crate) lived: Lived,
}

impl Facts {
    /// A moment behind all that were.
    pub(crate) fn now(&mut self) -> Moment {
        self.moments += 1;
        self.moments
    }

    fn block(&mut self, pair: (UserId, UserId)) -> &mut Block {
        self.blocks.entry(pair).or_default()
    }

    /// Somebody begins to block another, or to block them no more. The change's number.
    pub(super) fn block_begins(&mut self, pair: (UserId, UserId)) -> Moment {
        let number = self.now();
        let block = self.block(pair);
        (block.is, block.newest) = (None, number);
        block.under_way += 1;
        number
    }

    /// It is over, with an answer or without.
    pub(super) fn block_is_over(&mut self, pair: (UserId, UserId)) {
        self.block(pair).under_way -= 1;
    }

    /// It was answered: so it is, unless another is under way, or was.
    pub(super) fn block_is_answered(&mut self, pair: (UserId, UserId), (number, was_alone): (Moment, bool), is: bool) {
        self.lived.blocks += 1;
        let now = self.now();
        let block = self.block(pair);
        if was_alone && block.newest == number {
            block.is = Some((is, now));
        }
    }

    /// Whether nothing else is under way.
    pub(super) fn block_is_alone(&mut self, pair: (UserId, UserId)) -> bool {
        self.block(pair).under_way == 1
    }

    /// Since when it is known that somebody blocks another.
    pub(crate) fn is_blocked_since(&self, pair: (UserId, UserId)) -> Option<Moment> {
        let block = self.blocks.get(&pair).copied().unwrap_or_default();
        block.is.filter(|(is, _)| *is).map(|(_, since)| since)
    }

    /// Whether somebody has ever blocked another, or tried to.
    pub(crate) fn has_blocked(&self, pair: (UserId, UserId)) -> bool {
        self.blocks.contains_key(&pair)
    }

    /// How a chat stands.
    pub(super) fn stands(&self, [one, other]: [UserId; 2]) -> [Option<(bool, Moment)>; 2] {
        self.of([one, other]).map(|block| block.is)
    }

    fn of(&self, [one, other]: [UserId; 2]) -> [Block; 2] {
        [(one, other), (other, one)].map(|pair| self.blocks.get(&pair).copied().unwrap_or_default())
    }

    /// A post is sent, again or for the first time.
    pub(crate) fn sends(&mut self, key: PostKey) {
        if let Some(two) = self.chats.get(&key.0).copied().filter(|two| two.contains(&key.1)) {
            let sent = Sent { stands: self.of(two), is_opened: self.opened.contains(&key.0) };
            self.sent.entry(key).or_insert(sent);
        }
    }

    /// A post was accepted.
    ///
    /// # Errors
    /// The chat was closed all the time.
    pub(crate) fn accepted(&mut self, key: PostKey, is_first: bool) -> Result<(), String> {
        let Some(two) = self.chats.get(&key.0).copied() else { return Ok(()) };
        let stands = self.of(two);
        let was_closed = |before: &Sent| {
            let both = before.stands.iter().zip(&stands);
            both.into_iter().any(|(before, now)| before == now && matches!(before.is, Some((true, _))))
        };
        if is_first && self.sent.get(&key).is_some_and(was_closed) {
            return Err(format!("{} posts to {}, which is closed by a block", key.1, key.0));
        }
        self.lived.posts += u64::from(is_first);
        Ok(())
    }

    /// Whether neither blocked the other since a post was first sent.
    pub(crate) fn was_open_throughout(&self, key: PostKey) -> bool {
        let (Some(before), Some(two)) = (self.sent.get(&key), self.chats.get(&key.0)) else { return false };
        let Sent { stands, is_opened } = before;
        *is_opened && *stands == self.of(*two) && stands.iter().all(|block| matches!(block.is, Some((false, _))))
    }

    /// Somebody wants a message to be removed.
    pub(super) fn removal_begins(&mut self, at: (RoomId, u64)) {
        self.removals.entry(at).or_default();
    }

    /// It was answered that it is.
    pub(super) fn is_removed(&mut self, at: (RoomId, u64)) {
        self.lived.removed += 1;
        let now = self.now();
        self.removals.entry(at).or_default().get_or_insert(now);
    }

    /// Whether a message was answered to be removed before that moment.
    pub(crate) fn was_removed_before(&self, at: (RoomId, u64), moment: Moment) -> bool {
        self.removals.get(&at).copied().flatten().is_some_and(|removed| removed < moment)
    }

    pub(crate) fn may_be_removed(&self, at: (RoomId, u64)) -> bool {
        self.removals.contains_key(&at)
    }

    /// Those that may be removed, and whether it was answered that they are.
    pub(super) fn removals(&self) -> Vec<((RoomId, u64), bool)> {
        self.removals.iter().map(|(at, removed)| (*at, removed.is_some())).collect()
    }

    /// The store was put back to one in which these messages are removed, and these chats are there.
    pub(super) fn restored(&mut self, removed: &BTreeSet<(RoomId, u64)>, chats: &BTreeSet<RoomId>) {
        self.removals.retain(|at, _| removed.contains(at));
        self.opened.retain(|room| chats.contains(room));
        self.sent.clear();
        for (one, other) in self.chats.values().map(|[one, other]| (*one, *other)).collect::<Vec<_>>() {
            for pair in [(one, other), (other, one)] {
                let now = self.now();
                let block = self.block(pair);
                (block.is, block.newest) = (None, now);
            }
        }
    }
}
