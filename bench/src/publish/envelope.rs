//! The keys that all reports have.

use clap::ArgMatches;
use serde_json::{Map, Value, json};

use super::{commit, configuration, machine::Machine, threshold::Judgement};
use crate::{link, report::rounded};

/// Known before the run.
pub(super) struct Common {
    scenario: String,
    commit: Option<String>,
    configuration: Map<String, Value>,
}

impl Common {
    pub(super) fn new(scenario: &str, commit: Option<String>, matches: &ArgMatches) -> Self {
        Self {
            scenario: scenario.to_owned(),
            commit: commit.or_else(commit::checked_out),
            configuration: configuration::of(matches),
        }
    }

    /// Adds what a scenario does not say itself; a list of reports has it in each.
    pub(super) fn complete(&self, report: &mut Value, foreign_share: Option<f64>) {
        let common = json!({
            "scenario": self.scenario,
            "version": env!("CARGO_PKG_VERSION"),
            "commit": self.commit,
            "machine": Machine::this_one(),
            "configuration": self.configuration,
            "foreign_cpu_share": foreign_share.map(rounded),
        });
        for one in each(report) {
            for (key, value) in common.as_object().into_iter().flatten() {
                one.entry(key).or_insert_with(|| value.clone());
            }
            if let Some(link) = link::laid() {
                one.entry("link").or_insert_with(|| json!(link.report()));
            }
        }
    }

    pub(super) fn add_thresholds(&self, report: &mut Value, judgement: &Judgement) {
        if judgement.is_empty() {
            return;
        }
        for one in each(report) {
            one.insert("thresholds".to_owned(), json!(judgement.lines()));
        }
    }
}

fn each(report: &mut Value) -> Vec<&mut Map<String, Value>> {
    match report {
        Value::Array(all) => all.iter_mut().filter_map(Value::as_object_mut).collect(),
        one => one.as_object_mut().into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn common() -> Common {
        Common { scenario: "chat".to_owned(), commit: Some("c0ffee".to_owned()), configuration: Map::new() }
    }

    #[test]
    fn what_a_scenario_says_itself_stays() {
        let mut report = json!({"scenario": "slow", "foreign_cpu_share": {"with": 0.5}});
        common().complete(&mut report, Some(0.25));
        assert_eq!((&report["scenario"], &report["foreign_cpu_share"]["with"]), (&json!("slow"), &json!(0.5)));
        assert_eq!((&report["commit"], &report["version"]), (&json!("c0ffee"), &json!(env!("CARGO_PKG_VERSION"))));
        assert!(report["machine"]["cores"].as_u64().unwrap() > 0 && report["configuration"].is_object());
    }

    #[test]
    fn each_report_of_a_list_has_the_keys() {
        let mut reports = json!([{"a": 1}, {"a": 2}]);
        common().complete(&mut reports, None);
        for report in reports.as_array().unwrap() {
            assert_eq!((&report["scenario"], &report["foreign_cpu_share"]), (&json!("chat"), &Value::Null));
        }
    }
}
