//! Ends a server whose owner is gone.
//!
//! A value in a `static` is never dropped, and a process that is killed drops nothing. So
//! beside each server waits a shell whose input is a pipe that only its owner holds: when
//! the owner is gone, however, the pipe ends, and the shell kills the server by its id and
//! removes its directory. An owner that ends the server itself tells the shell first, so that
//! an id which the system gave to somebody else is never killed.

use std::{
    io::{self, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
};

pub(crate) struct Guard(Child);

impl Guard {
    /// Of a directory, in which no server runs yet.
    pub(crate) fn of(directory: &Path) -> io::Result<Self> {
        // Ctrl-C reaches the shell too, and it has work to do then.
        let script = "trap '' INT TERM HUP; id=; while read -r line; do id=$line; done; \
                      [ -z \"$id\" ] || kill -9 \"$id\"; rm -rf -- \"$1\"";
        Command::new("sh")
            .args(["-c", script, "guard"])
            .arg(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map(Self)
    }

    /// Which server runs now, if one does.
    pub(crate) fn tell(&mut self, server: Option<u32>) -> io::Result<()> {
        let id = server.map_or_else(String::new, |id| id.to_string());
        self.0.stdin.as_mut().map_or(Ok(()), |pipe| pipe.write_all(format!("{id}\n").as_bytes()))
    }

    /// Lets the shell go without a deed.
    pub(crate) fn dismiss(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
