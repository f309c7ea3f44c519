//! What every scenario does with its report.

use clap::Args;
use std::path::PathBuf;

use crate::publish::Threshold;

/// Of the report.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Report")]
pub(crate) struct OutputArgs {
    /// Where the report goes, as JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// The same as one HTML page with plots, which needs nothing else.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Fails the run if a number of the report is so: 'p99>50ms', 'lost>0',
    /// 'server.rss_mib>=2GiB', 'foreign_cpu_share>20%'. May be given several times.
    #[arg(long, value_name = "KEY>VALUE")]
    pub(crate) fail_if: Vec<Threshold>,
    /// The commit that the report names; by default the one that is checked out where this
    /// program lies.
    #[arg(long, env = "RILL_COMMIT")]
    pub(crate) commit: Option<String>,
    /// Says nothing of how far the run is.
    #[arg(long)]
    pub(crate) quiet: bool,
}
