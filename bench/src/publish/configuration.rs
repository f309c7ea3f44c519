//! The options of a run, those that were not given too, for its report.

use clap::ArgMatches;
use serde_json::{Map, Value};

/// What says where a report goes, and not what was run.
const NOT_OF_THE_RUN: [&str; 5] = ["json", "html", "fail_if", "commit", "quiet"];
/// What is nobody else's business.
const SECRET: [&str; 2] = ["accounts", "admin_token"];

/// Of one scenario, by the options' names.
pub(super) fn of(matches: &ArgMatches) -> Map<String, Value> {
    let ids = matches.ids().map(clap::Id::as_str);
    let options = ids.filter(|id| !NOT_OF_THE_RUN.contains(id) && !SECRET.contains(id)).filter_map(|id| {
        // Groups of options have ids too, and no text.
        let texts = matches.try_get_raw(id).ok().flatten()?;
        let mut values: Vec<Value> = texts.map(|text| value(&text.to_string_lossy())).collect();
        let one = if values.len() == 1 { values.pop()? } else { Value::Array(values) };
        Some((id.to_owned(), one))
    });
    options.filter(|(id, _)| id.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_')).collect()
}

fn value(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(value @ (Value::Number(_) | Value::Bool(_))) => value,
        _ => Value::String(text.to_owned()),
    }
}
