//! A disk that turns read-only under a running server, as file systems do when they meet an
//! error: writes are refused with a code, reads go on, and after a repair and a restart
//! everything that was acknowledged is there and what waited goes out once.
#![cfg(target_os = "linux")] // an ext4 of its own, on a loop device

use rill_client::{Client, Config, Credentials, TransportKind};
use rill_protocol::{Code, RoomId};
use serde_json::{Value, json};
use std::{
    fs::{self, File},
    path::PathBuf,
    process::Command,
    time::Duration,
};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use crate::{
    api::Api,
    ports::lasting_address,
    running::{Running, refused},
};

const DISK_BYTES: u64 = 128 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(50);

/// An ext4 that turns read-only at its first error; taken down when it is dropped.
struct Disk {
    folder: TempDir,
    device: String,
}

/// Runs a tool of the system; what it said.
fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).trim().to_owned();
    // e2fsck says by 1 that it has mended something.
    assert!(output.status.success() || program == "e2fsck", "{program} {arguments:?}: {said}");
    said
}

impl Disk {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let image = folder.path().join("image");
        File::create(&image).unwrap().set_len(DISK_BYTES).unwrap();
        run("mkfs.ext4", &["-q", "-F", image.to_str().unwrap()]);
        let device = run("losetup", &["--find", "--show", image.to_str().unwrap()]);
        let disk = Self { folder, device };
        fs::create_dir(disk.place()).unwrap();
        disk.mount();
        disk
    }

    fn place(&self) -> PathBuf {
        self.folder.path().join("place")
    }

    fn mount(&self) {
        run("mount", &["-o", "errors=remount-ro", &self.device, self.place().to_str().unwrap()]);
    }

    /// The kernel's own way to try out what an error leads to.
    fn fail(&self) {
        let name = self.device.rsplit('/').next().unwrap();
        fs::write(format!("/sys/fs/ext4/{name}/trigger_fs_error"), "an error on purpose").unwrap();
        assert!(File::create(self.place().join("written")).is_err(), "the disk can be written");
    }

    fn repair(&self) {
        run("umount", &[self.place().to_str().unwrap()]);
        run("e2fsck", &["-f", "-y", &self.device]);
        self.mount();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.place()).output();
        let _ = Command::new("losetup").arg("--detach").arg(&self.device).output();
    }
}

async fn ready(http: &str) -> (u16, Value) {
    let answer = reqwest::get(format!("http://{http}/readyz")).await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn turns_read_only(engine: &str) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (disk, folder) = (Disk::new(), TempDir::new().unwrap());
    let (data, log) = (disk.place().join("data"), folder.path().join("log"));
    let args = ["--demo", "--set", &format!("storage.engine={engine}")];
    let http = lasting_address();
    let args = [&args[..], &["--http", &http]].concat();
    let mut server = Running::start_logging(&data, &args, &log);
    let api = Api::of_user1(&http).await;
    let room = api.made_room(1).await;
    let messages = format!("rooms/{room}/messages");
    for (key, text) in [(2, "one"), (3, "two")] {
        assert_eq!(api.post(key, &messages, &json!({ "text": text })).await.0, 201);
    }
    let url = format!("http://{http}").parse().unwrap();
    let credentials = Credentials::Password { username: "user1".into(), password: "123".into() };
    let (client, _events) = Client::connect(Config::new(url, TransportKind::WebSocket, credentials)).await.unwrap();
    timeout(PATIENCE, client.online()).await.unwrap().unwrap();

    disk.fail();
    for key in 4..8 {
        let (status, refused) = api.post(key, &messages, &json!({ "text": "refused" })).await;
        assert_eq!((status, refused["error"]["name"].as_str()), (503, Some(Code::StoreFailed.name())), "{refused}");
        assert_eq!(api.texts(&room).await, ["one", "two"]);
    }
    let id: RoomId = room.parse().unwrap();
    let waiting = client.post(id, "over the wire").await.unwrap();
    let is_told = async {
        while api.refusals("websocket", Code::StoreFailed.name()).await == 0 {
            sleep(LOOK).await;
        }
    };
    timeout(PATIENCE, is_told).await.expect("the wire does not say that the store has failed");
    let (status, checks) = ready(&http).await;
    assert_eq!(status, 503);
    assert!(checks["checks"]["store"].as_str().unwrap().contains("restart"), "{checks}");
    assert_eq!(reqwest::get(format!("http://{http}/healthz")).await.unwrap().status(), 200);

    server.terminate();
    assert!(refused(&data, &args).contains(data.to_str().unwrap()), "the disk is as it was");
    disk.repair();
    let mut server = Running::start(&data, &args);
    timeout(PATIENCE, waiting.posted()).await.expect("what waited does not go out").unwrap();
    assert_eq!(api.texts(&room).await, ["one", "two", "over the wire"]);
    assert_eq!(ready(&http).await.0, 200);
    client.close().await;
    assert_eq!(server.terminate(), Some(0));
    let said = fs::read_to_string(log).unwrap();
    assert!(said.contains("refuses writes until a restart") && !said.contains("panicked"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_turns_read_only_is_said_and_loses_nothing() {
    if !rustix::process::geteuid().is_root() {
        assert!(std::env::var_os("CI").is_none(), "a disk of its own needs root, for mounting");
        eprintln!("a disk of its own needs root, for mounting; nothing was tested");
        return;
    }
    for engine in ["sled", "fjall"] {
        turns_read_only(engine).await;
    }
}
