//! A server process of a test: on free ports, ended by the id that was kept.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

pub(crate) struct Running {
    child: Child,
    ready_file: PathBuf,
}

fn command(data: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rill"));
    command.arg("serve").arg("--data").arg(data);
    for flag in ["--http", "--https", "--quic"] {
        if !args.contains(&flag) {
            command.args([flag, "127.0.0.1:0"]);
        }
    }
    command.args(args).env_remove("RILL_LOG").stdout(Stdio::null());
    command
}

/// What a server that does not start says.
pub(crate) fn refused(data: &Path, args: &[&str]) -> String {
    let mut child = command(data, args).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            panic!("the server started with {args:?}");
        }
        thread::sleep(POLL);
    }
    let output = child.wait_with_output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

impl Running {
    pub(crate) fn start(data: &Path, args: &[&str]) -> Self {
        Self::start_saying(data, args, Stdio::null())
    }

    /// With its log in a file.
    pub(crate) fn start_logging(data: &Path, args: &[&str], log: &Path) -> Self {
        Self::start_saying(data, args, fs::File::create(log).unwrap().into())
    }

    fn start_saying(data: &Path, args: &[&str], log: Stdio) -> Self {
        let ready_file = data.join("ready.json");
        let _ = fs::remove_file(&ready_file);
        let child = command(data, args).arg("--ready-file").arg(&ready_file).stderr(log).spawn().unwrap();
        let mut running = Self { child, ready_file };
        let begun = Instant::now();
        while !running.ready_file.exists() {
            assert!(running.child.try_wait().unwrap().is_none(), "the server ended at its start");
            assert!(begun.elapsed() < PATIENCE, "the server is not ready");
            thread::sleep(POLL);
        }
        running
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn ready(&self) -> serde_json::Value {
        serde_json::from_str(&fs::read_to_string(&self.ready_file).unwrap()).unwrap()
    }

    /// Asks it to end; its exit code.
    pub(crate) fn terminate(&mut self) -> Option<i32> {
        let sent = Command::new("kill").args(["-TERM", &self.pid().to_string()]).status().unwrap();
        assert!(sent.success());
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(begun.elapsed() < PATIENCE, "the server does not end");
            thread::sleep(POLL);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
