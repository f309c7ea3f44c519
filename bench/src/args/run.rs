//! The options of every scenario that starts its server itself.

use clap::Args;
use std::path::PathBuf;

use super::output::OutputArgs;

/// Of the server and the report.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The server to start; by default the one beside this program.
    #[arg(long, env = "RILL_BIN")]
    pub(crate) rill: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
