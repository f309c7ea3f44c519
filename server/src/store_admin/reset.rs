//! `rill store reset`.

use rill_storage::embedded;
use serde_json::json;
use std::path::Path;

use super::{Outcome, StoreAdminError, consent::Consent};

/// Also for a store that does not open any more.
pub(super) fn run(data: &Path, consent: Consent) -> Result<Outcome, StoreAdminError> {
    let place = data.display();
    consent.ask(&format!("every account, room and message in {place} will be removed for good"))?;
    embedded::reset(data)?;
    Ok(Outcome::well(format!("removed the store in {place}; the next start makes an empty one\n"), json!({})))
}
