//! Avatars and custom emoji: set, seen, refused; and what is left of them.

use bytes::Bytes;
use http::Response;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use std::{
    fs,
    io::Cursor,
    path::{Path, PathBuf},
};

use crate::server::{Server, answer, send};

for_each_version! {
    an_avatar_is_what_everybody_sees_until_it_goes
    a_room_has_a_picture_by_who_made_it
    what_is_no_picture_is_refused_and_leaves_nothing
    emoji_are_added_listed_and_removed
}

fn png(width: u32, height: u32, seed: u8) -> Vec<u8> {
    let pixels = RgbImage::from_fn(width, height, |x, y| Rgb([x as u8 ^ seed, y as u8, seed]));
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(pixels).write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

async fn put(server: &Server, token: &str, path: &str, image: Vec<u8>) -> (StatusCode, Value) {
    let request = server.request(Method::PUT, &format!("/api/v1/{path}")).bearer_auth(token);
    answer(request.header("Idempotency-Key", uuid(path, &image)).body(image)).await
}

/// One for each request that says something else.
fn uuid(path: &str, image: &[u8]) -> String {
    blake3::hash(&[path.as_bytes(), image].concat()).to_hex()[..32].to_owned()
}

async fn delete(server: &Server, token: &str, path: &str, key: &str) -> (StatusCode, Value) {
    let request = server.request(Method::DELETE, &format!("/api/v1/{path}")).bearer_auth(token);
    answer(request.header("Idempotency-Key", uuid(path, key.as_bytes()))).await
}

async fn picture(server: &Server, token: &str, path: &str) -> Response<Bytes> {
    send(server.request(Method::GET, &format!("/api/v1/{path}")).bearer_auth(token)).await
}

fn size(response: &Response<Bytes>) -> (u32, u32) {
    let image = image::load_from_memory(response.body()).unwrap();
    (image.width(), image.height())
}

fn name(refused: &(StatusCode, Value)) -> String {
    format!("{} {}", refused.0.as_u16(), refused.1["error"]["name"].as_str().unwrap_or("nothing"))
}

/// Files under the place of blobs.
fn blobs(server: &Server) -> usize {
    fn walk(path: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(path).into_iter().flatten().map(Result::unwrap) {
            match entry.file_type().unwrap().is_dir() {
                true => walk(&entry.path(), found),
                false => found.push(entry.path()),
            }
        }
    }
    let mut found = Vec::new();
    walk(&server.blobs(), &mut found);
    found.iter().filter(|path| fs::metadata(path).is_ok_and(|of| of.len() > 64)).count()
}

async fn me(server: &Server, token: &str) -> String {
    server.get(token, "/api/v1/me").await.1["user"]["id"].as_str().unwrap().to_owned()
}

async fn an_avatar_is_what_everybody_sees_until_it_goes() {
    let server = Server::start().await;
    let (ann, bob) = (server.register("ann").await, server.register("bob").await);
    let of_ann = format!("users/{}/avatar", me(&server, &ann).await);
    assert_eq!(picture(&server, &bob, &of_ann).await.status(), StatusCode::NOT_FOUND);
    let before = blobs(&server);

    let (status, set) = put(&server, &ann, "me/avatar", png(600, 400, 1)).await;
    assert_eq!((status, &set["avatar"]["is_set"]), (StatusCode::OK, &json!(true)), "{set}");
    let version = set["avatar"]["version"].as_u64().unwrap();
    assert!(blobs(&server) > before);
    let kept = blobs(&server);
    for (path, side) in [(of_ann.clone(), 256), (format!("{of_ann}/small"), 64)] {
        let seen = picture(&server, &bob, &path).await;
        assert_eq!((seen.status(), size(&seen)), (StatusCode::OK, (side, side)), "{path}");
        for (name, expected) in [
            ("content-type", "image/jpeg"),
            ("cache-control", "private, no-cache"),
            ("content-security-policy", "default-src 'none'; sandbox"),
            ("x-content-type-options", "nosniff"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(seen.headers()[name], expected, "{path} {name}");
        }
        let tag = seen.headers()["etag"].to_str().unwrap().to_owned();
        assert!(tag.contains(&version.to_string()), "{tag}");
        let request = server.request(Method::GET, &format!("/api/v1/{path}")).bearer_auth(&bob);
        let same = send(request.header(header::IF_NONE_MATCH, tag)).await;
        assert_eq!((same.status(), same.body().len()), (StatusCode::NOT_MODIFIED, 0));
        let for_good = picture(&server, &bob, &format!("{path}?v={version}")).await;
        assert_eq!(for_good.headers()["cache-control"], "private, max-age=31536000, immutable");
        let of_old = picture(&server, &bob, &format!("{path}?v={}", version - 1)).await;
        assert_eq!(of_old.headers()["cache-control"], "private, no-cache");
        let head = send(server.request(Method::HEAD, &format!("/api/v1/{path}")).bearer_auth(&bob)).await;
        assert_eq!((head.status(), head.body().len()), (StatusCode::OK, 0));
        assert_eq!(head.headers()["content-length"], seen.headers()["content-length"]);
    }
    let stranger = picture(&server, "", &of_ann).await;
    assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(picture(&server, &bob, &format!("{of_ann}/huge")).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(picture(&server, &bob, "users/nobody/avatar").await.status(), StatusCode::NOT_FOUND);

    // Another one takes its place, and its bytes.
    let (_, other) = put(&server, &ann, "me/avatar", png(300, 300, 2)).await;
    assert!(other["avatar"]["version"].as_u64().unwrap() > version);
    assert_eq!(blobs(&server), kept, "the old one is gone");
    let (status, gone) = delete(&server, &ann, "me/avatar", "").await;
    assert_eq!((status, &gone["avatar"]["is_set"]), (StatusCode::OK, &json!(false)));
    assert!(gone["avatar"]["version"].as_u64() > other["avatar"]["version"].as_u64());
    assert_eq!(delete(&server, &ann, "me/avatar", "").await.1, gone, "once more");
    assert_eq!(picture(&server, &bob, &of_ann).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(blobs(&server), before, "nothing is left");
    server.stop().await;
}

async fn a_room_has_a_picture_by_who_made_it() {
    let server = Server::start().await;
    // The first one is an administrator.
    let [root, ann, bob] = ["root", "ann", "bob"].map(|name| server.register(name));
    let (root, ann, bob) = (root.await, ann.await, bob.await);
    let (_, made) = server.change(&ann, &uuid("room", b""), "/api/v1/rooms", &json!({ "name": "garden" })).await;
    let room = made["room"]["id"].as_str().unwrap().to_owned();
    let path = format!("rooms/{room}/avatar");
    let join = async |token: &str| {
        let join = format!("/api/v1/rooms/{room}/join");
        assert!(server.change(token, &uuid("join", token.as_bytes()), &join, &json!({})).await.0.is_success());
    };
    assert_eq!(name(&put(&server, &bob, &path, png(50, 40, 1)).await), "403 not_a_member");
    assert_eq!(name(&put(&server, &root, &path, png(50, 40, 1)).await), "403 not_a_member");
    join(&bob).await;
    assert_eq!(name(&put(&server, &bob, &path, png(50, 40, 1)).await), "403 not_allowed");
    assert_eq!(name(&put(&server, &ann, "rooms/x/avatar", png(50, 40, 1)).await), "404 no_such_room");
    let bare = server.request(Method::PUT, &format!("/api/v1/{path}")).bearer_auth(&ann).body(png(50, 40, 1));
    assert_eq!(name(&answer(bare).await), "400 bad_request", "without a key");

    let (status, set) = put(&server, &ann, &path, png(50, 40, 1)).await;
    assert_eq!(status, StatusCode::OK, "{set}");
    let kept = blobs(&server);
    assert_eq!(put(&server, &ann, &path, png(50, 40, 1)).await.1, set, "a retry");
    assert_eq!(blobs(&server), kept);
    let seen = picture(&server, &bob, &path).await;
    assert_eq!(size(&seen), (40, 40), "never larger than it was");
    join(&root).await;
    assert_eq!(put(&server, &root, &path, png(70, 70, 2)).await.0, StatusCode::OK);
    assert_eq!(size(&picture(&server, &bob, &path).await), (70, 70));
    assert_eq!(delete(&server, &ann, &path, "").await.1["avatar"]["is_set"], json!(false));
    assert_eq!(picture(&server, &bob, &format!("{path}/small")).await.status(), StatusCode::NOT_FOUND);
    let (_, page) = server.get(&bob, &format!("/api/v1/rooms/{room}/messages")).await;
    let kinds: Vec<_> = page["messages"].as_array().unwrap().iter().map(|line| line["kind"].clone()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "avatar").count(), 3, "{kinds:?}");
    server.stop().await;
}

async fn what_is_no_picture_is_refused_and_leaves_nothing() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let before = blobs(&server);
    // It says that it has 30,000 pixels a side.
    let mut bomb = png(8, 8, 1);
    bomb[16..24].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
    for (image, refused) in [
        (Vec::new(), "415 bad_image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), "415 bad_image"),
        (png(80, 80, 1)[..200].to_vec(), "415 bad_image"),
        (bomb, "415 bad_image"),
        (vec![0; 16 * 1024 * 1024 + 1], "413 file_too_large"),
    ] {
        let length = image.len();
        assert_eq!(name(&put(&server, &ann, "me/avatar", image.clone()).await), refused, "{length} bytes");
        assert_eq!(name(&put(&server, &ann, "emoji/ok", image).await), refused, "{length} bytes");
    }
    assert_eq!(blobs(&server), before);
    let of_ann = format!("users/{}/avatar", me(&server, &ann).await);
    assert_eq!(picture(&server, &ann, &of_ann).await.status(), StatusCode::NOT_FOUND);
    server.stop().await;
}

async fn emoji_are_added_listed_and_removed() {
    let server = Server::start().await;
    let [root, ann, bob] = ["root", "ann", "bob"].map(|name| server.register(name));
    let (root, ann, bob) = (root.await, ann.await, bob.await);
    let list = async |token: &str| server.get(token, "/api/v1/emoji").await.1;
    assert_eq!(list(&ann).await, json!({ "version": 0, "may_add": true, "emoji": [] }));
    let before = blobs(&server);

    let (status, added) = put(&server, &ann, "emoji/party", png(256, 64, 1)).await;
    assert_eq!(status, StatusCode::CREATED, "{added}");
    let emoji = &added["emoji"];
    assert_eq!((&emoji["name"], &emoji["width"], &emoji["height"]), (&json!("party"), &json!(128), &json!(32)));
    assert_eq!(emoji["added_by"], json!(me(&server, &ann).await));
    let (status, again) = put(&server, &ann, "emoji/party", png(256, 64, 1)).await;
    assert_eq!((status, &again), (StatusCode::OK, &added), "a retry");
    assert_eq!(name(&put(&server, &ann, "emoji/party", png(99, 64, 2)).await), "409 emoji_taken");
    assert_eq!(name(&put(&server, &bob, "emoji/party", png(256, 64, 1)).await), "409 emoji_taken");
    for bad in ["Party", "a", "a.b", "%E4%BD%A0%E5%A5%BD"] {
        assert_eq!(name(&put(&server, &ann, &format!("emoji/{bad}"), png(9, 9, 1)).await), "422 bad_emoji_name");
    }
    assert_eq!(put(&server, &bob, "emoji/cat", png(20, 20, 3)).await.0, StatusCode::CREATED);
    let listed = list(&bob).await;
    let names: Vec<_> = listed["emoji"].as_array().unwrap().iter().map(|emoji| emoji["name"].clone()).collect();
    assert_eq!(names, ["cat", "party"]);
    assert!(listed["version"].as_u64().unwrap() >= emoji["version"].as_u64().unwrap());

    let request = server.request(Method::GET, "/api/v1/emoji").bearer_auth(&bob);
    let tag = send(request).await.headers()["etag"].clone();
    let request = server.request(Method::GET, "/api/v1/emoji").bearer_auth(&bob).header(header::IF_NONE_MATCH, &tag);
    assert_eq!(send(request).await.status(), StatusCode::NOT_MODIFIED);
    let seen = picture(&server, &bob, &format!("emoji/party?v={}", emoji["version"])).await;
    assert_eq!(
        (size(&seen), seen.headers()["cache-control"].to_str().unwrap().contains("immutable")),
        ((128, 32), true)
    );
    assert_eq!(picture(&server, "", "emoji/party").await.status(), StatusCode::UNAUTHORIZED);

    assert_eq!(name(&delete(&server, &bob, "emoji/party", "").await), "403 not_allowed");
    assert_eq!(delete(&server, &bob, "emoji/cat", "").await.0, StatusCode::NO_CONTENT);
    assert_eq!(delete(&server, &root, "emoji/party", "").await.0, StatusCode::NO_CONTENT);
    assert_eq!(delete(&server, &root, "emoji/party", "").await.0, StatusCode::NO_CONTENT, "once more");
    assert_eq!(picture(&server, &bob, "emoji/party").await.status(), StatusCode::NOT_FOUND);
    let emptied = list(&bob).await;
    assert_eq!(emptied["emoji"], json!([]));
    assert!(emptied["version"].as_u64() > listed["version"].as_u64());
    assert_eq!(blobs(&server), before, "nothing is left");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_takes_somebodys_avatar_away() {
    let server = Server::start().await;
    let (root, ann) = (server.register("root").await, server.register("ann").await);
    let before = blobs(&server);
    let remove = async |token: &str| delete(&server, token, "admin/users/ann/avatar", "").await;
    assert_eq!(put(&server, &ann, "me/avatar", png(30, 30, 1)).await.0, StatusCode::OK);
    assert_eq!(name(&remove(&ann).await), "403 not_administrator");
    let of_ann = format!("users/{}/avatar", me(&server, &ann).await);
    assert_eq!(picture(&server, &root, &of_ann).await.status(), StatusCode::OK);
    for again in [false, true] {
        assert_eq!(remove(&root).await.0, StatusCode::NO_CONTENT, "{again}");
        assert_eq!(picture(&server, &ann, &of_ann).await.status(), StatusCode::NOT_FOUND, "{again}");
    }
    assert_eq!(blobs(&server), before, "nothing is left");
    assert_eq!(put(&server, &ann, "me/avatar", png(30, 30, 2)).await.0, StatusCode::OK, "and sets another one");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_administrators_alone_add_emoji_nobody_else_does() {
    let server = Server::start_with(&["--set", "emoji.add=administrators"]).await;
    let (root, ann) = (server.register("root").await, server.register("ann").await);
    assert_eq!(server.get(&ann, "/api/v1/emoji").await.1["may_add"], json!(false));
    assert_eq!(name(&put(&server, &ann, "emoji/party", png(9, 9, 1)).await), "403 not_allowed");
    assert_eq!(put(&server, &root, "emoji/party", png(9, 9, 1)).await.0, StatusCode::CREATED);
    assert_eq!(server.get(&root, "/api/v1/emoji").await.1["may_add"], json!(true));
    server.stop().await;
}
