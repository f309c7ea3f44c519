//! Sorted bytes with some keys laid over: how a batch sees itself before it is
//! committed, how readers are kept from seeing it before it is durable, and how what is
//! in the journal alone is seen.

use std::{
    cmp::Ordering,
    ops::{Bound, ControlFlow},
};

use super::{Direction, Engine, Overlay, Visit};
use crate::StoreError;

/// One key, as the overlay has it or else the engine.
pub(crate) fn get(engine: &dyn Engine, overlay: &Overlay, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    match overlay.get(key) {
        Some(value) => Ok(value.clone()),
        None => engine.get(key),
    }
}

/// A scan of the range of what lies below.
type ScanLower<'a> = dyn FnMut(&mut Visit<'_>) -> Result<(), StoreError> + 'a;

/// Visits what the overlay and the engine come to together, in order; the visitor breaks
/// after `limit` rows at the latest.
pub(crate) fn scan(
    engine: &dyn Engine,
    overlay: &Overlay,
    (from, until): (&[u8], &[u8]),
    direction: Direction,
    limit: usize,
    visit: &mut Visit<'_>,
) -> Result<(), StoreError> {
    scan_upon(
        &mut |visit| engine.scan_up_to(from, until, direction, limit, visit),
        overlay,
        (from, until),
        direction,
        visit,
    )
}

/// The same over anything that scans the range in that direction.
pub(super) fn scan_upon(
    lower: &mut ScanLower<'_>,
    overlay: &Overlay,
    (from, until): (&[u8], &[u8]),
    direction: Direction,
    visit: &mut Visit<'_>,
) -> Result<(), StoreError> {
    if from >= until {
        return Ok(());
    }
    let range = overlay.range::<[u8], _>((Bound::Included(from), Bound::Excluded(until)));
    match direction {
        Direction::Forward => merge(lower, range, direction, visit),
        Direction::Reverse => merge(lower, range.rev(), direction, visit),
    }
}

fn merge<'a>(
    lower: &mut ScanLower<'_>,
    upper: impl Iterator<Item = (&'a Vec<u8>, &'a Option<Vec<u8>>)>,
    direction: Direction,
    visit: &mut Visit<'_>,
) -> Result<(), StoreError> {
    let mut upper = upper.peekable();
    let mut flow = ControlFlow::Continue(());
    lower(&mut |key, value| {
        while let Some((upper_key, upper_value)) = upper.peek() {
            let order = match direction {
                Direction::Forward => upper_key.as_slice().cmp(key),
                Direction::Reverse => key.cmp(upper_key.as_slice()),
            };
            if order == Ordering::Greater {
                break;
            }
            if let Some(upper_value) = upper_value {
                flow = visit(upper_key, upper_value);
            }
            upper.next();
            if order == Ordering::Equal || flow.is_break() {
                return flow;
            }
        }
        flow = visit(key, value);
        flow
    })?;
    for (key, value) in upper {
        if flow.is_break() {
            break;
        }
        if let Some(value) = value {
            flow = visit(key, value);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::memory::MemoryEngine;
    use proptest::{collection::btree_map, prelude::*};
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn a_scan_gives_what_the_merged_map_holds(
            lower in btree_map(0u8..40, any::<u8>(), 0..30),
            upper in btree_map(0u8..40, any::<Option<u8>>(), 0..30),
            from in 0u8..40, until in 0u8..45, reverse: bool, limit in 1usize..40,
        ) {
            let engine = MemoryEngine::new(1 << 20);
            engine.commit(lower.iter().map(|(k, v)| (vec![*k], Some(vec![*v]))).collect()).unwrap();
            let overlay: Overlay = upper.iter().map(|(k, v)| (vec![*k], v.map(|v| vec![v]))).collect();

            let mut merged: BTreeMap<u8, u8> = lower;
            for (key, value) in upper {
                match value {
                    Some(value) => merged.insert(key, value),
                    None => merged.remove(&key),
                };
            }
            let mut expected: Vec<_> = merged.into_iter().filter(|(k, _)| (from..until).contains(k)).collect();
            if reverse {
                expected.reverse();
            }
            expected.truncate(limit);

            let mut seen = Vec::new();
            let direction = if reverse { Direction::Reverse } else { Direction::Forward };
            scan(&engine, &overlay, (&[from], &[until]), direction, limit, &mut |key, value| {
                seen.push((key[0], value[0]));
                if seen.len() == limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            }).unwrap();
            prop_assert_eq!(seen, expected);
        }
    }
}
