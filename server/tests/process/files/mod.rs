//! Files over servers that share a Redis and a bucket of a real S3 server: a node that is
//! killed in the middle, and a bucket that is away for a while.

mod way;

use rill_client::{
    Client, Config, Credentials, Endpoints, Events, TransportKind, Trust,
    files::{Download, Phase, Progress, Throttle, Upload},
    http::Api as Http,
};
use rill_protocol::RoomId;
use rill_redis_process::{Options, Server as Redis};
use rill_storage::blobs::BlobPlace;
use std::{fs, path::Path, time::Duration};
use tempfile::TempDir;
use tokio::{sync::watch, time::timeout};

use self::way::Way;
use crate::{
    api::Api,
    redis::{http, start_with},
    running::Running,
    s3::{BUCKET, Moto},
};

const PATIENCE: Duration = Duration::from_secs(120);
/// Parts of 4 MiB lie in the bucket as soon as they are whole.
const SIZE: usize = 10 << 20;
const SLOWLY: u64 = 8 << 20;
/// Longer than a server goes on asking a bucket, ...
const AWAY: Duration = Duration::from_secs(13);
/// ... for each time of which there would be one post.
const POSTS_MIN: usize = 4;

/// Servers on one Redis and one bucket, which they reach by a way that can be cut.
struct Nodes {
    servers: Vec<Running>,
    way: Way,
    folder: TempDir,
    _redis: Redis,
    _moto: Moto,
}

impl Nodes {
    fn start(count: usize) -> Option<Self> {
        let moto = Moto::start()?;
        let BlobPlace::S3(place) = moto.place(BUCKET) else { unreachable!("it is a bucket") };
        let endpoint = place.endpoint.unwrap();
        let way = Way::to(endpoint.strip_prefix("http://").unwrap());
        let (redis, folder) = (Redis::start(&Options::durable()).unwrap(), TempDir::new().unwrap());
        let settings = [
            format!("blobs.s3_bucket={}", place.bucket),
            format!("blobs.s3_endpoint=http://{}", way.address()),
            format!("blobs.s3_region={}", place.region),
            format!("blobs.s3_access_key_id={}", place.access_key_id),
            format!("blobs.s3_secret_access_key={}", place.secret_access_key),
        ];
        let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
        let server = |number: usize| {
            let data = folder.path().join(number.to_string());
            fs::create_dir(&data).unwrap();
            start_with(&data, &redis.url(), &settings)
        };
        let servers = (0..count).map(server).collect();
        Some(Self { servers, way, folder, _redis: redis, _moto: moto })
    }

    async fn endpoints(&self, node: usize) -> Endpoints {
        let url = format!("http://{}", http(&self.servers[node])).parse().unwrap();
        let info = Http::new(&url, &Trust::hashes_only()).unwrap().server().await.unwrap();
        Endpoints::of(&url, &info).unwrap()
    }

    /// Somebody at a node, who knows of another one.
    async fn client(&self, name: &str, node: usize, other: usize) -> (Client, Events) {
        let url = format!("http://{}", http(&self.servers[node])).parse().unwrap();
        let credentials = Credentials::Password { username: name.into(), password: "correct horse".into() };
        let mut config = Config::new(url, TransportKind::Quic, credentials);
        config.trust = Trust::hashes_only();
        config.nodes = vec![self.endpoints(other).await];
        let (client, events) = Client::connect(config).await.unwrap();
        timeout(PATIENCE, client.online()).await.unwrap().unwrap();
        (client, events)
    }

    fn random(&self) -> std::path::PathBuf {
        let mut content = vec![0; SIZE];
        getrandom::fill(&mut content).unwrap();
        let path = self.folder.path().join("up");
        fs::write(&path, content).unwrap();
        path
    }
}

/// Resolves when so many bytes are safe, or it is over.
async fn safe(mut progress: watch::Receiver<Progress>, bytes: usize) {
    let is_there = |now: &Progress| now.durable_bytes >= bytes as u64 || now.phase == Phase::Over;
    timeout(PATIENCE, progress.wait_for(is_there)).await.unwrap().unwrap();
}

fn digest(path: &Path) -> blake3::Hash {
    blake3::hash(&fs::read(path).unwrap())
}

async fn room(nodes: &Nodes, names: [&str; 2]) -> RoomId {
    let at = http(&nodes.servers[0]);
    let ann = Api::registered(&at, names[0]).await;
    let room = ann.made_room(1).await;
    let bob = Api::registered(&at, names[1]).await;
    assert!(bob.post(2, &format!("rooms/{room}/join"), &serde_json::Value::Null).await.0 < 300);
    room.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_node_is_killed_goes_on_at_another_and_is_read_at_a_third() {
    let Some(mut nodes) = Nodes::start(3) else { return };
    let room = room(&nodes, ["ann", "bob"]).await;
    let (ann, _ann) = nodes.client("ann", 0, 1).await;
    let (bob, _bob) = nodes.client("bob", 2, 1).await;
    let path = nodes.random();
    let handle = ann.upload(Upload::new(room, &path).throttle(Throttle::new(SLOWLY))).await.unwrap();
    safe(handle.watch(), 4 << 20).await;
    let seq = handle.progress().seq;
    drop(nodes.servers.remove(0));
    let file = timeout(PATIENCE, handle.done()).await.unwrap().unwrap();
    assert_eq!(Some(file.seq), seq, "the same message");

    let into = nodes.folder.path().join("down");
    timeout(PATIENCE, bob.download(Download::new(room, file.seq, &into)).done()).await.unwrap().unwrap();
    assert!(digest(&into) == digest(&path));
    ann.close().await;
    bob.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_away_holds_up_no_chat_and_loses_no_file() {
    let Some(nodes) = Nodes::start(2) else { return };
    let room = room(&nodes, ["ann", "bob"]).await;
    let (ann, _ann) = nodes.client("ann", 0, 1).await;
    let (bob, _bob) = nodes.client("bob", 1, 0).await;
    let path = nodes.random();
    let handle = ann.upload(Upload::new(room, &path).throttle(Throttle::new(SLOWLY))).await.unwrap();
    safe(handle.watch(), 4 << 20).await;
    nodes.way.cut(true);
    let begun = std::time::Instant::now();
    let mut posts = 0;
    while begun.elapsed() < AWAY {
        let posted = bob.post(room, &format!("meanwhile {posts}")).await.unwrap();
        timeout(PATIENCE, posted.posted()).await.unwrap().unwrap();
        posts += 1;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(posts >= POSTS_MIN, "chat waits for the bucket: {posts} in {AWAY:?}");
    assert!(handle.progress().phase != Phase::Over, "it cannot be there");
    nodes.way.cut(false);
    let file = timeout(PATIENCE, handle.done()).await.unwrap().unwrap();
    let into = nodes.folder.path().join("down");
    let download = bob.download(Download::new(room, file.seq, &into).throttle(Throttle::new(SLOWLY)));
    safe(download.watch(), 1 << 20).await;
    nodes.way.cut(true);
    tokio::time::sleep(Duration::from_secs(2)).await;
    nodes.way.cut(false);
    timeout(PATIENCE, download.done()).await.unwrap().unwrap();
    assert!(digest(&into) == digest(&path));
    ann.close().await;
    bob.close().await;
}
