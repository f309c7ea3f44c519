//! Messages that go, and their files with them: what a deletion of a message calls.

use bytes::Bytes;
use rill_server::files::service::{Begun, FileError, NewUpload, Settled};

use crate::{
    client::random,
    stopped::{Bare, LENGTH, MINUTE_MS},
};

async fn send(bare: &Bare, new: NewUpload, bytes: &Bytes) -> Settled {
    let Begun::Going(mut upload) = bare.files.begin(bare.user, new).await.unwrap() else { panic!("bytes are wanted") };
    upload.write(bytes.clone()).await.unwrap();
    upload.finish(*blake3::hash(bytes).as_bytes()).await.unwrap()
}

async fn forget(bare: &Bare, file: &Settled) {
    // Also if it is done once more.
    for _ in 0..2 {
        bare.files.forget(bare.user, (bare.room, file.seq), &file.file).await.unwrap();
    }
}

#[tokio::test]
async fn with_the_last_message_the_bytes_go() {
    let bare = Bare::new().await;
    let (bytes, other) = (random(LENGTH), random(100));
    let (first, second) = (bare.told(&bytes), bare.told(&bytes));
    let first = send(&bare, first, &bytes).await;
    let second = send(&bare, second, &bytes).await;
    let third = send(&bare, bare.told(&other), &other).await;
    // Of two blobs with the same bytes one is spent.
    bare.sweep_after(MINUTE_MS).await;
    assert_eq!(bare.blob_files(), 2);
    let kept = async || bare.store.transfers.kept(bare.user).await.unwrap();
    assert_eq!(kept().await, 2 * LENGTH as u64 + 100);
    forget(&bare, &first).await;
    assert_eq!((bare.blob_files(), kept().await), (2, LENGTH as u64 + 100));
    assert!(bare.read(second.seq).await.unwrap() == bytes);
    forget(&bare, &second).await;
    assert_eq!((bare.blob_files(), kept().await), (1, 100));
    assert!(matches!(bare.read(second.seq).await, Err(FileError::Damaged(_))), "its message is still there");
    // No sweep takes what is left, and the same bytes come in again.
    bare.sweep_after(48 * 60 * MINUTE_MS).await;
    assert!(bare.read(third.seq).await.unwrap() == other);
    let again = send(&bare, bare.told(&bytes), &bytes).await;
    assert!(bare.read(again.seq).await.unwrap() == bytes);
}

#[tokio::test]
async fn what_is_still_on_its_way_ends() {
    let (bare, bytes) = (Bare::new().await, random(LENGTH));
    let new = bare.told(&bytes);
    let Begun::Going(mut upload) = bare.files.begin(bare.user, new.clone()).await.unwrap() else { panic!("wanted") };
    upload.write(bytes.slice(..LENGTH / 2)).await.unwrap();
    let (epoch, seq) = upload.message();
    upload.suspend().await.unwrap();
    let file = bare.attached(seq).await;
    forget(&bare, &Settled { epoch, seq, file }).await;
    assert_eq!((bare.blob_files(), bare.store.transfers.list(bare.user).await.unwrap().len()), (0, 0));
    assert_eq!(bare.files.begin(bare.user, new).await.err().unwrap().code().name(), "message_removed");
}
