//! The process that writes is killed at any moment: what it said was durable is there, and the
//! next one goes on to the same digest.

use rill_storage::blobs::{Finished, Progress};
use std::{
    env,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
};

use crate::{
    folder::open,
    suite::{CHUNK, PART, blob, content, feed, read},
};

const SIZE: u64 = 7 * PART + 12_345;
const KILLS: u64 = 24;
const FOLDER: &str = "RILL_TEST_KILLED_IN";
const NOTED: &str = "RILL_TEST_NOTED";

fn text(progress: &Progress) -> String {
    let values = progress.values.iter().map(|value| blake3::Hash::from_bytes(*value).to_hex().to_string());
    format!("{} {}", progress.durable, values.collect::<Vec<_>>().join(","))
}

fn parse(text: &str) -> Option<Progress> {
    let (durable, values) = text.split_once(' ')?;
    let values = values.split(',').filter(|value| !value.is_empty());
    let values = values.map(|value| Some(*blake3::Hash::from_hex(value).ok()?.as_bytes()));
    Some(Progress { durable: durable.parse().ok()?, values: values.collect::<Option<_>>()? })
}

/// Not a test by itself: what is killed. It writes a little, syncs, tells, and goes on.
#[tokio::test]
#[ignore = "the process that the test below kills"]
async fn writer() {
    let folder = env::var_os(FOLDER).expect("it is started by the test below");
    let noted = parse(&env::var(NOTED).unwrap()).unwrap();
    let content = content(1, SIZE);
    let mut staged = open(Path::new(&folder)).stage(blob(1, SIZE), &noted).await.unwrap();
    let mut out = std::io::stdout();
    while staged.offset() < SIZE {
        let until = (staged.offset() + 3 * CHUNK + 1).min(SIZE);
        feed(&mut staged, &content, until, 20_000).await;
        staged.sync();
        writeln!(out, "durable: {}", text(staged.progress().await.unwrap())).unwrap();
    }
}

#[tokio::test]
async fn killed_at_any_moment_it_goes_on_from_what_was_durable() {
    let folder = tempfile::tempdir().unwrap();
    let (content, blob) = (content(1, SIZE), blob(1, SIZE));
    let mut noted = vec![Progress::default()];
    for kill in 0..KILLS {
        // What a row would have: the last, or one that was written down a while ago.
        let known = &noted[noted.len().saturating_sub(1 + kill as usize % 3)];
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "killed::writer", "--ignored", "--nocapture", "--test-threads", "1"])
            .env(FOLDER, folder.path())
            .env(NOTED, text(known))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let tells = 1 + blake3::hash(&kill.to_le_bytes()).as_bytes()[0] as usize % 9;
        let told = lines.by_ref().map_while(Result::ok).filter_map(|line| {
            // The harness begins a line of its own.
            let (_, progress) = line.split_once("durable: ")?;
            Some(parse(progress).unwrap())
        });
        let told: Vec<_> = told.take(tells).collect();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(told.windows(2).all(|two| two[0].durable < two[1].durable));
        let before = noted.last().unwrap().durable;
        assert!(told.first().is_none_or(|first| first.durable >= before), "what was durable was not taken up");
        noted.extend(told);
        let durable = noted.last().unwrap().durable;
        let found = read(&open(folder.path()), blob, durable, 0..durable).await.unwrap();
        assert!(found == content[..durable as usize]);
    }
    assert!(noted.last().unwrap().durable > PART, "{:?}", noted.last());
    let mut staged = open(folder.path()).stage(blob, noted.last().unwrap()).await.unwrap();
    assert!(staged.offset() >= noted.last().unwrap().durable);
    feed(&mut staged, &content, SIZE, CHUNK).await;
    assert_eq!(staged.finish(blake3::hash(&content)).await.unwrap(), Finished::Whole);
    assert!(read(&open(folder.path()), blob, SIZE, 0..SIZE).await.unwrap() == content);
}
