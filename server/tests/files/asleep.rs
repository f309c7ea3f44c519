//! Who was to claim a blob sleeps for longer than it is waited for, while somebody else gives it up.
//! What they do when they wake comes to nothing, and leaves nothing: whether they find that out, or
//! stop before.

use bytes::Bytes;
use rill_protocol::Code;
use rill_server::files::service::{Begun, Cursors};
use rill_storage::{
    blobs::{Blob, Finished, Progress},
    model::{ContentKey, FileState, Offer, Reference},
    port::Claimed,
};

use crate::{
    client::random,
    stopped::{Bare, LENGTH, MINUTE_MS},
};

/// One that was finishing, and was given up: its blob is collected.
struct GivenUp {
    bare: Bare,
    bytes: Bytes,
    blob: Blob,
    content: ContentKey,
    seq: u64,
}

impl GivenUp {
    async fn new() -> Self {
        let (bare, bytes) = (Bare::new().await, random(LENGTH));
        let new = bare.told(&bytes);
        let Begun::Going(upload) = bare.files.begin(bare.user, new.clone()).await.unwrap() else { panic!("wanted") };
        let (_, seq) = upload.message();
        upload.suspend().await.unwrap();
        let digest = blake3::hash(&bytes);
        bare.store.transfers.finish(bare.user, new.transfer, *digest.as_bytes(), 0).await.unwrap();
        let row = bare.store.transfers.get(bare.user, new.transfer).await.unwrap().unwrap();
        bare.sweep_after(25 * 60 * MINUTE_MS).await;
        bare.files.sweep(&mut Cursors::default()).await.unwrap();
        assert_eq!(bare.attached(seq).await.state, FileState::Failed { code: Code::TransferEnded.number() });
        assert_eq!((bare.blob_files(), bare.store.transfers.list(bare.user).await.unwrap().len()), (0, 0));
        let size = row.size.to_le_bytes();
        let content = ContentKey(bare.store.digest("content", &[digest.as_bytes(), &size]).0);
        Self { blob: Blob { name: row.blob, size: row.size }, bare, bytes, content, seq }
    }

    /// What the one who slept does first.
    async fn wakes(&self) {
        let mut staged = self.bare.blobs.stage(self.blob, &Progress::default()).await.unwrap();
        staged.write(self.bytes.clone()).await.unwrap();
        assert_eq!(staged.finish(blake3::hash(&self.bytes)).await.unwrap(), Finished::Whole);
        assert_eq!(self.bare.blob_files(), 1);
    }
}

#[tokio::test]
async fn one_who_stops_before_the_claim_leaves_nothing() {
    let given_up = GivenUp::new().await;
    given_up.wakes().await;
    given_up.bare.sweep_after(61 * MINUTE_MS).await;
    assert_eq!(given_up.bare.blob_files(), 0);
}

#[tokio::test]
async fn one_whose_claim_is_refused_leaves_nothing() {
    let given_up = GivenUp::new().await;
    given_up.wakes().await;
    let GivenUp { bare, blob, content, seq, .. } = given_up;
    let offer = Offer { blob: blob.name, size: blob.size, facts: Vec::new() };
    let reference = Reference::Message { room: bare.room, seq };
    let claimed = bare.store.contents.claim(content, offer, reference, u64::MAX, 0).await.unwrap();
    assert_eq!(claimed, Claimed::Spent);
    bare.files.sweep(&mut Cursors::default()).await.unwrap();
    assert_eq!(bare.blob_files(), 0);
}
