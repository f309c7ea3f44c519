//! Small files while client, server or network are killed at random places, again and again:
//! each arrives, as it was. `FILE_KILLS` says how many for each transport.

use rill_client::{
    Client, Config, Endpoints, Events, TransportKind,
    files::{Download, Phase, Progress, Throttle, Upload},
};
use rill_protocol::RoomId;
use std::{collections::BTreeMap, env, ops::Range, path::Path, time::Duration};

use super::{
    super::{
        relay::{Cut, Relay},
        server::{Server, within},
    },
    Files, again, digest,
    killed::{Killed, half_finished},
};

/// So many in `make test`: about a minute.
const KILLS: usize = 10;
const SIZE: Range<u64> = 100_000..900_000;
/// So slow that a kill comes in the middle.
const KIB_PER_S: u64 = 3_000;
const ROOM: &str = "r";

/// A small generator (xorshift64, Marsaglia 2003), so that a run can be had again.
struct Dice(u64);

impl Dice {
    /// Seeds that differ in a bit give other numbers from the first on.
    fn new(seed: u64) -> Self {
        let mut dice = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        for _ in 0..16 {
            let _ = dice.below(2);
        }
        dice
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

#[derive(Clone, Copy, Debug)]
enum Kill {
    /// A process of its own, by SIGKILL.
    Client,
    Server,
    Network(Cut),
}

impl Kill {
    fn any(dice: &mut Dice) -> Self {
        match dice.below(10) {
            0..4 => Self::Client,
            4..7 => Self::Server,
            // A way that dies without a word is noticed after some seconds.
            7 => Self::Network(Cut::Dead),
            _ => Self::Network(Cut::Moved),
        }
    }
}

/// What is killed, and who notices.
struct Scene {
    kind: TransportKind,
    files: Files,
    server: Server,
    relay: Relay,
    client: Client,
    _events: Events,
    room: RoomId,
}

impl Scene {
    async fn start(kind: TransportKind) -> Self {
        let (server, files) = (Server::start(), Files::new());
        let relay = Relay::start(server.ready.http, server.ready.quic).await;
        let info = within(60, server.api().server()).await.unwrap();
        let mut endpoints = Endpoints::of(&server.url(), &info).unwrap();
        endpoints.websocket.set_port(Some(relay.tcp.port())).unwrap();
        endpoints.quic.as_mut().unwrap().port = relay.udp.port();
        let outbox = Some(files.path("outbox.json"));
        let config = Config { endpoints: Some(endpoints), outbox, ..server.config("user1", kind) };
        let (client, events) = again(&config).await;
        let room = within(60, client.create_room(ROOM)).await.unwrap().id;
        std::fs::create_dir(files.path("back")).unwrap();
        Self { kind, files, server, relay, client, _events: events, room }
    }

    fn killed(&self) -> Killed<'_> {
        Killed { server: &self.server, kind: self.kind, room: ROOM, state: self.files.path("state") }
    }

    fn kill(&mut self, kill: Kill) {
        match kill {
            Kill::Client => {}
            Kill::Server => {
                tokio::task::block_in_place(|| self.server.kill());
                tokio::task::block_in_place(|| self.server.start_again());
            }
            Kill::Network(cut) => self.relay.cut(cut),
        }
    }

    /// Sends a file, with a kill at this byte.
    async fn send(&mut self, path: &Path, offset: u64, kill: Kill, said: &str) -> u64 {
        if let Kill::Client = kill {
            return self.killed().send(path, &KIB_PER_S.to_string(), moves(offset), said).await;
        }
        let upload = Upload::new(self.room, path).throttle(Throttle::new(KIB_PER_S << 10));
        let handle = self.client.upload(upload).await.unwrap();
        at(handle.watch(), offset).await;
        self.kill(kill);
        within(120, handle.done()).await.unwrap_or_else(|error| panic!("{said}: {error}")).seq
    }

    /// Fetches it in the same way.
    async fn get(&mut self, seq: u64, into: &Path, offset: u64, kill: Kill, said: &str) {
        if let Kill::Client = kill {
            return self.killed().get(seq, into, &KIB_PER_S.to_string(), moves(offset), said).await;
        }
        let download = Download::new(self.room, seq, into).throttle(Throttle::new(KIB_PER_S << 10));
        let handle = self.client.download(download);
        at(handle.watch(), offset).await;
        self.kill(kill);
        within(120, handle.done()).await.unwrap_or_else(|error| panic!("{said}: {error}"));
    }
}

/// How long so many bytes take.
fn moves(bytes: u64) -> Duration {
    Duration::from_millis(bytes * 1_000 / (KIB_PER_S << 10))
}

/// Resolves at this byte or when it is over.
async fn at(mut progress: tokio::sync::watch::Receiver<Progress>, bytes: u64) {
    let is_there = |now: &Progress| now.moved_bytes >= bytes || matches!(now.phase, Phase::Over);
    within(60, progress.wait_for(is_there)).await.unwrap();
}

async fn survive(kind: TransportKind) {
    let kills: usize = env::var("FILE_KILLS").map_or(KILLS, |text| text.parse().expect("a number"));
    let seed: u64 = env::var("FILE_KILLS_SEED").map_or(1, |text| text.parse().expect("a number"));
    let mut dice = Dice::new(seed * 8 + kind as u64);
    let mut scene = Scene::start(kind).await;
    let mut counted = BTreeMap::new();
    for killed in (0..kills).step_by(2) {
        let size = SIZE.start + dice.below(SIZE.end - SIZE.start);
        let path = scene.files.random("up", size as usize);
        let said = format!("{kind}, seed {seed}, kill {killed} of {kills}, {size} bytes");
        let (offset, kill) = (dice.below(size), Kill::any(&mut dice));
        let seq = scene.send(&path, offset, kill, &format!("{said}, up, {kill:?} at {offset}")).await;
        assert_eq!(half_finished(&scene.server), 0, "{said}, {kill:?}: something is left of the upload");
        *counted.entry(format!("{kill:?}")).or_insert(0) += 1;

        let into = scene.files.path("back/file");
        let (offset, kill) = (dice.below(size), Kill::any(&mut dice));
        scene.get(seq, &into, offset, kill, &format!("{said}, down, {kill:?} at {offset}")).await;
        *counted.entry(format!("{kill:?}")).or_insert(0) += 1;
        assert_eq!(digest(&into), digest(&path), "{said}, {kill:?}");
        std::fs::remove_file(&into).unwrap();
        let left: Vec<_> = std::fs::read_dir(scene.files.path("back")).unwrap().collect();
        assert!(left.is_empty(), "{said}, {kill:?}: {left:?}");
    }
    println!("{kind}, seed {seed}: {counted:?}");
    assert!(scene.client.uploads().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn files_survive_kills_over_quic() {
    survive(TransportKind::Quic).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_survive_kills_over_webtransport() {
    survive(TransportKind::WebTransport).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_survive_kills_over_websocket() {
    survive(TransportKind::WebSocket).await;
}
