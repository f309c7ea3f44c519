//! What a blob that grows must do wherever it lies.

use bytes::Bytes;
use rill_storage::{
    StoreError,
    blobs::{Blob, BlobName, Blobs, CHUNK_BYTES, Finished, Progress, Staged},
    limits::BLOB_PART_BYTES,
};
use std::ops::Range;

pub(crate) const CHUNK: u64 = CHUNK_BYTES as u64;
pub(crate) const PART: u64 = BLOB_PART_BYTES;

/// Bytes that look random and are the same for the same number.
pub(crate) fn content(number: u64, length: u64) -> Bytes {
    let mut content = vec![0; length as usize];
    blake3::Hasher::new().update(&number.to_le_bytes()).finalize_xof().fill(&mut content);
    content.into()
}

pub(crate) fn blob(number: u64, size: u64) -> Blob {
    let mut name = *blake3::hash(&number.to_le_bytes()).as_bytes();
    name[..8].copy_from_slice(&number.to_be_bytes());
    Blob { name: BlobName(name), size }
}

/// Gives what is still missing up to there, in pieces that keep to no edge.
pub(crate) async fn feed(staged: &mut Staged, content: &Bytes, until: u64, piece: u64) {
    while staged.offset() < until {
        let from = staged.offset();
        let to = (from + piece).min(until);
        staged.write(content.slice(from as usize..to as usize)).await.unwrap();
    }
}

/// A range as it is read, in pieces that are none too large.
pub(crate) async fn read(blobs: &Blobs, blob: Blob, durable: u64, range: Range<u64>) -> Result<Vec<u8>, StoreError> {
    let mut stream = blobs.read(blob, durable, range.clone()).await?;
    let mut read = Vec::new();
    while let Some(piece) = stream.next().await? {
        assert!(!piece.is_empty() && piece.len() <= CHUNK_BYTES);
        read.extend_from_slice(&piece);
        assert_eq!(stream.left(), range.end - range.start - read.len() as u64);
    }
    Ok(read)
}

async fn finished(blobs: &Blobs, number: u64, content: &Bytes) -> Blob {
    let blob = blob(number, content.len() as u64);
    let mut staged = blobs.stage(blob, &Progress::default()).await.unwrap();
    feed(&mut staged, content, blob.size, 50_000).await;
    assert_eq!(staged.finish(blake3::hash(content)).await.unwrap(), Finished::Whole);
    blob
}

/// Blobs of every length around the edges, and ranges of them.
pub(crate) async fn what_was_written_is_read_by_any_range(blobs: &Blobs) {
    let lengths = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, PART - 1, PART, PART + 1, 2 * PART, 2 * PART + 7];
    for (number, length) in (0..).zip(lengths) {
        let content = content(number, length);
        let blob = finished(blobs, number, &content).await;
        let edges = [0, 1, CHUNK - 1, CHUNK, CHUNK + 5, PART - 1, PART, PART + CHUNK + 1, length / 2, length];
        for from in edges {
            for to in edges {
                if from > to || to > length {
                    let error = read(blobs, blob, blob.size, from..to).await.unwrap_err();
                    assert!(matches!(error, StoreError::BlobBounds { .. }), "{from}..{to} of {length}: {error}");
                    continue;
                }
                let found = read(blobs, blob, blob.size, from..to).await.unwrap();
                assert!(found == content[from as usize..to as usize], "{from}..{to} of {length}");
            }
        }
        // Staged again it is all there, and finished again it is the same.
        let staged = blobs.stage(blob, &Progress::default()).await.unwrap();
        assert_eq!((staged.offset(), staged.known().durable), (length, length));
        assert_eq!(staged.finish(blake3::hash(&content)).await.unwrap(), Finished::Whole);
        blobs.remove(&blob.name).await.unwrap();
        blobs.remove(&blob.name).await.unwrap();
        if length > 0 {
            let error = read(blobs, blob, blob.size, 0..1).await.unwrap_err();
            assert!(matches!(error, StoreError::BlobMissing { name } if name == blob.name), "{error}");
        }
    }
}

/// Cut at any byte, it goes on from what was durable: with what was noted, with what was noted
/// earlier, and with nothing noted, from another opening of the place.
pub(crate) async fn it_goes_on_after_a_cut_at_any_byte(open: impl Fn() -> Blobs) {
    let size = 2 * PART + 3 * CHUNK + 11;
    let content = content(50, size);
    let cuts = [
        1,
        CHUNK - 1,
        CHUNK,
        5 * CHUNK + 3,
        PART - 1,
        PART,
        PART + 1,
        PART + CHUNK,
        2 * PART + CHUNK + 1,
        size - 1,
        size,
    ];
    for (number, first) in (100..).zip(cuts) {
        let blob = blob(number, size);
        let mut noted = vec![Progress::default()];
        for cut in [first, first + (size - first) / 2] {
            let blobs = open();
            let mut staged = blobs.stage(blob, noted.last().unwrap()).await.unwrap();
            assert_eq!(staged.offset(), noted.last().unwrap().durable);
            feed(&mut staged, &content, cut, 33_333).await;
            let progress = staged.suspend().await.unwrap();
            let whole = if cut == size { size } else { cut / CHUNK * CHUNK };
            assert_eq!(progress.durable, whole, "cut at {cut}");
            assert!(progress.values.len() <= 3, "{}", progress.values.len());
            // What is durable can be read at once, and no more.
            assert!(read(&blobs, blob, whole, 0..whole).await.unwrap() == content[..whole as usize]);
            let error = read(&blobs, blob, whole, 0..whole + 1).await.unwrap_err();
            assert!(
                matches!(error, StoreError::BlobBounds { bytes, until, .. } if (bytes, until) == (whole, whole + 1))
            );
            noted.push(progress);
        }
        let noted = &noted[number as usize % noted.len()];
        let mut staged = open().stage(blob, noted).await.unwrap();
        assert!(staged.offset() + CHUNK > noted.durable);
        feed(&mut staged, &content, size, 200_001).await;
        assert_eq!(staged.finish(blake3::hash(&content)).await.unwrap(), Finished::Whole);
        assert!(read(&open(), blob, size, 0..size).await.unwrap() == content);
    }
}

/// Too many bytes, too few, and others than were promised.
pub(crate) async fn a_size_or_digest_that_was_wrong_is_told(blobs: &Blobs) {
    let (blob, all) = (blob(200, 2 * CHUNK), content(200, 2 * CHUNK));
    let mut staged = blobs.stage(blob, &Progress::default()).await.unwrap();
    feed(&mut staged, &all, CHUNK + 1, 10_000).await;
    let error = staged.write(content(1, CHUNK)).await.unwrap_err();
    assert!(matches!(error, StoreError::BlobBounds { .. }), "{error}");
    assert_eq!(staged.offset(), CHUNK + 1, "nothing of it was taken");
    let error = staged.finish(blake3::hash(&all)).await.unwrap_err();
    assert!(matches!(error, StoreError::BlobBounds { .. }), "{error}");

    let mut staged = blobs.stage(blob, &Progress::default()).await.unwrap();
    feed(&mut staged, &all, 2 * CHUNK, CHUNK).await;
    let other = blake3::hash(b"something else");
    assert_eq!(staged.finish(other).await.unwrap(), Finished::Other(blake3::hash(&all)));
    // It is not for whoever was told so to remove it: somebody else may have finished it.
    let mut staged = blobs.stage(blob, &Progress::default()).await.unwrap();
    feed(&mut staged, &all, 2 * CHUNK, CHUNK).await;
    assert_eq!(staged.finish(blake3::hash(&all)).await.unwrap(), Finished::Whole);
    let staged = blobs.stage(blob, &Progress::default()).await.unwrap();
    assert_eq!(staged.finish(other).await.unwrap(), Finished::Other(blake3::hash(&all)));
    assert!(read(blobs, blob, blob.size, 0..blob.size).await.unwrap() == all);
    blobs.remove(&blob.name).await.unwrap();
    let error = read(blobs, blob, blob.size, 0..1).await.unwrap_err();
    assert!(matches!(error, StoreError::BlobMissing { .. }), "{error}");
}

/// What is on its way becomes durable while more is written, and tells so.
pub(crate) async fn progress_is_told_while_more_is_written(blobs: &Blobs) {
    let size = 6 * PART;
    let (blob, content) = (blob(300, size), content(300, size));
    let mut staged = blobs.stage(blob, &Progress::default()).await.unwrap();
    let mut told = Vec::new();
    while staged.offset() < size {
        let until = staged.offset() + PART;
        feed(&mut staged, &content, until, CHUNK).await;
        staged.sync();
        let progress = staged.progress().await.unwrap();
        assert_eq!(progress.durable % CHUNK, 0);
        told.push(progress.durable);
    }
    assert!(told.is_sorted() && told.windows(2).all(|two| two[0] < two[1]) && told.len() == 6, "{told:?}");
    assert!(*told.last().unwrap() >= 5 * PART);
    assert_eq!(staged.finish(blake3::hash(&content)).await.unwrap(), Finished::Whole);
    blobs.remove(&blob.name).await.unwrap();
}

/// Removed in the middle, nothing is left of it.
pub(crate) async fn an_unfinished_one_is_removed(blobs: &Blobs) {
    let size = 2 * PART;
    let (blob, content) = (blob(400, size), content(400, size));
    let mut staged = blobs.stage(blob, &Progress::default()).await.unwrap();
    feed(&mut staged, &content, PART + 3 * CHUNK, CHUNK).await;
    let noted = staged.suspend().await.unwrap();
    blobs.remove(&blob.name).await.unwrap();
    let error = read(blobs, blob, noted.durable, 0..1).await.unwrap_err();
    assert!(matches!(error, StoreError::BlobMissing { .. }), "{error}");
    let staged = blobs.stage(blob, &Progress::default()).await.unwrap();
    assert_eq!(staged.offset(), 0);
    drop(staged);
    blobs.remove(&blob.name).await.unwrap();
}
