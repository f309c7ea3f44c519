//! The TCP ports.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};
use tokio::net::TcpListener;

use super::StartError;
use crate::config::Config;

/// Bound and not yet served.
pub struct Listeners {
    /// Plain HTTP on the loopback addresses. `localhost` is ::1 first in browsers, and
    /// 127.0.0.1 in most other programs.
    pub http: Vec<TcpListener>,
    pub https: TcpListener,
}

impl Listeners {
    /// Binds, or names the port that is in use.
    pub async fn bind(config: &Config) -> Result<Self, StartError> {
        let first = bind(config.http).await.map_err(|error| StartError::bind("--http", config.http, error))?;
        let mut http = vec![first];
        if let (Some(other), Ok(bound)) = (other_family(config.http.ip()), http[0].local_addr()) {
            let address = SocketAddr::new(other, bound.port());
            match bind(address).await {
                Ok(listener) => http.push(listener),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                    return Err(StartError::bind("--http", address, error));
                }
                // A machine without IPv6.
                Err(error) => tracing::debug!(%address, %error, "not listened on"),
            }
        }
        let https = bind(config.https).await.map_err(|error| StartError::bind("--https", config.https, error))?;
        Ok(Self { http, https })
    }
}

async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    match TcpListener::bind(address).await {
        // "Every address" on a machine without IPv6.
        Err(error)
            if address.ip() == IpAddr::from(Ipv6Addr::UNSPECIFIED) && error.kind() != io::ErrorKind::AddrInUse =>
        {
            TcpListener::bind(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), address.port())).await
        }
        bound => bound,
    }
}

fn other_family(ip: IpAddr) -> Option<IpAddr> {
    if ip == IpAddr::from(Ipv4Addr::LOCALHOST) {
        Some(Ipv6Addr::LOCALHOST.into())
    } else if ip == IpAddr::from(Ipv6Addr::LOCALHOST) {
        Some(Ipv4Addr::LOCALHOST.into())
    } else {
        None
    }
}
