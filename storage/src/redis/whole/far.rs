//! The rows of Redis as an engine: for functions that read one. It blocks, and takes nothing.
//!
//! Each read sees one state of its slot, and two reads one after the other may see two. What
//! lies in the archive is there as if it lay in Redis.

use parking_lot::Mutex;
use redis::{Value, cmd};
use std::{collections::BTreeMap, ops::ControlFlow, sync::Arc};
use tokio::runtime;

use crate::{
    StoreError,
    aggregates::Slot,
    embedded::read::Read as _,
    engine::{Direction, Engine, Overlay, Visit},
    limits::{HASH_ROWS_READ, SPAN_ROWS_MAX},
    redis::{
        core::Core,
        layout::{self, Layout, Shape},
        wants::{self, Row},
    },
};

/// See the module.
#[derive(Clone)]
pub(super) struct Far {
    core: Arc<Core>,
    runtime: runtime::Handle,
    /// Rows that were asked for ahead and not yet taken.
    ahead: Arc<Mutex<Overlay>>,
}

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

impl Far {
    pub(super) fn new(core: Arc<Core>, runtime: runtime::Handle) -> Self {
        Self { core, runtime, ahead: Arc::default() }
    }

    /// Forgets what was asked for ahead.
    pub(super) fn forget(&self) {
        self.ahead.lock().clear();
    }

    /// Rows of a span from its near end, no more than a script reads.
    fn page(&self, (from, until): (&[u8], &[u8]), direction: Direction) -> Result<Vec<Row>, StoreError> {
        let (slot, limit) = (Layout::slot(from)?.1, SPAN_ROWS_MAX);
        self.runtime.block_on(self.core.read(slot, |view| {
            let mut rows = Vec::new();
            view.scan_sealed((from, until), direction, limit, &mut |key, value| {
                rows.push((key.to_vec(), value.to_vec()));
                if rows.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            Ok(rows)
        }))
    }

    /// All rows of a hash, of which a script reads no more than a few.
    fn hash(&self, from: &[u8]) -> Result<Rows, StoreError> {
        let shared = &from[..layout::shared(from)];
        let (bed, _) = self.core.layout.bed(Layout::slot(from)?.1, shared)?;
        let (mut rows, mut cursor) = (Rows::new(), "0".to_owned());
        loop {
            let mut command = cmd("HSCAN");
            command.arg(&bed.key).arg(&cursor).arg("COUNT").arg(HASH_ROWS_READ);
            let answer = self.runtime.block_on(self.core.command("HSCAN", &bed.key, &command))?;
            let [next, found] = wants::list(answer)?.try_into().map_err(|_| wants::unexpected())?;
            let mut found = wants::list(found)?.into_iter();
            while let (Some(field), Some(value)) = (found.next(), found.next()) {
                let part = |value: Value| wants::bytes(value)?.ok_or_else(wants::unexpected);
                rows.insert([shared, &part(field)?].concat(), part(value)?);
            }
            cursor = String::from_utf8(wants::bytes(next)?.unwrap_or_default()).map_err(|_| wants::unexpected())?;
            if cursor == "0" {
                return Ok(rows);
            }
        }
    }

    fn fetch(&self, slot: Slot, keys: &[Vec<u8>]) -> Result<(), StoreError> {
        let found = self.runtime.block_on(self.core.read(slot, |view| {
            view.foresee(&mut keys.iter().cloned());
            keys.iter().map(|key| Ok((key.clone(), view.get_sealed(key)?))).collect::<Result<Overlay, StoreError>>()
        }))?;
        self.ahead.lock().extend(found);
        Ok(())
    }
}

impl Engine for Far {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        if let Some(value) = self.ahead.lock().remove(key) {
            return Ok(value);
        }
        let slot = Layout::slot(key)?.1;
        self.runtime.block_on(self.core.read(slot, |view| view.get_sealed(key)))
    }

    fn scan(&self, from: &[u8], until: &[u8], direction: Direction, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        if matches!(layout::shape_of(from), Shape::Hash | Shape::Expiring) {
            let rows = self.hash(from)?;
            let rows = rows.range(from.to_vec()..until.to_vec());
            let mut visit = |(key, value): (&Vec<u8>, &Vec<u8>)| visit(key, value);
            let _ = match direction {
                Direction::Forward => rows.map(&mut visit).find(ControlFlow::is_break),
                Direction::Reverse => rows.rev().map(&mut visit).find(ControlFlow::is_break),
            };
            return Ok(());
        }
        let (mut from, mut until) = (from.to_vec(), until.to_vec());
        loop {
            let rows = self.page((&from, &until), direction)?;
            for (key, value) in &rows {
                if visit(key, value).is_break() {
                    return Ok(());
                }
            }
            match rows.last() {
                Some((last, _)) if rows.len() == SPAN_ROWS_MAX => match direction {
                    Direction::Forward => from = [last, &[0][..]].concat(),
                    Direction::Reverse => until = last.clone(),
                },
                _ => return Ok(()),
            }
        }
    }

    fn foresee(&self, keys: &mut dyn Iterator<Item = Vec<u8>>) {
        let keys: Vec<_> = keys.collect();
        for part in keys.chunks(SPAN_ROWS_MAX) {
            let Some(Ok((_, slot))) = part.first().map(|key| Layout::slot(key)) else { return };
            // Whoever reads them is told the error.
            let _ = self.fetch(slot, part);
        }
    }

    fn commit(&self, _batch: Overlay) -> Result<(), StoreError> {
        Err(StoreError::Engine("these rows are read only".into()))
    }

    fn barrier(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
