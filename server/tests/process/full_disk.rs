//! A full disk, as people meet it: over HTTP and over the wire a send is refused with
//! `storage_full`, what is there can be read, and a message that waited goes out as soon
//! as there is space.
#![cfg(target_os = "linux")] // mounts a small disk in memory

use rill_client::{Client, Config, Credentials, TransportKind};
use rill_protocol::{Code, RoomId};
use serde_json::{Value, json};
use std::{fs, io, path::Path, process::Command, time::Duration};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use crate::running::Running;

const DISK_BYTES: usize = 64 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(50);

/// A small disk that is taken down when it is dropped.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn new() -> Self {
        let place = TempDir::new().unwrap();
        let size = format!("size={DISK_BYTES}");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(place.path()).status();
        assert!(mounted.unwrap().success());
        Self(place)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn fill(&self) {
        let mut filler = fs::File::create(self.path().join("filler")).unwrap();
        let error = io::copy(&mut io::repeat(1), &mut filler).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull, "{error}");
    }

    fn make_space(&self) {
        fs::remove_file(self.path().join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

struct Api<'a> {
    http: &'a str,
    token: String,
}

impl Api<'_> {
    async fn post(&self, key: u32, path: &str, body: &Value) -> (u16, Value) {
        let request = reqwest::Client::new().post(format!("http://{}/api/v1/{path}", self.http)).json(body);
        let key = format!("01890a5d-ac96-774b-bcce-{key:012x}");
        let answer = request.bearer_auth(&self.token).header("Idempotency-Key", key).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn texts(&self, room: &str) -> Vec<String> {
        let url = format!("http://{}/api/v1/rooms/{room}/messages", self.http);
        let answer = reqwest::Client::new().get(url).bearer_auth(&self.token).send().await.unwrap();
        let page: Value = answer.json().await.unwrap();
        let text = |message: &Value| message["text"].as_str().unwrap().to_owned();
        // The first two say that the room was made and its maker joined.
        page["messages"].as_array().unwrap().iter().skip(2).map(text).collect()
    }

    /// How often the code was given over that transport.
    async fn refusals(&self, door: &str) -> u64 {
        let answer = reqwest::get(format!("http://{}/metrics", self.http)).await.unwrap();
        let text = answer.text().await.unwrap();
        let of = |line: &&str| line.contains("storage_full") && line.contains(&format!("\"{door}\""));
        text.lines().filter(of).filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_said_over_http_and_over_the_wire_and_what_waited_goes_out() {
    if !rustix::process::geteuid().is_root() {
        assert!(std::env::var_os("CI").is_none(), "a full disk needs root, for mounting");
        eprintln!("a full disk needs root, for mounting; nothing was tested");
        return;
    }
    let _ = rustls::crypto::ring::default_provider().install_default();
    let disk = SmallDisk::new();
    let mut server = Running::start(&disk.path().join("data"), &["--demo"]);
    let http = server.ready()["http"].as_str().unwrap().to_owned();
    let mut api = Api { http: &http, token: String::new() };
    let (_, login) = api.post(0, "login", &json!({ "username": "user1", "password": "123" })).await;
    api.token = login["token"].as_str().unwrap().to_owned();
    let (_, made) = api.post(1, "rooms", &json!({ "name": "small" })).await;
    let room = made["room"]["id"].as_str().unwrap().to_owned();
    let messages = format!("rooms/{room}/messages");
    assert_eq!(api.post(2, &messages, &json!({ "text": "before" })).await.0, 201);

    let url = format!("http://{http}").parse().unwrap();
    let credentials = Credentials::Password { username: "user1".into(), password: "123".into() };
    let (client, _events) = Client::connect(Config::new(url, TransportKind::WebSocket, credentials)).await.unwrap();
    timeout(PATIENCE, client.online()).await.unwrap().unwrap();

    disk.fill();
    let (status, refused) = api.post(3, &messages, &json!({ "text": "over http" })).await;
    assert_eq!((status, refused["error"]["name"].as_str()), (507, Some(Code::StorageFull.name())), "{refused}");
    assert_eq!(api.texts(&room).await, ["before"]);

    let id: RoomId = room.parse().unwrap();
    let waiting = client.post(id, "over the wire").await.unwrap();
    timeout(PATIENCE, async {
        while api.refusals("websocket").await == 0 {
            sleep(LOOK).await;
        }
    })
    .await
    .expect("the wire does not say that the disk is full");

    disk.make_space();
    timeout(PATIENCE, waiting.posted()).await.expect("what waited does not go out").unwrap();
    assert_eq!(api.post(3, &messages, &json!({ "text": "over http" })).await.0, 201);
    let mut texts = api.texts(&room).await;
    texts.sort();
    assert_eq!(texts, ["before", "over http", "over the wire"]);
    client.close().await;
    assert_eq!(server.terminate(), Some(0));
}
