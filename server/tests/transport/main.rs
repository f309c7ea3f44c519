//! One contract for every transport, and what is particular to each.
//!
//! [`contract`] holds the scenarios, [`host`] is a server that does what a stream's
//! first bytes ask of it, and [`client`] has a client for each transport that shares no
//! code with the server: quinn, wtransport, tokio-tungstenite.
#![allow(clippy::disallowed_methods)] // tests spawn and time for themselves

mod admission;
mod client;
mod contract;
mod files;
mod host;
mod http3;
mod moving;
mod quic;
mod websocket;

use std::{future::Future, time::Duration};

/// What anything here may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Fails a scenario that hangs, naming what it waited for.
async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what} did not happen"),
    }
}
