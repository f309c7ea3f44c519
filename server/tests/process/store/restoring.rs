//! Backups of a running server, and what clients come to see when one is put back.

use reqwest::{Client as Http, StatusCode};
use rill_client::{Client, Config, Credentials, EntryKind, Event, Events, TailCause, TransportKind};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::TempDir;
use tokio::time::timeout;

use super::command::{done, json as told, lived, refused, store};
use crate::{ports::lasting_address, running::Running};

const PATIENCE: Duration = Duration::from_secs(60);

fn http(server: &Running) -> String {
    format!("http://{}", server.ready()["http"].as_str().unwrap())
}

async fn login(base: &str) -> String {
    let body = json!({ "username": "user1", "password": "123", "client": "test" });
    let answer = Http::new().post(format!("{base}/api/v1/login")).json(&body).send().await.unwrap();
    let login: Value = answer.json().await.unwrap();
    login["token"].as_str().unwrap().to_owned()
}

/// The room that `--demo` makes.
async fn room(base: &str, token: &str) -> String {
    let answer = Http::new().get(format!("{base}/api/v1/rooms")).bearer_auth(token).send().await.unwrap();
    let rooms: Value = answer.json().await.unwrap();
    rooms["rooms"][0]["id"].as_str().unwrap().to_owned()
}

/// Posts under a key; the answer.
async fn post(base: &str, token: &str, room: &str, key: u64, text: &str) -> (StatusCode, Value) {
    let request = Http::new().post(format!("{base}/api/v1/rooms/{room}/messages")).bearer_auth(token);
    let request = request.header("idempotency-key", format!("{key:032x}")).json(&json!({ "text": text }));
    let answer = request.send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

/// The texts of a room, oldest first.
async fn log(base: &str, token: &str, room: &str) -> Vec<String> {
    let request = Http::new().get(format!("{base}/api/v1/rooms/{room}/messages?after=0")).bearer_auth(token);
    let page: Value = request.send().await.unwrap().json().await.unwrap();
    let posted = page["messages"].as_array().unwrap().iter().filter(|message| message["kind"] == "text");
    posted.map(|message| message["text"].as_str().unwrap().to_owned()).collect()
}

/// What an application shows of the rooms: the list that a tail or an entry changes.
struct Shown {
    events: Events,
    texts: Vec<String>,
    has_begun_anew: bool,
}

impl Shown {
    async fn wait_for(&mut self, last: &str) {
        let read = async {
            while self.texts.last().is_none_or(|text| text != last) {
                self.apply().await;
            }
        };
        timeout(PATIENCE, read).await.unwrap();
    }

    async fn apply(&mut self) {
        match self.events.next().await.expect("the client lives") {
            Event::Tail { cause: TailCause::EpochChanged, .. } => {
                self.has_begun_anew = true;
                self.texts.clear();
            }
            Event::Entry(entry) => {
                if let EntryKind::Posted { text } = entry.kind {
                    self.texts.push(text);
                }
            }
            _ => {}
        }
    }
}

/// A client that stays while its server goes and comes.
async fn shown(base: &str, token: &str) -> (Client, Shown) {
    let credentials = Credentials::Token(token.to_owned());
    let config = Config::new(base.parse().unwrap(), TransportKind::WebSocket, credentials);
    let (client, events) = Client::connect(config).await.unwrap();
    client.online().await.unwrap();
    (client, Shown { events, texts: Vec::new(), has_begun_anew: false })
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_notice_a_restored_server_and_end_with_one_clean_list() {
    // Another test of the process may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = TempDir::new().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("file"));
    fs::create_dir(&data).unwrap();
    let address = lasting_address();
    let mut server = Running::start(&data, &["--demo", "--http", &address]);
    let base = http(&server);
    let token = login(&base).await;
    let room = room(&base, &token).await;
    let (client, mut shown) = shown(&base, &token).await;
    for key in 1..=30 {
        assert_eq!(post(&base, &token, &room, key, &format!("kept {key}")).await.0, StatusCode::CREATED);
    }
    let backup = told(&data, &["backup", file.to_str().unwrap()]);
    assert_eq!(backup["file"], file.to_str().unwrap());
    assert!(backup["manifest"]["rows"].as_u64() > Some(100));
    let mut lost = Value::Null;
    for key in 31..=50 {
        lost = post(&base, &token, &room, key, &format!("lost {key}")).await.1;
    }
    shown.wait_for("lost 50").await;
    assert_eq!(shown.texts.len(), 50);

    // The server at the same address, with the data of the backup.
    assert_eq!(server.terminate(), Some(0));
    let restored = told(&data, &["restore", file.to_str().unwrap(), "--replace", "--yes"]);
    assert_eq!((&restored["check"]["sound"], &restored["check"]["findings"]), (&true.into(), &json!([])));
    let mut server = Running::start(&data, &["--http", &address]);
    let kept: Vec<_> = (1..=30).map(|key| format!("kept {key}")).collect();
    assert_eq!(log(&base, &token, &room).await, kept, "what was acknowledged before the backup, once each");

    // Retries, twice each: of what the backup has, and of what it lacks.
    let mut stored = kept.clone();
    for (key, text, status) in [(7, "kept 7", StatusCode::OK), (50, "lost 50", StatusCode::CREATED)] {
        let (first, again) = (post(&base, &token, &room, key, text).await, post(&base, &token, &room, key, text).await);
        assert_eq!((first.0, again.0), (status, StatusCode::OK), "{text}");
        assert_eq!((&first.1["seq"], &first.1["epoch"]), (&again.1["seq"], &again.1["epoch"]));
        assert_ne!(first.1["epoch"], lost["epoch"], "the log goes on in another epoch");
        if status == StatusCode::CREATED {
            stored.push(text.to_owned());
        }
    }
    assert_eq!(log(&base, &token, &room).await, stored);

    // The client had 20 entries that nobody has any more. It is told to forget them.
    shown.wait_for("lost 50").await;
    while !shown.has_begun_anew {
        timeout(PATIENCE, shown.apply()).await.unwrap();
    }
    post(&base, &token, &room, 99, "last").await;
    stored.push("last".to_owned());
    shown.wait_for("last").await;
    assert!(stored.ends_with(&shown.texts), "{:?}", shown.texts);
    assert!(!shown.texts.is_empty());
    client.close().await;
    assert_eq!(server.terminate(), Some(0));
    assert_eq!(told(&data, &["check"])["sound"], true);
}

/// The one file in a directory.
fn only(folder: &Path) -> PathBuf {
    let files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

#[test]
fn a_stopped_store_is_backed_up_and_restored_elsewhere() {
    let (folder, data) = lived(&["--set", "storage.engine=fjall"]);
    let (backups, there) = (folder.path().join("backups"), folder.path().join("there"));
    fs::create_dir(&backups).unwrap();
    let said = done(&data, &["backup", backups.to_str().unwrap()]);
    let file = only(&backups);
    assert!(said.contains(file.to_str().unwrap()), "{said}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let name = file.to_str().unwrap();
    assert!(refused(&data, &["backup", name]).contains("is there already"));

    assert!(done(&there, &["restore", name, "--dry-run"]).contains("the backup is whole"));
    assert!(!there.exists());
    assert!(done(&there, &["restore", name]).contains("all is well"));
    assert_eq!(told(&there, &["check"]), told(&data, &["check"]));
    assert!(there.join("sled").exists(), "the engine is that of the configuration");
    assert_eq!(Running::start(&there, &[]).terminate(), Some(0));

    // Over a store only if that is said, and not while somebody is to be asked and nobody is there.
    assert!(refused(&there, &["restore", name]).contains("a store in it already"));
    assert!(refused(&there, &["restore", name, "--replace"]).contains("--yes"));
    assert!(done(&there, &["restore", name, "--replace", "--yes"]).contains("all is well"));

    // A backup that was touched is refused, and the store stays.
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();
    let error = refused(&there, &["restore", name, "--replace", "--yes"]);
    assert!(error.contains("damaged") && error.contains(name), "{error}");
    assert_eq!(told(&there, &["check"])["sound"], true);

    let mut server = Running::start(&there, &[]);
    for args in [&["restore", name, "--replace", "--yes"][..], &["migrate"], &["reset", "--yes"]] {
        assert!(!refused(&there, args).is_empty());
    }
    assert!(refused(&there, &["reset", "--yes"]).contains(&format!("process {}", server.pid())));
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn migrate_says_when_there_is_nothing_to_do_and_reset_asks() {
    let (_folder, data) = lived(&[]);
    for args in [&["migrate"][..], &["migrate", "--dry-run"], &["migrate", "--yes"]] {
        assert!(done(&data, args).contains("nothing to do"));
    }
    assert_eq!(told(&data, &["migrate"])["done"], false);
    assert!(refused(&data, &["reset"]).contains("--yes"));
    assert_eq!(told(&data, &["check"])["users"], 3);
    done(&data, &["reset", "--yes"]);
    assert!(!data.join("sled").exists() && !data.join("journal").exists() && data.join("certs").exists());
    assert_eq!(store(&data, &["reset", "--yes"]).code, Some(1));
    assert_eq!(Running::start(&data, &[]).terminate(), Some(0));
    assert_eq!(told(&data, &["check"])["users"], 0);
}
