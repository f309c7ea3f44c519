//! Units, of values that people write (`50ms`, `2GiB`, `20%`) and of keys, which carry theirs
//! in their names (`latency_ms`, `rss_mib`, `foreign_cpu_share`).

use std::time::Duration;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Time,
    Bytes,
    Share,
    Count,
}

/// A kind, and how many of its base units (second, byte, whole) one is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Unit {
    pub(super) kind: Kind,
    pub(super) scale: f64,
}

const KIB: f64 = 1_024.0;

/// A number, and what is written behind it.
pub(super) fn number(text: &str) -> Option<(f64, &str)> {
    // The unit begins where the longest number ends.
    let ends = (1..=text.len()).rev().filter(|end| text.is_char_boundary(*end));
    ends.map(|end| text.split_at(end)).find_map(|(digits, rest)| Some((digits.parse().ok()?, rest.trim())))
}

/// A span of time, as `50ms`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let bad = || format!("{text} is no time such as 50ms or 0.5s");
    let (number, unit) = number(text).ok_or_else(bad)?;
    let unit = written(unit).flatten().filter(|unit| unit.kind == Kind::Time).ok_or_else(bad)?;
    Duration::try_from_secs_f64(number * unit.scale).map_err(|_| bad())
}

/// As written behind a value, and as the part of a key's name.
const UNITS: &[(&str, &str, Kind, f64)] = &[
    ("us", "us", Kind::Time, 1e-6),
    ("µs", "us", Kind::Time, 1e-6),
    ("ms", "ms", Kind::Time, 1e-3),
    ("s", "s", Kind::Time, 1.0),
    ("s", "seconds", Kind::Time, 1.0),
    ("B", "bytes", Kind::Bytes, 1.0),
    ("KiB", "kib", Kind::Bytes, KIB),
    ("MiB", "mib", Kind::Bytes, KIB * KIB),
    ("GiB", "gib", Kind::Bytes, KIB * KIB * KIB),
    ("kB", "", Kind::Bytes, 1e3),
    ("MB", "", Kind::Bytes, 1e6),
    ("GB", "", Kind::Bytes, 1e9),
    ("", "share", Kind::Share, 1.0),
    ("%", "percent", Kind::Share, 0.01),
];

/// Of a value, as `50ms` or `100MiB/s`; nothing for a bare number.
pub(super) fn written(text: &str) -> Option<Option<Unit>> {
    let text = text.strip_suffix("/s").map_or(text, |rest| if rest.is_empty() { "count" } else { rest });
    match text {
        "" => Some(None),
        "count" => Some(Some(Unit { kind: Kind::Count, scale: 1.0 })),
        _ => {
            let unit = UNITS.iter().find(|(written, ..)| !written.is_empty() && written.eq_ignore_ascii_case(text));
            unit.map(|(_, _, kind, scale)| Some(Unit { kind: *kind, scale: *scale }))
        }
    }
}

/// Of a number by its path: its own name says it, or that of what it is a part of.
pub(super) fn of_path(path: &str) -> Unit {
    let parts = path.rsplit('.');
    parts.filter_map(of_part).next().unwrap_or(Unit { kind: Kind::Count, scale: 1.0 })
}

fn of_part(part: &str) -> Option<Unit> {
    // What is said by the second, the post or the connection has the unit before that.
    let (unit, is_rate) = part.split_once("_per_").map_or((part, false), |(unit, _)| (unit, true));
    let last = unit.rsplit('_').next()?;
    if matches!(last, "ratio" | "cores" | "in_flight") {
        return Some(Unit { kind: Kind::Count, scale: 1.0 });
    }
    let found = UNITS.iter().find(|(_, named, ..)| *named == last);
    let unit = found.map(|(_, _, kind, scale)| Unit { kind: *kind, scale: *scale });
    unit.or(is_rate.then_some(Unit { kind: Kind::Count, scale: 1.0 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_carries_its_unit_in_its_name() {
        for (path, kind, scale) in [
            ("latency_ms.p99", Kind::Time, 1e-3),
            ("latency_ms.p99_ratio", Kind::Count, 1.0),
            ("server.rss_mib", Kind::Bytes, KIB * KIB),
            ("server.kib_per_connection", Kind::Bytes, KIB),
            ("mib_per_s.up", Kind::Bytes, KIB * KIB),
            ("server.cpu_s_per_million_deliveries", Kind::Time, 1.0),
            ("server_cpu_us_per_post", Kind::Time, 1e-6),
            ("deliveries_per_s", Kind::Count, 1.0),
            ("foreign_cpu_share.attacked", Kind::Share, 1.0),
            ("seconds", Kind::Time, 1.0),
            ("lost", Kind::Count, 1.0),
        ] {
            assert_eq!(of_path(path), Unit { kind, scale }, "{path}");
        }
    }

    #[test]
    fn a_value_says_its_unit_behind_the_number() {
        let unit = |text| written(text).map(|unit| unit.map(|unit| (unit.kind, unit.scale)));
        assert_eq!(unit(""), Some(None));
        assert_eq!(unit("ms"), Some(Some((Kind::Time, 1e-3))));
        assert_eq!(unit("MiB/s"), Some(Some((Kind::Bytes, KIB * KIB))));
        assert_eq!(unit("/s"), Some(Some((Kind::Count, 1.0))));
        assert_eq!(unit("%"), Some(Some((Kind::Share, 0.01))));
        assert_eq!(unit("parsecs"), None);
    }
}
