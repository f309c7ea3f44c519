//! From a data directory to Redis and back, with every process killed in the middle.

use futures_util::{StreamExt as _, stream};
use rill_protocol::{ClientId, Epoch, RoomId, UserId};
use rill_redis_process::{Options, Server};
use rill_storage::{
    embedded::{self, OpenOptions},
    model::{Change, Digest, Mentions, NewEntry, NewRoom, RoomSetup},
};
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use super::command::{done, json as told, lived, refused, store};
use crate::{api::Api, redis::least_rights, running};

const PATIENCE: Duration = Duration::from_secs(60);
const ROOMS: u64 = 40;
const POSTS: u64 = 60;
/// Of a post: so many that a copy notes how far it is more than once.
const TEXT_BYTES: usize = 3_000;

fn id(kind: u8, number: u64) -> [u8; 16] {
    let mut id = [kind; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    id
}

/// Rooms with something in them.
async fn grown(data: &Path) {
    let entropy = Arc::new(|out: &mut [u8]| getrandom::fill(out).unwrap());
    let opened = embedded::open(OpenOptions::new(data, entropy)).unwrap();
    let (store, creator, at_ms) = (&opened.store, UserId(id(1, 1)), 1_700_000_000_000);
    for number in 0..ROOMS {
        let room = RoomId(id(2, number));
        let new = NewRoom {
            id: room,
            name: format!("room {number}"),
            creator,
            client_id: ClientId(id(3, number)),
            at_ms,
            epoch: Epoch(id(4, number)),
            digest: Digest([1; 32]),
            setup: RoomSetup::default(),
        };
        store.rooms.create(new).await.unwrap();
        store.directory.announce(room, at_ms).await.unwrap();
        let posts = stream::iter(0..POSTS).map(|post| {
            let text = format!("{number} {post} {}", "x".repeat(TEXT_BYTES));
            let change = Change::Post(text.into());
            let new = NewEntry {
                author: creator,
                client_id: ClientId(id(5, post)),
                at_ms,
                digest: Digest([2; 32]),
                change,
                mentions: Mentions::default(),
            };
            store.log.append(room, new)
        });
        let made: Vec<_> = posts.buffered(64).collect().await;
        assert!(made.iter().all(|made| matches!(made, Ok(Ok(_)))));
    }
    opened.handle.close().unwrap();
}

/// `rill store` as a process of its own.
fn begun(data: &Path, args: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rill"));
    command.current_dir(data.parent().unwrap()).arg("store").args(args).arg("--data").arg(data);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Kills it as soon as it is so, which must be before it is through.
fn killed(mut process: Child, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(process.try_wait().unwrap().is_none(), "it was through before it could be killed");
        assert!(begun.elapsed() < PATIENCE, "it does not come so far");
        thread::sleep(Duration::from_millis(1));
    }
    process.kill().unwrap();
    assert_eq!(process.wait().unwrap().code(), None, "it was killed in the middle");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_goes_to_redis_and_back_though_each_copy_is_killed() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (folder, data) = lived(&[]);
    grown(&data).await;
    let before = told(&data, &["check"]);
    assert_eq!(before["sound"], true);

    let mut acl = least_rights(false);
    acl[1] += " +hscan +zcard";
    let redis = Server::start(&Options { acl, ..Options::durable() }).unwrap();
    let password = folder.path().join("password");
    fs::write(&password, "secret\n").unwrap();
    let (url, secret) = (format!("redis://rill@{}", redis.address()), password.display());
    let named = format!("[redis]\nurl = [\"{url}\"]\npassword_file = \"{secret}\"\n");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let beside = file("beside.toml", &named);
    let within = file("within.toml", &format!("{named}[storage]\nbackend = \"redis\"\n"));
    let in_redis = ["--config", within.as_str()];

    let served = folder.path().join("served");
    fs::create_dir(&served).unwrap();

    // There, killed behind its first note.
    let there = ["copy", "--to", "redis", "--config", &beside];
    let noted = || !matches!(redis.command(&["HGET", "rill:meta", "copied"]).unwrap(), ::redis::Value::Nil);
    killed(begun(&data, &there), noted);
    let unfinished = running::refused(&served, &in_redis);
    assert!(unfinished.contains("is not finished") && unfinished.contains("store copy --to redis"), "{unfinished}");
    let check = ["check", "--config", &within];
    assert!(refused(&served, &check).contains("not finished"));
    let copied = told(&data, &there);
    // Its own row, and two for each room's place, are no rows there; client ids of 2023 count
    // no more.
    let rooms = before["rooms"].as_u64().unwrap();
    let left = 1 + 2 * rooms + ROOMS * (POSTS + 1);
    assert_eq!(copied["rows"].as_u64().unwrap() + left, before["rows"].as_u64().unwrap());
    assert!(refused(&data, &there).contains("already under rill:"));

    // A server on it, looked at while it runs.
    let checked = told(&served, &check);
    let same = |found: &Value, entries: u64| {
        assert_eq!((&found["sound"], &found["findings"]), (&true.into(), &json!([])));
        assert_eq!((&found["rooms"], &found["users"]), (&before["rooms"], &before["users"]));
        assert_eq!(found["entries"].as_u64().unwrap(), before["entries"].as_u64().unwrap() + entries);
    };
    same(&checked, 0);
    let mut server = running::Running::start(&served, &in_redis);
    let http = server.ready()["http"].as_str().unwrap().to_owned();
    let api = Api::of_user1(&http).await;
    let room = api.made_room(1).await;
    let messages = format!("rooms/{room}/messages");
    assert_eq!(api.post(2, &messages, &json!({ "text": "in Redis" })).await.0, 201);
    let back = folder.path().join("back");
    let home = ["copy", "--to", "fjall", back.to_str().unwrap(), "--config", &within];
    assert!(refused(&served, &home).contains("a server is using it"));
    assert_eq!(told(&served, &check)["sound"], true);
    assert_eq!(server.terminate(), Some(0));

    // Back, killed behind its first note.
    killed(begun(&served, &home), || back.join("incoming/copied.json").exists());
    let unfinished = running::refused(&back, &[]);
    assert!(unfinished.contains("cut short"), "{unfinished}");
    done(&served, &home);
    let found = told(&back, &["check"]);
    assert_eq!((&found["sound"], &found["rooms"]), (&true.into(), &(rooms + 1).into()));
    let mut server = running::Running::start(&back, &["--set", "storage.engine=fjall"]);
    let http = server.ready()["http"].as_str().unwrap().to_owned();
    assert_eq!(Api::of_user1(&http).await.texts(&room).await, ["in Redis"]);
    assert_eq!(server.terminate(), Some(0));

    // What cannot be meant.
    let said = store(&data, &["copy", "--to", "redis", "x"]);
    assert!(said.error.contains("name no directory"), "{}", said.error);
    let said = store(&data, &["copy", "--to", "fjall"]);
    assert!(said.error.contains("name the directory"), "{}", said.error);
    let said = store(&data, &["copy", "--to", "redis"]);
    assert!(said.error.contains("redis.url"), "{}", said.error);
}
