//! The bytes of messages' files, by their addresses.

mod broken;
mod coming;
mod room;
mod who;

use bytes::Bytes;
use reqwest::{Method, StatusCode, header};
use serde_json::json;

use crate::server::send;
use room::{Room, field, outcome, random};

for_each_version! {
    a_file_is_handed_out_whole_and_as_what_it_is
    ranges_are_what_they_say
    who_has_it_gets_it_once
    only_what_was_looked_at_is_shown_in_its_place
    an_image_comes_in_three_sizes
}

const LENGTH: usize = 300_000;

async fn a_file_is_handed_out_whole_and_as_what_it_is() {
    let room = Room::start().await;
    let bytes = random(LENGTH);
    let seq = room.upload("Zürich \"1\".bin", &bytes).await;
    let whole = room.get(seq).await;
    assert_eq!(whole.status(), StatusCode::OK);
    assert!(*whole.body() == bytes);
    for (name, expected) in [
        ("content-length", "300000"),
        ("content-type", "application/octet-stream"),
        ("content-disposition", "attachment; filename=\"Z_rich _1_.bin\"; filename*=UTF-8''Z%C3%BCrich%20_1_.bin"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "private, no-cache"),
        ("accept-ranges", "bytes"),
        ("x-frame-options", "DENY"),
        ("content-range", ""),
        ("set-cookie", ""),
        ("access-control-allow-origin", ""),
    ] {
        assert_eq!(field(&whole, name), expected, "{name}");
    }
    let path = format!("/api/v1/rooms/{}/files/{seq}", room.id);
    let head = send(room.server.request(Method::HEAD, &path).bearer_auth(&room.ann)).await;
    assert_eq!((head.status(), head.body().len()), (StatusCode::OK, 0));
    for name in ["content-length", "content-type", "content-disposition", "etag", "cache-control", "accept-ranges"] {
        assert_eq!(field(&head, name), field(&whole, name), "{name}");
    }
    // Ranges are GET's.
    let request = room.server.request(Method::HEAD, &path).bearer_auth(&room.ann).header(header::RANGE, "bytes=0-9");
    let head = send(request).await;
    assert_eq!((head.status(), field(&head, "content-length")), (StatusCode::OK, "300000"));

    // The lists say what is there.
    let listed = &room.list("files").await["messages"][0];
    let file = json!({
        "transfer": listed["file"]["transfer"], "name": "Zürich _1_.bin", "size": LENGTH,
        "media_type": "application/octet-stream", "state": "complete", "code": null, "voice": null, "image": null,
    });
    assert_eq!((&listed["seq"], &listed["kind"], &listed["file"]), (&json!(seq), &json!("file"), &file));
    let messages = room.list("messages").await;
    let messages = messages["messages"].as_array().unwrap();
    assert_eq!(messages.iter().find(|message| message["seq"] == seq).unwrap(), listed);
    assert!(messages.iter().filter(|message| message["seq"] != seq).all(|message| message.get("file").is_none()));
    room.stop().await;
}

async fn ranges_are_what_they_say() {
    let room = Room::start().await;
    let bytes = random(LENGTH);
    let seq = room.upload("data.bin", &bytes).await;
    for (asked, first, last) in [
        ("bytes=0-0", 0, 0),
        ("bytes=65535-65536", 65_535, 65_536),
        ("bytes=131072-", 131_072, LENGTH - 1),
        ("bytes=-1", LENGTH - 1, LENGTH - 1),
        ("bytes=-1000000", 0, LENGTH - 1),
        ("bytes=299999-99999999999999999999", LENGTH - 1, LENGTH - 1),
    ] {
        let part = room.range(seq, asked).await;
        assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT, "{asked}");
        assert_eq!(field(&part, "content-range"), format!("bytes {first}-{last}/{LENGTH}"), "{asked}");
        assert_eq!(field(&part, "content-length"), (last - first + 1).to_string(), "{asked}");
        assert!(*part.body() == bytes.slice(first..=last), "{asked}");
    }
    for asked in ["bytes=0-1,5-6", "bytes=6-5", "lines=0-1", "bytes=x-"] {
        let whole = room.range(seq, asked).await;
        assert_eq!((whole.status(), field(&whole, "content-range")), (StatusCode::OK, ""), "{asked}");
        assert!(*whole.body() == bytes, "{asked}");
    }
    for asked in ["bytes=300000-", "bytes=300000-300001", "bytes=-0"] {
        let beyond = room.range(seq, asked).await;
        assert_eq!(outcome(&beyond), "416 bad_range", "{asked}");
        assert_eq!((field(&beyond, "content-range"), field(&beyond, "cache-control")), ("bytes */300000", "no-store"));
    }
    let empty = room.upload("empty.bin", &Bytes::new()).await;
    let whole = room.get(empty).await;
    assert_eq!((whole.status(), field(&whole, "content-length"), whole.body().len()), (StatusCode::OK, "0", 0));
    assert_eq!(outcome(&room.range(empty, "bytes=0-").await), "416 bad_range");
    room.stop().await;
}

async fn who_has_it_gets_it_once() {
    let room = Room::start().await;
    let bytes = random(LENGTH);
    let (seq, other) = (room.upload("data.bin", &bytes).await, room.upload("other.bin", &random(10)).await);
    let tag = field(&room.get(seq).await, "etag").to_owned();
    assert!(tag.len() > 20 && tag.starts_with('"') && tag.ends_with('"'), "{tag}");
    assert_eq!(field(&room.get(seq).await, "etag"), tag);
    assert_ne!(field(&room.get(other).await, "etag"), tag);
    for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".into()] {
        let request = room.ask(&room.ann, seq).header(header::IF_NONE_MATCH, &known).header(header::RANGE, "bytes=0-1");
        let same = send(request).await;
        assert_eq!((same.status(), same.body().len()), (StatusCode::NOT_MODIFIED, 0), "{known}");
        assert_eq!((field(&same, "etag"), field(&same, "cache-control")), (&*tag, "private, no-cache"));
    }
    let changed = send(room.ask(&room.ann, seq).header(header::IF_NONE_MATCH, "\"x\"")).await;
    assert_eq!(changed.status(), StatusCode::OK);
    // A range of these bytes, or all of others.
    for (known, status) in [(&*tag, StatusCode::PARTIAL_CONTENT), ("\"x\"", StatusCode::OK)] {
        let request = room.ask(&room.ann, seq).header(header::RANGE, "bytes=7-8").header(header::IF_RANGE, known);
        let answered = send(request).await;
        assert_eq!(answered.status(), status, "{known}");
        assert!(*answered.body() == if status == StatusCode::OK { bytes.clone() } else { bytes.slice(7..9) });
    }
    room.stop().await;
}

async fn only_what_was_looked_at_is_shown_in_its_place() {
    let room = Room::start().await;
    let wave = [&b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0"[..], &[0; 24]].concat();
    for (name, bytes, media_type, disposition) in [
        ("page.html", &b"<!doctype html><script>alert(1)</script>"[..], "application/octet-stream", "attachment"),
        (
            "image.svg",
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
            "application/octet-stream",
            "attachment",
        ),
        ("report.pdf", b"%PDF-1.7", "application/octet-stream", "attachment"),
        ("photo.png", b"\x89PNG\r\n\x1a\n and nothing", "application/octet-stream", "attachment"),
        ("notes.txt", b"<b>a text</b>", "text/plain; charset=utf-8", "attachment"),
        ("sound.wav", &wave, "audio/wav", "inline"),
    ] {
        let seq = room.upload(name, &Bytes::copy_from_slice(bytes)).await;
        let answered = room.get(seq).await;
        assert_eq!(field(&answered, "content-type"), media_type, "{name}");
        assert_eq!(field(&answered, "content-disposition"), format!("{disposition}; filename=\"{name}\""));
        assert_eq!(field(&answered, "x-content-type-options"), "nosniff");
        assert!(*answered.body() == bytes, "{name}");
    }
    room.stop().await;
}

async fn an_image_comes_in_three_sizes() {
    let room = Room::start().await;
    let mut png = std::io::Cursor::new(Vec::new());
    let pixels = image::RgbImage::from_fn(1_600, 1_000, |x, y| image::Rgb([x as u8, y as u8, (x ^ y) as u8]));
    pixels.write_to(&mut png, image::ImageFormat::Png).unwrap();
    let seq = room.upload("photo.png", &png.into_inner().into()).await;
    let mut tags = Vec::new();
    for (file, width) in [("", 1_600), ("/preview", 1_280), ("/thumbnail", 320)] {
        let answered = room.get(format!("{seq}{file}")).await;
        assert_eq!(answered.status(), StatusCode::OK, "{file}");
        assert_eq!(image::load_from_memory(answered.body()).unwrap().width(), width, "{file}");
        assert_eq!(field(&answered, "content-length"), answered.body().len().to_string());
        assert!(field(&answered, "content-type").starts_with("image/"), "{file}");
        assert!(field(&answered, "content-disposition").starts_with("inline; "), "{file}");
        let part = room.range(format!("{seq}{file}"), "bytes=1-3").await;
        assert!(*part.body() == answered.body().slice(1..4));
        tags.push(field(&answered, "etag").to_owned());
    }
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 3, "each has its own");
    assert_eq!(room.outcome(&room.ann, format!("{seq}/small")).await, "404 no_such_file");
    let plain = room.upload("data.bin", &random(100)).await;
    assert_eq!(room.outcome(&room.ann, format!("{plain}/thumbnail")).await, "404 no_such_file");
    let image = &room.list("files").await["messages"][0]["file"]["image"];
    assert_eq!((&image["width"], &image["height"], &image["animated"]), (&json!(1_600), &json!(1_000), &json!(false)));
    room.stop().await;
}
