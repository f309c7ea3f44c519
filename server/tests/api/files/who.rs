//! Who gets a file, and until when.

use reqwest::{Method, StatusCode, header};
use rill_server::files::service::limits::ANSWERS_PER_USER_MAX;
use std::time::Duration;
use tokio::time::timeout;

use super::room::{Room, field, outcome, random};
use crate::{
    server::{Server, answer, code, send},
    version::Version,
};

for_each_version! {
    only_who_sees_the_message_gets_its_file
    who_is_gone_reads_no_further
    a_server_without_files_has_none
}

async fn only_who_sees_the_message_gets_its_file() {
    let room = Room::start().await;
    let (bytes, bob) = (random(1_000), room.server.register("bob").await);
    let seq = room.upload("data.bin", &bytes).await;
    assert_eq!(room.outcome("", seq).await, "401 not_logged_in");
    // Whether there is such a file is nobody's to know who may not see it.
    let (refused, absent) = (send(room.ask(&bob, seq)).await, send(room.ask(&bob, 99)).await);
    assert_eq!(outcome(&refused), "404 no_such_file");
    assert_eq!(refused.body(), absent.body());
    let known = send(room.ask(&bob, seq).header(header::IF_NONE_MATCH, "*")).await;
    assert_eq!(outcome(&known), "404 no_such_file");
    for file in ["0", "1", "99", "x", "-1", "18446744073709551615", "9007199254740992", "99999999999999999999999"] {
        assert_eq!(room.outcome(&room.ann, file).await, "404 no_such_file", "{file}");
    }
    for other in ["01890A5DAC96774BBCCEB30209", "00000000000000000000000000", "x"] {
        let answered = room.server.get(&room.ann, &format!("/api/v1/rooms/{other}/files/{seq}")).await;
        assert_eq!((answered.0, code(&answered)), (StatusCode::NOT_FOUND, "no_such_file"), "{other}");
    }
    // The page has a cookie.
    let name = if Version::current() == Version::Http1 { "rill_session" } else { "__Host-rill_session" };
    let path = format!("/api/v1/rooms/{}/files/{seq}", room.id);
    let request = room.server.request(Method::GET, &path).header(header::COOKIE, format!("{name}={}", room.ann));
    assert!(*send(request).await.body() == bytes);
    let post = answer(room.server.request(Method::POST, &path).bearer_auth(&room.ann)).await;
    assert_eq!(code(&post), "method_not_allowed");

    room.member(&bob, "01890a5d-ac96-774b-bcce-b302099a8051", "join").await;
    let new = room.upload("new.bin", &random(1_000)).await;
    let seen = send(room.ask(&bob, new)).await;
    assert_eq!(outcome(&seen), "ok");
    let tag = field(&seen, "etag").to_owned();
    room.member(&bob, "01890a5d-ac96-774b-bcce-b302099a8052", "leave").await;
    // What the browser has kept is not to be shown either.
    let gone = send(room.ask(&bob, new).header(header::IF_NONE_MATCH, tag)).await;
    assert_eq!(outcome(&gone), "404 no_such_file");
    room.stop().await;
}

/// While the bytes go out to a reader who takes them slowly.
async fn who_is_gone_reads_no_further() {
    if Version::current() == Version::Http3 {
        // A reader that takes nothing for a while is below, by h3.
        return by_http3().await;
    }
    let room = Room::start().await;
    let bob = room.server.register("bob").await;
    room.member(&bob, "01890a5d-ac96-774b-bcce-b302099a8051", "join").await;
    let seq = room.upload("data.bin", &random(24 << 20)).await;
    let mut slow = room.ask(&bob, seq).send().await.unwrap();
    assert_eq!(slow.content_length(), Some(24 << 20));
    slow.chunk().await.unwrap().unwrap();
    room.member(&bob, "01890a5d-ac96-774b-bcce-b302099a8052", "leave").await;
    // Until it is asked again whether they may; somebody else is served meanwhile.
    assert_eq!(room.get(seq).await.body().len(), 24 << 20);
    tokio::time::sleep(Duration::from_millis(600)).await;
    let rest = async {
        while let Some(piece) = slow.chunk().await? {
            drop(piece);
        }
        Ok::<_, reqwest::Error>(())
    };
    rest.await.unwrap_err();
    room.stop().await;
}

async fn by_http3() {
    let room = Room::start().await;
    let bob = room.server.register("bob").await;
    room.member(&bob, "01890a5d-ac96-774b-bcce-b302099a8051", "join").await;
    let seq = room.upload("data.bin", &random(24 << 20)).await;
    let (reading, go_on) = crate::http3::send_slowly(&room.ask(&bob, seq).build().unwrap()).await;
    room.member(&bob, "01890a5d-ac96-774b-bcce-b302099a8052", "leave").await;
    assert_eq!(room.get(seq).await.body().len(), 24 << 20);
    tokio::time::sleep(Duration::from_millis(600)).await;
    go_on.send(()).unwrap();
    reading.await.unwrap().unwrap_err();
    room.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_nothing_is_waited_for_by_nobody_else() {
    let room = Room::start().await;
    let bob = room.server.register("bob").await;
    room.member(&bob, "01890a5d-ac96-774b-bcce-b302099a8051", "join").await;
    let (seq, short) = (room.upload("data.bin", &random(24 << 20)).await, random(1_000));
    let other = room.upload("short.bin", &short).await;
    let mut stopped = Vec::new();
    for _ in 0..ANSWERS_PER_USER_MAX {
        stopped.push(room.ask(&room.ann, seq).send().await.unwrap());
    }
    let mut next = tokio::spawn(room.ask(&room.ann, seq).send());
    assert!(timeout(Duration::from_millis(300), &mut next).await.is_err(), "it waits");
    // Soon: the next one does not wait for long.
    assert!(*send(room.ask(&bob, other)).await.body() == short);
    // Nor do they wait for what is no body.
    let request = room.ask(&room.ann, seq).header(header::IF_NONE_MATCH, "*");
    assert_eq!(send(request).await.status(), StatusCode::NOT_MODIFIED);
    drop(stopped.pop());
    assert_eq!(next.await.unwrap().unwrap().status(), StatusCode::OK);
    // The server ends without waiting for any of them.
    room.stop().await;
    drop(stopped);
}

async fn a_server_without_files_has_none() {
    let server = Server::start_with(&["--set", "files.enabled=false"]).await;
    let ann = server.register("ann").await;
    for file in ["1", "1/thumbnail", "1/preview"] {
        let path = format!("/api/v1/rooms/01890A5DAC96774BBCCEB30209/files/{file}");
        let answered = server.get(&ann, &path).await;
        assert_eq!((answered.0, code(&answered)), (StatusCode::NOT_FOUND, "no_such_file"));
        assert_eq!(code(&server.get("", &path).await), "not_logged_in");
    }
    server.stop().await;
}
