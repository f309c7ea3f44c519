//! A primary with a replica.

use crate::{Error, Options, Server};

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

    /// The primary dies, the replica takes its place: what had not reached it is gone.
    pub fn fail_over(&mut self) -> Result<(), Error> {
        self.primary.kill();
        self.replica.promote()?;
        std::mem::swap(&mut self.primary, &mut self.replica);
        Ok(())
    }
}
