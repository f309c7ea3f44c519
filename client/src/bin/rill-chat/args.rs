//! The command line.

use anyhow::{Context, bail};
use clap::{CommandFactory, Parser, Subcommand, error::ErrorKind};
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
    #[arg(long, global = true, env = "RILL_SERVER", default_value = "http://localhost:8080")]
    pub(crate) server: Url,
    /// Who you are.
    #[arg(long, global = true, env = "RILL_USER")]
    user: Option<String>,
    /// Your password; asked for if it is neither here nor in RILL_PASSWORD.
    #[arg(long, global = true, env = "RILL_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    /// quic, webtransport or websocket.
    #[arg(long, global = true, default_value = "quic")]
    pub(crate) transport: TransportKind,
    /// The room to begin in, by name or id; it is joined if you are no member.
    #[arg(long, global = true)]
    pub(crate) room: Option<String>,
    /// Only shows what others say: stdin is not read.
    #[arg(long)]
    pub(crate) read_only: bool,
    /// One JSON object a line for each entry; of every room unless --room names one.
    #[arg(long)]
    pub(crate) json: bool,
    /// PEM file of the authority that vouches for the server, instead of the system's.
    #[arg(long, global = true)]
    ca: Option<PathBuf>,
    /// SHA-256 of a certificate to believe, 64 hexadecimal digits; may be repeated.
    #[arg(long, global = true)]
    certificate_hash: Vec<String>,
    /// Where messages wait that the server has not confirmed, so that they outlive this
    /// program. By default a folder of the system for such things.
    #[arg(long, global = true, env = "RILL_STATE")]
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
    /// Whose login it is. An option that may stand anywhere cannot be a required one.
    pub(crate) fn user(&self) -> &str {
        let missing =
            || Self::command().error(ErrorKind::MissingRequiredArgument, "name the user: --user or RILL_USER");
        self.user.as_deref().unwrap_or_else(|| missing().exit())
    }

    /// The password, asked for on the terminal if it must be.
    pub(crate) fn password(&self) -> anyhow::Result<String> {
        if let Some(password) = &self.password {
            return Ok(password.clone());
        }
        if !std::io::stderr().is_terminal() {
            bail!("no password: set RILL_PASSWORD");
        }
        rpassword::prompt_password(format!("Password of {}: ", self.user())).context("the password cannot be read")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_stand_on_either_side_of_the_errand() {
        let usual = ["--server", "http://localhost:1", "--user", "ann", "--room", "r", "--state", "s"];
        let more = ["--transport", "websocket", "--password", "x", "--certificate-hash", "00", "--ca", "c"];
        let usual: Vec<&str> = usual.into_iter().chain(more).collect();
        let before: Vec<&str> = ["rill-chat"].into_iter().chain(usual.clone()).chain(["send", "a", "b"]).collect();
        let behind: Vec<&str> = ["rill-chat", "send", "a", "b"].into_iter().chain(usual).collect();
        let [before, behind] = [before, behind].map(|words| Args::try_parse_from(words).unwrap());
        assert_eq!(format!("{before:?}"), format!("{behind:?}"));
        assert_eq!((behind.user(), behind.room.as_deref()), ("ann", Some("r")));
        assert_eq!((behind.server.port(), behind.transport), (Some(1), TransportKind::WebSocket));
        assert!(Args::try_parse_from(["rill-chat", "--user", "ann", "send"]).is_err(), "no file");
        Args::command().debug_assert();
    }
}
