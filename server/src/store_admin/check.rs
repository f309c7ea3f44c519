//! `rill store check`.

use rill_storage::embedded::{self, Checked};
use serde_json::json;
use std::path::Path;

use super::{
    Outcome, StoreAdminError,
    counted::{counted, entries},
    progress::Progress,
};

pub(super) fn run(data: &Path) -> Result<Outcome, StoreAdminError> {
    let mut progress = Progress::new();
    let checked = embedded::check(data, &mut |so_far| {
        progress.tell(|| {
            format!("{}, {}, {}", counted(so_far.rows, "row"), counted(so_far.rooms, "room"), entries(so_far.entries))
        });
    })?;
    drop(progress);
    Ok(outcome(&checked, DIRECTORY))
}

/// What to do about a data directory.
pub(super) const DIRECTORY: &str = "keep a copy of the directory, then restore it from a backup";

/// The verdict, with what to do if something is wrong.
pub(super) fn outcome(checked: &Checked, help: &str) -> Outcome {
    let Checked { rows, rooms, users, entries: in_logs, contents, findings, findings_total } = checked;
    let mut text: String = findings.iter().map(|finding| format!("{finding}\n")).collect();
    let unnamed = findings_total.saturating_sub(findings.len() as u64);
    if unnamed > 0 {
        text.push_str(&format!("and {unnamed} more\n"));
    }
    let verdict = match findings_total {
        0 => "all is well".to_owned(),
        1 => format!("1 thing is wrong: {help}"),
        found => format!("{found} things are wrong: {help}"),
    };
    // Most communities begin without one.
    let files = if *contents == 0 { String::new() } else { format!(", {}", counted(*contents, "file")) };
    text.push_str(&format!(
        "{}, {} with {}, {}{files}: {verdict}\n",
        counted(*rows, "row"),
        counted(*rooms, "room"),
        entries(*in_logs),
        counted(*users, "user")
    ));
    let list: Vec<_> = findings.iter().map(|finding| json!({ "table": finding.table, "what": finding.what })).collect();
    let json = json!({
        "sound": *findings_total == 0,
        "rows": rows,
        "rooms": rooms,
        "users": users,
        "entries": in_logs,
        "files": contents,
        "findings_total": findings_total,
        "findings": list,
    });
    Outcome { text, json, is_well: *findings_total == 0 }
}
