//! The way in for members who speak the protocol themselves.

use anyhow::Context;
use rill_client::{Credentials, TransportKind};
use rill_protocol::{Ticket, version::WEBSOCKET_PATH};
use url::Url;

use super::Target;
use crate::fanout::session::Entrance;

impl Target {
    /// To the first room of a server that was started here, and a ticket for each user; with
    /// `plain` a WebSocket goes without TLS.
    pub(crate) fn entrance(&mut self, kind: TransportKind, plain: bool) -> anyhow::Result<(Entrance, Vec<Ticket>)> {
        let process = self.process.as_ref().context("only for a server that was started here")?;
        let mut endpoints = process.endpoints()?;
        if plain {
            endpoints.websocket = Url::parse(&format!("ws://{}{WEBSOCKET_PATH}", process.doors().http))?;
        }
        let room = *self.rooms.as_ref().and_then(|rooms| rooms.first()).context("there is no room")?;
        let tickets = std::mem::take(&mut self.credentials).into_iter().map(|credentials| match credentials {
            Credentials::Tickets(tickets) => tickets.into_iter().next().context("a user without a ticket"),
            _ => anyhow::bail!("users of a prepared store have tickets"),
        });
        let tickets = tickets.collect::<anyhow::Result<_>>()?;
        Ok((Entrance { kind, endpoints, trust: self.trusted.trust(), room }, tickets))
    }
}
