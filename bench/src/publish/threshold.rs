//! Thresholds that a pipeline sets: `--fail-if 'p99>50ms'`.

use serde::Serialize;
use serde_json::Value;
use std::{fmt, str::FromStr};
use thiserror::Error;

use super::{
    paths::{self, Missing},
    unit::{self, Kind, Unit},
};

/// Why a threshold cannot be judged. The first word is its code.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum ThresholdError {
    #[error("bad_threshold: {0:?} is no KEY>VALUE with >, >=, <, <=, == or !=, as 'p99>50ms' or 'lost>0'")]
    Bad(String),
    #[error(
        "unknown_unit: {0:?} ends with no unit: us, ms, s, B, KiB, MiB, GiB, kB, MB, GB, %, /s, or x in a comparison"
    )]
    UnknownUnit(String),
    #[error("wrong_unit: {threshold:?} compares {key} with a value of another unit")]
    WrongUnit { threshold: String, key: String },
    #[error("unknown_key: {threshold:?} names no number of the report{}", hint(.nearest))]
    UnknownKey { threshold: String, nearest: Option<String> },
    #[error("ambiguous_key: {threshold:?} may mean {}", .paths.join(" or "))]
    AmbiguousKey { threshold: String, paths: Vec<String> },
    #[error("no_ratio: {0:?} is of a ratio to another report, which only a comparison has")]
    NoRatio(String),
}

fn hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|nearest| format!("; is {nearest} meant?")).unwrap_or_default()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Above,
    AtLeast,
    Below,
    AtMost,
    Equal,
    Unequal,
}

/// The longer ones first: they begin with the shorter.
const RELATIONS: [(&str, Relation); 6] = [
    (">=", Relation::AtLeast),
    ("<=", Relation::AtMost),
    ("==", Relation::Equal),
    ("!=", Relation::Unequal),
    (">", Relation::Above),
    ("<", Relation::Below),
];

impl Relation {
    fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Self::Above => value > bound,
            Self::AtLeast => value >= bound,
            Self::Below => value < bound,
            Self::AtMost => value <= bound,
            Self::Equal => value == bound,
            Self::Unequal => value != bound,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Bound {
    /// In the unit of the key.
    Plain(f64),
    Of(f64, Unit),
    /// In terms of another report.
    Ratio(f64),
}

/// A run fails if this is so.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Threshold {
    text: String,
    key: String,
    relation: Relation,
    bound: Bound,
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Threshold {
    type Err = ThresholdError;

    fn from_str(text: &str) -> Result<Self, ThresholdError> {
        let bad = || ThresholdError::Bad(text.to_owned());
        let at = text.find(['>', '<', '=', '!']).ok_or_else(bad)?;
        let (key, rest) = (text[..at].trim(), &text[at..]);
        let (sign, relation) = RELATIONS.iter().find(|(sign, _)| rest.starts_with(sign)).ok_or_else(bad)?;
        let value = rest[sign.len()..].trim();
        let (number, unit) = unit::number(value).ok_or_else(bad)?;
        if key.is_empty() || !number.is_finite() {
            return Err(bad());
        }
        let bound = match unit {
            "x" => Bound::Ratio(number),
            unit => match unit::written(unit).ok_or_else(|| ThresholdError::UnknownUnit(text.to_owned()))? {
                Some(unit) => Bound::Of(number, unit),
                None => Bound::Plain(number),
            },
        };
        Ok(Self { text: text.to_owned(), key: key.to_owned(), relation: *relation, bound })
    }
}

impl Threshold {
    /// Whether a report with these keys and no other to compare it with has what it asks for.
    pub(super) fn could_be_judged(&self, keys: &[&str]) -> Result<(), ThresholdError> {
        let path = self.path(keys.iter().copied())?;
        self.bound_at(path).and_then(|bound| match bound {
            Bound::Ratio(_) => Err(ThresholdError::NoRatio(self.text.clone())),
            _ => Ok(()),
        })
    }

    fn path<'a>(&self, paths: impl Iterator<Item = &'a str> + Clone) -> Result<&'a str, ThresholdError> {
        let threshold = || self.text.clone();
        paths::meant(&self.key, paths).map_err(|missing| match missing {
            Missing::Unknown { nearest } => ThresholdError::UnknownKey { threshold: threshold(), nearest },
            Missing::Ambiguous { paths } => ThresholdError::AmbiguousKey { threshold: threshold(), paths },
        })
    }

    /// In the unit of the key, or a ratio.
    fn bound_at(&self, path: &str) -> Result<Bound, ThresholdError> {
        let Bound::Of(number, written) = self.bound else { return Ok(self.bound) };
        let of_key = unit::of_path(path);
        let is_plain_share = of_key.kind == Kind::Count && written.kind == Kind::Share;
        if of_key.kind != written.kind && !is_plain_share {
            return Err(ThresholdError::WrongUnit { threshold: self.text.clone(), key: path.to_owned() });
        }
        Ok(Bound::Plain(number * written.scale / of_key.scale))
    }

    fn judge(&self, numbers: &[(String, f64)], ratio: &impl Fn(&str) -> Option<f64>) -> Result<Line, ThresholdError> {
        let key = self.path(numbers.iter().map(|(path, _)| path.as_str()))?;
        let (value, bound) = match self.bound_at(key)? {
            Bound::Ratio(bound) => (ratio(key).ok_or_else(|| ThresholdError::NoRatio(self.text.clone()))?, bound),
            Bound::Plain(bound) | Bound::Of(bound, _) => {
                (numbers.iter().find(|(path, _)| path == key).map_or(f64::NAN, |(_, value)| *value), bound)
            }
        };
        let failed = self.relation.holds(value, bound);
        Ok(Line { fail_if: self.text.clone(), key: key.to_owned(), value, failed })
    }
}

/// What became of one threshold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Line {
    fail_if: String,
    key: String,
    /// In the unit of the key.
    value: f64,
    failed: bool,
}

/// What became of all of them.
#[derive(Debug, Default)]
pub(crate) struct Judgement {
    lines: Vec<Line>,
    unjudged: Vec<ThresholdError>,
}

impl Judgement {
    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    pub(crate) fn lines(&self) -> &[Line] {
        &self.lines
    }

    pub(crate) fn failed(&self) -> bool {
        self.lines.iter().any(|line| line.failed)
    }

    /// Whether some could not be judged, for the report has no such number.
    pub(crate) fn is_incomplete(&self) -> bool {
        !self.unjudged.is_empty()
    }

    pub(crate) fn print(&self) {
        for Line { fail_if, key, value, failed } in &self.lines {
            println!("  {} fail if {fail_if}: {key} is {value}", if *failed { "FAIL" } else { "pass" });
        }
        self.unjudged.iter().for_each(|error| eprintln!("rill-bench: --fail-if: {error}"));
    }
}

/// Judges a report; of a list, each of it.
pub(crate) fn judge(report: &Value, thresholds: &[Threshold]) -> Judgement {
    let mut judgement = Judgement::default();
    let all = report.as_array().map_or(std::slice::from_ref(report), Vec::as_slice);
    for one in all {
        judgement.add(thresholds, &paths::numbers(one), |_| None);
    }
    judgement
}

/// Judges the numbers of a report that is compared with another one.
pub(crate) fn judge_beside(
    numbers: &[(String, f64)],
    ratio: impl Fn(&str) -> Option<f64>,
    thresholds: &[Threshold],
) -> Judgement {
    let mut judgement = Judgement::default();
    judgement.add(thresholds, numbers, ratio);
    judgement
}

impl Judgement {
    fn add(&mut self, thresholds: &[Threshold], numbers: &[(String, f64)], ratio: impl Fn(&str) -> Option<f64>) {
        for threshold in thresholds {
            match threshold.judge(numbers, &ratio) {
                Ok(line) => self.lines.push(line),
                Err(error) => self.unjudged.push(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn report() -> Value {
        json!({
            "latency_ms": {"p50": 10.0, "p99": 49.9}, "lost": 0, "foreign_cpu_share": 0.19,
            "server": {"rss_mib": 2048.0}, "deliveries_per_s": 1000.0,
        })
    }

    /// Whether the run fails by it.
    fn check(threshold: &str, expected: Result<bool, &str>) {
        let found = threshold.parse::<Threshold>().and_then(|threshold| {
            let judgement = judge(&report(), &[threshold]);
            judgement.unjudged.first().map_or_else(|| Ok(judgement.failed()), |error| Err(error.clone()))
        });
        let code = found.map_err(|error| error.to_string().split(':').next().unwrap_or_default().to_owned());
        assert_eq!(code.as_ref().map_err(String::as_str), expected.as_ref().map_err(|code| *code), "{threshold}");
    }

    #[test]
    fn a_threshold_is_judged_in_the_unit_that_its_value_says() {
        check("p99>50ms", Ok(false));
        check("p99 > 0.0498 s", Ok(true));
        check("latency_ms.p99>=49.9", Ok(true));
        check("lost>0", Ok(false));
        check("lost==0", Ok(true));
        check("lost!=0", Ok(false));
        check("rss_mib>=2GiB", Ok(true));
        check("foreign_cpu_share>20%", Ok(false));
        check("deliveries_per_s<1001/s", Ok(true));
        check("deliveries_per_s<=999.5", Ok(false));
        check("deliveries_per_s<1.5e3", Ok(true));
    }

    #[test]
    fn what_cannot_be_judged_says_why_by_a_code() {
        for bad in ["p99", "p99>", ">5", "p99>much", "p99=>5", "p99>1e999"] {
            check(bad, Err("bad_threshold"));
        }
        check("p99>5parsecs", Err("unknown_unit"));
        check("p99>5MiB", Err("wrong_unit"));
        check("lost>5ms", Err("wrong_unit"));
        check("p95>5ms", Err("unknown_key"));
        check("p99>1.1x", Err("no_ratio"));
    }

    #[test]
    fn a_key_that_no_report_will_have_is_known_before_the_run() {
        let check = |text: &str| text.parse::<Threshold>().unwrap().could_be_judged(&["latency_ms.p99", "lost"]);
        assert_eq!(check("p99>50ms"), Ok(()));
        let hinted = check("loss>0").unwrap_err().to_string();
        assert_eq!(hinted, "unknown_key: \"loss>0\" names no number of the report; is lost meant?");
        assert!(matches!(check("p99>2x"), Err(ThresholdError::NoRatio(_))));
    }

    #[test]
    fn of_a_list_each_report_is_judged() {
        let thresholds = ["ratio<0.5".parse::<Threshold>().unwrap()];
        assert!(judge(&json!([{"ratio": 0.9}, {"ratio": 0.4}]), &thresholds).failed());
        assert!(!judge(&json!([{"ratio": 0.9}, {"ratio": 0.6}]), &thresholds).failed());
    }
}
