//! The numbers of a report by their paths: `latency_ms.p99`, `pairs.0.ratio`.

use serde_json::Value;

/// Jaro-Winkler likeness of a name that somebody may have meant.
const LIKENESS_MIN: f64 = 0.75;

/// Every number, in the order of the paths.
pub(crate) fn numbers(report: &Value) -> Vec<(String, f64)> {
    let mut found = Vec::new();
    gather(report, String::new(), &mut found);
    found
}

fn gather(value: &Value, path: String, found: &mut Vec<(String, f64)>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Number(number) => found.extend(number.as_f64().map(|number| (path, number))),
        Value::Object(fields) => fields.iter().for_each(|(key, value)| gather(value, below(key), found)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| gather(item, below(&at.to_string()), found));
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// Why a name is no path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    Unknown { nearest: Option<String> },
    Ambiguous { paths: Vec<String> },
}

/// The one of `paths` that is meant: itself, or the only one that ends so.
pub(crate) fn meant<'a>(name: &str, paths: impl Iterator<Item = &'a str> + Clone) -> Result<&'a str, Missing> {
    // What everybody calls p99.9 has no point in a path.
    let name = name.replace("p99.9", "p99_9");
    if let Some(exact) = paths.clone().find(|path| *path == name) {
        return Ok(exact);
    }
    let ends_so = |path: &&str| path.strip_suffix(name.as_str()).is_some_and(|rest| rest.ends_with('.'));
    // One of a list is meant only where its number is said.
    let ending: Vec<&str> = paths.clone().filter(|path| !is_of_a_list(path)).filter(ends_so).collect();
    match ending[..] {
        [one] => Ok(one),
        [] => Err(Missing::Unknown { nearest: nearest(&name, paths) }),
        _ => Err(Missing::Ambiguous { paths: ending.into_iter().map(str::to_owned).collect() }),
    }
}

pub(crate) fn is_of_a_list(path: &str) -> bool {
    path.split('.').any(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
}

fn nearest<'a>(name: &str, paths: impl Iterator<Item = &'a str>) -> Option<String> {
    let last = |path: &'a str| path.rsplit('.').next().unwrap_or(path);
    let likeness = |path: &'a str| strsim::jaro_winkler(name, path).max(strsim::jaro_winkler(name, last(path)));
    let likely = paths.map(|path| (likeness(path), path)).filter(|(likeness, _)| *likeness > LIKENESS_MIN);
    likely.max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, path)| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(name: &str, expected: Result<&str, Missing>) {
        let report = json!({
            "lost": 0, "ok": true, "name": "x", "nothing": null,
            "latency_ms": {"p50": 1.5, "p99": 2, "p99_9": 3},
            "with": {"p90": 1}, "without": {"p90": 2},
            "pairs": [{"ratio": 0.5, "own": 1}, {"ratio": 0.6, "own": 2}], "ratio": 0.55,
        });
        let numbers = numbers(&report);
        assert_eq!(meant(name, numbers.iter().map(|(path, _)| path.as_str())), expected, "{name}");
    }

    #[test]
    fn a_number_is_named_by_as_much_of_its_path_as_is_unique() {
        check("lost", Ok("lost"));
        check("p99", Ok("latency_ms.p99"));
        check("latency_ms.p99", Ok("latency_ms.p99"));
        check("p99.9", Ok("latency_ms.p99_9"));
        check("ratio", Ok("ratio"));
        check("pairs.1.ratio", Ok("pairs.1.ratio"));
        let paths = vec!["with.p90".to_owned(), "without.p90".to_owned()];
        check("p90", Err(Missing::Ambiguous { paths }));
        let none = || Missing::Unknown { nearest: None };
        check("zzz", Err(none()));
        check("ok", Err(none()));
        check("lots", Err(Missing::Unknown { nearest: Some("lost".to_owned()) }));
    }
}
