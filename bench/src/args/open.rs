//! The options of the scenario in which a large room is opened.

use anyhow::bail;
use clap::Args;
use rill_client::TransportKind;
use rill_protocol::limits::{HISTORY_PAGE_MAX, MEMBER_PAGE_MAX, ROOM_MEMBERS_MAX};
use std::path::PathBuf;

use super::run::RunArgs;
use crate::chaos::plan::PREPARED_MAX;

/// Of the room, and of those who open it.
#[derive(Debug, Args)]
pub(crate) struct OpenArgs {
    /// quic, webtransport or websocket.
    #[arg(long, default_value_t = TransportKind::Quic)]
    pub(crate) transport: TransportKind,
    /// Of the room.
    #[arg(long, default_value_t = ROOM_MEMBERS_MAX)]
    pub(crate) members: usize,
    /// In it.
    #[arg(long, default_value_t = 1_000_000)]
    pub(crate) messages: u32,
    /// How often it is opened.
    #[arg(long, default_value_t = 200)]
    pub(crate) openings: usize,
    /// Messages of the first page.
    #[arg(long, default_value_t = 50)]
    pub(crate) page: u32,
    /// Members of the first page.
    #[arg(long, default_value_t = 100)]
    pub(crate) member_page: u32,
    /// Where the store is made and removed again; by default the system's place for temporary
    /// files.
    #[arg(long)]
    pub(crate) directory: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// The owner, one who asks, and one who counts.
pub(crate) const PRESENT: usize = 3;

impl OpenArgs {
    /// Refuses what cannot be measured.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.members < PRESENT || self.members > ROOM_MEMBERS_MAX {
            bail!("--members are {PRESENT} to {ROOM_MEMBERS_MAX}");
        }
        if self.messages == 0 || self.messages > PREPARED_MAX || self.openings == 0 {
            bail!("--messages and --openings begin at 1, and --messages is at most {PREPARED_MAX}");
        }
        if !(1..=HISTORY_PAGE_MAX).contains(&(self.page as usize))
            || !(1..=MEMBER_PAGE_MAX).contains(&(self.member_page as usize))
        {
            bail!("--page is 1 to {HISTORY_PAGE_MAX}, --member-page 1 to {MEMBER_PAGE_MAX}");
        }
        Ok(())
    }

    /// Members who never connect.
    pub(crate) fn absent(&self) -> usize {
        self.members - PRESENT
    }
}
