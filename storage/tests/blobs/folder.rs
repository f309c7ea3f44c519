//! A folder: what lies in it, damage to it, and who may write.

use rill_storage::{
    StoreError,
    blobs::{Blob, BlobPlace, Blobs, Finished, Progress},
};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

use crate::suite::{self, CHUNK, PART, blob, content, feed, read};

/// Bytes of a whole chunk in a file.
const SEALED: u64 = CHUNK + 13;
const MAGIC: u64 = 8;

pub(crate) fn open(folder: &Path) -> Blobs {
    Blobs::open(&BlobPlace::Folder(folder.to_owned())).unwrap()
}

fn folder() -> (TempDir, Blobs) {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path());
    (folder, blobs)
}

fn staged_file(folder: &Path, blob: Blob) -> PathBuf {
    folder.join("staging").join(blob.name.to_string())
}

fn finished_file(folder: &Path, blob: Blob) -> PathBuf {
    let name = blob.name.to_string();
    folder.join(&name[..2]).join(&name[2..])
}

#[tokio::test]
async fn what_was_written_is_read_by_any_range() {
    let (_folder, blobs) = folder();
    suite::what_was_written_is_read_by_any_range(&blobs).await;
}

#[tokio::test]
async fn it_goes_on_after_a_cut_at_any_byte() {
    let folder = tempfile::tempdir().unwrap();
    suite::it_goes_on_after_a_cut_at_any_byte(|| open(folder.path())).await;
}

#[tokio::test]
async fn a_size_or_digest_that_was_wrong_is_told() {
    let (folder, blobs) = folder();
    suite::a_size_or_digest_that_was_wrong_is_told(&blobs).await;
    assert_eq!(fs::read_dir(folder.path().join("staging")).unwrap().count(), 0, "nothing is left");
}

#[tokio::test]
async fn progress_is_told_while_more_is_written() {
    let (_folder, blobs) = folder();
    suite::progress_is_told_while_more_is_written(&blobs).await;
}

#[tokio::test]
async fn an_unfinished_one_is_removed() {
    let (folder, blobs) = folder();
    suite::an_unfinished_one_is_removed(&blobs).await;
    assert_eq!(fs::read_dir(folder.path().join("staging")).unwrap().count(), 0);
}

/// A file of which so many bytes were written and made durable, without an owner.
async fn suspended(blobs: &Blobs, blob: Blob, content: &bytes::Bytes, until: u64) -> Progress {
    let mut staged = blobs.stage(blob, &Progress::default()).await.unwrap();
    feed(&mut staged, content, until, CHUNK).await;
    staged.suspend().await.unwrap()
}

#[tokio::test]
async fn a_torn_end_is_cut_off_and_what_is_before_it_counts() {
    let (folder, blobs) = folder();
    let size = PART + 10 * CHUNK;
    let content = content(1, size);
    // Where a file is cut, and how many chunks are whole then; some before a noted part's end.
    let cuts = [
        (0, 0),
        (7, 0),
        (MAGIC, 0),
        (MAGIC + 1, 0),
        (MAGIC + SEALED - 1, 0),
        (MAGIC + SEALED, 1),
        (MAGIC + 3 * SEALED + 4, 3),
        (MAGIC + 64 * SEALED - 1, 63),
        (MAGIC + 64 * SEALED, 64),
        (MAGIC + 66 * SEALED + 100, 66),
    ];
    for (number, (length, chunks)) in (0..).zip(cuts) {
        let blob = blob(number, size);
        let noted = suspended(&blobs, blob, &content, PART + 5 * CHUNK).await;
        let file = fs::File::options().write(true).open(staged_file(folder.path(), blob)).unwrap();
        file.set_len(length).unwrap();
        let mut staged = blobs.stage(blob, &noted).await.unwrap();
        assert_eq!((staged.offset(), staged.known().durable), (chunks * CHUNK, chunks * CHUNK), "cut at {length}");
        feed(&mut staged, &content, size, CHUNK).await;
        assert_eq!(staged.finish(blake3::hash(&content)).await.unwrap(), Finished::Whole);
        assert!(read(&blobs, blob, size, 0..size).await.unwrap() == content);
    }
}

#[tokio::test]
async fn a_chunk_that_does_not_open_ends_what_is_taken_up() {
    let (folder, blobs) = folder();
    let size = 20 * CHUNK;
    let (blob, content) = (blob(1, size), content(1, size));
    suspended(&blobs, blob, &content, 15 * CHUNK).await;
    flip(&staged_file(folder.path(), blob), MAGIC + 7 * SEALED + 500);
    let mut staged = blobs.stage(blob, &Progress::default()).await.unwrap();
    assert_eq!(staged.offset(), 7 * CHUNK);
    feed(&mut staged, &content, size, CHUNK).await;
    assert_eq!(staged.finish(blake3::hash(&content)).await.unwrap(), Finished::Whole);
    assert!(read(&blobs, blob, size, 0..size).await.unwrap() == content);
}

fn flip(file: &Path, at: u64) {
    let mut bytes = fs::read(file).unwrap();
    bytes[at as usize] ^= 1;
    fs::write(file, bytes).unwrap();
}

#[tokio::test]
async fn damage_is_told_where_it_is_and_nowhere_else() {
    let (folder, blobs) = folder();
    let size = 40 * CHUNK + 100;
    let (blob, content) = (blob(1, size), content(1, size));
    let mut staged = blobs.stage(blob, &Progress::default()).await.unwrap();
    feed(&mut staged, &content, size, CHUNK).await;
    staged.finish(blake3::hash(&content)).await.unwrap();
    let file = finished_file(folder.path(), blob);
    let whole = fs::read(&file).unwrap();
    assert_eq!(whole.len() as u64, MAGIC + 40 * SEALED + 113);

    // Header, payload and checksum of chunk 30.
    for at in [0, 5, 30_000, SEALED - 1] {
        flip(&file, MAGIC + 30 * SEALED + at);
        let error = read(&blobs, blob, size, 29 * CHUNK..31 * CHUNK).await.unwrap_err();
        let StoreError::BlobDamaged { name, detail } = &error else { panic!("{error}") };
        assert!(*name == blob.name && detail.contains("30"), "{error}");
        assert!(error.to_string().contains("restore it from a backup"), "{error}");
        for good in [0..30 * CHUNK, 31 * CHUNK..size] {
            assert!(
                read(&blobs, blob, size, good.clone()).await.unwrap()
                    == content[good.start as usize..good.end as usize]
            );
        }
        // What came before it is right.
        let mut stream = blobs.read(blob, size, 0..size).await.unwrap();
        let mut seen = 0;
        while let Ok(Some(piece)) = stream.next().await {
            assert!(piece == content[seen..seen + piece.len()]);
            seen += piece.len();
        }
        assert!(seen as u64 <= 30 * CHUNK);
        fs::write(&file, &whole).unwrap();
    }
    // A finished one is not taken up with a hole.
    flip(&file, MAGIC + 3 * SEALED + 9);
    let Err(error) = blobs.stage(blob, &Progress::default()).await else { panic!("it was taken up") };
    assert!(matches!(error, StoreError::BlobDamaged { .. }), "{error}");
    fs::write(&file, &whole[..whole.len() - 1]).unwrap();
    let error = read(&blobs, blob, size, size - 1..size).await.unwrap_err();
    assert!(matches!(error, StoreError::BlobDamaged { .. }), "{error}");
    fs::remove_file(&file).unwrap();
    let error = read(&blobs, blob, size, 0..1).await.unwrap_err();
    assert!(matches!(error, StoreError::BlobMissing { .. }) && error.to_string().contains("restore"), "{error}");
}

#[tokio::test]
async fn of_two_who_write_the_same_blob_the_second_is_refused_until_the_first_has_gone() {
    let (_folder, blobs) = folder();
    let (blob, content) = (blob(1, 3 * CHUNK), content(1, 3 * CHUNK));
    let mut first = blobs.stage(blob, &Progress::default()).await.unwrap();
    feed(&mut first, &content, CHUNK, CHUNK).await;
    let Err(error) = blobs.stage(blob, &Progress::default()).await else { panic!("two write") };
    assert!(matches!(error, StoreError::BlobInUse { .. }), "{error}");
    first.suspend().await.unwrap();
    assert_eq!(blobs.stage(blob, &Progress::default()).await.unwrap().offset(), CHUNK);
}

#[tokio::test]
async fn a_reader_keeps_what_it_reads_when_the_blob_is_finished_or_removed() {
    let (_folder, blobs) = folder();
    let size = 60 * CHUNK;
    let (blob, content) = (blob(1, size), content(1, size));
    let mut staged = blobs.stage(blob, &Progress::default()).await.unwrap();
    feed(&mut staged, &content, size, CHUNK).await;
    staged.suspend().await.unwrap();
    let mut early = blobs.read(blob, size, 0..size).await.unwrap();
    let staged = blobs.stage(blob, &Progress::default()).await.unwrap();
    staged.finish(blake3::hash(&content)).await.unwrap();
    let mut late = blobs.read(blob, size, 0..size).await.unwrap();
    blobs.remove(&blob.name).await.unwrap();
    for stream in [&mut early, &mut late] {
        let mut seen = 0;
        while let Some(piece) = stream.next().await.unwrap() {
            assert!(piece == content[seen..seen + piece.len()]);
            seen += piece.len();
        }
        assert_eq!(seen as u64, size);
    }
}
