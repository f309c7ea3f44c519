//! The command line of `rill store`.

use clap::{Args, Subcommand};
use rill_storage::EngineKind;
use std::path::PathBuf;

use crate::admin::Place;

/// What `rill store` takes.
#[derive(Debug, Clone, Args)]
pub struct StoreArgs {
    #[command(flatten)]
    pub(super) place: Place,
    /// Prints what a program can read.
    #[arg(long, global = true)]
    pub(super) json: bool,
    #[command(subcommand)]
    pub(super) command: StoreCommand,
}

#[derive(Debug, Clone, Subcommand)]
pub(super) enum StoreCommand {
    /// Reads everything: checksums, gaps in logs, what disagrees with the log it comes from. Exit code 1 if
    /// something is wrong.
    Check,
    /// Copies the store to another directory and engine, and compares the two.
    Copy {
        /// The engine of the copy: sled or fjall.
        #[arg(long, value_name = "ENGINE")]
        to: EngineKind,
        /// An empty directory, or one that is not there yet.
        #[arg(value_name = "DIR")]
        target: PathBuf,
    },
    /// Writes the store anew, which gives back the space of what was removed; needs as much space again meanwhile.
    Compact,
    /// Writes the state of one moment to a file, while the server runs or not. Whoever can read the file can read
    /// every message.
    Backup {
        /// The file, which must not be there; or a directory, in which it is named after the time.
        #[arg(value_name = "FILE|DIR")]
        to: PathBuf,
    },
    /// Makes a store from a backup, in a directory without one. Clients notice, and send again what the backup lacks.
    Restore {
        /// The file of the backup.
        from: PathBuf,
        /// Takes the place of the store that is there, which is removed; asks first.
        #[arg(long)]
        replace: bool,
        /// Looks at every checksum of the backup and tells what it holds; changes nothing.
        #[arg(long)]
        dry_run: bool,
        /// Does not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Brings a store of an earlier version to the present one; tells what it will do and asks first.
    Migrate {
        /// Only tells.
        #[arg(long)]
        dry_run: bool,
        /// Does not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Removes the store with every account, room and message; asks first. Certificates stay.
    Reset {
        /// Does not ask.
        #[arg(long)]
        yes: bool,
    },
}
