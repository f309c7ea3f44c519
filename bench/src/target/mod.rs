//! Whom a scenario runs against: a server that is started for it with a prepared
//! store, or one that runs already.

mod accounts;
mod entrance;
mod nodes;
mod prepared_store;
mod server_process;
mod way;

use anyhow::Context;
use rill_client::{Client, Config, Credentials, Endpoints, Events, TransportKind, limits::TRANSFERS_AT_ONCE};
use rill_protocol::{RoomId, Ticket};
use rustix::process::Signal;
use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    process::ExitStatus,
    time::Duration,
};
use tokio::{task::JoinSet, time::timeout};
use url::Url;

use crate::{args::ServerArgs, hostile::ground::Ground};
pub(crate) use nodes::Nodes;
use prepared_store::Prepared;
pub(crate) use prepared_store::{Circles, Wish};
pub(crate) use server_process::Life;
use server_process::ServerProcess;
use way::Trusted;
pub(crate) use way::{Rights, Way};

/// Connections that are made at the same time.
const CONNECTING_MAX: usize = 16;
/// Of a server's connections, those that are not of the crowd it was started for, and those
/// that it does not know yet to be gone.
const CONNECTIONS_BESIDE: usize = 1_000;
const CONNECT_PATIENCE: Duration = Duration::from_secs(30);

/// A server and the users who will be on it.
pub(crate) struct Target {
    process: Option<ServerProcess>,
    server: Option<Url>,
    endpoints: Option<Endpoints>,
    trusted: Trusted,
    credentials: Vec<Credentials>,
    /// Rooms that are there already, by number.
    rooms: Option<Vec<RoomId>>,
    expired: Vec<Ticket>,
    /// Further rights of the first user of each room, for somebody who comes anew.
    spare: Vec<Credentials>,
    /// Files of each user that travel at once, each way.
    pub(crate) transfers_at_once: usize,
    pub(crate) tls: bool,
    pub(crate) durability: &'static str,
}

/// A user who is attached.
pub(crate) struct Connected {
    pub(crate) number: usize,
    pub(crate) client: Client,
    pub(crate) events: Events,
}

impl Target {
    /// Ready for `users` users, user `u` in room `u mod rooms`.
    pub(crate) async fn prepare(args: &ServerArgs, users: usize, rooms: usize) -> anyhow::Result<Self> {
        match (&args.target, &args.accounts) {
            (Some(server), Some(file)) => {
                let trusted = if args.danger_accept_any { Trusted::DangerAny } else { Trusted::System };
                let credentials = accounts::read(file, users)?;
                let credentials = accounts::log_in(server, &trusted.trust(), credentials).await?;
                Ok(Self {
                    process: None,
                    tls: server.scheme() == "https",
                    server: Some(server.clone()),
                    endpoints: None,
                    trusted,
                    credentials,
                    rooms: None,
                    expired: Vec::new(),
                    spare: Vec::new(),
                    transfers_at_once: TRANSFERS_AT_ONCE,
                    durability: "unknown",
                })
            }
            _ => {
                let wish = Wish { users, rooms, ..Wish::default() };
                Self::start(args.rill.as_deref(), &wish, Vec::new(), Life::Once).await
            }
        }
    }

    /// A server that is started here, with what is wished for in its store. `settings` are
    /// variables of its configuration.
    pub(crate) async fn start(
        rill: Option<&Path>,
        wish: &Wish,
        settings: Vec<(&'static str, String)>,
        life: Life,
    ) -> anyhow::Result<Self> {
        let parent = wish.parent.clone().unwrap_or_else(std::env::temp_dir);
        let folder = tempfile::Builder::new().prefix("rill-bench").tempdir_in(parent)?;
        let Prepared { mut tickets, rooms, expired } = prepared_store::prepare(folder.path(), wish).await?;
        // Of circles nobody comes anew, and each user needs what there is.
        let owners = if wish.circles.is_some() { 0 } else { rooms.len() };
        let spare = tickets.iter_mut().take(owners).map(|of_owner| of_owner.split_off(of_owner.len() / 2));
        let spare = spare.map(Credentials::Tickets).collect();
        let process = ServerProcess::start(rill, folder, settings, life).await?;
        Ok(Self {
            server: None,
            endpoints: Some(process.endpoints()?),
            trusted: Trusted::Hashes(process.tcp_hashes()?),
            process: Some(process),
            credentials: tickets.into_iter().map(Credentials::Tickets).collect(),
            rooms: Some(rooms),
            expired,
            spare,
            transfers_at_once: TRANSFERS_AT_ONCE,
            tls: true,
            durability: "fdatasync",
        })
    }

    /// Ends the server that was started here by a signal; returns how it ended.
    pub(crate) async fn end_by(&mut self, signal: Signal) -> anyhow::Result<ExitStatus> {
        self.process.as_mut().context("no server was started here")?.end_by(signal).await
    }

    /// Starts it again on the same ports and waits until it listens.
    pub(crate) async fn start_again(&mut self) -> anyhow::Result<()> {
        self.process.as_mut().context("no server was started here")?.start_again().await
    }

    /// The process of a server that was started here.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(ServerProcess::pid)
    }

    /// The doors of a server that was started here, for those who mean it no good.
    pub(crate) fn ground(&self, seed: u64, attack_rate: f64) -> anyhow::Result<Ground> {
        let process = self.process.as_ref().context("only a server that was started here is attacked")?;
        let room = self.rooms.as_ref().and_then(|rooms| rooms.first()).context("there is no room")?;
        let doors = process.doors();
        Ok(Ground {
            http: doors.http,
            https: doors.https,
            quic: doors.quic,
            room: *room,
            expired: self.expired.clone(),
            data: process.data(),
            seed,
            attack_rate,
        })
    }

    /// Whether the process that was started here still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.process.as_mut().is_some_and(ServerProcess::is_alive)
    }

    /// Where a further user connects, by name and password.
    pub(crate) fn login(&self, transport: TransportKind, username: &str, password: &str) -> anyhow::Result<Config> {
        let doors = self.process.as_ref().context("only for a server that was started here")?.doors();
        let credentials = Credentials::Password { username: username.to_owned(), password: password.to_owned() };
        let server = Url::parse(&format!("http://{}", doors.http))?;
        Ok(Config { server: Some(server), ..self.config(transport, credentials) })
    }

    /// Raw QUIC and WebTransport have TLS in any case.
    pub(crate) fn has_tls(&self, transport: TransportKind) -> bool {
        self.tls || transport != TransportKind::WebSocket
    }

    /// The first user of a room once more, as a client that knows nothing.
    pub(crate) async fn anew(&mut self, room: usize, transport: TransportKind) -> anyhow::Result<Connected> {
        let credentials = self.spare.get(room).cloned().context("nobody may come anew")?;
        connect(room, self.config(transport, credentials)).await
    }

    /// The users from `first` on, who are not connected with the others.
    pub(crate) fn set_aside(&mut self, first: usize) -> Vec<(usize, Credentials)> {
        (first..).zip(self.credentials.split_off(first.min(self.credentials.len()))).collect()
    }

    /// The tickets of the users who are left, for clients that are not `rill-client`.
    pub(crate) fn take_tickets(&mut self) -> Vec<VecDeque<Ticket>> {
        let all = std::mem::take(&mut self.credentials).into_iter();
        all.map(|credentials| match credentials {
            Credentials::Tickets(tickets) => tickets.into(),
            Credentials::Password { .. } | Credentials::Token(_) => VecDeque::new(),
        })
        .collect()
    }

    /// Connects one who was set aside.
    pub(crate) async fn connect_late(
        &self,
        (number, credentials): (usize, Credentials),
        transport: TransportKind,
    ) -> anyhow::Result<Connected> {
        connect(number, self.config(transport, credentials)).await
    }

    /// How clients come here.
    pub(crate) fn way(&self) -> Way {
        Way::new(self.server.as_ref(), self.endpoints.as_ref(), self.trusted.clone())
    }

    /// What the users connect with who are left, for clients in other processes.
    pub(crate) fn take_rights(&mut self) -> anyhow::Result<Vec<Rights>> {
        std::mem::take(&mut self.credentials).iter().map(Rights::of).collect()
    }

    /// The rooms, by number. On a server that was not prepared the users make and enter them now,
    /// and leave again with everything else as it was.
    pub(crate) async fn rooms_beforehand(
        &mut self,
        transport: impl Fn(usize) -> TransportKind,
        rooms: usize,
    ) -> anyhow::Result<Vec<RoomId>> {
        if let Some(rooms) = &self.rooms {
            return Ok(rooms.clone());
        }
        let credentials = self.credentials.clone();
        let users = self.connect(transport).await?;
        let made = self.rooms(&users, rooms).await?;
        close_all(users.into_iter().map(|user| user.client).collect()).await;
        self.credentials = credentials;
        Ok(made)
    }

    /// Connects every user, each by the transport of their number.
    pub(crate) async fn connect(
        &mut self,
        transport: impl Fn(usize) -> TransportKind,
    ) -> anyhow::Result<Vec<Connected>> {
        self.connect_with(transport, |_| None).await
    }

    /// The same, with files in which unacked posts outlive the process.
    pub(crate) async fn connect_with(
        &mut self,
        transport: impl Fn(usize) -> TransportKind,
        outbox: impl Fn(usize) -> Option<PathBuf>,
    ) -> anyhow::Result<Vec<Connected>> {
        let waiting = std::mem::take(&mut self.credentials).into_iter().enumerate();
        let waiting = waiting.map(|(number, credentials)| {
            (number, Config { outbox: outbox(number), ..self.config(transport(number), credentials) })
        });
        connect_all(waiting).await
    }

    /// Where one who was set aside connects, over one transport.
    pub(crate) fn visit(&self, credentials: Credentials, transport: TransportKind) -> Config {
        self.config(transport, credentials)
    }

    /// Where one who was set aside connects, over either transport: the other joins in when the first
    /// one does not answer.
    pub(crate) fn falling_back(&self, credentials: Credentials, first: TransportKind, other: TransportKind) -> Config {
        Config { fallback: Some(other), ..self.config(first, credentials) }
    }

    fn config(&self, transport: TransportKind, credentials: Credentials) -> Config {
        Config {
            server: self.server.clone(),
            endpoints: self.endpoints.clone(),
            nodes: Vec::new(),
            transport,
            fallback: None,
            credentials,
            trust: self.trusted.trust(),
            client_name: concat!("rill-bench ", env!("CARGO_PKG_VERSION")).to_owned(),
            outbox: None,
            transfers_at_once: self.transfers_at_once,
            resumed_throttle: None,
        }
    }

    /// The rooms, by number; on a server that was not prepared they are made now.
    pub(crate) async fn rooms(&self, users: &[Connected], rooms: usize) -> anyhow::Result<Vec<RoomId>> {
        if let Some(rooms) = &self.rooms {
            return Ok(rooms.clone());
        }
        let mut made = Vec::new();
        for user in users {
            match made.get(user.number % rooms) {
                Some(room) => drop(user.client.join(*room).await?),
                None => made.push(user.client.create_room(format!("rill-bench {}", user.number)).await?.id),
            }
        }
        Ok(made)
    }

    /// Ends what was started here.
    pub(crate) async fn end(self) -> anyhow::Result<()> {
        match self.process {
            Some(process) => process.stop().await,
            None => Ok(()),
        }
    }
}

/// Settings of a server whose clients are all on one machine, and so many.
pub(crate) fn measured_from_one_machine(connections: usize) -> Vec<(&'static str, String)> {
    let none = |name| (name, "0".to_owned());
    vec![
        ("RILL_LIMITS_CONNECTIONS", (connections + CONNECTIONS_BESIDE).to_string()),
        none("RILL_LIMITS_CONNECTIONS_PER_ADDRESS"),
        none("RILL_LIMITS_HANDSHAKES_PER_SECOND_PER_ADDRESS"),
        none("RILL_LIMITS_RECEIVE_KIB_PER_SECOND_PER_ADDRESS"),
    ]
}

/// Says goodbye for everybody.
pub(crate) async fn close_all(clients: Vec<Client>) {
    let mut closing = JoinSet::new();
    clients.into_iter().for_each(|client| drop(closing.spawn(async move { client.close().await })));
    closing.join_all().await;
}

/// Connects some users, a few at a time.
pub(crate) async fn connect_all(mut waiting: impl Iterator<Item = (usize, Config)>) -> anyhow::Result<Vec<Connected>> {
    let (mut connecting, mut connected) = (JoinSet::new(), Vec::new());
    loop {
        while connecting.len() < CONNECTING_MAX
            && let Some((number, config)) = waiting.next()
        {
            connecting.spawn(connect(number, config));
        }
        match connecting.join_next().await {
            Some(user) => connected.push(user??),
            None => break,
        }
    }
    connected.sort_unstable_by_key(|user: &Connected| user.number);
    Ok(connected)
}

async fn connect(number: usize, config: Config) -> anyhow::Result<Connected> {
    let (client, events) = Client::connect(config).await?;
    let online = timeout(CONNECT_PATIENCE, client.online()).await;
    online
        .unwrap_or(Err(rill_client::Error::Closed))
        .with_context(|| format!("user {number} cannot connect; the last state was {:?}", client.state()))?;
    Ok(Connected { number, client, events })
}
