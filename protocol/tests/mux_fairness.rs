//! Who goes first, and what an idle connection costs.

use bytes::Bytes;
use rill_protocol::{
    limits::{MUX_CHUNK_BYTES_MAX, MUX_SEND_BUFFER_BYTES_MAX},
    mux::{
        Class, Mux, Role, StreamId,
        frame::{Frame, Frames},
    },
};

/// A client with streams of the classes; their `Open` frames are sent.
fn client(classes: &[Class]) -> (Mux, Vec<StreamId>) {
    let mut mux = Mux::new(Role::Client);
    let ids = classes.iter().map(|class| mux.open(*class).unwrap()).collect();
    assert!(mux.transmit().is_some());
    (mux, ids)
}

fn fill(mux: &mut Mux, id: StreamId) {
    mux.write(id, &mut Bytes::from(vec![0; MUX_SEND_BUFFER_BYTES_MAX])).unwrap();
}

/// Streams whose data the next message carries, in order.
fn next_streams(mux: &mut Mux) -> Vec<StreamId> {
    let message = mux.transmit().unwrap();
    let frames = Frames::new(&message).unwrap().map(Result::unwrap);
    frames.filter_map(|frame| if let Frame::Data { stream, .. } = frame { Some(stream) } else { None }).collect()
}

#[test]
fn streams_of_one_class_take_turns() {
    let (mut mux, ids) = client(&[Class::History, Class::History, Class::History]);
    ids.iter().for_each(|id| fill(&mut mux, *id));
    let order: Vec<_> = (0..6).flat_map(|_| next_streams(&mut mux)).collect();
    assert_eq!(order, [1, 2, 3, 1, 2, 3]);
}

#[test]
fn an_urgent_byte_waits_for_one_message_at_most() {
    let (mut mux, ids) = client(&[Class::File, Class::LaneOthers, Class::Control]);
    fill(&mut mux, ids[0]);
    assert_eq!(next_streams(&mut mux), [ids[0]]);
    mux.write(ids[1], &mut Bytes::from_static(b"entry")).unwrap();
    mux.write(ids[2], &mut Bytes::from_static(b"pong")).unwrap();
    assert_eq!(next_streams(&mut mux), [ids[2], ids[1], ids[0]]);
}

/// Carries everything both ways; the server reads what it has accepted if `reads`.
fn carry(client: &mut Mux, server: &mut Mux, accepted: &mut Vec<StreamId>, reads: bool) {
    loop {
        let mut quiet = true;
        while let Some(message) = client.transmit() {
            server.receive(&message).unwrap();
            quiet = false;
        }
        accepted.extend(std::iter::from_fn(|| server.accept()).map(|(id, _)| id));
        accepted.iter().filter(|_| reads).for_each(|id| drop(server.read(*id)));
        while let Some(message) = server.transmit() {
            client.receive(&message).unwrap();
            quiet = false;
        }
        if quiet {
            return;
        }
    }
}

#[test]
fn files_read_long_ago_do_not_hold_the_pool_against_the_next_file() {
    let (mut client, mut server, mut accepted) = (Mux::new(Role::Client), Mux::new(Role::Server), Vec::new());
    for _ in 0..8 {
        let file = client.open(Class::File).unwrap();
        for _ in 0..3 {
            fill(&mut client, file);
            carry(&mut client, &mut server, &mut accepted, true);
        }
        client.finish(file);
        client.release_send(file);
        client.release_recv(file);
        carry(&mut client, &mut server, &mut accepted, true);
        server.release_send(file);
        server.release_recv(file);
        carry(&mut client, &mut server, &mut accepted, true);
    }
    for _ in 0..3 {
        let history = client.open(Class::History).unwrap();
        for _ in 0..4 {
            fill(&mut client, history);
            carry(&mut client, &mut server, &mut accepted, false);
        }
    }
    // Unread history holds more than half of the pool; a file still has its share.
    let file = client.open(Class::File).unwrap();
    fill(&mut client, file);
    carry(&mut client, &mut server, &mut accepted, false);
    assert_eq!(client.is_flushed(file), Ok(true));
}

#[test]
fn three_files_that_nobody_reads_leave_room_for_a_fourth() {
    let (mut client, mut server, mut accepted) = (Mux::new(Role::Client), Mux::new(Role::Server), Vec::new());
    for _ in 0..3 {
        let stopped = client.open(Class::File).unwrap();
        for _ in 0..8 {
            fill(&mut client, stopped);
            carry(&mut client, &mut server, &mut accepted, false);
        }
    }
    let file = client.open(Class::File).unwrap();
    fill(&mut client, file);
    carry(&mut client, &mut server, &mut accepted, false);
    accepted.retain(|id| *id == file);
    for _ in 0..100 {
        assert_eq!(client.is_flushed(file), Ok(true));
        fill(&mut client, file);
        carry(&mut client, &mut server, &mut accepted, true);
    }
}

#[test]
fn small_writes_share_a_frame_and_a_message() {
    let (mut mux, ids) = client(&[Class::LaneInView]);
    for _ in 0..100 {
        mux.write(ids[0], &mut Bytes::from_static(&[7; 100])).unwrap();
    }
    let message = mux.transmit().unwrap();
    assert!(message.len() < 100 * 100 + 10, "{} bytes", message.len());
    assert_eq!(mux.transmit(), None);
}

#[test]
fn a_chunk_is_never_longer_than_its_limit() {
    let (mut mux, ids) = client(&[Class::Control]);
    fill(&mut mux, ids[0]);
    for _ in 0..MUX_SEND_BUFFER_BYTES_MAX / MUX_CHUNK_BYTES_MAX {
        let message = mux.transmit().unwrap();
        for frame in Frames::new(&message).unwrap() {
            assert!(matches!(frame, Ok(Frame::Data { bytes, .. }) if bytes.len() == MUX_CHUNK_BYTES_MAX));
        }
    }
}

/// Thousands of connections are idle at once: what a chat keeps open (control, two
/// lanes, history) must cost next to nothing beside the socket.
#[test]
fn an_idle_connection_keeps_no_buffers() {
    let (mut client, ids) = client(&[Class::Control, Class::LaneInView, Class::LaneOthers, Class::History]);
    let mut server = Mux::new(Role::Server);
    // `client` has sent its opens already.
    for id in &ids {
        let mut open = Vec::new();
        Frame::Open { stream: *id, class: Class::ALL[*id as usize - 1] }.put(&mut open);
        server.receive(&open).unwrap();
        assert!(server.accept().is_some());
    }
    let before = server.memory_bytes();
    for id in &ids {
        fill(&mut client, *id);
        fill(&mut server, *id);
    }
    while let Some(message) = client.transmit() {
        server.receive(&message).unwrap();
    }
    while server.transmit().is_some() {}
    assert!(server.memory_bytes() > 4 * MUX_SEND_BUFFER_BYTES_MAX);
    for id in &ids {
        server.read(*id).unwrap();
    }
    while server.next_event().is_some() {}
    assert!(server.memory_bytes() <= before.max(4_096), "{} bytes", server.memory_bytes());
}
