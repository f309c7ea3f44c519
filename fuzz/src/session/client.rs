//! Carries the operations out, and judges what it hears.

use bytes::Bytes;
use futures_util::FutureExt as _;
use rill_protocol::{
    Code, Frame, FrameDecoder, Kind, Ticket,
    limits::FRAME_BODY_BYTES_MAX,
    message::{Failed, check_body},
    mux::{Class, HalfError, RecvHalf, SendHalf},
};
use rill_server::transport::memory;
use std::future::poll_fn;

use super::{
    operation::{Op, Said},
    world::World,
};

struct Stream {
    send: SendHalf,
    recv: RecvHalf,
    decoder: FrameDecoder,
    over: bool,
}

/// What was heard so far.
#[derive(Default)]
struct Heard {
    frames: usize,
    welcomes: usize,
    attached: usize,
}

pub(super) async fn run(world: &World, ops: &[Op]) {
    let ticket = world.ticket().await;
    let client = world.connect();
    let mut streams = Vec::new();
    let mut heard = Heard::default();
    open(&client, &mut streams, 0);
    for op in ops {
        carry_out(world, &client, &mut streams, op, ticket).await;
        listen(&mut streams, &mut heard);
    }
    world.settle().await;
    listen(&mut streams, &mut heard);
    judge(&client, ops, &heard);
    world.forget(client).await;
}

fn open(client: &memory::Client, streams: &mut Vec<Stream>, class: u8) {
    let class = Class::ALL[usize::from(class) % Class::ALL.len()];
    if let Ok((send, recv)) = client.mux().open(class) {
        streams.push(Stream { send, recv, decoder: FrameDecoder::new(FRAME_BODY_BYTES_MAX), over: false });
    }
}

fn write(stream: &mut Stream, bytes: Vec<u8>) {
    let mut bytes = Bytes::from(bytes);
    // What the credit does not allow is not sent: the mux of an honest end.
    while !bytes.is_empty() {
        match poll_fn(|context| stream.send.poll_write(context, &mut bytes)).now_or_never() {
            Some(Ok(())) => {}
            Some(Err(_)) | None => return,
        }
    }
}

async fn carry_out(world: &World, client: &memory::Client, streams: &mut Vec<Stream>, op: &Op, ticket: Ticket) {
    let mut on = |number: &u8, act: &dyn Fn(&mut Stream)| {
        let count = streams.len();
        act(&mut streams[usize::from(*number) % count]);
    };
    match op {
        Op::Send(stream, said) => on(stream, &|stream| write(stream, said.bytes(world, ticket))),
        Op::Cut(stream, said, at) => on(stream, &|stream| {
            let mut bytes = said.bytes(world, ticket);
            bytes.truncate(usize::from(*at) % (bytes.len() + 1));
            write(stream, bytes);
        }),
        Op::Spoil(stream, said, at, other) => on(stream, &|stream| {
            let mut bytes = said.bytes(world, ticket);
            let at = usize::from(*at) % bytes.len();
            bytes[at] = *other;
            write(stream, bytes);
        }),
        Op::Raw(stream, bytes) => on(stream, &|stream| write(stream, bytes.clone())),
        Op::Finish(stream) => on(stream, &|stream| stream.send.finish()),
        Op::Reset(stream, code) => on(stream, &|stream| stream.send.reset(*code)),
        Op::Stop(stream, code) => on(stream, &|stream| stream.recv.stop(*code)),
        Op::Open(class) => open(client, streams, *class),
        Op::Datagram(bytes) => client.mux().send_datagram(bytes.clone().into()),
        Op::Wait => world.settle().await,
    }
}

/// Reads whatever has come.
fn listen(streams: &mut [Stream], heard: &mut Heard) {
    for stream in streams.iter_mut().filter(|stream| !stream.over) {
        while let Some(read) = poll_fn(|context| stream.recv.poll_read(context)).now_or_never() {
            match read {
                Ok(Some(bytes)) => stream.decoder.push(&bytes),
                Err(HalfError::Peer(code)) => {
                    check_code(code);
                    stream.over = true;
                }
                Ok(None) | Err(_) => stream.over = true,
            }
            if stream.over {
                break;
            }
        }
        while let Some(frame) = stream.decoder.next_frame().expect("the server's own frames") {
            heard.frame(&frame);
        }
    }
}

impl Heard {
    fn frame(&mut self, frame: &Frame) {
        check_body(frame).expect("the server's own bodies");
        self.frames += 1;
        match frame.known().expect("the server's own kinds") {
            Kind::Welcome => self.welcomes += 1,
            Kind::Attached => self.attached += 1,
            Kind::Failed => check_code(frame.decode::<Failed>().expect("checked above").code),
            _ => {}
        }
        assert!(self.welcomes > 0, "kind {} before Welcome", frame.kind);
    }
}

fn check_code(code: u32) {
    assert!(Code::from_number(code).is_some(), "code {code} is in no table");
}

fn judge(client: &memory::Client, ops: &[Op], heard: &Heard) {
    let closed = client.closed().now_or_never();
    if let Some(code) = closed.as_ref().and_then(|closed| closed.code) {
        check_code(code);
    }
    assert!(heard.welcomes <= 1 && heard.attached <= 1, "{} welcomes, {} attached", heard.welcomes, heard.attached);
    // A spoiled frame may be a good one; without a Hello that was ever near there is no way in.
    let near = |said: &Said| *said == Said::GoodHello;
    let may_be_welcome = ops.iter().any(|op| match op {
        Op::Send(_, said) | Op::Cut(_, said, _) => near(said),
        Op::Spoil(_, said, ..) => near(said) || matches!(said, Said::BadHello(_)),
        _ => false,
    });
    assert!(heard.welcomes == 0 || may_be_welcome, "welcome without a ticket");
    // The straight way in leads in.
    if let [Op::Send(0, Said::Control), Op::Send(0, Said::GoodHello), rest @ ..] = ops
        && closed.is_none()
        && !rest.iter().any(|op| matches!(op, Op::Reset(..) | Op::Stop(..)))
    {
        assert_eq!(heard.welcomes, 1, "a good ticket was not welcome");
    }
    if closed.is_none() {
        assert!(heard.attached <= heard.welcomes);
    }
}
