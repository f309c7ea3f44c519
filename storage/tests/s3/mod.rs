//! moto, an S3 server that `scripts/install-s3-server` puts below target/. Where it is not
//! these tests say so, and fail in CI.

use rill_storage::blobs::{BlobPlace, S3Place};
use std::{
    env,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
};

pub(crate) const BUCKET: &str = "rill";

/// A server that ends with this value, or with the test's process.
pub(crate) struct Moto {
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
    pub(crate) fn start() -> Option<Self> {
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

    pub(crate) fn place(&self, bucket: &str) -> BlobPlace {
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
