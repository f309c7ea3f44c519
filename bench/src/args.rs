//! The command line.

pub(crate) mod accept;
pub(crate) mod append;
pub(crate) mod beside;
pub(crate) mod chaos;
pub(crate) mod cluster;
pub(crate) mod compare;
pub(crate) mod connect;
pub(crate) mod fanout;
pub(crate) mod files;
pub(crate) mod growth;
pub(crate) mod idle;
pub(crate) mod impaired;
pub(crate) mod link;
pub(crate) mod login;
pub(crate) mod mint;
pub(crate) mod mixed;
pub(crate) mod open;
pub(crate) mod output;
pub(crate) mod presence;
pub(crate) mod ramp;
pub(crate) mod run;
pub(crate) mod slow;
pub(crate) mod soak;
pub(crate) mod start;

use anyhow::bail;
use clap::{Args, Parser, Subcommand};
use rill_client::TransportKind;
use std::{path::PathBuf, time::Duration};
use url::Url;

use crate::{
    agents::{AgentArgs, AgentsArgs},
    ceiling::{CeilingArgs, broadcast::BroadcastArgs},
};
use accept::{EnterpriseArgs, TeamArgs};
use append::AppendArgs;
use beside::BesideArgs;
use chaos::ChaosArgs;
use cluster::ClusterArgs;
use compare::CompareArgs;
use connect::ConnectArgs;
use fanout::FanoutArgs;
use files::FilesArgs;
use growth::GrowthArgs;
use idle::IdleArgs;
use impaired::{FallbackArgs, ImpairedArgs};
use link::LinkArgs;
use login::LoginArgs;
use mint::MintArgs;
use mixed::MixedArgs;
use open::OpenArgs;
use output::OutputArgs;
use presence::PresenceArgs;
use ramp::RampArgs;
use run::RunArgs;
use slow::SlowArgs;
use soak::SoakArgs;
use start::StartArgs;

/// The transports over which users are spread, in this order.
pub(crate) const SPREAD: [TransportKind; 3] =
    [TransportKind::Quic, TransportKind::WebTransport, TransportKind::WebSocket];

/// Load scenarios against a Rill server.
#[derive(Debug, Parser)]
#[command(name = "rill-bench", version, about)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Everybody talks: users post in turn at a fixed total rate, and every member of a
    /// room reads every message of it.
    ///
    /// Each user is in exactly one room (user number modulo rooms), so a message is
    /// delivered to users / rooms members, its author among them. A client has at most
    /// one unacked post in a room; a post that is due earlier waits, and its wait counts.
    Chat(ChatArgs),
    /// The highest rate of a chat at which p99 stays under a bound.
    ///
    /// On one server, with everybody connected once: the rate doubles from step to step until one
    /// is not held, then the middle is tried. The report says whether the server was the limit or
    /// this program. The exit code is 1 if no rate was held, or something was lost.
    Ramp(RampArgs),
    /// The same number of deliveries a second in rooms of several sizes, and what one costs the server.
    ///
    /// The exit code is 1 if a delivery in a large room costs more than 1.3 times as much as in a
    /// small one, or something was lost.
    Growth(GrowthArgs),
    /// A live chat on a server that is attacked in every way there is.
    ///
    /// The chat talks undisturbed first, then beside the attacks, then alone again. The
    /// verdicts compare the three; the exit code is 1 if one of them fails.
    Hostile(HostileArgs),
    /// Durable appends at the storage port, with everything that a post writes, beside the
    /// least that durability costs: the same bytes in as many batches appended to a plain
    /// file, each with fdatasync. In turn, several times; the median pair counts.
    Store(StoreArgs),
    /// Posts through the whole server, a fixed number under way or at a fixed rate, and how
    /// long their acks take.
    ///
    /// Each place under way is a room of its own, since a session has one unacked post in a
    /// room; sessions share the rooms evenly, and nobody else is in them.
    Append(AppendArgs),
    /// A server is killed again and again under load, and every ack and every delivery is
    /// checked against the log that is left.
    ///
    /// Users speak and listen over all three transports, with clients that keep an outbox
    /// and come back by themselves. The exit code is 1 if anything was lost, doubled or out
    /// of order, or if posting was away for too long.
    Chaos(ChaosArgs),
    /// Several nodes on one Redis, which are killed, cut off and restarted under load, as is
    /// Redis, and every ack and every delivery is checked.
    ///
    /// Each hardship has a run of its own, with a redis-server that is started for it
    /// (RILL_REDIS_SERVER names another binary). The exit code is 1 if anything that was
    /// acked was lost, doubled or out of order.
    Cluster(ClusterArgs),
    /// Files of fresh random bytes up and down, beside the most that the same transport
    /// carries: a peer of a few lines that hashes once, writes and syncs, or reads. In turn,
    /// several times; the median pair counts.
    Files(FilesArgs),
    /// How long messages take on a connection that carries files too, beside how long they take
    /// on one that does not.
    Beside(BesideArgs),
    /// One room that many read, under posts of which a fixed number is always under way; with
    /// --ceiling beside the least that a broadcast over the same transport costs.
    Fanout(FanoutArgs),
    /// The peer of the scenario with files; started by it.
    #[command(hide = true)]
    Ceiling(CeilingArgs),
    /// One process of a load generator that has several; started by it.
    #[command(hide = true)]
    Agent(AgentArgs),
    /// The bare broadcast of the fan-out; started by it.
    #[command(hide = true)]
    Broadcast(BroadcastArgs),
    /// One room at full rate with sessions in it that never read.
    ///
    /// Those who read talk without the others first, then beside them. The verdicts compare
    /// the two; in the end the others read, and must find everything. The exit code is 1 if
    /// a verdict fails.
    Slow(SlowArgs),
    /// A chat over all three transports for a long time, over restarts of its server, and how much of
    /// it the server was there for.
    ///
    /// The exit code is 1 if fewer than 99.9 % of the posts were acked within 500 ms of being
    /// due, if anything was lost, doubled or out of order, or if the server goes on growing.
    Soak(SoakArgs),
    /// A day in a company, compressed: people come and go, talk in bursts in rooms of different sizes, read history,
    /// look who is there, send and fetch files and pictures, over all transports.
    ///
    /// The exit code is 1 if anything that was acked was lost, doubled or out of order, or if an operation failed.
    Mixed(MixedArgs),
    /// What a bad network does to a talk, in one go: alone and beside a file on links that lose
    /// packets, over a change of addresses, and where UDP is dropped. Root only.
    ///
    /// The exit code is 1 if anything was lost, doubled, out of order or refused.
    Impaired(ImpairedArgs),
    /// How long a client that may use any transport takes to stand on the WebSocket where UDP is
    /// dropped. Root only.
    Fallback(FallbackArgs),
    /// The team's acceptance list: 50 users post at the same instant, and everything must be
    /// delivered within 200 ms.
    ///
    /// The exit code is 1 if a line of the list fails.
    AcceptTeam(TeamArgs),
    /// The enterprise's acceptance list, all at once for a minute: 500 WebSocket clients, 100
    /// of them posting more than 100 messages a second, and files at 1 MB/s.
    ///
    /// p99 must stay under 500 ms and not rise against 50 clients, memory under 2 GiB, the
    /// server's CPU under 80 % of all cores. The exit code is 1 if a line of the list fails.
    AcceptEnterprise(EnterpriseArgs),
    /// Connections on which nothing happens: what each costs the server's memory, and how soon
    /// one of them is given a message.
    ///
    /// The exit code is 1 if one was refused or lost, if a message went astray, or if they cost
    /// more than was asked for.
    Idle(IdleArgs),
    /// New connections, a fixed number under way, each until its session is ready; or with
    /// --storm, clients that all come back behind a restart.
    ///
    /// The exit code is 1 if one came to nothing, or if in the storm anything was lost or took
    /// too long.
    Connect(ConnectArgs),
    /// How long a server takes from its start until it serves, on a store with many messages.
    Start(StartArgs),
    /// A room of very many members and messages is opened: its newest messages, its first members,
    /// and what is unread.
    ///
    /// The exit code is 1 if that takes 20 ms, or something is missing.
    Open(OpenArgs),
    /// Many come online within a moment, in rooms in which each watches others who do.
    ///
    /// The exit code is 1 if a view is not right in the end, or not 2 s behind the last one who was
    /// to come.
    Presence(PresenceArgs),
    /// Somebody with many rooms logs in, in all of which something was said: how soon the list is
    /// complete, with what is unread and the newest message of every room.
    ///
    /// The exit code is 1 if that takes 500 ms, or something is missing.
    Login(LoginArgs),
    /// Two reports beside one another: what changed, and whether by more than runs differ.
    Compare(CompareArgs),
}

impl Command {
    /// Of a scenario, where its report goes.
    pub(crate) fn output(&self) -> Option<&OutputArgs> {
        Some(match self {
            Self::Chat(args) => &args.output,
            Self::Ramp(args) => &args.output,
            Self::Growth(args) => &args.run.output,
            Self::Hostile(args) => &args.run.output,
            Self::Store(args) => &args.output,
            Self::Append(args) => &args.run.output,
            Self::Chaos(args) => &args.run.output,
            Self::Cluster(args) => &args.run.output,
            Self::Files(args) => &args.run.output,
            Self::Beside(args) => &args.run.output,
            Self::Slow(args) => &args.run.output,
            Self::Soak(args) => &args.run.output,
            Self::Mixed(args) => &args.run.output,
            Self::Impaired(args) => &args.run.output,
            Self::Fallback(args) => &args.run.output,
            Self::AcceptTeam(args) => &args.run.output,
            Self::AcceptEnterprise(args) => &args.run.output,
            Self::Idle(args) => &args.run.output,
            Self::Connect(args) => &args.run.output,
            Self::Start(args) => &args.run.output,
            Self::Open(args) => &args.run.output,
            Self::Presence(args) => &args.run.output,
            Self::Login(args) => &args.run.output,
            Self::Fanout(args) => &args.run.output,
            Self::Broadcast(_) | Self::Ceiling(_) | Self::Agent(_) | Self::Compare(_) => return None,
        })
    }
}

/// Of the appends.
#[derive(Debug, Args)]
pub(crate) struct StoreArgs {
    /// sled or fjall.
    #[arg(long)]
    pub(crate) engine: rill_storage::EngineKind,
    /// Appends that wait for their ack at any time.
    #[arg(long, default_value_t = 16)]
    pub(crate) in_flight: u64,
    /// How long each run of a pair lasts.
    #[arg(long, default_value_t = 5)]
    pub(crate) seconds: u64,
    #[arg(long, default_value_t = 5)]
    pub(crate) pairs: usize,
    /// Length of a post's text.
    #[arg(long, default_value_t = 200)]
    pub(crate) text_bytes: usize,
    /// Where the stores are made and removed again; by default the system's place for
    /// temporary files. It must be on a disk for the figures to mean anything.
    #[arg(long)]
    pub(crate) directory: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Of the scenario that attacks.
#[derive(Debug, Args)]
pub(crate) struct HostileArgs {
    /// One transport for the whole chat; by default its users are spread over all three.
    #[arg(long)]
    pub(crate) transport: Option<TransportKind>,
    #[arg(long, default_value_t = 200)]
    pub(crate) users: usize,
    #[arg(long, default_value_t = 10)]
    pub(crate) rooms: usize,
    /// Messages a second, of all users together.
    #[arg(long, default_value_t = 200.0)]
    pub(crate) rate: f64,
    /// How long the attacks last. The limits of slow peers are 10 to 40 s.
    #[arg(long, default_value_t = 60)]
    pub(crate) seconds: u64,
    /// How long the chat is measured before.
    #[arg(long, default_value_t = 20)]
    pub(crate) undisturbed_seconds: u64,
    /// How long the chat goes on behind the attacks.
    #[arg(long, default_value_t = 10)]
    pub(crate) after_seconds: u64,
    /// Only these attacks.
    #[arg(long, value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Names the attacks and ends.
    #[arg(long)]
    pub(crate) list: bool,
    /// The same seed makes the same random mixtures.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Multiplies the rate of every attack.
    #[arg(long, default_value_t = 1.0)]
    pub(crate) attack_rate: f64,
    /// How far the attackers stand back for the server and its chat, as by nice(1): at 19 they cost
    /// the chat nothing, and on a machine that has other work they hardly come to attack.
    #[arg(long, default_value_t = 19)]
    pub(crate) attackers_nice: u8,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Threads of the chat's clients; the attackers have one of their own.
    #[arg(long, default_value_t = 1)]
    pub(crate) workers: usize,
}

impl HostileArgs {
    /// Refuses what cannot be measured.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.rooms == 0 || self.rooms > self.users || self.workers == 0 {
            bail!("--rooms and --workers begin at 1, and every room needs a user");
        }
        if self.seconds == 0 || self.undisturbed_seconds == 0 || self.after_seconds == 0 {
            bail!("--seconds, --undisturbed-seconds and --after-seconds begin at 1");
        }
        if !(self.rate > 0.0 && self.rate <= 1e6 && self.attack_rate > 0.0 && self.attack_rate <= 1e3) {
            bail!("--rate is above 0 and at most a million a second, --attack-rate above 0 and at most 1000");
        }
        Ok(())
    }

    /// Of a user of the chat.
    pub(crate) fn transport_of(&self, user: usize) -> TransportKind {
        // User numbers go around the rooms too: all three are in every room.
        self.transport.unwrap_or(SPREAD[(user / self.rooms) % SPREAD.len()])
    }
}

/// Of a scenario that talks.
#[derive(Debug, Args)]
pub(crate) struct ChatArgs {
    /// quic, webtransport or websocket (with TLS, all of them).
    #[arg(long)]
    pub(crate) transport: TransportKind,
    #[arg(long, default_value_t = 50)]
    pub(crate) users: usize,
    #[arg(long, default_value_t = 1)]
    pub(crate) rooms: usize,
    /// Messages a second, of all users together.
    #[arg(long, default_value_t = 500.0)]
    pub(crate) rate: f64,
    /// How long messages count.
    #[arg(long, default_value_t = 30)]
    pub(crate) seconds: u64,
    /// How long the load runs before messages count.
    #[arg(long, default_value_t = 3)]
    pub(crate) warm_up_seconds: u64,
    /// How long the last deliveries may take.
    #[arg(long, default_value_t = 15)]
    pub(crate) drain_seconds: u64,
    /// Length of a message's text.
    #[arg(long, default_value_t = 100)]
    pub(crate) text_bytes: usize,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    /// Threads of the load generator.
    #[arg(long, default_value_t = 2)]
    pub(crate) workers: usize,
    /// Everybody gets another address in the middle of the counted time: their end of the --link, else
    /// a socket of their own.
    #[arg(long)]
    pub(crate) rebind: bool,
    #[command(flatten)]
    pub(crate) agents: AgentsArgs,
    #[command(flatten)]
    pub(crate) link: LinkArgs,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    #[command(flatten)]
    pub(crate) mint: MintArgs,
}

/// Which server.
#[derive(Debug, Args)]
pub(crate) struct ServerArgs {
    /// The server to start, unless --target names one that runs; by default the one
    /// beside this program.
    #[arg(long, env = "RILL_BIN")]
    pub(crate) rill: Option<PathBuf>,
    /// The page's address of a server that runs already. Its CPU and memory are not
    /// measured, and rooms are left behind in it.
    #[arg(long)]
    pub(crate) target: Option<Url>,
    /// JSON: {"users": [{"username": "…", "password": "…"}, {"token": "…"}]}. They are
    /// logged in before anything is measured.
    #[arg(long, requires = "target")]
    pub(crate) accounts: Option<PathBuf>,
    /// Believes whatever certificate the target shows. Only for machines that hold
    /// nothing of worth.
    #[arg(long, requires = "target")]
    pub(crate) danger_accept_any: bool,
}

impl ChatArgs {
    /// Refuses what cannot be measured.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.users == 0 || self.rooms == 0 || self.seconds == 0 || self.workers == 0 {
            bail!("--users, --rooms, --seconds and --workers begin at 1");
        }
        if self.link.link.is_some() && self.server.target.is_some() {
            bail!("--link leads to a server that is started here, not to a --target");
        }
        if self.server.target.is_some() && self.server.accounts.is_none() && self.mint.admin_token.is_none() {
            bail!("--target needs --accounts FILE, or --admin-token to make its users");
        }
        if self.rebind && self.seconds < 4 {
            bail!("--rebind needs 4 --seconds");
        }
        if self.rebind && self.agents.agents > 1 {
            bail!("--rebind is of one process: without --agents");
        }
        if self.rooms > self.users {
            bail!("--rooms {} needs at least as many --users: nobody would be in some", self.rooms);
        }
        self.agents.check(self.users)?;
        if !(self.rate > 0.0 && self.rate <= 1e6) {
            bail!("--rate is above 0 and at most a million a second");
        }
        if !(crate::schedule::TEXT_BYTES_MIN..=rill_protocol::limits::TEXT_BYTES_MAX).contains(&self.text_bytes) {
            bail!("--text-bytes is {} to {}", crate::schedule::TEXT_BYTES_MIN, rill_protocol::limits::TEXT_BYTES_MAX);
        }
        Ok(())
    }

    pub(crate) fn warm_up(&self) -> Duration {
        Duration::from_secs(self.warm_up_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<(), String> {
        let all = ["rill-bench", "chat", "--transport", "quic"].iter().chain(args);
        match Cli::try_parse_from(all).map_err(|error| error.to_string())?.command {
            Command::Chat(args) => args.check().map_err(|error| error.to_string()),
            Command::Ramp(args) => args.check().map_err(|error| error.to_string()),
            Command::Growth(args) => args.check().map_err(|error| error.to_string()),
            Command::Hostile(args) => args.check().map_err(|error| error.to_string()),
            Command::Store(_) => Err("another scenario".into()),
            Command::Append(args) => args.check().map_err(|error| error.to_string()),
            Command::Chaos(args) => args.check().map_err(|error| error.to_string()),
            Command::Cluster(args) => args.check().map_err(|error| error.to_string()),
            Command::Files(args) => args.check().map_err(|error| error.to_string()),
            Command::Beside(args) => args.check().map_err(|error| error.to_string()),
            Command::AcceptTeam(args) => args.check().map_err(|error| error.to_string()),
            Command::AcceptEnterprise(args) => args.check().map_err(|error| error.to_string()),
            Command::Idle(args) => args.check().map_err(|error| error.to_string()),
            Command::Connect(args) => args.check().map_err(|error| error.to_string()),
            Command::Start(args) => args.check().map_err(|error| error.to_string()),
            Command::Open(args) => args.check().map_err(|error| error.to_string()),
            Command::Presence(args) => args.check().map_err(|error| error.to_string()),
            Command::Login(args) => args.check().map_err(|error| error.to_string()),
            Command::Fanout(args) => args.check().map_err(|error| error.to_string()),
            Command::Broadcast(_) | Command::Ceiling(_) | Command::Agent(_) | Command::Compare(_) => {
                Err("no scenario".into())
            }
            Command::Slow(args) => args.check().map_err(|error| error.to_string()),
            Command::Soak(args) => args.check().map_err(|error| error.to_string()),
            Command::Mixed(args) => args.check().map_err(|error| error.to_string()),
            Command::Impaired(args) => args.check().map_err(|error| error.to_string()),
            Command::Fallback(args) => args.check().map_err(|error| error.to_string()),
        }
    }

    #[test]
    fn what_cannot_be_measured_is_refused() {
        assert_eq!(parse(&[]), Ok(()));
        assert_eq!(parse(&["--target", "http://localhost:1", "--admin-token", "x"]), Ok(()));
        assert_eq!(parse(&["--users", "100", "--rooms", "10", "--rate", "0.5"]), Ok(()));
        for odd in [
            &["--rooms", "51"][..],
            &["--rate", "0"],
            &["--rate", "NaN"],
            &["--users", "0"],
            &["--text-bytes", "3"],
            &["--target", "http://localhost:1"],
            &["--accounts", "x.json"],
        ] {
            assert!(parse(odd).is_err(), "{odd:?}");
        }
    }
}
