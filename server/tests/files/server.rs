//! The server of one test, which can be stopped and started again, and people who use it.

use bytes::Bytes;
use clap::Parser;
use reqwest::Method;
use rill_client::{
    Endpoints, TransportKind, Trust,
    http::{Api, Login},
    transport::{self, Class, Connection},
};
use rill_protocol::{
    AttemptId, ClientId, Epoch, RoomId, U53,
    message::{Attach, Attached, Control, CreateRoom, Done, Hello, JoinRoom, LeaveRoom, RoomAnswer, Welcome},
    version::VERSION,
};
use rill_server::{
    app::{App, Ready},
    config::{Cli, Command},
    runtime::{Clock, Entropy, SystemClock, SystemEntropy},
};
use serde_json::Value;
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinHandle};
use url::Url;

use crate::client::Stream;

/// The machine's, and some more.
#[derive(Default)]
pub(crate) struct Later {
    pub(crate) ahead_ms: AtomicU64,
}

impl Clock for Later {
    fn now_ms(&self) -> u64 {
        SystemClock.now_ms() + self.ahead_ms.load(Ordering::Relaxed)
    }
}

struct Running {
    ready: Ready,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<()>,
}

pub(crate) struct Server {
    data: TempDir,
    flags: Vec<String>,
    pub(crate) clock: Arc<Later>,
    running: Option<Running>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With more of the configuration, as `files.size_mib_max=1`.
    pub(crate) async fn start_with(set: &[&str]) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        // As fast as it goes: what is limited elsewhere is not asked here.
        let fast = ["limits.receive_kib_per_second_per_user=0", "limits.receive_kib_per_second_per_address=0"];
        let flags = fast.iter().chain(set).flat_map(|set| ["--set".to_owned(), (*set).to_owned()]).collect();
        let mut server = Self { data: TempDir::new().unwrap(), flags, clock: Arc::default(), running: None };
        server.start_again().await;
        server
    }

    pub(crate) async fn start_again(&mut self) {
        let (free, data) = ("127.0.0.1:0", self.data.path().to_str().unwrap().to_owned());
        let usual = ["rill", "serve", "--http", free, "--https", free, "--quic", free, "--data", &data];
        let args = usual.iter().map(|arg| (*arg).to_owned()).chain(self.flags.iter().cloned());
        let Command::Serve(args) = Cli::try_parse_from(args).unwrap().command else { unreachable!() };
        let app = App::load_by(args.check().unwrap(), self.clock.clone()).await.unwrap();
        let ready = app.ready().clone();
        let (stop, stopped) = oneshot::channel();
        let ended = tokio::spawn(async move {
            app.run(async {
                let _ = stopped.await;
            })
            .await
            .unwrap();
        });
        self.running = Some(Running { ready, stop, ended });
    }

    /// For the next start.
    pub(crate) fn set(&mut self, set: &str) {
        self.flags.extend(["--set".to_owned(), set.to_owned()]);
    }

    pub(crate) async fn stop(&mut self) {
        let Running { stop, ended, .. } = self.running.take().unwrap();
        drop(stop);
        ended.await.unwrap();
    }

    /// Where blobs lie.
    pub(crate) fn blobs(&self) -> PathBuf {
        self.data.path().join("blobs")
    }

    /// Files in the place of blobs: those on their way, and those that are whole.
    pub(crate) fn blob_files(&self) -> (Vec<PathBuf>, Vec<PathBuf>) {
        let list = |folder: PathBuf| std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
        let staged = list(self.blobs().join("staging")).collect();
        let shelves = list(self.blobs()).filter(|path| path.is_dir() && !path.ends_with("staging"));
        (staged, shelves.flat_map(list).collect())
    }

    fn api(&self) -> (Url, Api) {
        let base: Url = format!("http://{}", self.running.as_ref().unwrap().ready.http).parse().unwrap();
        let api = Api::new(&base, &Trust::danger_accept_any()).unwrap();
        (base, api)
    }

    /// The page of the metrics.
    pub(crate) async fn metrics(&self) -> String {
        let http = self.running.as_ref().unwrap().ready.http;
        reqwest::get(format!("http://{http}/metrics")).await.unwrap().text().await.unwrap()
    }

    /// A request of somebody, of a path below that of the API.
    pub(crate) fn request(&self, person: &Person, method: Method, path: &str) -> reqwest::RequestBuilder {
        let http = self.running.as_ref().unwrap().ready.http;
        let url = format!("http://{http}/api/v1/{path}");
        reqwest::Client::new().request(method, url).bearer_auth(&person.login.token)
    }

    /// A request for the file of a message.
    pub(crate) fn ask(&self, person: &Person, room: RoomId, seq: U53) -> reqwest::RequestBuilder {
        self.request(person, Method::GET, &format!("rooms/{room}/files/{}", seq.get()))
    }

    /// The same over HTTPS.
    pub(crate) fn ask_encrypted(&self, person: &Person, room: RoomId, seq: U53) -> reqwest::RequestBuilder {
        let https = self.running.as_ref().unwrap().ready.https;
        let url = format!("https://{https}/api/v1/rooms/{room}/files/{}", seq.get());
        let client = reqwest::Client::builder().danger_accept_invalid_certs(true).build().unwrap();
        client.get(url).bearer_auth(&person.login.token)
    }

    /// Sets somebody's avatar; `200`, or the status and the name of the code.
    pub(crate) async fn set_avatar(&self, person: &Person, image: Bytes) -> String {
        outcome(self.request(person, Method::PUT, "me/avatar").body(image)).await
    }

    /// The same of an emoji.
    pub(crate) async fn add_emoji(&self, person: &Person, name: &str, image: Bytes) -> String {
        outcome(self.request(person, Method::PUT, &format!("emoji/{name}")).body(image)).await
    }

    pub(crate) async fn person(&self, name: &str) -> Person {
        Person { login: self.api().1.register(name, "correct horse", "test").await.unwrap() }
    }
}

/// The status of an answer, and the name of the code if it is a refusal.
pub(crate) async fn outcome(request: reqwest::RequestBuilder) -> String {
    let answer = request.send().await.unwrap();
    let status = answer.status();
    if status.is_success() {
        return status.as_u16().to_string();
    }
    let said: Value = answer.json().await.unwrap();
    format!("{} {}", status.as_u16(), said["error"]["name"].as_str().unwrap_or("nothing"))
}

pub(crate) fn fresh<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemEntropy.fill(&mut bytes);
    bytes
}

/// Somebody who is logged in.
pub(crate) struct Person {
    pub(crate) login: Login,
}

impl Person {
    /// A connection that is attached.
    pub(crate) async fn connect(&self, server: &Server, kind: TransportKind) -> Session {
        let (base, api) = server.api();
        let endpoints = Endpoints::of(&base, &api.server().await.unwrap()).unwrap();
        let connection = transport::connect(kind, &endpoints, &Trust::danger_accept_any()).await.unwrap();
        let ticket = api.tickets(&self.login.token, 1).await.unwrap()[0];
        let mut control = Stream::open(&connection, Class::Control).await;
        control.send(&Control { version: VERSION }).await;
        control.send(&Hello { ticket, attempt: AttemptId(fresh()), client: "test".into() }).await;
        control.expect::<Welcome>().await;
        control.send(&Attach { request: 1, user_epoch: Epoch::default(), user_seq: U53::default() }).await;
        control.expect::<Attached>().await;
        Session { connection, control }
    }
}

/// One connection of somebody.
pub(crate) struct Session {
    pub(crate) connection: Connection,
    pub(crate) control: Stream,
}

impl Session {
    pub(crate) async fn open(&self) -> Stream {
        Stream::open(&self.connection, Class::File).await
    }

    pub(crate) async fn create(&mut self, name: &str) -> RoomId {
        self.control.send(&CreateRoom { request: 7, client_id: ClientId(fresh()), name: name.into() }).await;
        self.control.expect::<RoomAnswer>().await.room.id
    }

    pub(crate) async fn join(&mut self, room: RoomId) {
        self.control.send(&JoinRoom { request: 8, client_id: ClientId(fresh()), room }).await;
        self.control.expect::<RoomAnswer>().await;
    }

    pub(crate) async fn leave(&mut self, room: RoomId) {
        self.control.send(&LeaveRoom { request: 9, client_id: ClientId(fresh()), room }).await;
        self.control.expect::<Done>().await;
    }
}
