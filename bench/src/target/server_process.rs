//! The server as a process of its own, on free ports, with default durability.

use anyhow::{Context, bail, ensure};
use rill_client::{
    Endpoints, Trust,
    trust::{CertificateHash, hash_from_hex, hashes_of_pem_file},
};
use rill_protocol::version::WEBSOCKET_PATH;
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use std::{
    env, fs,
    fs::File,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::time::sleep;
use url::Url;

use super::prepared_store::DATA;

const START_PATIENCE: Duration = Duration::from_secs(60);
const STOP_PATIENCE: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Where the server keeps the certificate of its HTTPS port.
const TCP_CERTIFICATE: &str = "certs/tcp.pem";
const ANY_PORT: &str = "127.0.0.1:0";

/// Where the server listens.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Ready {
    pub(super) http: SocketAddr,
    pub(super) https: SocketAddr,
    pub(super) quic: SocketAddr,
    certificate_hashes: Vec<String>,
}

/// A running server; dropping it kills it.
pub(super) struct ServerProcess {
    child: Child,
    folder: TempDir,
    ready: Ready,
}

impl ServerProcess {
    /// Starts the server on the store in `folder` and waits until it listens.
    pub(super) async fn start(named: Option<&Path>, folder: TempDir) -> anyhow::Result<Self> {
        let binary = binary(named)?;
        let file = folder.path().join("ready.json");
        let log = File::create(folder.path().join("log"))?;
        let mut command = Command::new(&binary);
        command.arg("serve").arg("--data").arg(folder.path().join(DATA)).arg("--ready-file").arg(&file);
        command.args(["--http", ANY_PORT, "--https", ANY_PORT, "--quic", ANY_PORT]);
        command.env("RILL_LOG", "warn").stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = command.spawn().with_context(|| format!("{} cannot be started", binary.display()))?;
        let mut child = Unready(Some(child));
        let deadline = Instant::now() + START_PATIENCE;
        let ready = loop {
            if let Ok(text) = fs::read_to_string(&file) {
                break serde_json::from_str(&text).context("the server's ready file")?;
            }
            if let Some(status) = child.try_wait()? {
                bail!("the server ended with {status}: {}", said(folder.path()));
            }
            ensure!(Instant::now() < deadline, "the server is not ready: {}", said(folder.path()));
            sleep(LOOK_EVERY).await;
        };
        Ok(Self { child: child.take()?, folder, ready })
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn doors(&self) -> &Ready {
        &self.ready
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.path().join(DATA)
    }

    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// TLS everywhere: WebSocket goes to the HTTPS port.
    pub(super) fn endpoints(&self) -> anyhow::Result<Endpoints> {
        let hashes = self
            .ready
            .certificate_hashes
            .iter()
            .map(|text| hash_from_hex(text).with_context(|| format!("{text} is no hash of a certificate")));
        let hashes: Vec<CertificateHash> = hashes.collect::<anyhow::Result<_>>()?;
        Ok(Endpoints {
            websocket: Url::parse(&format!("wss://{}{WEBSOCKET_PATH}", self.ready.https))?,
            quic: Some(Endpoints::quic_at(self.ready.quic, hashes)),
        })
    }

    /// The certificate that the server made for its HTTPS port.
    pub(super) fn trust(&self) -> anyhow::Result<Trust> {
        let file = self.folder.path().join(DATA).join(TCP_CERTIFICATE);
        Ok(Trust::hashes_only().and_hashes(hashes_of_pem_file(&file)?))
    }

    /// Asks it to end, and insists if it does not.
    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("a process id")?;
        kill_process(pid, Signal::TERM).context("the server cannot be stopped")?;
        let deadline = Instant::now() + STOP_PATIENCE;
        let status: ExitStatus = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            if Instant::now() > deadline {
                self.child.kill()?;
                self.child.wait()?;
                bail!("the server did not stop within {STOP_PATIENCE:?} and was killed");
            }
            sleep(LOOK_EVERY).await;
        };
        ensure!(status.success(), "the server ended with {status}: {}", said(self.folder.path()));
        Ok(())
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A child that is killed if its start comes to nothing.
struct Unready(Option<Child>);

impl Unready {
    fn try_wait(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        Ok(self.0.as_mut().context("the server is gone")?.try_wait()?)
    }

    fn take(&mut self) -> anyhow::Result<Child> {
        self.0.take().context("the server is gone")
    }
}

impl Drop for Unready {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

/// The server beside this program, unless another one is named.
fn binary(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    if let Some(named) = named {
        return Ok(named.to_owned());
    }
    let beside = env::current_exe()?.with_file_name(format!("rill{}", env::consts::EXE_SUFFIX));
    ensure!(beside.exists(), "there is no {}: build the server, or name it with --rill", beside.display());
    Ok(beside)
}

fn said(folder: &Path) -> String {
    fs::read_to_string(folder.join("log")).unwrap_or_default()
}
