//! A file that is still on its way: as far as it is safe, and never as if it were whole.

use reqwest::StatusCode;
use rill_client::files::Throttle;
use serde_json::json;
use std::time::Duration;

use super::room::{Room, field, outcome, random};

for_each_version! {
    what_is_safe_is_read_while_it_comes
}

const LENGTH: usize = 4 << 20;

async fn what_is_safe_is_read_while_it_comes() {
    let room = Room::start().await;
    let bytes = random(LENGTH);
    // Two minutes' worth; it is given up long before.
    let upload = room.begin("data.bin", &bytes, |upload| upload.throttle(Throttle::new(32 << 10))).await;
    let listed = loop {
        let listed = room.list("files").await["messages"][0].clone();
        if listed["seq"].is_u64() {
            break listed;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!((&listed["file"]["state"], &listed["file"]["size"]), (&json!("pending"), &json!(LENGTH)));
    let seq = listed["seq"].as_u64().unwrap();
    let part = loop {
        let part = room.range(seq, "bytes=1-").await;
        if outcome(&part) == "ok" {
            break part;
        }
        assert_eq!(outcome(&part), "425 file_not_ready");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let last = part.body().len();
    assert!(last > 0 && last < LENGTH - 1, "{last}");
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert!(*part.body() == bytes.slice(1..=last));
    assert_eq!(field(&part, "content-range"), format!("bytes 1-{last}/{LENGTH}"));
    assert_eq!((field(&part, "cache-control"), field(&part, "content-type")), ("no-store", "application/octet-stream"));
    // What has not come, and what would be taken for the whole.
    for asked in ["bytes=4194303-", "bytes=-1", "bytes=0-1,3-4"] {
        assert_eq!(outcome(&room.range(seq, asked).await), "425 file_not_ready", "{asked}");
    }
    assert_eq!(room.outcome(&room.ann, seq).await, "425 file_not_ready");
    assert_eq!(room.outcome(&room.ann, format!("{seq}/thumbnail")).await, "425 file_not_ready");
    assert_eq!(outcome(&room.range(seq, "bytes=4194304-").await), "416 bad_range");
    upload.cancel();
    upload.done().await.unwrap_err();
    // The message says soon after that it has failed.
    while room.outcome(&room.ann, seq).await != "404 no_such_file" {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    room.stop().await;
}
