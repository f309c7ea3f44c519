//! The measuring side: a file there, a file back, and bytes to nobody.

use anyhow::ensure;
use bytes::{BufMut, Bytes, BytesMut};
use rill_client::TransportKind;
use std::{
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};

use super::{
    disk,
    pipe::Pipe,
    serve::{DISCARD, DOWN, REQUEST_BYTES, SOURCE, UP, receive, send},
};

fn request(kind: u8, length: u64) -> Bytes {
    let mut request = BytesMut::with_capacity(REQUEST_BYTES);
    request.put_u8(kind);
    request.put_u64_le(length);
    request.freeze()
}

/// Sends the directory's source; how long it took until the peer had it on disk.
pub(crate) async fn up(
    kind: TransportKind,
    to: SocketAddr,
    directory: &Path,
    (length, digest): (u64, blake3::Hash),
) -> anyhow::Result<Duration> {
    let mut pipe = Pipe::connect(kind, to).await?;
    let start = Instant::now();
    let answer = push(&mut pipe, UP, directory, length).await?;
    ensure!(answer == digest.as_bytes(), "the peer got other bytes");
    Ok(start.elapsed())
}

/// The same to a peer that drops what comes.
pub(crate) async fn discarded(
    kind: TransportKind,
    to: SocketAddr,
    directory: &Path,
    length: u64,
) -> anyhow::Result<Duration> {
    let mut pipe = Pipe::connect(kind, to).await?;
    let start = Instant::now();
    push(&mut pipe, DISCARD, directory, length).await?;
    Ok(start.elapsed())
}

async fn push(pipe: &mut Pipe, errand: u8, directory: &Path, length: u64) -> anyhow::Result<Vec<u8>> {
    pipe.send(request(errand, length)).await?;
    let mut blocks = disk::read(directory.join(SOURCE));
    while let Some(block) = blocks.recv().await {
        send(pipe, block?).await?;
    }
    Ok(pipe.exactly(Bytes::new(), 32).await?.0)
}

/// Fetches the source into a file; how long it took until that was on this side's disk.
pub(crate) async fn down(
    kind: TransportKind,
    to: SocketAddr,
    into: &Path,
    (length, digest): (u64, blake3::Hash),
) -> anyhow::Result<Duration> {
    let mut pipe = Pipe::connect(kind, to).await?;
    let start = Instant::now();
    pipe.send(request(DOWN, length)).await?;
    let (give, written) = disk::write(into.to_owned());
    receive(&mut pipe, Bytes::new(), length, Some(give)).await?;
    ensure!(written.await?? == digest, "other bytes came");
    Ok(start.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ceiling::pipe::Door;

    #[tokio::test]
    async fn every_pipe_carries_what_it_is_given_both_ways() {
        for kind in [TransportKind::Quic, TransportKind::WebTransport, TransportKind::WebSocket] {
            let (door, address) = Door::open(kind).await.unwrap();
            let peer = async {
                let mut pipe = door.accept().await.unwrap();
                let (came, rest) = pipe.exactly(Bytes::new(), 300_000).await.unwrap();
                assert!(rest.is_empty());
                send(&mut pipe, came.into()).await.unwrap();
                while pipe.recv().await.ok().flatten().is_some() {}
            };
            let sent: Vec<u8> = (0..300_000u32).map(|at| (at % 251) as u8).collect();
            let client = async {
                let mut pipe = Pipe::connect(kind, address).await.unwrap();
                send(&mut pipe, sent.clone().into()).await.unwrap();
                assert_eq!(pipe.exactly(Bytes::new(), 300_000).await.unwrap().0, sent, "{kind}");
            };
            tokio::join!(peer, client);
        }
    }
}
