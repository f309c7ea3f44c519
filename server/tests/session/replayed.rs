//! A room's log read from its beginning, by somebody who knows nothing of memberships, ranges or
//! rules: who is in it, who runs it, what each of them has got to see, and whether whoever did
//! something was allowed to in that moment.

use rill_protocol::UserId;
use rill_storage::model::{Access, Entry, Fact, HistoryFrom, RoomRole};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub(crate) struct Replayed {
    pub(crate) owner: Option<UserId>,
    admins: BTreeSet<UserId>,
    pub(crate) members: BTreeSet<UserId>,
    banned: BTreeSet<UserId>,
    /// And by whom.
    invited: BTreeMap<UserId, UserId>,
    access: Access,
    history: HistoryFrom,
    is_archived: bool,
    links: usize,
    /// Who wrote what can be removed.
    posts: BTreeMap<u64, UserId>,
    /// Every seq that somebody was there for, or was shown when they came.
    sees: BTreeMap<UserId, BTreeSet<u64>>,
}

impl Replayed {
    /// A whole log.
    ///
    /// # Errors
    /// What stands in it that nobody may have done.
    pub(crate) fn of<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Result<Self, String> {
        let mut replayed = Self::default();
        for entry in entries {
            let Entry { seq, author, fact, .. } = *entry;
            let allowed = replayed.takes(seq, author, fact);
            if !allowed || replayed.is_without_owner(seq) {
                return Err(format!("{author} was not allowed what stands at {seq}: {fact:?}"));
            }
        }
        Ok(replayed)
    }

    /// A group with people in it has an owner among them.
    fn is_without_owner(&self, seq: u64) -> bool {
        let has_owner = self.owner.is_some_and(|owner| self.members.contains(&owner));
        // The first entry makes the room, the second brings in who made it.
        seq > 1 && !self.members.is_empty() && !has_owner
    }

    pub(crate) fn role(&self, user: UserId) -> Option<RoomRole> {
        if !self.members.contains(&user) {
            return None;
        }
        Some(match () {
            () if self.owner == Some(user) => RoomRole::Owner,
            () if self.admins.contains(&user) => RoomRole::Admin,
            () => RoomRole::Member,
        })
    }

    /// Whether somebody may see an entry that speaks of another, or of itself.
    pub(crate) fn may_see(&self, user: UserId, seq: u64, target_seq: u64) -> bool {
        self.sees.get(&user).is_some_and(|seen| seen.contains(&seq) && seen.contains(&target_seq))
    }

    fn takes(&mut self, seq: u64, author: UserId, fact: Fact) -> bool {
        let role = self.role(author);
        let (is_in, runs, owns) = (role.is_some(), role >= Some(RoomRole::Admin), role == Some(RoomRole::Owner));
        // Whoever is there gets it, also who goes with it.
        for member in &self.members {
            self.sees.entry(*member).or_default().insert(seq);
        }
        match fact {
            Fact::Created => {
                self.owner = Some(author);
                seq == 1
            }
            Fact::Joined => self.comes(seq, author),
            Fact::Left => {
                let is_bound = owns && self.members.len() > 1;
                self.goes(author);
                is_in && !is_bound
            }
            Fact::Posted | Fact::File => {
                self.posts.insert(seq, author);
                is_in && !self.is_archived
            }
            Fact::Deleted { target } => {
                let is_own = self.posts.remove(&target).map(|of| of == author);
                // The operator of the server is nobody in the room.
                let may = author == UserId::default()
                    || is_in && (is_own == Some(true) || runs) && self.may_see(author, target, target);
                is_own.is_some() && may
            }
            // By whoever sent it, wherever they are now, or by the server.
            Fact::FileSettled { .. } => true,
            Fact::Avatar { .. } => is_in,
            Fact::Renamed | Fact::Topic | Fact::SlowMode(_) => runs,
            Fact::Access(access) => {
                self.access = access;
                owns
            }
            Fact::History(history) => {
                self.history = history;
                owns
            }
            Fact::Archived(is_archived) => {
                self.is_archived = is_archived;
                owns
            }
            Fact::LinkMade => {
                self.links += 1;
                runs
            }
            Fact::LinkGone => {
                self.links = self.links.saturating_sub(1);
                is_in
            }
            _ => self.happens(author, fact),
        }
    }

    /// Something is done to somebody.
    fn happens(&mut self, author: UserId, fact: Fact) -> bool {
        let role = self.role(author);
        let (is_in, runs) = (role.is_some(), role >= Some(RoomRole::Admin));
        match fact {
            Fact::Role { user, role: RoomRole::Owner } => {
                let may = role == Some(RoomRole::Owner) && user != author && self.members.contains(&user);
                self.admins.remove(&user);
                self.admins.insert(author);
                self.owner = Some(user);
                may
            }
            Fact::Role { user, role: RoomRole::Admin } => {
                let may = runs && self.role(user) == Some(RoomRole::Member);
                self.admins.insert(user);
                may
            }
            Fact::Role { user, role: RoomRole::Member } => {
                let may = runs && self.role(user) == Some(RoomRole::Admin);
                self.admins.remove(&user);
                may
            }
            Fact::Removed { user } => {
                let may = runs && self.role(user).is_some_and(|of| Some(of) < role);
                self.goes(user);
                may
            }
            Fact::Banned { user } => {
                let may = runs && user != author && self.role(user) < role && !self.banned.contains(&user);
                self.goes(user);
                self.invited.remove(&user);
                self.banned.insert(user);
                may
            }
            Fact::Unbanned { user } => self.banned.remove(&user) && runs,
            Fact::Invited { user } => {
                let may = runs || is_in && self.access == Access::Public;
                let is_needed = !self.members.contains(&user) && !self.banned.contains(&user);
                may && is_needed && self.invited.insert(user, author).is_none()
            }
            Fact::Uninvited { user } => {
                let by = self.invited.remove(&user);
                by.is_some() && (user == author || is_in && by == Some(author) || runs)
            }
            _ => true,
        }
    }

    fn comes(&mut self, seq: u64, user: UserId) -> bool {
        let is_asked = self.invited.remove(&user).is_some() || self.access == Access::Public || self.links > 0;
        // The one who made the room comes into it first.
        let may = seq == 2 || is_asked && !self.banned.contains(&user);
        let is_new = !self.sees.contains_key(&user);
        let seen = self.sees.entry(user).or_default();
        if is_new && self.history == HistoryFrom::Start {
            seen.extend(1..seq);
        }
        seen.insert(seq);
        if self.members.is_empty() {
            self.owner = Some(user);
        }
        self.members.insert(user) && may
    }

    fn goes(&mut self, user: UserId) {
        self.members.remove(&user);
        self.admins.remove(&user);
    }
}
