//! Logins that ended at another node, or without anybody saying so: what every connection
//! would have to ask for itself every few seconds, the node asks once for all of them.
//!
//! The store tells a login before it ends ([`rill_storage::port::Endings`]), so a look finds
//! it wherever it was ended; a hint on the bus makes the look come at once. A login that was
//! told is read again with each look, for as long as its end may take.

use rill_protocol::SessionId;
use rill_storage::{
    StoreError,
    limits::ENDING_MS_MAX,
    planted::{self, Bug},
    port::{
        Endings,
        endings::{Ended, Mark},
    },
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::{
    sync::Notify,
    time::{Instant, MissedTickBehavior, interval, sleep, sleep_until},
};

use super::bus::{Bus, Channel, Event};
use crate::{
    limits::{LOGIN_LOOK_DISTANCE_MS, LOGIN_LOOK_EVERY_MS, LOGIN_SLICE_MS, LOGIN_SLICES, LOGINS_TOLD_MAX},
    metrics::Metrics,
};

/// The looks that a login is read again with: as long as its end may take, and one more.
const LOOKS: u64 = ENDING_MS_MAX.div_ceil(LOGIN_LOOK_EVERY_MS) + 1;

/// Those that have connections at this node.
pub trait Logins: Send + Sync {
    /// It may have ended: its connections read it again, if it has any here.
    fn doubt(&self, login: SessionId);
    /// All of them, in an order that is the same each time.
    fn all(&self) -> Vec<SessionId>;
}

/// Whether something was said that is worth a look.
#[derive(Default)]
pub(super) struct Hints {
    came: Notify,
}

impl Hints {
    pub(super) fn hear(&self, event: &Event) {
        if let Event::Message { channel: Channel::Logins, .. } | Event::Heard(Channel::Logins) | Event::Missed = event {
            self.came.notify_one();
        }
    }
}

/// See the module.
pub(super) struct Watch {
    endings: Arc<dyn Endings>,
    bus: Arc<dyn Bus>,
    logins: Arc<dyn Logins>,
    hints: Arc<Hints>,
    metrics: Arc<Metrics>,
    state: State,
}

#[derive(Default)]
struct State {
    mark: Option<Mark>,
    /// What was told, and with how many looks it is still to be read again.
    told: BTreeMap<SessionId, u64>,
    /// Any login may have ended: those that are still to be read, and how many at a time.
    doubted: Vec<SessionId>,
    slice: usize,
    /// More was told than is kept: everybody is doubted when it must have ended.
    doubt_all_at: Option<Instant>,
}

impl Watch {
    pub(super) fn new(
        endings: Arc<dyn Endings>,
        bus: Arc<dyn Bus>,
        logins: Arc<dyn Logins>,
        hints: Arc<Hints>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self { endings, bus, logins, hints, metrics, state: State::default() }
    }

    /// Never returns.
    pub(super) async fn run(mut self) {
        self.bus.subscribe(Channel::Logins);
        let mut looks = interval(Duration::from_millis(LOGIN_LOOK_EVERY_MS));
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut slices = interval(Duration::from_millis(LOGIN_SLICE_MS));
        slices.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let due = self.state.doubt_all_at;
            tokio::select! {
                biased;
                _ = slices.tick(), if !self.state.doubted.is_empty() => self.doubt_some(),
                _ = looks.tick() => {
                    if !planted::is(Bug::LoginHintTrusted) {
                        self.look(true).await;
                    }
                }
                () = self.hints.came.notified() => {
                    self.look(false).await;
                    // However often it is said, looks keep a distance.
                    sleep(Duration::from_millis(LOGIN_LOOK_DISTANCE_MS)).await;
                }
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    self.state.doubt_all_at = None;
                    self.doubt_all();
                }
            }
        }
    }

    /// `is_due`: what was told before is read again too.
    async fn look(&mut self, is_due: bool) {
        self.metrics.cluster.looked_at_logins();
        let found = self.endings.since(self.state.mark.clone()).await;
        let Ended { sessions, mark, is_unknown } = match found {
            Ok(ended) => ended,
            Err(StoreError::Closed) => return,
            // The mark stays where it is: the next look finds all of it.
            Err(error) => return tracing::debug!(%error, "nobody can say which logins ended"),
        };
        // What ended before the first look is known to nobody either.
        if self.state.mark.replace(mark).is_none() || is_unknown {
            self.doubt_all();
        }
        sessions.iter().for_each(|login| self.logins.doubt(*login));
        if is_due {
            self.state.told.retain(|login, looks| {
                self.logins.doubt(*login);
                *looks -= 1;
                *looks > 0
            });
        }
        self.state.told.extend(sessions.into_iter().map(|login| (login, LOOKS)));
        if self.state.told.len() > LOGINS_TOLD_MAX {
            self.state.told.clear();
            let ended = Duration::from_millis(LOOKS * LOGIN_LOOK_EVERY_MS);
            self.state.doubt_all_at = Some(Instant::now() + ended);
        }
    }

    /// In slices, so that the store is not asked about everybody at once.
    fn doubt_all(&mut self) {
        self.state.doubted = self.logins.all();
        self.state.slice = self.state.doubted.len().div_ceil(LOGIN_SLICES);
    }

    fn doubt_some(&mut self) {
        let State { doubted, slice, .. } = &mut self.state;
        let left = doubted.len().saturating_sub(*slice);
        doubted.drain(left..).for_each(|login| self.logins.doubt(login));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::local::{Exchange, LocalBus};
    use async_trait::async_trait;
    use parking_lot::Mutex;

    /// A store's list, and who was doubted and when.
    #[derive(Default)]
    struct Told {
        list: Mutex<Vec<SessionId>>,
        is_away: Mutex<bool>,
        is_lost: Mutex<bool>,
        stand: Mutex<Vec<SessionId>>,
        doubted: Mutex<Vec<(Instant, SessionId)>>,
    }

    #[async_trait]
    impl Endings for Told {
        async fn since(&self, mark: Option<Mark>) -> Result<Ended, StoreError> {
            if *self.is_away.lock() {
                return Err(StoreError::Unreachable("away".into()));
            }
            let list = self.list.lock();
            let from = mark.map_or(list.len(), |mark| usize::from(mark.0[0]));
            let is_unknown = std::mem::take(&mut *self.is_lost.lock());
            Ok(Ended { sessions: list[from..].to_vec(), mark: Mark(vec![list.len() as u8]), is_unknown })
        }
    }

    impl Logins for Told {
        fn doubt(&self, login: SessionId) {
            self.doubted.lock().push((Instant::now(), login));
        }

        fn all(&self) -> Vec<SessionId> {
            self.stand.lock().clone()
        }
    }

    impl Told {
        /// When it was doubted since the last call, in milliseconds from now.
        async fn doubts(&self, login: SessionId, within_ms: u64) -> Vec<u64> {
            let begun = Instant::now();
            self.doubted.lock().clear();
            sleep(Duration::from_millis(within_ms)).await;
            let doubted = self.doubted.lock();
            let of_login = doubted.iter().filter(|(_, other)| *other == login);
            of_login.map(|(at, _)| (*at - begun).as_millis() as u64).collect()
        }
    }

    const LOGIN: SessionId = SessionId([1; 16]);
    const SECONDS_10_MS: u64 = 10_000;

    /// What is told to a node that watches, and a way to say so.
    fn watched() -> (Arc<Told>, Arc<LocalBus>, impl Future<Output = ()>) {
        let (told, bus) = (Arc::<Told>::default(), Arc::new(Exchange::new().join()));
        let hints = Arc::<Hints>::default();
        let watch = Watch::new(told.clone(), bus.clone(), told.clone(), hints.clone(), Arc::default());
        let hearing = bus.clone();
        let run = async move {
            let hear = async {
                loop {
                    hints.hear(&hearing.next().await);
                }
            };
            tokio::join!(biased; watch.run(), hear);
        };
        (told, bus, run)
    }

    #[tokio::test(start_paused = true)]
    async fn a_login_that_is_told_is_read_until_it_must_have_ended() {
        let (told, bus, run) = watched();
        let test = async {
            sleep(Duration::from_millis(LOGIN_LOOK_EVERY_MS / 2)).await;
            told.list.lock().push(LOGIN);
            let heard = told.doubts(LOGIN, 2 * ENDING_MS_MAX).await;
            assert!(heard[0] <= LOGIN_LOOK_EVERY_MS, "nobody said so: {heard:?}");
            assert!(heard.windows(2).all(|two| two[1] - two[0] <= LOGIN_LOOK_EVERY_MS), "{heard:?}");
            let last = heard[heard.len() - 1];
            assert!((ENDING_MS_MAX..2 * ENDING_MS_MAX - LOGIN_LOOK_EVERY_MS).contains(&last), "{heard:?}");

            told.list.lock().push(LOGIN);
            bus.publish(Channel::Logins, String::new());
            let heard = told.doubts(LOGIN, 2 * ENDING_MS_MAX).await;
            assert!(heard[0] < 10 && heard.len() as u64 > LOOKS, "{heard:?}");
        };
        tokio::select! { biased; () = run => {}, () = test => {} }
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_was_away_hides_nothing_and_one_that_lost_its_list_makes_everybody_read() {
        let (told, _bus, run) = watched();
        let test = async {
            sleep(Duration::from_millis(1)).await;
            *told.is_away.lock() = true;
            told.list.lock().push(LOGIN);
            assert_eq!(told.doubts(LOGIN, 5 * SECONDS_10_MS).await, [0; 0]);
            *told.is_away.lock() = false;
            assert!(told.doubts(LOGIN, SECONDS_10_MS).await[0] <= LOGIN_LOOK_EVERY_MS);
            sleep(Duration::from_millis(2 * ENDING_MS_MAX)).await;

            let others: Vec<_> = (0..200).map(|number| SessionId([number; 16])).collect();
            *told.stand.lock() = others.clone();
            *told.is_lost.lock() = true;
            told.doubts(LOGIN, SECONDS_10_MS).await;
            let mut doubted: Vec<_> = told.doubted.lock().iter().map(|(_, login)| *login).collect();
            doubted.sort_unstable();
            assert_eq!(doubted, others, "each once");
        };
        tokio::select! { biased; () = run => {}, () = test => {} }
    }

    #[tokio::test(start_paused = true)]
    async fn of_more_than_is_kept_everybody_is_read_when_all_must_have_ended() {
        let (told, _bus, run) = watched();
        let test = async {
            sleep(Duration::from_millis(1)).await;
            let many = |number: u32| SessionId(std::array::from_fn(|at| number.to_be_bytes()[at % 4]));
            told.stand.lock().push(LOGIN);
            *told.list.lock() = (0..=LOGINS_TOLD_MAX as u32).map(many).collect();
            let heard = told.doubts(LOGIN, 4 * ENDING_MS_MAX).await;
            assert_eq!(heard.len(), 1);
            assert!(heard[0] >= ENDING_MS_MAX, "{heard:?}");
        };
        tokio::select! { biased; () = run => {}, () = test => {} }
    }
}
