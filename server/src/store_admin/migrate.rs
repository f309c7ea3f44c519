//! `rill store migrate`.

use rill_storage::embedded::{self, Migration};
use serde_json::json;
use std::path::Path;

use super::{Outcome, StoreAdminError, consent::Consent, progress::Progress};

fn plan(found: &Migration) -> String {
    let mut parts = Vec::new();
    if found.from != found.to {
        parts.push(format!(
            "the data gets version {} (it has {}), which earlier programs do not open",
            found.to, found.from
        ));
    }
    if !found.older.is_empty() {
        let tables: Vec<_> = found.older.iter().map(|(table, rows)| format!("{rows} of {table}")).collect();
        parts.push(format!("rows in earlier formats are written anew: {}", tables.join(", ")));
    }
    parts.join("; ")
}

fn json(found: &Migration, is_done: bool) -> serde_json::Value {
    json!({
        "from": found.from,
        "to": found.to,
        "rows": found.rows,
        "older": found.older,
        "done": is_done,
    })
}

fn look(data: &Path, only_tell: bool) -> Result<Migration, StoreAdminError> {
    let mut progress = Progress::new();
    Ok(embedded::migrate(data, only_tell, &mut |rows| progress.tell(|| format!("{rows} rows")))?)
}

pub(super) fn run(data: &Path, is_dry: bool, consent: Consent) -> Result<Outcome, StoreAdminError> {
    let found = look(data, true)?;
    if found.is_present() {
        let text = format!(
            "nothing to do: the data has version {} and its {} rows are in the present formats\n",
            found.to, found.rows
        );
        return Ok(Outcome::well(text, json(&found, false)));
    }
    let plan = plan(&found);
    if is_dry {
        return Ok(Outcome::well(format!("to do: {plan}\n"), json(&found, false)));
    }
    consent.ask(&plan)?;
    let done = look(data, false)?;
    Ok(Outcome::well(format!("done: {plan}\n"), json(&done, true)))
}
