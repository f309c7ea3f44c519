//! `rill-chat` as a process of its own.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

use super::server::Server;

/// A demonstration's user at this server, who keeps what is unsaid in `state`.
pub(crate) fn program(server: &Server, user: &str, state: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rill-chat"));
    command
        .args(["--server", server.url().as_str(), "--user", user])
        .arg("--state")
        .arg(state)
        .args(args)
        .env("RILL_PASSWORD", "123")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// What it wrote to stdout and to stderr.
pub(crate) fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    (text(&output.stdout), text(&output.stderr))
}
