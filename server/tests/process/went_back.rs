//! A Redis that has lost what was acknowledged, beneath people who talk: everybody is told,
//! nobody hangs, nothing is shown twice.

use rill_client::{Client, Config, Credentials, EntryKind, Event, Events, TailCause, TransportKind};
use rill_protocol::{Epoch, RoomId};
use rill_redis_process::{Options, Server};
use serde_json::json;
use std::{collections::BTreeSet, fs, path::Path, time::Duration};
use tempfile::TempDir;
use tokio::time::timeout;

use crate::{api::Api, ports::lasting_address, redis::until, running::Running};

const PATIENCE: Duration = Duration::from_secs(60);

/// Somebody who reads along, and what they have before them.
struct Reader {
    client: Client,
    events: Events,
    epochs_changed: usize,
    said: Vec<String>,
    places: BTreeSet<(Epoch, u64)>,
}

impl Reader {
    async fn at(http: &str, token: &str, transport: TransportKind) -> Self {
        let config =
            Config::new(format!("http://{http}").parse().unwrap(), transport, Credentials::Token(token.to_owned()));
        let (client, events) = Client::connect(config).await.unwrap();
        timeout(PATIENCE, client.online()).await.unwrap().unwrap();
        Self { client, events, epochs_changed: 0, said: Vec::new(), places: BTreeSet::new() }
    }

    async fn reads_until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let reading = async {
            while !is_so(self) {
                match self.events.next().await.expect("the client lives") {
                    // Everything that is kept of the room is to be forgotten.
                    Event::Tail { cause: TailCause::EpochChanged, .. } => {
                        self.epochs_changed += 1;
                        self.said.clear();
                        self.places.clear();
                    }
                    Event::Entry(entry) => {
                        assert!(self.places.insert((entry.epoch, entry.seq)), "twice: {entry:?}");
                        if let EntryKind::Posted { text } = entry.kind {
                            self.said.push(text);
                        }
                    }
                    _ => {}
                }
            }
        };
        timeout(PATIENCE, reading).await.unwrap_or_else(|_| panic!("{what} does not come"));
    }

    async fn hears(&mut self, text: &str) {
        self.reads_until(text, |reader| reader.said.last().is_some_and(|last| last == text)).await;
    }

    async fn is_told(&mut self) {
        self.reads_until("another epoch", |reader| reader.epochs_changed > 0).await;
    }

    async fn says(&self, room: RoomId, text: &str) {
        let receipt = self.client.post(room, text).await.unwrap();
        timeout(PATIENCE, receipt.posted()).await.unwrap().unwrap();
    }
}

/// A server at an address that it has again when it comes back.
fn start(data: &Path, redis: &Server, http: &str) -> Running {
    let redis = format!("redis.url={}", redis.url());
    Running::start(data, &["--set", "storage.backend=redis", "--set", &redis, "--http", http])
}

/// Two servers on one Redis and two people, each at one of them.
struct Talk {
    redis: Server,
    data: [TempDir; 2],
    servers: Vec<Running>,
    https: [String; 2],
    tokens: [String; 2],
    room: String,
    readers: [Reader; 2],
}

impl Talk {
    async fn begin() -> Self {
        let redis = Server::start(&Options::default()).unwrap();
        let data = [TempDir::new().unwrap(), TempDir::new().unwrap()];
        let _ = rustls::crypto::ring::default_provider().install_default();
        let https = [lasting_address(), lasting_address()];
        let servers = data.iter().zip(&https).map(|(data, http)| start(data.path(), &redis, http)).collect();
        let ann = Api::registered(&https[0], "ann").await;
        let bob = Api::registered(&https[1], "bob").await;
        let room = ann.made_room(1).await;
        assert!(bob.post(2, &format!("rooms/{room}/join"), &json!({})).await.0 < 300);
        let tokens = [ann.token().to_owned(), bob.token().to_owned()];
        let readers = [
            Reader::at(&https[0], &tokens[0], TransportKind::WebSocket).await,
            Reader::at(&https[1], &tokens[1], TransportKind::WebSocket).await,
        ];
        Self { redis, data, servers, https, tokens, room, readers }
    }

    fn room(&self) -> RoomId {
        self.room.parse().unwrap()
    }

    async fn all_hear(&mut self, text: &str) {
        for reader in &mut self.readers {
            reader.hears(text).await;
        }
    }

    async fn says(&mut self, speaker: usize, text: &str) {
        self.readers[speaker].says(self.room(), text).await;
        self.all_hear(text).await;
    }

    /// What is said is in the dump, up to here.
    async fn dumped(&mut self) {
        self.says(0, "kept").await;
        self.redis.command(&["SAVE"]).unwrap();
        self.says(0, "lost").await;
        self.says(1, "lost too").await;
    }

    /// Everybody knows, and they talk on. Who comes back before the log has its new epoch is
    /// told twice: at first that their place is beyond its end.
    async fn goes_on(mut self) {
        for reader in &mut self.readers {
            reader.is_told().await;
        }
        self.says(0, "afterwards").await;
        self.says(1, "and on").await;
        for ((reader, http), token) in self.readers.into_iter().zip(&self.https).zip(&self.tokens) {
            assert_eq!(reader.said, ["kept", "afterwards", "and on"]);
            assert_eq!(Api::with(http, token).texts(&self.room).await, reader.said);
            reader.client.close().await;
        }
        for mut server in self.servers {
            assert_eq!(server.terminate(), Some(0));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn beneath_servers_that_run() {
    let mut talk = Talk::begin().await;
    talk.dumped().await;
    talk.redis.kill();
    talk.redis.restart().unwrap();
    talk.goes_on().await;
}

/// Whether the data directory remembers that seq of a room: see `storage/src/redis/recorded.rs`.
fn is_recorded(data: &Path, room: RoomId, seq: u64) -> bool {
    let bytes = fs::read(data.join("redis.heads")).unwrap();
    let mut records = bytes[8..].chunks(113);
    records.any(|record| record.get(1..17) == Some(&room.0) && record.get(33..41) == Some(&seq.to_le_bytes()))
}

#[tokio::test(flavor = "multi_thread")]
async fn while_no_server_runs() {
    let mut talk = Talk::begin().await;
    talk.dumped().await;
    let last = talk.readers[0].places.last().unwrap().1;
    let (room, data) = (talk.room(), talk.data[1].path().to_owned());
    until("the end of the log is not recorded", async || is_recorded(&data, room, last)).await;
    // kill -9, of all of them.
    talk.servers.clear();
    talk.redis.kill();
    talk.redis.restart().unwrap();
    for (data, http) in talk.data.iter().zip(&talk.https) {
        talk.servers.push(start(data.path(), &talk.redis, http));
    }
    talk.goes_on().await;
}
