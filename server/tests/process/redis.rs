//! Servers that share one Redis, as operators and people meet them.

use redis::{Value as Answer, from_redis_value};
use rill_client::{Client, Config, Credentials, TransportKind};
use rill_protocol::{RoomId, Ticket};
use rill_redis_process::{Cluster, Options, Server};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::Path,
    process::{Command, Output},
    time::Duration,
};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use crate::{
    api::Api,
    running::{Running, refused},
};

const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(50);

/// A server that uses that Redis.
fn start(data: &Path, url: &str) -> Running {
    start_with(data, url, &[])
}

/// With more settings.
pub(crate) fn start_with(data: &Path, url: &str, settings: &[&str]) -> Running {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let url = format!("redis.url={url}");
    let settings = ["storage.backend=redis", &url].into_iter().chain(settings.iter().copied());
    let args: Vec<&str> = settings.flat_map(|setting| ["--set", setting]).collect();
    Running::start(data, &args)
}

pub(crate) fn http(server: &Running) -> String {
    server.ready()["http"].as_str().unwrap().to_owned()
}

pub(crate) async fn readiness(http: &str) -> (u16, Value) {
    let answer = reqwest::get(format!("http://{http}/readyz")).await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn metrics(http: &str) -> String {
    reqwest::get(format!("http://{http}/metrics")).await.unwrap().text().await.unwrap()
}

/// Until it is so.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let looked = timeout(PATIENCE, async {
        while !is_so().await {
            sleep(LOOK).await;
        }
    });
    looked.await.unwrap_or_else(|_| panic!("{what}"));
}

/// Another command of the binary, with the same configuration.
fn rill(data: &Path, url: &str, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rill"))
        .args(args)
        .env("RILL_STORAGE_BACKEND", "redis")
        .env("RILL_REDIS_URL", url)
        .env("RILL_DATA", data)
        .current_dir(data)
        .output()
        .unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_at_one_server_holds_at_the_other() {
    let redis = Server::start(&Options::durable()).unwrap();
    let (one_data, other_data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (mut one, mut other) = (start(one_data.path(), &redis.url()), start(other_data.path(), &redis.url()));
    let (one_http, other_http) = (http(&one), http(&other));

    // Registered at the one, known at the other; a room made there, a message read here.
    let at_one = Api::registered(&one_http, "ann").await;
    let at_other = at_one.at(&other_http);
    let room = at_other.made_room(1).await;
    let messages = format!("rooms/{room}/messages");
    assert_eq!(at_one.post(2, &messages, &json!({ "text": "over the one" })).await.0, 201);
    assert_eq!(at_other.texts(&room).await, ["over the one"]);
    // The same message again at the other server is the same message.
    assert!(at_other.post(2, &messages, &json!({ "text": "over the one" })).await.0 < 300);

    // Tickets of the one open connections at the other.
    let (_, given) = at_one.post(3, "tickets", &json!({ "count": 1 })).await;
    let ticket = given["tickets"][0].as_str().unwrap_or_else(|| panic!("{given}")).to_owned();
    let url = format!("http://{other_http}").parse().unwrap();
    let credentials = Credentials::Tickets(vec![ticket.parse::<Ticket>().unwrap()]);
    let (client, _events) = Client::connect(Config::new(url, TransportKind::WebSocket, credentials)).await.unwrap();
    timeout(PATIENCE, client.online()).await.unwrap().unwrap();
    let id: RoomId = room.parse().unwrap();
    let posted = client.post(id, "over the wire").await.unwrap();
    timeout(PATIENCE, posted.posted()).await.unwrap().unwrap();
    assert_eq!(at_one.texts(&room).await, ["over the one", "over the wire"]);
    client.close().await;

    let (status, body) = readiness(&one_http).await;
    assert_eq!((status, &body["ready"]), (200, &json!(true)), "{body}");
    assert!(body["acknowledged"].as_str().unwrap().contains("appendfsync always"), "{body}");
    let page = metrics(&one_http).await;
    for line in ["rill_redis_up 1", "rill_redis_acknowledged_may_be_lost 0", "rill_redis_connected_total 1"] {
        assert!(page.contains(line), "{line}\n{page}");
    }

    // The operator, while a server runs and while none does.
    let list = || {
        let listed = rill(one_data.path(), &redis.url(), &["admin", "list"]);
        assert!(listed.status.success() && told(&listed).contains("ann"), "{}", told(&listed));
    };
    list();
    assert_eq!(one.terminate(), Some(0));
    list();
    assert_eq!(at_other.texts(&room).await, ["over the one", "over the wire"]);
    assert_eq!(other.terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_longer_than_redis_keeps_is_read_at_every_server() {
    const BATCHES: usize = 16;
    const BATCH: usize = 50;
    let redis = Server::start(&Options::default()).unwrap();
    let (one_data, other_data, blobs) = (TempDir::new().unwrap(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let folder = format!("blobs.folder={}", blobs.path().display());
    let mut one = start_with(one_data.path(), &redis.url(), &[&folder, "redis.keep_entries=256"]);
    let mut other = start_with(other_data.path(), &redis.url(), &[&folder]);
    let (one_http, other_http) = (http(&one), http(&other));
    let at_one = Api::registered(&one_http, "ann").await;
    let room = at_one.made_room(1).await;

    let (_, given) = at_one.post(2, "tickets", &json!({ "count": 1 })).await;
    let ticket = given["tickets"][0].as_str().unwrap().parse::<Ticket>().unwrap();
    let url = format!("http://{one_http}").parse().unwrap();
    let config = Config::new(url, TransportKind::WebSocket, Credentials::Tickets(vec![ticket]));
    let (client, _events) = Client::connect(config).await.unwrap();
    for batch in 0..BATCHES {
        let texts = (0..BATCH).map(|number| format!("message {}", batch * BATCH + number));
        let posted = client.post_batch(room.parse().unwrap(), texts).await.unwrap();
        timeout(PATIENCE, posted.posted()).await.unwrap().unwrap();
    }
    client.close().await;
    let archived = async || metrics(&one_http).await.contains("rill_redis_archived_entries_total 512");
    until("the old part of the log is not moved", archived).await;
    assert!(std::fs::read_dir(blobs.path()).unwrap().count() > 0);

    let oldest = at_one.at(&other_http).texts_from(&room, "?after=0&limit=100").await;
    assert!(
        oldest.iter().map(String::as_str).eq((0..98).map(|number| format!("message {number}")).collect::<Vec<_>>())
    );
    assert_eq!((one.terminate(), other.terminate()), (Some(0), Some(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_dies_and_comes_back_by_itself() {
    let mut redis = Server::start(&Options::durable()).unwrap();
    let data = TempDir::new().unwrap();
    let mut server = start(data.path(), &redis.url());
    let http = http(&server);
    let api = Api::registered(&http, "ann").await;
    let room = api.made_room(1).await;
    let messages = format!("rooms/{room}/messages");
    assert_eq!(api.post(2, &messages, &json!({ "text": "before" })).await.0, 201);

    redis.kill();
    let (status, told) = api.post(3, &messages, &json!({ "text": "meanwhile" })).await;
    assert_eq!((status, told["error"]["name"].as_str()), (503, Some("store_failed")), "{told}");
    assert_eq!(told["error"]["action"].as_str(), Some("retry"), "{told}");
    until("it does not say that Redis is away", async || readiness(&http).await.0 == 503).await;
    let (_, body) = readiness(&http).await;
    let why = body["checks"]["store"].as_str().unwrap();
    assert!(why.contains("Redis cannot be used") && why.contains("Connection refused"), "{why}");
    assert!(metrics(&http).await.contains("rill_redis_up 0"));

    redis.restart().unwrap();
    until("it does not come back", async || readiness(&http).await.0 == 200).await;
    assert_eq!(api.post(3, &messages, &json!({ "text": "meanwhile" })).await.0, 201);
    assert_eq!(api.texts(&room).await, ["before", "meanwhile"]);
    assert!(metrics(&http).await.contains("rill_redis_lost_total 1"));
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn what_cannot_be_used_is_said_at_the_start_without_the_password() {
    let redis = Server::start(&Options { password: Some("right-one".into()), ..Options::default() }).unwrap();
    let address = redis.address().to_string();
    let data = TempDir::new().unwrap();
    let file = data.path().join("password");
    std::fs::write(&file, "wrong-one\n").unwrap();
    let url = format!("redis.url=redis://{address}");
    let by_file = format!("redis.password_file={}", file.display());
    let args = ["--set", "storage.backend=redis", "--set", &url, "--set", &by_file];
    let said = refused(data.path(), &args);
    assert!(said.contains(&address) && said.contains("does not take this user and password"), "{said}");
    assert!(!said.contains("wrong-one"), "{said}");

    std::fs::write(&file, "right-one\n").unwrap();
    let said = refused(data.path(), &[&args[..], &["--set", "redis.require_durable=true"]].concat());
    assert!(said.contains(&address) && said.contains("redis.require_durable"), "{said}");
    let log = data.path().join("log");
    let mut server = Running::start_logging(data.path(), &args, &log);
    assert_eq!(server.terminate(), Some(0));
    let said = std::fs::read_to_string(&log).unwrap();
    assert!(said.contains("WARN") && said.contains("CAN BE LOST") && said.contains("appendonly no"), "{said}");
    // And without its configuration it begins no other community beside that.
    let said = refused(data.path(), &[]);
    assert!(said.contains("its community lies in Redis") && said.contains("storage.backend"), "{said}");
}

#[test]
fn commands_that_work_on_files_say_what_to_do_instead() {
    let redis = Server::start(&Options::default()).unwrap();
    let data = TempDir::new().unwrap();
    for (args, words) in [
        (&["store", "backup", "b"][..], "BGSAVE"),
        (&["store", "restore", "b"], "Redis' own files"),
        (&["store", "compact"], "by itself"),
        (&["store", "copy", "--to", "redis"], "from a data directory to Redis or back"),
        (&["store", "reset", "--yes"], "redis.prefix"),
    ] {
        let output = rill(data.path(), &redis.url(), args);
        assert!(!output.status.success() && told(&output).contains(words), "{args:?}: {}", told(&output));
    }
    let output = rill(data.path(), &redis.url(), &["config", "--look"]);
    assert!(output.status.success() && told(&output).contains("in the memory of Redis only"), "{}", told(&output));
    let output = rill(data.path(), &redis.url(), &["config", "--look", "--set", "redis.wait_fsync=true"]);
    assert!(told(&output).contains("redis.wait_fsync is set and waits for nothing"), "{}", told(&output));
    assert_eq!(redis.info("db0").unwrap(), None, "nothing was begun");
}

/// The rights that docs/operations.md lists, as far as this redis-server knows them: with a
/// word that it does not know it would not start.
pub(crate) fn least_rights(on_a_cluster: bool) -> Vec<String> {
    let page = include_str!("../../../docs/operations.md");
    let line = page.lines().find(|line| line.starts_with("user rill on >PASSWORD")).unwrap();
    let more = page.lines().find_map(|line| line.strip_prefix("On Redis Cluster add `")).unwrap();
    let more = if on_a_cluster { more.split('`').next().unwrap() } else { "" };
    let version = Server::start(&Options::default()).unwrap().info("redis_version").unwrap().unwrap();
    let is_known = |word: &&str| {
        let is_younger = ["+spublish", "+ssubscribe", "+sunsubscribe"].contains(word);
        !(is_younger && version.starts_with("6."))
    };
    let words: Vec<_> = line.split(' ').chain(more.split(' ')).filter(is_known).collect();
    vec!["user default off".to_owned(), words.join(" ").replace("PASSWORD", "secret").trim_end().to_owned()]
}

/// Two servers do what servers do, and nothing of it is denied.
async fn are_enough(url: &str, redis: &[Server]) {
    let (data, other_data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (mut server, mut other) = (start(data.path(), url), start(other_data.path(), url));
    let (http, other_http) = (http(&server), http(&other));
    let ann = Api::registered(&http, "ann").await;
    let bob = Api::registered(&other_http, "bob").await;
    let room = ann.made_room(1).await;
    assert!(bob.post(2, &format!("rooms/{room}/join"), &json!({})).await.0 < 300);
    for key in 3..40 {
        assert_eq!(bob.post(key, &format!("rooms/{room}/messages"), &json!({ "text": "x" })).await.0, 201);
    }
    assert_eq!(ann.texts(&room).await.len(), 37);
    assert!(bob.post(50, &format!("rooms/{room}/leave"), &json!({})).await.0 < 300);
    let (_, body) = readiness(&http).await;
    assert!(body["acknowledged"].as_str().unwrap().contains("appendfsync always"), "{body}");
    assert_eq!((server.terminate(), other.terminate()), (Some(0), Some(0)));
    let denied: Vec<_> = redis.iter().flat_map(denied).collect();
    assert_eq!(denied, Vec::<String>::new(), "something was denied");
}

/// But that a client of a cluster tells its own name, which nothing depends on.
fn denied(redis: &Server) -> Vec<String> {
    let log: Vec<BTreeMap<String, Answer>> = from_redis_value(redis.command(&["ACL", "LOG"]).unwrap()).unwrap();
    let what = |mut line: BTreeMap<String, Answer>| from_redis_value(line.remove("object")?).ok();
    let names = log.into_iter().filter_map(what);
    names.filter(|name: &String| !["client", "client|setinfo"].contains(&name.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rights_that_the_page_lists_are_enough() {
    let redis = Server::start(&Options { acl: least_rights(false), ..Options::durable() }).unwrap();
    are_enough(&redis.url_of("rill", "secret"), std::slice::from_ref(&redis)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_those_for_a_cluster_they_are_enough_there() {
    let redis = Cluster::start(&Options { acl: least_rights(true), ..Options::durable() }).unwrap();
    let urls: Vec<_> = redis.nodes.iter().map(|node| node.url_of("rill", "secret")).collect();
    are_enough(&urls.join(","), &redis.nodes).await;
}

#[test]
fn the_operators_command_begins_nothing_by_looking() {
    let redis = Server::start(&Options::default()).unwrap();
    let data = TempDir::new().unwrap();
    for command in [&["admin", "list"][..], &["admin", "disable", "ann"]] {
        let output = rill(data.path(), &redis.url(), command);
        let told = told(&output);
        assert!(!output.status.success() && told.contains("nothing lies under rill:"), "{told}");
        assert!(told.contains(&redis.address().to_string()) && told.contains("redis.prefix"), "{told}");
    }
    assert_eq!(redis.info("db0").unwrap(), None, "nothing was begun");
    // The first account of all may be made before any server runs.
    let made = rill(data.path(), &redis.url(), &["admin", "create", "ann"]);
    assert!(made.status.success(), "{}", told(&made));
    let listed = rill(data.path(), &redis.url(), &["admin", "list"]);
    assert!(listed.status.success() && told(&listed).contains("ann"), "{}", told(&listed));
    // Nobody waits half a minute for an answer of what is not there.
    let output = rill(data.path(), "redis://127.0.0.1:1", &["admin", "list"]);
    assert!(!output.status.success() && told(&output).contains("127.0.0.1:1"), "{}", told(&output));
}
