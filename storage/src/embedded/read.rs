//! Reading records, from a durable view or from within a batch.

use std::ops::ControlFlow;

use super::keys::{Key, Parts, Span};
use crate::{
    StoreError,
    engine::{Direction, Visit},
    record::{self, KeyRing, Record},
};

/// Sorted bytes that hold sealed records.
pub(crate) trait Read {
    fn ring(&self) -> &KeyRing;
    fn get_sealed(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    /// The visitor must not read: see [`Visit`]. It breaks after `limit` rows at the latest.
    fn scan_sealed(
        &self,
        range: (&[u8], &[u8]),
        direction: Direction,
        limit: usize,
        visit: &mut Visit<'_>,
    ) -> Result<(), StoreError>;
    /// Whether rows may have to be fetched from afar, so that two that are read one after the
    /// other cost more than one that is read for nothing.
    fn is_partial(&self) -> bool;
    /// These keys are read next.
    fn foresee(&self, keys: &mut dyn Iterator<Item = Vec<u8>>);

    /// The record under a key.
    fn get<R: Record>(&self, key: &Key<R>) -> Result<Option<R>, StoreError> {
        let sealed = self.get_sealed(&key.bytes)?;
        sealed.map(|value| record::open(self.ring(), key.table, &key.bytes, &value)).transpose()
    }

    /// The record under a key that other records say is there.
    fn need<R: Record>(&self, key: &Key<R>) -> Result<R, StoreError> {
        self.get(key)?.ok_or_else(|| StoreError::Damaged {
            table: key.table.name(),
            detail: "a record that others refer to is missing".into(),
        })
    }

    /// Whether there is something under a key.
    fn contains<R: Record>(&self, key: &Key<R>) -> Result<bool, StoreError> {
        Ok(self.get_sealed(&key.bytes)?.is_some())
    }

    /// At most `limit` records of a span, each with the parts of its key.
    fn collect<R: Record, T>(
        &self,
        span: &Span<R>,
        direction: Direction,
        limit: usize,
        mut map: impl FnMut(&mut Parts<'_>, R) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut rows = Vec::new();
        let mut failure = None;
        if limit == 0 {
            return Ok(rows);
        }
        self.scan_sealed((&span.from, &span.until), direction, limit, &mut |key, value| {
            let row = record::open(self.ring(), span.table, key, value);
            match row.and_then(|row| map(&mut Parts::new(span.table, key), row)) {
                Ok(row) => rows.push(row),
                Err(error) => failure = Some(error),
            }
            if failure.is_some() || rows.len() == limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        failure.map_or(Ok(rows), Err)
    }
}
