//! Why a certificate cannot be used: each names the file and what helps.

use std::{io, path::PathBuf};
use thiserror::Error;

/// A certificate could not be read, made or kept.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    #[error("{path} cannot be read: {source}")]
    Read { path: PathBuf, source: io::Error },
    #[error("{path} cannot be written: {source}")]
    Write { path: PathBuf, source: io::Error },
    #[error("{path} is not PEM: {detail}")]
    NotPem { path: PathBuf, detail: String },
    #[error("{path} holds no certificate (no CERTIFICATE section)")]
    NoCertificate { path: PathBuf },
    #[error("{path} holds no private key (no PRIVATE KEY section)")]
    NoKey { path: PathBuf },
    #[error("the certificate in {path} cannot be understood: {detail}")]
    BadCertificate { path: PathBuf, detail: String },
    #[error("the private key in {path} cannot be used: {detail}")]
    BadKey { path: PathBuf, detail: String },
    #[error("the private key in {key} does not belong to the certificate in {certificate}")]
    KeyMismatch { certificate: PathBuf, key: PathBuf },
    #[error("the certificate in {path} ended on {ended}: renew it")]
    Expired { path: PathBuf, ended: time::Date },
    #[error("the certificate in {path} begins only on {begins}: check the clock of this machine")]
    NotYetValid { path: PathBuf, begins: time::Date },
    #[error("a certificate cannot be made: {0}")]
    Issue(#[from] rcgen::Error),
}
