//! The HTTP ports' accept loops: a task per connection, bounded in number, each with a
//! bound on the time until its first request and on what a request's header may take.

use axum::{Router, body::Body, extract::Request};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use rill_protocol::Code;
use std::{convert::Infallible, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{Notify, Semaphore},
};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use super::{
    DOOR, Door, Peer, Place,
    pace::{Pace, Paced},
    turned_away,
};
use crate::{
    admission::Gate,
    runtime::{Stop, TaskGroup, Tasks},
    transport::{Admission, limits::TCP_UNSENT_BYTES_MAX},
};

/// Connections of one port at once.
const CONNECTIONS_MAX: u32 = 10_000;
/// For the first byte, for a TLS handshake, for the first request, and for a request's header.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// From the word that a connection ends to its end.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(10);
/// What a connection of HTTP/1.1 gathers of a request's header, and of an answer.
const HTTP1_BUFFER_BYTES: usize = 64 * 1024;
/// Requests under way on one connection of HTTP/2.
const HTTP2_STREAMS_MAX: u32 = 32;
/// Bytes of a request's body before they are read.
const HTTP2_STREAM_WINDOW_BYTES: u32 = 64 * 1024;
/// The same for all requests of a connection.
const HTTP2_WINDOW_BYTES: u32 = 256 * 1024;
/// Bytes of an answer that HTTP/2 takes before the peer does.
const HTTP2_SEND_BUFFER_BYTES: usize = 64 * 1024;
/// A request's header over HTTP/2.
const HEADER_BYTES_MAX: u32 = 16 * 1024;
/// After a failed accept (no file handles left, say) before the next.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves a port until `stop` is thrown; then open requests end, and so does this.
///
/// `outside` is the door of plain connections that come by another address than loopback.
pub async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    outside: Door,
    router: Router,
    gate: Arc<Gate>,
    tasks: Tasks,
    mut stop: Stop,
) {
    let courtesies = Arc::new(Semaphore::new(turned_away::AT_ONCE_MAX));
    let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX as usize));
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
        let Admission::Admitted(admitted) = gate.admit(address.ip(), true) else {
            gate.refused(DOOR, address.ip(), Code::RateLimited);
            if tls.is_none()
                && let Ok(courtesy) = courtesies.clone().try_acquire_owned()
            {
                connections.spawn(async move {
                    turned_away::tell(stream).await;
                    drop(courtesy);
                });
            }
            continue;
        };
        let place = Place::new(admitted.connection);
        let (tls, router, stop) = (tls.clone(), router.clone(), stop.clone());
        connections.spawn(async move {
            let _permit = permit;
            // A connection that says nothing is the cheapest to hold open by the thousand, so
            // what serves one is made when its first byte comes.
            let mut silent = stop.clone();
            let spoke = tokio::select! {
                spoke = tokio::time::timeout(HEADER_TIMEOUT, stream.readable()) => matches!(spoke, Ok(Ok(()))),
                () = silent.thrown() => false,
            };
            if !spoke {
                return;
            }
            if let Err(error) = Box::pin(connection(stream, address, place, tls, outside, router, stop)).await {
                tracing::debug!(%address, %error, "an HTTP connection ended");
            }
        });
    }
    // Requests under way get as long as whoever runs this waits; upgraded connections are
    // their sessions' to end.
    let _ = permits.acquire_many(CONNECTIONS_MAX).await;
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

async fn connection(
    stream: TcpStream,
    address: SocketAddr,
    place: Place,
    tls: Option<TlsAcceptor>,
    outside: Door,
    router: Router,
    mut stop: Stop,
) -> Result<(), BoxError> {
    tune(&stream)?;
    match tls {
        None => {
            let door = plain_door(stream.local_addr()?, outside);
            http(stream, Peer { address, door }, place, router, stop).await
        }
        Some(tls) => {
            let timed_out = |_| io::Error::new(io::ErrorKind::TimedOut, "the TLS handshake took too long");
            let handshake = tokio::time::timeout(HEADER_TIMEOUT, tls.accept(stream));
            let stream = tokio::select! {
                stream = handshake => stream.map_err(timed_out)??,
                () = stop.thrown() => return Ok(()),
            };
            http(stream, Peer { address, door: Door::Tls }, place, router, stop).await
        }
    }
}

/// What is written goes out at once, and what cannot yet stays with whoever decides what goes
/// first: the system would take megabytes of a file, and chat would wait behind them.
fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    #[cfg(target_os = "linux")]
    socket2::SockRef::from(stream).set_tcp_notsent_lowat(TCP_UNSENT_BYTES_MAX)?;
    Ok(())
}

/// Which door a plain connection came in by, told by this side's address.
fn plain_door(local: SocketAddr, outside: Door) -> Door {
    match outside {
        Door::Redirect if local.ip().to_canonical().is_loopback() => Door::Loopback,
        outside => outside,
    }
}

async fn http<I: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    io: I,
    peer: Peer,
    place: Place,
    router: Router,
    mut stop: Stop,
) -> Result<(), BoxError> {
    let asked = Arc::new(Notify::new());
    let asks = asked.clone();
    let pace = Pace::new();
    let paced = pace.clone();
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        asks.notify_one();
        paced.progress();
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        request.extensions_mut().insert(place.clone());
        let (router, paced) = (router.clone(), paced.clone());
        async move {
            let response = router.oneshot(request).await.unwrap_or_else(|never| match never {});
            paced.progress();
            Ok::<_, Infallible>(response.map(|body| Paced::new(body, paced)))
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_buf_size(HTTP1_BUFFER_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(HEADER_TIMEOUT))
        .max_concurrent_streams(HTTP2_STREAMS_MAX)
        .initial_stream_window_size(HTTP2_STREAM_WINDOW_BYTES)
        .initial_connection_window_size(HTTP2_WINDOW_BYTES)
        .max_send_buf_size(HTTP2_SEND_BUFFER_BYTES)
        .max_header_list_size(HEADER_BYTES_MAX);
    let mut connection = pin!(builder.serve_connection_with_upgrades(TokioIo::new(io), service));
    tokio::select! {
        ended = connection.as_mut() => ended,
        () = silence(&asked) => Err(io::Error::new(io::ErrorKind::TimedOut, "nothing was asked").into()),
        () = stop.thrown() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        () = pace.stalled() => {
            connection.as_mut().graceful_shutdown();
            tokio::time::timeout(GOODBYE_TIMEOUT, connection)
                .await
                .unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "answers were not taken").into()))
        }
    }
}

/// Resolves if nothing is asked in time: hyper itself waits for ever for the bytes that
/// tell HTTP/1 from HTTP/2.
async fn silence(asked: &Notify) {
    if tokio::time::timeout(HEADER_TIMEOUT, asked.notified()).await.is_ok() {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests;
