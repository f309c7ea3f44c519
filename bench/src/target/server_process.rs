//! The server as a process of its own, on free ports, with default durability.

use anyhow::{Context, anyhow, bail, ensure};
use rill_client::{
    Endpoints,
    trust::{CertificateHash, hash_from_hex, hashes_of_pem_file},
};
use rill_protocol::version::WEBSOCKET_PATH;
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use std::{
    env, fs,
    fs::File,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket},
    ops::Range,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::time::sleep;
use url::Url;

use super::prepared_store::DATA;
use crate::link;

const START_PATIENCE: Duration = Duration::from_secs(60);
const STOP_PATIENCE: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Where the time is measured.
const LOOK_CLOSELY_EVERY: Duration = Duration::from_millis(1);
/// Where the server keeps the certificate of its HTTPS port.
const TCP_CERTIFICATE: &str = "certs/tcp.pem";
const LOOPBACK_ANY_PORT: &str = "127.0.0.1:0";
/// Below those that systems give to connections that go out (49152 and above by RFC 6335,
/// 32768 and above on Linux).
const LASTING_PORTS: Range<u16> = 20_000..32_000;

/// Where the server listens.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Ready {
    pub(super) http: SocketAddr,
    pub(super) https: SocketAddr,
    pub(super) quic: SocketAddr,
    certificate_hashes: Vec<String>,
}

/// A server on the store in a folder; dropping it kills the process.
pub(super) struct ServerProcess {
    child: Guarded,
    launch: Launch,
    ready: Ready,
}

/// Whether a server will be started again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Life {
    #[default]
    Once,
    Again,
}

/// How it is started, the first time and every further time.
struct Launch {
    binary: PathBuf,
    folder: TempDir,
    settings: Vec<(&'static str, String)>,
}

/// Where a server shall listen.
struct Ports {
    http: String,
    https: String,
    quic: String,
}

impl Ports {
    fn any() -> Self {
        let reachable = SocketAddr::from((link::server_host(), 0)).to_string();
        Self { http: LOOPBACK_ANY_PORT.to_owned(), https: reachable.clone(), quic: reachable }
    }

    /// Ports that stay free while nobody listens there: others than those that a system
    /// gives to connections that go out, such as the ones that wait for the server.
    fn lasting() -> anyhow::Result<Self> {
        let mut free: Vec<u16> = Vec::new();
        while free.len() < 3 {
            let mut random = [0; 2];
            getrandom::fill(&mut random)?;
            let port = LASTING_PORTS.start + u16::from_le_bytes(random) % (LASTING_PORTS.end - LASTING_PORTS.start);
            // Behind a link the server has every port for itself.
            let is_free = [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()].into_iter().all(|ip| {
                let taken = |error: io::Error| error.kind() == io::ErrorKind::AddrInUse;
                !TcpListener::bind((ip, port)).is_err_and(taken) && !UdpSocket::bind((ip, port)).is_err_and(taken)
            });
            if is_free && !free.contains(&port) {
                free.push(port);
            }
        }
        let [http, https, quic] = <[u16; 3]>::try_from(free).map_err(|_| anyhow!("three ports"))?;
        let at = |ip: IpAddr, port| SocketAddr::from((ip, port)).to_string();
        let reachable = link::server_host();
        Ok(Self { http: at(Ipv4Addr::LOCALHOST.into(), http), https: at(reachable, https), quic: at(reachable, quic) })
    }
}

impl Launch {
    fn spawn(&self, ports: &Ports) -> anyhow::Result<Guarded> {
        let log = File::options().create(true).append(true).open(self.folder.path().join("log"))?;
        let mut command = Command::new(&self.binary);
        command.arg("serve").arg("--data").arg(self.folder.path().join(DATA));
        command.arg("--ready-file").arg(self.ready_file());
        command.args(["--http", &ports.http, "--https", &ports.https, "--quic", &ports.quic]);
        command.env("RILL_LOG", "warn").envs(self.settings.iter().map(|(key, value)| (key, value)));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = link::spawn(command).with_context(|| format!("{} cannot be started", self.binary.display()))?;
        Ok(Guarded(child))
    }

    fn ready_file(&self) -> PathBuf {
        self.folder.path().join("ready.json")
    }

    /// Waits until a server that was just started listens.
    async fn ready(&self, child: &mut Guarded, look_every: Duration) -> anyhow::Result<Ready> {
        let deadline = Instant::now() + START_PATIENCE;
        loop {
            if let Ok(text) = fs::read_to_string(self.ready_file()) {
                return serde_json::from_str(&text).context("the server's ready file");
            }
            if let Some(status) = child.0.try_wait()? {
                bail!("the server ended with {status}: {}", self.said());
            }
            ensure!(Instant::now() < deadline, "the server is not ready: {}", self.said());
            sleep(look_every).await;
        }
    }

    fn said(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl ServerProcess {
    /// Starts the server on the store in `folder` and waits until it listens. `settings`
    /// are variables of its configuration.
    pub(super) async fn start(
        named: Option<&Path>,
        folder: TempDir,
        settings: Vec<(&'static str, String)>,
        life: Life,
    ) -> anyhow::Result<Self> {
        let launch = Launch { binary: binary(named)?, folder, settings };
        let ports = match life {
            Life::Once => Ports::any(),
            Life::Again => Ports::lasting()?,
        };
        let mut child = launch.spawn(&ports)?;
        let ready = launch.ready(&mut child, LOOK_EVERY).await?;
        Ok(Self { child, launch, ready })
    }

    /// Sends a signal and waits for the end of the process.
    pub(super) async fn end_by(&mut self, signal: Signal) -> anyhow::Result<ExitStatus> {
        let pid = i32::try_from(self.child.0.id()).ok().and_then(Pid::from_raw).context("a process id")?;
        kill_process(pid, signal).context("the server cannot be stopped")?;
        let deadline = Instant::now() + STOP_PATIENCE;
        loop {
            if let Some(status) = self.child.0.try_wait()? {
                return Ok(status);
            }
            if Instant::now() > deadline {
                self.child.0.kill()?;
                self.child.0.wait()?;
                bail!("the server did not stop within {STOP_PATIENCE:?} and was killed");
            }
            sleep(LOOK_CLOSELY_EVERY).await;
        }
    }

    /// Starts it again on the same ports, and waits until it listens.
    pub(super) async fn start_again(&mut self) -> anyhow::Result<()> {
        fs::remove_file(self.launch.ready_file())?;
        let [http, https, quic] =
            [self.ready.http, self.ready.https, self.ready.quic].map(|address| address.to_string());
        self.child = self.launch.spawn(&Ports { http, https, quic })?;
        self.ready = self.launch.ready(&mut self.child, LOOK_CLOSELY_EVERY).await?;
        Ok(())
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.0.id()
    }

    pub(super) fn doors(&self) -> &Ready {
        &self.ready
    }

    pub(super) fn data(&self) -> PathBuf {
        self.launch.folder.path().join(DATA)
    }

    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.0.try_wait(), Ok(None))
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

    /// Of the certificate that the server made for its HTTPS port.
    pub(super) fn tcp_hashes(&self) -> anyhow::Result<Vec<CertificateHash>> {
        Ok(hashes_of_pem_file(&self.data().join(TCP_CERTIFICATE))?)
    }

    /// Its log so far.
    pub(super) fn said(&self) -> String {
        self.launch.said()
    }

    /// Asks it to end, and insists if it does not.
    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        let status = self.end_by(Signal::TERM).await?;
        ensure!(status.success(), "the server ended with {status}: {}", self.launch.said());
        Ok(())
    }
}

/// A child that does not outlive its guard.
struct Guarded(Child);

impl Drop for Guarded {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
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
