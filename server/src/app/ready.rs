//! Telling that the server listens, and where: lines for a person, a file for a program.

use rill_certs::Pinned;
use std::{
    fs, io,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

use super::{Listeners, StartError};

/// Where the server listens.
#[derive(Clone, Debug)]
pub struct Ready {
    pub http: SocketAddr,
    pub https: SocketAddr,
    pub quic: SocketAddr,
    /// SHA-256 of the certificates that a browser may pin, in hexadecimal.
    pub certificate_hashes: Vec<String>,
}

/// An address of another machine's point of view is not known; its port is.
fn or_unspecified(address: io::Result<SocketAddr>) -> SocketAddr {
    address.unwrap_or_else(|_| SocketAddr::from(([0, 0, 0, 0], 0)))
}

/// "Every address" is none that can be opened: the machine's own name stands in.
fn reachable(address: SocketAddr) -> String {
    if !address.ip().is_unspecified() {
        return address.to_string();
    }
    let names = rill_certs::machine_names();
    let own = names.iter().find(|name| *name != "localhost" && name.parse::<IpAddr>().is_err());
    format!("{}:{}", own.map_or("localhost", String::as_str), address.port())
}

/// What this machine calls the plain port: browsers take `localhost` for safe.
fn local(address: SocketAddr) -> String {
    let ip = address.ip();
    if ip.is_loopback() || ip.is_unspecified() { format!("localhost:{}", address.port()) } else { address.to_string() }
}

impl Ready {
    pub(super) fn new(listeners: &Listeners, quic: SocketAddr, pinned: Option<&Pinned>) -> Self {
        Self {
            http: or_unspecified(listeners.http[0].local_addr()),
            https: or_unspecified(listeners.https.local_addr()),
            quic,
            certificate_hashes: pinned.map(Pinned::hashes).iter().flatten().map(ToString::to_string).collect(),
        }
    }

    pub(super) fn tell(&self, file: Option<&Path>) -> Result<(), StartError> {
        if let Some(path) = file {
            self.write(path).map_err(|error| StartError::ReadyFile { path: path.to_owned(), error })?;
        }
        println!("page   http://{}/", local(self.http));
        println!("https  https://{}/", reachable(self.https));
        println!("quic   {}", self.quic);
        println!("ready");
        Ok(())
    }

    /// Whole or not at all: a reader that polls for the file never sees half of it.
    fn write(&self, path: &Path) -> io::Result<()> {
        let json = serde_json::json!({
            "http": self.http,
            "https": self.https,
            "quic": self.quic,
            "certificate_hashes": self.certificate_hashes,
            "pid": std::process::id(),
        });
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        fs::write(&part, format!("{json}\n"))?;
        fs::rename(&part, path)
    }
}
