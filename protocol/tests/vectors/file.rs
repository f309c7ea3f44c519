//! A file of vectors: a JSON array of objects, one a line, each with a `name`.

use serde_json::Value;
use std::{env, fs, path::Path};

/// The vectors of a file. `samples` are what the tests of this version know: those
/// that the file lacks are appended or reported, those that it has must be equal.
pub(crate) fn pinned(file: &str, samples: &[String]) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(file);
    let found = fs::read_to_string(&path).unwrap_or_else(|_| "[\n]\n".to_owned());
    let mut lines: Vec<&str> = found.lines().map(|line| line.trim_end_matches(',')).collect();
    assert_eq!((lines.first(), lines.last()), (Some(&"["), Some(&"]")), "{file} is one vector a line");
    lines.retain(|line| !matches!(*line, "[" | "]"));
    let missing: Vec<&str> = samples.iter().map(String::as_str).filter(|sample| !has(&lines, sample, file)).collect();
    if !missing.is_empty() {
        assert!(
            env::var_os("UPDATE_VECTORS").is_some(),
            "{file} lacks {missing:?}: UPDATE_VECTORS=1 cargo test -p rill-protocol --test vectors appends them"
        );
        lines.extend(missing);
        fs::write(&path, format!("[\n{}\n]\n", lines.join(",\n"))).unwrap();
    }
    let mut names: Vec<String> = lines.iter().map(|line| name(&parse(line))).collect();
    names.sort();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "a name stands twice in {file}");
    lines.iter().map(|line| parse(line)).collect()
}

fn has(lines: &[&str], sample: &str, file: &str) -> bool {
    let sample = parse(sample);
    let Some(pinned) = lines.iter().map(|line| parse(line)).find(|line| name(line) == name(&sample)) else {
        return false;
    };
    assert_eq!(pinned, sample, "{file}: {} is pinned; a change of the wire is a new kind", name(&sample));
    true
}

fn parse(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"))
}

fn name(vector: &Value) -> String {
    text(vector, "name").to_owned()
}

/// A field that is a text.
pub(crate) fn text<'a>(vector: &'a Value, field: &str) -> &'a str {
    vector[field].as_str().unwrap_or_else(|| panic!("no text {field} in {vector}"))
}

/// A field that is a number.
pub(crate) fn number(vector: &Value, field: &str) -> u64 {
    vector[field].as_u64().unwrap_or_else(|| panic!("no number {field} in {vector}"))
}
