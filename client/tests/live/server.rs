//! A server of one test: its own data directory, free ports that it keeps over
//! restarts, ended with the test.

use rill_client::{Client, Config, Credentials, Event, Events, TransportKind, http::Api};
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use url::Url;

use super::ports::lasting;

/// Starting includes making certificates and the demonstration's accounts.
const START_PATIENCE: Duration = Duration::from_secs(60);
const STOP_PATIENCE: Duration = Duration::from_secs(60);

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Ready {
    pub(crate) http: SocketAddr,
    pub(crate) https: SocketAddr,
    pub(crate) quic: SocketAddr,
}

pub(crate) struct Server {
    folder: TempDir,
    child: Option<Child>,
    pub(crate) ready: Ready,
}

impl Server {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (child, ready) = launch(folder.path(), &Ready { http: lasting(), https: lasting(), quic: lasting() });
        Self { folder, child: Some(child), ready }
    }

    /// Another one, at other ports, with all that the stopped one has.
    pub(crate) fn start_with_data_of(stopped: &Self) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        copy(&stopped.data(), &folder.path().join("data"));
        let (child, ready) = launch(folder.path(), &Ready { http: lasting(), https: lasting(), quic: lasting() });
        Self { folder, child: Some(child), ready }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
    }

    /// SIGTERM, and how it ended.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("it runs");
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(pid, Signal::TERM).expect("it can be asked");
        let deadline = Instant::now() + STOP_PATIENCE;
        loop {
            if let Some(status) = child.try_wait().expect("it can be waited for") {
                return status;
            }
            assert!(Instant::now() < deadline, "the server does not stop");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Again, on the same ports and data.
    pub(crate) fn start_again(&mut self) {
        assert!(self.child.is_none(), "it runs already");
        let (child, _) = launch(self.folder.path(), &self.ready);
        self.child = Some(child);
    }

    pub(crate) fn url(&self) -> Url {
        Url::parse(&format!("http://{}", self.ready.http)).expect("an address")
    }

    pub(crate) fn api(&self) -> Api {
        Api::new(&self.url(), &rill_client::Trust::hashes_only()).expect("an API")
    }

    pub(crate) fn config(&self, user: &str, transport: TransportKind) -> Config {
        let credentials = Credentials::Password { username: user.to_owned(), password: "123".to_owned() };
        let mut config = Config::new(self.url(), transport, credentials);
        config.trust = rill_client::Trust::hashes_only();
        config
    }

    pub(crate) async fn client(&self, user: &str, transport: TransportKind) -> (Client, Events) {
        let (client, mut events) = Client::connect(self.config(user, transport)).await.expect("a client");
        within(60, async {
            while !matches!(events.next().await.expect("it lives"), Event::State(rill_client::State::Online { .. })) {}
        })
        .await;
        (client, events)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        match entry.file_type().expect("a type").is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => drop(fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy")),
        }
    }
}

fn launch(folder: &Path, ports: &Ready) -> (Child, Ready) {
    let file = folder.join("ready.json");
    fs::remove_file(&file).ok();
    let log = fs::OpenOptions::new().create(true).append(true).open(folder.join("log")).expect("a log");
    let mut child = Command::new(binary())
        .arg("serve")
        .arg("--demo")
        .arg("--data")
        .arg(folder.join("data"))
        .arg("--ready-file")
        .arg(&file)
        .args(["--http", &ports.http.to_string()])
        .args(["--https", &ports.https.to_string()])
        .args(["--quic", &ports.quic.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("the server starts");
    let deadline = Instant::now() + START_PATIENCE;
    loop {
        if let Ok(text) = fs::read_to_string(&file) {
            return (child, serde_json::from_str(&text).expect("the ready file is JSON"));
        }
        let log = || fs::read_to_string(folder.join("log")).unwrap_or_default();
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            panic!("the server ended with {status}:\n{}", log());
        }
        assert!(Instant::now() < deadline, "the server is not ready:\n{}", log());
        thread::sleep(Duration::from_millis(20));
    }
}

fn binary() -> PathBuf {
    if let Some(named) = env::var_os("RILL_BIN") {
        return named.into();
    }
    let profile = Path::new(env!("CARGO_BIN_EXE_rill-chat")).parent().expect("a folder of binaries");
    let target = profile.parent().expect("a target folder");
    [profile.to_owned(), target.join("release"), target.join("debug")]
        .into_iter()
        .map(|folder| folder.join(format!("rill{}", env::consts::EXE_SUFFIX)))
        .find(|path| path.exists())
        .expect("the server is built: cargo build -p rill-server, or RILL_BIN names it")
}

/// What `work` comes to; a test that waits longer has failed.
pub(crate) async fn within<T>(seconds: u64, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(seconds), work).await.expect("in time")
}
