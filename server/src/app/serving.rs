//! What the transports hand their connections to.

use rill_protocol::Code;
use std::{net::IpAddr, sync::Arc};

use crate::{
    http::origin::Origins,
    session::{self, Services},
    transport::{Admission, Connection, Serve, TransportKind},
};

/// Runs a session on each connection.
#[derive(Clone)]
pub(super) struct Serving {
    services: Arc<Services>,
    origins: Arc<Origins>,
}

impl Serving {
    pub(super) fn new(services: Arc<Services>, origins: Arc<Origins>) -> Self {
        Self { services, origins }
    }
}

impl Serve for Serving {
    async fn serve<C: Connection>(&self, connection: C) {
        session::run(self.services.clone(), connection).await;
    }

    fn origin_allowed(&self, origin: Option<&str>) -> bool {
        self.origins.allows(origin)
    }

    fn admit(&self, address: IpAddr, proven: bool) -> Admission {
        let gate = &self.services.gate;
        let admission = gate.admit(address, proven);
        if matches!(admission, Admission::Refused) {
            gate.refused(TransportKind::Quic.as_str(), address, Code::RateLimited);
        }
        admission
    }
}
