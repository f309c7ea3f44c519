//! What every call shares: the way to Redis, and reading through it.

use parking_lot::{Mutex, RwLock};
use redis::{Cmd, RedisResult, Value};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::sync::Notify;

use super::{
    archive::Archive,
    error::{self, Cause},
    layout::Layout,
    link::Link,
    memory::Slots,
    options::Spawn,
    recorded::Recorder,
    scripts::{Script, Scripts},
    seen::Seen,
    settling::is_unsettled,
    snapshot::Snapshot,
    statistics::Counters,
    version::Version,
    wants::{self, Plan},
    words::{Keys, Words},
};
use crate::{
    StoreError,
    aggregates::Slot,
    embedded::{Observers, context::Context, statistics, view::View},
    limits::{REDIS_PATIENCE_MS, REDIS_RETRY_MS_MAX, RUNS_MAX, TURN_MS},
    record::KeyRing,
};

pub(super) struct Core {
    pub(super) link: Arc<dyn Link>,
    pub(super) layout: Layout,
    pub(super) scripts: Scripts,
    /// How this node is named where others hear of it.
    pub(super) node: String,
    /// The command that rings.
    pub(super) publish: &'static str,
    pub(super) slots: Slots,
    pub(super) context: Context,
    pub(super) ring: KeyRing,
    pub(super) observers: Observers,
    pub(super) telling: Mutex<()>,
    pub(super) spawn: Spawn,
    /// Where old parts of logs lie, if this node is told.
    pub(super) archive: Option<Arc<Archive>>,
    pub(super) seen: Arc<Seen>,
    /// Where that is recorded, until the store is closed.
    pub(super) recorder: Mutex<Option<Recorder>>,
    pub(super) counters: Arc<Counters>,
    pub(super) commands: statistics::Counters,
    pub(super) is_open: RwLock<bool>,
    /// Tasks that serve slots, and who waits for the last of them.
    pub(super) serving: AtomicU64,
    pub(super) idle: Notify,
}

/// An answer, and how often it was asked for.
pub(super) struct Answered {
    pub(super) value: Value,
    pub(super) sends: u32,
}

impl Core {
    /// Asks until there is an answer, for as long as it is of use. `key` is the one that
    /// it is about.
    async fn patiently<F>(&self, what: &str, key: &[u8], ask: impl Fn() -> F) -> Result<Answered, StoreError>
    where
        F: Future<Output = RedisResult<Value>>,
    {
        let mut last = None;
        let asking = async {
            let (mut sends, mut wait_ms) = (0, 5);
            loop {
                self.counters.round_trips.fetch_add(1, Relaxed);
                sends += 1;
                match ask().await {
                    Ok(value) => return Ok(Answered { value, sends }),
                    Err(error) => match self.link.fault(what, key, &error) {
                        StoreError::Closed => return Err(StoreError::Closed),
                        fault if is_unsettled(&error) => return Err(fault),
                        fault if error::cause(&error) == Cause::Passing => last = Some(fault),
                        fault => return Err(fault),
                    },
                }
                self.counters.retries.fetch_add(1, Relaxed);
                tokio::time::sleep(Duration::from_millis(wait_ms)).await;
                wait_ms = (2 * wait_ms).min(REDIS_RETRY_MS_MAX);
            }
        };
        let asked = tokio::time::timeout(Duration::from_millis(REDIS_PATIENCE_MS), asking).await;
        let unanswered = || StoreError::Unreachable(format!("{what} was not answered in time"));
        asked.unwrap_or_else(|_| Err(last.unwrap_or_else(unanswered)))
    }

    /// A script that writes nothing.
    pub(super) async fn script(
        &self,
        what: &str,
        script: &Script,
        keys: &[Vec<u8>],
        words: &[Vec<u8>],
    ) -> Result<Answered, StoreError> {
        self.patiently(what, &keys[0], || script.call(&*self.link, keys, words)).await
    }

    /// One whose answer says that what it wrote is as safe as was asked for.
    pub(super) async fn writing_script(
        &self,
        what: &str,
        script: &Script,
        keys: &[Vec<u8>],
        words: &[Vec<u8>],
    ) -> Result<Answered, StoreError> {
        self.patiently(what, &keys[0], || script.commit(&*self.link, keys, words)).await
    }

    /// A command about a key, which does no harm when it is done twice.
    pub(super) async fn command(&self, what: &str, key: &[u8], command: &Cmd) -> Result<Value, StoreError> {
        Ok(self.patiently(what, key, || self.link.commit(command, key)).await?.value)
    }

    pub(super) fn ensure_open(&self) -> Result<(), StoreError> {
        if *self.is_open.read() { Ok(()) } else { Err(StoreError::Closed) }
    }

    /// Fetches what a snapshot lacks, and what it has if that is of another version now;
    /// returns whether it was. With a turn, others' commits wait for this node's.
    pub(super) async fn fetch(&self, slot: Slot, snapshot: &Snapshot<'_>, turn: bool) -> Result<bool, StoreError> {
        let (has, lacks) = snapshot.wants();
        let mut keys = Keys::of(self.layout.rows(slot), self.layout.turn(slot));
        let (mut had, mut lacked) = (Plan::default(), Plan::default());
        had.add(&self.layout, slot, &mut keys, has.iter())?;
        lacked.add(&self.layout, slot, &mut keys, lacks.iter())?;

        let mut words = Words::default();
        words.word(snapshot.version().map_or_else(Vec::new, |version| version.newest().to_vec()));
        words.word(if turn { self.node.as_str() } else { "" });
        words.count(TURN_MS);
        words.count(had.words.0.len());
        words.0.extend(std::mem::take(&mut had.words.0));
        words.0.extend(std::mem::take(&mut lacked.words.0));

        let answer = self.script("reading", &self.scripts.fetch, &keys.names, &words.0).await?.value;
        let [version, is_changed, found] = wants::list(answer)?.try_into().map_err(|_| wants::unexpected())?;
        let version = Version::of(wants::bytes(version)?.unwrap_or_default());
        let is_changed = is_changed == Value::Int(1);
        let mut answers = wants::list(found)?.into_iter();
        let mut found = if is_changed { had.read(&mut answers)? } else { Vec::new() };
        found.extend(lacked.read(&mut answers)?);
        self.fill(slot, snapshot, &mut found).await?;
        self.seen.read(&self.ring, &found);
        snapshot.take(version, is_changed, found);
        Ok(is_changed)
    }

    /// Runs a function over one state of a slot, which is a state of this call's time.
    pub(super) async fn read<T>(
        &self,
        slot: Slot,
        read: impl Fn(&View<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.ensure_open()?;
        let known = self.slots.known(slot);
        let snapshot = Snapshot::new(&known.remembered);
        let mut reads = &self.counters.confirmed_reads;
        for _ in 0..RUNS_MAX {
            snapshot.begin();
            let outcome = read(&View::of(&self.ring, &snapshot));
            let is_short = snapshot.is_short();
            if !is_short && snapshot.is_true() {
                reads.fetch_add(1, Relaxed);
                return outcome;
            }
            let is_changed = self.fetch(slot, &snapshot, false).await?;
            if is_short || is_changed {
                reads = &self.counters.fetched_reads;
            } else {
                reads.fetch_add(1, Relaxed);
                return outcome;
            }
        }
        Err(StoreError::Busy)
    }
}
