//! What a server is started with.

use std::{fmt::Write as _, path::PathBuf};

/// When an appended command reaches the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fsync {
    Always,
    EverySecond,
    Never,
}

/// A server that speaks TLS only.
#[derive(Clone, Debug)]
pub struct Tls {
    pub certificate: PathBuf,
    pub key: PathBuf,
    pub authority: PathBuf,
    /// Clients must show a certificate of the authority.
    pub is_mutual: bool,
}

/// The defaults: nothing kept on disk, no password, no TLS.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// With it every command is appended to a file, and a restart finds it again.
    pub append_only: Option<Fsync>,
    pub maxmemory_bytes: Option<u64>,
    /// Such as `allkeys-lru`.
    pub maxmemory_policy: Option<String>,
    /// The default user's.
    pub password: Option<String>,
    /// Lines of an ACL file, such as `user rill on >secret ~rill:* +@all`.
    pub acl: Vec<String>,
    pub tls: Option<Tls>,
    /// Further lines of the configuration file, such as `save 60 1`.
    pub lines: Vec<String>,
}

impl Options {
    /// Every acked command survives `kill -9` and a loss of power.
    pub fn durable() -> Self {
        Self { append_only: Some(Fsync::Always), ..Self::default() }
    }

    /// The lines of a configuration file that these options are.
    pub(crate) fn lines(&self) -> String {
        let mut lines = String::from("save \"\"\n");
        let mut line = |text: String| {
            let _ = writeln!(lines, "{text}");
        };
        if let Some(fsync) = self.append_only {
            let fsync = match fsync {
                Fsync::Always => "always",
                Fsync::EverySecond => "everysec",
                Fsync::Never => "no",
            };
            line(format!("appendonly yes\nappendfsync {fsync}"));
        }
        if let Some(bytes) = self.maxmemory_bytes {
            line(format!("maxmemory {bytes}"));
        }
        if let Some(policy) = &self.maxmemory_policy {
            line(format!("maxmemory-policy {policy}"));
        }
        if let Some(password) = &self.password
            && self.acl.is_empty()
        {
            line(format!("requirepass {password}"));
        }
        if let Some(tls) = &self.tls {
            line(format!("tls-cert-file \"{}\"", tls.certificate.display()));
            line(format!("tls-key-file \"{}\"", tls.key.display()));
            line(format!("tls-ca-cert-file \"{}\"", tls.authority.display()));
            line(format!("tls-auth-clients {}", if tls.is_mutual { "yes" } else { "no" }));
            line("tls-replication yes\ntls-cluster yes".into());
        }
        self.lines.iter().cloned().for_each(line);
        lines
    }
}
