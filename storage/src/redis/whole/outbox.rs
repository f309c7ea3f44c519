//! Rows on their way into a Redis that nobody uses yet: gathered, and sent together.
//!
//! Doing it again does no harm. An entry that is there already was written by an earlier
//! try, which the comparison at the end looks at.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use redis::{Pipeline, RedisError, RedisResult, pipe};
use rill_protocol::limits::IDEMPOTENCY_DAYS;

use super::access::Whole;
use crate::{
    StoreError,
    aggregates::Slot,
    limits::{COPY_BYTES_SENT, COPY_COMMANDS_SENT, COPY_SLOTS_SENT, LIST_READS_MAX, REQUEST_KEYS_SPARE_DAYS},
    redis::layout::{self, Shape},
    table::Table,
};

const DAY_SECONDS: u64 = 24 * 60 * 60;

/// What goes to one slot, in its order.
struct Part {
    slot: Option<Slot>,
    key: Vec<u8>,
    commands: Pipeline,
}

/// See the module.
pub(super) struct Outbox<'a> {
    whole: &'a Whole,
    now_ms: u64,
    parts: Vec<Part>,
    commands: usize,
    bytes: usize,
    /// The last key that forgets itself, which was told when.
    expiring: Vec<u8>,
}

fn is_there(error: &RedisError) -> bool {
    error.to_string().contains("equal or smaller")
}

impl<'a> Outbox<'a> {
    pub(super) fn new(whole: &'a Whole, now_ms: u64) -> Self {
        Self { whole, now_ms, parts: Vec::new(), commands: 0, bytes: 0, expiring: Vec::new() }
    }

    /// Where commands of a slot are added; `None` for keys of no slot.
    fn part(&mut self, slot: Option<Slot>, key: &[u8]) -> &mut Pipeline {
        // One before the other: in one pipeline, as long as it is not sent.
        let at = self.parts.iter().rposition(|part| match slot {
            Some(_) => part.slot == slot,
            None => part.key == key,
        });
        let at = at.unwrap_or_else(|| {
            self.parts.push(Part { slot, key: key.to_vec(), commands: pipe() });
            self.parts.len() - 1
        });
        self.commands += 1;
        &mut self.parts[at].commands
    }

    pub(super) fn put(&mut self, slot: Slot, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let layout::Place { bed, field } = self.whole.core.layout.place(slot, key)?;
        let name = &bed.key;
        match layout::shape(bed.table) {
            Shape::Stream => {
                let id = format!("{}-0", layout::number(&field));
                self.part(Some(slot), name).cmd("XADD").arg(name).arg(id).arg("e").arg(value);
            }
            Shape::Ordered => {
                let order = bed.beside();
                self.part(Some(slot), name).cmd("ZADD").arg(order).arg(0).arg(&field);
                self.part(Some(slot), name).cmd("HSET").arg(name).arg(&field).arg(value);
            }
            Shape::Hash | Shape::Expiring => {
                self.part(Some(slot), name).cmd("HSET").arg(name).arg(&field).arg(value);
            }
        }
        if bed.table == Table::RequestKey && self.expiring != *name {
            let day = key.get(1..5).and_then(|day| day.try_into().ok()).map_or(0, u32::from_be_bytes);
            let ends = (u64::from(day) + u64::from(IDEMPOTENCY_DAYS + 1 + REQUEST_KEYS_SPARE_DAYS)) * DAY_SECONDS;
            let seconds = ends.saturating_sub(self.now_ms / 1_000).max(DAY_SECONDS);
            self.part(Some(slot), name).cmd("EXPIRE").arg(name).arg(seconds);
            self.expiring.clone_from(name);
        }
        self.bytes += key.len() + value.len();
        // A slot of many rows; the others are sent when they end.
        if self.bytes >= 2 * COPY_BYTES_SENT || self.commands >= 2 * COPY_COMMANDS_SENT { self.send() } else { Ok(()) }
    }

    /// The slot has all its rows: it gets a version, by which nodes will remember them.
    pub(super) fn end(&mut self, slot: Slot) {
        let mut stamp = [0; 16];
        (self.whole.options.entropy)(&mut stamp[8..]);
        stamp[7] = 1;
        let name = self.whole.core.layout.rows(slot);
        self.part(Some(slot), &name).cmd("HSET").arg(&name).arg("version").arg(&stamp);
    }

    /// Puts an id into a list.
    pub(super) fn list(&mut self, list: &str, score: u64, id: &[u8]) {
        let key = self.whole.core.layout.global(list);
        self.part(None, &key).cmd("ZADD").arg(&key).arg(score).arg(id);
    }

    /// Returns when Redis has all of it.
    pub(super) fn send(&mut self) -> Result<(), StoreError> {
        let parts = std::mem::take(&mut self.parts);
        (self.commands, self.bytes) = (0, 0);
        let sent = stream::iter(parts.into_iter().map(|Part { key, commands, .. }| {
            let mut connection = self.whole.connection.clone();
            async move {
                for answer in connection.pipeline_at(&commands, &key).await? {
                    match answer.extract_error() {
                        Err(error) if is_there(&error) => {}
                        answer => drop(answer?),
                    }
                }
                RedisResult::Ok(())
            }
        }));
        self.whole.wait("writing", sent.buffer_unordered(LIST_READS_MAX).try_collect::<Vec<_>>()).map(drop)
    }

    /// Whether so many slots wait that they should be sent.
    pub(super) fn is_due(&self) -> bool {
        self.parts.len() >= COPY_SLOTS_SENT || self.commands >= COPY_COMMANDS_SENT || self.bytes >= COPY_BYTES_SENT
    }
}
