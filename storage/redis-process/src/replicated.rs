//! A primary with a replica.

use crate::{Error, Options, Server, until};

/// Both have the same options.
pub struct Replicated {
    pub primary: Server,
    pub replica: Server,
}

impl Replicated {
    /// Starts both and waits until the replica follows.
    pub fn start(options: &Options) -> Result<Self, Error> {
        let (primary, replica) = (Server::start(options)?, Server::start(options)?);
        // A replica that waits a second for its first copy makes every test a second longer.
        primary.command(&["CONFIG", "SET", "repl-diskless-sync-delay", "0"])?;
        replica.replicate(&primary)?;
        Ok(Self { primary, replica })
    }

    /// Waits until the replica has taken every write that the primary has taken so far,
    /// whoever wrote it (`WAIT` speaks only of what its own connection wrote).
    pub fn catch_up(&self) -> Result<(), Error> {
        let written = offset(&self.primary, "master_repl_offset")?;
        until("the replica does not catch up", || Ok(offset(&self.replica, "slave_repl_offset")? >= written))
    }

    /// The primary dies, the replica takes its place: what had not reached it is gone.
    pub fn fail_over(&mut self) -> Result<(), Error> {
        self.primary.kill();
        self.replica.promote()?;
        std::mem::swap(&mut self.primary, &mut self.replica);
        Ok(())
    }
}

fn offset(server: &Server, field: &str) -> Result<u64, Error> {
    let offset = server.info(field)?.and_then(|text| text.parse().ok());
    offset.ok_or_else(|| Error::Unsettled(format!("no {field}")))
}
