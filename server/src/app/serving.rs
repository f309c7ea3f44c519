//! What the transports hand their connections and requests to.

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, Request, Response, header::DATE},
};
use rill_protocol::Code;
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};
use tower::ServiceExt as _;

use crate::{
    http::{Door, Peer, origin::Origins},
    session::{self, Services},
    transport::{Admission, Answer, Connection, Serve, TransportKind, http3},
};

/// Runs a session on each connection.
#[derive(Clone)]
pub(super) struct Sessions {
    services: Arc<Services>,
    origins: Arc<Origins>,
}

impl Sessions {
    pub(super) fn new(services: Arc<Services>, origins: Arc<Origins>) -> Self {
        Self { services, origins }
    }
}

impl Serve for Sessions {
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

/// The same, and HTTP/3's requests go to the router that serves HTTP/1.1 and 2.
#[derive(Clone)]
pub(super) struct Serving {
    sessions: Sessions,
    router: Router,
}

impl Serving {
    pub(super) fn new(sessions: Sessions, router: Router) -> Self {
        Self { sessions, router }
    }
}

impl Serve for Serving {
    async fn serve<C: Connection>(&self, connection: C) {
        self.sessions.serve(connection).await;
    }

    fn origin_allowed(&self, origin: Option<&str>) -> bool {
        self.sessions.origin_allowed(origin)
    }

    fn admit(&self, address: IpAddr, proven: bool) -> Admission {
        self.sessions.admit(address, proven)
    }
}

impl Answer for Serving {
    type Body = Body;

    async fn answer(&self, request: Request<http3::Body>, peer: SocketAddr) -> Response<Body> {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer { address: peer, door: Door::Http3 });
        let mut response = self.router.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
        // As hyper does for the other versions (RFC 9110, section 6.6.1).
        let now = UNIX_EPOCH + Duration::from_millis(self.sessions.services.clock.now_ms());
        if let Ok(date) = HeaderValue::from_str(&httpdate::fmt_http_date(now)) {
            response.headers_mut().insert(DATE, date);
        }
        response
    }
}
