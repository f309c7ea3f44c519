//! The check of a store that no server has open, which looks at the recorded heads too.

use std::path::Path;

use super::{
    check::{self, Checked},
    closed::Closed,
    epochs,
    heads::{self, LogId},
    parts,
};
use crate::StoreError;

/// Reads everything and tells what is not as it should be (see
/// [`super::Handle::check`]). The directory's lock decides whether that may be; no log
/// gets a new epoch by it, and the data keeps its version. Blocks.
///
/// # Errors
/// There is no store, somebody has it open, or it cannot be read at all.
pub fn check(path: &Path, progress: &mut dyn FnMut(&Checked)) -> Result<Checked, StoreError> {
    let closed = Closed::open(path)?;
    let mut checked = check::check(&closed.durable, progress)?;
    heads(&closed, &mut checked)?;
    closed.close()?;
    Ok(checked)
}

/// Holds the logs against where they are recorded to end.
pub(crate) fn heads(closed: &Closed, checked: &mut Checked) -> Result<(), StoreError> {
    let file = closed.path.join(parts::HEADS);
    let recorded = heads::load(&file).map_err(|error| StoreError::Open { path: file, detail: error.to_string() })?;
    let Some((recorded, damaged)) = recorded else { return Ok(()) };
    if damaged > 0 {
        checked.find("heads", format!("recorded heads that are damaged: {damaged}"));
    }
    for (log, head) in recorded {
        let name = match log {
            LogId::Room(room) => format!("room {room}"),
            LogId::User(user) => format!("user {user}"),
        };
        // A record that does not open was found before.
        let Ok(found) = closed.durable.read(|view| epochs::find(view, log)) else { continue };
        match found {
            None => checked.find("heads", format!("{name} had {} entries and is gone", head.seq)),
            Some(found) if found.seq < head.seq => {
                checked.find("heads", format!("{name} had {} entries and has {}", head.seq, found.seq));
            }
            Some(found) if found.epoch != head.epoch => {
                checked.find("heads", format!("{name} is of another epoch than it was"));
            }
            Some(_) => {}
        }
    }
    Ok(())
}
