//! What is remembered, of which room or user, and whether that may still be told. No IO;
//! the time is an argument.
//!
//! Something is told without asking the store only if all of this holds:
//!
//! 1. whatever changes it is told here ([`Places::changed`]): by this node's own store before
//!    a change is answered, by others' with a hint;
//! 2. hints of its place have been heard without a break since before it was asked for: each
//!    place has a *stamp*, renewed by whatever casts doubt on it, and an answer counts only
//!    under the stamp that its question had;
//! 3. it was asked for less than its age ago, whatever was heard since;
//! 4. somebody is there, or is in: that there is no such thing is never remembered, so that
//!    nobody is refused for what was true a moment ago.
//!
//! What somebody may see of a log is decided upon nothing that lies here.

use rill_protocol::UserId;
use rill_storage::{
    model::{EmojiSet, Membership, Profile, Room},
    planted::{self, Bug},
    port::changes::Changed,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
use tokio::time::Instant;

use crate::limits::{
    REMEMBERED_FACTS_MAX, REMEMBERED_MEMBERS_MAX, REMEMBERED_NAME_MS, REMEMBERED_PLACES_MAX, REMEMBERED_ROOM_MS,
};

/// What can be remembered of a place.
#[derive(Clone, Debug)]
pub(super) enum Fact {
    Room(Arc<Room>),
    Membership(Arc<Membership>),
    Profile(Arc<Profile>),
    Emoji(Arc<EmojiSet>),
    EmojiVersion(u64),
    Blockers(Arc<BTreeSet<UserId>>),
}

/// A room, a user, or somebody's membership of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) place: Changed,
    pub(super) member: Option<UserId>,
}

/// In the place of a member: of the emoji their version alone.
pub(super) const VERSION: UserId = UserId([0; 16]);

/// In the place of a member: who blocks a user, not what they look like.
pub(super) const BLOCKERS: UserId = UserId([0; 16]);

/// A question that is under way.
pub(super) struct Asked {
    key: Key,
    stamp: u64,
    at: Instant,
}

struct Kept {
    fact: Fact,
    asked_at: Instant,
}

struct Place {
    stamp: u64,
    is_heard: bool,
    /// When, in uses of anything.
    used: u64,
    own: Option<Kept>,
    members: Members,
}

/// In their order. Mostly one or none, for which a tree would take half a KiB.
#[derive(Default)]
struct Members(Vec<(UserId, Kept)>);

impl Members {
    fn find(&self, member: UserId) -> Result<usize, usize> {
        self.0.binary_search_by_key(&member, |(member, _)| *member)
    }

    fn get(&self, member: UserId) -> Option<&Kept> {
        self.find(member).ok().and_then(|at| self.0.get(at)).map(|(_, kept)| kept)
    }

    /// Whether it is a further one.
    fn insert(&mut self, member: UserId, kept: Kept) -> bool {
        match self.find(member) {
            Ok(at) => self.0[at].1 = kept,
            Err(at) => {
                if self.0.is_empty() {
                    self.0.reserve_exact(1);
                }
                self.0.insert(at, (member, kept));
                return true;
            }
        }
        false
    }
}

impl Place {
    fn facts(&self) -> usize {
        self.members.0.len() + usize::from(self.own.is_some())
    }

    /// Returns how many there were.
    fn clear(&mut self) -> usize {
        let facts = self.facts();
        self.own = None;
        self.members = Members::default();
        facts
    }
}

/// See the module.
pub(super) struct Places {
    by_place: BTreeMap<Changed, Place>,
    /// Nobody else changes what the store holds: it tells all there is to hear.
    is_alone: bool,
    stamps: u64,
    uses: u64,
    facts: usize,
}

/// Places that hints are to be heard of from now on, or no more.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Hearing {
    pub(super) more: Option<Changed>,
    pub(super) less: Vec<Changed>,
}

fn age(place: Changed) -> Duration {
    Duration::from_millis(match place {
        Changed::Room(_) => REMEMBERED_ROOM_MS,
        Changed::User(_) | Changed::Emoji => REMEMBERED_NAME_MS,
    })
}

impl Places {
    pub(super) fn new(is_alone: bool) -> Self {
        Self { by_place: BTreeMap::new(), is_alone, stamps: 0, uses: 0, facts: 0 }
    }

    /// What may be told without asking.
    pub(super) fn recall(&mut self, key: Key, now: Instant) -> Option<Fact> {
        self.uses += 1;
        let place = self.by_place.get_mut(&key.place)?;
        place.used = self.uses;
        let kept = match key.member {
            None => place.own.as_ref(),
            Some(member) => place.members.get(member),
        };
        let kept = kept.filter(|_| place.is_heard)?;
        let is_fresh = self.is_alone || now < kept.asked_at + age(key.place) || planted::is(Bug::MemoryNeverAsksAgain);
        is_fresh.then(|| kept.fact.clone())
    }

    /// The store is asked from now on.
    pub(super) fn ask(&mut self, key: Key, now: Instant) -> (Asked, Hearing) {
        let mut hearing = Hearing::default();
        if !self.by_place.contains_key(&key.place) {
            if self.by_place.len() >= REMEMBERED_PLACES_MAX || self.facts >= REMEMBERED_FACTS_MAX {
                hearing.less = self.forget_half();
            }
            let (is_heard, used) = (self.is_alone, self.uses);
            let place = Place { stamp: 0, is_heard, used, own: None, members: Members::default() };
            self.by_place.insert(key.place, place);
            self.doubt(key.place);
            hearing.more = Some(key.place);
        }
        let stamp = self.by_place.get(&key.place).map_or(0, |place| place.stamp);
        (Asked { key, stamp, at: now }, hearing)
    }

    /// The store has answered.
    pub(super) fn learn(&mut self, asked: Asked, fact: Fact, now: Instant) {
        let Asked { key, mut stamp, mut at } = asked;
        let Some(place) = self.by_place.get_mut(&key.place) else { return };
        if planted::is(Bug::AnswerTakenForNew) {
            (stamp, at) = (place.stamp, now);
        }
        if place.stamp != stamp {
            return;
        }
        if place.facts() >= REMEMBERED_MEMBERS_MAX || self.facts >= REMEMBERED_FACTS_MAX {
            self.facts -= place.clear();
        }
        let kept = Kept { fact, asked_at: at };
        let is_further = match key.member {
            None => place.own.replace(kept).is_none(),
            Some(member) => place.members.insert(member, kept),
        };
        self.facts += usize::from(is_further);
    }

    /// It may be another now.
    pub(super) fn changed(&mut self, place: Changed) {
        self.doubt(place);
    }

    /// From now on hints of it come. Those from before came to nobody.
    pub(super) fn heard(&mut self, place: Changed) {
        if !planted::is(Bug::MemoryTrustedUnheard) {
            self.doubt(place);
        }
        if let Some(place) = self.by_place.get_mut(&place) {
            place.is_heard = true;
        }
    }

    /// Hints may have been lost, or come no more until they are asked for again: everything is
    /// forgotten. Returns what it was.
    pub(super) fn deaf(&mut self) -> Vec<Changed> {
        if planted::is(Bug::MemoryTrustedUnheard) {
            return Vec::new();
        }
        self.facts = 0;
        std::mem::take(&mut self.by_place).into_keys().collect()
    }

    #[cfg(test)]
    pub(super) fn facts(&self) -> usize {
        self.facts
    }

    /// What is remembered of a place, and what is being asked, counts no more.
    fn doubt(&mut self, place: Changed) {
        let Some(place) = self.by_place.get_mut(&place) else { return };
        self.stamps += 1;
        place.stamp = self.stamps;
        self.facts -= place.clear();
    }

    /// The half that was not used for the longest time.
    fn forget_half(&mut self) -> Vec<Changed> {
        let mut uses: Vec<u64> = self.by_place.values().map(|place| place.used).collect();
        let middle = uses.len() / 2;
        let (_, middle, _) = uses.select_nth_unstable(middle);
        let middle = *middle;
        let old = self.by_place.iter().filter(|(_, place)| place.used <= middle);
        let old: Vec<Changed> = old.map(|(place, _)| *place).collect();
        for place in &old {
            self.facts -= self.by_place.remove(place).map_or(0, |place| place.facts());
        }
        old
    }
}
