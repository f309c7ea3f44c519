//! Configuration: flags, and `RILL_*` where a flag is absent. Parsing is pure; the
//! errors say what to do.

mod accounts;
mod limits;

pub use accounts::{Accounts, Registration};
pub use limits::Limits;

use clap::{Args, Parser, Subcommand};
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
};
use thiserror::Error;

/// The default ports: one for the page on this machine, one for everybody else.
const HTTP_PORT: u16 = 8080;
const SECURE_PORT: u16 = 8443;

/// Rill, a realtime chat server.
#[derive(Debug, Parser)]
#[command(name = "rill", version, about)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs the server.
    Serve(ServeArgs),
}

/// What `rill serve` takes.
#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    /// Directory of everything durable; made if it is not there.
    #[arg(long, env = "RILL_DATA", default_value = "data")]
    pub data: PathBuf,
    /// Plain HTTP for this machine: page, API, WebSocket. A loopback address.
    #[arg(long, env = "RILL_HTTP", default_value_t = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), HTTP_PORT))]
    pub http: SocketAddr,
    /// HTTPS for everybody else: page, API, WebSocket.
    #[arg(long, env = "RILL_HTTPS")]
    pub https: Option<SocketAddr>,
    /// QUIC: WebTransport and native clients.
    #[arg(long, env = "RILL_QUIC")]
    pub quic: Option<SocketAddr>,
    /// A page of this origin may connect too, as `https://chat.example`; may be repeated.
    #[arg(long = "allow-origin", env = "RILL_ALLOW_ORIGIN", value_delimiter = ',')]
    pub allow_origin: Vec<String>,
    /// PEM file of the HTTPS certificate, leaf first. Without it one is made.
    #[arg(long, env = "RILL_TLS_CERT", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// PEM file of its private key.
    #[arg(long, env = "RILL_TLS_KEY", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Makes user1, user2 and user3 with password 123, and a room; loopback only.
    #[arg(long, env = "RILL_DEMO")]
    pub demo: bool,
    /// Writes addresses, certificate hashes and process id to this file once all ports listen.
    #[arg(long, env = "RILL_READY_FILE")]
    pub ready_file: Option<PathBuf>,
}

/// A configuration that can be run.
#[derive(Debug, Clone)]
pub struct Config {
    pub data: PathBuf,
    pub http: SocketAddr,
    pub https: SocketAddr,
    pub quic: SocketAddr,
    pub allow_origin: Vec<String>,
    pub tls: Option<(PathBuf, PathBuf)>,
    pub demo: bool,
    pub ready_file: Option<PathBuf>,
    pub accounts: Accounts,
    pub limits: Limits,
}

/// Why a configuration cannot be run.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ConfigError {
    #[error("--http {0} is not a loopback address: plain HTTP is for this machine only, others use --https")]
    PlainHttpOutside(SocketAddr),
    #[error("--demo has well-known passwords: it serves loopback addresses only, and {flag} is {address}")]
    DemoOutside {
        /// The flag that names the address.
        flag: &'static str,
        /// The address.
        address: SocketAddr,
    },
    #[error("--allow-origin {0} is not an origin: write it as https://chat.example or http://localhost:5173")]
    BadOrigin(String),
}

impl ServeArgs {
    /// Fills in what was left out and checks the rest.
    pub fn check(self) -> Result<Config, ConfigError> {
        let outside = if self.demo { IpAddr::from(Ipv4Addr::LOCALHOST) } else { Ipv6Addr::UNSPECIFIED.into() };
        let config = Config {
            https: self.https.unwrap_or(SocketAddr::new(outside, SECURE_PORT)),
            quic: self.quic.unwrap_or(SocketAddr::new(outside, SECURE_PORT)),
            data: self.data,
            http: self.http,
            allow_origin: self.allow_origin,
            tls: self.tls_cert.zip(self.tls_key),
            demo: self.demo,
            ready_file: self.ready_file,
            accounts: Accounts::default(),
            limits: Limits::default(),
        };
        if !config.http.ip().is_loopback() {
            return Err(ConfigError::PlainHttpOutside(config.http));
        }
        for (flag, address) in [("--https", config.https), ("--quic", config.quic)] {
            if config.demo && !address.ip().is_loopback() {
                return Err(ConfigError::DemoOutside { flag, address });
            }
        }
        match config.allow_origin.iter().find(|origin| !is_origin(origin)) {
            Some(odd) => Err(ConfigError::BadOrigin(odd.clone())),
            None => Ok(config),
        }
    }
}

/// RFC 6454: scheme and authority, no path.
fn is_origin(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.map(|rest| rest.trim_end_matches('/'))
        .is_some_and(|rest| !rest.is_empty() && !rest.contains(['/', '?', '#', '@', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Config, ConfigError> {
        let Command::Serve(serve) = Cli::try_parse_from(["rill", "serve"].iter().chain(args)).unwrap().command;
        serve.check()
    }

    #[test]
    fn nothing_given_serves_this_machine_in_the_clear_and_others_encrypted() {
        let config = parse(&[]).unwrap();
        assert_eq!(config.http.to_string(), "127.0.0.1:8080");
        assert_eq!((config.https.to_string(), config.quic.to_string()), ("[::]:8443".into(), "[::]:8443".into()));
    }

    #[test]
    fn what_is_refused() {
        assert!(matches!(parse(&["--http", "0.0.0.0:80"]), Err(ConfigError::PlainHttpOutside(_))));
        assert!(matches!(
            parse(&["--demo", "--https", "0.0.0.0:1"]),
            Err(ConfigError::DemoOutside { flag: "--https", .. })
        ));
        for odd in ["chat.example", "https://", "https://chat.example/page", "ftp://chat.example"] {
            assert_eq!(parse(&["--allow-origin", odd]).unwrap_err(), ConfigError::BadOrigin(odd.into()));
        }
        assert!(Cli::try_parse_from(["rill", "serve", "--tls-cert", "a.pem"]).is_err());
    }

    #[test]
    fn a_demonstration_stays_on_this_machine() {
        let config = parse(&["--demo"]).unwrap();
        assert!(config.https.ip().is_loopback() && config.quic.ip().is_loopback());
    }
}
