//! Ends a server whose owner is gone.
//!
//! A value in a `static` is never dropped, and a process that is killed drops nothing. So
//! beside each server waits a shell whose input is a pipe that only its owner holds: when
//! the owner is gone, however, the pipe ends, and the shell kills the server by its id and
//! removes its directory. An owner that ends the server itself lets the shell go first, so
//! that an id which the system gave to somebody else is never killed.

use std::{
    io,
    path::Path,
    process::{Child, Command, Stdio},
};

pub(crate) struct Guard(Child);

impl Guard {
    pub(crate) fn of(server: u32, directory: &Path) -> io::Result<Self> {
        // Ctrl-C reaches the shell too, and it has work to do then.
        let script = "trap '' INT TERM HUP; cat >/dev/null; kill -9 \"$1\"; rm -rf -- \"$2\"";
        Command::new("sh")
            .args(["-c", script, "guard", &server.to_string()])
            .arg(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map(Self)
    }

    /// Lets the shell go without a deed.
    pub(crate) fn dismiss(mut self) {
        // Its `cat` ends with the pipe, which closes with the child's handle.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
