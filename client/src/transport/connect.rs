//! From the name of a server to an open connection: every address of it is tried,
//! each with a head start over the next.

use futures_util::{StreamExt, stream::FuturesUnordered};
use rill_protocol::version::ALPN;
use std::{net::SocketAddr, pin::pin, sync::Arc};
use tokio::{
    net::lookup_host,
    time::{sleep, timeout},
};

use super::{Connection, Kind, Quic, TransportKind, WebSocket, WebTransport};
use crate::{Endpoints, Error, Trust, config::QuicEndpoint, limits};

/// The application protocol of HTTP/3, on which WebTransport stands (RFC 9114).
const HTTP3_ALPN: &[u8] = b"h3";

/// Opens a connection. Dropping the future gives up.
pub async fn connect(kind: TransportKind, endpoints: &Endpoints, trust: &Trust) -> Result<Connection, Error> {
    let opened = async {
        match kind {
            TransportKind::Quic => quic(endpoints, trust).await,
            TransportKind::WebTransport => webtransport(endpoints, trust).await,
            TransportKind::WebSocket => websocket(endpoints, trust).await,
        }
    };
    let opened = timeout(limits::CONNECT_TIMEOUT, opened);
    opened.await.unwrap_or_else(|_| Err(Error::Transport(format!("{kind}: no answer in time")))).map(Connection)
}

/// Opens a connection over the first transport, or over the other where there is one and it is there
/// earlier: that begins when the first has failed, or has not answered for a while. Nothing was said on
/// the one that is given up. Dropping the future gives up.
pub async fn connect_either(
    (first, other): (TransportKind, Option<TransportKind>),
    endpoints: &Endpoints,
    trust: &Trust,
) -> Result<Connection, Error> {
    let mut preferred = pin!(connect(first, endpoints, trust));
    let Some(other) = other else { return preferred.await };
    let failure = match timeout(limits::FALLBACK_AFTER, &mut preferred).await {
        Ok(Ok(connection)) => return Ok(connection),
        Ok(Err(error)) => Some(error),
        Err(_) => None,
    };
    let mut fallback = pin!(connect(other, endpoints, trust));
    match failure {
        Some(failure) => fallback.await.map_err(|_| failure),
        None => tokio::select! {
            biased;
            outcome = &mut preferred => match outcome {
                Ok(connection) => Ok(connection),
                Err(failure) => fallback.await.map_err(|_| failure),
            },
            outcome = &mut fallback => match outcome {
                Ok(connection) => Ok(connection),
                Err(_) => preferred.await,
            },
        },
    }
}

async fn quic(endpoints: &Endpoints, trust: &Trust) -> Result<Kind, Error> {
    let endpoint = offered(endpoints, TransportKind::Quic)?;
    let tls = trust.clone().and_hashes(endpoint.hashes.iter().copied()).tls(&[ALPN])?;
    let connect = |address| Quic::connect(address, &endpoint.host, tls.clone());
    first(&endpoint.host, endpoint.port, connect).await.map(Kind::Quic)
}

async fn webtransport(endpoints: &Endpoints, trust: &Trust) -> Result<Kind, Error> {
    let endpoint = offered(endpoints, TransportKind::WebTransport)?;
    let tls = trust.clone().and_hashes(endpoint.hashes.iter().copied()).tls(&[HTTP3_ALPN])?;
    let host = if endpoint.host.contains(':') { format!("[{}]", endpoint.host) } else { endpoint.host.clone() };
    let url = format!("https://{host}:{}{}", endpoint.port, endpoint.path);
    let connect = |address| WebTransport::connect(address, &url, tls.clone());
    first(&endpoint.host, endpoint.port, connect).await.map(Kind::WebTransport)
}

async fn websocket(endpoints: &Endpoints, trust: &Trust) -> Result<Kind, Error> {
    let url = &endpoints.websocket;
    let tls = match url.scheme() {
        "wss" => Some(Arc::new(trust.tls(&[b"http/1.1"])?)),
        "ws" => None,
        other => return Err(Error::Url(format!("{other}:// is no WebSocket"))),
    };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let port = url.port_or_known_default().unwrap_or_default();
    let connect = |address| WebSocket::connect(address, url, tls.clone());
    first(host, port, connect).await.map(Kind::WebSocket)
}

fn offered(endpoints: &Endpoints, kind: TransportKind) -> Result<&QuicEndpoint, Error> {
    endpoints.quic.as_ref().ok_or(Error::NotOffered(kind.as_str()))
}

/// The first address of a host that answers (the idea of RFC 8305): QUIC says nothing
/// when nobody listens, so waiting for one address to fail is no way to the next.
async fn first<T, F>(host: &str, port: u16, connect: impl Fn(SocketAddr) -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let found = lookup_host((host, port)).await.map_err(|error| Error::Transport(format!("{host}: {error}")))?;
    let mut addresses = found.take(limits::ADDRESSES_MAX);
    let mut next = addresses.next();
    let mut trying = FuturesUnordered::new();
    let mut failure = Error::Transport(format!("{host}: no address"));
    loop {
        if let Some(address) = next.take() {
            trying.push(connect(address));
            next = addresses.next();
        }
        tokio::select! {
            Some(outcome) = trying.next() => match outcome {
                Ok(connection) => return Ok(connection),
                Err(error) => failure = error,
            },
            () = sleep(limits::ADDRESS_STAGGER), if next.is_some() => {}
            else => return Err(failure),
        }
    }
}
