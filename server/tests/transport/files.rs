//! Bytes of files that are not taken: by a way that is too slow, or by a reader. They wait, and
//! while they do nothing goes round.

use crate::{
    host::{Ask, FileWrites},
    moving::Client,
    soon,
};
use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

/// What files may fill of a connection's send window, at most.
const PART_BYTES: u64 = 2 * 1024 * 1024 / 4 * 3;
/// What this client takes of one stream before it is read, less what comes in one piece.
const STREAM_BYTES: u64 = 1_250_000 - 64 * 1024;
/// Nothing was taken for so long: it is not going to be.
const QUIET: Duration = Duration::from_millis(500);
/// For so long the writes are watched.
const WATCHED: Duration = Duration::from_millis(500);

/// Two streams that are to bring files, about to begin.
async fn two_files(protocol: &[u8]) -> (Client, Vec<(quinn::SendStream, quinn::RecvStream)>) {
    let client = Client::connect(protocol).await;
    let mut streams = Vec::new();
    for _ in 0..2 {
        let (send, mut recv) = client.ask(Ask::File, 0).await;
        assert_eq!(soon("the word", recv.read_chunk(1, true)).await.unwrap().unwrap().bytes, "!");
        streams.push((send, recv));
    }
    (client, streams)
}

/// Waits until so much is taken, and then no more, which is when nothing was for a while; returns
/// how much was.
async fn until_full(files: &FileWrites, bytes_min: u64) -> u64 {
    let mut taken = 0;
    loop {
        tokio::time::sleep(QUIET).await;
        match files.bytes.load(Ordering::Relaxed) {
            now if now > bytes_min && now == taken => return taken,
            now => taken = now,
        }
    }
}

/// How often the writes are looked at in a millisecond.
async fn polls_per_ms(files: &FileWrites) -> f64 {
    let (before, since) = (files.polls.load(Ordering::Relaxed), Instant::now());
    tokio::time::sleep(WATCHED).await;
    let polls = files.polls.load(Ordering::Relaxed) - before;
    polls as f64 / (since.elapsed().as_secs_f64() * 1e3)
}

async fn files_that_outrun_their_way_wait(protocol: &[u8]) {
    let (client, _streams) = two_files(protocol).await;
    client.vanish();
    client.host.release.notify_waiters();
    let taken = soon("the end of the window", until_full(&client.host.files, 0)).await;
    assert!(taken <= PART_BYTES, "{taken}: what is left is for chat, however many files there are");
    let polls = polls_per_ms(&client.host.files).await;
    assert!(polls < 6.0, "{polls} polls of two writes in a millisecond");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_outrun_their_way_wait_over_quic() {
    files_that_outrun_their_way_wait(b"rill/1").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_outrun_their_way_wait_over_webtransport() {
    files_that_outrun_their_way_wait(b"h3").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_outrun_their_way_wait_over_http3_beside_a_session() {
    let client = Client::connect_behind(b"h3", &["/file", "/file"]).await;
    client.vanish();
    client.host.release.notify_waiters();
    let taken = soon("the end of the window", until_full(&client.host.files, 0)).await;
    assert!(taken <= PART_BYTES, "{taken}: what is left is for chat, however many files there are");
}

async fn files_that_nobody_reads_cost_nothing(protocol: &[u8]) {
    let (client, _streams) = two_files(protocol).await;
    client.host.release.notify_waiters();
    let full = 2 * (STREAM_BYTES - 64 * 1024);
    soon("the end of the streams' windows", until_full(&client.host.files, full)).await;
    let polls = polls_per_ms(&client.host.files).await;
    assert!(polls < 0.1, "{polls} polls of two writes in a millisecond");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_nobody_reads_cost_nothing_over_quic() {
    files_that_nobody_reads_cost_nothing(b"rill/1").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_nobody_reads_cost_nothing_over_webtransport() {
    files_that_nobody_reads_cost_nothing(b"h3").await;
}
