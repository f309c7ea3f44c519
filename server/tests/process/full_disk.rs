//! A full disk, as people meet it: over HTTP and over the wire a send is refused with
//! `storage_full`, what is there can be read, and a message that waited goes out as soon
//! as there is space.
#![cfg(target_os = "linux")] // mounts a small disk in memory

use rill_client::{Client, Config, Credentials, TransportKind};
use rill_protocol::{Code, RoomId};
use serde_json::json;
use std::{fs, io, path::Path, process::Command, time::Duration};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use crate::{api::Api, running::Running};

const DISK_BYTES: usize = 64 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(60);
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
    let api = Api::of_user1(&http).await;
    let room = api.made_room(1).await;
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
        while api.refusals("websocket", "storage_full").await == 0 {
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
