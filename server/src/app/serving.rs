//! What the transports hand their connections to.

use std::sync::Arc;

use crate::{
    http::origin::Origins,
    session::{self, Services},
    transport::{Connection, Serve},
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
}
