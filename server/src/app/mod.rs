//! Putting the server together, in the order in which its parts need each other.

mod bind;
mod certificates;
mod demo;
mod error;
mod foundation;
mod held_store;
pub(crate) mod operator;
mod ready;
mod redis;
mod serving;
mod upkeep;

use rill_certs::{Pinned, Source, Tcp};
use rustls::server::ResolvesServerCert;
use std::{future::Future, sync::Arc};

pub use bind::Listeners;
pub use error::StartError;
pub(crate) use foundation::{Foundation, Opened};
pub(crate) use held_store::NO_BACKUP;
pub use held_store::{HeldStore, RedisReport, StoreReport};
pub use ready::Ready;
pub use redis::acknowledged;
pub(crate) use redis::archive;

use crate::{
    cluster::clock::AgreedClock,
    config::Config,
    domain::sweep,
    http::{self, Api, Door, ServerInfo, WebTransportInfo, origin::Origins},
    lifecycle,
    runtime::{Clock, StopSwitch, SystemClock},
    transport::quic,
};
use operator::OperatorDoor;
use serving::{Serving, Sessions};

/// A server that is ready to run.
pub struct App {
    listeners: Listeners,
    operator: OperatorDoor,
    endpoints: Vec<quic::Endpoint>,
    api: Arc<Api>,
    sessions: Sessions,
    pinned: Arc<Pinned>,
    tcp: Arc<Tcp>,
    store: HeldStore,
    switch: StopSwitch,
    ready: Ready,
    config: Config,
}

impl App {
    /// Binds the ports, opens the store, mends what a crash left, takes up the
    /// certificates. Nothing is served yet.
    pub async fn load(config: Config) -> Result<Self, StartError> {
        Self::load_by(config, Arc::new(SystemClock)).await
    }

    /// The same, by another clock than the machine's.
    pub async fn load_by(config: Config, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        let mut foundation = Foundation { clock, ..Foundation::of_this_machine() };
        let listeners = Listeners::bind(&config)?;
        let operator = OperatorDoor::bind(&config.data, &*foundation.entropy).await?;

        let opened = foundation.open_store(&config).await.map_err(|_| StartError::StoreThread)?;
        let Opened { store, handle } = opened?;
        let blobs = foundation.open_blobs(&config)?;
        let mut nodes = None;
        if let Some(shared) = handle.shared() {
            let clock = AgreedClock::agree(&*shared.attendance, foundation.clock).await;
            foundation.clock = clock.clone();
            nodes = Some((shared, clock));
        }
        let mended = sweep::sweep_at_start(&store).await?;
        if mended > 0 {
            tracing::info!(mended, "changes that a crash had left half told were finished");
        }

        let now_ms = foundation.clock.now_ms();
        let certificates = config.data.join("certs");
        let names = rill_certs::machine_names();
        let pinned = Arc::new(Pinned::open(&certificates, now_ms)?);
        let publicly_trusted = config.quic.publicly_trusted;
        let source = match config.https.files() {
            Some((certificate, key)) => Source::Files { certificate: certificate.to_owned(), key: key.to_owned() },
            None => Source::SelfSigned { dir: certificates, names: names.clone() },
        };
        let tcp = Arc::new(Tcp::open(source, now_ms)?);
        let shown: Arc<dyn ResolvesServerCert> = if publicly_trusted { tcp.slot() } else { pinned.slot() };
        let reset_key = store.digest("quic-endpoint", &[]).0;
        let endpoint = |address| {
            quic::Endpoint::bind(quic::Config {
                address,
                certificate: shown.clone(),
                key: reset_key,
                tasks: foundation.tasks.clone(),
            })
        };
        let endpoints =
            bind::everywhere_here("--quic", config.quic.listen, endpoint, |endpoint| Ok(endpoint.local_addr()))?;

        let switch = StopSwitch::new();
        let services = foundation.services_among(store, blobs, &config, switch.stop(), nodes);
        if config.demo {
            demo::prepare(&services).await?;
        }

        let quic_address = endpoints[0].local_addr();
        let hashed = (!publicly_trusted).then(|| pinned.clone());
        let ready = Ready::new(&listeners, quic_address, hashed.as_deref());
        let origins =
            Arc::new(Origins::new(ready.http.port(), ready.https.port(), &names, &config.http.allowed_origins));
        origins.certify(&tcp.names());
        let api = Arc::new(Api {
            services: services.clone(),
            origins: origins.clone(),
            info: ServerInfo {
                webtransport: Some(WebTransportInfo { port: quic_address.port(), certificate: hashed }),
                demo: config.demo,
                https_port: ready.https.port(),
                alternative: publicly_trusted.then(|| http::http3_on(quic_address.port())).flatten(),
            },
            readers: Default::default(),
            senders: Default::default(),
        });
        let sessions = Sessions::new(services, origins);
        Ok(Self { listeners, operator, endpoints, api, sessions, pinned, tcp, store: handle, switch, ready, config })
    }

    /// Where it listens.
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// Serves until `shutdown` resolves, then ends in order (see [`lifecycle`]).
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send + 'static) -> Result<(), StartError> {
        let (services, origins) = (self.api.services.clone(), self.api.origins.clone());
        let tls = rill_certs::server_config(self.tcp.slot(), rustls::ALL_VERSIONS, &[b"h2", b"http/1.1"])?;
        let operating = http::Operating {
            store: self.store.clone(),
            tcp: self.tcp.clone(),
            data: self.config.data.clone(),
            token: self.config.metrics.token.clone(),
        };
        let router = http::router(self.api.clone(), operating, self.sessions.clone());
        let operator_router = http::operator_router(self.api, self.operator.key(), self.store.clone());
        let serving = Serving::new(self.sessions, router.clone());
        let background = lifecycle::Background {
            router,
            tls: Arc::new(tls).into(),
            listeners: self.listeners,
            operator: (self.operator, operator_router),
            outside: if self.config.http.insecure { Door::Insecure } else { Door::Redirect },
            endpoints: self.endpoints.into_iter().map(Arc::new).collect(),
            serving,
            switch: self.switch,
            services: services.clone(),
            store: self.store.clone(),
            upkeep: async move {
                tokio::join!(
                    upkeep::run(services.clone(), self.store),
                    upkeep::keep_files(services.clone()),
                    certificates::watch(services, self.pinned, self.tcp, origins),
                );
            },
        };
        let ready_file = self.config.ready_file;
        let ready = self.ready;
        lifecycle::run(background, shutdown, move || ready.tell(ready_file.as_deref())).await
    }
}
