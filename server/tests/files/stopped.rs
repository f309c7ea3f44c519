//! What a stop leaves between two steps of a finish, or a sender who never comes back: the
//! sweep finds it, and nothing stays behind.

use bytes::Bytes;
use rill_protocol::{ClientId, Code, RoomId, TransferId, UserId, message::FileVariant};
use rill_server::{
    config::{self, Registration},
    domain::{Domain, World},
    files::service::{Begun, Cursors, FileError, Files, NewUpload, Outside, Rules, Upload},
    memory::Memory,
    metrics::Metrics,
    runtime::{Entropy, SystemEntropy, Tasks},
};
use rill_storage::{
    Store,
    blobs::{Blob, BlobPlace, Blobs, Finished, Progress},
    embedded::{self, Handle, MemoryOptions},
    model::{Anchor, AttachedFile, FileState},
};
use std::{
    fs,
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
};
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::{
    client::random,
    meanwhile::{Meanwhile, When},
    server::{Later, fresh},
};

pub(crate) const LENGTH: usize = 300_000;
pub(crate) const MINUTE_MS: u64 = 60_000;

/// Files without a server around them.
pub(crate) struct Bare {
    pub(crate) store: Store,
    _handle: Handle,
    pub(crate) blobs: Blobs,
    config: config::Files,
    folder: TempDir,
    pub(crate) clock: Arc<Later>,
    tasks: Tasks,
    pub(crate) files: Arc<Files>,
    pub(crate) user: UserId,
    pub(crate) room: RoomId,
}

/// Files as one of several servers has them.
fn files_over(store: Store, blobs: &Blobs, clock: &Arc<Later>, tasks: &Tasks, config: &config::Files) -> Arc<Files> {
    let outside = Outside {
        store,
        blobs: blobs.clone(),
        clock: clock.clone(),
        entropy: Arc::new(SystemEntropy),
        tasks: tasks.clone(),
        metrics: Arc::default(),
    };
    Arc::new(Files::new(outside, Rules::from(config)))
}

impl Bare {
    pub(crate) async fn new() -> Self {
        Self::with(config::Files::default()).await
    }

    pub(crate) async fn with(config: config::Files) -> Self {
        let folder = TempDir::new().unwrap();
        let blobs = folder.path().join("blobs");
        Self::over(config, BlobPlace::Folder(blobs), folder).await
    }

    /// With the blobs in a place of their own.
    pub(crate) async fn over(config: config::Files, place: BlobPlace, folder: TempDir) -> Self {
        let opened = embedded::memory(MemoryOptions::new(Arc::new(|out: &mut [u8]| SystemEntropy.fill(out)))).unwrap();
        let store = opened.store;
        let blobs = Blobs::open(&place).unwrap();
        let (clock, tasks, metrics) = (Arc::<Later>::default(), Tasks::default(), Arc::<Metrics>::default());
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let domain = Domain::new(World {
            store: store.clone(),
            memory: Memory::alone(store.clone(), metrics),
            clock: clock.clone(),
            entropy,
            tasks: tasks.clone(),
            registration: Registration::Open,
        });
        let user = domain.accounts.register("mia", "correct horse", None, "test").await.unwrap().user.id;
        let room = domain.rooms.create(user, ClientId(fresh()), "files").await.unwrap().room.id;
        let files = files_over(store.clone(), &blobs, &clock, &tasks, &config);
        Self { store, _handle: opened.handle, blobs, config, folder, clock, tasks, files, user, room }
    }

    /// Another server of the same place, which has the store like this.
    pub(crate) fn beside(&self, store: Store) -> Arc<Files> {
        files_over(store, &self.blobs, &self.clock, &self.tasks, &self.config)
    }

    pub(crate) fn told(&self, bytes: &Bytes) -> NewUpload {
        NewUpload {
            transfer: TransferId(fresh()),
            room: self.room,
            client_id: ClientId(fresh()),
            name: "data.bin".into(),
            media_type: String::new(),
            size: bytes.len() as u64,
            text: String::new(),
            mentions: rill_storage::model::Mentions::default(),
            voice: None,
            digest: None,
        }
    }

    /// An upload to which all bytes have come, and which is not finished.
    async fn sent(&self, bytes: &Bytes) -> (TransferId, u64, Box<Upload>) {
        let new = self.told(bytes);
        let transfer = new.transfer;
        let Begun::Going(mut upload) = self.files.begin(self.user, new).await.unwrap() else { panic!("nobody has it") };
        upload.write(bytes.clone()).await.unwrap();
        (transfer, upload.message().1, upload)
    }

    pub(crate) async fn sweep_after(&self, ms: u64) {
        self.clock.ahead_ms.fetch_add(ms, Ordering::Relaxed);
        self.files.sweep(&mut Cursors::default()).await.unwrap();
    }

    /// What the log says of a message's file.
    pub(crate) async fn attached(&self, seq: u64) -> Arc<AttachedFile> {
        let page = self.store.log.messages(self.room, Anchor::Before(seq + 1), 1, 0).await.unwrap().unwrap();
        page.messages[0].file.clone().unwrap()
    }

    pub(crate) async fn read(&self, seq: u64) -> Result<Vec<u8>, FileError> {
        let readable = self.files.open(self.user, self.room, seq, FileVariant::Original).await?;
        let mut stream = readable.read(0..readable.available).await?;
        let mut bytes = Vec::new();
        while let Some(piece) = stream.next().await? {
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }

    fn blob_paths(&self) -> Vec<PathBuf> {
        let list = |folder: PathBuf| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        list(self.folder.path().join("blobs")).filter(|path| path.is_dir()).flat_map(list).collect()
    }

    pub(crate) fn blob_files(&self) -> usize {
        self.blob_paths().len()
    }
}

#[tokio::test]
async fn one_that_was_finishing_is_finished() {
    for is_published in [false, true] {
        let bare = Bare::new().await;
        let bytes = random(LENGTH);
        let (transfer, seq, upload) = bare.sent(&bytes).await;
        upload.suspend().await.unwrap();
        let digest = blake3::hash(&bytes);
        bare.store.transfers.finish(bare.user, transfer, *digest.as_bytes(), 0).await.unwrap();
        if is_published {
            let row = bare.store.transfers.get(bare.user, transfer).await.unwrap().unwrap();
            let blob = Blob { name: row.blob, size: row.size };
            let staged = bare.blobs.stage(blob, &Progress::default()).await.unwrap();
            assert_eq!(staged.finish(digest).await.unwrap(), Finished::Whole);
        }
        bare.sweep_after(MINUTE_MS).await;
        assert!(matches!(bare.read(seq).await, Err(FileError::NotReady) | Ok(_)));
        bare.sweep_after(10 * MINUTE_MS).await;
        assert!(bare.read(seq).await.unwrap() == bytes);
        // Its reference was confirmed: no later look takes it away.
        bare.sweep_after(48 * 60 * MINUTE_MS).await;
        assert!(bare.read(seq).await.unwrap() == bytes);
        assert_eq!((bare.blob_files(), bare.store.transfers.list(bare.user).await.unwrap().len()), (1, 0));
        assert_eq!(bare.store.transfers.kept(bare.user).await.unwrap(), LENGTH as u64);
    }
}

/// Its client was cut off while the server stopped, and asks what became of it.
#[tokio::test]
async fn one_that_was_finishing_is_finished_by_who_comes_back() {
    let (bare, bytes) = (Bare::new().await, random(LENGTH));
    let new = bare.told(&bytes);
    let Begun::Going(mut upload) = bare.files.begin(bare.user, new.clone()).await.unwrap() else { panic!("wanted") };
    upload.write(bytes.clone()).await.unwrap();
    let (_, seq) = upload.message();
    upload.suspend().await.unwrap();
    bare.store.transfers.finish(bare.user, new.transfer, *blake3::hash(&bytes).as_bytes(), 0).await.unwrap();
    let after = bare.beside(bare.store.clone());
    let Begun::Settled(settled) = after.begin(bare.user, new).await.unwrap() else { panic!("all is there") };
    assert_eq!(settled.seq, seq);
    assert!(bare.read(seq).await.unwrap() == bytes);
}

/// Its client was cut off behind the message, before the transfer says which one that is. Who goes
/// on may know the transfer alone.
#[tokio::test]
async fn one_that_was_announced_and_not_noted_fills_the_same_message_under_another_client_id() {
    let (bare, bytes) = (Bare::new().await, random(LENGTH));
    let new = bare.told(&bytes);
    let (comes, has_come) = oneshot::channel();
    let event = Box::pin(async move {
        comes.send(()).unwrap();
        std::future::pending::<()>().await;
    });
    let transfers = Meanwhile::new(bare.store.transfers.clone(), When::BeforeAnnounce, event);
    let stopped = bare.beside(Store { transfers, ..bare.store.clone() });
    tokio::select! {
        _ = stopped.begin(bare.user, new.clone()) => panic!("it goes no further"),
        come = has_come => come.unwrap(),
    }
    let row = bare.store.transfers.get(bare.user, new.transfer).await.unwrap().unwrap();
    assert_eq!(row.message, None);
    let again = NewUpload { client_id: ClientId(fresh()), ..new };
    let Begun::Going(mut upload) = bare.files.begin(bare.user, again).await.unwrap() else { panic!("wanted") };
    upload.write(bytes.clone()).await.unwrap();
    let settled = upload.finish(*blake3::hash(&bytes).as_bytes()).await.unwrap();
    assert!(bare.read(settled.seq).await.unwrap() == bytes);
    let page = bare.store.log.messages(bare.room, Anchor::Before(u64::MAX), 9, 0).await.unwrap().unwrap();
    let files = page.messages.iter().filter(|message| message.file.is_some());
    assert_eq!(files.map(|message| message.seq).collect::<Vec<_>>(), [settled.seq], "no other is left pending");
}

/// What lies there is not what came: nobody is left waiting for it until its time is over.
#[tokio::test]
async fn one_that_can_never_be_finished_has_failed() {
    let (bare, bytes) = (Bare::new().await, random(LENGTH));
    let (transfer, seq, upload) = bare.sent(&bytes).await;
    upload.suspend().await.unwrap();
    let digest = blake3::hash(&bytes);
    bare.store.transfers.finish(bare.user, transfer, *digest.as_bytes(), 0).await.unwrap();
    let row = bare.store.transfers.get(bare.user, transfer).await.unwrap().unwrap();
    let staged = bare.blobs.stage(Blob { name: row.blob, size: row.size }, &row.progress).await.unwrap();
    assert_eq!(staged.finish(digest).await.unwrap(), Finished::Whole);
    let [path] = &bare.blob_paths()[..] else { panic!("one blob") };
    let mut stored = fs::read(path).unwrap();
    stored[1_000] ^= 1;
    fs::write(path, stored).unwrap();
    bare.sweep_after(11 * MINUTE_MS).await;
    assert_eq!(bare.attached(seq).await.state, FileState::Failed { code: Code::FileDamaged.number() });
    assert!(matches!(bare.read(seq).await, Err(FileError::NoSuchFile)));
    assert_eq!((bare.blob_files(), bare.store.transfers.list(bare.user).await.unwrap().len()), (0, 0));
}

#[tokio::test]
async fn one_that_nobody_goes_on_with_leaves_nothing() {
    let bare = Bare::new().await;
    let (_, seq, upload) = bare.sent(&random(LENGTH)).await;
    // As when a connection's tasks are dropped: what has come is kept.
    drop(upload);
    bare.tasks.idle().await;
    assert!(bare.read(seq).await.unwrap().len() == LENGTH);
    bare.sweep_after(23 * 60 * MINUTE_MS).await;
    assert!(bare.read(seq).await.unwrap().len() == LENGTH);
    bare.sweep_after(2 * 60 * MINUTE_MS).await;
    assert!(matches!(bare.read(seq).await, Err(FileError::NoSuchFile)));
    assert_eq!((bare.blob_files(), bare.store.transfers.list(bare.user).await.unwrap().len()), (0, 0));
    assert_eq!(bare.store.transfers.kept(bare.user).await.unwrap(), 0);
}

#[tokio::test]
async fn one_that_another_server_has_completed_is_complete() {
    let (bare, bytes) = (Bare::new().await, random(LENGTH));
    let digest = *blake3::hash(&bytes).as_bytes();
    let (_, _, first) = bare.sent(&bytes).await;
    first.finish(digest).await.unwrap();
    let new = bare.told(&bytes);
    let Begun::Going(mut here) = bare.files.begin(bare.user, new.clone()).await.unwrap() else { panic!("no digest") };
    here.write(bytes.clone()).await.unwrap();
    let seq = here.message().1;
    let there = bare.beside(bare.store.clone());
    let again = NewUpload { digest: Some(digest), ..new };
    let Begun::Settled(settled) = there.begin(bare.user, again).await.unwrap() else { panic!("it is known") };
    let found = here.finish(digest).await.unwrap();
    assert_eq!((found.seq, &found.file), (seq, &settled.file));
    assert_eq!(bare.read(seq).await.unwrap(), bytes);
}
