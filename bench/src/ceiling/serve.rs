//! The peer's side: one errand a pipe.

use anyhow::{Context, bail};
use bytes::{Bytes, BytesMut};
use rill_client::TransportKind;
use std::{io::Write, path::PathBuf};
use tokio::io::AsyncReadExt;

use super::{
    disk,
    pipe::{Door, Pipe},
};

/// What is wanted, and how many bytes of it; in that order on the pipe.
pub(super) const REQUEST_BYTES: usize = 9;
/// The peer writes what comes.
pub(super) const UP: u8 = b'u';
/// The peer sends its source.
pub(super) const DOWN: u8 = b'd';
/// The peer drops what comes.
pub(super) const DISCARD: u8 = b'x';
/// In the directory: what is sent, and where what comes goes.
pub(super) const SOURCE: &str = "source";
const ARRIVED: &str = "arrived";

/// Serves until stdin ends, and tells its address on stdout.
pub(super) async fn run(kind: TransportKind, directory: PathBuf) -> anyhow::Result<()> {
    let (door, address) = Door::open(kind).await?;
    println!("{address}");
    std::io::stdout().flush()?;
    let mut stdin = tokio::io::stdin();
    let mut rest = [0; 1];
    loop {
        tokio::select! {
            pipe = door.accept() => {
                let (pipe, directory) = (pipe?, directory.clone());
                tokio::spawn(async move {
                    if let Err(error) = errand(pipe, directory).await {
                        eprintln!("rill-bench ceiling: {error:#}");
                    }
                });
            }
            _ = stdin.read(&mut rest) => return Ok(()),
        }
    }
}

async fn errand(mut pipe: Pipe, directory: PathBuf) -> anyhow::Result<()> {
    let (request, rest) = pipe.exactly(Bytes::new(), REQUEST_BYTES).await?;
    let length = u64::from_le_bytes(request[1..].try_into()?);
    match request[0] {
        UP => {
            let (give, written) = disk::write(directory.join(ARRIVED));
            receive(&mut pipe, rest, length, Some(give)).await?;
            let digest = written.await??;
            pipe.send(Bytes::copy_from_slice(digest.as_bytes())).await?;
        }
        DISCARD => {
            receive(&mut pipe, rest, length, None).await?;
            pipe.send(Bytes::from_static(&[0; 32])).await?;
        }
        DOWN => {
            let mut blocks = disk::read(directory.join(SOURCE));
            while let Some(block) = blocks.recv().await {
                send(&mut pipe, block?).await?;
            }
        }
        other => bail!("an errand of kind {other}"),
    }
    // The peer goes first, so that nothing of what was sent is lost.
    while pipe.recv().await.ok().flatten().is_some() {}
    Ok(())
}

/// In messages of the length that Rill's chunks have.
pub(super) async fn send(pipe: &mut Pipe, mut block: Bytes) -> anyhow::Result<()> {
    while !block.is_empty() {
        let length = block.len().min(rill_protocol::limits::FILE_CHUNK_BYTES_MAX);
        pipe.send(block.split_to(length)).await?;
    }
    Ok(())
}

pub(super) async fn receive(
    pipe: &mut Pipe,
    rest: Bytes,
    length: u64,
    give: Option<tokio::sync::mpsc::Sender<Bytes>>,
) -> anyhow::Result<()> {
    let (mut left, mut next) = (length, rest);
    let mut gathered = BytesMut::new();
    loop {
        left = left.checked_sub(next.len() as u64).context("more bytes than were told")?;
        if let Some(give) = &give {
            // QUIC brings a packet at a time: not each is worth a thread's waking.
            gathered.extend_from_slice(&next);
            if gathered.len() >= disk::GIVEN_BYTES || left == 0 {
                give.send(gathered.split().freeze()).await.context("the disk gave up")?;
            }
        }
        if left == 0 {
            return Ok(());
        }
        next = pipe.recv().await?.context("fewer bytes than were told")?;
    }
}
