//! The table of every key. Known names, variables, the checks of the layers and the
//! table in docs/operations.md come from here; a test holds it together with [`Config`].
//!
//! A new key is a field of its section, a line here and a line in that page.
//!
//! [`Config`]: super::Config

use super::kind::Kind;

/// A key of the configuration.
#[derive(Debug)]
pub(super) struct Key {
    /// Dotted, as `limits.connections`.
    pub(super) path: &'static str,
    pub(super) kind: Kind,
    /// Its own flag, if it has one.
    pub(super) flag: Option<&'static str>,
    /// A shorter variable that means the same.
    pub(super) short_variable: Option<&'static str>,
    /// Never shown.
    pub(super) is_secret: bool,
}

impl Key {
    /// `RILL_` and the path in capitals.
    pub(super) fn variable(&self) -> String {
        format!("RILL_{}", self.path.replace('.', "_").to_ascii_uppercase())
    }

    /// The key as an operator may have written it: its path, and its flag if there is one.
    pub(super) fn shown(&self) -> String {
        self.flag.map_or_else(|| self.path.to_owned(), |flag| format!("{} ({flag})", self.path))
    }
}

const fn key(path: &'static str, kind: Kind) -> Key {
    Key { path, kind, flag: None, short_variable: None, is_secret: false }
}

const fn flagged(path: &'static str, kind: Kind, flag: &'static str, short_variable: Option<&'static str>) -> Key {
    Key { path, kind, flag: Some(flag), short_variable, is_secret: false }
}

pub(super) const KEYS: &[Key] = &[
    flagged("data", Kind::Path, "--data", None),
    flagged("ready_file", Kind::Path, "--ready-file", None),
    flagged("demo", Kind::Switch, "--demo", None),
    flagged("http.listen", Kind::Address, "--http", Some("RILL_HTTP")),
    key("http.insecure", Kind::Switch),
    flagged("http.allowed_origins", Kind::Origins, "--allow-origin", Some("RILL_ALLOW_ORIGIN")),
    key("http.trusted_proxies", Kind::Networks),
    flagged("https.listen", Kind::Address, "--https", Some("RILL_HTTPS")),
    flagged("https.certificate", Kind::Path, "--tls-cert", Some("RILL_TLS_CERT")),
    flagged("https.key", Kind::Path, "--tls-key", Some("RILL_TLS_KEY")),
    flagged("quic.listen", Kind::Address, "--quic", Some("RILL_QUIC")),
    key("quic.publicly_trusted", Kind::Switch),
    key("storage.backend", Kind::Word(&["embedded", "redis"])),
    key("storage.engine", Kind::Word(&["sled", "fjall"])),
    Key { is_secret: true, ..key("redis.url", Kind::Servers) },
    key("redis.password_file", Kind::Path),
    key("redis.ca", Kind::Path),
    key("redis.prefix", Kind::Text),
    key("redis.require_durable", Kind::Switch),
    key("redis.wait_replicas", Kind::Number),
    key("redis.wait_fsync", Kind::Switch),
    key("redis.wait_timeout_ms", Kind::Number),
    key("redis.keep_entries", Kind::Number),
    key("blobs.folder", Kind::Path),
    key("blobs.s3_bucket", Kind::Text),
    key("blobs.s3_endpoint", Kind::Text),
    key("blobs.s3_region", Kind::Text),
    key("blobs.s3_access_key_id", Kind::Text),
    Key { is_secret: true, ..key("blobs.s3_secret_access_key", Kind::Text) },
    key("files.enabled", Kind::Switch),
    key("files.size_mib_max", Kind::Number),
    key("files.under_way_per_user", Kind::Number),
    key("files.under_way_mib_per_user", Kind::Number),
    key("files.kept_mib_per_user", Kind::Number),
    key("files.kept_mib", Kind::Number),
    key("files.expire_hours", Kind::Number),
    key("files.allowed_types", Kind::FileTypes),
    key("files.refused_types", Kind::FileTypes),
    key("emoji.add", Kind::Word(&["everyone", "administrators"])),
    key("accounts.registration", Kind::Word(&["open", "invitation", "closed"])),
    key("limits.connections", Kind::Number),
    key("limits.connections_per_address", Kind::Number),
    key("limits.connections_per_user", Kind::Number),
    key("limits.handshakes_per_second_per_address", Kind::Number),
    key("limits.requests_per_second_per_address", Kind::Number),
    key("limits.requests_per_second_per_user", Kind::Number),
    key("limits.streams_per_second_per_user", Kind::Number),
    key("limits.receive_kib_per_second_per_address", Kind::Number),
    key("limits.receive_kib_per_second_per_user", Kind::Number),
    key("limits.failed_logins_per_minute_per_account", Kind::Number),
    key("limits.failed_logins_per_minute_per_address", Kind::Number),
    key("limits.registrations_per_hour_per_address", Kind::Number),
    key("limits.name_checks_per_minute_per_address", Kind::Number),
    key("log.format", Kind::Word(&["text", "json"])),
    key("log.access", Kind::Switch),
    Key { short_variable: Some("RILL_LOG"), ..key("log.filter", Kind::Text) },
    Key { is_secret: true, ..key("metrics.token", Kind::Text) },
];

/// The key of that path.
pub(super) fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path)
}

/// Whether keys lie below this path.
pub(super) fn is_section(path: &str) -> bool {
    below(path).next().is_some()
}

/// Whether a secret lies below this path.
pub(super) fn holds_secrets(path: &str) -> bool {
    below(path).any(|key| key.is_secret)
}

fn below(path: &str) -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(move |key| key.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
}

/// Less alike than this, a name is no slip of another.
const ALIKE_MIN: f64 = 0.5;

/// The one of `names` that `odd` may have been meant for.
pub(super) fn nearest(odd: &str, names: impl Iterator<Item = String>) -> Option<String> {
    names
        .map(|name| (strsim::normalized_damerau_levenshtein(odd, &name), name))
        .filter(|(alike, _)| *alike >= ALIKE_MIN)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name)
}

/// The path that an unknown one may have been meant for: also one that lies in another
/// section, or in none.
pub(super) fn nearest_path(odd: &str) -> Option<String> {
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let elsewhere = || KEYS.iter().find(|key| last(key.path) == last(odd)).map(|key| key.path.to_owned());
    nearest(odd, KEYS.iter().map(|key| key.path.to_owned())).or_else(elsewhere)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use std::collections::BTreeSet;
    use toml::{Table, Value};

    #[test]
    fn a_slip_finds_its_key() {
        for (odd, expected) in [
            ("limits.conections", Some("limits.connections")),
            ("limit.connections_per_adress", Some("limits.connections_per_address")),
            ("http.alowed_origins", Some("http.allowed_origins")),
            ("registration", Some("accounts.registration")),
            ("datta", Some("data")),
            ("zzzzzzzz", None),
        ] {
            assert_eq!(nearest_path(odd).as_deref(), expected, "{odd}");
        }
    }

    /// A value of the kind that is no default.
    fn sample(kind: Kind) -> Value {
        let text = match kind {
            Kind::Switch => "true",
            Kind::Number => "7",
            Kind::Text | Kind::Path => "sample",
            Kind::Address => "127.0.0.1:7",
            Kind::Origins => "https://sample.example",
            Kind::Networks => "10.0.0.0/8",
            Kind::FileTypes => "image/*",
            Kind::Servers => "redis://sample.example",
            Kind::Word(words) => words[words.len() - 1],
        };
        kind.read_text(text).unwrap()
    }

    fn paths(table: &Table, prefix: &str, out: &mut BTreeSet<String>) {
        for (name, value) in table {
            match value {
                Value::Table(inner) => paths(inner, &format!("{prefix}{name}."), out),
                _ => drop(out.insert(format!("{prefix}{name}"))),
            }
        }
    }

    #[test]
    fn the_table_and_the_configuration_have_the_same_keys() {
        let mut table = Table::new();
        for key in KEYS {
            crate::config::layers::put(&mut table, key.path, sample(key.kind));
        }
        // Unknown fields are refused, so each key of the table has a field.
        let config: Config = Value::Table(table).try_into().unwrap();
        let (mut fields, mut known) = (BTreeSet::new(), BTreeSet::new());
        paths(&Table::try_from(config).unwrap(), "", &mut fields);
        known.extend(KEYS.iter().map(|key| key.path.to_owned()));
        assert_eq!(fields, known);
        let mut defaults = BTreeSet::new();
        paths(&Table::try_from(Config::default()).unwrap(), "", &mut defaults);
        assert!(defaults.is_subset(&known), "{defaults:?}");
    }

    #[test]
    fn the_page_for_operators_lists_every_key_with_its_variable_and_default() {
        let page = include_str!("../../../docs/operations.md");
        let defaults = Value::try_from(Config::default()).unwrap();
        let mut listed = BTreeSet::new();
        for key in KEYS {
            let row = page.lines().find(|line| line.starts_with(&format!("| `{}` |", key.path)));
            let row = row.unwrap_or_else(|| panic!("docs/operations.md has no row of {}", key.path));
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let names = [Some(key.variable()), key.short_variable.map(str::to_owned), key.flag.map(str::to_owned)];
            for name in names.into_iter().flatten() {
                assert!(cells[2].contains(&format!("`{name}`")) || cells[2].contains(&format!("`{name} ")), "{row}");
            }
            let default = key.path.split('.').try_fold(&defaults, |at, name| at.get(name));
            let default = default.map_or(String::new(), |value| format!("`{value}`"));
            assert_eq!(cells[3], default, "the default of {}", key.path);
            listed.insert(row);
        }
        let rows = page.lines().filter(|line| line.starts_with("| `") && line.contains("| `RILL_"));
        assert!(rows.clone().all(|row| listed.contains(row)), "{:?}", rows.collect::<Vec<_>>());
    }
}
