//! What others get of a finished blob: in a folder and in memory, of every format, again and
//! again, and when the place fails.

use super::making::{self, SECRETS};
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use rill_protocol::message::FileVariant;
use rill_server::files::{
    FileName, MediaType,
    image::{Format, Images},
    limits::{IMAGE_BYTES_MAX, IMAGES_WAITING_MAX, RENDERS_AT_ONCE},
    render::{Facts, Kind, Renderer, Variant},
};
use rill_storage::{
    StoreError,
    blobs::{Blob, BlobName, BlobPlace, Blobs, Finished, Progress},
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
};

struct World {
    blobs: Blobs,
    renderer: Renderer,
    folder: Option<tempfile::TempDir>,
}

fn in_folder() -> World {
    let folder = tempfile::tempdir().unwrap();
    World { folder: Some(folder), ..at(&BlobPlace::Memory) }.with_folder()
}

fn in_memory() -> World {
    at(&BlobPlace::Memory)
}

fn at(place: &BlobPlace) -> World {
    let blobs = Blobs::open(place).unwrap();
    World { renderer: Renderer::new(blobs.clone(), Arc::new(Images::default())), blobs, folder: None }
}

impl World {
    fn with_folder(self) -> Self {
        let place = BlobPlace::Folder(self.folder.as_ref().unwrap().path().to_owned());
        Self { folder: self.folder, ..at(&place) }
    }

    /// Where a finished blob lies.
    fn path(&self, name: BlobName) -> PathBuf {
        let text = name.to_string();
        self.folder.as_ref().unwrap().path().join(&text[..2]).join(&text[2..])
    }

    async fn sent(&self, number: u8, bytes: &[u8]) -> Blob {
        let blob = Blob { name: BlobName([number; 32]), size: bytes.len() as u64 };
        let mut staged = self.blobs.stage(blob, &Progress::default()).await.unwrap();
        staged.write(bytes.to_vec().into()).await.unwrap();
        assert_eq!(staged.finish(blake3::hash(bytes)).await.unwrap(), Finished::Whole);
        blob
    }

    async fn render(&self, blob: Blob, name: &str, declared: &str) -> Result<Facts, StoreError> {
        self.renderer.render(blob, &FileName::from_declared(name), declared).await
    }

    async fn read(&self, blob: Blob) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut stream = self.blobs.read(blob, blob.size, 0..blob.size).await.unwrap();
        while let Some(piece) = stream.next().await.unwrap() {
            bytes.extend(piece);
        }
        bytes
    }

    async fn given(&self, facts: &Facts, blob: Blob, variant: FileVariant) -> (Vec<u8>, MediaType) {
        let Variant { blob, media_type } = facts.variant(blob, variant).unwrap();
        (self.read(blob).await, media_type)
    }
}

const VARIANTS: [FileVariant; 3] = [FileVariant::Original, FileVariant::Thumbnail, FileVariant::Preview];

fn files() -> Vec<(Format, Format, Vec<u8>)> {
    let picture = || making::picture(1_600, 900);
    let encoded = |format| making::encoded(picture(), format);
    vec![
        (Format::Jpeg, Format::Jpeg, making::jpeg_with_metadata(&encoded(Format::Jpeg), 6)),
        (Format::Png, Format::Png, making::png_with_metadata(&encoded(Format::Png), 1)),
        (Format::Gif, Format::Gif, making::moving_gif_with_metadata(400, 300)),
        (Format::WebP, Format::WebP, making::webp_with_metadata(&making::holed(400, 300), 1)),
        // Turned, because browsers do not.
        (Format::WebP, Format::Png, making::webp_with_metadata(&making::holed(400, 300), 6)),
        (Format::Bmp, Format::Png, [&encoded(Format::Bmp)[..], b"secret comment"].concat()),
        (Format::Tiff, Format::Tiff, making::tiff(&[picture()], 6, true)),
        (Format::Ico, Format::Ico, making::encoded(making::picture(200, 100), Format::Ico)),
    ]
}

async fn every_format(world: &World) {
    for (number, (sent, given, file)) in files().into_iter().enumerate() {
        let blob = world.sent(number as u8, &file).await;
        // Whatever its sender says.
        let facts = world.render(blob, "a.exe", "text/html").await.unwrap();
        assert_eq!(facts.media_type, MediaType::Image(given), "{sent:?}");
        assert_eq!(Facts::decode(&facts.encode()), Ok(facts.clone()));
        let image = facts.image.as_ref().unwrap();
        assert!(!image.blur_hash.is_empty() && image.width > 0, "{sent:?}");
        assert_eq!(image.animated, sent == Format::Gif);
        for variant in VARIANTS {
            let (bytes, media_type) = world.given(&facts, blob, variant).await;
            let MediaType::Image(format) = media_type else { panic!("{sent:?} is given as {media_type:?}") };
            assert_eq!(Format::sniff(&bytes), Some(format), "{sent:?}");
            let picture = image::load_from_memory(&bytes).unwrap();
            let side = match variant {
                FileVariant::Thumbnail => 320,
                FileVariant::Preview => 1_280,
                _ => 16_384,
            };
            assert!(picture.width().max(picture.height()) <= side, "{sent:?}");
            assert!(SECRETS.iter().all(|secret| !super::contains(&bytes, secret)), "{sent:?}");
        }
        assert_eq!(facts.size, world.given(&facts, blob, FileVariant::Original).await.0.len() as u64);
        // Again: the same, and nothing is written anew.
        assert_eq!(world.render(blob, "b", "").await.unwrap(), facts);
        let possible = Renderer::possible_blobs(blob.name);
        assert!(facts.derived_blobs(blob.name).iter().all(|blob| possible.contains(&blob.name)));
        for derived in facts.derived_blobs(blob.name) {
            let staged = world.blobs.stage(derived, &Progress::default()).await.unwrap();
            assert_eq!(staged.offset(), derived.size, "it is whole");
        }
    }
}

#[tokio::test]
async fn every_format_in_a_folder() {
    every_format(&in_folder()).await;
}

#[tokio::test]
async fn every_format_in_memory() {
    every_format(&in_memory()).await;
}

/// The same bytes are not kept twice.
#[tokio::test]
async fn a_clean_image_is_given_as_it_came() {
    let world = in_folder();
    let clean = rill_server::files::image::strip(Format::Jpeg, &making::encoded(making::picture(60, 40), Format::Jpeg));
    let file = clean.unwrap().bytes;
    let blob = world.sent(1, &file).await;
    let facts = world.render(blob, "a.jpg", "image/jpeg").await.unwrap();
    assert!(!facts.is_stripped);
    assert_eq!(facts.variant(blob, FileVariant::Original).unwrap().blob, blob);
    // No larger than its thumbnail, which is its preview.
    assert_eq!(facts.derived_blobs(blob.name).len(), 1);
    assert_eq!(facts.variant(blob, FileVariant::Preview), facts.variant(blob, FileVariant::Thumbnail));
}

#[tokio::test]
async fn what_is_no_image() {
    let world = in_memory();
    let check = async |number: u8, file: &[u8], name: &str, declared: &str, expected: &str| {
        let blob = world.sent(number, file).await;
        let facts = world.render(blob, name, declared).await.unwrap();
        assert_eq!(facts, world.render(blob, name, declared).await.unwrap());
        assert_eq!((facts.media_type.content_type(), &facts.image), (expected, &None), "{name}");
        assert_eq!(facts.variant(blob, FileVariant::Thumbnail), None);
        facts
    };
    check(1, b"", "empty", "image/png", "application/octet-stream").await;
    check(2, b"<svg onload='alert(1)'/>", "a.svg", "image/svg+xml", "application/octet-stream").await;
    check(3, "Grüße".as_bytes(), "a.txt", "text/plain", "text/plain; charset=utf-8").await;
    check(4, b"ID3\x04\0\0 a song", "a.mp3", "", "audio/mpeg").await;
    check(5, &[0x5A; 300_000], "a.bin", "video/mp4", "application/octet-stream").await;
    // What only begins as an image, and a polyglot, are downloads.
    check(6, b"\x89PNG\r\n\x1a\n<script>alert(1)</script>", "a.png", "image/png", "application/octet-stream").await;
    check(7, b"GIF89a=1;alert(1)//", "a.js", "text/javascript", "application/octet-stream").await;
}

#[tokio::test]
async fn an_image_that_cannot_be_shown_is_given_without_its_metadata() {
    let world = in_folder();
    let mut jpeg = making::jpeg_with_metadata(&making::encoded(making::picture(60, 40), Format::Jpeg), 6);
    let frame = jpeg.windows(4).position(|window| window == [0xFF, 0xC0, 0, 17]).unwrap();
    jpeg[frame + 5..frame + 9].fill(0xFF);
    let blob = world.sent(1, &jpeg).await;
    let facts = world.render(blob, "a.jpg", "image/jpeg").await.unwrap();
    assert_eq!((facts.media_type, facts.is_stripped), (MediaType::Unknown, true));
    let (bytes, _) = world.given(&facts, blob, FileVariant::Original).await;
    assert_eq!(facts.size, bytes.len() as u64);
    assert!(SECRETS.iter().all(|secret| !super::contains(&bytes, secret)));
    assert_eq!(world.render(blob, "a.jpg", "image/jpeg").await.unwrap(), facts);
}

#[tokio::test]
async fn one_that_is_too_long_is_not_looked_at() {
    let world = in_memory();
    let mut file = making::encoded(making::picture(60, 40), Format::Png);
    file.resize(IMAGE_BYTES_MAX + 1, 0);
    let blob = world.sent(1, &file).await;
    let facts = world.render(blob, "a.png", "image/png").await.unwrap();
    assert_eq!((facts.media_type, facts.size, facts.image), (MediaType::Unknown, blob.size, None));
}

/// The place takes the first blobs and not the last; when it does, what is there is found.
#[tokio::test]
async fn a_place_that_fails_in_the_middle() {
    let world = in_folder();
    let file = making::jpeg_with_metadata(&making::encoded(making::picture(1_600, 900), Format::Jpeg), 6);
    let blob = world.sent(1, &file).await;
    let last = world.path(Kind::Preview.name_of(blob.name));
    // A file where a folder is to be.
    let blocked = last.parent().unwrap();
    assert!(!blocked.exists());
    fs::write(blocked, "").unwrap();
    assert!(world.render(blob, "a.jpg", "image/jpeg").await.is_err());
    let first = world.path(Kind::Stripped.name_of(blob.name));
    let written = fs::read(&first).unwrap();
    fs::remove_file(blocked).unwrap();
    let facts = world.render(blob, "a.jpg", "image/jpeg").await.unwrap();
    assert_eq!(facts.derived_blobs(blob.name).len(), 3);
    assert_eq!(fs::read(&first).unwrap(), written);
    world.given(&facts, blob, FileVariant::Preview).await;
}

fn damage(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn a_blob_that_is_damaged_or_gone() {
    let world = in_folder();
    let file = making::encoded(making::picture(900, 700), Format::Bmp);
    let blob = world.sent(1, &file).await;
    let facts = world.render(blob, "a.bmp", "image/bmp").await.unwrap();
    // What was made of it is made again.
    for derived in facts.derived_blobs(blob.name) {
        let path = world.path(derived.name);
        let written = fs::read(&path).unwrap();
        damage(&path);
        assert_eq!(world.render(blob, "a.bmp", "image/bmp").await.unwrap(), facts);
        assert_eq!(fs::read(&path).unwrap(), written);
    }
    damage(&world.path(blob.name));
    let error = world.render(blob, "a.bmp", "image/bmp").await.unwrap_err();
    assert!(matches!(&error, StoreError::BlobDamaged { name, .. } if *name == blob.name), "{error}");
    fs::remove_file(world.path(blob.name)).unwrap();
    let error = world.render(blob, "a.bmp", "image/bmp").await.unwrap_err();
    assert!(matches!(&error, StoreError::BlobMissing { name } if *name == blob.name), "{error}");
}

/// A server that made its pictures in another way left one: others get that of the facts.
#[tokio::test]
async fn another_blob_of_the_same_name_gives_way() {
    for world in [in_folder(), in_memory()] {
        let blob = world.sent(1, &making::encoded(making::picture(60, 40), Format::Jpeg)).await;
        let name = Kind::Thumbnail.name_of(blob.name);
        for bytes in [&b"an older one"[..], &[7; 200_000]] {
            let old = Blob { name, size: bytes.len() as u64 };
            world.blobs.remove(&name).await.unwrap();
            let mut staged = world.blobs.stage(old, &Progress::default()).await.unwrap();
            staged.write(bytes.to_vec().into()).await.unwrap();
            staged.finish(blake3::hash(bytes)).await.unwrap();
            let facts = world.render(blob, "a.jpg", "image/jpeg").await.unwrap();
            let (thumbnail, _) = world.given(&facts, blob, FileVariant::Thumbnail).await;
            assert_eq!(Format::sniff(&thumbnail), Some(Format::Jpeg));
        }
    }
}

/// While the thread is busy, as many wait as may; the others are told to come again.
#[tokio::test]
async fn past_the_bound_nobody_waits() {
    let images = Arc::new(Images::default());
    let World { blobs, .. } = in_memory();
    let world = World { renderer: Renderer::new(blobs.clone(), images.clone()), blobs, folder: None };
    let file = making::encoded(making::picture(200, 100), Format::Png);
    let places = RENDERS_AT_ONCE + IMAGES_WAITING_MAX;
    let mut sent = Vec::new();
    for number in 0..places + 6 {
        sent.push(world.sent(number as u8, &file).await);
    }
    let (release, released) = mpsc::sync_channel::<()>(0);
    let open = move || {
        let _ = released.recv();
        Ok(&b"text"[..])
    };
    let mut before = Box::pin(images.look(open, 4));
    assert!(futures_util::poll!(&mut before).is_pending());
    let mut renders: FuturesUnordered<_> = sent.iter().map(|blob| world.render(*blob, "a.png", "image/png")).collect();
    for _ in 0..6 {
        assert!(matches!(renders.next().await, Some(Err(StoreError::Busy))));
    }
    drop(release);
    before.await.unwrap();
    let mut made = 0;
    while let Some(facts) = renders.next().await {
        assert_eq!(facts.unwrap().media_type, MediaType::Image(Format::Png));
        made += 1;
    }
    assert_eq!(made, places);
}
