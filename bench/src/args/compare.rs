//! The options of a comparison.

use clap::Args;
use std::path::PathBuf;

use crate::publish::Threshold;

/// Of two reports, or of pairs of them.
#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// Two reports, or the reports of pairs of runs in turn: A1 B1 A2 B2 …
    #[arg(required = true, num_args = 2.., value_names = ["A", "B"])]
    pub(crate) reports: Vec<PathBuf>,
    /// Fails if a number of B is so, or with x its ratio to A: 'p99>50ms', 'p99>1.2x'.
    #[arg(long, value_name = "KEY>VALUE")]
    pub(crate) fail_if: Vec<Threshold>,
    /// Numbers that changed by less are not shown, unless with --all.
    #[arg(long, default_value_t = 1.0, value_name = "PERCENT")]
    pub(crate) least: f64,
    /// Shows all numbers.
    #[arg(long)]
    pub(crate) all: bool,
    /// Where the comparison goes, as JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}
