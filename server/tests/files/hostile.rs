//! Files that mean harm, sent as members send files: none is an error, none is shown as something
//! that it is not, what they are called is fit for every disk, and nothing stays half-made.

use bytes::Bytes;
use rill_client::TransportKind;
use rill_protocol::{RoomId, U53, message::FileVariant};
use rill_server::files::image::Format;
use serde_json::Value;

use crate::{
    client::{File, Reading, is_complete, random},
    making,
    server::{Person, Server, Session},
};

const PAGE: &[u8] = b"<html><script>alert(document.domain)</script>";
const ZIP: &[u8] = b"PK\x03\x04\x14\0 evil.html PK\x05\x06\0\0\0\0\x01\0\x01\0";

/// Somebody in a room of a server.
struct Sender {
    server: Server,
    mia: Person,
    session: Session,
    room: RoomId,
}

impl Sender {
    async fn start() -> Self {
        let server = Server::start().await;
        let mia = server.person("mia").await;
        let mut session = mia.connect(&server, TransportKind::WebSocket).await;
        let room = session.create("files").await;
        Self { server, mia, session, room }
    }

    async fn variant(&self, seq: U53, variant: FileVariant) -> Result<Vec<u8>, String> {
        let mut reading = Reading::open(&self.session).await;
        reading.ask(self.room, seq, variant, 0..U53::MAX.get()).await;
        let length = reading.start().await?.length.get();
        reading.bytes(0, length).await
    }

    /// Sent, it is a file that is saved: whoever opens it by its address is shown nothing.
    async fn is_saved(&self, name: &str, bytes: Vec<u8>) {
        let mut file = File::new(self.room, name, bytes.into());
        file.start.media_type = "image/png".into();
        let uploaded = file.upload(&self.session).await;
        assert_eq!(uploaded.state.media_type, "application/octet-stream", "{name}");
        assert_eq!((uploaded.state.image, uploaded.state.code), (None, 0), "{name}");
        for variant in [FileVariant::Thumbnail, FileVariant::Preview] {
            assert_eq!(self.variant(uploaded.seq, variant).await.unwrap_err(), "no_such_file", "{name}");
        }
        let answer = self.server.ask(&self.mia, self.room, uploaded.seq).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200, "{name}");
        let field = |name| answer.headers()[name].to_str().unwrap();
        assert_eq!(field("content-type"), "application/octet-stream", "{name}");
        assert!(field("content-disposition").starts_with("attachment; "), "{name}");
        assert_eq!(
            (field("x-content-type-options"), field("content-length")),
            ("nosniff", &*uploaded.state.size.get().to_string())
        );
    }

    /// Nothing is on its way any more, on the disk or in the books.
    async fn is_tidy(&self) {
        assert_eq!(self.server.blob_files().0.len(), 0);
        let metrics = self.server.metrics().await;
        assert!(metrics.lines().any(|line| line == "rill_uploads 0"), "{metrics}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_claims_to_be_much_is_saved() {
    let sender = Sender::start().await;
    sender.is_saved("30,000 x 30,000.png", making::png_bomb()).await;
    sender.is_saved("10^6 frames.gif", making::gif_of(1_000_000)).await;
    let mut wide = making::gif_of(1);
    wide[6..10].fill(0xFF);
    sender.is_saved("65,535 x 65,535.gif", wide).await;
    let mut jpeg = making::encoded(making::picture(64, 64), Format::Jpeg);
    let frame = jpeg.windows(4).position(|window| window == [0xFF, 0xC0, 0, 17]).unwrap();
    jpeg[frame + 5..frame + 9].fill(0xFF);
    sender.is_saved("65,535 x 65,535.jpg", jpeg).await;
    sender.is_saved("many.ico", b"\0\0\x01\0\xff\xff".repeat(100)).await;
    sender.is_tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_cut_or_only_begins_as_an_image_is_saved() {
    let sender = Sender::start().await;
    let png = making::encoded(making::picture(60, 40), Format::Png);
    sender.is_saved("cut.png", png[..60].to_vec()).await;
    for (name, head) in [
        ("head.png", &b"\x89PNG\r\n\x1a\n"[..]),
        ("head.jpg", b"\xff\xd8\xff\xe0\xff\xff"),
        ("head.gif", b"GIF89a"),
        ("head.webp", b"RIFF\xff\xff\xff\xffWEBPVP8X\xff\xff\xff\xff"),
        ("head.bmp", b"BM\xff\xff\xff\xff\0\0\0\0\xff\xff\xff\xff\x28\0\0\0"),
        // Its directory is its own beginning.
        ("ring.tif", b"II*\0\0\0\0\0"),
        ("head.ico", b"\0\0\x01\0\x01\0"),
    ] {
        sender.is_saved(name, head.to_vec()).await;
        sender.is_saved(name, [head, PAGE].concat()).await;
        sender.is_saved(name, [head, &random(5_000)].concat()).await;
    }
    sender.is_tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_two_things_at_once_is_the_image_alone() {
    let sender = Sender::start().await;
    let encoded = |format| making::encoded(making::picture(60, 40), format);
    let (png, jpeg) = (encoded(Format::Png), encoded(Format::Jpeg));
    // `GIF89a/*` is the beginning of a script.
    let mut script = making::gif_of(1);
    script[6..8].copy_from_slice(b"/*");
    for (name, file, rider) in [
        ("behind.png", [&png[..], ZIP].concat(), ZIP),
        ("between.png", making::png_with(&png, &[making::chunk(b"tEXt", PAGE)]), PAGE),
        ("behind.jpg", [&jpeg[..], PAGE].concat(), PAGE),
        ("script.gif", [&script[..], b"*/=1;", PAGE].concat(), PAGE),
    ] {
        let uploaded = File::new(sender.room, name, file.into()).upload(&sender.session).await;
        assert!(uploaded.state.image.is_some(), "{name}");
        assert!(uploaded.state.media_type.starts_with("image/"), "{name}");
        for variant in [FileVariant::Original, FileVariant::Preview, FileVariant::Thumbnail] {
            let bytes = sender.variant(uploaded.seq, variant).await.unwrap();
            assert!(!bytes.windows(rider.len()).any(|window| window == rider), "{name} {variant:?}");
        }
    }
    // What stands before an image makes it something else.
    sender.is_saved("before.png", [PAGE, &png].concat()).await;
    sender.is_saved("before.png", [b"%PDF-1.7 ", &png[..]].concat()).await;
    sender.is_tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_are_made_fit_for_every_disk() {
    let sender = Sender::start().await;
    let names = [
        ("../../../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/home/ann/.ssh/authorized_keys", "authorized_keys"),
        ("..", "file"),
        ("a\0b\r\nSet-Cookie: x.txt", "abSet-Cookie_ x.txt"),
        ("NUL", "_NUL"),
        ("com1.txt", "_com1.txt"),
        ("invoice\u{202e}fdp.exe", "invoicefdp.exe"),
        ("\u{2066}a\u{2069}\u{200f}.txt", "a.txt"),
        ("report.pdf. . .", "report.pdf"),
    ];
    let mut expected = Vec::new();
    for (declared, safe) in names {
        let uploaded = File::new(sender.room, declared, random(10)).upload(&sender.session).await;
        assert!(is_complete(&uploaded.state, 10), "{declared:?}");
        let answer = sender.server.ask(&sender.mia, sender.room, uploaded.seq).send().await.unwrap();
        assert_eq!(answer.headers()["content-disposition"], format!("attachment; filename=\"{safe}\""));
        expected.push(safe);
    }
    let long = File::new(sender.room, &"x".repeat(4_096), random(10)).begin(&sender.session).await;
    assert_eq!(long.err().as_deref(), Some("bad_file_name"));
    // What others see in the room's list.
    let path = format!("rooms/{}/files", sender.room);
    let listed = sender.server.request(&sender.mia, reqwest::Method::GET, &path).send().await.unwrap();
    let listed: Value = listed.json().await.unwrap();
    let listed = listed["messages"].as_array().unwrap();
    let shown: Vec<_> = listed.iter().map(|message| message["file"]["name"].as_str().unwrap()).collect();
    assert_eq!(shown, expected);
    sender.is_tidy().await;
}

/// As avatars and emoji, which have no plain file to fall back on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_that_mean_harm_are_refused_or_made_anew() {
    let Sender { server, mia, .. } = Sender::start().await;
    let png = making::encoded(making::picture(60, 40), Format::Png);
    let emoji_bomb = making::gif_of(200_000);
    for (name, avatar, emoji) in [
        ("png", making::png_bomb(), making::png_bomb()),
        ("gif", making::gif_of(1_000_000), emoji_bomb),
        ("cut", png[..60].to_vec(), png[..60].to_vec()),
        ("before", [PAGE, &png].concat(), [PAGE, &png].concat()),
        ("ring", b"II*\0\0\0\0\0".to_vec(), b"II*\0\0\0\0\0".to_vec()),
    ] {
        assert_eq!(server.set_avatar(&mia, avatar.into()).await, "415 bad_image", "{name}");
        assert_eq!(server.add_emoji(&mia, "ok", emoji.into()).await, "415 bad_image", "{name}");
    }
    assert_eq!(server.blob_files(), (vec![], vec![]));

    let moving = making::moving_gif(40, 30);
    for (name, file, rider) in [
        ("behind", [&png[..], ZIP].concat(), ZIP),
        ("between", making::png_with(&png, &[making::chunk(b"tEXt", PAGE)]), PAGE),
        // The one that is handed on as it came.
        ("moving", [&moving[..], PAGE].concat(), PAGE),
    ] {
        assert_eq!(server.set_avatar(&mia, file.clone().into()).await, "200", "{name}");
        assert_eq!(server.add_emoji(&mia, name, file.into()).await, "201", "{name}");
        let of_mia = format!("users/{}/avatar", mia.login.user.id);
        for path in [of_mia.clone(), format!("{of_mia}/small"), format!("emoji/{name}")] {
            let answer = server.request(&mia, reqwest::Method::GET, &path).send().await.unwrap();
            assert_eq!(answer.status().as_u16(), 200, "{path}");
            let bytes: Bytes = answer.bytes().await.unwrap();
            assert!(!bytes.windows(rider.len()).any(|window| window == rider), "{name}: {path}");
        }
    }
    // A path is no name, whatever it is written as.
    for bad in ["..%2f..%2fetc", "nul%00", "a%E2%80%AEb", "two%20words", &"x".repeat(4_096)] {
        assert_eq!(server.add_emoji(&mia, bad, png.clone().into()).await, "422 bad_emoji_name", "{bad}");
    }
}
