//! Keeps the logs that this node's sessions follow as they are in the store, whoever
//! appends to them.
//!
//! A doorbell beyond what the hub has brings the entries, or makes one read for the whole
//! node; either way they enter the room the way its own do. What a lost doorbell hid, the look at every
//! beginning of a hearing finds, or the sweep: the bus is never the truth.

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use rill_protocol::UserId;
use rill_storage::{
    Store, StoreError,
    doorbell::{self, Doorbell},
    model::UserHead,
    planted::{self, Bug},
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::{
    bus::{Bus, Channel, Event},
    places::{Looked, Places},
    wants::{Log, Wants},
};
use crate::{
    hub::{Hub, LiveRoom, interest::Missing, shared::Fed},
    limits::{
        CATCH_UP_BEHIND_MAX, CATCH_UP_BYTES_MAX, CATCH_UP_ENTRIES_MAX, CATCH_UP_READS_MAX, EARLY_DOORBELL_MS,
        OWN_DOORBELL_MS, SWEEP_TICK_MS,
    },
    metrics::Metrics,
};

/// See the module.
pub(super) struct Follower {
    pub(super) hub: Arc<Hub>,
    pub(super) store: Store,
    pub(super) bus: Arc<dyn Bus>,
    pub(super) wants: Arc<Wants>,
    pub(super) metrics: Arc<Metrics>,
    /// As it stands in this node's own doorbells.
    pub(super) node: Arc<str>,
    pub(super) places: Places,
    /// Where the logs of attached users end, as far as their sessions were told.
    pub(super) user_heads: BTreeMap<UserId, UserHead>,
}

/// What a doorbell brought.
enum Told {
    /// The room has what the one who rang had.
    Everything,
    /// Something in front of it is missing.
    Early,
    Nothing,
}

/// What was found.
enum Found {
    Room(Looked),
    User(Option<UserHead>),
}

impl Follower {
    /// Never returns. Events of channels that are not its own go to `other`.
    pub(super) async fn run(mut self, other: impl Fn(Event)) {
        let mut reads = FuturesUnordered::new();
        let mut sweep = interval(Duration::from_millis(SWEEP_TICK_MS));
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            while reads.len() < CATCH_UP_READS_MAX
                && let Some(log) = self.places.next()
            {
                self.metrics.cluster.looked();
                reads.push(look(self.hub.clone(), self.store.clone(), log));
            }
            let due = self.places.due();
            tokio::select! {
                biased;
                Some((log, found)) = reads.next() => self.found(log, found),
                () = self.wants.logs_changed() => self.want(),
                event = self.bus.next() => self.hear(event, &other),
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    let hub = self.hub.clone();
                    self.places.ripen(Instant::now(), |log| match log {
                        Log::Room(room) => hub.room(room).map_or(u64::MAX, |live| live.reached()),
                        Log::User(_) => 0,
                    });
                }
                _ = sweep.tick() => {
                    if !planted::is(Bug::DoorbellTrusted) {
                        self.places.sweep(Instant::now());
                    }
                }
            }
        }
    }

    fn want(&mut self) {
        let (changed, now) = (self.wants.take_logs(), Instant::now());
        for (log, is_followed) in changed.followed {
            let channel = match log {
                Log::Room(room) => Channel::Room(room),
                Log::User(user) => Channel::User(user),
            };
            if !is_followed {
                self.forget(log);
                self.bus.unsubscribe(channel);
            } else if self.places.follow(log) {
                self.bus.subscribe(channel);
            } else {
                // It went and came back between two looks of ours: it was heard all the
                // time, and what was said between was said to nobody.
                self.places.look(log, now);
            }
        }
        for (room, missing) in changed.behind {
            let log = Log::Room(room);
            match missing {
                Missing::Until(seq) => self.places.look_later(log, now + Duration::from_millis(EARLY_DOORBELL_MS), seq),
                Missing::Unknown => self.places.look(log, now),
            }
        }
    }

    fn forget(&mut self, log: Log) {
        self.places.unfollow(log);
        if let Log::User(user) = log {
            self.user_heads.remove(&user);
        }
    }

    fn hear(&mut self, event: Event, other: &impl Fn(Event)) {
        let now = Instant::now();
        match &event {
            Event::Message { channel: Channel::Room(room), payload } => {
                if let Some(user) = doorbell::marked(payload) {
                    return self.hub.mark_moved(*room, user);
                }
                if let Some(user) = doorbell::chat_changed(payload) {
                    return self.hub.private_chat_changed(*room, user);
                }
                let (Some(bell), Some(live)) = (Doorbell::parse(payload), self.hub.room(*room)) else { return };
                self.metrics.cluster.rung();
                self.room_rings(&live, &bell, now);
            }
            Event::Message { channel: Channel::User(user), payload } => {
                let Some(bell) = Doorbell::parse(payload) else { return };
                self.metrics.cluster.rung();
                self.user_rings(*user, &bell, now);
            }
            Event::Heard(_) | Event::Missed if planted::is(Bug::DoorbellTrusted) => {}
            Event::Heard(Channel::Room(room)) => self.places.look(Log::Room(*room), now),
            Event::Heard(Channel::User(user)) => self.places.look(Log::User(*user), now),
            Event::Missed => {
                self.places.look_at_all(now);
                other(event);
            }
            Event::Message { .. } | Event::Heard(_) | Event::Away => other(event),
        }
    }

    fn room_rings(&mut self, live: &Arc<LiveRoom>, bell: &Doorbell<'_>, now: Instant) {
        let log = Log::Room(live.id);
        let is_another = bell.epoch.is_some_and(|epoch| epoch != live.epoch());
        if is_another {
            self.places.look(log, now);
        } else if bell.seq <= live.reached() {
            // It came by itself, or was read before it rang.
        } else if bell.node == &*self.node {
            // The answer to an own append is on its way, unless it was lost.
            self.places.look_later(log, now + Duration::from_millis(OWN_DOORBELL_MS), bell.seq);
        } else {
            match self.take_in(live, bell) {
                Told::Everything => self.metrics.cluster.told(),
                // What lies in front of it is on its way, or was appended here and not answered yet.
                Told::Early => self.places.look_later(log, now + Duration::from_millis(EARLY_DOORBELL_MS), bell.seq),
                Told::Nothing => self.places.look(log, now),
            }
        }
    }

    /// Puts what a doorbell brings into the room, in its place.
    fn take_in(&self, live: &Arc<LiveRoom>, bell: &Doorbell<'_>) -> Told {
        let Some(epoch) = bell.epoch.filter(|_| !bell.rows.is_empty()) else { return Told::Nothing };
        match self.store.log.told(live.id, bell) {
            Ok(entries) => match self.hub.told(live, epoch, &entries) {
                true => Told::Everything,
                false => Told::Early,
            },
            Err(error) => {
                tracing::debug!(room = %live.id, %error, "a doorbell brings what cannot be read; the log is");
                Told::Nothing
            }
        }
    }

    fn user_rings(&mut self, user: UserId, bell: &Doorbell<'_>, now: Instant) {
        match self.user_heads.get_mut(&user) {
            Some(head) if bell.epoch.is_none_or(|epoch| epoch == head.epoch) => {
                if bell.seq > head.seq {
                    head.seq = bell.seq;
                    self.hub.user_log_grew(user);
                }
            }
            _ => self.places.look(Log::User(user), now),
        }
    }

    fn found(&mut self, log: Log, found: Result<Found, StoreError>) {
        let now = Instant::now();
        let looked = match (log, found) {
            (_, Ok(Found::Room(looked))) => looked,
            (Log::User(user), Ok(Found::User(Some(head)))) if self.places.follows(log) => {
                self.user_found(user, head);
                Looked::UpToDate
            }
            (_, Ok(Found::User(_))) => Looked::UpToDate,
            (_, Err(error)) => {
                tracing::debug!(?log, %error, "a log cannot be looked at; it will be again");
                Looked::Failed
            }
        };
        self.places.looked(log, looked, now);
    }

    fn user_found(&mut self, user: UserId, head: UserHead) {
        match self.user_heads.insert(user, head) {
            Some(before) if before.epoch != head.epoch => self.hub.user_log_restarted(user),
            Some(before) if before.seq >= head.seq => {}
            // Sessions that read their log before it was heard may lack something.
            _ => self.hub.user_log_grew(user),
        }
    }
}

/// Reads what a log has that this node lacks, and feeds it to the hub.
async fn look(hub: Arc<Hub>, store: Store, log: Log) -> (Log, Result<Found, StoreError>) {
    let found = match log {
        Log::Room(room) => match hub.room(room) {
            Some(live) => look_at_room(&hub, &store, &live).await.map(Found::Room),
            None => Ok(Found::Room(Looked::UpToDate)),
        },
        Log::User(user) => store.user_log.head(user).await.map(Found::User),
    };
    (log, found)
}

async fn look_at_room(hub: &Hub, store: &Store, live: &Arc<LiveRoom>) -> Result<Looked, StoreError> {
    let (mut after, mut is_skipped, mut is_doubted) = (live.reached(), false, false);
    loop {
        let tail = store.log.tail(live.id, after, CATCH_UP_ENTRIES_MAX, CATCH_UP_BYTES_MAX).await?;
        let Some((head, entries)) = tail else { return Ok(Looked::UpToDate) };
        let is_same = head.epoch == live.epoch();
        if is_same && !is_skipped && head.seq.saturating_sub(after) > CATCH_UP_BEHIND_MAX {
            // So far back followers read the store themselves: the room goes on near the end.
            is_skipped = true;
            after = head.seq - CATCH_UP_ENTRIES_MAX as u64 / 2;
            continue;
        }
        if is_same && !is_doubted && head.seq < after {
            // More was brought here than there is: by a primary that others have given up.
            is_doubted = true;
            store.log.doubt(live.id).await?;
            continue;
        }
        return Ok(match hub.feed(live, &head, &entries) {
            Fed::Behind if !entries.is_empty() => Looked::MoreIsThere,
            Fed::Behind | Fed::UpToDate | Fed::Restarted => Looked::UpToDate,
        });
    }
}
