//! One state of a slot, as far as it was fetched: what a method runs over.
//!
//! A method that asks for a row which is not here ends early, and the row is noted. The
//! snapshot then fetches what was noted, together with all it has if that is of another
//! version by now, and the method runs again. Until the snapshot has asked Redis once, what
//! it has is what the node remembers, and that is only held for true once Redis has said
//! that the version is still the same.

use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};

use super::{
    layout::{self, Shape},
    memory::Remembered,
    version::Version,
    wants::{Found, Row, Span, Want},
};
use crate::{
    StoreError,
    engine::{Direction, Engine, Overlay, Visit},
    limits::SPAN_ROWS_MAX,
    table::Table,
};

#[derive(Default)]
struct State {
    /// Nothing until the node remembered one, or Redis was asked.
    version: Option<Version>,
    /// Redis has said so in this call.
    is_true: bool,
    rows: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    whole: BTreeMap<Vec<u8>, Vec<Row>>,
    spans: Vec<(Span, Vec<Row>, bool)>,
    missing: Vec<Want>,
    /// Rows that are taken for absent without having been asked for: the commit looks.
    assumed: BTreeSet<Vec<u8>>,
}

pub(super) struct Snapshot<'a> {
    remembered: &'a Remembered,
    state: Mutex<State>,
}

/// Rows that are asked for soon after the one that is missing.
fn companions(key: &[u8], missing: &mut Vec<Want>) {
    let mut also = |table: Table| missing.push(Want::Row([&[table as u8], &key[1..]].concat()));
    match Table::of(key[0]) {
        Some(Table::RoomHead) => also(Table::Room),
        Some(Table::Room) => also(Table::RoomHead),
        Some(Table::User) => also(Table::UserHead),
        Some(Table::UserHead) => also(Table::User),
        Some(Table::Standing | Table::Member) => {
            [Table::Standing, Table::Member, Table::FormerMember].into_iter().for_each(also);
        }
        // Whatever is read of a log, how much of it lies elsewhere must be known.
        Some(Table::Entry | Table::Body) => {
            missing.push(Want::Row([&[Table::Archived as u8], &key[1..17]].concat()));
        }
        _ => {}
    }
}

fn not_here() -> StoreError {
    StoreError::Engine("a row is not fetched yet".into())
}

impl<'a> Snapshot<'a> {
    pub(super) fn new(remembered: &'a Remembered) -> Self {
        let state = State { version: remembered.version(), ..State::default() };
        Self { remembered, state: Mutex::new(state) }
    }

    /// Whether the last run asked for what is not here.
    pub(super) fn is_short(&self) -> bool {
        !self.state.lock().missing.is_empty()
    }

    /// Whether Redis was asked in this call.
    pub(super) fn is_asked(&self) -> bool {
        self.state.lock().is_true
    }

    /// Whether what is here was the slot's state at some moment of this call.
    pub(super) fn is_true(&self) -> bool {
        let state = self.state.lock();
        state.is_true && state.assumed.is_empty()
    }

    pub(super) fn version(&self) -> Option<Version> {
        self.state.lock().version.clone()
    }

    /// What it has, and what it lacks.
    pub(super) fn wants(&self) -> (Vec<Want>, Vec<Want>) {
        let state = self.state.lock();
        let rows = state.rows.keys().chain(&state.assumed).cloned().map(Want::Row);
        let whole = state.whole.keys().cloned().map(Want::Whole);
        let spans = state.spans.iter().map(|(span, ..)| Want::Span(span.clone()));
        let has: Vec<_> = rows.chain(whole).chain(spans).collect();
        let mut lacks = state.missing.clone();
        let mut seen = std::collections::HashSet::new();
        lacks.retain(|want| seen.insert(want.clone()));
        lacks.retain(|want| !matches!(want, Want::Row(key) if state.rows.contains_key(key)));
        (has, lacks)
    }

    /// Asks for what was assumed, where no commit will look.
    pub(super) fn doubt(&self) {
        let mut state = self.state.lock();
        let assumed = std::mem::take(&mut state.assumed);
        state.missing.extend(assumed.into_iter().map(Want::Row));
    }

    /// Rows that the commit must find absent.
    pub(super) fn assumed(&self) -> Vec<Vec<u8>> {
        self.state.lock().assumed.iter().cloned().collect()
    }

    /// Takes what was fetched: `found` is all it wants if the version is another, else what
    /// it lacked.
    pub(super) fn take(&self, version: Version, is_changed: bool, found: Vec<Found>) {
        let mut state = self.state.lock();
        if is_changed {
            *state = State::default();
        }
        state.missing.clear();
        state.is_true = true;
        for found in found {
            match found {
                Found::Row(key, value) => drop(state.rows.insert(key, value)),
                Found::Whole(shared, rows) => drop(state.whole.insert(shared, rows)),
                Found::Span(span, rows, more) => state.spans.push((span, rows, more)),
            }
        }
        self.remembered.learn(&version, &state.rows);
        state.version = Some(version);
    }

    /// A row that was fetched.
    pub(super) fn fetched(&self, key: &[u8]) -> Option<Option<Vec<u8>>> {
        self.state.lock().rows.get(key).cloned()
    }

    /// Before another run: what the last one assumed is not asked again unless it is.
    pub(super) fn begin(&self) {
        let mut state = self.state.lock();
        state.missing.clear();
        state.assumed.clear();
    }

    fn remembered(&self, state: &mut State, key: &[u8]) -> Option<Option<Vec<u8>>> {
        let value = self.remembered.get(state.version.as_ref()?, key)?;
        state.rows.insert(key.to_vec(), value.clone());
        Some(value)
    }
}

impl State {
    fn get(&self, key: &[u8], shared: &[u8]) -> Option<Option<Vec<u8>>> {
        if let Some(value) = self.rows.get(key) {
            return Some(value.clone());
        }
        if let Some(rows) = self.whole.get(shared) {
            let found = rows.binary_search_by(|(row, _)| row.as_slice().cmp(key));
            return Some(found.ok().map(|at| rows[at].1.clone()));
        }
        let of_table = self.spans.iter().filter(|(span, ..)| span.from.first() == key.first());
        of_table.into_iter().find_map(|(_, rows, _)| Some(Some(rows.iter().find(|(row, _)| row == key)?.1.clone())))
    }
}

impl Engine for Snapshot<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let mut state = self.state.lock();
        let shared = &key[..layout::shared(key)];
        if let Some(value) = state.get(key, shared) {
            return Ok(value);
        }
        if let Some(value) = self.remembered(&mut state, key) {
            return Ok(value);
        }
        if layout::shape_of(key) == Shape::Expiring {
            state.assumed.insert(key.to_vec());
            return Ok(None);
        }
        state.missing.push(Want::Row(key.to_vec()));
        companions(key, &mut state.missing);
        Err(not_here())
    }

    fn scan(&self, from: &[u8], until: &[u8], direction: Direction, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        self.scan_up_to(from, until, direction, usize::MAX, visit)
    }

    fn scan_up_to(
        &self,
        from: &[u8],
        until: &[u8],
        direction: Direction,
        limit: usize,
        visit: &mut Visit<'_>,
    ) -> Result<(), StoreError> {
        let mut state = self.state.lock();
        if matches!(layout::shape_of(from), Shape::Hash | Shape::Expiring) {
            let shared = &from[..layout::shared(from)];
            let Some(rows) = state.whole.get(shared) else {
                state.missing.push(Want::Whole(shared.to_vec()));
                return Err(not_here());
            };
            let within = |(key, _): &&Row| key.as_slice() >= from && key.as_slice() < until;
            let mut visit = |(key, value): &Row| visit(key, value);
            let _ = match direction {
                Direction::Forward => rows.iter().filter(within).try_for_each(&mut visit),
                Direction::Reverse => rows.iter().rev().filter(within).try_for_each(&mut visit),
            };
            return Ok(());
        }
        // In pieces, each from behind the one before.
        let limit = limit.clamp(1, SPAN_ROWS_MAX);
        let mut span = Span { from: from.to_vec(), until: until.to_vec(), direction, limit };
        loop {
            let Some((_, rows, more)) = state.spans.iter().find(|(fetched, ..)| *fetched == span) else {
                companions(&span.from, &mut state.missing);
                state.missing.push(Want::Span(span));
                return Err(not_here());
            };
            for (key, value) in rows {
                if visit(key, value) == ControlFlow::Break(()) {
                    return Ok(());
                }
            }
            match rows.last() {
                Some((last, _)) if *more => match direction {
                    Direction::Forward => span.from = [last, &[0][..]].concat(),
                    Direction::Reverse => span.until = last.clone(),
                },
                _ => return Ok(()),
            }
        }
    }

    fn foresee(&self, keys: &mut dyn Iterator<Item = Vec<u8>>) {
        let mut state = self.state.lock();
        for key in keys {
            let is_here = state.get(&key, &key[..layout::shared(&key)]).is_some();
            if !is_here && self.remembered(&mut state, &key).is_none() {
                state.missing.push(Want::Row(key));
            }
        }
    }

    fn commit(&self, _batch: Overlay) -> Result<(), StoreError> {
        Err(StoreError::Engine("what was fetched takes no batch".into()))
    }

    fn barrier(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn shows_early(&self) -> bool {
        false
    }

    fn is_partial(&self) -> bool {
        true
    }
}
