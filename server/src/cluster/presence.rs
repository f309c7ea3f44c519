//! Presence across nodes: tells the others who is attached here, and the hub who of those
//! that are watched here is attached elsewhere.
//!
//! A node writes when the first session of a user comes to it and when the last one goes.
//! It reads those whom its sessions watch when somebody says that they have come or gone,
//! and now and then, because that may have been lost. A node that is not heard of any more
//! takes its users offline.

use futures_util::FutureExt as _;
use parking_lot::Mutex;
use rill_protocol::UserId;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, MissedTickBehavior, interval},
};

use super::{
    attendance::{Attendance, Attended, Away, Beats, Node, idly, is_idle_word},
    bus::{Bus, Channel, Event},
    clock::AgreedClock,
    wants::Wants,
};
use crate::{
    hub::{Hub, presence::Idle},
    limits::{
        ATTENDANCE_BATCH_USERS_MAX, ATTENDANCE_REREAD_MS, ATTENDANCE_REWRITE_MS, ATTENDANCE_UNKNOWN_MS, BEAT_EVERY_MS,
        PRESENCE_TICK_MS,
    },
};

/// What was said and is to be looked into.
#[derive(Default)]
pub(super) struct Hints {
    said: Mutex<Said>,
    came: Notify,
}

#[derive(Default)]
struct Said {
    users: BTreeSet<UserId>,
    nodes: bool,
    /// What this node wrote may be lost, and what it read old.
    everything: bool,
}

impl Hints {
    pub(super) fn hear(&self, event: &Event) {
        let mut said = self.said.lock();
        match event {
            Event::Message { channel: Channel::Presence(user), .. } | Event::Heard(Channel::Presence(user)) => {
                said.users.insert(*user);
            }
            Event::Message { channel: Channel::Nodes, .. } => said.nodes = true,
            Event::Heard(Channel::Nodes) | Event::Missed => said.everything = true,
            Event::Message { .. } | Event::Heard(_) | Event::Away => return,
        }
        drop(said);
        self.came.notify_one();
    }
}

/// Which nodes live, as this one knows.
pub(super) type Living = Arc<Mutex<BTreeSet<Node>>>;

/// See the module.
pub(super) struct Presence {
    pub(super) node: Node,
    pub(super) hub: Arc<Hub>,
    pub(super) bus: Arc<dyn Bus>,
    pub(super) attendance: Arc<dyn Attendance>,
    pub(super) wants: Arc<Wants>,
    pub(super) hints: Arc<Hints>,
    pub(super) living: Living,
    pub(super) clock: Arc<AgreedClock>,
    pub(super) has_left: Arc<AtomicBool>,
    pub(super) state: State,
}

#[derive(Default)]
pub(super) struct State {
    here: BTreeMap<UserId, Here>,
    /// Users whose attendance is not written as it is.
    unwritten: BTreeSet<UserId>,
    rewritten: Round,
    watched: BTreeMap<UserId, Watched>,
    unread: BTreeSet<UserId>,
    reread: Round,
    must_beat: bool,
    /// No tries before.
    pause_until: Option<Instant>,
}

struct Here {
    attended: Attended,
    /// As it was written last, as far as is known.
    written: Option<Attended>,
}

struct Watched {
    nodes: Vec<Node>,
    since: Instant,
    is_known: bool,
}

/// Comes by everybody within a period, a few at a time.
#[derive(Default)]
struct Round {
    at: Option<UserId>,
    last: Option<Instant>,
    /// Of the next one, in users times milliseconds.
    part: u64,
}

impl Round {
    fn next<T>(&mut self, people: &BTreeMap<UserId, T>, period_ms: u64) -> Vec<UserId> {
        let now = Instant::now();
        let since = now - self.last.replace(now).unwrap_or(now);
        self.part += people.len() as u64 * (since.as_millis() as u64).min(period_ms);
        let count = self.part / period_ms;
        self.part %= period_ms;
        let mut found = Vec::new();
        for _ in 0..count {
            let behind = self.at.map_or(Bound::Unbounded, Bound::Excluded);
            let next = people.range((behind, Bound::Unbounded)).next().or_else(|| people.first_key_value());
            self.at = next.map(|(user, _)| *user);
            found.extend(self.at);
        }
        found
    }
}

/// What an answer was to.
enum Answer {
    Wrote(Vec<(UserId, Attended)>, Result<(), Away>),
    Read(Vec<UserId>, Result<Vec<Vec<Node>>, Away>),
    Beat(Result<Beats, Away>),
}

type Asking = Pin<Box<dyn Future<Output = Answer> + Send>>;

impl Presence {
    /// Never returns.
    pub(super) async fn run(mut self) {
        self.bus.subscribe(Channel::Nodes);
        let mut ticks = interval(Duration::from_millis(PRESENCE_TICK_MS));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut beats = interval(Duration::from_millis(BEAT_EVERY_MS));
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut asking: Option<Asking> = None;
        loop {
            // One question at a time, so that what is written comes in order.
            if asking.is_none() {
                asking = self.ask();
            }
            tokio::select! {
                biased;
                answer = async { match &mut asking { Some(asking) => asking.await, None => std::future::pending().await } } => {
                    asking = None;
                    self.answered(answer);
                }
                () = self.wants.people_changed() => self.want(),
                () = self.hints.came.notified() => self.hear(),
                _ = beats.tick() => self.state.must_beat = true,
                _ = ticks.tick() => self.tick(),
            }
        }
    }

    fn want(&mut self) {
        let changed = self.wants.take_people();
        let state = &mut self.state;
        for (user, attended) in changed.here {
            let here = state.here.entry(user).or_insert(Here { attended, written: None });
            here.attended = attended;
            state.unwritten.insert(user);
        }
        for (user, is_watched) in changed.watched {
            if is_watched {
                // Also if it was watched until a moment ago: the hub has forgotten.
                let watched = Watched { nodes: Vec::new(), since: Instant::now(), is_known: false };
                if state.watched.insert(user, watched).is_none() {
                    self.bus.subscribe(Channel::Presence(user));
                }
                state.unread.insert(user);
            } else if state.watched.remove(&user).is_some() {
                state.unread.remove(&user);
                self.bus.unsubscribe(Channel::Presence(user));
            }
        }
    }

    fn hear(&mut self) {
        let said = std::mem::take(&mut *self.hints.said.lock());
        let state = &mut self.state;
        state.unread.extend(said.users.into_iter().filter(|user| state.watched.contains_key(user)));
        state.must_beat |= said.nodes || said.everything;
        if said.everything {
            state.unwritten.extend(state.here.keys());
            state.unread.extend(state.watched.keys());
        }
    }

    fn tick(&mut self) {
        let state = &mut self.state;
        state.unwritten.extend(state.rewritten.next(&state.here, ATTENDANCE_REWRITE_MS));
        state.unread.extend(state.reread.next(&state.watched, ATTENDANCE_REREAD_MS));
        // Who cannot be asked about is shown as far as this node knows.
        let patience = Duration::from_millis(ATTENDANCE_UNKNOWN_MS);
        for (user, watched) in state.watched.iter_mut().filter(|(_, watched)| !watched.is_known) {
            if watched.since.elapsed() >= patience {
                watched.is_known = true;
                self.hub.presence.set_elsewhere(*user, None);
            }
        }
    }

    /// The next question, if there is one.
    fn ask(&mut self) -> Option<Asking> {
        let state = &mut self.state;
        let is_over = self.has_left.load(Relaxed);
        if is_over || state.pause_until.is_some_and(|until| until > Instant::now()) {
            return None;
        }
        let (node, attendance) = (self.node.clone(), self.attendance.clone());
        if std::mem::take(&mut state.must_beat) {
            return Some(async move { Answer::Beat(attendance.beat(&node).await) }.boxed());
        }
        let users = first(&mut state.unwritten);
        let states: Vec<_> = users.iter().filter_map(|user| Some((*user, state.here.get(user)?.attended))).collect();
        if !states.is_empty() {
            return Some(
                async move {
                    let wrote = attendance.set(&node, &states).await;
                    Answer::Wrote(states, wrote)
                }
                .boxed(),
            );
        }
        let users = first(&mut state.unread);
        if users.is_empty() {
            return None;
        }
        Some(
            async move {
                let read = attendance.nodes_of(&users).await;
                Answer::Read(users, read)
            }
            .boxed(),
        )
    }

    fn answered(&mut self, answer: Answer) {
        let state = &mut self.state;
        state.pause_until = None;
        let away = match answer {
            Answer::Beat(Ok(beats)) => return self.heard_of(beats),
            Answer::Wrote(states, Ok(())) => return self.wrote(states),
            Answer::Read(users, Ok(nodes)) => return self.read(&users, nodes),
            Answer::Beat(Err(away)) => {
                state.must_beat = true;
                away
            }
            Answer::Wrote(states, Err(away)) => {
                state.unwritten.extend(states.into_iter().map(|(user, _)| user));
                away
            }
            Answer::Read(users, Err(away)) => {
                state.unread.extend(users.into_iter().filter(|user| state.watched.contains_key(user)));
                away
            }
        };
        tracing::debug!(%away, "presence waits");
        state.pause_until = Some(Instant::now() + Duration::from_millis(PRESENCE_TICK_MS));
    }

    fn heard_of(&mut self, beats: Beats) {
        self.clock.hear(beats.now_ms);
        let state = &mut self.state;
        if beats.was_forgotten {
            // The first time too: the others look who there is.
            self.bus.publish(Channel::Nodes, self.node.to_string());
            state.unwritten.extend(state.here.keys());
        }
        let living: BTreeSet<Node> = beats.nodes.into_iter().collect();
        let changed = *self.living.lock() != living;
        *self.living.lock() = living;
        if changed {
            let users: Vec<UserId> = state.watched.keys().copied().collect();
            users.into_iter().for_each(|user| self.show(user));
        }
    }

    fn wrote(&mut self, states: Vec<(UserId, Attended)>) {
        for (user, attended) in states {
            let Some(here) = self.state.here.get_mut(&user) else { continue };
            if here.written.replace(attended) != Some(attended) {
                self.bus.publish(Channel::Presence(user), self.node.to_string());
            }
            if here.attended == Attended::No && attended == Attended::No {
                self.state.here.remove(&user);
            }
        }
    }

    fn read(&mut self, users: &[UserId], nodes: Vec<Vec<Node>>) {
        for (user, nodes) in users.iter().zip(nodes) {
            let Some(watched) = self.state.watched.get_mut(user) else { continue };
            let is_new = |node: &Node| {
                !watched.nodes.contains(node) && !is_idle_word(node) && !self.living.lock().contains(node)
            };
            // A node that has just begun, perhaps.
            self.state.must_beat |= nodes.iter().any(is_new);
            watched.nodes = nodes;
            watched.is_known = true;
            self.show(*user);
        }
    }

    fn show(&self, user: UserId) {
        let Some(watched) = self.state.watched.get(&user).filter(|watched| watched.is_known) else { return };
        let there = elsewhere(&watched.nodes, &self.node, &self.living);
        self.hub.presence.set_elsewhere(user, there);
    }
}

/// Whether one of the nodes is another one, and lives; and whether somebody is at all of those
/// idly.
pub(super) fn elsewhere(nodes: &[Node], own: &Node, living: &Living) -> Option<Idle> {
    let living = living.lock();
    let mut others = nodes.iter().filter(|node| *node != own && living.contains(*node)).peekable();
    others.peek()?;
    let is_idle = |node: &Node| {
        let word = idly(node);
        nodes.iter().any(|other| **other == *word)
    };
    Some(Idle(others.all(is_idle)))
}

/// Takes a batch out.
fn first(users: &mut BTreeSet<UserId>) -> Vec<UserId> {
    std::iter::from_fn(|| users.pop_first()).take(ATTENDANCE_BATCH_USERS_MAX).collect()
}
