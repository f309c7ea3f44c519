//! Committing: commands of one slot, run over what it is, and taken if it still is.

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use super::{
    batch::{self, Ends},
    bell,
    core::Core,
    memory::Known,
    seen,
    snapshot::Snapshot,
    version::{Fate, Stamp, Version},
    wants::{self, Found, Plan},
    words::{Keys, Words},
};
use crate::{
    StoreError,
    aggregates::Slot,
    doorbell,
    embedded::{
        cache::Cache,
        heads::LogId,
        queue::Job,
        tx::{Batch, Effects, Tx},
    },
    limits::{COMMAND_BYTES_MAX, LOST_COMMITS_MAX, REDIS_PATIENCE_MS, RUNS_MAX, SCRIPT_BYTES_MAX, TURN_WAIT_MS_MAX},
};

/// What a batch without rows is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Empty {
    /// Nothing: it is not committed.
    Skipped,
    /// A version: whoever made something of the one before must look again.
    Counted,
}

/// What Redis said of a batch.
enum Offered {
    /// With the version that it made, or nothing if others have come behind it since.
    Made(Option<Version>),
    Lost(Version, Vec<Found>),
}

impl Core {
    /// Commits the commands that fit into one batch, and answers them. Those that did not
    /// fit stay.
    pub(super) async fn commit(&self, known: &Known, jobs: &mut Vec<Box<dyn Job>>, empty: Empty) {
        let mut ran = jobs.len();
        let patience = Duration::from_millis(2 * REDIS_PATIENCE_MS);
        let made = tokio::time::timeout(patience, self.try_commit(known, jobs, &mut ran, empty)).await;
        let made = made.unwrap_or_else(|_| Err(StoreError::Unreachable("other nodes kept it from its turn".into())));
        let answer = match made {
            Ok(effects) => {
                self.tell(effects);
                Ok(())
            }
            Err(error) => {
                known.remembered.forget();
                Err(error)
            }
        };
        self.commands.queued.fetch_sub(ran as u64, Relaxed);
        self.commands.commands.fetch_add(ran as u64, Relaxed);
        self.commands.batch_commands.add(ran as u64);
        let now_us = self.commands.now_us();
        for job in jobs.drain(..ran) {
            if let (Some(queued_us), Some(now_us)) = (job.queued_us(), now_us) {
                self.commands.wait_us.add(now_us.saturating_sub(queued_us));
            }
            job.reply(answer.clone());
        }
    }

    /// One at a time, as observers of a store are used to.
    fn tell(&self, effects: Effects) {
        self.seen.committed(&effects);
        let _one = self.telling.lock();
        self.observers.tell(effects);
    }

    async fn try_commit(
        &self,
        known: &Known,
        jobs: &mut [Box<dyn Job>],
        ran: &mut usize,
        empty: Empty,
    ) -> Result<Effects, StoreError> {
        let slot = known.slot;
        let snapshot = Snapshot::new(&known.remembered);
        let mut lost = 0;
        for _ in 0..RUNS_MAX {
            snapshot.begin();
            let run = self.run(&snapshot, jobs, ran, &[]);
            if snapshot.is_short() {
                self.fetch(slot, &snapshot, lost >= LOST_COMMITS_MAX).await?;
                continue;
            }
            let mut batch = run?;
            let back = self.seen.went_back(&batch.effects);
            if !back.is_empty() {
                snapshot.begin();
                batch = self.run(&snapshot, jobs, ran, &back)?;
            }
            let version = snapshot.version();
            // A turn ends with a commit, also of nothing.
            let is_nothing = batch.writes.is_empty() && empty == Empty::Skipped && lost < LOST_COMMITS_MAX;
            if is_nothing {
                if snapshot.is_true() {
                    self.settle(slot).await?;
                    return Ok(batch.effects);
                }
                snapshot.doubt();
                self.fetch(slot, &snapshot, false).await?;
                continue;
            }
            let Some(version) = version else {
                self.fetch(slot, &snapshot, false).await?;
                continue;
            };
            self.list_if_due(known, &version, &batch.writes).await?;
            self.tell_endings(&batch.effects).await?;
            match self.offer_patiently(slot, &snapshot, &version, &batch).await? {
                Offered::Made(after) => {
                    match after {
                        Some(after) => known.remembered.advance(&version, after, &batch.writes),
                        // What the others have written is not known here.
                        None => known.remembered.forget(),
                    }
                    self.note_growth(slot, &batch.effects);
                    self.counters.commits.fetch_add(1, Relaxed);
                    self.commands.batches.fetch_add(1, Relaxed);
                    let bytes = batch.writes.iter().map(|(key, value)| key.len() + value.as_ref().map_or(0, Vec::len));
                    self.commands.bytes.fetch_add(bytes.sum::<usize>() as u64, Relaxed);
                    return Ok(batch.effects);
                }
                Offered::Lost(after, mut found) => {
                    self.fill(slot, &snapshot, &mut found).await?;
                    self.counters.conflicts.fetch_add(1, Relaxed);
                    snapshot.take(after, true, found);
                    lost += 1;
                    if lost >= LOST_COMMITS_MAX {
                        self.counters.turns.fetch_add(1, Relaxed);
                        self.fetch(slot, &snapshot, true).await?;
                    }
                }
            }
        }
        Err(StoreError::Busy)
    }

    /// A log that has grown may have become too long for Redis alone.
    fn note_growth(&self, slot: Slot, effects: &Effects) {
        if let (Some(archive), Slot::Room(room)) = (&self.archive, slot)
            && let (Some((.., first)), Some((.., last))) = (effects.heads.first(), effects.heads.last())
        {
            archive.grown(room, first - 1, *last);
        }
    }

    /// What a retry finds may have been taken and not yet be as safe as was asked for.
    async fn settle(&self, slot: Slot) -> Result<(), StoreError> {
        let key = self.layout.rows(slot);
        self.link.settle(&key).await.map_err(|error| self.link.fault("waiting for replicas", &key, &error))
    }

    /// Runs commands until a batch is full; those behind it are for the next. The logs that
    /// went back get a new epoch first.
    fn run(
        &self,
        snapshot: &Snapshot<'_>,
        jobs: &mut [Box<dyn Job>],
        ran: &mut usize,
        back: &[LogId],
    ) -> Result<Batch, StoreError> {
        let mut tx = Tx::begin(&self.context, &self.ring, snapshot, Cache::for_one_batch());
        for log in back {
            tx.run(|tx| seen::renew(tx, *log))?;
        }
        for (number, job) in jobs[..*ran].iter_mut().enumerate() {
            job.run(&mut tx);
            if tx.bytes() > SCRIPT_BYTES_MAX - COMMAND_BYTES_MAX {
                *ran = number + 1;
                break;
            }
        }
        tx.finish()
    }

    async fn offer_patiently(
        &self,
        slot: Slot,
        snapshot: &Snapshot<'_>,
        version: &Version,
        batch: &Batch,
    ) -> Result<Offered, StoreError> {
        let stamp = version.next(&self.context.entropy);
        let mut wait_ms = 1;
        loop {
            if let Some(offered) = self.offer(slot, snapshot, version, stamp, batch).await? {
                return Ok(offered);
            }
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
            wait_ms = (2 * wait_ms).min(TURN_WAIT_MS_MAX);
        }
    }

    /// Asks Redis to take a batch; `None` while another node has its turn. However often it
    /// is sent, it is taken once: its stamp tells.
    async fn offer(
        &self,
        slot: Slot,
        snapshot: &Snapshot<'_>,
        version: &Version,
        stamp: Stamp,
        batch: &Batch,
    ) -> Result<Option<Offered>, StoreError> {
        let mut keys = Keys::of(self.layout.rows(slot), self.layout.turn(slot));
        let mut reads = Plan::default();
        reads.add(&self.layout, slot, &mut keys, snapshot.wants().0.iter())?;
        let checks = batch::checks(&self.layout, slot, &mut keys, &snapshot.assumed())?;
        let ends = if snapshot.is_asked() { Ends::Asked } else { Ends::Remembered };
        let writes = batch::writes(&self.layout, slot, &mut keys, &batch.writes, ends)?;

        let mut words = Words::default();
        words.word(version.newest());
        words.word(stamp.as_bytes());
        words.word(self.node.as_str());
        let changes = bell::changes(version, stamp, batch);
        match bell::of(&self.node, slot, batch, &changes) {
            Some(bell) => {
                words.word(self.publish);
                words.word(self.layout.bell(slot));
                words.word(bell.line());
                words.word(if bell.rows.is_empty() { Vec::new() } else { changes });
            }
            None => (0..4).for_each(|_| words.word("")),
        }
        words.count(reads.words.0.len());
        words.0.extend(std::mem::take(&mut reads.words.0));
        words.count(checks.0.len());
        words.0.extend(checks.0);
        words.0.extend(writes.0);
        for changed in &batch.effects.changed {
            words.word("p");
            words.word(self.publish);
            words.word(self.layout.change(*changed));
            words.word(self.node.as_str());
        }

        for (_, user) in &batch.effects.marks {
            words.word("p");
            words.word(self.publish);
            words.word(self.layout.bell(slot));
            words.word(doorbell::mark(*user));
        }
        for (_, user) in &batch.effects.chats {
            words.word("p");
            words.word(self.publish);
            words.word(self.layout.bell(slot));
            words.word(doorbell::chat(*user));
        }

        let answered = self.writing_script("writing", &self.scripts.commit, &keys.names, &words.0).await?;
        let mut answer = wants::list(answered.value)?.into_iter();
        let verdict = answer.next();
        let after = Version::of(answer.next().map_or(Ok(None), wants::bytes)?.unwrap_or_default());
        match verdict {
            Some(redis::Value::Int(1)) => {
                let is_newest = after.newest() == stamp.as_bytes();
                Ok(Some(Offered::Made(is_newest.then_some(after))))
            }
            Some(redis::Value::Int(2)) => Ok(None),
            Some(redis::Value::Int(0)) => {
                // Sent once, it was refused. Sent again, it may have been taken the first
                // time, so long ago that nobody knows. In a room that does no harm: all that
                // happens there has a client id, or is the same when it happens again.
                let was_resent = answered.sends > 1 || self.link.may_resend();
                if was_resent && matches!(slot, Slot::User(_) | Slot::Desk) && after.fate(stamp) == Fate::Unknown {
                    return Err(StoreError::Unreachable("an answer was lost, and others came after it".into()));
                }
                let found = answer.next().map_or_else(|| Err(wants::unexpected()), wants::list)?;
                Ok(Some(Offered::Lost(after, reads.read(&mut found.into_iter())?)))
            }
            _ => Err(wants::unexpected()),
        }
    }
}
