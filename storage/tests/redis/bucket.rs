//! Blobs in a bucket: of moto, an S3 server that `scripts/install-s3-server` puts below
//! target/. Where it is not these tests say so, and fail in CI.

use rill_redis_process::{Options, Server};
use rill_storage::{
    StoreError,
    blobs::{BlobName, BlobPlace, Blobs, S3Place},
    limits::SEGMENT_ENTRIES,
};
use std::{
    env,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
};

use crate::{
    archived::{KEEP_ENTRIES, POSTS, all, check, moved, node_at, say},
    rooms::begin,
};

const BUCKET: &str = "rill";

/// A server that ends with this value, or with the test's process.
struct Moto {
    shell: Child,
    address: String,
}

fn program() -> Option<PathBuf> {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/s3-server/bin/moto_server");
    let found = env::var_os("RILL_S3_SERVER").map(PathBuf::from).or_else(|| installed.exists().then_some(installed));
    if found.is_none() {
        assert!(env::var_os("CI").is_none(), "there is no S3 server: scripts/install-s3-server");
        eprintln!("NOT TESTED: there is no S3 server here; scripts/install-s3-server installs one");
    }
    found
}

impl Moto {
    fn start() -> Option<Self> {
        // The shell's input ends with its owner, however that ends.
        let script = "trap '' INT TERM HUP; exec 3<&0; \"$1\" -H 127.0.0.1 -p 0 </dev/null >/dev/null & id=$!; \
                      exec 2>/dev/null; cat <&3 >/dev/null; kill -9 $id";
        let mut command = Command::new("sh");
        command.args(["-c", script, "s3"]).arg(program()?).stdin(Stdio::piped()).stderr(Stdio::piped());
        let mut shell = command.spawn().unwrap();
        let mut lines = BufReader::new(shell.stderr.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.unwrap();
            let (_, port) = line.split_once("Running on http://127.0.0.1:")?;
            Some(port.trim().to_owned())
        });
        // What it says of each request is not wanted, but must be taken.
        thread::spawn(move || lines.for_each(drop));
        let moto = Self { shell, address: format!("127.0.0.1:{}", port.expect("the S3 server starts")) };
        moto.make_bucket();
        Some(moto)
    }

    fn make_bucket(&self) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let request = format!(
            "PUT /{BUCKET} HTTP/1.1\r\nHost: {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            self.address
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    fn place(&self, bucket: &str) -> BlobPlace {
        BlobPlace::S3(S3Place {
            bucket: bucket.into(),
            endpoint: Some(format!("http://{}", self.address)),
            region: "us-east-1".into(),
            access_key_id: "key".into(),
            secret_access_key: "secret".into(),
        })
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        // Its end is the server's.
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blob_in_a_bucket_is_what_was_written_until_it_is_removed() {
    let Some(moto) = Moto::start() else { return };
    let blobs = Blobs::open(&moto.place(BUCKET)).unwrap();
    let name = |number| BlobName([number; 32]);
    assert_eq!(blobs.get(&name(1)).await.unwrap(), None);
    let long: Vec<u8> = (0..5_000_000).map(|at| (at % 251) as u8).collect();
    for content in [&long, &Vec::new(), &b"text".to_vec()] {
        blobs.put(&name(1), content).await.unwrap();
        blobs.put(&name(1), content).await.unwrap();
        assert!(blobs.get(&name(1)).await.unwrap().unwrap() == *content);
    }
    blobs.remove(&name(1)).await.unwrap();
    blobs.remove(&name(1)).await.unwrap();
    assert_eq!(blobs.get(&name(1)).await.unwrap(), None);

    let nowhere = Blobs::open(&moto.place("nowhere")).unwrap();
    let error = nowhere.put(&name(1), b"x").await.unwrap_err().to_string();
    assert!(error.contains("cannot be written") && error.contains("NoSuchBucket"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_parts_of_logs_lie_in_a_bucket_and_an_error_says_when_it_is_away() {
    let Some(moto) = Moto::start() else { return };
    let server = Server::start(&Options::default()).unwrap();
    let addresses = [server.url()];
    let node = node_at(&addresses, Some(moto.place(BUCKET))).await;
    begin(&node, 1).await;
    say(&node, 0..POSTS).await;
    moved(&server).await;
    let archived = node.handle.redis_statistics().archived_entries;
    assert!(archived >= POSTS - KEEP_ENTRIES - 2 * SEGMENT_ENTRIES, "{archived}");
    let other = node_at(&addresses, Some(moto.place(BUCKET))).await;
    let entries = all(&other, 400).await;
    assert!(entries.iter().map(|entry| entry.seq).eq(1..=POSTS + 2));
    entries.iter().for_each(|entry| check(&entry.body, entry.seq));

    // Nothing of it is remembered by a node that has not read it.
    let late = node_at(&addresses, Some(moto.place(BUCKET))).await;
    drop(moto);
    let error = late.store.log.entries(crate::rooms::ROOM, 10, 5, usize::MAX).await.unwrap_err();
    assert!(matches!(&error, StoreError::Blobs(text) if text.contains("cannot be read")), "{error:?}");
    assert_eq!(late.store.log.entries(crate::rooms::ROOM, POSTS, 5, usize::MAX).await.unwrap().len(), 2);
}
