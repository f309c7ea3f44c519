//! The command line.

use clap::{Args, Parser, Subcommand};
use std::{collections::BTreeMap, env, fs, io, path::PathBuf};

use crate::{admin::AdminArgs, store_admin::StoreArgs};

use super::{
    Config, ConfigError, Loaded, keys,
    layers::{self, Layers, Source},
};

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
    /// Prints the configuration in force and where each value came from; secrets hidden.
    Config(ConfigArgs),
    /// Accounts, logins and invitations, while the server runs or not.
    Admin(AdminArgs),
    /// The store of a data directory: check it, copy it to another engine, give back its space.
    Store(StoreArgs),
}

/// What `rill config` takes: the same, to see what it comes to.
#[derive(Debug, Clone, Args)]
pub struct ConfigArgs {
    #[command(flatten)]
    pub serve: ServeArgs,
    /// Prints nothing: only checks.
    #[arg(long)]
    pub check: bool,
    /// Also asks the Redis of the configuration what an acknowledgement by it means, or why it cannot be used.
    #[arg(long)]
    pub look: bool,
}

/// What `rill serve` takes. Each flag is a key of the configuration and has a variable;
/// docs/operations.md lists all keys.
#[derive(Debug, Clone, Default, Args)]
pub struct ServeArgs {
    /// Configuration file [env: RILL_CONFIG]; else rill.toml in the working directory, if it is there.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Any key of the configuration, as --set log.format=json; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Directory of everything durable; made if it is not there [env: RILL_DATA] [default: data].
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
    /// Plain HTTP [env: RILL_HTTP] [default: 127.0.0.1:8080]. On a loopback address page, API and WebSocket
    /// for this machine; elsewhere it only points to HTTPS.
    #[arg(long, value_name = "ADDRESS")]
    pub http: Option<String>,
    /// HTTPS for everybody: page, API, WebSocket [env: RILL_HTTPS] [default: [::]:8443].
    #[arg(long, value_name = "ADDRESS")]
    pub https: Option<String>,
    /// QUIC: WebTransport and native clients [env: RILL_QUIC] [default: [::]:8443].
    #[arg(long, value_name = "ADDRESS")]
    pub quic: Option<String>,
    /// A page of this origin may connect too, as https://chat.example; may be repeated [env: RILL_ALLOW_ORIGIN].
    #[arg(long, value_name = "ORIGIN")]
    pub allow_origin: Vec<String>,
    /// PEM file of the HTTPS certificate, leaf first; without it one is made [env: RILL_TLS_CERT].
    #[arg(long, value_name = "FILE")]
    pub tls_cert: Option<String>,
    /// PEM file of its private key [env: RILL_TLS_KEY].
    #[arg(long, value_name = "FILE")]
    pub tls_key: Option<String>,
    /// Makes user1, user2 and user3 with password 123, and a room; loopback only [env: RILL_DEMO].
    #[arg(long)]
    pub demo: bool,
    /// Writes addresses, certificate hashes and process id to this file once all ports listen [env: RILL_READY_FILE].
    #[arg(long, value_name = "FILE")]
    pub ready_file: Option<String>,
}

impl ServeArgs {
    /// The configuration of this process: file, variables and these flags.
    pub fn check(self) -> Result<Config, ConfigError> {
        self.load().map(|loaded| loaded.config)
    }

    /// The same, with the sources of the values and with warnings.
    pub fn load(self) -> Result<Loaded, ConfigError> {
        let variables = env::vars_os().filter_map(|(name, value)| {
            // What is not Unicode is none of ours.
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        self.load_beside(&variables.collect())
    }

    /// The same beside given variables.
    pub(super) fn load_beside(self, variables: &BTreeMap<String, String>) -> Result<Loaded, ConfigError> {
        let mut layers = Layers::default();
        let named = variables.get("RILL_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from);
        let (path, must_be_there) = match self.config.clone().or(named) {
            Some(path) => (path, true),
            None => (layers::usual_file().to_owned(), false),
        };
        match fs::read_to_string(&path) {
            Ok(text) => super::file::lay(&mut layers, &path, &text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !must_be_there => {}
            Err(error) => return Err(ConfigError::Read { path, error }),
        }
        let warnings = layers::variables(&mut layers, variables)?;
        self.lay(&mut layers)?;
        Loaded::new(layers, warnings)
    }

    fn lay(self, layers: &mut Layers) -> Result<(), ConfigError> {
        let origins = (!self.allow_origin.is_empty()).then(|| self.allow_origin.join(","));
        let given = [
            ("--data", self.data),
            ("--ready-file", self.ready_file),
            ("--demo", self.demo.then(|| "true".to_owned())),
            ("--http", self.http),
            ("--allow-origin", origins),
            ("--https", self.https),
            ("--tls-cert", self.tls_cert),
            ("--tls-key", self.tls_key),
            ("--quic", self.quic),
        ];
        for (flag, text) in given {
            let key = keys::KEYS.iter().find(|key| key.flag == Some(flag));
            if let (Some(key), Some(text)) = (key, text) {
                layers.lay_text(key, &text, Source::Flag(flag.to_owned()))?;
            }
        }
        self.set.iter().try_for_each(|text| layers::set(layers, text))
    }
}
