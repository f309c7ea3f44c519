//! The configuration file: TOML, each key with the line it stands on.

use std::{ops::Range, path::Path};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    ConfigError, keys,
    layers::{self, Layers, Source},
};

/// Lays what a file says over what is there.
pub(super) fn lay(layers: &mut Layers, path: &Path, text: &str) -> Result<(), ConfigError> {
    let table = DeTable::parse(text).map_err(|error| ConfigError::NotToml {
        path: path.to_owned(),
        line: line(text, error.span().unwrap_or_default()),
        // One line, whatever the parser has to say.
        detail: error.message().split_whitespace().collect::<Vec<_>>().join(" "),
    })?;
    File { layers, path, text }.section("", table.get_ref())
}

struct File<'a> {
    layers: &'a mut Layers,
    path: &'a Path,
    text: &'a str,
}

impl File<'_> {
    fn section(&mut self, prefix: &str, table: &DeTable<'_>) -> Result<(), ConfigError> {
        // In the order of the file, so that the first mistake is named first.
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        for (name, value) in entries {
            self.entry(&format!("{prefix}{}", name.get_ref()), name.span(), value)?;
        }
        Ok(())
    }

    fn entry(&mut self, path: &str, span: Range<usize>, value: &Spanned<DeValue<'_>>) -> Result<(), ConfigError> {
        let source = Source::File { path: self.path.to_owned(), line: line(self.text, span) };
        match (keys::find(path), value.get_ref()) {
            (Some(key), written) => {
                let found = self.text.get(value.span()).unwrap_or_default().trim();
                let found = found.lines().next().unwrap_or_default();
                self.layers.lay(key, key.kind.read_toml(written), found, source)
            }
            (None, DeValue::Table(section)) if keys::is_section(path) || !section.is_empty() => {
                self.section(&format!("{path}."), section)
            }
            (None, _) if keys::is_section(path) => Err(ConfigError::WrongValue {
                source_: source,
                key: path.to_owned(),
                expected: format!("a section, as [{path}] on a line of its own"),
                found: match keys::holds_secrets(path) {
                    true => "what is there".to_owned(),
                    false => self.text.get(value.span()).unwrap_or_default().to_owned(),
                },
            }),
            (None, _) => Err(layers::unknown(path, source)),
        }
    }
}

/// The line of a place in a text, counted from 1.
fn line(text: &str, span: Range<usize>) -> usize {
    let before = text.as_bytes().get(..span.start).unwrap_or(text.as_bytes());
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let error = lay(&mut Layers::default(), Path::new("rill.toml"), text).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error:?} instead of {expected:?}");
        assert!(!error.contains('\n'), "{error:?}");
    }

    #[test]
    fn a_mistake_is_named_with_file_line_key_and_what_to_do() {
        check(
            "data = \"x\"\n[limits]\n\nconections = 1\n",
            "rill.toml, line 4: there is no key limits.conections; did you mean limits.connections?",
        );
        check(
            "[limit]\nconnections = 1\n",
            "rill.toml, line 2: there is no key limit.connections; did you mean limits.connections?",
        );
        check("[nothing]\n", "rill.toml, line 1: there is no key nothing; `rill config` lists");
        check(
            "http = \"0.0.0.0:80\"\n",
            "rill.toml, line 1: http must be a section, as [http] on a line of its own, not \"0.0.0.0:80\"",
        );
        check(
            "[http]\nlisten = 80\n",
            "rill.toml, line 2: http.listen must be an address with a port, as 127.0.0.1:8080 or [::]:8443, not 80",
        );
        check(
            "[limits]\nconnections = -1\n",
            "rill.toml, line 2: limits.connections must be a whole number from 0 to 4294967295, not -1",
        );
        check("[log]\nformat = \"xml\"\n", "rill.toml, line 2: log.format must be one of text, json, not \"xml\"");
        check("demo = \"yes\"\n", "rill.toml, line 1: demo must be true or false, not \"yes\"");
        check("data = { a = 1 }\n", "rill.toml, line 1: data must be the path of a file");
        check(
            "metrics = \"hush\"\n",
            "rill.toml, line 1: metrics must be a section, as [metrics] on a line of its own, not what is there",
        );
        check("[metrics]\ntoken = 12345\n", "rill.toml, line 2: metrics.token must be a text, not what is there");
        check("a = 1\na = 2\n", "rill.toml, line 2: this is not TOML: duplicate key");
        check("\n\n[http\n", "rill.toml, line 3: this is not TOML:");
        check("data = \n", "rill.toml, line 1: this is not TOML:");
    }
}
