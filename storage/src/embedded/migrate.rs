//! A store of an earlier version brought to the present one: the version of its data,
//! and every row that an earlier program wrote in another format.
//!
//! A server does the first at its start and leaves the rows as they are, because it reads
//! every format there was. Rows can be changed one by one for the same reason: where a
//! migration is cut short, the next one goes on.

use std::{collections::BTreeMap, path::Path};

use super::{
    any_record, birth,
    closed::{Closed, page},
    named,
};
use crate::{
    StoreError,
    engine::{Engine, Overlay},
    limits::APPLY_BYTES_MAX,
    record::KeyRing,
};

/// What there is to do, or was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Versions of the data.
    pub from: u32,
    pub to: u32,
    pub rows: u64,
    /// Rows in older formats, by table.
    pub older: BTreeMap<&'static str, u64>,
}

impl Migration {
    /// Whether nothing is to be done.
    pub fn is_present(&self) -> bool {
        self.from == self.to && self.older.is_empty()
    }
}

/// Brings the closed store in `path` to the present version, or only tells what that
/// would change. `progress` is told the rows so far. Blocks.
///
/// # Errors
/// There is no store, somebody has it open, it is of a newer version, or a row of it is
/// damaged; rows before that are migrated then.
pub fn migrate(path: &Path, only_tell: bool, progress: &mut dyn FnMut(u64)) -> Result<Migration, StoreError> {
    let closed = Closed::open(path)?;
    let mut found = Migration { from: closed.version, to: birth::DATA_VERSION, rows: 0, older: BTreeMap::new() };
    if !only_tell && found.from != found.to {
        // First: a program of the earlier version must not see what follows.
        birth::write(&*closed.engine, &KeyRing, closed.secret)?;
        closed.engine.publish();
    }
    let (mut batch, mut batch_bytes) = (Overlay::new(), 0);
    let mut after: Option<Vec<u8>> = None;
    loop {
        let rows = page(&*closed.engine, after.as_deref())?;
        let Some((last, _)) = rows.last() else { break };
        after = Some(last.clone());
        for (key, value) in rows {
            found.rows += 1;
            let renewed = any_record::renew(&KeyRing, &key, &value).map_err(|error| named::naming(&key, error))?;
            let Some(renewed) = renewed else { continue };
            *found.older.entry(any_record::table(&key).map_or("unknown", |table| table.name())).or_default() += 1;
            batch_bytes += key.len() + renewed.len();
            batch.insert(key, Some(renewed));
            if batch_bytes >= APPLY_BYTES_MAX {
                write(&*closed.engine, std::mem::take(&mut batch), only_tell)?;
                batch_bytes = 0;
            }
        }
        progress(found.rows);
    }
    write(&*closed.engine, batch, only_tell)?;
    closed.close()?;
    Ok(found)
}

fn write(engine: &dyn Engine, batch: Overlay, only_tell: bool) -> Result<(), StoreError> {
    if only_tell || batch.is_empty() {
        return Ok(());
    }
    engine.commit(batch)?;
    engine.barrier()?;
    engine.publish();
    Ok(())
}
