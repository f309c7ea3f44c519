//! The command line of `rill store`.

use clap::{Args, Subcommand};
use rill_storage::EngineKind;
use std::{path::PathBuf, str::FromStr};

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

/// What a copy is made in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CopyTarget {
    Directory(EngineKind),
    Redis,
}

impl FromStr for CopyTarget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "redis" => Ok(Self::Redis),
            engine => engine.parse().map(Self::Directory).map_err(|error: String| format!("{error}, and redis")),
        }
    }
}

#[derive(Debug, Clone, Subcommand)]
pub(super) enum StoreCommand {
    /// Reads everything: checksums, gaps in logs, what disagrees with the log it comes from. Exit code 1 if
    /// something is wrong.
    Check,
    /// Copies the store to another directory and engine, to Redis, or from there (where storage.backend is redis), and
    /// compares the two. A copy between Redis and a directory that was cut short goes on when it is asked for again.
    Copy {
        /// The engine of the copy: sled or fjall. Or redis: the one that redis.url names, under redis.prefix.
        #[arg(long, value_name = "ENGINE")]
        to: CopyTarget,
        /// An empty directory, or one that is not there yet; none for redis.
        #[arg(value_name = "DIR")]
        target: Option<PathBuf>,
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
