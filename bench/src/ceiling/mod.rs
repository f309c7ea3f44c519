//! The most that a transport can carry, of files and of a broadcast: a peer of a few lines, in a
//! process of its own. With files it receives, hashes once, writes and syncs, or reads and sends,
//! and knows nothing else. What a server does beside that is its cost.

pub(crate) mod broadcast;
pub(crate) mod carry;
pub(crate) mod disk;
mod pipe;
mod serve;

use anyhow::{Context, anyhow, ensure};
use clap::Args;
use rill_client::TransportKind;
use std::{
    env,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
};

/// Of the peer's process.
#[derive(Debug, Args)]
pub(crate) struct CeilingArgs {
    #[arg(long)]
    pub(crate) transport: TransportKind,
    /// What it sends, and where it puts what comes.
    #[arg(long)]
    pub(crate) directory: PathBuf,
}

/// Serves until nobody holds the other end of stdin.
pub(crate) fn run(args: &CeilingArgs) -> anyhow::Result<bool> {
    crate::scenario::complete(2, serve::run(args.transport, args.directory.clone()))?;
    Ok(true)
}

/// The peer as a process; dropping it ends that.
pub(crate) struct Ceiling {
    child: Child,
    _stdin: Option<ChildStdin>,
    pub(crate) address: SocketAddr,
}

impl Ceiling {
    /// Carries files.
    pub(crate) fn start(transport: TransportKind, directory: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(env::current_exe()?);
        command.args(["ceiling", "--transport", transport.as_str(), "--directory"]).arg(directory);
        Self::spawn(command)
    }

    /// Broadcasts; posts stand behind the place `behind`.
    pub(crate) fn broadcast(transport: TransportKind, plain: bool, behind: u64) -> anyhow::Result<Self> {
        let mut command = Command::new(env::current_exe()?);
        command.args(["broadcast", "--transport", transport.as_str(), "--behind", &behind.to_string()]);
        if plain {
            command.arg("--plain");
        }
        Self::spawn(command)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    fn spawn(mut command: Command) -> anyhow::Result<Self> {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("the peer cannot be started")?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().ok_or_else(|| anyhow!("no stdout"));
        let mut ceiling = Self { child, _stdin: stdin, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        let mut line = String::new();
        BufReader::new(stdout?).read_line(&mut line)?;
        ensure!(!line.is_empty(), "the peer ended: {:?}", ceiling.child.wait()?);
        ceiling.address = line.trim().parse().context("the peer's address")?;
        Ok(ceiling)
    }
}

impl Drop for Ceiling {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
