//! What becomes of every scenario's report: the keys that all have in common, the JSON, the
//! page, and the thresholds that a pipeline sets.
//!
//! Scenarios know nothing of it. They return what they found; its numbers are named by their
//! paths in the JSON, here and in comparisons.

mod commit;
mod configuration;
mod envelope;
mod html;
mod known;
mod machine;
pub(crate) mod paths;
mod threshold;
mod unit;

use anyhow::Context;
use clap::ArgMatches;
use serde::Serialize;
use serde_json::Value;
use std::{fs, path::Path};

use crate::{args::output::OutputArgs, processes::WholeRun};
use envelope::Common;
#[cfg(test)]
pub(crate) use known::own_keys;
pub(crate) use threshold::{Judgement, Threshold, ThresholdError, judge, judge_beside};
pub(crate) use unit::duration;

/// What a scenario comes to.
#[derive(Debug)]
pub(crate) struct Finished {
    /// Nothing if there was nothing to run.
    report: Option<Value>,
    pub(crate) passed: bool,
    /// What it means if it did not pass.
    pub(crate) failure: &'static str,
}

impl Finished {
    pub(crate) fn with(report: &impl Serialize, passed: bool, failure: &'static str) -> anyhow::Result<Self> {
        Ok(Self { report: Some(serde_json::to_value(report)?), passed, failure })
    }

    pub(crate) fn without_report() -> Self {
        Self { report: None, passed: true, failure: "" }
    }
}

/// What a run is to be published as.
pub(crate) struct Press {
    output: OutputArgs,
    common: Common,
    whole_run: WholeRun,
}

impl Press {
    /// Before the run: what can be known to be wrong by now is said now.
    pub(crate) fn begin(scenario: &str, matches: &ArgMatches, output: OutputArgs) -> Result<Self, ThresholdError> {
        if let Some(keys) = known::keys(scenario) {
            output.fail_if.iter().try_for_each(|threshold| threshold.could_be_judged(&keys))?;
        }
        let common = Common::new(scenario, output.commit.clone(), matches);
        Ok(Self { output, common, whole_run: WholeRun::begin() })
    }

    /// Behind the run.
    pub(crate) fn publish(self, finished: Finished) -> anyhow::Result<Judgement> {
        let Some(mut report) = finished.report else { return Ok(Judgement::default()) };
        self.common.complete(&mut report, self.whole_run.foreign_share());
        let judgement = judge(&report, &self.output.fail_if);
        judgement.print();
        self.common.add_thresholds(&mut report, &judgement);
        write_json(&report, self.output.json.as_deref())?;
        if let Some(path) = &self.output.html {
            write(path, &html::page(&report))?;
        }
        Ok(judgement)
    }
}

/// Writes a report as JSON, if that is wanted.
pub(crate) fn write_json(report: &impl Serialize, path: Option<&Path>) -> anyhow::Result<()> {
    let Some(path) = path else { return Ok(()) };
    let mut text = serde_json::to_string_pretty(report)?;
    text.push('\n');
    write(path, &text)
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("the report {} cannot be written", path.display()))
}
