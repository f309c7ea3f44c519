//! A full disk, as people meet it: over HTTP and over the wire a send is refused with
//! `storage_full`, what is there can be read, and a message that waited goes out as soon
//! as there is space.

use rill_client::{Client, Config, Credentials, TransportKind};
use rill_protocol::{Code, RoomId};
use serde_json::json;
use std::time::Duration;
use tokio::time::{sleep, timeout};

use crate::{api::Api, running::Running, small_disk::SmallDisk};

const DISK_BYTES: u64 = 64 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(50);

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_said_over_http_and_over_the_wire_and_what_waited_goes_out() {
    let Some(disk) = SmallDisk::new(DISK_BYTES) else { return };
    let _ = rustls::crypto::ring::default_provider().install_default();
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
