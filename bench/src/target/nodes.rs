//! Several servers on one Redis, and users spread over them: user `u` begins at node
//! `u mod nodes` and goes to the next one when that is gone.

use rill_client::{Config, Credentials, Endpoints, Trust};
use rill_protocol::RoomId;
use rustix::process::Signal;
use std::path::{Path, PathBuf};
use tokio::task::JoinSet;

use super::{
    CONNECTING_MAX, Connected, Wish, connect,
    prepared_store::{self, Prepared},
    server_process::{Life, ServerProcess},
};
use crate::args::SPREAD;

/// See the module.
pub(crate) struct Nodes {
    processes: Vec<ServerProcess>,
    endpoints: Vec<Endpoints>,
    trust: Trust,
    /// Of each user.
    credentials: Vec<Credentials>,
    /// Further rights of the first user of each room.
    spare: Vec<Credentials>,
    pub(crate) rooms: Vec<RoomId>,
}

impl Nodes {
    /// Writes users and rooms into the Redis at `wish.redis`, and starts a node for each of
    /// `ways`, which are the addresses by which they reach that Redis.
    pub(crate) async fn start(
        rill: Option<&Path>,
        wish: &Wish,
        ways: &[String],
        settings: &[(&'static str, String)],
    ) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("rill-bench").tempdir()?;
        let Prepared { mut tickets, rooms, .. } = prepared_store::prepare(folder.path(), wish).await?;
        let spare = tickets.iter_mut().take(rooms.len()).map(|of_owner| of_owner.split_off(of_owner.len() / 2));
        let spare = spare.map(Credentials::Tickets).collect();
        let (mut processes, mut endpoints, mut trust) = (Vec::new(), Vec::new(), Trust::hashes_only());
        for way in ways {
            let folder = tempfile::Builder::new().prefix("rill-bench").tempdir()?;
            let shared = [("RILL_STORAGE_BACKEND", "redis".to_owned()), ("RILL_REDIS_URL", way.clone())];
            let settings = shared.into_iter().chain(settings.iter().cloned()).collect();
            let process = ServerProcess::start(rill, folder, settings, Life::Again).await?;
            endpoints.push(process.endpoints()?);
            trust = trust.and_hashes(process.tcp_hashes()?);
            processes.push(process);
        }
        let credentials = tickets.into_iter().map(Credentials::Tickets).collect();
        Ok(Self { processes, endpoints, trust, credentials, spare, rooms })
    }

    fn config(&self, user: usize, transport: usize, credentials: Credentials, outbox: Option<PathBuf>) -> Config {
        let mut endpoints = self.endpoints.clone();
        endpoints.rotate_left(user % self.endpoints.len());
        let first = endpoints.remove(0);
        Config {
            server: None,
            endpoints: Some(first),
            nodes: endpoints,
            transport: SPREAD[transport],
            fallback: None,
            credentials,
            trust: self.trust.clone(),
            client_name: concat!("rill-bench ", env!("CARGO_PKG_VERSION")).to_owned(),
            outbox,
            transfers_at_once: rill_client::limits::TRANSFERS_AT_ONCE,
            resumed_throttle: None,
        }
    }

    /// Connects every user, each by the transport of their number.
    pub(crate) async fn connect(
        &mut self,
        transport: impl Fn(usize) -> usize,
        outbox: impl Fn(usize) -> Option<PathBuf>,
    ) -> anyhow::Result<Vec<Connected>> {
        let mut waiting = std::mem::take(&mut self.credentials).into_iter().enumerate();
        let (mut connecting, mut connected) = (JoinSet::new(), Vec::new());
        loop {
            while connecting.len() < CONNECTING_MAX
                && let Some((user, credentials)) = waiting.next()
            {
                connecting.spawn(connect(user, self.config(user, transport(user), credentials, outbox(user))));
            }
            match connecting.join_next().await {
                Some(user) => connected.push(user??),
                None => break,
            }
        }
        connected.sort_unstable_by_key(|user| user.number);
        Ok(connected)
    }

    /// The first user of a room once more, as a client that knows nothing, at a node that runs.
    pub(crate) async fn anew(&mut self, room: usize) -> anyhow::Result<Connected> {
        let credentials = std::mem::replace(&mut self.spare[room], Credentials::Tickets(Vec::new()));
        connect(room, self.config(self.endpoints.len() - 1, room % SPREAD.len(), credentials, None)).await
    }

    /// `kill -9`, or as somebody asks who restarts it.
    pub(crate) async fn end(&mut self, node: usize, signal: Signal) -> anyhow::Result<()> {
        self.processes[node].end_by(signal).await.map(drop)
    }

    /// On the same ports.
    pub(crate) async fn start_again(&mut self, node: usize) -> anyhow::Result<()> {
        self.processes[node].start_again().await
    }

    pub(crate) fn len(&self) -> usize {
        self.processes.len()
    }

    pub(crate) fn process_ids(&self) -> Vec<u32> {
        self.processes.iter().map(ServerProcess::pid).collect()
    }

    /// What the nodes said, for whoever wants to know why.
    pub(crate) fn said(&self) -> String {
        self.processes.iter().map(ServerProcess::said).collect::<Vec<_>>().join("\n--\n")
    }
}
