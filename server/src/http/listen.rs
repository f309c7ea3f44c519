//! The HTTP ports' accept loops: a task per connection, bounded in number, each with a
//! bound on the time that its request's header may take.

use axum::{Router, body::Body, extract::Request};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use std::{convert::Infallible, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use super::{Door, Peer};
use crate::runtime::{Stop, TaskGroup, Tasks};

/// Connections of one port at once.
const CONNECTIONS_MAX: usize = 10_000;
/// For a TLS handshake, and for a request's header.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// After a failed accept (no file handles left, say) before the next.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves a port until `stop` is thrown; then open requests end, and so does this.
pub async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, router: Router, tasks: Tasks, mut stop: Stop) {
    let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = TaskGroup::new(tasks);
    loop {
        let permit = permits.clone().acquire_owned();
        let accepted = tokio::select! {
            accepted = async { (permit.await, listener.accept().await) } => accepted,
            () = stop.thrown() => break,
        };
        let (Ok(permit), accepted) = accepted else { break };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let (tls, router, stop) = (tls.clone(), router.clone(), stop.clone());
        connections.spawn(async move {
            let _permit = permit;
            if let Err(error) = connection(stream, address, tls, router, stop).await {
                tracing::debug!(%address, %error, "an HTTP connection ended");
            }
        });
    }
    // Requests under way get a moment; upgraded connections are their sessions' to end.
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

async fn connection(
    stream: TcpStream,
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
    router: Router,
    stop: Stop,
) -> Result<(), BoxError> {
    stream.set_nodelay(true)?;
    match tls {
        None => http(stream, Peer { address, door: Door::Loopback }, router, stop).await,
        Some(tls) => {
            let timed_out = |_| io::Error::new(io::ErrorKind::TimedOut, "the TLS handshake took too long");
            let stream = tokio::time::timeout(HEADER_TIMEOUT, tls.accept(stream)).await.map_err(timed_out)??;
            http(stream, Peer { address, door: Door::Tls }, router, stop).await
        }
    }
}

async fn http<I: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    io: I,
    peer: Peer,
    router: Router,
    mut stop: Stop,
) -> Result<(), BoxError> {
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        let router = router.clone();
        async move { Ok::<_, Infallible>(router.oneshot(request).await.unwrap_or_else(|never| match never {})) }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(Some(HEADER_TIMEOUT));
    let mut connection = pin!(builder.serve_connection_with_upgrades(TokioIo::new(io), service));
    tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.thrown() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    }
}
