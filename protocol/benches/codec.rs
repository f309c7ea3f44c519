//! The frames that there are most of: a room's entry, which is encoded once for all who follow it,
//! and comes to each of them; a post; a chunk of a file.

use bytes::{Bytes, BytesMut};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rill_protocol::{
    ClientId, FrameDecoder, Kind, RoomId, U53, UserId, chunk, codec,
    limits::{CLIENT_FRAME_BODY_BYTES_MAX, FILE_CHUNK_BYTES_MAX, FRAME_BODY_BYTES_MAX, UPLOAD_FRAME_BODY_BYTES_MAX},
    message::{EntryHeader, EntryPosted, Post},
};
use std::hint::black_box;

/// Of a message as people write them.
const TEXT_BYTES: usize = 100;
/// Entries that one read of a busy lane brings.
const ENTRIES: u64 = 64;

fn entry(seq: u64) -> EntryPosted {
    let header = EntryHeader {
        room: 7,
        seq: U53::saturating(seq),
        at_ms: U53::saturating(1_700_000_000_000),
        author: UserId([1; 16]),
        client_id: ClientId([2; 16]),
    };
    EntryPosted { header, text: "x".repeat(TEXT_BYTES) }
}

fn entries(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("codec/entry");
    group.throughput(Throughput::Elements(1));
    let one = entry(1_000);
    group.bench_function("encode", |bencher| bencher.iter(|| codec::frame(black_box(&one))));
    // What the 500 members of a room cost beside that: a reference each.
    group.bench_function("encode_once_and_share_with_500", |bencher| {
        bencher.iter(|| {
            let frame = codec::frame(black_box(&one));
            (0..500).map(|_| frame.clone()).collect::<Vec<Bytes>>()
        });
    });
    let mut read = BytesMut::new();
    (0..ENTRIES).for_each(|seq| codec::put_frame(&mut read, &entry(seq)));
    group.throughput(Throughput::Elements(ENTRIES));
    group.bench_function("decode_64_of_one_read", |bencher| {
        let mut decoder = FrameDecoder::new(FRAME_BODY_BYTES_MAX);
        bencher.iter(|| {
            decoder.push(black_box(&read));
            let mut texts = 0;
            while let Some(frame) = decoder.next_frame().expect("whole frames") {
                assert_eq!(frame.known(), Some(Kind::EntryPosted));
                texts += frame.decode::<EntryPosted>().expect("an entry").text.len();
            }
            texts
        });
    });
    group.finish();
}

/// As a server reads it from a control stream.
fn posts(criterion: &mut Criterion) {
    let post = Post { request: 9, room: RoomId([3; 16]), client_id: ClientId([4; 16]), text: "x".repeat(TEXT_BYTES) };
    let read = codec::frame(&post);
    let mut group = criterion.benchmark_group("codec/post");
    group.throughput(Throughput::Elements(1));
    group.bench_function("decode", |bencher| {
        let mut decoder = FrameDecoder::new(CLIENT_FRAME_BODY_BYTES_MAX);
        bencher.iter(|| {
            decoder.push(black_box(&read));
            let frame = decoder.next_frame().expect("a frame").expect("a whole one");
            frame.decode::<Post>().expect("a post")
        });
    });
    group.finish();
}

/// The bytes of a chunk are copied into the decoder's buffer and not again.
fn chunks(criterion: &mut Criterion) {
    let bytes = vec![5; FILE_CHUNK_BYTES_MAX];
    let offset = U53::saturating(1 << 30);
    let mut group = criterion.benchmark_group("codec/chunk");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("decode_64_kib", |bencher| {
        let head = chunk::head(offset, bytes.len());
        let mut decoder = FrameDecoder::new(UPLOAD_FRAME_BODY_BYTES_MAX);
        bencher.iter(|| {
            decoder.push(black_box(&head));
            decoder.push(black_box(&bytes));
            let frame = decoder.next_frame().expect("a frame").expect("a whole one");
            chunk::decode(&frame.body).expect("a chunk")
        });
    });
    group.finish();
}

criterion_group!(benches, entries, posts, chunks);
criterion_main!(benches);
