//! Values on top of each other: defaults, then the file, then variables, then flags;
//! each with where it came from. Pure: what is read and what is set is given.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};
use toml::{Table, Value};

use super::{
    ConfigError,
    keys::{self, Key},
};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Default,
    /// A line of the configuration file, counted from 1.
    File {
        path: PathBuf,
        line: usize,
    },
    Variable(String),
    Flag(String),
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => out.write_str("default"),
            Self::File { path, line } => write!(out, "{}, line {line}", path.display()),
            Self::Variable(name) | Self::Flag(name) => out.write_str(name),
        }
    }
}

/// What is set so far.
#[derive(Debug, Default)]
pub(super) struct Layers {
    values: BTreeMap<&'static str, (Value, Source)>,
}

impl Layers {
    /// Lays a value over what is there. `found` is the value as it was written.
    pub(super) fn lay(
        &mut self,
        key: &'static Key,
        value: Option<Value>,
        found: impl fmt::Display,
        source: Source,
    ) -> Result<(), ConfigError> {
        let Some(value) = value else {
            let found = if key.is_secret { "what is there".to_owned() } else { found.to_string() };
            let (key, expected) = (key.path.to_owned(), key.kind.expects());
            return Err(ConfigError::WrongValue { source_: source, key, expected, found });
        };
        self.values.insert(key.path, (value, source));
        Ok(())
    }

    /// Lays a value that is text over what is there.
    pub(super) fn lay_text(&mut self, key: &'static Key, text: &str, source: Source) -> Result<(), ConfigError> {
        self.lay(key, key.kind.read_text(text), format_args!("{text:?}"), source)
    }

    /// Another default, where nothing is set.
    pub(super) fn lay_under(&mut self, path: &'static str, value: Value) {
        self.values.entry(path).or_insert((value, Source::Default));
    }

    pub(super) fn get(&self, path: &str) -> Option<&Value> {
        self.values.get(path).map(|(value, _)| value)
    }

    pub(super) fn source(&self, path: &str) -> Source {
        self.values.get(path).map_or(Source::Default, |(_, source)| source.clone())
    }

    /// As a tree of sections.
    pub(super) fn table(&self) -> Table {
        let mut table = Table::new();
        for (path, (value, _)) in &self.values {
            put(&mut table, path, value.clone());
        }
        table
    }
}

/// Puts a value into the tree at a dotted path.
pub(super) fn put(table: &mut Table, path: &str, value: Value) {
    match path.split_once('.') {
        None => drop(table.insert(path.to_owned(), value)),
        Some((section, rest)) => {
            let inner = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

/// The variables of this program that are no keys, and those of its companions: nothing
/// to warn of.
const OTHER_VARIABLES: &[&str] =
    &["RILL_CONFIG", "RILL_BIN", "RILL_CHAT_BIN", "RILL_PASSWORD", "RILL_SERVER", "RILL_STATE", "RILL_USER"];

/// Lays the `RILL_*` variables over what is there. An empty one counts as absent.
/// Returns a warning for each that is not known: whoever runs containers may put such
/// names there, so they stop nothing.
pub(super) fn variables(layers: &mut Layers, variables: &BTreeMap<String, String>) -> Result<Vec<String>, ConfigError> {
    let mut known = Vec::new();
    for key in keys::KEYS {
        // The name of the path wins over the short one.
        for name in key.short_variable.map(str::to_owned).into_iter().chain([key.variable()]) {
            if let Some(text) = variables.get(&name).filter(|text| !text.is_empty()) {
                layers.lay_text(key, text, Source::Variable(name.clone()))?;
            }
            known.push(name);
        }
    }
    let odd = variables.keys().filter(|name| name.starts_with("RILL_"));
    let odd = odd.filter(|name| !known.contains(name) && !OTHER_VARIABLES.contains(&name.as_str()));
    Ok(odd
        .map(|name| match keys::nearest(name, known.iter().cloned()) {
            Some(near) => format!("{name} is set and means nothing here; did you mean {near}?"),
            None => format!("{name} is set and means nothing here"),
        })
        .collect())
}

/// The error of a path that no key has.
pub(super) fn unknown(path: &str, source: Source) -> ConfigError {
    let help = match keys::nearest_path(path) {
        Some(near) => format!("did you mean {near}?"),
        None => "`rill config` lists all of them".to_owned(),
    };
    ConfigError::Unknown { source_: source, name: path.to_owned(), help }
}

/// Lays one `--set KEY=VALUE` over what is there.
pub(super) fn set(layers: &mut Layers, text: &str) -> Result<(), ConfigError> {
    let (path, value) = text.split_once('=').ok_or_else(|| ConfigError::BadSet(text.to_owned()))?;
    let path = path.trim();
    let source = Source::Flag(format!("--set {path}"));
    let key = keys::find(path).ok_or_else(|| unknown(path, Source::Flag("--set".into())))?;
    layers.lay_text(key, value.trim(), source)
}

/// The file that is read when none is named and it is there.
pub(super) fn usual_file() -> &'static Path {
    Path::new("rill.toml")
}
