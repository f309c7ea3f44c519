//! What makes two reports unlike before anything was measured.

use serde::Serialize;
use serde_json::Value;
use std::{collections::BTreeSet, fmt};

/// What a run was, and not what it came to. Times and ids differ anyway.
const SETTINGS: [&str; 5] = ["scenario", "version", "commit", "machine", "configuration"];

#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Unlike {
    key: String,
    a: Value,
    b: Value,
}

impl fmt::Display for Unlike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, a, b } = self;
        write!(f, "{key}: {a} and {b}")
    }
}

/// Whether a number says what was run.
pub(super) fn is_setting(path: &str) -> bool {
    SETTINGS.iter().any(|setting| path.strip_prefix(setting).is_some_and(|rest| rest.starts_with('.')))
}

pub(super) fn between(a: &Value, b: &Value) -> Vec<Unlike> {
    let mut found = Vec::new();
    for setting in SETTINGS {
        match (&a[setting], &b[setting]) {
            (Value::Object(of_a), Value::Object(of_b)) => {
                let keys: BTreeSet<&String> = of_a.keys().chain(of_b.keys()).collect();
                for key in keys {
                    let values = [of_a, of_b].map(|of| of.get(key).unwrap_or(&Value::Null));
                    add(&mut found, &format!("{setting}.{key}"), values);
                }
            }
            (a, b) => add(&mut found, setting, [a, b]),
        }
    }
    found
}

fn add(found: &mut Vec<Unlike>, key: &str, [a, b]: [&Value; 2]) {
    if a != b {
        found.push(Unlike { key: key.to_owned(), a: a.clone(), b: b.clone() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn machines_and_configurations_are_held_against_one_another() {
        let a = json!({"commit": "a", "machine": {"cores": 2}, "configuration": {"users": 50, "rate": 5}, "lost": 1});
        let b = json!({"commit": "b", "machine": {"cores": 4}, "configuration": {"users": 50}, "lost": 0});
        let keys: Vec<String> = between(&a, &b).into_iter().map(|unlike| unlike.key).collect();
        assert_eq!(keys, ["commit", "machine.cores", "configuration.rate"]);
        assert!(between(&a, &a).is_empty());
        assert!(is_setting("configuration.users") && !is_setting("users"));
    }
}
