//! A link between clients and server that is as long, narrow and lossy as is asked for, for
//! kernels that cannot delay or drop by themselves.
//!
//! Server and clients each have a network namespace (network_namespaces(7)) with a TUN device as
//! its only way out, and this process carries packets from one device to the other: through a
//! queue that drops at its tail, at a rate, with losses that a seed decides. Namespaces and
//! devices have no names outside: they are gone with the last process in them, however it ends, and
//! the server goes with this one.
//!
//! Needs root (`CAP_SYS_ADMIN` and `CAP_NET_ADMIN`) and Linux.

mod carrier;
mod direction;
mod end;
mod spec;

use anyhow::{Context, ensure};
use serde::Serialize;
use std::{
    net::IpAddr,
    process::{Child, Command},
    sync::{Arc, OnceLock},
};

use carrier::{Counts, Filter};
use end::ServerEnd;
pub(crate) use spec::LinkSpec;

static LAID: OnceLock<Link> = OnceLock::new();

/// Both ends. A process has at most one link: its threads lie at one end of it.
pub(crate) struct Link {
    spec: LinkSpec,
    server: ServerEnd,
    up: Counts,
    down: Counts,
    filter: Arc<Filter>,
}

/// For a report.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct LinkReport {
    link: String,
    /// From clients to the server.
    up: Carried,
    down: Carried,
}

/// What became of packets.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Carried {
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    /// By chance.
    pub(crate) lost: u64,
    /// Because the queue was full.
    pub(crate) dropped: u64,
}

/// Lays the link. From here on the calling thread, and every thread that it starts, is at the
/// clients' end; [`spawn`] starts processes at the server's.
pub(crate) fn lay(spec: &LinkSpec) -> anyhow::Result<&'static Link> {
    ensure!(LAID.get().is_none(), "a process has one link");
    ensure_root()?;
    LAID.set(Link::between(spec)?).ok().context("a process has one link")?;
    laid().context("it was just laid")
}

/// Refuses who may not lay a link.
pub(crate) fn ensure_root() -> anyhow::Result<()> {
    ensure!(
        rustix::process::geteuid().is_root(),
        "a link is made of network namespaces and devices, which only root may make: run it as root, or without a link"
    );
    Ok(())
}

/// The link of this process.
pub(crate) fn laid() -> Option<&'static Link> {
    LAID.get()
}

/// Where a server listens: behind the link if there is one.
pub(crate) fn server_host() -> IpAddr {
    if laid().is_some() { end::SERVER.into() } else { std::net::Ipv4Addr::LOCALHOST.into() }
}

/// Starts a server's process: behind the link if there is one.
pub(crate) fn spawn(mut command: Command) -> std::io::Result<Child> {
    match laid() {
        Some(link) => link.server.spawn(command),
        None => command.spawn(),
    }
}

impl Link {
    /// One whose clients' end is the calling thread.
    fn between(spec: &LinkSpec) -> anyhow::Result<Self> {
        let (server, at_server) = ServerEnd::begin()?;
        let at_clients = end::enter(end::CLIENTS)?;
        let filter = Arc::<Filter>::default();
        let (up, down) = carrier::begin(spec, at_clients, at_server, &filter)?;
        Ok(Self { spec: spec.clone(), server, up, down, filter })
    }

    /// From now on every packet of UDP is dropped, or none any more: as by a firewall that says nothing.
    pub(crate) fn drop_udp(&self, is_dropped: bool) {
        self.filter.drop_udp(is_dropped);
    }

    /// The clients' end gets another address, as behind a router that gives it out anew; nobody
    /// is told. The calling thread is at that end.
    pub(crate) fn change_address(&self) -> anyhow::Result<()> {
        end::change_address()
    }

    pub(crate) fn report(&self) -> LinkReport {
        LinkReport { link: self.spec.to_string(), up: self.up.now(), down: self.down.now() }
    }
}

#[cfg(test)]
mod tests;
