//! The options of every scenario that starts its server itself.

use clap::Args;
use std::path::PathBuf;

/// Of the server and the report.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The server to start; by default the one beside this program.
    #[arg(long, env = "RILL_BIN")]
    pub(crate) rill: Option<PathBuf>,
    /// Where the report goes.
    #[arg(long)]
    pub(crate) json: Option<PathBuf>,
}
