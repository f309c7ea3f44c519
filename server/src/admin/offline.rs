//! The store itself, where no server runs. The lock of the directory keeps a server from
//! starting meanwhile.

use axum::{
    Router,
    body::Body,
    http::{Request, Response},
};
use rill_storage::{embedded, redis::RedisOptions};
use std::net::{Ipv4Addr, SocketAddr};
use tower::ServiceExt as _;

use super::AdminError;
use crate::{
    app::{Foundation, HeldStore, Opened},
    config::{Backend, Config},
    http::{self, Api, Door, OperatorKey, Peer, ServerInfo},
    runtime::StopSwitch,
};

/// Nobody listens, so nobody can guess it either.
const TOKEN: &str = "offline";
/// Somebody sits before it.
const REDIS_WAIT_MS: u64 = 3_000;

/// See the module.
pub(super) struct Offline {
    router: Router,
    foundation: Foundation,
    store: HeldStore,
}

impl Offline {
    pub(super) async fn open(config: &Config, may_begin: bool) -> Result<Self, AdminError> {
        let foundation = Foundation::of_this_machine();
        let opened = match config.storage.backend {
            Backend::Embedded if !may_begin && !embedded::is_store(&config.data) => {
                return Err(AdminError::NoData(config.data.clone()));
            }
            Backend::Embedded => foundation.open_store(config).await.map_err(|_| AdminError::StoreThread)?,
            // Beside other servers, where any run.
            Backend::Redis => {
                let patient = |options| RedisOptions { may_begin, start_wait_ms: REDIS_WAIT_MS, ..options };
                foundation.open_redis(config, patient).await
            }
        };
        let Opened { store, handle } = opened.map_err(AdminError::Store)?;
        let services = foundation.services(store, config, StopSwitch::new().stop());
        let info = ServerInfo::default();
        let api = Api {
            services,
            origins: Default::default(),
            info,
            readers: Default::default(),
            senders: Default::default(),
        };
        let router = http::operator_router(api.into(), OperatorKey::new(TOKEN), handle.clone());
        Ok(Self { router, foundation, store: handle })
    }

    pub(super) fn token(&self) -> &str {
        TOKEN
    }

    pub(super) async fn send(&self, mut request: Request<Body>) -> Response<Body> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        request.extensions_mut().insert(Peer { address, door: Door::Operator });
        self.router.clone().oneshot(request).await.unwrap_or_else(|never| match never {})
    }

    pub(super) async fn close(self) -> Result<(), AdminError> {
        let Self { router, foundation, store } = self;
        drop(router);
        let closed = store.close(&foundation.tasks).await;
        closed.map_err(|failure| failure.map_or(AdminError::StoreThread, AdminError::Store))
    }
}
