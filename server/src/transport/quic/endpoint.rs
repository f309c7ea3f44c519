//! One UDP port, its handshakes, and how it closes.

use super::{Surroundings, backlog::Backlog, dispatch, identity, segments::Segments, socket, tuning};
use crate::{
    runtime::Tasks,
    transport::{
        Admission, Answer, Permits,
        limits::{CLOSE_GRACE_MS, CLOSE_TIMEOUT_MS, HANDSHAKE_TIMEOUT_MS, HANDSHAKES_BEFORE_RETRY, HANDSHAKES_MAX},
    },
};
use quinn::{Incoming, TokioRuntime};
use rill_protocol::Code;
use rustls::server::ResolvesServerCert;
use std::{future::Future, io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::yield_now,
    time::timeout,
};

/// What an endpoint is made of.
pub struct Config {
    /// `[::]` takes IPv4 too. Port 0 is a free one.
    pub address: SocketAddr,
    /// Asked at every handshake, so that a certificate can change.
    pub certificate: Arc<dyn ResolvesServerCert>,
    /// Kept over restarts: connections of a killed server are reset, not left waiting.
    pub key: [u8; 32],
    pub tasks: Tasks,
}

/// The QUIC endpoint of the server.
pub struct Endpoint {
    quic: quinn::Endpoint,
    local_addr: SocketAddr,
    tasks: Tasks,
    handshakes: Arc<Semaphore>,
    closing: watch::Sender<Option<Code>>,
}

impl Endpoint {
    /// Opens the port. Nobody is answered before [`Self::run`].
    ///
    /// # Errors
    /// Name the address and the port, and what is wrong with them.
    pub fn bind(config: Config) -> io::Result<Self> {
        let server = tuning::server_config(config.certificate)?;
        let socket = socket::bind(config.address)?;
        let local_addr = socket.local_addr()?;
        let socket = Arc::new(Segments::new(Arc::new(Backlog::new(socket)?)));
        let identity = identity::endpoint_config(config.key);
        Ok(Self {
            quic: quinn::Endpoint::new_with_abstract_socket(identity, Some(server), socket, Arc::new(TokioRuntime))?,
            local_addr,
            tasks: config.tasks,
            handshakes: Arc::new(Semaphore::new(HANDSHAKES_MAX)),
            closing: watch::Sender::new(None),
        })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Takes connections, each in its own task, until `shutdown`. Then new ones are
    /// refused, and those that stand go on, until [`Self::close`].
    pub async fn run<S: Answer>(&self, serve: S, shutdown: impl Future<Output = ()>) {
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            let incoming = tokio::select! {
                () = &mut shutdown => break,
                incoming = self.quic.accept() => incoming,
            };
            match incoming {
                Some(incoming) => self.admit(incoming, &serve),
                None => break,
            }
            // Those who are there have their turn between two newcomers, however many wait.
            yield_now().await;
        }
        let quic = self.quic.clone();
        self.tasks.spawn(async move {
            while let Some(incoming) = quic.accept().await {
                incoming.refuse();
            }
        });
    }

    /// A refusal costs next to nothing, a Retry no more and proves the address; only
    /// what passes both costs a key exchange.
    fn admit<S: Answer>(&self, incoming: Incoming, serve: &S) {
        let under_way = HANDSHAKES_MAX - self.handshakes.available_permits();
        if under_way >= HANDSHAKES_BEFORE_RETRY && incoming.may_retry() && !incoming.remote_address_validated() {
            // An error says that this client has been asked before: not so here.
            let _ = incoming.retry();
            return;
        }
        let Ok(permit) = self.handshakes.clone().try_acquire_owned() else {
            incoming.refuse();
            return;
        };
        let proven = incoming.remote_address_validated();
        let permits = match serve.admit(incoming.remote_address().ip().to_canonical(), proven) {
            Admission::Admitted(permits) => permits,
            Admission::Prove if incoming.may_retry() => {
                let _ = incoming.retry();
                return;
            }
            Admission::Prove | Admission::Refused => {
                incoming.refuse();
                return;
            }
        };
        let surroundings = Surroundings { tasks: self.tasks.clone(), closing: self.closing.subscribe() };
        self.tasks.spawn(connection(incoming, (permit, permits), serve.clone(), surroundings));
    }

    /// Closes every connection with `code` and returns when all peers have heard it, or
    /// after a few seconds.
    pub async fn close(&self, code: Code) {
        let within = Duration::from_millis(CLOSE_TIMEOUT_MS);
        // WebTransport tells the code inside its session; then its connection ends.
        self.closing.send_replace(Some(code));
        let _ = timeout(within, self.closing.closed()).await;
        self.quic.close(code.number().into(), code.name().as_bytes());
        // The word is out; what remains is to say it again to who asks.
        let _ = timeout(Duration::from_millis(CLOSE_GRACE_MS), self.quic.wait_idle()).await;
    }
}

/// One connection from its first packet to the end of its handshake. What follows is a task
/// of its own, which does not keep what the handshake needed.
async fn connection<S: Answer>(
    incoming: Incoming,
    (permit, permits): (OwnedSemaphorePermit, Permits),
    serve: S,
    surroundings: Surroundings,
) {
    let Permits { connection: until_the_end, handshake: trusted } = permits;
    let peer = super::canonical(incoming.remote_address());
    let handshake = async { incoming.accept()?.await };
    match timeout(Duration::from_millis(HANDSHAKE_TIMEOUT_MS), handshake).await {
        Ok(Ok(quic)) => {
            drop((permit, trusted));
            dispatch(quic, serve, surroundings, until_the_end);
        }
        Ok(Err(error)) => tracing::debug!(%peer, %error, "a QUIC handshake failed"),
        Err(_) => tracing::debug!(%peer, "a QUIC handshake took too long"),
    }
}
