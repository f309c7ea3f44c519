//! The enterprise's acceptance list: its report, and the judgement line by line.

pub(crate) mod report;
mod verdicts;
