//! What lies between clients and server.

use clap::Args;

use crate::link::{self, LinkSpec};

/// Of a scenario whose server may lie behind a link.
#[derive(Debug, Args)]
pub(crate) struct LinkArgs {
    /// A lossy link to a server that is started here, as `rtt=50ms,loss=2%,rate=20mbit,queue=50ms,seed=1`:
    /// a TUN device in a network namespace at each end, and between them this program, which delays,
    /// loses, and drops at the tail of its queue, both ways. Root only.
    #[arg(long)]
    pub(crate) link: Option<LinkSpec>,
}

impl LinkArgs {
    /// Before anything else, for only threads that begin later are at the link's end.
    pub(crate) fn lay(&self) -> anyhow::Result<()> {
        self.link.as_ref().map_or(Ok(()), |spec| link::lay(spec).map(drop))
    }
}
