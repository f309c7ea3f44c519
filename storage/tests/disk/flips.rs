//! Bytes of the engine's file flipped and cut, all over it: the store says which file and
//! what to do, or it opens and answers; nothing panics through and nobody waits for ever.

use crate::{
    files::{open, options},
    played::{appended, live, post, room},
};
use rill_storage::{StoreError, embedded};
use std::{fs, path::Path, sync::mpsc::sync_channel, thread, time::Duration};

const PATIENCE: Duration = Duration::from_secs(60);
/// Places in the file.
const PLACES: usize = 24;

/// Opens, reads, writes and closes. What it is told, and never a panic.
fn used(path: &Path) -> Result<(), StoreError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let opened = embedded::open(options(path))?;
    let used = runtime.block_on(async {
        let store = &opened.store;
        store.directory.page(None, 100).await?;
        for number in 1..=2 {
            store.log.head(room(number)).await?;
            store.log.entries(room(number), 0, 100, 1 << 20).await?;
        }
        store.rooms.pending(100).await?;
        Ok(())
    });
    let closed = opened.handle.close();
    used.and(closed)
}

/// The words of what comes of it; the test fails if nothing does.
fn outcome(path: &Path) -> Option<String> {
    let (told, hear) = sync_channel(1);
    let path = path.to_owned();
    let at = path.clone();
    let using = thread::spawn(move || told.send(used(&at)));
    let outcome = hear.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    using.join().unwrap().unwrap();
    outcome.err().map(|error| error.to_string())
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copied(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[tokio::test]
async fn every_flip_and_cut_is_told_with_the_file_or_does_no_harm() {
    let directory = tempfile::tempdir().unwrap();
    let whole = directory.path().join("whole");
    let opened = open(&whole);
    live(&opened.store).await;
    for client in 100..200 {
        appended(&opened.store, 1, post(client, &"word ".repeat(100))).await;
    }
    opened.handle.close().unwrap();
    let bytes = fs::read(whole.join("sled/db")).unwrap();
    // The file is as long as the engine's segments; what was never written is zero.
    let length = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    let mut told = 0;
    for place in 0..PLACES {
        let at = length * place / PLACES;
        for cut in [false, true] {
            let path = directory.path().join(format!("{place}-{cut}"));
            copied(&whole, &path);
            let mut bytes = bytes.clone();
            if cut {
                bytes.truncate(at);
            } else {
                bytes[at] ^= 0x10;
            }
            fs::write(path.join("sled/db"), bytes).unwrap();
            if let Some(words) = outcome(&path) {
                told += 1;
                assert!(words.contains("damaged") || words.contains("without its data"), "{at} {cut}: {words}");
                assert!(words.contains("backup"), "{at} {cut}: {words}");
            }
            fs::remove_dir_all(path).unwrap();
        }
    }
    assert!(told > 0, "damage that nobody notices at all is none that was done");
}
