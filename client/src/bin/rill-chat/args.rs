//! The command line.

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use rill_client::{TransportKind, Trust, trust::hash_from_hex};
use std::{io::IsTerminal, path::PathBuf};
use url::Url;

use crate::{
    get::GetArgs,
    pictures::{AvatarArgs, EmojiArgs},
    send::SendArgs,
};

/// Chat with a Rill server from a terminal or a script.
///
/// Lines from stdin are posted to the current room; lines that begin with / are
/// commands (/help lists them).
#[derive(Debug, Parser)]
#[command(name = "rill-chat", version, about)]
pub(crate) struct Args {
    /// The address of the server's page.
    #[arg(long, env = "RILL_SERVER", default_value = "http://localhost:8080")]
    pub(crate) server: Url,
    /// Who you are.
    #[arg(long, env = "RILL_USER")]
    pub(crate) user: String,
    /// Your password; asked for if it is neither here nor in RILL_PASSWORD.
    #[arg(long, env = "RILL_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    /// quic, webtransport or websocket.
    #[arg(long, default_value = "quic")]
    pub(crate) transport: TransportKind,
    /// The room to begin in, by name or id; it is joined if you are no member.
    #[arg(long)]
    pub(crate) room: Option<String>,
    /// Only shows what others say: stdin is not read.
    #[arg(long)]
    pub(crate) read_only: bool,
    /// One JSON object a line for each entry; of every room unless --room names one.
    #[arg(long)]
    pub(crate) json: bool,
    /// PEM file of the authority that vouches for the server, instead of the system's.
    #[arg(long)]
    ca: Option<PathBuf>,
    /// SHA-256 of a certificate to believe, 64 hexadecimal digits; may be repeated.
    #[arg(long)]
    certificate_hash: Vec<String>,
    /// Where messages wait that the server has not confirmed, so that they outlive this
    /// program. By default a folder of the system for such things.
    #[arg(long, env = "RILL_STATE")]
    pub(crate) state: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) errand: Option<Errand>,
}

/// Something to do instead of a conversation, in the room of --room.
#[derive(Debug, Subcommand)]
pub(crate) enum Errand {
    Send(SendArgs),
    Get(GetArgs),
    Avatar(AvatarArgs),
    Emoji(EmojiArgs),
}

impl Args {
    /// The password, asked for on the terminal if it must be.
    pub(crate) fn password(&self) -> anyhow::Result<String> {
        if let Some(password) = &self.password {
            return Ok(password.clone());
        }
        if !std::io::stderr().is_terminal() {
            bail!("no password: set RILL_PASSWORD");
        }
        rpassword::prompt_password(format!("Password of {}: ", self.user)).context("the password cannot be read")
    }

    pub(crate) fn trust(&self) -> anyhow::Result<Trust> {
        let trust = match &self.ca {
            Some(path) => Trust::pem_file(path)?,
            None => Trust::system(),
        };
        let mut hashes = Vec::new();
        for text in &self.certificate_hash {
            hashes.push(hash_from_hex(text).with_context(|| format!("{text} is no SHA-256 in hexadecimal"))?);
        }
        Ok(trust.and_hashes(hashes))
    }
}
