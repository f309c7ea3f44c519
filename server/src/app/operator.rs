//! The operator's door: while the server runs, whoever can read its data directory can
//! administer it from this machine.
//!
//! It listens on a loopback port of its own. Where, and the token that opens it, stand in
//! `operator.json` in the data directory, for its owner alone. It passes none of the gates
//! of the public doors: a flood there does not keep the operator out.

use axum::{Router, body::Body, extract::Request};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::{Deserialize, Serialize};
use std::{
    convert::Infallible,
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tower::ServiceExt as _;

use super::StartError;
use crate::{
    http::{Door, OperatorKey, Peer},
    platform,
    runtime::{Entropy, Stop, TaskGroup, Tasks},
};

const FILE: &str = "operator.json";
/// Connections at once; more wait. Other users of the machine can open some too.
const CONNECTIONS_MAX: usize = 256;
/// Of one connection, all of its requests included; but see [`Lasting`].
const CONNECTION_LIFE: Duration = Duration::from_secs(60);
/// For a request's header, which comes from this machine and in one piece.
const HEADER_TIMEOUT: Duration = Duration::from_secs(1);
/// After a failed accept before the next.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What stands in the file.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct OperatorFile {
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
    pid: u32,
}

impl OperatorFile {
    pub(crate) fn path(data: &Path) -> PathBuf {
        data.join(FILE)
    }

    /// `None` if there is none, or what is there is not one: then no server runs that
    /// could be asked.
    pub(crate) fn read(path: &Path) -> io::Result<Option<Self>> {
        match fs::read(path) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A request may take as long as it takes; its connection ends with the server.
#[derive(Clone, Default)]
pub(crate) struct Lasting(Arc<AtomicBool>);

impl Lasting {
    pub(crate) fn ask(&self) {
        self.0.store(true, Relaxed);
    }
}

/// Bound and not yet served.
pub(crate) struct OperatorDoor {
    listener: TcpListener,
    file: OperatorFile,
    path: PathBuf,
}

/// Takes the file away when it is dropped.
pub(crate) struct Announced(PathBuf);

impl Drop for Announced {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0) {
            tracing::warn!(path = %self.0.display(), %error, "the operator's file cannot be removed");
        }
    }
}

impl OperatorDoor {
    pub(super) async fn bind(data: &Path, entropy: &dyn Entropy) -> Result<Self, StartError> {
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let bound = async {
            let listener = TcpListener::bind(anywhere).await?;
            let address = listener.local_addr()?;
            Ok((listener, address))
        };
        let (listener, address) =
            bound.await.map_err(|error| StartError::bind("the operator's door", anywhere, error))?;
        let secret: [u8; 32] = entropy.bytes();
        let token = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        let file = OperatorFile { address, token, pid: std::process::id() };
        Ok(Self { listener, file, path: OperatorFile::path(data) })
    }

    pub(super) fn key(&self) -> OperatorKey {
        OperatorKey::new(&self.file.token)
    }

    /// Writes the file, for as long as what is returned lives.
    pub(crate) fn announce(&self) -> Result<Announced, StartError> {
        let text = serde_json::json!(self.file).to_string() + "\n";
        platform::write_private(&self.path, text.as_bytes())
            .map_err(|error| StartError::OperatorFile { path: self.path.clone(), error })?;
        Ok(Announced(self.path.clone()))
    }

    /// Serves until `stop` is thrown; requests under way are finished by then or aborted
    /// with their owner.
    pub(crate) async fn serve(self, router: Router, tasks: Tasks, mut stop: Stop) {
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let mut connections = TaskGroup::new(tasks);
        loop {
            let place = places.clone().acquire_owned();
            let accepted = tokio::select! {
                accepted = async { (place.await, self.listener.accept().await) } => accepted,
                () = stop.thrown() => break,
            };
            match accepted {
                (Ok(place), Ok((stream, address))) => {
                    let router = router.clone();
                    connections.spawn(async move {
                        let _place = place;
                        let lasting = Lasting::default();
                        let mut served = pin!(connection(stream, address, router, lasting.clone()));
                        let in_time = tokio::time::timeout(CONNECTION_LIFE, &mut served).await;
                        if in_time.is_err() && lasting.0.load(Relaxed) {
                            served.await;
                        }
                    });
                }
                (Err(_), _) => break,
                (_, Err(error)) => {
                    tracing::warn!(%error, "the operator's door cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        // What was asked before the end is answered, if it takes no longer than the rest.
        let _ = places.acquire_many(CONNECTIONS_MAX as u32).await;
    }
}

async fn connection(stream: TcpStream, address: SocketAddr, router: Router, lasting: Lasting) {
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(Peer { address, door: Door::Operator });
        request.extensions_mut().insert(lasting.clone());
        let router = router.clone();
        async move { Ok::<_, Infallible>(router.oneshot(request).await.unwrap_or_else(|never| match never {})) }
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).keep_alive(false);
    if let Err(error) = builder.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "a connection to the operator's door ended");
    }
}
