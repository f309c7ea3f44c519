//! Putting the server together, in the order in which its parts need each other.

mod bind;
mod demo;
mod error;
mod ready;
mod serving;
mod upkeep;

use rill_certs::{Pinned, Source, Tcp};
use rill_storage::embedded::{self, Handle, OpenOptions};
use std::{future::Future, sync::Arc};

pub use bind::Listeners;
pub use error::StartError;
pub use ready::Ready;

use crate::{
    admission::Gate,
    config::Config,
    domain::{Domain, World, sweep},
    http::{self, Api, ServerInfo, WebTransportInfo, origin::Origins},
    hub::Hub,
    lifecycle,
    metrics::Metrics,
    runtime::{Clock, Entropy, StopSwitch, SystemClock, SystemEntropy, Tasks},
    session::{Live, Services},
    transport::quic,
    wire,
};
use serving::{Serving, Sessions};

/// A server that is ready to run.
pub struct App {
    listeners: Listeners,
    endpoints: Vec<quic::Endpoint>,
    api: Arc<Api>,
    sessions: Sessions,
    pinned: Arc<Pinned>,
    tcp: Arc<Tcp>,
    store: Handle,
    switch: StopSwitch,
    ready: Ready,
    config: Config,
}

impl App {
    /// Binds the ports, opens the store, mends what a crash left, takes up the
    /// certificates. Nothing is served yet.
    pub async fn load(config: Config) -> Result<Self, StartError> {
        let (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
        let tasks = Tasks::default();
        let listeners = Listeners::bind(&config).await?;

        let options = OpenOptions::new(&config.data, {
            let entropy = entropy.clone();
            Arc::new(move |out: &mut [u8]| entropy.fill(out))
        });
        let opened = tasks.spawn_blocking(move || embedded::open_sled(options)).await;
        let opened = opened.map_err(|_| StartError::StoreThread)??;
        let mended = sweep::sweep(&opened.store).await?;
        if mended > 0 {
            tracing::info!(mended, "changes that a crash had left half told were finished");
        }

        let now_ms = clock.now_ms();
        let certificates = config.data.join("certs");
        let names = rill_certs::machine_names();
        let pinned = Arc::new(Pinned::open(&certificates, now_ms)?);
        let source = match config.https.files() {
            Some((certificate, key)) => Source::Files { certificate: certificate.to_owned(), key: key.to_owned() },
            None => Source::SelfSigned { dir: certificates, names: names.clone() },
        };
        let tcp = Arc::new(Tcp::open(source, now_ms)?);
        let reset_key = opened.store.digest("quic-endpoint", &[]).0;
        let endpoint = async |address| {
            quic::Endpoint::bind(quic::Config {
                address,
                certificate: pinned.slot(),
                key: reset_key,
                tasks: tasks.clone(),
            })
        };
        let endpoints =
            bind::everywhere_here("--quic", config.quic.listen, endpoint, |endpoint| Ok(endpoint.local_addr())).await?;

        let switch = StopSwitch::new();
        let hub = Hub::new(wire::entry::encode);
        opened.store.log.observe(hub.clone());
        opened.store.user_log.observe(hub.clone());
        let world = World {
            store: opened.store.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            tasks: tasks.clone(),
            registration: config.accounts.registration,
        };
        let metrics = Arc::<Metrics>::default();
        let device_key = opened.store.digest("known devices", &[]).0;
        let services = Arc::new(Services {
            store: opened.store,
            domain: Domain::new(world),
            hub,
            live: Live::default(),
            clock,
            entropy,
            tasks,
            gate: Arc::new(Gate::new(&config.limits, metrics.clone(), device_key)),
            metrics,
            software: concat!("rill/", env!("CARGO_PKG_VERSION")).to_owned(),
            stop: switch.stop(),
        });
        if config.demo {
            demo::prepare(&services).await?;
        }

        let quic_address = endpoints[0].local_addr();
        let ready = Ready::new(&listeners, quic_address, &pinned);
        let origins =
            Arc::new(Origins::new(ready.http.port(), ready.https.port(), &names, &config.http.allowed_origins));
        let api = Arc::new(Api {
            services: services.clone(),
            origins: origins.clone(),
            info: ServerInfo {
                webtransport: Some(WebTransportInfo { port: quic_address.port(), certificate: pinned.clone() }),
                demo: config.demo,
            },
        });
        let sessions = Sessions::new(services, origins);
        Ok(Self { listeners, endpoints, api, sessions, pinned, tcp, store: opened.handle, switch, ready, config })
    }

    /// Where it listens.
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// Serves until `shutdown` resolves, then ends in order (see [`lifecycle`]).
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send + 'static) -> Result<(), StartError> {
        let services = self.api.services.clone();
        let tls = rill_certs::server_config(self.tcp.slot(), rustls::ALL_VERSIONS, &[b"h2", b"http/1.1"])?;
        let router = http::router(self.api, self.sessions.clone());
        let serving = Serving::new(self.sessions, router.clone());
        let background = lifecycle::Background {
            router,
            tls: Arc::new(tls).into(),
            listeners: self.listeners,
            endpoints: self.endpoints.into_iter().map(Arc::new).collect(),
            serving,
            switch: self.switch,
            services: services.clone(),
            store: self.store.clone(),
            upkeep: upkeep::run(services, self.pinned, self.tcp, self.store),
        };
        let ready_file = self.config.ready_file;
        let ready = self.ready;
        lifecycle::run(background, shutdown, move || ready.tell(ready_file.as_deref())).await
    }
}
