//! A process that has no file handle left. The limit is the process's, so the test runs
//! itself once more, with the limit.

use rill_storage::StoreError;
use std::{
    env,
    fs::File,
    path::Path,
    process::{Command, Stdio},
};

use crate::{
    files::open,
    played::{appended, new_room, post, room},
};

const DIRECTORY: &str = "RILL_TEST_WITHOUT_FILE_HANDLES";
const HANDLES: u64 = 256;

#[test]
fn without_file_handles_nothing_that_was_acknowledged_is_lost_and_nothing_panics() {
    if let Some(directory) = env::var_os(DIRECTORY) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        return runtime.block_on(starve(Path::new(&directory)));
    }
    let directory = tempfile::tempdir().unwrap();
    let name = "file_handles::without_file_handles_nothing_that_was_acknowledged_is_lost_and_nothing_panics";
    let starved = Command::new(env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(DIRECTORY, directory.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&starved.stderr).into_owned() + &String::from_utf8_lossy(&starved.stdout);
    assert!(starved.status.success() && said.contains("1 passed"), "{said}");
}

async fn starve(directory: &Path) {
    let limit = rustix::process::Rlimit { current: Some(HANDLES), maximum: Some(HANDLES) };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, limit).unwrap();
    let opened = open(directory);
    opened.store.rooms.create(new_room(1)).await.unwrap();
    appended(&opened.store, 1, post(0, "before")).await;

    let mut taken = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        taken.push(file);
    }
    let text = "x".repeat(16_000);
    let mut acknowledged = Vec::new();
    // More than a generation of the journal, which then wants a file of its own.
    for number in 1..=1_200 {
        match opened.store.log.append(room(1), post(number, &text)).await {
            Ok(made) => acknowledged.push((number, made.unwrap().entry.seq)),
            Err(StoreError::Engine(_) | StoreError::Full) => break,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(acknowledged.len() > 900, "{} were taken", acknowledged.len());
    drop(taken);
    // A store that failed says so when it is closed; what it took is there all the same.
    let _ = opened.handle.close();

    let opened = open(directory);
    for (number, seq) in acknowledged {
        let found = opened.store.log.entries(room(1), seq - 1, 1, usize::MAX).await.unwrap();
        assert_eq!(found.first().map(|entry| entry.seq), Some(seq), "post {number}");
    }
    let checked = opened.handle.check(|_| {}).unwrap();
    assert!(checked.findings.is_empty(), "{:?}", checked.findings);
    opened.handle.close().unwrap();
}
