//! Two ends of the mux, back to back: what a WebSocket connection costs beside the socket. The
//! server sends, as it does most of the time; the client reads all at once, and gives its credit back.

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rill_protocol::{
    limits::FILE_CHUNK_BYTES_MAX,
    mux::{Class, Mux, Read, Role, StreamId},
};

/// An entry of a room, encoded.
const CHAT_BYTES: usize = 160;
/// Entries that come while a file's chunk is on its way.
const CHATS: usize = 8;

/// The two ends, and the streams of a session that downloads beside its chat.
struct Pair {
    client: Mux,
    server: Mux,
    lane: StreamId,
    file: StreamId,
}

impl Pair {
    fn new() -> Self {
        let (mut client, mut server) = (Mux::new(Role::Client), Mux::new(Role::Server));
        // What else a session has open.
        let classes = [Class::Control, Class::LaneOthers, Class::History, Class::LaneInView, Class::File];
        let [.., lane, file] = classes.map(|class| client.open(class).expect("a stream"));
        while let Some(message) = client.transmit() {
            server.receive(&message).expect("an honest client");
        }
        while server.accept().is_some() {}
        let mut pair = Self { client, server, lane, file };
        pair.carry();
        pair
    }

    /// Everything that waits, until nothing does; how many bytes of streams the client has read.
    fn carry(&mut self) -> usize {
        let mut read = 0;
        loop {
            let mut is_quiet = true;
            while let Some(message) = self.server.transmit() {
                self.client.receive(&message).expect("an honest server");
                is_quiet = false;
            }
            for stream in [self.lane, self.file] {
                while let Read::Bytes(bytes) = self.client.read(stream).expect("an open stream") {
                    read += bytes.len();
                }
            }
            while let Some(message) = self.client.transmit() {
                self.server.receive(&message).expect("an honest client");
                is_quiet = false;
            }
            while self.server.next_event().is_some() {}
            while self.client.next_event().is_some() {}
            if is_quiet {
                return read;
            }
        }
    }

    /// Writes all of it, as often as the credit has to come back for that.
    fn send(&mut self, stream: StreamId, bytes: &Bytes) -> usize {
        let (mut rest, mut read) = (bytes.clone(), 0);
        while self.server.write(stream, &mut rest).expect("an open stream") > 0 && !rest.is_empty() {
            read += self.carry();
        }
        assert!(rest.is_empty(), "credit that does not come back");
        read
    }
}

fn chat(criterion: &mut Criterion) {
    let (mut pair, entry) = (Pair::new(), Bytes::from(vec![1; CHAT_BYTES]));
    let mut group = criterion.benchmark_group("mux/chat");
    group.throughput(Throughput::Elements(1));
    group.bench_function("one_entry", |bencher| {
        bencher.iter(|| {
            let read = pair.send(pair.lane, &entry) + pair.carry();
            assert_eq!(read, CHAT_BYTES);
        });
    });
    group.throughput(Throughput::Elements(CHATS as u64));
    group.bench_function("8_entries_of_one_write", |bencher| {
        bencher.iter(|| {
            let mut read = 0;
            for _ in 0..CHATS {
                read += pair.send(pair.lane, &entry);
            }
            assert_eq!(read + pair.carry(), CHATS * CHAT_BYTES);
        });
    });
    group.finish();
}

fn files(criterion: &mut Criterion) {
    let chunk = Bytes::from(vec![2; FILE_CHUNK_BYTES_MAX]);
    let mut pair = Pair::new();
    let mut group = criterion.benchmark_group("mux/file");
    group.throughput(Throughput::Bytes(FILE_CHUNK_BYTES_MAX as u64));
    group.bench_function("64_kib", |bencher| {
        bencher.iter(|| {
            let read = pair.send(pair.file, &chunk) + pair.carry();
            assert_eq!(read, FILE_CHUNK_BYTES_MAX);
        });
    });
    let (mut pair, entry) = (Pair::new(), Bytes::from(vec![1; CHAT_BYTES]));
    group.throughput(Throughput::Bytes((FILE_CHUNK_BYTES_MAX + CHATS * CHAT_BYTES) as u64));
    group.bench_function("64_kib_beside_8_entries", |bencher| {
        bencher.iter(|| {
            let mut read = 0;
            for piece in 0..CHATS {
                let size = FILE_CHUNK_BYTES_MAX / CHATS;
                read += pair.send(pair.file, &chunk.slice(piece * size..(piece + 1) * size));
                read += pair.send(pair.lane, &entry);
                read += pair.carry();
            }
            assert_eq!(read, FILE_CHUNK_BYTES_MAX + CHATS * CHAT_BYTES);
        });
    });
    group.finish();
}

criterion_group!(benches, chat, files);
criterion_main!(benches);
