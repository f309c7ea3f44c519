//! A sweep has looked at a transfer, and its client goes on with it at another server before its
//! turn has come: what the client was told stays true.

use bytes::Bytes;
use rill_protocol::UserId;
use rill_server::files::service::{Begun, Cursors, FileError, Files, NewUpload, Settled, Upload};
use rill_storage::{
    Store,
    blobs::{Blob, Finished},
    model::{FileState, Reference},
};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::time::timeout;

use crate::{
    client::random,
    meanwhile::{Event, Meanwhile, When},
    stopped::{Bare, LENGTH, MINUTE_MS},
};

/// Long enough for a busy machine, short enough for a test that fails.
const PATIENCE: Duration = Duration::from_secs(30);

async fn begin(files: &Arc<Files>, user: UserId, new: NewUpload) -> Box<Upload> {
    match files.begin(user, new).await.unwrap() {
        Begun::Going(upload) => upload,
        Begun::Settled(_) => panic!("bytes are wanted"),
    }
}

async fn send(files: Arc<Files>, user: UserId, new: NewUpload, bytes: Bytes) -> Settled {
    let mut upload = begin(&files, user, new).await;
    upload.write(bytes.slice(upload.offset() as usize..)).await.unwrap();
    upload.finish(*blake3::hash(&bytes).as_bytes()).await.unwrap()
}

/// A sweep of a server beside the client's, in the middle of which something happens.
async fn sweep_while(bare: &Bare, when: When, event: Event) {
    let transfers = Meanwhile::new(bare.store.transfers.clone(), when, event);
    let store = Store { transfers: transfers.clone(), ..bare.store.clone() };
    bare.beside(store).sweep(&mut Cursors::default()).await.unwrap();
    assert!(transfers.has_happened());
}

/// An upload of which some is there, and which nobody has gone on with for more than a day.
async fn forgotten(bare: &Bare, bytes: &Bytes) -> (NewUpload, u64) {
    let new = bare.told(bytes);
    let mut upload = begin(&bare.files, bare.user, new.clone()).await;
    upload.write(bytes.slice(..LENGTH / 2)).await.unwrap();
    let (_, seq) = upload.message();
    upload.suspend().await.unwrap();
    bare.clock.ahead_ms.fetch_add(25 * 60 * MINUTE_MS, Ordering::Relaxed);
    (new, seq)
}

#[tokio::test]
async fn one_that_is_finished_before_its_turn_keeps_its_bytes() {
    // Before the sweep looks at it once more, and after.
    for when in [When::AfterExpired, When::AfterGet] {
        let (bare, bytes) = (Bare::new().await, random(LENGTH));
        let (new, seq) = forgotten(&bare, &bytes).await;
        let sending = send(bare.files.clone(), bare.user, new, bytes.clone());
        sweep_while(&bare, when, Box::pin(async move { drop(sending.await) })).await;
        assert!(bare.read(seq).await.unwrap() == bytes);
        assert_eq!(bare.store.transfers.kept(bare.user).await.unwrap(), LENGTH as u64);
    }
}

#[tokio::test]
async fn one_that_is_begun_again_before_its_turn_goes_on() {
    let (bare, bytes) = (Bare::new().await, random(LENGTH));
    let (new, seq) = forgotten(&bare, &bytes).await;
    let (files, user, again) = (bare.files.clone(), bare.user, new.clone());
    let event = Box::pin(async move { begin(&files, user, again).await.suspend().await.unwrap() });
    sweep_while(&bare, When::AfterExpired, event).await;
    let upload = begin(&bare.files, bare.user, new.clone()).await;
    assert!(upload.offset() > 0, "what had come is there");
    upload.suspend().await.unwrap();
    // And so it is for the next sweep.
    bare.files.sweep(&mut Cursors::default()).await.unwrap();
    send(bare.files.clone(), bare.user, new, bytes.clone()).await;
    assert!(bare.read(seq).await.unwrap() == bytes);
}

#[tokio::test]
async fn a_reference_that_comes_true_between_two_looks_stays() {
    let (bare, bytes) = (Bare::new().await, random(LENGTH));
    let first = send(bare.files.clone(), bare.user, bare.told(&bytes), bytes.clone()).await;
    let FileState::Complete(complete) = &first.file.state else { panic!("it is complete") };
    let new = bare.told(&bytes);
    let upload = begin(&bare.files, bare.user, new.clone()).await;
    let reference = Reference::Message { room: bare.room, seq: upload.message().1 };
    upload.suspend().await.unwrap();
    // As of a claim that has taken long.
    bare.store.contents.refer(complete.content, reference, 1).await.unwrap().unwrap();
    let sending = send(bare.files.clone(), bare.user, new, bytes.clone());
    sweep_while(&bare, When::BeforeGet, Box::pin(async move { drop(sending.await) })).await;
    assert!(bare.store.contents.references(complete.content, 9).await.unwrap().contains(&reference));
}

#[tokio::test]
async fn who_goes_on_at_another_server_has_it_from_there_on() {
    let (bare, bytes) = (Bare::new().await, random(LENGTH));
    let new = bare.told(&bytes);
    let mut first = begin(&bare.files, bare.user, new.clone()).await;
    first.write(bytes.slice(..LENGTH / 2)).await.unwrap();
    let there = bare.beside(bare.store.clone());
    let going = send(there, bare.user, new.clone(), bytes.clone());
    // Nothing more comes to the first, whose client may be cut off without knowing.
    let stops = async {
        timeout(PATIENCE, first.taken()).await.expect("it is told");
        first.suspend().await
    };
    let (second, first) = tokio::join!(going, stops);
    assert!(matches!(first, Err(FileError::Taken)), "what it knows counts no more");
    assert!(bare.read(second.seq).await.unwrap() == bytes);
}

#[tokio::test]
async fn a_blob_that_was_to_be_claimed_goes_if_another_took_its_place_and_nobody_came_back() {
    let (bare, bytes) = (Bare::new().await, random(LENGTH));
    send(bare.files.clone(), bare.user, bare.told(&bytes), bytes.clone()).await;
    let new = bare.told(&bytes);
    let mut upload = begin(&bare.files, bare.user, new.clone()).await;
    upload.write(bytes.clone()).await.unwrap();
    let (_, seq) = upload.message();
    upload.suspend().await.unwrap();
    // While another server has read that it is open, one puts its blob into its place, and stops.
    let digest = blake3::hash(&bytes);
    let (store, blobs, user, transfer) = (bare.store.clone(), bare.blobs.clone(), bare.user, new.transfer);
    let event = Box::pin(async move {
        store.transfers.finish(user, transfer, *digest.as_bytes(), 0).await.unwrap();
        let row = store.transfers.get(user, transfer).await.unwrap().unwrap();
        let staged = blobs.stage(Blob { name: row.blob, size: row.size }, &row.progress).await.unwrap();
        assert_eq!(staged.finish(digest).await.unwrap(), Finished::Whole);
    });
    let transfers = Meanwhile::new(bare.store.transfers.clone(), When::AfterGet, event);
    let there = bare.beside(Store { transfers, ..bare.store.clone() });
    let again = NewUpload { digest: Some(*digest.as_bytes()), ..new };
    assert!(matches!(there.begin(bare.user, again).await, Ok(Begun::Settled(settled)) if settled.seq == seq));
    assert_eq!(bare.blob_files(), 1, "the same bytes lie there once");
    assert!(bare.read(seq).await.unwrap() == bytes);
}
