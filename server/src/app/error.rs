//! Why the server does not start: which part, and what helps.

use rill_storage::StoreError;
use std::{io, net::SocketAddr, path::PathBuf};
use thiserror::Error;

use crate::domain::DomainError;

/// See the module.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    #[error("{flag} {address}: the port is in use; stop the program that has it, or choose another with {flag}")]
    PortInUse {
        /// The flag that chooses the address.
        flag: &'static str,
        /// The address.
        address: SocketAddr,
    },
    #[error("{flag} {address} cannot be listened on: {error}")]
    Bind {
        /// The flag that chooses the address.
        flag: &'static str,
        /// The address.
        address: SocketAddr,
        /// The system's word.
        error: io::Error,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the store could not be opened: its thread panicked; the log has the reason")]
    StoreThread,
    #[error(transparent)]
    Certificates(#[from] rill_certs::Error),
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    #[error("the demonstration's accounts cannot be made: {0}")]
    Demo(#[from] DomainError),
    #[error("{path} cannot be written: {error}; `rill admin` would not find the server")]
    OperatorFile {
        /// The file.
        path: PathBuf,
        /// The system's word.
        error: io::Error,
    },
    #[error("{path} cannot be written: {error}")]
    ReadyFile {
        /// The file.
        path: PathBuf,
        /// The system's word.
        error: io::Error,
    },
}

impl StartError {
    pub(super) fn bind(flag: &'static str, address: SocketAddr, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AddrInUse => Self::PortInUse { flag, address },
            _ => Self::Bind { flag, address, error },
        }
    }
}
