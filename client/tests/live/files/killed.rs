//! `rill-chat` as somebody who is killed in the middle of a file, and started again.

use rill_client::TransportKind;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Child,
    time::Duration,
};
use tokio::time::sleep;

use super::super::{
    program::{program, said},
    server::{Server, within},
};

/// How often it is looked whether a transfer has begun.
const LOOK: Duration = Duration::from_millis(2);

/// Who is killed: a process of its own, with what it keeps between its lives.
pub(super) struct Killed<'a> {
    pub(super) server: &'a Server,
    pub(super) kind: TransportKind,
    pub(super) room: &'a str,
    pub(super) state: PathBuf,
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("it can be read").path())
}

/// Uploads that lie half-finished at the server.
pub(super) fn half_finished(server: &Server) -> usize {
    entries(&server.data().join("blobs/staging")).count()
}

impl Killed<'_> {
    fn start(&self, args: &[&str]) -> Child {
        let usual = ["--transport", self.kind.as_str(), "--room", self.room];
        let mut command = program(self.server, "user1", &self.state, &[&usual, args].concat());
        command.spawn().expect("it starts")
    }

    /// Kills it so long after `has_begun`, if it is not over by then.
    async fn kill(&self, mut child: Child, after: Duration, has_begun: impl Fn() -> bool) {
        within(60, async {
            while !has_begun() && child.try_wait().expect("it can be asked").is_none() {
                sleep(LOOK).await;
            }
        })
        .await;
        sleep(after).await;
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
    }

    async fn to_the_end(&self, args: &[&str], what: &str) -> String {
        let child = self.start(args);
        let waiting = tokio::task::spawn_blocking(|| child.wait_with_output().expect("it ends"));
        let output = within(120, waiting).await.expect("it is waited for");
        let (out, err) = said(&output);
        assert!(output.status.success(), "{what}: {out}\n{err}");
        out
    }

    /// Sends a file, killed so long after its first byte; and again, to the end. Returns the
    /// number of the file.
    pub(super) async fn send(&self, path: &Path, kib_per_s: &str, after: Duration, what: &str) -> u64 {
        let path = path.to_str().expect("a name of ours");
        let child = self.start(&["send", "--kib-per-s", kib_per_s, path]);
        self.kill(child, after, || half_finished(self.server) > 0).await;
        let out = self.to_the_end(&["send", path], what).await;
        let number = |line: &str| line.strip_prefix("file ")?.split(':').next()?.parse().ok();
        out.lines().filter_map(number).next_back().unwrap_or_else(|| panic!("{what}: {out}"))
    }

    /// Fetches a file in the same way.
    pub(super) async fn get(&self, number: u64, into: &Path, kib_per_s: &str, after: Duration, what: &str) {
        let (number, to) = (number.to_string(), into.to_str().expect("a name of ours"));
        let child = self.start(&["get", "--kib-per-s", kib_per_s, "--into", to, &number]);
        let folder = into.parent().expect("a folder");
        let is_part = |path: PathBuf| path.extension().is_some_and(|extension| extension == "part");
        self.kill(child, after, || entries(folder).any(is_part)).await;
        // It may have been over: then this one is beside it.
        let done = into.exists();
        if !done {
            self.to_the_end(&["get", "--into", to, &number], what).await;
        }
    }
}
